"""Orders as the support desk sees them: which need it, and why. No writer's pay."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, QuerySet

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.orders.models import Order
from copydesk.orders.models import Status as OrderStatus
from copydesk.orders.models.order import OrderQuerySet
from copydesk.orders.queries.pricing import PriceLineRow
from copydesk.orders.queries.pricing import rows as price_lines
from copydesk.orders.queries.steps import Asked
from copydesk.tenancy.models import Website
from copydesk.writers.queries import pen_names

from ..models import Category, IssueKind, IssueStatus, PaymentIssue, Priority, Status, Ticket
from ..models.issues import PaymentIssueQuerySet
from ..models.ticket import TicketQuerySet
from .rows import Member, member_row

Tab = Callable[[OrderQuerySet], OrderQuerySet]
NEEDY_TABS = ("all", "disputed", "payment_issues", "open_tickets")


class Need(StrEnum):
    """Why an order needs support."""

    DISPUTED = "disputed"
    PAYMENT_ISSUE = "payment_issue"
    """One that is not resolved."""
    TICKET = "ticket"
    """About it, and active."""


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


def support_orders(actor: Actor) -> OrderQuerySet:
    """What the actor sees, with what `support_order_rows` reads."""
    return Order.objects.visible_to(actor).select_related("client__user", "writer__user", "website")


def needing(rows: OrderQuerySet, website: Website, needs: Collection[Need] = tuple(Need)) -> OrderQuerySet:
    """Those of `rows` that need support for one of `needs`; here, and nowhere else, is said what that means."""
    known: dict[Need, QuerySet[Any, Any]] = {
        Need.DISPUTED: Order.objects.of(website).filter(status=OrderStatus.DISPUTED).values("pk"),
        Need.PAYMENT_ISSUE: _open_issues(website).exclude(order=None).values("order_id"),
        Need.TICKET: _open_tickets(website).values("about_id"),
    }
    first, *others = (known[need] for need in needs)
    return rows.filter(pk__in=first.union(*others, all=True) if others else first)


def needy_tabs(website: Website) -> Mapping[str, Tab]:
    """Of orders: word → what narrows them."""
    return {
        "all": lambda rows: needing(rows, website),
        "disputed": lambda rows: needing(rows, website, [Need.DISPUTED]),
        "payment_issues": lambda rows: needing(rows, website, [Need.PAYMENT_ISSUE]),
        "open_tickets": lambda rows: needing(rows, website, [Need.TICKET]),
    }


def support_order_rows(actor: Actor, orders: Sequence[Order]) -> list[SupportOrderRow]:
    """Of orders from `support_orders`. Three queries: pen names, tickets, payment issues."""
    ids = [order.pk for order in orders]
    tickets = _open_tickets(actor.website).filter(about_id__in=ids).order_by().values_list("about_id")
    issues = _open_issues(actor.website).filter(order__in=ids).order_by().values_list("order_id")
    return _rows(actor, orders, dict(tickets.annotate(n=Count("*"))), dict(issues.annotate(n=Count("*"))))


def needy_orders(actor: Actor, orders: Sequence[Order]) -> list[NeedyOrder]:
    """As support_order_rows, with what they count. Three queries."""
    ids = [order.pk for order in orders]
    tickets: dict[int | None, list[OrderTicket]] = defaultdict(list)
    for ticket in _open_tickets(actor.website).filter(about_id__in=ids).order_by("-priority", "id"):
        tickets[ticket.about_id].append(_ticket(ticket))
    issues: dict[int | None, list[OrderIssue]] = defaultdict(list)
    for issue in _open_issues(actor.website).filter(order__in=ids).order_by("id"):
        issues[issue.order_id].append(_issue(issue))
    rows = _rows(actor, orders, *({pk: len(found[pk]) for pk in ids} for found in (tickets, issues)))
    return [NeedyOrder(row, tickets[row.id], issues[row.id]) for row in rows]


def support_order(actor: Actor, asked: Asked) -> SupportOrder:
    """Of an order from `support_orders`. Four queries: pen names, tickets, payment issues, what stands around it."""
    order, around = asked.order, asked.around
    tickets = list(_open_tickets(actor.website).about(Order.noun, order.pk).order_by("-priority", "id"))
    issues = list(_open_issues(actor.website).filter(order=order).order_by("id"))
    (row,) = _rows(actor, [order], {order.pk: len(tickets)}, {order.pk: len(issues)})
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
        tickets=[_ticket(one) for one in tickets],
        payment_issues=[_issue(one) for one in issues],
    )


def _open_tickets(website: Website) -> TicketQuerySet:
    return Ticket.objects.of(website).active().filter(about_type=Order.noun)


def _open_issues(website: Website) -> PaymentIssueQuerySet:
    return PaymentIssue.objects.of(website).unresolved()


def _rows(
    actor: Actor, orders: Sequence[Order], tickets: Mapping[int, int], issues: Mapping[int, int]
) -> list[SupportOrderRow]:
    now, names = clock.now(), pen_names(actor.website, {order.writer_id for order in orders if order.writer_id})
    return [
        SupportOrderRow(
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
            client=member_row(actor, order.client, names),
            writer=None if order.writer is None else member_row(actor, order.writer, names),
            client_deadline=order.client_deadline,
            writer_deadline=order.writer_due_at,
            is_overdue=order.is_overdue(now),
            price=to_decimal(order.price_minor),
            currency=actor.website.currency,
            needs=_needs(order, tickets.get(order.pk, 0), issues.get(order.pk, 0)),
            open_tickets=tickets.get(order.pk, 0),
            open_payment_issues=issues.get(order.pk, 0),
            placed_at=order.placed_at,
            delivered_at=order.delivered_at,
            completed_at=order.completed_at,
            archived_at=order.archived_at,
        )
        for order in orders
    ]


def _needs(order: Order, tickets: int, issues: int) -> list[Need]:
    here = {Need.DISPUTED: order.status == OrderStatus.DISPUTED, Need.PAYMENT_ISSUE: issues, Need.TICKET: tickets}
    return [need for need, there in here.items() if there]


def _ticket(ticket: Ticket) -> OrderTicket:
    return OrderTicket(
        id=ticket.pk,
        number=ticket.number,
        title=ticket.title,
        category=Category(ticket.category),
        priority=Priority(ticket.priority).word,
        status=Status(ticket.status),
        assignee_id=ticket.assignee_id,
        due_at=ticket.due_at,
        opened_at=ticket.opened_at,
    )


def _issue(issue: PaymentIssue) -> OrderIssue:
    return OrderIssue(issue.pk, IssueKind(issue.kind), IssueStatus(issue.status), issue.description, issue.opened_at)
