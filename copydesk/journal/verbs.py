"""What can happen, and who may see it: a verb that is not here cannot be recorded.

`see` are the roles that may read such an event (a client or writer only where it is a party to it); `hide` are fields of
`data` that a role does not receive. `reason_shown`: the parties read the reason too, not the inside alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from copydesk.accounts.permissions import STAFF, Role

C, W, E = Role.CLIENT, Role.WRITER, Role.EDITOR
ALL = frozenset({C, W, E}) | STAFF
CLIENT = frozenset({C}) | STAFF
WRITER = frozenset({W}) | STAFF
WORK = frozenset({W, E}) | STAFF
INSIDE = STAFF


@dataclass(frozen=True, slots=True)
class Verb:
    title: str
    see: frozenset[Role] = INSIDE
    hide: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    reason_shown: bool = False


VERBS: dict[str, Verb] = {
    # Writers
    "writer.apply": Verb("Applied as a writer", WRITER),
    "writer.approve": Verb("Writer approved", WRITER, reason_shown=True),
    "writer.reject": Verb("Application rejected", WRITER, reason_shown=True),
    "writer.change_profile": Verb("Profile changed", WRITER),
    "writer.change_level": Verb("Level changed", WRITER, reason_shown=True),
    "writer.plan_leave": Verb("Leave planned", WRITER, reason_shown=True),
    "writer.cancel_leave": Verb("Planned leave taken back", WRITER),
    "writer.leave": Verb("On leave", WRITER, reason_shown=True),
    "writer.begin_leave": Verb("On leave, as planned", WRITER),
    "writer.return": Verb("Back from leave", WRITER),
    "writer.end_leave": Verb("Leave over", WRITER),
    "writer.suspend": Verb("Writer suspended", WRITER, reason_shown=True),
    "writer.reinstate": Verb("Suspension taken back", WRITER, reason_shown=True),
    "writer.lift": Verb("Suspension over", WRITER),
    "writer.favour": Verb("Writer preferred", CLIENT),
    "writer.unfavour": Verb("Writer no longer preferred", CLIENT),
    "writer.block": Verb("Writer blocked", CLIENT),
    "writer.unblock": Verb("Writer no longer blocked", CLIENT),
    # Money
    "charge.create": Verb("Payment begun", CLIENT),
    "charge.capture": Verb("Payment received", CLIENT),
    "charge.decline": Verb("Payment declined", CLIENT),
    "charge.fail": Verb("Payment failed", CLIENT),
    "charge.lose_answer": Verb("Payment awaits the provider's answer", CLIENT),
    "repayment.create": Verb("Money on its way back", CLIENT, reason_shown=True),
    "repayment.succeed": Verb("Money given back", CLIENT),
    "repayment.fail": Verb("Money could not be given back", INSIDE),
    "repayment.retry": Verb("Giving money back, once more", INSIDE),
    "earning.create": Verb("Earned", WRITER),
    "earning.reduce": Verb("Earning reduced", WRITER, reason_shown=True),
    "payout.prepare": Verb("Payout prepared", INSIDE),
    "payout.approve": Verb("Payout approved", INSIDE),
    "payout.pay": Verb("Payout paid", INSIDE),
    "payout.cancel": Verb("Payout cancelled", INSIDE),
    "payout_statement.pay": Verb("Paid out", WRITER),
}
