"""Requests as staff and the asking writer see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from copydesk.accounts.actor import Actor
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.orders.models import Order, Request
from copydesk.writers.queries import pen_names

from .match import facts
from .score import Match, matches


@dataclass(frozen=True, slots=True)
class RequestRow:
    """`bid` is the pay that the writer asks for, null for the level's. `match` is null but for staff."""

    id: int
    order_id: int
    writer_id: int
    pen_name: str
    status: str
    message: str
    bid: Decimal | None
    currency: str
    requested_at: dt.datetime
    expires_at: dt.datetime
    decided_at: dt.datetime | None
    match: Match | None
    available_actions: list[AvailableAction]


def request_rows(actor: Actor, order: Order, requests: Sequence[Request]) -> list[RequestRow]:
    """Requests for one order. One query; for staff three at most, whatever the number of rows."""
    writer_ids = {request.writer_id for request in requests}
    scored: dict[int, Match] = {}
    if actor.is_staff:
        found = facts(order, writer_ids)
        names = {row.writer_id: row.pen_name for row in found}
        scored = matches(order, found)
    else:
        names = pen_names(actor.website, writer_ids)
    return [
        RequestRow(
            id=row.pk,
            order_id=order.pk,
            writer_id=row.writer_id,
            pen_name=names[row.writer_id],
            status=row.status,
            message=row.message,
            bid=None if row.bid_minor is None else to_decimal(row.bid_minor),
            currency=actor.website.currency,
            requested_at=row.requested_at,
            expires_at=row.expires_at,
            decided_at=row.decided_at,
            match=scored.get(row.writer_id),
            available_actions=Request.LIFECYCLE.available(row, actor),
        )
        for row in requests
    ]
