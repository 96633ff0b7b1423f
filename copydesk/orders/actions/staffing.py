"""Who works on an order: assigned, offered, taken, released, replaced."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.journal.actions import advance, change, lock, lock_for
from copydesk.journal.models import details
from copydesk.writers.actions import lock_writer
from copydesk.writers.policies import Level, WriterPolicy

from .. import errors
from ..models import Assignment, Cause, Offer, Order, Request, Round, RoundKind, Status
from ..policies import OrderPolicy
from ..queries import deadlines, steps


def assign(order: Order, writer_id: int, *, by: Actor, offer: bool = False, reason: str = "") -> Order:
    """Staff give an available order to a writer, who starts at once, or (`offer`) is asked first.

    Limits are exceeded only with a reason. Raises WriterExcluded, DeadlinePassed, WrongState.
    """
    lock(order)
    level = admit(order, writer_id, by=by, beyond_limits=bool(reason))
    if offer:
        return _offer(order, writer_id, level, by=by, reason=reason)
    advance(order, "assign", by=by, reason=reason, data=details(writer_id=writer_id), **starting(order, writer_id))
    start_assignment(order, writer_id, level, by=by)
    return order


def accept_offer(order: Order, *, by: Actor) -> Order:
    lock_for(order, "accept", by=by)
    writer_id = order.offered_to_id
    assert writer_id is not None
    lock_writer(by.website, writer_id)
    level = steps.accepting(steps.Asked(order, by))
    advance(order, "accept", by=by, **starting(order, writer_id))
    answer_offer(order, "accepted")
    start_assignment(order, writer_id, level, by=by)
    return order


def decline_offer(order: Order, *, by: Actor, reason: str = "") -> Order:
    advance(order, "decline", by=by, reason=reason, offered_to_id=None, offer_expires_at=None)
    answer_offer(order, "declined")
    return order


def expire_offer(order: Order, *, by: Actor) -> Order:
    """By the clock; safe to run twice: a second run finds no offered order, or a newer offer, and refuses."""
    lock_for(order, "expire_offer", by=by)
    if order.offer_expires_at is not None and order.offer_expires_at > clock.now():
        raise errors.NotYet()
    advance(order, "expire_offer", by=by, offered_to_id=None, offer_expires_at=None)
    answer_offer(order, "expired")
    return order


def take(order: Order, *, by: Actor) -> Order:
    """A writer takes an open order, where the website and its level allow that and capacity is left."""
    lock_for(order, "take", by=by)
    assert by.membership_id is not None
    lock_writer(by.website, by.membership_id)
    level = steps.taking(steps.Asked(order, by))
    advance(order, "take", by=by, **starting(order, by.membership_id))
    start_assignment(order, by.membership_id, level, by=by)
    return order


def release(order: Order, *, by: Actor, cause: Cause | None = None, reason: str = "") -> Order:
    """The writer is removed: dropped by the writer, or taken off by staff, who say whose cause it was."""
    if not reason:
        raise errors.ReasonRequired()
    lock(order)
    if by.role is Role.WRITER:
        cause = Cause.WRITER
    offered = order.status == Status.OFFERED
    advance(
        order,
        "release",
        by=by,
        reason=reason,
        data=details(cause=cause or Cause.STAFF, writer_id=order.writer_id or order.offered_to_id),
        writer_id=None,
        writer_due_at=None,
        offered_to_id=None,
        offer_expires_at=None,
    )
    if offered:
        answer_offer(order, "withdrawn")
    else:
        end_assignment(order, "released", cause or Cause.STAFF)
    return order


def reassign(order: Order, writer_id: int, *, by: Actor, cause: Cause | None = None, reason: str = "") -> Order:
    """Another writer takes over in one step; the first one's time ends with its cause."""
    if not reason:
        raise errors.ReasonRequired()
    lock_for(order, "reassign", by=by)
    if writer_id == order.writer_id:
        raise Invalid({"writer_id": "This writer has the order already."})
    former = order.writer_id
    level = admit(order, writer_id, by=by, beyond_limits=True)
    starts = starting(order, writer_id)
    end_assignment(order, "reassigned", cause or Cause.STAFF)
    advance(
        order,
        "reassign",
        by=by,
        reason=reason,
        data=details(cause=cause or Cause.STAFF, writer_id=writer_id, former_writer_id=former),
        **starts,
    )
    start_assignment(order, writer_id, level, by=by)
    return order


def admit(order: Order, writer_id: int, *, by: Actor, beyond_limits: bool = False) -> Level:
    """The writer's level, if it may have the order, as `steps.admission` says. The writer's row is locked, so that two
    starts at once cannot exceed its capacity."""
    lock_writer(by.website, writer_id)
    return steps.admission(order, writer_id, beyond_limits=beyond_limits)


def starting(order: Order, writer_id: int) -> dict[str, Any]:
    """What changes on an order when a writer starts."""
    policy = OrderPolicy.of(order.website_id)
    now = clock.now()
    if order.client_deadline <= now:
        raise errors.DeadlinePassed()
    return {
        "writer_id": writer_id,
        "offered_to_id": None,
        "offer_expires_at": None,
        "writer_due_at": deadlines.writer_due(policy, now, order.client_deadline),
    }


def start_assignment(order: Order, writer_id: int, level: Level, *, by: Actor, pay_minor: int | None = None) -> Round:
    """The writer's time begins: pay fixed by level (or an agreed bid), first round due; requests superseded."""
    now = clock.now()
    website = order.website_id
    pay = level.pay_minor(pages=order.pages, price_minor=order.price_minor) if pay_minor is None else pay_minor
    assignment = Assignment.objects.of(website).create(
        order=order,
        writer_id=writer_id,
        pay_minor=min(pay, order.price_minor),
        tip_share_bps=level.tip_share_bps,
        policy_version=WriterPolicy.of(website).version,
        started_at=now,
    )
    for request in Request.objects.of(website).filter(order=order).open().order_by("id"):
        advance(request, "supersede", by=by.as_system())
    assert order.writer_due_at is not None
    return open_round(order, assignment, RoundKind.FIRST, order.writer_due_at)


def open_round(order: Order, assignment: Assignment, kind: RoundKind, due_at: dt.datetime, **about: Any) -> Round:
    """The next piece of work; `about` is what a return or revision says: cause, severity, reason, changes_required."""
    last = Round.objects.of(order.website_id).filter(order=order).order_by("-number").first()
    row = Round(
        website_id=order.website_id,
        order=order,
        assignment=assignment,
        number=(last.number if last else 0) + 1,
        kind=kind,
        asked_at=clock.now(),
        due_at=due_at,
        **about,
    )
    row.save(force_insert=True)
    return row


def end_assignment(order: Order, outcome: str, cause: Cause | str = "") -> Assignment:
    """Closes the current assignment, and its round where that is not submitted."""
    now = clock.now()
    close_round(order)
    assignment = current_assignment(order)
    assignment.ended_at, assignment.outcome, assignment.cause = now, outcome, cause
    assignment.save(update_fields=["ended_at", "outcome", "cause"])
    return assignment


def current_assignment(order: Order) -> Assignment:
    return Assignment.objects.of(order.website_id).get(order=order, ended_at=None)


def current_round(order: Order) -> Round | None:
    """The round that is being worked on; null while none is."""
    return Round.objects.of(order.website_id).filter(order=order, submitted_at=None, closed_at=None).first()


def close_round(order: Order) -> None:
    if current := current_round(order):
        change(current, closed_at=clock.now())


def _offer(order: Order, writer_id: int, level: Level, *, by: Actor, reason: str) -> Order:
    policy = OrderPolicy.of(by.website)
    now = clock.now()
    if order.client_deadline <= now:
        raise errors.DeadlinePassed()
    expires_at = now + dt.timedelta(hours=policy.offer_hours)
    advance(order, "offer", by=by, reason=reason, offered_to_id=writer_id, offer_expires_at=expires_at)
    Offer.objects.of(by.website).create(
        order=order,
        writer_id=writer_id,
        pay_minor=level.pay_minor(pages=order.pages, price_minor=order.price_minor),
        beyond_limits=bool(reason),
        offered_at=now,
        expires_at=expires_at,
    )
    return order


def answer_offer(order: Order, outcome: str) -> None:
    Offer.objects.of(order.website_id).filter(order=order, outcome="").update(outcome=outcome, answered_at=clock.now())
