"""What the writer of a disputed order has of it, earned or not yet."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from copydesk.core.money import share
from copydesk.orders.models import Assignment, Order
from copydesk.payments.models import Earning, EarningKind
from copydesk.payments.queries import earned_minor, refundable_minor
from copydesk.refunds.models import SPARING_PAY, Refund, RefundStatus
from copydesk.refunds.queries.pay import pay_reductions

GIVEN = (RefundStatus.EXECUTING, RefundStatus.SUCCEEDED)


@dataclass(frozen=True, slots=True)
class WriterPay:
    """Minor units. `agreed` when the writer started; `due`: what is left of what was earned, or, while nothing is,
    what its completion would earn after the refunds that were given."""

    agreed_minor: int
    due_minor: int
    is_earned: bool


def writer_pay(order: Order, writer_id: int) -> WriterPay:
    """Five queries at most."""
    times = Assignment.objects.of(order.website_id).filter(order=order, writer_id=writer_id)
    agreed = times.order_by("-started_at", "-pk").values_list("pay_minor", flat=True)[0]
    earned = Earning.objects.of(order.website_id).about(order.reference)
    if earned.filter(writer_id=writer_id, kind=EarningKind.PAY).exists():
        return WriterPay(agreed, earned_minor(order.website_id, order.reference, writer_id), is_earned=True)
    return WriterPay(agreed, _unrefunded(agreed, order), is_earned=False)


def pay_after(order: Order, before: WriterPay, writer_id: int, pending_minor: int) -> int:
    """When the refunds given by now are through, of which `pending_minor` still are on their way. Two queries."""
    if not before.is_earned:
        return _unrefunded(before.agreed_minor, order)
    rows = pay_reductions(order, pending_minor).rows
    return sum(row.left_minor - row.lacking_minor for row in rows if row.writer_id == writer_id)


def _unrefunded(pay_minor: int, order: Order) -> int:
    """As refunds lower pay that is earned: all but goodwill, in proportion to what was paid for the order as it is."""
    given = Refund.objects.of(order.website_id).filter(order=order, status__in=GIVEN).exclude(ground__in=SPARING_PAY)
    refunded: int = given.aggregate(total=Sum("amount_minor", default=0))["total"]
    paid = refunded + refundable_minor(order.website_id, order.reference)
    return pay_minor - share(pay_minor, refunded, paid) if paid else pay_minor
