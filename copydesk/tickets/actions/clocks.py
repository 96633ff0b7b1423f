"""What is stored of the clocks follows the journal: each action that moves them lets them be folded again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.journal.actions import lock, record
from copydesk.journal.models import details

from ..clocks import Reading
from ..models import ACTIVE, Clock, Ticket
from ..policies import SlaPolicy
from ..queries import clocks as queries

FIELDS = (
    "target_seconds",
    "started_at",
    "due_at",
    "risk_at",
    "met_at",
    "breached_at",
    "paused_since",
    "paused_seconds",
)


def keep_clocks(ticket: Ticket, *, by: Actor) -> None:
    """Stores the clocks of a locked ticket as of now, and tells of those that were breached since they were last kept.

    No change of the ticket's version: only its events move the clocks. Five queries and one for each breach.
    """
    found = queries.readings(ticket, clock.now())
    rows = Clock.objects.of(ticket.website_id).filter(ticket=ticket)
    known = {(row.kind, row.number): row.breached_at for row in rows}
    rows.bulk_create(
        [queries.clock_row(ticket, reading) for reading in found],
        update_conflicts=True,
        unique_fields=["website", "ticket", "kind", "number"],
        update_fields=FIELDS,
    )
    values = kept(ticket, found, SlaPolicy.of(ticket.website_id, ticket.policy_version))
    for name, value in values.items():
        setattr(ticket, name, value)
    ticket.save(update_fields=list(values))
    for reading in found:
        if reading.breached_at is not None and known.get((reading.kind, reading.number)) is None:
            record("ticket.breach", ticket, by=by.as_system(), data=_named(reading.kind, reading.number))


def watch_ticket(ticket: Ticket, *, by: Actor) -> None:
    """By the clock: marks what is breached or at risk, and tells of each once. Safe to run twice."""
    lock(ticket)
    keep_clocks(ticket, by=by)
    rows = Clock.objects.of(ticket.website_id).filter(ticket=ticket).unwarned(clock.now())
    for row in rows.order_by("id"):
        row.warned_at = clock.now()
        row.save(update_fields=["warned_at"])
        record("ticket.warn", ticket, by=by, data=_named(row.kind, row.number))


def next_escalation(ticket: Ticket, found: Iterable[Reading], policy: SlaPolicy) -> tuple[dt.datetime, int, str] | None:
    """(when, to which level, for which clock) of the rules that are still ahead of a ticket whose clocks run."""
    if ticket.status not in ACTIVE:
        return None
    ahead = [
        (reading.due_at + dt.timedelta(hours=rule.after_hours), rule.level, rule.clock)
        for reading in found
        for rule in policy.escalations
        if rule.clock == reading.kind and rule.level > ticket.escalation_level and reading.runs and reading.due_at
    ]
    return min(ahead, default=None)


def kept(ticket: Ticket, found: Sequence[Reading], policy: SlaPolicy) -> dict[str, Any]:
    """What a ticket knows of its clocks: the soonest times of those that run, and what each has come to."""
    running = [reading for reading in found if reading.runs]
    ahead = next_escalation(ticket, running, policy)
    first, resolution, *following = found
    answered = [reading.met for reading in following]
    return {
        "due_at": min((one.due_at for one in running if one.due_at), default=None),
        "risk_at": min((one.risk_at for one in running if one.risk_at), default=None),
        "escalate_at": ahead[0] if ahead else None,
        "first_response_at": first.met_at,
        "first_response_met": first.met,
        "next_responses_met": answered.count(True),
        "next_responses_breached": answered.count(False),
        "resolution_met": resolution.met,
    }


def _named(kind: str, number: int) -> dict[str, object]:
    return details(clock=str(kind), number=number)
