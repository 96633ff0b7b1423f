"""Mirrors copydesk/orders/actions/delivery.py: submit, edit, deliver, revise, approve."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.journal.models import details
from copydesk.orders.models import Cause, RoundKind, Status
from copydesk.orders.queries import deadlines

from ..copy import dumps
from ..stage import Case, Stage, step
from . import money
from .placement import POLICY
from .staffing import open_round, reopen_assignment


@step
def submit(stage: Stage, case: Case, *, by: Actor, note: str = "") -> None:
    order, current = case.order, case.round
    assert current is not None
    editing, why = _needs_editing(stage, case)
    stage.change(current, submitted_at=stage.now)
    late = stage.now > current.due_with_excuse
    data = details(round=current.number, editing_reason=why, late=late)
    decided: dict[str, Any] = {"editing": editing, "editing_reason": why, "writer_due_at": None}
    to = Status.EDITING if editing else Status.DELIVERED
    if not editing:
        stage.change(current, delivered_at=stage.now)
        decided |= _delivered(stage, case)
    stage.advance(order, "submit", by=by, to=to.value, reason=note, data=data, **decided)


@step
def pass_work(stage: Stage, case: Case, *, by: Actor) -> None:
    stage.change(case.rounds[-1], delivered_at=stage.now, passed_at=stage.now)
    stage.advance(case.order, "pass", by=by, **_delivered(stage, case))


@step
def return_work(stage: Stage, case: Case, *, by: Actor, reason: str, changes_required: Sequence[str] = ()) -> None:
    due = _revision_due(stage, case, None)
    stage.advance(case.order, "return", by=by, reason=reason, writer_due_at=due)
    open_round(
        stage,
        case,
        RoundKind.RETURN,
        due,
        cause=Cause.WRITER.value,
        reason=reason,
        changes_required=dumps(list(changes_required)),
    )


@step
def request_revision(
    stage: Stage,
    case: Case,
    *,
    by: Actor,
    reason: str,
    severity: str = "minor",
    changes_required: Sequence[str] = (),
    cause: Cause = Cause.WRITER,
    due_at: dt.datetime | None = None,
) -> None:
    reopen_assignment(case)
    due = _revision_due(stage, case, due_at)
    stage.advance(
        case.order,
        "request_revision",
        by=by,
        reason=reason,
        data=details(severity=severity, cause=cause.value),
        writer_due_at=due,
        approve_at=None,
    )
    open_round(
        stage,
        case,
        RoundKind.REVISION,
        due,
        cause=cause.value,
        severity=severity,
        reason=reason,
        changes_required=dumps(list(changes_required)),
    )


@step
def approve(stage: Stage, case: Case, *, by: Actor) -> None:
    order, assignment = case.order, case.assignment
    writer = stage.member(assignment.writer_id)
    again = assignment.id in case.completed
    case.completed.add(assignment.id)
    dispute_until = stage.now + dt.timedelta(days=POLICY.dispute_days)
    assignment.ended_at, assignment.outcome = stage.now, "completed"
    times: dict[str, Any] = {"completed_at": order.completed_at or stage.now, "dispute_until": dispute_until}
    stage.advance(order, "approve", by=by, approve_at=None, **({} if again else times))
    stage.crew.written.completed.add(order.client_id)
    if again:
        return
    writer.writer.completed_orders += 1
    known = case.pay.get(writer.id)
    if assignment.pay_minor and (known is None or known.left_minor == 0):
        case.pay[writer.id] = money.earn(
            stage,
            writer_id=writer.id,
            amount_minor=assignment.pay_minor,
            reference=order.reference,
            payable_at=dispute_until,
            by=by,
            known=known,
        )


def _delivered(stage: Stage, case: Case) -> dict[str, Any]:
    return {
        "delivered_at": case.order.delivered_at or stage.now,
        "revision_until": stage.now + dt.timedelta(days=POLICY.revision_days),
        "approve_at": stage.now + dt.timedelta(days=POLICY.auto_approve_days),
    }


def _revision_due(stage: Stage, case: Case, agreed: dt.datetime | None) -> dt.datetime:
    first = [row for row in case.rounds if row.kind == RoundKind.FIRST][-1]
    return deadlines.revision_due(POLICY, stage.now, first.due_at - first.asked_at, agreed)


def _needs_editing(stage: Stage, case: Case) -> tuple[bool, str]:
    order = case.order
    if order.wants_editing is not None:
        return order.wants_editing, "wish"
    if order.client_deadline - stage.now < dt.timedelta(hours=POLICY.editing_least_hours):
        return False, "too_little_time"
    if stage.member(order.writer_id).writer.completed_orders < POLICY.editing_first_orders:
        return True, "new_writer"
    if order.price_minor >= POLICY.editing_value_minor:
        return True, "high_value"
    return POLICY.edits_by_default, "website_default"
