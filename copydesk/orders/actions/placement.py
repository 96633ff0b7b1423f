"""An order is quoted, placed, and changed while unpaid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.core.money import to_decimal
from copydesk.journal.actions import advance, lock_for, record
from copydesk.journal.models import details
from copydesk.tenancy.models import Website, WebsiteStatus
from copydesk.threads.policies import MessagePolicy
from copydesk.writers.models import Writer
from copydesk.writers.queries import has_blocked

from .. import errors
from ..models import Adjustment, AdjustmentStatus, Order, PriceLine, Status
from ..policies import OrderPolicy, PricingPolicy
from ..queries import deadlines, pricing, steps


@dataclass(frozen=True, slots=True)
class OrderForm:
    """What a client fills in."""

    topic: str
    instructions: str
    paper_type: str
    subject: str
    academic_level: str
    work_type: str
    pages: int
    slides: int
    spacing: str
    client_deadline: dt.datetime
    extras: Sequence[str]
    preferred_writer_id: int | None
    requires_editing: bool | None


def quote_order(website: Website, form: pricing.Brief, client_deadline: dt.datetime) -> pricing.Quote:
    """Price lines, total and the writer's deadline if one started now. Changes nothing; two queries."""
    now = clock.now()
    policy = OrderPolicy.of(website)
    refuse_short_deadline(policy, now, client_deadline)
    lines = pricing.price_lines(PricingPolicy.of(website), form, client_deadline - now)
    return pricing.Quote(
        lines=pricing.rows(lines),
        total=to_decimal(pricing.total_minor(lines)),
        currency=website.currency,
        writer_deadline=deadlines.writer_due(policy, now, client_deadline),
    )


def place_order(form: OrderForm, *, by: Actor, client_id: int | None = None) -> Order:
    """Places an order for the caller, or, by staff, for the client named. The price is fixed here.

    Raises Invalid with the fields, DeadlineTooSoon, WebsiteClosed.
    """
    website = by.website
    if website.status != WebsiteStatus.ACTIVE:
        raise errors.WebsiteClosed()
    client = _client(by, client_id)
    form = _without_contacts(website, form)
    _refuse_unknown_writer(website, client, form.preferred_writer_id)
    now = clock.now()
    policy, prices = OrderPolicy.of(website), PricingPolicy.of(website)
    refuse_short_deadline(policy, now, form.client_deadline)
    lines = pricing.price_lines(prices, form, form.client_deadline - now)
    brief: Any = brief_columns(form)
    order = Order.objects.of(website).create(
        number=_next_number(website),
        client_id=client,
        price_minor=pricing.total_minor(lines),
        pricing_version=prices.version,
        policy_version=policy.version,
        placed_at=now,
        expires_at=now + dt.timedelta(hours=policy.unpaid_hours),
        level_rank=pricing.choose(prices, form).level_rank,
        **brief,
    )
    store_lines(order, lines)
    record("order.place", order, by=by, after=Status.UNPAID, data=details(price_minor=order.price_minor))
    return order


def edit_brief(order: Order, changed: Mapping[str, Any], *, by: Actor) -> Order:
    """Changes fields of the brief while unpaid, at the prices that the order was placed with; a new deadline is as
    urgent as the time left from now. Raises OrderStillWanted while money for the present price is on its way."""
    lock_for(order, "edit_brief", by=by)
    steps.while_unpaid(steps.Asked(order, by))
    form = _without_contacts(by.website, form_of(order, changed))
    _refuse_unknown_writer(by.website, order.client_id, form.preferred_writer_id)
    prices = PricingPolicy.of(by.website, order.pricing_version)
    now = clock.now()
    moved = form.client_deadline != order.client_deadline
    if moved:
        refuse_short_deadline(OrderPolicy.of(by.website), now, form.client_deadline)
    lines = pricing.price_lines(prices, form, form.client_deadline - now if moved else urgency_agreed(order))
    before = order.price_minor
    total = pricing.total_minor(lines)
    rank = pricing.choose(prices, form).level_rank
    advance(
        order,
        "edit_brief",
        by=by,
        data=details(price_minor_before=before, price_minor=total),
        price_minor=total,
        level_rank=rank,
        **brief_columns(form),
    )
    PriceLine.objects.of(by.website).filter(order=order).delete()
    store_lines(order, lines)
    return order


def urgency_agreed(order: Order) -> dt.timedelta:
    """The time left that the present price goes by: the deadline agreed last, seen from when it was agreed.

    What staff give the client without a price (a later deadline) is not in it. Two queries.
    """
    moved = Adjustment.objects.of(order.website_id).filter(
        order=order, status=AdjustmentStatus.ACCEPTED, client_deadline__isnull=False
    )
    if last := moved.order_by("-id").first():
        assert last.client_deadline is not None
        return last.client_deadline - last.proposed_at
    urgency = PriceLine.objects.of(order.website_id).filter(order=order, kind="urgency").first()
    return dt.timedelta(hours=int(urgency.code)) if urgency else dt.timedelta.max


def form_of(order: Order, changed: Mapping[str, Any]) -> OrderForm:
    """The order's brief with what is to change."""
    form = OrderForm(
        topic=order.topic,
        instructions=order.instructions,
        paper_type=order.paper_type,
        subject=order.subject,
        academic_level=order.academic_level,
        work_type=order.work_type,
        pages=order.pages,
        slides=order.slides,
        spacing=order.spacing,
        client_deadline=order.client_deadline,
        extras=order.extras,
        preferred_writer_id=order.preferred_writer_id,
        requires_editing=order.wants_editing,
    )
    return replace(form, **changed)


def store_lines(order: Order, lines: Sequence[pricing.Line], adjustment_id: int | None = None) -> None:
    position = PriceLine.objects.of(order.website_id).filter(order=order).count()
    PriceLine.objects.of(order.website_id).bulk_create(
        PriceLine(
            website_id=order.website_id,
            order=order,
            adjustment_id=adjustment_id,
            position=position + index,
            kind=line.kind,
            code=line.code,
            label=line.label,
            quantity=line.quantity,
            amount_minor=line.amount_minor,
        )
        for index, line in enumerate(lines)
    )


def refuse_short_deadline(policy: OrderPolicy, now: dt.datetime, deadline: dt.datetime) -> None:
    earliest = now + dt.timedelta(hours=policy.least_lead_hours)
    if deadline < earliest:
        raise Invalid({"client_deadline": f"At least {policy.least_lead_hours} hours from now."}, "deadline_too_soon")


def _without_contacts(website: Website, form: OrderForm) -> OrderForm:
    """Writers read the brief, and do not learn from it who the client is."""
    policy = MessagePolicy.of(website)
    topic = policy.mask(form.topic).text[: Order._meta.get_field("topic").max_length]
    return replace(form, topic=topic, instructions=policy.mask(form.instructions).text)


def brief_columns(form: OrderForm) -> dict[str, Any]:
    """The form as an order has it."""
    return {
        "topic": form.topic,
        "instructions": form.instructions,
        "paper_type": form.paper_type,
        "subject": form.subject,
        "academic_level": form.academic_level,
        "work_type": form.work_type,
        "pages": form.pages,
        "slides": form.slides,
        "spacing": form.spacing,
        "extras": list(form.extras),
        "client_deadline": form.client_deadline,
        "preferred_writer_id": form.preferred_writer_id,
        "wants_editing": form.requires_editing,
    }


def _client(by: Actor, client_id: int | None) -> int:
    if by.role is Role.CLIENT:
        if client_id not in (None, by.membership_id):
            raise Invalid({"client_id": "Clients place orders for themselves."})
        assert by.membership_id is not None
        return by.membership_id
    if client_id is None:
        raise Invalid({"client_id": "Name the client."}, "required")
    if not Membership.objects.of(by.website).clients().filter(pk=client_id).exists():
        raise Invalid({"client_id": "No such client."}, "not_found")
    return client_id


def _refuse_unknown_writer(website: Website, client_id: int, writer_id: int | None) -> None:
    if writer_id is None:
        return
    known = Writer.objects.of(website).admitted().filter(pk=writer_id).exists()
    if not known:
        raise Invalid({"preferred_writer_id": "No such writer."}, "not_found")
    if has_blocked(website, client_id=client_id, writer_id=writer_id):
        raise Invalid({"preferred_writer_id": "You have blocked this writer."}, "blocked")


def _next_number(website: Website) -> int:
    """A website numbers its own orders: the row's lock makes placements of one website wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenancy_website SET last_order_number = last_order_number + 1 WHERE id = %s"
            " RETURNING last_order_number",
            [website.pk],
        )
        return int(cursor.fetchone()[0])
