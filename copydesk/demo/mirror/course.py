"""Mirrors copydesk/orders/actions/course.py and clocks.py: held, extended, disputed, cancelled, expired, archived."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.money import share
from copydesk.journal.models import details
from copydesk.orders.models import AdjustmentStatus, Cause, ExcusedTime, ExcuseKind, RoundKind, Status
from copydesk.orders.queries import deadlines
from copydesk.orders.queries.cancellation import PAUSES, Cancellation
from copydesk.payments.models import EarningHold, EarningKind, Purpose

from ..copy import Row
from ..stage import Case, Stage, step
from . import money, repayments
from .placement import POLICY
from .staffing import answer_offer, end_assignment, open_round, reopen_assignment

ADJUSTMENT_OPEN = (AdjustmentStatus.PROPOSED, AdjustmentStatus.AWAITING_PAYMENT)


@step
def hold(stage: Stage, case: Case, *, by: Actor, reason: str) -> None:
    event = stage.advance(case.order, "hold", by=by, reason=reason, held_from=case.order.status)
    begin_excuse(stage, case, ExcuseKind.HOLD, event)


@step
def resume(stage: Stage, case: Case, *, by: Actor) -> None:
    order = case.order
    excused = end_excuse(stage, case)
    due = order.writer_due_at + excused if order.writer_due_at else None
    stage.advance(order, "resume", by=by, to=order.held_from, held_from="", writer_due_at=due)


@step
def extend_deadline(
    stage: Stage,
    case: Case,
    *,
    by: Actor,
    reason: str,
    client_deadline: dt.datetime | None = None,
    excused_hours: int = 0,
) -> None:
    order = case.order
    data = details(excused_hours=excused_hours or None)
    if client_deadline is not None:
        data["client_deadline_before"] = order.client_deadline.isoformat()
        data["client_deadline"] = client_deadline.isoformat()
    event = stage.advance(order, "extend_deadline", by=by, reason=reason, data=data)
    changes: dict[str, Any] = {}
    if client_deadline is not None:
        changes = move_client_deadline(stage, case, client_deadline, event)
    current = case.round
    if excused_hours and current:
        granted = dt.timedelta(hours=excused_hours)
        _excuse(stage, case, current, ExcuseKind.GRANTED, stage.now, stage.now + granted, event)
        stage.change(current, excused=current.excused + granted)
        changes["writer_due_at"] = current.due_with_excuse
    stage.change(order, **changes)


@step
def dispute(stage: Stage, case: Case, *, by: Actor, dispute_reason: str, statement: str, turn: str) -> None:
    order = case.order
    event = stage.advance(
        order,
        "dispute",
        by=by,
        reason=statement,
        data=details(reason_code=dispute_reason),
        held_from=order.status,
        approve_at=None,
        dispute_turn=turn,
    )
    begin_excuse(stage, case, ExcuseKind.DISPUTE, event)
    case.hold = stage.send(EarningHold, reference_type="order", reference_id=order.id, held_at=stage.now)
    stage.books.held.add(order.id)


def wait_for(stage: Stage, case: Case, turn: str) -> None:
    if case.order.dispute_turn != turn:
        stage.change(case.order, dispute_turn=turn)


@step
def settle_dispute(
    stage: Stage,
    case: Case,
    *,
    by: Actor,
    reason: str = "",
    to: Status | None = None,
    cause: Cause = Cause.STAFF,
    new_deadline: dt.datetime | None = None,
    forfeited_minor: int = 0,
    lateness_excused: bool = False,
) -> None:
    order, excused = case.order, end_excuse(stage, case)
    changes: dict[str, Any] = {"held_from": "", "dispute_turn": ""}
    if new_deadline is not None:
        changes["client_deadline"] = max(order.client_deadline, new_deadline)
    if to is Status.REVISION:
        changes["writer_due_at"] = new_deadline
    elif to is Status.CANCELLED:
        changes |= {"cancel_cause": cause.value, "cancelled_at": stage.now, "forfeited_minor": forfeited_minor}
    elif to is None and order.held_from == Status.DELIVERED:
        changes["approve_at"] = stage.now + dt.timedelta(days=POLICY.auto_approve_days)
    elif to is None and order.writer_due_at is not None:
        changes["writer_due_at"] = order.writer_due_at + excused
    if to in (Status.CANCELLED, Status.AVAILABLE):
        changes["writer_due_at"] = None
    if to is Status.AVAILABLE:
        changes["writer_id"] = None
    data = details(
        cause=cause.value if to else None,
        writer_id=order.writer_id if to is Status.AVAILABLE else None,
        new_deadline=new_deadline.isoformat() if new_deadline else None,
        forfeited_minor=forfeited_minor or None,
    )
    target = to.value if to else order.held_from
    event = stage.advance(order, "settle", by=by, to=target, reason=reason, data=data, **changes)
    if to is Status.REVISION:
        if current := case.round:
            stage.change(current, closed_at=stage.now)
        reopen_assignment(case)
        about = {"cause": cause.value, "severity": "major", "reason": reason}
        open_round(stage, case, RoundKind.REVISION, order.writer_due_at, **about)
    elif to is not None:
        _end_work(stage, case, to, cause)
    elif lateness_excused:
        _excuse_lateness(stage, case, event)
    assert case.hold is not None
    case.hold.released_at = stage.now
    stage.loader.update(case.hold, "released_at")
    stage.books.held.discard(order.id)


@step
def cancel(stage: Stage, case: Case, *, by: Actor, reason: str, cause: Cause | None = None) -> None:
    order = case.order
    cause = Cause.CLIENT if by.role is Role.CLIENT else cause or Cause.CLIENT
    figures = _cancellation(stage, case, cause)
    was_written = order.writer_id is not None and order.status not in (Status.AVAILABLE, Status.OFFERED)
    stage.advance(
        order,
        "cancel",
        by=by,
        reason=reason,
        data=details(
            cause=cause.value,
            forfeited_minor=figures.forfeited_minor,
            refunded_minor=figures.refunded_minor,
            writer_minor=figures.writer_minor,
        ),
        cancel_cause=cause.value,
        forfeited_minor=figures.forfeited_minor,
        writer_due_at=None,
        offered_to_id=None,
        offer_expires_at=None,
        approve_at=None,
        held_from="",
    )
    _close_what_is_open(stage, case)
    if was_written:
        end_excuse(stage, case)
        assignment = end_assignment(stage, case, "cancelled", cause)
        if figures.writer_minor:
            money.earn(
                stage,
                writer_id=assignment.writer_id,
                amount_minor=figures.writer_minor,
                reference=order.reference,
                kind=EarningKind.FORFEIT,
                payable_at=stage.now,
                by=by,
            )
    if figures.refunded_minor:
        repayments.repay(stage, case, figures.refunded_minor, by=by, reason=reason)


@step
def expire(stage: Stage, case: Case, *, by: Actor) -> None:
    stage.advance(case.order, "expire", by=by, cancel_cause=Cause.SYSTEM.value)


@step
def archive(stage: Stage, case: Case, *, by: Actor) -> None:
    stage.advance(case.order, "archive", by=by)


def _end_work(stage: Stage, case: Case, to: Status, cause: Cause) -> None:
    if to is Status.CANCELLED:
        _close_what_is_open(stage, case)
    if cause is Cause.WRITER:
        reopen_assignment(case)
    if case.assignment.ended_at is None:
        end_assignment(stage, case, "cancelled" if to is Status.CANCELLED else "released", cause)


def _close_what_is_open(stage: Stage, case: Case) -> None:
    if case.offers and not case.offers[-1].outcome:
        answer_offer(stage, case, "withdrawn")
    for request in case.requests:
        if request.status == "requested":
            stage.advance(request, "expire", by=stage.system)
    for adjustment in case.adjustments:
        if adjustment.status in ADJUSTMENT_OPEN:
            stage.advance(adjustment, "decline", by=stage.system)


def move_client_deadline(stage: Stage, case: Case, deadline: dt.datetime, event: Row) -> dict[str, Any]:
    changes: dict[str, Any] = {"client_deadline": deadline}
    current = case.round
    if current is None or current.kind != RoundKind.FIRST:
        return changes
    due = deadlines.writer_due(POLICY, current.asked_at, deadline)
    given, excused = current.due_at, current.excused
    for row in case.excuses:
        if row.round_id == current.id and row.kind == ExcuseKind.SHORTENED:
            given, excused = row.until, excused - (row.until - row.since)
            case.excuses.remove(row)
            break
    if due < given:
        _excuse(stage, case, current, ExcuseKind.SHORTENED, due, given, event)
        excused += given - due
    stage.change(current, due_at=due, excused=excused)
    return changes | {"writer_due_at": current.due_with_excuse}


def begin_excuse(stage: Stage, case: Case, kind: ExcuseKind, event: Row) -> None:
    if current := case.round:
        _excuse(stage, case, current, kind, stage.now, None, event)


def end_excuse(stage: Stage, case: Case) -> dt.timedelta:
    row = next((row for row in case.excuses if row.until is None), None)
    if row is None:
        return dt.timedelta()
    row.until = stage.now
    excused: dt.timedelta = row.until - row.since
    current = next(each for each in case.rounds if each.id == row.round_id)
    stage.change(current, excused=current.excused + excused)
    return excused


def _excuse_lateness(stage: Stage, case: Case, event: Row) -> None:
    current, now = case.round, stage.now
    if current is not None and now > current.due_with_excuse:
        _excuse(stage, case, current, ExcuseKind.GRANTED, current.due_with_excuse, now, event)
        stage.change(current, excused=now - current.due_at)
        stage.change(case.order, writer_due_at=now)


def _excuse(
    stage: Stage,
    case: Case,
    current: Row,
    kind: ExcuseKind,
    since: dt.datetime,
    until: dt.datetime | None,
    event: Row,
) -> None:
    row = stage.make(ExcusedTime, round_id=current.id, kind=kind.value, event_id=event.id, since=since, until=until)
    case.excuses.append(row)


def _cancellation(stage: Stage, case: Case, cause: Cause) -> Cancellation:
    order = case.order
    captured = sum(each.refundable_minor for each in case.charges if each.charge.purpose != Purpose.TIP)
    assignment = case.assignments[-1] if case.assignments else None
    current = assignment if assignment and not assignment.ended_at else None
    has_started = current or any(pay.left_minor for pay in case.pay.values())
    if order.status == Status.UNPAID or not has_started:
        return Cancellation(captured, 0, captured, 0)
    forfeited = 0
    if cause is Cause.CLIENT:
        share_bps = deadlines.forfeited_share_bps(POLICY, order.client_deadline - stage.now)
        forfeited = min(captured, share(order.price_minor, share_bps, deadlines.WHOLE))
    writer = 0
    pay = case.pay.get(current.writer_id) if current else None
    if forfeited and current and (pay is None or pay.left_minor == 0):
        writer = min(current.pay_minor, _worked_part(stage, case, current, forfeited))
    return Cancellation(captured, forfeited, captured - forfeited, writer)


def _worked_part(stage: Stage, case: Case, assignment: Row, forfeited_minor: int) -> int:
    rounds = [row for row in case.rounds if row.assignment_id == assignment.id]
    if any(row.submitted_at for row in rounds):
        return forfeited_minor
    asked_at, second = rounds[0].asked_at, dt.timedelta(seconds=1)
    allotted = rounds[-1].due_at - asked_at
    own = {row.id for row in rounds}
    pauses = (row for row in case.excuses if row.round_id in own and row.kind in PAUSES)
    paused = sum(((row.until or stage.now) - row.since for row in pauses), dt.timedelta())
    worked = min(max(stage.now - asked_at - paused, dt.timedelta()), allotted)
    return share(forfeited_minor, worked // second, max(allotted // second, 1))
