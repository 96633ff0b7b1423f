"""Orders as an admin's desk lists them: one statement for a page, by ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, cast

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.tenancy.sql import select

from ..models import Order, Status
from .attention import TURN, Turn
from .rows import Party

MANAGED = f"""
SELECT orders_order.id, orders_order.number, orders_order.status, topic, paper_type, subject, academic_level, work_type,
       pages, slides, client_id, writer_id, offered_to_id, client_deadline, writer_due_at, price_minor, placed_at,
       paid_at, assigned_at, delivered_at, {TURN}, c.number, cu.full_name, cu.email,
       w.pen_name, wu.full_name, wu.email, f.pen_name, fu.full_name, fu.email
FROM orders_order
JOIN accounts_membership c ON c.website_id = orders_order.website_id AND c.id = orders_order.client_id
JOIN accounts_user cu ON cu.id = c.user_id
LEFT JOIN writers_writer w ON w.website_id = orders_order.website_id AND w.id = orders_order.writer_id
LEFT JOIN accounts_membership wm ON wm.website_id = orders_order.website_id AND wm.id = orders_order.writer_id
LEFT JOIN accounts_user wu ON wu.id = wm.user_id
LEFT JOIN writers_writer f ON f.website_id = orders_order.website_id AND f.id = orders_order.offered_to_id
LEFT JOIN accounts_membership fm ON fm.website_id = orders_order.website_id AND fm.id = orders_order.offered_to_id
LEFT JOIN accounts_user fu ON fu.id = fm.user_id
WHERE orders_order.website_id = %(website)s AND orders_order.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 — put together from constants
"""The columns of _Managed."""
OVER = (Status.COMPLETED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class ManagedOrder:
    """`writer` has it, or had it last. `waiting_on` is null once it is completed or cancelled; `writer_deadline`, with
    excused time, while nobody writes."""

    id: int
    number: int
    status: Status
    topic: str
    paper_type: str
    subject: str
    academic_level: str
    work_type: str
    pages: int
    slides: int
    client: Party
    writer: Party | None
    offered_to: Party | None
    client_deadline: dt.datetime
    writer_deadline: dt.datetime | None
    is_overdue: bool
    waiting_on: Turn | None
    price: Decimal
    currency: str
    placed_at: dt.datetime
    paid_at: dt.datetime | None
    assigned_at: dt.datetime | None
    delivered_at: dt.datetime | None


class _Managed(NamedTuple):
    id: int
    number: int
    status: str
    topic: str
    paper_type: str
    subject: str
    academic_level: str
    work_type: str
    pages: int
    slides: int
    client_id: int
    writer_id: int | None
    offered_to_id: int | None
    client_deadline: dt.datetime
    writer_due_at: dt.datetime | None
    price_minor: int
    placed_at: dt.datetime
    paid_at: dt.datetime | None
    assigned_at: dt.datetime | None
    delivered_at: dt.datetime | None
    turn: str | None
    client_number: int
    client_name: str
    client_email: str
    pen_name: str | None
    writer_name: str | None
    writer_email: str | None
    offered_pen_name: str | None
    offered_name: str | None
    offered_email: str | None


def managed_orders(actor: Actor, ids: Sequence[int], at: dt.datetime | None = None) -> list[ManagedOrder]:
    """In the order of `ids`, as of `at`. One query."""
    at = at or clock.now()
    found = {row[0]: _Managed(*row) for row in select(MANAGED, website=actor.website.pk, ids=list(ids), at=at)}
    return [_row(actor, found[pk], at) for pk in ids]


def _row(actor: Actor, row: _Managed, at: dt.datetime) -> ManagedOrder:
    status = Status(row.status)
    return ManagedOrder(
        id=row.id,
        number=row.number,
        status=status,
        topic=row.topic,
        paper_type=row.paper_type,
        subject=row.subject,
        academic_level=row.academic_level,
        work_type=row.work_type,
        pages=row.pages,
        slides=row.slides,
        client=Party(row.client_id, f"Client {row.client_number}", row.client_name, row.client_email),
        writer=_writer(row.writer_id, row.pen_name, row.writer_name, row.writer_email),
        offered_to=_writer(row.offered_to_id, row.offered_pen_name, row.offered_name, row.offered_email),
        client_deadline=row.client_deadline,
        writer_deadline=row.writer_due_at,
        is_overdue=Order.is_overdue(cast("Order", row), at),
        waiting_on=None if status in OVER or row.turn is None else Turn(row.turn),
        price=to_decimal(row.price_minor),
        currency=actor.website.currency,
        placed_at=row.placed_at,
        paid_at=row.paid_at,
        assigned_at=row.assigned_at,
        delivered_at=row.delivered_at,
    )


def _writer(pk: int | None, pen_name: str | None, name: str | None, email: str | None) -> Party | None:
    return None if pk is None else Party(pk, pen_name or "", name, email)
