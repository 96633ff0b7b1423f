"""The course of a ticket: who has it, how grave it is, how it ends and begins again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Invalid
from copydesk.journal.actions import advance, lock, lock_for
from copydesk.journal.models import details

from .. import errors
from ..models import Category, Priority, Status, Ticket
from ..models.ticket import RUNNING
from ..policies import SlaPolicy
from ..queries.agents import agent_loads, best_agent, desk_members
from .clocks import keep_clocks


def claim_ticket(ticket: Ticket, *, by: Actor) -> Ticket:
    """Of agents who claim at once one has it. Raises AlreadyClaimed with who holds it, NoAgent for a superadmin."""
    data = details(assignee_id=by.membership_id)
    return advance(ticket, "claim", by=by, data=data, assignee_id=by.membership_id)


def assign_ticket(ticket: Ticket, assignee_id: int | None, *, by: Actor, reason: str = "") -> Ticket:
    """To an active member of the desk, whoever has it now; to nobody where it is null. Raises Invalid."""
    lock_for(ticket, "assign", by=by)
    if assignee_id is not None and not desk_members(by.website).filter(pk=assignee_id).exists():
        raise Invalid({"assignee_id": "No such member of the desk."}, "not_found")
    data = details(assignee_id=assignee_id, assignee_before_id=ticket.assignee_id)
    assigned_at = None if assignee_id is None else clock.now()
    return advance(ticket, "assign", by=by, reason=reason, data=data, assignee_id=assignee_id, assigned_at=assigned_at)


def assign_to_best(ticket: Ticket, *, by: Actor, reason: str = "") -> Ticket:
    """To whoever of the desk has the highest share of spare capacity. Raises NobodyFree."""
    lock_for(ticket, "assign", by=by)
    found = best_agent(agent_loads(by.website, clock.now()))
    if found is None:
        raise errors.NobodyFree
    return assign_ticket(ticket, found.member_id, by=by, reason=reason)


def change_ticket(
    ticket: Ticket, *, by: Actor, priority: Priority | None = None, category: Category | None = None
) -> Ticket:
    """What is left out stays. The clocks that run get the targets of the ticket's own terms, from their own start."""
    lock_for(ticket, "change", by=by)
    new: dict[str, Any] = {"priority": int(priority or ticket.priority), "category": str(category or ticket.category)}
    if new == {"priority": ticket.priority, "category": ticket.category}:
        return ticket
    before = details(priority_before=ticket.priority, category_before=ticket.category)
    advance(ticket, "change", by=by, data=new | before, **new)
    keep_clocks(ticket, by=by)
    return ticket


def resolve_ticket(ticket: Ticket, *, by: Actor, reason: str = "") -> Ticket:
    """It closes by itself after some days without another word of the requester, who reads the reason."""
    policy = SlaPolicy.of(ticket.website_id, ticket.policy_version)
    close_at = clock.now() + dt.timedelta(days=policy.close_days)
    advance(ticket, "resolve", by=by, reason=reason, close_at=close_at)
    keep_clocks(ticket, by=by)
    return ticket


def close_ticket(ticket: Ticket, *, by: Actor, reason: str = "") -> Ticket:
    """Its requester at any time; the desk one that is not resolved only with a reason. Raises ReasonRequired."""
    lock_for(ticket, "close", by=by)
    if by.is_staff and ticket.status != Status.RESOLVED and not reason:
        raise errors.ReasonRequired
    advance(ticket, "close", by=by, reason=reason, **_closing(ticket))
    keep_clocks(ticket, by=by)
    return ticket


def close_resolved(ticket: Ticket, *, by: Actor) -> None:
    """By the clock. Safe to run twice."""
    lock(ticket)
    if ticket.status == Status.RESOLVED and ticket.close_at is not None and ticket.close_at <= clock.now():
        close_ticket(ticket, by=by)


def reopen_ticket(ticket: Ticket, *, by: Actor, reason: str = "") -> Ticket:
    """Its clocks go on where they stopped. Raises ReopenWindowClosed, Merged."""
    lock_for(ticket, "reopen", by=by)
    advance(ticket, "reopen", by=by, reason=reason, closed_at=None, reopen_until=None, **_reopening(ticket))
    keep_clocks(ticket, by=by)
    return ticket


def rate_ticket(ticket: Ticket, rating: int, *, by: Actor, comment: str = "") -> Ticket:
    """1 to 5, by the requester, once. Raises AlreadyRated, NotYours."""
    data = details(rating=rating)
    return advance(ticket, "rate", by=by, data=data, rating=rating, rating_comment=comment.strip())


def merge_ticket(ticket: Ticket, into_id: int, *, by: Actor) -> Ticket:
    """Closes a duplicate; what was said in it is read in the other, which it opens where the desk was to answer it. The
    lower id is locked first.

    Raises Invalid for a ticket that is none, NotOneRequester, WrongState."""
    if not by.can(Can.WORK_TICKETS):
        raise Forbidden
    into = Ticket.objects.visible_to(by).filter(pk=into_id).exclude(pk=ticket.pk).first()
    if into is None:
        raise Invalid({"into_id": "There is no such other ticket."}, "not_found")
    for row in sorted((ticket, into), key=lambda row: row.pk):
        lock(row)
    if refusal := Ticket.LIFECYCLE.refusal(ticket, "merge", by) or Ticket.LIFECYCLE.refusal(into, "absorb", by):
        raise refusal
    if into.requester_id != ticket.requester_id:
        raise errors.NotOneRequester
    asks = ticket.status in RUNNING
    advance(ticket, "merge", by=by, data=details(into_id=into.pk), merged_into=into, **_closing(ticket))
    Ticket.objects.of(by.website).filter(merged_into=ticket).update(merged_into=into)
    _absorb(into, ticket, asks=asks, by=by)
    for row in (ticket, into):
        keep_clocks(row, by=by)
    return ticket


def _absorb(ticket: Ticket, merged: Ticket, *, asks: bool, by: Actor) -> None:
    """`asks`: the desk was to answer the duplicate; now it is to answer here."""
    target = Status(ticket.status)
    if asks and target not in RUNNING:
        target = Status.OPEN
    data = details(merged_id=merged.pk, asks=int(asks))
    last = max(ticket.last_message_at, merged.last_message_at)
    advance(ticket, "absorb", by=by, to=target, data=data, last_message_at=last, **undone(ticket, target))


def undone(ticket: Ticket, target: Status) -> dict[str, Any]:
    """What a resolution had set, where a step to `target` takes it back."""
    if ticket.status != Status.RESOLVED or target == Status.RESOLVED:
        return {}
    return _reopening(ticket)


def _reopening(ticket: Ticket) -> dict[str, Any]:
    now = clock.now()
    rests = [*ticket.rests, ticket.resolved_at or ticket.closed_at, now]
    return {"resolved_at": None, "close_at": None, "reopened_at": now, "rests": rests}


def _closing(ticket: Ticket) -> dict[str, Any]:
    policy = SlaPolicy.of(ticket.website_id, ticket.policy_version)
    return {"close_at": None, "reopen_until": clock.now() + dt.timedelta(days=policy.reopen_days)}
