"""A ticket's clocks, from its events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from copydesk.accounts.permissions import STAFF
from copydesk.journal.models import Event

from ..clocks import Happening, Kind, Reading, State, fold
from ..models import Clock, Priority, Status, Ticket
from ..models.ticket import RUNNING
from ..policies import SlaPolicy

FOLDED = (
    "ticket.open",
    "ticket.reply",
    "ticket.change",
    "ticket.resolve",
    "ticket.close",
    "ticket.reopen",
    "ticket.merge",
    "ticket.absorb",
)
SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ClockRow:
    """`kind`: the first public answer of a person, the answer to the oldest open question after it, the resolution.
    Seconds are business time. `due_at` is null while it is paused."""

    kind: Kind
    number: int
    state: State
    target_seconds: int
    started_at: dt.datetime
    due_at: dt.datetime | None
    at_risk_at: dt.datetime | None
    met_at: dt.datetime | None
    breached_at: dt.datetime | None
    paused_since: dt.datetime | None
    paused_seconds: int


def readings(ticket: Ticket, at: dt.datetime) -> list[Reading]:
    """The clocks as of `at`, worked out from the journal alone. Two queries."""
    policy = SlaPolicy.of(ticket.website_id, ticket.policy_version)
    events = Event.objects.of(ticket.website_id).about(Ticket.noun, ticket.pk).filter(verb__in=FOLDED).order_by("id")
    return fold(policy.terms(ticket.zone), [_happening(event, policy, ticket.requester_role) for event in events], at)


def clock_row(ticket: Ticket, reading: Reading) -> Clock:
    """As it is stored; not saved."""
    return Clock(
        website_id=ticket.website_id,
        ticket=ticket,
        kind=reading.kind,
        number=reading.number,
        target_seconds=reading.target // SECOND,
        started_at=reading.started_at,
        due_at=reading.due_at,
        risk_at=reading.risk_at,
        met_at=reading.met_at,
        breached_at=reading.breached_at,
        paused_since=reading.paused_since,
        paused_seconds=reading.paused // SECOND,
    )


def clock_rows(clocks: Iterable[Clock], at: dt.datetime) -> list[ClockRow]:
    return [
        ClockRow(
            kind=Kind(clock.kind),
            number=clock.number,
            state=clock.state(at),
            target_seconds=clock.target_seconds,
            started_at=clock.started_at,
            due_at=clock.due_at,
            at_risk_at=clock.risk_at,
            met_at=clock.met_at,
            breached_at=clock.breached_at,
            paused_since=clock.paused_since,
            paused_seconds=clock.paused_seconds,
        )
        for clock in clocks
    ]


def _happening(event: Event, policy: SlaPolicy, requester_role: str) -> Happening:
    """`change` and `open` carry the priority and category that hold from then on, `absorb` whether it asks."""
    targets = None
    if event.verb in ("ticket.open", "ticket.change"):
        priority = Priority(event.data["priority"]).word
        targets = policy.targets(priority, event.data["category"], requester_role)
    spoken = event.verb == "ticket.reply"
    return Happening(
        at=event.at,
        runs=event.after in RUNNING,
        done=event.after == Status.RESOLVED,
        asks=bool(event.data.get("asks")) or (spoken and event.role not in STAFF),
        answers=spoken and event.role in STAFF,
        targets=targets,
    )
