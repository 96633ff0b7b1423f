"""Work goes to the client and back: submit, edit, deliver, revise, approve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.journal.actions import advance, change, lock_for
from copydesk.journal.models import Event, details
from copydesk.payments.actions import earn
from copydesk.threads.policies import MessagePolicy
from copydesk.writers.actions import count_completed
from copydesk.writers.models import Writer

from .. import errors
from ..models import Assignment, Cause, Order, Round, RoundKind, Status
from ..policies import OrderPolicy
from ..queries import deadlines, steps
from .staffing import current_assignment, current_round, open_round

SEVERITIES = ("minor", "major")


def submit(order: Order, *, by: Actor, note: str = "") -> Order:
    """The writer hands in the round, with a final or revised file in it; it goes to an editor or the client."""
    lock_for(order, "submit", by=by)
    current = current_round(order)
    assert current is not None
    steps.submitting(steps.Asked(order, by))
    now = clock.now()
    editing, why = _needs_editing(order, now)
    change(current, submitted_at=now)
    data = details(round=current.number, editing_reason=why, late=now > current.due_with_excuse)
    decided: dict[str, Any] = {"editing": editing, "editing_reason": why, "writer_due_at": None}
    if editing:
        return advance(order, "submit", by=by, to=Status.EDITING, reason=note, data=data, **decided)
    change(current, delivered_at=now)
    return advance(order, "submit", by=by, to=Status.DELIVERED, reason=note, data=data, **decided, **_delivered(order))


def pass_work(order: Order, *, by: Actor, reason: str = "") -> Order:
    """The editor lets the work go to the client; the round's files are locked."""
    lock_for(order, "pass", by=by)
    now = clock.now()
    change(last_submitted(order), delivered_at=now, passed_at=now)
    return advance(order, "pass", by=by, reason=reason, **_delivered(order))


def return_work(order: Order, *, by: Actor, reason: str, changes_required: Sequence[str] = ()) -> Order:
    """The editor sends the work back to the writer, with reasons: a new round, due as a revision is."""
    if not reason:
        raise errors.ReasonRequired()
    lock_for(order, "return", by=by)
    due = _revision_due(order, None)
    advance(order, "return", by=by, reason=reason, writer_due_at=due)
    open_round(
        order,
        current_assignment(order),
        RoundKind.RETURN,
        due,
        cause=Cause.WRITER,
        reason=reason,
        changes_required=list(changes_required),
    )
    return order


def request_revision(
    order: Order,
    *,
    by: Actor,
    reason: str,
    severity: str = "minor",
    changes_required: Sequence[str] = (),
    cause: Cause = Cause.WRITER,
    due_at: dt.datetime | None = None,
) -> Order:
    """The client (within the window) or staff ask for changes; contact details in them are masked. Staff may agree a
    deadline and say whose cause it is."""
    if not reason:
        raise errors.ReasonRequired()
    if severity not in SEVERITIES:
        raise Invalid({"severity": f"One of: {', '.join(SEVERITIES)}."})
    if due_at is not None and due_at <= clock.now():
        raise Invalid({"due_at": "In the future."})
    if by.role is Role.CLIENT and (due_at is not None or cause != Cause.WRITER):
        raise Invalid({"due_at": "Staff agree deadlines and causes."})
    lock_for(order, "request_revision", by=by)
    policy = MessagePolicy.of(by.website)
    reason = policy.mask(reason).text
    assignment = reopened_assignment(order)
    due = _revision_due(order, due_at)
    advance(
        order,
        "request_revision",
        by=by,
        reason=reason,
        data=details(severity=severity, cause=cause),
        writer_due_at=due,
        approve_at=None,
    )
    open_round(
        order,
        assignment,
        RoundKind.REVISION,
        due,
        cause=cause,
        severity=severity,
        reason=reason,
        changes_required=[policy.mask(change).text for change in changes_required],
    )
    return order


def approve(order: Order, *, by: Actor) -> Order:
    """The client accepts the work (or time does): the writer's pay is earned, once, at its first completion."""
    lock_for(order, "approve", by=by)
    now = clock.now()
    if by.is_system and (order.approve_at is None or order.approve_at > now):
        raise errors.NotYet()
    assignment = current_assignment(order)
    policy = OrderPolicy.of(order.website_id, order.policy_version)
    dispute_until = now + dt.timedelta(days=policy.dispute_days)
    assignment.ended_at, assignment.outcome = now, "completed"
    assignment.save(update_fields=["ended_at", "outcome"])
    if order.completed_at is not None and _completed_in(assignment, order):
        return advance(order, "approve", by=by, approve_at=None)
    completed_at = order.completed_at or now
    advance(order, "approve", by=by, approve_at=None, completed_at=completed_at, dispute_until=dispute_until)
    count_completed(order.website_id, assignment.writer_id)
    if assignment.pay_minor:
        earn(
            website=by.website,
            writer_id=assignment.writer_id,
            amount_minor=assignment.pay_minor,
            reference=order.reference,
            payable_at=dispute_until,
            by=by,
        )
    return order


def last_submitted(order: Order) -> Round:
    rounds = Round.objects.of(order.website_id).filter(order=order, submitted_at__isnull=False)
    return rounds.order_by("-number")[0]


def _completed_in(assignment: Assignment, order: Order) -> bool:
    """Whether this writer has brought the order to completion before; one who took over later has not."""
    events = Event.objects.of(order.website_id).about(Order.noun, order.pk)
    own = events.filter(verb="order.approve", writer_id=assignment.writer_id, at__gte=assignment.started_at)
    return own.exists()


def _delivered(order: Order) -> dict[str, Any]:
    """Times that a delivery sets; `delivered_at` is the first."""
    policy = OrderPolicy.of(order.website_id, order.policy_version)
    now = clock.now()
    return {
        "delivered_at": order.delivered_at or now,
        "revision_until": now + dt.timedelta(days=policy.revision_days),
        "approve_at": now + dt.timedelta(days=policy.auto_approve_days),
    }


def _revision_due(order: Order, agreed: dt.datetime | None) -> dt.datetime:
    first = Round.objects.of(order.website_id).filter(order=order, kind=RoundKind.FIRST).order_by("-number")[0]
    policy = OrderPolicy.of(order.website_id)
    return deadlines.revision_due(policy, clock.now(), first.due_at - first.asked_at, agreed)


def reopened_assignment(order: Order) -> Assignment:
    """The writer's time, going on: a completed one is taken up again."""
    assignment = Assignment.objects.of(order.website_id).filter(order=order).order_by("-started_at", "-id")[0]
    if assignment.ended_at is not None:
        assignment.ended_at, assignment.outcome, assignment.cause = None, "", ""
        assignment.save(update_fields=["ended_at", "outcome", "cause"])
    return assignment


def _needs_editing(order: Order, now: dt.datetime) -> tuple[bool, str]:
    """RULES §1: a wish decides; else too little time skips it; else newness, value or the website's habit."""
    policy = OrderPolicy.of(order.website_id)
    if order.wants_editing is not None:
        return order.wants_editing, "wish"
    if order.client_deadline - now < dt.timedelta(hours=policy.editing_least_hours):
        return False, "too_little_time"
    if Writer.objects.of(order.website_id).get(pk=order.writer_id).completed_orders < policy.editing_first_orders:
        return True, "new_writer"
    if order.price_minor >= policy.editing_value_minor:
        return True, "high_value"
    return policy.edits_by_default, "website_default"
