"""Orders as the support desk sees them: which need it, and why. No writer's pay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.orders.models import Order
from copydesk.orders.models import Status as OrderStatus
from copydesk.orders.models.order import OrderQuerySet
from copydesk.orders.queries.pricing import PriceLineRow
from copydesk.orders.queries.pricing import rows as price_lines
from copydesk.orders.queries.steps import Asked
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import holds, moment, select, words

from ..models import Category, IssueKind, IssueStatus, Priority, Status
from ..models.issues import UNRESOLVED
from ..models.ticket import IS_ACTIVE
from .rows import Member, member_from

NEEDY_TABS = ("all", "disputed", "payment_issues", "open_tickets")
OPEN_TICKET = f"about_type = '{Order.noun}' AND {IS_ACTIVE}"
OPEN_ISSUE = f"status IN ({words(UNRESOLVED)})"
AROUND = f"""
SELECT o.id, c.number, cu.full_name, w.number, wu.full_name, p.pen_name,
       ARRAY(
           SELECT json_build_array(id, number, title, category, priority, status, assignee_id, due_at, opened_at)
           FROM tickets_ticket
           WHERE website_id = o.website_id AND about_id = o.id AND {OPEN_TICKET} ORDER BY priority DESC, id
       ),
       ARRAY(
           SELECT json_build_array(id, kind, status, description, opened_at) FROM tickets_paymentissue
           WHERE website_id = o.website_id AND order_id = o.id AND {OPEN_ISSUE} ORDER BY id
       )
FROM orders_order o
JOIN accounts_membership c ON c.website_id = o.website_id AND c.id = o.client_id
JOIN accounts_user cu ON cu.id = c.user_id
LEFT JOIN accounts_membership w ON w.website_id = o.website_id AND w.id = o.writer_id
LEFT JOIN accounts_user wu ON wu.id = w.user_id
LEFT JOIN writers_writer p ON p.website_id = o.website_id AND p.id = o.writer_id
WHERE o.website_id = %(website)s AND o.id = ANY(%(ids)s)
"""  # noqa: S608 — put together from constants


class Need(StrEnum):
    """Why an order needs support."""

    DISPUTED = "disputed"
    PAYMENT_ISSUE = "payment_issue"
    """One that is not resolved."""
    TICKET = "ticket"
    """About it, and active."""


NEEDING = {
    Need.DISPUTED: f"SELECT id FROM orders_order WHERE website_id = %(website)s AND status = '{OrderStatus.DISPUTED}'",  # noqa: S608
    Need.PAYMENT_ISSUE: f"""
        SELECT order_id FROM tickets_paymentissue
        WHERE website_id = %(website)s AND order_id IS NOT NULL AND {OPEN_ISSUE}
    """,  # noqa: S608
    Need.TICKET: f"SELECT about_id FROM tickets_ticket WHERE website_id = %(website)s AND {OPEN_TICKET}",  # noqa: S608
}
"""The orders of a website that need support for it: here, and nowhere else, is said what that means."""


@dataclass(frozen=True, slots=True)
class SupportOrderRow:
    """`needs`: why it needs support, none where it does not. `open_tickets` are those about it that are new, open or
    awaiting the client; `open_payment_issues` those that are not resolved. `writer_deadline` is null while nobody
    writes."""

    id: int
    number: int
    status: OrderStatus
    topic: str
    paper_type: str
    subject: str
    academic_level: str
    work_type: str
    pages: int
    slides: int
    client: Member
    writer: Member | None
    client_deadline: dt.datetime
    writer_deadline: dt.datetime | None
    is_overdue: bool
    price: Decimal
    currency: str
    needs: list[Need]
    open_tickets: int
    open_payment_issues: int
    placed_at: dt.datetime
    delivered_at: dt.datetime | None
    completed_at: dt.datetime | None
    archived_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class SupportOrderMoney:
    """What the client owed and paid. `refunded` is what has gone or is going back."""

    currency: str
    price: Decimal
    lines: list[PriceLineRow]
    paid: Decimal
    refunded: Decimal
    forfeited: Decimal


@dataclass(frozen=True, slots=True)
class OrderTicket:
    id: int
    number: int
    title: str
    category: Category
    priority: str
    status: Status
    assignee_id: int | None
    due_at: dt.datetime | None
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class OrderIssue:
    id: int
    kind: IssueKind
    status: IssueStatus
    description: str
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SupportOrder:
    """`tickets` and `payment_issues` are the open ones, which the row counts."""

    order: SupportOrderRow
    instructions: str
    extras: list[str]
    spacing: str
    held_from: str
    cancel_cause: str
    excused_hours: float
    payment_due_at: dt.datetime | None
    approved_automatically_at: dt.datetime | None
    money: SupportOrderMoney
    tickets: list[OrderTicket]
    payment_issues: list[OrderIssue]


@dataclass(frozen=True, slots=True)
class NeedyOrder:
    """`tickets` and `payment_issues` are the open ones, which the row counts."""

    order: SupportOrderRow
    tickets: list[OrderTicket]
    payment_issues: list[OrderIssue]


def needing(rows: OrderQuerySet, website: Website, needs: Collection[Need] = tuple(Need)) -> OrderQuerySet:
    """Those of `rows` that need support for one of `needs`."""
    return rows.filter(_needed(website, *needs))


def needy_tabs(website: Website) -> Mapping[str, Tab]:
    """Of orders that need support."""
    return {
        "all": Tab(),
        "disputed": Tab(holds(f"orders_order.status = '{OrderStatus.DISPUTED}'")),
        "payment_issues": Tab(_needed(website, Need.PAYMENT_ISSUE)),
        "open_tickets": Tab(_needed(website, Need.TICKET)),
    }


def support_order_rows(actor: Actor, orders: Sequence[Order]) -> list[SupportOrderRow]:
    """One query: people, tickets, payment issues."""
    around, now = _around(actor, orders), clock.now()
    return [_row(actor, order, around[order.pk], now) for order in orders]


def needy_orders(actor: Actor, orders: Sequence[Order]) -> list[NeedyOrder]:
    """As support_order_rows, with what they count. One query."""
    around, now = _around(actor, orders), clock.now()
    return [
        NeedyOrder(_row(actor, order, found, now), found.tickets, found.issues)
        for order in orders
        for found in [around[order.pk]]
    ]


def support_order(actor: Actor, asked: Asked) -> SupportOrder:
    """Two queries: people, tickets and payment issues; what stands around it for the money."""
    order, around = asked.order, asked.around
    found = _around(actor, [order])[order.pk]
    row = _row(actor, order, found, clock.now())
    return SupportOrder(
        order=row,
        instructions=order.instructions,
        extras=list(order.extras),
        spacing=order.spacing,
        held_from=order.held_from,
        cancel_cause=order.cancel_cause,
        excused_hours=round(around.excused / dt.timedelta(hours=1), 2),
        payment_due_at=order.expires_at if order.status == OrderStatus.UNPAID else None,
        approved_automatically_at=order.approve_at,
        money=SupportOrderMoney(
            currency=row.currency,
            price=row.price,
            lines=price_lines(around.lines),
            paid=to_decimal(around.captured_minor),
            refunded=to_decimal(around.repaid_minor),
            forfeited=to_decimal(order.forfeited_minor),
        ),
        tickets=found.tickets,
        payment_issues=found.issues,
    )


def _needed(website: Website, *needs: Need) -> RawSQL:
    known = " UNION ALL ".join(NEEDING[need] for need in needs)
    return holds(f"orders_order.id IN ({known})", website=website.pk)


class _Around(NamedTuple):
    """`people`: number and name of the client; those of the writer, and its pen name."""

    people: Sequence[Any]
    tickets: list[OrderTicket]
    issues: list[OrderIssue]


def _around(actor: Actor, orders: Sequence[Order]) -> dict[int, _Around]:
    found = select(AROUND, website=actor.website.pk, ids=[row.pk for row in orders])
    return {
        pk: _Around(people, [_ticket(*one) for one in tickets], [_issue(*one) for one in issues])
        for pk, *people, tickets, issues in found
    }


def _row(actor: Actor, order: Order, around: _Around, now: dt.datetime) -> SupportOrderRow:
    client, writer = around.people[:2], around.people[2:]
    return SupportOrderRow(
        id=order.pk,
        number=order.number,
        status=OrderStatus(order.status),
        topic=order.topic,
        paper_type=order.paper_type,
        subject=order.subject,
        academic_level=order.academic_level,
        work_type=order.work_type,
        pages=order.pages,
        slides=order.slides,
        client=member_from(actor, order.client_id, Role.CLIENT, *client),
        writer=None if order.writer_id is None else member_from(actor, order.writer_id, Role.WRITER, *writer),
        client_deadline=order.client_deadline,
        writer_deadline=order.writer_due_at,
        is_overdue=order.is_overdue(now),
        price=to_decimal(order.price_minor),
        currency=actor.website.currency,
        needs=_needs(order, around),
        open_tickets=len(around.tickets),
        open_payment_issues=len(around.issues),
        placed_at=order.placed_at,
        delivered_at=order.delivered_at,
        completed_at=order.completed_at,
        archived_at=order.archived_at,
    )


def _needs(order: Order, around: _Around) -> list[Need]:
    here = {
        Need.DISPUTED: order.status == OrderStatus.DISPUTED,
        Need.PAYMENT_ISSUE: around.issues,
        Need.TICKET: around.tickets,
    }
    return [need for need, there in here.items() if there]


def _ticket(
    pk: int,
    number: int,
    title: str,
    category: str,
    priority: int,
    status: str,
    assignee_id: int | None,
    due_at: str | None,
    opened_at: str,
) -> OrderTicket:
    return OrderTicket(
        id=pk,
        number=number,
        title=title,
        category=Category(category),
        priority=Priority(priority).word,
        status=Status(status),
        assignee_id=assignee_id,
        due_at=moment(due_at),
        opened_at=moment(opened_at),
    )


def _issue(pk: int, kind: str, status: str, description: str, opened_at: str) -> OrderIssue:
    return OrderIssue(pk, IssueKind(kind), IssueStatus(status), description, moment(opened_at))
