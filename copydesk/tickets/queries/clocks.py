"""A ticket's clocks, from its events."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.accounts.permissions import STAFF
from copydesk.journal.models import Event
from copydesk.tenancy.sql import moment

from ..clocks import Happening, Kind, Reading, State, fold, state
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
KINDS = list(Kind)
CLOCK = """json_build_array(
    c.kind, c.number, c.target_seconds, c.paused_seconds,
    json_build_array(c.started_at, c.due_at, c.risk_at, c.met_at, c.breached_at, c.paused_since)
)"""


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


def clock_rows(found: Iterable[Sequence[Any]], at: dt.datetime) -> list[ClockRow]:
    """Of CLOCK: first response, next responses, resolution."""
    clocks = [_clock_row(at, *values, *map(moment, moments)) for *values, moments in found]
    return sorted(clocks, key=lambda one: (KINDS.index(one.kind), one.number))


def _clock_row(
    at: dt.datetime,
    kind: str,
    number: int,
    target_seconds: int,
    paused_seconds: int,
    started_at: dt.datetime,
    due_at: dt.datetime | None,
    risk_at: dt.datetime | None,
    met_at: dt.datetime | None,
    breached_at: dt.datetime | None,
    paused_since: dt.datetime | None,
) -> ClockRow:
    return ClockRow(
        kind=Kind(kind),
        number=number,
        state=state(at, due_at=due_at, risk_at=risk_at, met_at=met_at, breached_at=breached_at),
        target_seconds=target_seconds,
        started_at=started_at,
        due_at=due_at,
        at_risk_at=risk_at,
        met_at=met_at,
        breached_at=breached_at,
        paused_since=paused_since,
        paused_seconds=paused_seconds,
    )


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
