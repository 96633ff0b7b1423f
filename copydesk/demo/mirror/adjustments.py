"""Mirrors copydesk/orders/actions/adjustments.py, and payment.py where an adjustment is paid."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson

from copydesk.accounts.actor import Actor
from copydesk.core.money import share
from copydesk.journal.models import details
from copydesk.orders.actions.placement import form_of
from copydesk.orders.models import Adjustment, side_of
from copydesk.orders.queries import pricing
from copydesk.payments.models import Purpose

from ..copy import Row
from ..stage import Case, Stage, step
from . import repayments
from .course import move_client_deadline
from .placement import PRICES, add_lines, applied, take_payment


@step
def propose_adjustment(
    stage: Stage,
    case: Case,
    *,
    by: Actor,
    pages: int | None = None,
    slides: int | None = None,
    client_deadline: dt.datetime | None = None,
    reason: str = "",
) -> Row:
    order: Any = case.order
    assert order.completed_at is None
    sizes = {"pages": pages, "slides": slides}
    changed = {name: size for name, size in sizes.items() if size is not None}
    adjusted = form_of(order, changed | {"extras": orjson.loads(order.extras)})
    left = _urgency_agreed(case) if client_deadline is None else client_deadline - stage.now
    lines = pricing.price_lines(PRICES, adjusted, left)
    row = stage.make(
        Adjustment,
        order_id=order.id,
        proposed_by=side_of(by).value,
        status="proposed",
        pages=pages,
        slides=slides,
        client_deadline=client_deadline,
        difference_minor=pricing.total_minor(lines) - order.price_minor,
        proposed_at=stage.now,
    )
    row.order = order
    case.adjustments.append(row)
    stage.record("adjustment.propose", row, by=by, after=row.status, reason=reason, data=_facts(row))
    return row


@step
def accept_adjustment(stage: Stage, adjustment: Row, *, by: Actor) -> None:
    """Staff accept what a client proposed."""
    if adjustment.difference_minor > 0:
        stage.advance(adjustment, "agree", by=by, data=_facts(adjustment))
    else:
        _accept_paid(stage, adjustment, by=by)


@step
def decline_adjustment(stage: Stage, adjustment: Row, *, by: Actor, reason: str = "") -> None:
    stage.advance(adjustment, "decline", by=by, reason=reason)


@step
def pay_adjustment(stage: Stage, adjustment: Row, *, method: str, token: str, by: Actor) -> None:
    case, amount = stage.cases[adjustment.order_id], adjustment.difference_minor
    if amount <= 0:
        _accept_paid(stage, adjustment, by=by)
        return
    receipt = [{"label": f"Adjustment of order {case.order.number}", "amount_minor": amount}]
    paid = take_payment(stage, case, amount, Purpose.ADJUSTMENT, method, token, receipt, by=by)
    stage.change(adjustment, charge_id=paid.charge.id)
    applied(stage, paid, lambda _, payer: _accept_paid(stage, adjustment, by=payer.as_system()), by=by)


def _accept_paid(stage: Stage, row: Row, *, by: Actor) -> None:
    case, order = stage.cases[row.order_id], row.order
    event = stage.advance(row, "accept", by=by, data=_facts(row))
    difference, before = row.difference_minor, order.price_minor
    changes: dict[str, Any] = {"price_minor": before + difference}
    if row.pages is not None:
        changes["pages"] = row.pages
    if row.slides is not None:
        changes["slides"] = row.slides
    if row.client_deadline is not None:
        changes |= move_client_deadline(stage, case, row.client_deadline, event)
    stage.change(order, **changes)
    if difference:
        add_lines(stage, case, [pricing.Line("adjustment", "adjustment", "Adjustment", 1, difference)], row.id)
        assignment = case.assignments[-1] if case.assignments else None
        if assignment and assignment.ended_at is None:
            assignment.pay_minor += share(assignment.pay_minor, difference, before)
    if difference < 0:
        repayments.repay(stage, case, -difference, by=by, reason="Adjustment")


def _urgency_agreed(case: Case) -> dt.timedelta:
    for row in reversed(case.adjustments):
        if row.status == "accepted" and row.client_deadline is not None:
            agreed: dt.timedelta = row.client_deadline - row.proposed_at
            return agreed
    urgency = next((line for line in case.lines if line.kind == "urgency"), None)
    return dt.timedelta(hours=int(urgency.code)) if urgency else dt.timedelta.max


def _facts(row: Row) -> dict[str, Any]:
    return details(
        adjustment_id=row.id,
        pages=row.pages,
        slides=row.slides,
        client_deadline=row.client_deadline.isoformat() if row.client_deadline else None,
        difference_minor=row.difference_minor,
    )
