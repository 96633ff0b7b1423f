"""Orders that need the desk: what is wrong with each, and what is asked about it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.orders.models import Order, Status
from copydesk.orders.models.order import OrderQuerySet
from copydesk.tickets.models import IssueKind, IssueStatus, PaymentIssue, Ticket
from copydesk.tickets.models.issues import PaymentIssueQuerySet
from copydesk.tickets.models.ticket import TicketQuerySet
from copydesk.tickets.queries.rows import Member, member_row

from .support import TicketBrief, names_of, ticket_briefs, with_people

ORDER_TABS = ("all", "disputed", "payment_issues", "open_tickets")


class Need(StrEnum):
    """Why an order needs the desk."""

    DISPUTED = "disputed"
    PAYMENT_ISSUE = "payment_issue"
    """One that is not resolved."""
    OPEN_TICKET = "open_ticket"
    """One about the order that is new, open or awaiting the client."""


@dataclass(frozen=True, slots=True)
class IssueBrief:
    id: int
    kind: IssueKind
    status: IssueStatus
    ticket_id: int | None
    opened_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SupportOrder:
    """`payment_issues` are those that are not resolved, `tickets` the active ones about the order. `writer_deadline` is
    the due time of the present round, null while nobody writes."""

    id: int
    number: int
    status: Status
    topic: str
    client: Member
    writer: Member | None
    client_deadline: dt.datetime
    writer_deadline: dt.datetime | None
    is_overdue: bool
    price: Decimal
    currency: str
    placed_at: dt.datetime
    disputed_at: dt.datetime | None
    needs: list[Need]
    payment_issues: list[IssueBrief]
    tickets: list[TicketBrief]


def order_tabs(actor: Actor) -> Mapping[str, Callable[[OrderQuerySet], OrderQuerySet]]:
    """Of the orders that the actor sees: word → what narrows them. All are found by what is open now, so that they cost
    the same on an old website as on a new one."""
    disputed = Order.objects.visible_to(actor).filter(status=Status.DISPUTED).values("pk")
    issues = _issues(actor).exclude(order=None).values("order")
    tickets = _tickets(actor).values("about_id")
    return {
        "all": lambda rows: rows.filter(pk__in=disputed.union(issues, tickets)),
        "disputed": lambda rows: rows.filter(status=Status.DISPUTED),
        "payment_issues": lambda rows: rows.filter(pk__in=issues),
        "open_tickets": lambda rows: rows.filter(pk__in=tickets),
    }


def support_order_rows(actor: Actor, orders: Sequence[Order]) -> list[SupportOrder]:
    """Of orders with `client__user` and `writer__user` selected. Three queries at most: issues, tickets, pen names."""
    ids, now = [order.pk for order in orders], clock.now()
    issues: dict[int | None, list[IssueBrief]] = defaultdict(list)
    for one in _issues(actor).filter(order__in=ids).order_by("pk"):
        brief = IssueBrief(one.pk, IssueKind(one.kind), IssueStatus(one.status), one.ticket_id, one.opened_at)
        issues[one.order_id].append(brief)
    tickets: dict[int | None, list[Ticket]] = defaultdict(list)
    for ticket in with_people(_tickets(actor)).filter(about_id__in=ids).order_by("pk"):
        tickets[ticket.about_id].append(ticket)
    asking = [ticket.requester for found in tickets.values() for ticket in found]
    names = names_of(actor, [*(order.writer for order in orders), *asking])
    return [
        SupportOrder(
            id=order.pk,
            number=order.number,
            status=Status(order.status),
            topic=order.topic,
            client=member_row(actor, order.client, names),
            writer=None if order.writer is None else member_row(actor, order.writer, names),
            client_deadline=order.client_deadline,
            writer_deadline=order.writer_due_at,
            is_overdue=order.is_overdue(now),
            price=to_decimal(order.price_minor),
            currency=actor.website.currency,
            placed_at=order.placed_at,
            disputed_at=order.disputed_at,
            needs=_needs(order, issues[order.pk], tickets[order.pk]),
            payment_issues=issues[order.pk],
            tickets=ticket_briefs(actor, tickets[order.pk], names),
        )
        for order in orders
    ]


def _needs(order: Order, issues: list[IssueBrief], tickets: list[Ticket]) -> list[Need]:
    there = {
        Need.DISPUTED: order.status == Status.DISPUTED,
        Need.PAYMENT_ISSUE: bool(issues),
        Need.OPEN_TICKET: bool(tickets),
    }
    return [need for need, is_there in there.items() if is_there]


def _issues(actor: Actor) -> PaymentIssueQuerySet:
    return PaymentIssue.objects.visible_to(actor).unresolved()


def _tickets(actor: Actor) -> TicketQuerySet:
    return Ticket.objects.visible_to(actor).active().filter(about_type=Order.noun)
