"""Tickets that somebody higher has to look at."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.journal.actions import advance, lock, lock_for
from copydesk.journal.models import details

from .. import errors
from ..models import Escalation, Ticket
from ..policies import SlaPolicy
from ..queries.agents import desk_members
from ..queries.clocks import readings
from .clocks import keep_clocks, next_escalation

HIGHEST = 9


def escalate_ticket(
    ticket: Ticket, *, by: Actor, reason: str, level: int | None = None, target_id: int | None = None
) -> Escalation:
    """By hand: to the next level, or to one above it; before a member of the desk where one is named.

    Raises EscalatedAlready, Invalid."""
    lock_for(ticket, "escalate", by=by)
    if target_id is not None and not desk_members(by.website).filter(pk=target_id).exists():
        raise Invalid({"target_id": "No such member of the desk."}, "not_found")
    wanted = ticket.escalation_level + 1 if level is None else level
    if wanted <= ticket.escalation_level:
        raise errors.EscalatedAlready(level=ticket.escalation_level)
    if wanted > HIGHEST:
        raise Invalid({"level": f"At most {HIGHEST}."})
    return _escalate(ticket, wanted, by=by, reason=reason, target_id=target_id)


def escalate_by_rule(ticket: Ticket, *, by: Actor) -> None:
    """By the clock: to the highest level whose rule's time has come. Safe to run twice."""
    lock(ticket)
    policy = SlaPolicy.of(ticket.website_id, ticket.policy_version)
    found = readings(ticket, clock.now())
    ahead = next_escalation(ticket, found, policy)
    while ahead is not None and ahead[0] <= clock.now():
        _escalate(ticket, ahead[1], by=by, rule=ahead[2])
        ahead = next_escalation(ticket, found, policy)


def acknowledge_escalation(escalation: Escalation, *, by: Actor) -> Escalation:
    return advance(escalation, "acknowledge", by=by, acknowledged_by_id=by.membership_id)


def resolve_escalation(escalation: Escalation, *, by: Actor, reason: str) -> Escalation:
    return advance(escalation, "resolve", by=by, reason=reason, resolved_by_id=by.membership_id)


def _escalate(
    ticket: Ticket, level: int, *, by: Actor, reason: str = "", rule: str = "", target_id: int | None = None
) -> Escalation:
    """Of a locked ticket."""
    escalation = Escalation.objects.of(ticket.website_id).create(
        ticket=ticket,
        level=level,
        reason=reason,
        rule=rule,
        target_id=target_id,
        escalated_by_id=by.membership_id,
        escalated_at=clock.now(),
    )
    data = details(escalation_id=escalation.pk, level=level, target_id=target_id, clock=rule or None)
    advance(ticket, "escalate", by=by, reason=reason, data=data, escalation_level=level)
    keep_clocks(ticket, by=by)
    return escalation
