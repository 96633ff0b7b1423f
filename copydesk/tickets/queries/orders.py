"""Orders as the support desk sees them: which need it, and why. No writer's pay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple, cast

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
from copydesk.payments.models import RepaymentStatus
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import holds, moment, select, words

from ..models import Category, IssueKind, IssueStatus, Priority, Status
from ..models.issues import UNRESOLVED
from ..models.ticket import IS_ACTIVE
from .rows import Member, member_from

NEEDY_TABS = ("all", "disputed", "payment_issues", "refund_requests", "open_tickets")
OPEN_TICKET = f"about_type = '{Order.noun}' AND {IS_ACTIVE}"
OPEN_ISSUE = f"status IN ({words(UNRESOLVED)})"
CLAIMED = f"""
payments_repayment p JOIN payments_charge h ON h.id = p.charge_id
WHERE p.website_id = %(website)s AND p.status = '{RepaymentStatus.PLANNED}' AND h.reference_type = '{Order.noun}'
"""
"""What refunds that are asked for, and not executed, claim: payments know it, whoever stands above them."""
ORDERS = f"""
SELECT o.id, o.number, o.status, o.topic, o.paper_type, o.subject, o.academic_level, o.work_type, o.pages, o.slides,
       o.client_id, o.writer_id, o.client_deadline, o.writer_due_at, o.price_minor, o.placed_at, o.delivered_at,
       o.completed_at, o.archived_at, c.number, cu.full_name, w.number, wu.full_name, p.pen_name,
       ARRAY(
           SELECT json_build_array(id, number, title, category, priority, status, assignee_id, due_at, opened_at)
           FROM tickets_ticket
           WHERE website_id = o.website_id AND about_id = o.id AND {OPEN_TICKET} ORDER BY priority DESC, id
       ),
       ARRAY(
           SELECT json_build_array(id, kind, status, description, opened_at) FROM tickets_paymentissue
           WHERE website_id = o.website_id AND order_id = o.id AND {OPEN_ISSUE} ORDER BY id
       ),
       (SELECT coalesce(sum(p.amount_minor), 0)::bigint FROM {CLAIMED} AND h.reference_id = o.id)
FROM orders_order o
JOIN accounts_membership c ON c.website_id = o.website_id AND c.id = o.client_id
JOIN accounts_user cu ON cu.id = c.user_id
LEFT JOIN accounts_membership w ON w.website_id = o.website_id AND w.id = o.writer_id
LEFT JOIN accounts_user wu ON wu.id = w.user_id
LEFT JOIN writers_writer p ON p.website_id = o.website_id AND p.id = o.writer_id
WHERE o.website_id = %(website)s AND o.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 — put together from constants
"""The columns of _Order."""


class Need(StrEnum):
    """Why an order needs support."""

    DISPUTED = "disputed"
    PAYMENT_ISSUE = "payment_issue"
    """One that is not resolved."""
    REFUND_REQUEST = "refund_request"
    """One that is not executed, or decided against."""
    TICKET = "ticket"
    """About it, and active."""


NEEDING = {
    Need.DISPUTED: f"SELECT id FROM orders_order WHERE website_id = %(website)s AND status = '{OrderStatus.DISPUTED}'",  # noqa: S608
    Need.PAYMENT_ISSUE: f"""
        SELECT order_id FROM tickets_paymentissue
        WHERE website_id = %(website)s AND order_id IS NOT NULL AND {OPEN_ISSUE}
    """,  # noqa: S608
    Need.REFUND_REQUEST: f"SELECT h.reference_id FROM {CLAIMED}",  # noqa: S608
    Need.TICKET: f"SELECT about_id FROM tickets_ticket WHERE website_id = %(website)s AND {OPEN_TICKET}",  # noqa: S608
}
"""The orders of a website that need support for it: here, and nowhere else, is said what that means."""
NEEDY = " UNION ALL ".join(f"SELECT '{need}' AS need, id FROM ({known}) known(id)" for need, known in NEEDING.items())  # noqa: S608
COUNTED = f"""
SELECT count(DISTINCT id), {", ".join(f"count(DISTINCT id) FILTER (WHERE need = '{need}')" for need in Need)}
FROM ({NEEDY}) needy
"""  # noqa: S608 — put together from constants
"""NEEDY_TABS, without a look at the orders."""


@dataclass(frozen=True, slots=True)
class SupportOrderRow:
    """`needs`: why it needs support, none where it does not. `open_tickets` are those about it that are new, open or
    awaiting the client; `open_payment_issues` those that are not resolved; `refund_requested` is the amount of its
    refunds that are asked for and not executed. `writer_deadline` is null while nobody writes."""

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
    refund_requested: Decimal
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
        "refund_requests": Tab(_needed(website, Need.REFUND_REQUEST)),
        "open_tickets": Tab(_needed(website, Need.TICKET)),
    }


def needy_counts(website: Website) -> dict[str, int]:
    """Of needy_tabs, how many orders each has. One query."""
    (found,) = select(COUNTED, website=website.pk)
    return dict(zip(NEEDY_TABS, found, strict=True))


def support_order_rows(actor: Actor, ids: Sequence[int]) -> list[SupportOrderRow]:
    """One query: orders, people, tickets, payment issues."""
    return [one.order for one in needy_orders(actor, ids)]


def needy_orders(actor: Actor, ids: Sequence[int]) -> list[NeedyOrder]:
    """As support_order_rows, with what they count. One query."""
    now, found = clock.now(), select(ORDERS, website=actor.website.pk, ids=list(ids))
    known = {row[0]: _needy(actor, _Order(*row), now) for row in found}
    return [known[pk] for pk in ids]


def support_order(actor: Actor, asked: Asked) -> SupportOrder:
    """Two queries: the row, tickets and payment issues; what stands around it for the money."""
    order, around = asked.order, asked.around
    (found,) = needy_orders(actor, [order.pk])
    row = found.order
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
        payment_issues=found.payment_issues,
    )


def _needed(website: Website, *needs: Need) -> RawSQL:
    known = " UNION ALL ".join(NEEDING[need] for need in needs)
    return holds(f"orders_order.id IN ({known})", website=website.pk)


class _Order(NamedTuple):
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
    client_deadline: dt.datetime
    writer_due_at: dt.datetime | None
    price_minor: int
    placed_at: dt.datetime
    delivered_at: dt.datetime | None
    completed_at: dt.datetime | None
    archived_at: dt.datetime | None
    client_number: int
    client_name: str
    writer_number: int
    writer_name: str
    pen_name: str | None
    tickets: Sequence[Sequence[Any]]
    issues: Sequence[Sequence[Any]]
    claimed_minor: int


def _needy(actor: Actor, row: _Order, now: dt.datetime) -> NeedyOrder:
    tickets, issues = [_ticket(*one) for one in row.tickets], [_issue(*one) for one in row.issues]
    order = SupportOrderRow(
        id=row.id,
        number=row.number,
        status=OrderStatus(row.status),
        topic=row.topic,
        paper_type=row.paper_type,
        subject=row.subject,
        academic_level=row.academic_level,
        work_type=row.work_type,
        pages=row.pages,
        slides=row.slides,
        client=member_from(actor, row.client_id, Role.CLIENT, row.client_number, row.client_name),
        writer=None
        if row.writer_id is None
        else member_from(actor, row.writer_id, Role.WRITER, row.writer_number, row.writer_name, row.pen_name),
        client_deadline=row.client_deadline,
        writer_deadline=row.writer_due_at,
        is_overdue=Order.is_overdue(cast("Order", row), now),
        price=to_decimal(row.price_minor),
        currency=actor.website.currency,
        needs=_needs(row),
        open_tickets=len(tickets),
        open_payment_issues=len(issues),
        refund_requested=to_decimal(row.claimed_minor),
        placed_at=row.placed_at,
        delivered_at=row.delivered_at,
        completed_at=row.completed_at,
        archived_at=row.archived_at,
    )
    return NeedyOrder(order, tickets, issues)


def _needs(row: _Order) -> list[Need]:
    here = {
        Need.DISPUTED: row.status == OrderStatus.DISPUTED,
        Need.PAYMENT_ISSUE: row.issues,
        Need.REFUND_REQUEST: row.claimed_minor,
        Need.TICKET: row.tickets,
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
