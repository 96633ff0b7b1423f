"""Mirrors copydesk/orders/actions/requests.py: writers ask for an order, staff decide."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.journal.models import details
from copydesk.orders.models import Request

from ..copy import Row
from ..stage import Case, Stage, step
from .placement import POLICY
from .staffing import start_assignment, starting


@step
def request_order(stage: Stage, case: Case, *, by: Actor, message: str, bid_minor: int | None) -> Row:
    until = stage.now + dt.timedelta(hours=POLICY.request_hours)
    row = stage.make(
        Request,
        order_id=case.order.id,
        writer_id=by.membership_id,
        message=message,
        bid_minor=bid_minor,
        requested_at=stage.now,
        expires_at=min(until, case.order.client_deadline),
    )
    case.requests.append(row)
    stage.member(by.membership_id).requests.append(row)
    stage.record("request.open", row, by=by, after=row.status, data=details(bid_minor=bid_minor))
    return row


@step
def approve_request(stage: Stage, request: Row, *, by: Actor) -> None:
    case = stage.cases[request.order_id]
    writer = stage.member(request.writer_id)
    stage.advance(request, "approve", by=by)
    data = details(request_id=request.id, writer_id=writer.id)
    stage.advance(case.order, "approve_request", by=by, data=data, **starting(stage, case, writer))
    start_assignment(stage, case, writer, pay_minor=request.bid_minor)


@step
def reject_request(stage: Stage, request: Row, *, by: Actor, reason: str) -> None:
    stage.advance(request, "reject", by=by, reason=reason)


@step
def withdraw_request(stage: Stage, request: Row, *, by: Actor) -> None:
    stage.advance(request, "withdraw", by=by)
