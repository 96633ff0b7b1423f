"""Mirrors copydesk/orders/actions/requests.py: writers ask for an order, staff decide."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.journal.models import details
from copydesk.orders.models import Request

from ..copy import Row
from ..crew import Member
from ..stage import Case, Stage, step
from .placement import POLICY
from .staffing import start_assignment, starting


@step
def request_order(stage: Stage, case: Case, writer: Member, *, message: str, bid_minor: int | None) -> Row:
    until = stage.now + dt.timedelta(hours=POLICY.request_hours)
    row = stage.make(
        Request,
        order_id=case.order.id,
        writer_id=writer.id,
        message=message,
        bid_minor=bid_minor,
        requested_at=stage.now,
        expires_at=min(until, case.order.client_deadline),
    )
    case.requests.append(row)
    writer.requests.append(row)
    data = details(bid_minor=bid_minor)
    stage.record("request.open", row, by=writer.actor, after=row.status, data=data, root=("order", case.order.id))
    return row


@step
def approve_request(stage: Stage, case: Case, writer: Member, row: Row, *, by: Actor) -> None:
    order = case.order
    stage.advance(row, "approve", by=by, root=("order", order.id))
    data = details(request_id=row.id, writer_id=writer.id)
    stage.advance(order, "approve_request", by=by, data=data, **starting(stage, case, writer))
    start_assignment(stage, case, writer, pay_minor=row.bid_minor)


@step
def reject_request(stage: Stage, case: Case, row: Row, *, by: Actor, reason: str) -> None:
    stage.advance(row, "reject", by=by, reason=reason, root=("order", case.order.id))


@step
def withdraw_request(stage: Stage, case: Case, writer: Member, row: Row) -> None:
    stage.advance(row, "withdraw", by=writer.actor, root=("order", case.order.id))
