"""The course of an order is changed: held, resumed, extended, disputed, cancelled, expired, archived."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.core.money import to_decimal
from copydesk.journal.actions import advance, change, lock, lock_for
from copydesk.journal.models import details
from copydesk.payments.actions import earn, hold_earnings, release_earnings, repay
from copydesk.payments.models import EarningKind
from copydesk.threads.policies import MessagePolicy

from .. import errors
from ..models import Adjustment, Assignment, Cause, DisputeReason, ExcuseKind, Order, Request, RoundKind, Status
from ..policies import OrderPolicy
from ..queries import steps
from ..queries.cancellation import Cancellation, cancellation
from .clocks import begin_excuse, end_excuse, excuse_lateness, grant_time, move_client_deadline
from .delivery import reopened_assignment
from .staffing import answer_offer, close_round, current_round, end_assignment, open_round


def hold(order: Order, *, by: Actor, reason: str) -> Order:
    """Stops the writer's clock until it is resumed."""
    if not reason:
        raise errors.ReasonRequired()
    lock(order)
    before = order.status
    advance(order, "hold", by=by, reason=reason, held_from=before)
    begin_excuse(order, ExcuseKind.HOLD)
    return order


def resume(order: Order, *, by: Actor, reason: str = "") -> Order:
    """Back to where it was; the time held is the writer's again."""
    lock_for(order, "resume", by=by)
    excused = end_excuse(order)
    due = order.writer_due_at + excused if order.writer_due_at else None
    return advance(order, "resume", by=by, to=order.held_from, reason=reason, held_from="", writer_due_at=due)


def extend_deadline(
    order: Order,
    *,
    by: Actor,
    reason: str,
    client_deadline: dt.datetime | None = None,
    excused_hours: int = 0,
) -> Order:
    """Staff move the client's deadline, or grant the writer excused time, with a reason.

    A later client's deadline gives the present writer its share of the new time; an earlier one is the client's wish,
    and what the writer loses by it is excused, so that no lateness is charged without consent.
    """
    if not reason:
        raise errors.ReasonRequired()
    if client_deadline is None and not excused_hours:
        raise Invalid({"client_deadline": "Name a new deadline or excused hours."}, "required")
    lock_for(order, "extend_deadline", by=by)
    if client_deadline is not None and client_deadline <= clock.now():
        raise Invalid({"client_deadline": "In the future."})
    if excused_hours and current_round(order) is None:
        raise Invalid({"excused_hours": "Nobody is writing now."})
    data = details(excused_hours=excused_hours or None)
    if client_deadline is not None:
        data |= details(
            client_deadline_before=order.client_deadline.isoformat(), client_deadline=client_deadline.isoformat()
        )
    advance(order, "extend_deadline", by=by, reason=reason, data=data)
    changes = move_client_deadline(order, client_deadline) if client_deadline is not None else {}
    if excused_hours:
        changes |= grant_time(order, dt.timedelta(hours=excused_hours))
    return change(order, **changes)


def dispute(order: Order, *, by: Actor, dispute_reason: str, statement: str, turn: str = "") -> Order:
    """Client, writer or staff contest the order: the writer's clock stops and its pay is held until that is settled.
    `turn` as `wait_for` has it."""
    if dispute_reason not in DisputeReason:
        raise Invalid({"reason_code": f"One of: {', '.join(DisputeReason)}."})
    if not statement:
        raise errors.ReasonRequired()
    lock(order)
    before = order.status
    advance(
        order,
        "dispute",
        by=by,
        reason=MessagePolicy.of(by.website).mask(statement).text,
        data=details(reason_code=dispute_reason),
        held_from=before,
        approve_at=None,
        dispute_turn=turn,
    )
    begin_excuse(order, ExcuseKind.DISPUTE)
    hold_earnings(by.website, order.reference)
    return order


def wait_for(order: Order, turn: str) -> Order:
    """A disputed order waits for the statement of `turn`, `client` or `writer`, or, blank, for staff. Without an event:
    the dispute's own step is one."""
    lock(order)
    return order if order.dispute_turn == turn else change(order, dispute_turn=turn)


def settle_dispute(
    order: Order,
    *,
    by: Actor,
    reason: str = "",
    to: Status | None = None,
    cause: Cause = Cause.STAFF,
    new_deadline: dt.datetime | None = None,
    forfeited_minor: int = 0,
    lateness_excused: bool = False,
) -> Order:
    """A disputed order goes on, or ends: `to` None is where it was, with the time that it stood still excused, and
    what its writer is late by now, where `lateness_excused`; REVISION is a new round due at `new_deadline`; AVAILABLE
    is without its writer, where one is given with a later deadline; CANCELLED keeps `forfeited_minor`. Its pay is no
    longer held. Money, fines and pay are the caller's, whose domain decides about them.
    """
    lock_for(order, "settle", by=by)
    excused = end_excuse(order)
    changes: dict[str, Any] = {"held_from": "", "dispute_turn": ""}
    if new_deadline is not None:
        changes["client_deadline"] = max(order.client_deadline, new_deadline)
    if to is Status.REVISION:
        assert new_deadline is not None
        changes["writer_due_at"] = new_deadline
    elif to is Status.CANCELLED:
        now = clock.now()
        changes |= {"cancel_cause": cause, "cancelled_at": now, "forfeited_minor": forfeited_minor}
    elif to is None and order.held_from == Status.DELIVERED:
        days = OrderPolicy.of(order.website_id, order.policy_version).auto_approve_days
        changes["approve_at"] = clock.now() + dt.timedelta(days=days)
    elif to is None and order.writer_due_at is not None:
        changes["writer_due_at"] = order.writer_due_at + excused
    if to in (Status.CANCELLED, Status.AVAILABLE):
        changes["writer_due_at"] = None
    if to is Status.AVAILABLE:
        changes["writer_id"] = None
    data = details(
        cause=cause if to else None,
        writer_id=order.writer_id if to is Status.AVAILABLE else None,
        new_deadline=new_deadline.isoformat() if new_deadline else None,
        forfeited_minor=forfeited_minor or None,
    )
    advance(order, "settle", by=by, to=to or order.held_from, reason=reason, data=data, **changes)
    if to is Status.REVISION:
        _begin_anew(order, cause, reason)
    elif to is not None:
        _end_work(order, to, cause, by=by)
    elif lateness_excused:
        excuse_lateness(order)
    release_earnings(by.website, order.reference)
    return order


def cancel(
    order: Order,
    *,
    by: Actor,
    reason: str,
    cause: Cause | None = None,
    expected_forfeit_minor: int | None = None,
    preview: bool = False,
) -> Cancellation:
    """Ends an order. If paid, the policy's forfeiture is kept, shared with the writer who started; the rest goes back.

    `expected_forfeit_minor` is the figure that the caller has seen; another one by now is refused with PriceChanged.
    `preview` asks and computes all the same, and changes nothing.
    """
    if not reason:
        raise errors.ReasonRequired()
    lock_for(order, "cancel", by=by)
    steps.cancelling(steps.Asked(order, by))
    cause = Cause.CLIENT if by.role is Role.CLIENT else cause or Cause.CLIENT
    figures = cancellation(order, cause, clock.now())
    if expected_forfeit_minor is not None and expected_forfeit_minor != figures.forfeited_minor:
        raise errors.PriceChanged(forfeited=str(to_decimal(figures.forfeited_minor)))
    if preview:
        return figures
    was_written = order.writer_id is not None and order.status not in (Status.AVAILABLE, Status.OFFERED)
    advance(
        order,
        "cancel",
        by=by,
        reason=reason,
        data=details(
            cause=cause,
            forfeited_minor=figures.forfeited_minor,
            refunded_minor=figures.refunded_minor,
            writer_minor=figures.writer_minor,
        ),
        cancel_cause=cause,
        forfeited_minor=figures.forfeited_minor,
        writer_due_at=None,
        offered_to_id=None,
        offer_expires_at=None,
        approve_at=None,
        held_from="",
    )
    _close_what_is_open(order, by=by)
    if was_written:
        end_excuse(order)
        assignment = end_assignment(order, "cancelled", cause)
        if figures.writer_minor:
            earn(
                website=by.website,
                writer_id=assignment.writer_id,
                amount_minor=figures.writer_minor,
                reference=order.reference,
                kind=EarningKind.FORFEIT,
                payable_at=clock.now(),
                by=by,
            )
    if figures.refunded_minor:
        repay(by.website, order.reference, figures.refunded_minor, by=by, reason=reason)
    return figures


def expire(order: Order, *, by: Actor) -> Order:
    """By the clock: an unpaid order ends, only where nothing was captured and nothing is pending."""
    lock_for(order, "expire", by=by)
    if order.expires_at > clock.now():
        raise errors.NotYet()
    steps.while_unpaid(steps.Asked(order, by))
    return advance(order, "expire", by=by, cancel_cause=Cause.SYSTEM)


def archive(order: Order, *, by: Actor, reason: str = "") -> Order:
    return advance(order, "archive", by=by, reason=reason)


def _close_what_is_open(order: Order, *, by: Actor) -> None:
    """Its offer, requests for it and proposals to change it, because it is no longer theirs to ask for."""
    answer_offer(order, "withdrawn")
    for request in Request.objects.of(by.website).filter(order=order).open().order_by("id"):
        advance(request, "expire", by=by.as_system())
    for adjustment in Adjustment.objects.of(by.website).filter(order=order).open():
        advance(adjustment, "decline", by=by.as_system())


def _begin_anew(order: Order, cause: Cause, reason: str) -> None:
    """The writer's next round, due when the order says."""
    assert order.writer_due_at is not None
    close_round(order)
    assignment = reopened_assignment(order)
    due = order.writer_due_at
    open_round(order, assignment, RoundKind.REVISION, due, cause=cause, severity="major", reason=reason)


def _end_work(order: Order, to: Status, cause: Cause, *, by: Actor) -> None:
    """The writer's time on a cancelled or an available order, where it lasts; a completed one too, where the writer is
    found to be the cause: rates count by that."""
    if to is Status.CANCELLED:
        _close_what_is_open(order, by=by)
    if cause is Cause.WRITER:
        reopened_assignment(order)
    if Assignment.objects.of(order.website_id).filter(order=order, ended_at=None).exists():
        end_assignment(order, "cancelled" if to is Status.CANCELLED else "released", cause)
