"""Mirrors copydesk/tickets/actions/clocks.py: stored clocks follow what has happened to their ticket."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF
from copydesk.journal.models import details
from copydesk.tickets.actions.clocks import kept
from copydesk.tickets.clocks import Happening, Reading, Terms, fold
from copydesk.tickets.models import Clock, Priority, Status
from copydesk.tickets.models.ticket import RUNNING
from copydesk.tickets.policies import SlaPolicy
from copydesk.tickets.queries.clocks import SECOND

from ..copy import Row
from ..stage import Enquiry, Stage, step

POLICY = SlaPolicy()


@lru_cache
def terms(zone: str) -> Terms:
    return POLICY.terms(zone)


def happened(
    stage: Stage, ticket: Row, *, by: Actor, said: bool = False, asks: bool = False, aimed: bool = False
) -> None:
    """As the ticket now stands. `said`: a public message; `aimed`: priority and category are new."""
    targets = None
    if aimed:
        targets = POLICY.targets(Priority(ticket.priority).word, ticket.category, ticket.requester_role)
    one = Happening(
        at=stage.now,
        runs=ticket.status in RUNNING,
        done=ticket.status == Status.RESOLVED,
        asks=asks or (said and by.role not in STAFF),
        answers=said and by.role in STAFF,
        targets=targets,
    )
    stage.tickets[ticket.id].happened.append(one)


def keep_clocks(stage: Stage, ticket: Row, *, by: Actor) -> None:
    enquiry = stage.tickets[ticket.id]
    found = readings(stage, enquiry)
    breached = []
    for reading in found:
        key = (reading.kind.value, reading.number)
        row = enquiry.clocks.get(key)
        if reading.breached_at is not None and (row is None or row.breached_at is None):
            breached.append(key)
        if row is None:
            row = enquiry.clocks[key] = stage.make(Clock, ticket_id=ticket.id, kind=key[0], number=key[1])
        vars(row).update(_stored(reading))
    vars(ticket).update(kept(ticket, found, POLICY))  # type: ignore[arg-type]
    for kind, number in breached:
        stage.record("ticket.breach", ticket, by=by.as_system(), data=details(clock=kind, number=number))


def readings(stage: Stage, enquiry: Enquiry) -> list[Reading]:
    return fold(terms(enquiry.ticket.zone), enquiry.happened, stage.now)


@step
def watch_ticket(stage: Stage, ticket: Row, *, by: Actor) -> None:
    keep_clocks(stage, ticket, by=by)
    for row in stage.tickets[ticket.id].clocks.values():
        if unwarned(row) and row.risk_at <= stage.now:
            row.warned_at = stage.now
            stage.record("ticket.warn", ticket, by=by, data=details(clock=row.kind, number=row.number))


def unwarned(row: Row) -> bool:
    return row.risk_at is not None and row.met_at is None and row.breached_at is None and row.warned_at is None


def next_sweep(enquiry: Enquiry) -> dt.datetime | None:
    """When a job that looks every minute finds something to do, or one that closes every five."""
    ticket = enquiry.ticket
    clocks = enquiry.clocks.values()
    times = [_minute(row.risk_at) for row in clocks if unwarned(row)]
    times += [_minute(row.due_at + SECOND) for row in clocks if row.due_at and not row.met_at and not row.breached_at]
    if ticket.escalate_at is not None:
        times.append(_minute(ticket.escalate_at))
    if ticket.close_at is not None:
        times.append(_minute(ticket.close_at, 5))
    return min(times, default=None)


def _minute(at: dt.datetime, every: int = 1) -> dt.datetime:
    past = dt.timedelta(minutes=at.minute % every, seconds=at.second)
    return at if not past else at - past + dt.timedelta(minutes=every)


def _stored(reading: Reading) -> dict[str, Any]:
    return {
        "target_seconds": reading.target // SECOND,
        "started_at": reading.started_at,
        "due_at": reading.due_at,
        "risk_at": reading.risk_at,
        "met_at": reading.met_at,
        "breached_at": reading.breached_at,
        "paused_since": reading.paused_since,
        "paused_seconds": reading.paused // SECOND,
    }
