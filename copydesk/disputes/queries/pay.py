"""What the writer of a disputed order has of it, earned or not yet."""

from __future__ import annotations

from dataclasses import dataclass

from copydesk.orders.models import Assignment, Order
from copydesk.payments.queries import earned_minor
from copydesk.refunds.queries.pay import pay_reductions


@dataclass(frozen=True, slots=True)
class WriterPay:
    """Minor units. `agreed` when the writer started; `due`: what is left of what was earned, or, where nothing is, what
    its completion would earn after the refunds that were given."""

    agreed_minor: int
    due_minor: int
    is_earned: bool

    @property
    def earned_minor(self) -> int:
        return self.due_minor if self.is_earned else 0


def writer_pay(order: Order, writer_id: int) -> WriterPay:
    """Three queries."""
    times = Assignment.objects.of(order.website_id).filter(order=order, writer_id=writer_id)
    agreed = times.order_by("-started_at", "-pk").values_list("pay_minor", flat=True)[0]
    if earned := earned_minor(order.website_id, order.reference, writer_id):
        return WriterPay(agreed, earned, is_earned=True)
    return WriterPay(agreed, agreed - pay_reductions(order, with_pending=True).of(agreed, writer_id), is_earned=False)


def pay_after(order: Order, before: WriterPay, writer_id: int) -> int:
    """When all that is on its way to the client by now has gone back. One query."""
    figures = pay_reductions(order, with_pending=True)
    if not before.is_earned:
        return before.agreed_minor - figures.of(before.agreed_minor, writer_id)
    return sum(row.left_minor - row.lacking_minor for row in figures.rows if row.writer_id == writer_id)
