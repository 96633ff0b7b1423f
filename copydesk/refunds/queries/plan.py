"""What a refund would do, before anybody has asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.core.money import split
from copydesk.orders.models import Order
from copydesk.payments.errors import RefundTooLarge
from copydesk.payments.models import Charge, Method

from .pay import PayReduction, pay_reductions


@dataclass(frozen=True, slots=True)
class PlannedSource:
    charge_id: int
    method: Method
    amount_minor: int


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """`pay`: what each writer's pay for the order loses by it, as `lacking_minor`."""

    sources: Sequence[PlannedSource]
    pay: Sequence[PayReduction]


def plan(order: Order, amount_minor: int) -> RefundPlan:
    """As `request_refund` would claim it now. Two queries. Raises RefundTooLarge."""
    charges = list(Charge.objects.of(order.website_id).about(order.reference).repayable().order_by("id"))
    left = [charge.refundable_minor for charge in charges]
    if not 0 < amount_minor <= sum(left):
        raise RefundTooLarge(refundable_minor=sum(left))
    shares = zip(charges, split(amount_minor, left), strict=True)
    sources = [PlannedSource(charge.pk, Method(charge.method), part) for charge, part in shares if part]
    return RefundPlan(sources, pay_reductions(order, amount_minor).rows)
