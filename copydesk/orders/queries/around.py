"""What stands around one order beyond its row: its detail shows it, and what may be done hangs on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Exists, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce, JSONObject

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.payments.models import Charge

from ..models import DELIVERED_KINDS, Adjustment, Assignment, Offer, Order, OrderFile, PriceLine, Round
from .messages import unread_rows
from .pricing import Line


@dataclass(frozen=True, slots=True)
class Around:
    """`pay_minor` as `pays()` gives it. `undecided_charge_id`: a charge for the order whose outcome is not known yet;
    `charge_stands`: there is one, or one that was captured and not given back whole. `has_work`: the open round holds a
    file that can be delivered."""

    pay_minor: int | None
    unread_messages: int
    excused: dt.timedelta
    lines: list[Line]
    captured_minor: int
    repaid_minor: int
    undecided_charge_id: int | None
    charge_stands: bool
    adjustment_open: bool
    offer_beyond_limits: bool
    has_work: bool


def around(order: Order, by: Actor) -> Around:
    """One query."""
    website = order.website_id
    charges = Charge.objects.of(website).about(order.reference)
    repayable = charges.repayable().values("reference_id")
    rounds = Round.objects.of(website).filter(order=order).order_by("-number")
    lines = PriceLine.objects.of(website).filter(order=order).order_by("position")
    work = OrderFile.objects.of(website).filter(order=order, kind__in=DELIVERED_KINDS)
    found: Any = (
        Order.objects.of(website)
        .filter(pk=order.pk)
        .values(
            pay_minor=_pay(by),
            unread_messages=Coalesce(Subquery(unread_rows(by, [order]).values("unread")), 0),
            excused=Coalesce(Subquery(rounds.values("excused")[:1]), dt.timedelta()),
            lines=ArraySubquery(lines.values(line=JSONObject(**{name: name for name in Line.__slots__}))),
            captured_minor=Coalesce(Subquery(repayable.values(sum=Sum("amount_minor"))), 0),
            repaid_minor=Coalesce(Subquery(repayable.values(sum=Sum("repaid_minor"))), 0),
            undecided_charge_id=Subquery(charges.undecided().values("pk")[:1]),
            charge_stands=Exists(charges.standing()),
            adjustment_open=Exists(Adjustment.objects.of(website).filter(order=order).open()),
            offer_beyond_limits=Exists(Offer.objects.of(website).filter(order=order, outcome="", beyond_limits=True)),
            has_work=Exists(work.filter(round__submitted_at=None, round__closed_at=None)),
        )[0]
    )
    return Around(**{**found, "lines": [Line(**line) for line in found["lines"]]})


def pays(actor: Actor, orders: Sequence[Order]) -> dict[int, int]:
    """By order, in minor units: of the open offer, else of the present or last assignment. One query at most.

    A writer's own only; none for clients, editors and support.
    """
    if not _sees_pay(actor):
        return {}
    rows = Order.objects.of(actor.website).filter(pk__in=[order.pk for order in orders]).annotate(pay=_pay(actor))
    return dict(rows.exclude(pay=None).values_list("pk", "pay"))


def _pay(actor: Actor) -> Coalesce | Value:
    if not _sees_pay(actor):
        return Value(None, BigIntegerField())
    offers = Offer.objects.of(actor.website).filter(order=OuterRef("pk"), outcome="")
    assignments = Assignment.objects.of(actor.website).filter(order=OuterRef("pk")).order_by("-started_at", "-id")
    if actor.role is Role.WRITER:
        offers = offers.filter(writer_id=actor.membership_id)
        assignments = assignments.filter(writer_id=actor.membership_id)
    return Coalesce(Subquery(offers.values("pay_minor")), Subquery(assignments.values("pay_minor")[:1]))


def _sees_pay(actor: Actor) -> bool:
    """Support decides about bids, which it reads for that; what a writer is paid is the admin's business."""
    return actor.role in (Role.WRITER, Role.ADMIN, Role.SUPERADMIN)
