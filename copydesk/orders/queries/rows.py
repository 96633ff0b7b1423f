"""Orders as lists and details show them: each role sees its own money and nobody's identity but staff."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.writers.models import Writer

from ..models import Adjustment, Order, Status
from ..policies import OrderPolicy
from . import pricing
from .around import Around, pays
from .deadlines import writer_due
from .files import OrderFileRow, order_file_rows, order_files
from .messages import unread_messages
from .pricing import PriceLineRow
from .steps import Asked, adjustment_actions, available_actions

WAITING = (Status.UNPAID, Status.AVAILABLE, Status.OFFERED)


@dataclass(frozen=True, slots=True)
class Party:
    """A client is "Client 12" to others, a writer its pen name; `name` and `email` are null but for staff."""

    id: int
    label: str
    name: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """`price` is null for writers and editors, `pay` for clients and editors; a writer's is what it has or would get.

    `client_deadline` is null for writers. `writer_deadline` of an order that nobody writes is the estimate from now.
    """

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
    spacing: str
    client: Party | None
    writer: Party | None
    offered_to: Party | None
    client_deadline: dt.datetime | None
    writer_deadline: dt.datetime | None
    is_overdue: bool
    price: Decimal | None
    pay: Decimal | None
    currency: str
    unread_messages: int
    placed_at: dt.datetime
    delivered_at: dt.datetime | None
    completed_at: dt.datetime | None
    archived_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Deadlines:
    """`writer` includes excused time; `offer` is when an open offer expires, `payment` when an unpaid order does."""

    client: dt.datetime | None
    writer: dt.datetime | None
    excused_hours: float
    offer: dt.datetime | None
    payment: dt.datetime | None
    revision_until: dt.datetime | None
    approved_automatically_at: dt.datetime | None
    dispute_until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """Null where the role does not see it. `paid` is what was captured, `refunded` what has gone or is going back."""

    currency: str
    price: Decimal | None
    lines: list[PriceLineRow] | None
    paid: Decimal | None
    refunded: Decimal | None
    forfeited: Decimal | None
    pay: Decimal | None


@dataclass(frozen=True, slots=True)
class AdjustmentRow:
    id: int
    order_id: int
    proposed_by: str
    status: str
    pages: int | None
    slides: int | None
    client_deadline: dt.datetime | None
    difference: Decimal
    currency: str
    proposed_at: dt.datetime
    decided_at: dt.datetime | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class OrderDetail:
    order: OrderRow
    instructions: str
    extras: list[str]
    requires_editing: bool | None
    editing: bool | None
    editing_reason: str
    preferred_writer: Party | None
    cancel_cause: str
    deadlines: Deadlines
    money: OrderMoney
    files: list[OrderFileRow]
    adjustments: list[AdjustmentRow]
    available_actions: list[AvailableAction]


def order_rows(actor: Actor, orders: Sequence[Order]) -> list[OrderRow]:
    """Rows of a page whose `client__user` is selected. Four queries at most, whatever the number of rows."""
    # Only what nobody writes yet has its due time estimated.
    waiting = any(order.status in WAITING for order in orders)
    return _rows(
        actor,
        orders,
        people=_writers(actor, orders),
        pays=pays(actor, orders),
        unread=unread_messages(actor, orders),
        policy=OrderPolicy.of(actor.website) if waiting else OrderPolicy(),
    )


def _rows(
    actor: Actor,
    orders: Sequence[Order],
    *,
    people: Mapping[int, Party],
    pays: Mapping[int, int],
    unread: Mapping[int, int],
    policy: OrderPolicy,
) -> list[OrderRow]:
    now = clock.now()
    return [
        OrderRow(
            id=order.pk,
            number=order.number,
            status=Status(order.status),
            topic=order.topic,
            paper_type=order.paper_type,
            subject=order.subject,
            academic_level=order.academic_level,
            work_type=order.work_type,
            pages=order.pages,
            slides=order.slides,
            spacing=order.spacing,
            client=_client(actor, order),
            writer=people.get(order.writer_id or 0),
            offered_to=people.get(order.offered_to_id or 0),
            client_deadline=None if actor.role is Role.WRITER else order.client_deadline,
            writer_deadline=_writer_deadline(order, policy, now),
            is_overdue=order.is_overdue(now),
            price=to_decimal(order.price_minor) if actor.role is Role.CLIENT or actor.is_staff else None,
            pay=None if (pay := pays.get(order.pk)) is None else to_decimal(pay),
            currency=actor.website.currency,
            unread_messages=unread.get(order.pk, 0),
            placed_at=order.placed_at,
            delivered_at=order.delivered_at,
            completed_at=order.completed_at,
            archived_at=order.archived_at,
        )
        for order in orders
    ]


def order_detail(actor: Actor, order: Order) -> OrderDetail:
    """Everything about one order that the caller may see, `client__user` selected. Five queries at most, whatever there
    is of it: people, policies, files, what stands around it; a writer itself, or adjustments."""
    people = _writers(actor, [order])
    asked = Asked(order, actor)
    around = asked.around
    row = _rows(
        actor,
        [order],
        people=people,
        pays={} if around.pay_minor is None else {order.pk: around.pay_minor},
        unread={order.pk: around.unread_messages},
        policy=asked.policies[0] if order.status in WAITING else OrderPolicy(),
    )[0]
    client_or_staff = actor.role is Role.CLIENT or actor.is_staff
    preferred = people.get(order.preferred_writer_id or 0)
    return OrderDetail(
        order=row,
        instructions=order.instructions,
        extras=list(order.extras),
        requires_editing=order.wants_editing,
        editing=order.editing,
        editing_reason=order.editing_reason,
        preferred_writer=preferred if client_or_staff else None,
        cancel_cause=order.cancel_cause,
        deadlines=Deadlines(
            client=row.client_deadline,
            writer=row.writer_deadline,
            excused_hours=round(around.excused / dt.timedelta(hours=1), 2),
            offer=order.offer_expires_at,
            payment=order.expires_at if order.status == Status.UNPAID else None,
            revision_until=order.revision_until,
            approved_automatically_at=order.approve_at,
            dispute_until=order.dispute_until,
        ),
        money=_money(actor, order, row.pay, around),
        files=order_file_rows(actor, order_files(actor, order).order_by("id")),
        adjustments=adjustment_rows(actor, order) if client_or_staff else [],
        available_actions=available_actions(asked),
    )


def adjustment_rows(actor: Actor, order: Order) -> list[AdjustmentRow]:
    rows = list(Adjustment.objects.visible_to(actor).filter(order_id=order.pk).select_related("charge").order_by("id"))
    for adjustment in rows:
        adjustment.order = order
    return [adjustment_row(actor, adjustment) for adjustment in rows]


def adjustment_row(actor: Actor, adjustment: Adjustment) -> AdjustmentRow:
    return AdjustmentRow(
        id=adjustment.pk,
        order_id=adjustment.order_id,
        proposed_by=adjustment.proposed_by,
        status=adjustment.status,
        pages=adjustment.pages,
        slides=adjustment.slides,
        client_deadline=adjustment.client_deadline,
        difference=to_decimal(adjustment.difference_minor),
        currency=actor.website.currency,
        proposed_at=adjustment.proposed_at,
        decided_at=adjustment.decided_at,
        available_actions=adjustment_actions(adjustment, actor),
    )


def _money(actor: Actor, order: Order, pay: Decimal | None, around: Around) -> OrderMoney:
    if not (actor.role is Role.CLIENT or actor.is_staff):
        return OrderMoney(actor.website.currency, None, None, None, None, None, pay)
    return OrderMoney(
        currency=actor.website.currency,
        price=to_decimal(order.price_minor),
        lines=pricing.rows(around.lines),
        paid=to_decimal(around.captured_minor),
        refunded=to_decimal(around.repaid_minor),
        forfeited=to_decimal(order.forfeited_minor),
        pay=pay,
    )


def _client(actor: Actor, order: Order) -> Party | None:
    if actor.role is Role.EDITOR:
        return None
    member = order.client
    known = actor.is_staff or actor.membership_id == member.pk
    return Party(
        id=member.pk,
        label=f"Client {member.number}",
        name=member.user.full_name if known else None,
        email=member.user.email if known else None,
    )


def _writers(actor: Actor, orders: Sequence[Order]) -> dict[int, Party]:
    """By membership id; one query. Editors see no people."""
    if actor.role is Role.EDITOR:
        return {}
    ids = {
        writer_id
        for order in orders
        for writer_id in (order.writer_id, order.offered_to_id, order.preferred_writer_id)
        if writer_id
    }
    if actor.role is Role.WRITER:
        ids &= {actor.membership_id or 0}
    writers = Writer.objects.of(actor.website).filter(pk__in=ids)
    if actor.is_staff:
        writers = writers.select_related("member__user")
    return {
        writer.pk: Party(
            id=writer.pk,
            label=writer.pen_name,
            name=writer.member.user.full_name if actor.is_staff else None,
            email=writer.member.user.email if actor.is_staff else None,
        )
        for writer in writers
    }


def _writer_deadline(order: Order, policy: OrderPolicy, now: dt.datetime) -> dt.datetime | None:
    if order.writer_due_at is not None:
        return order.writer_due_at
    waiting = order.status in WAITING and order.client_deadline > now
    return writer_due(policy, now, order.client_deadline) if waiting else None
