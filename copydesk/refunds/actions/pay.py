"""A writer's pay falls as money goes back to the client (RULES §2)."""

from __future__ import annotations

from collections.abc import Collection

from copydesk.accounts.actor import Actor
from copydesk.orders.models import Order
from copydesk.payments.actions import lock_accounts, reduce_earning
from copydesk.payments.models import Earning
from copydesk.tenancy.models import Website

from ..queries.pay import pay_reductions

REASON = "Part of the order was refunded."


def lower_pay(order: Order, *, by: Actor) -> int:
    """Of a locked order: brings each pay that was earned for it down to what the money that has gone back leaves of
    it; what it took, in minor units. Counted from the whole, so that the cents of several refunds sum to those of one.
    Nothing is taken before it is earned: then the order's completion calls again. Safe to repeat."""
    lacking = [row for row in pay_reductions(order).rows if row.lacking_minor]
    if lacking:
        lock_accounts(by.website, writers={row.writer_id for row in lacking}, clients=())
    for row in lacking:
        earning = Earning.objects.of(order.website_id).get(pk=row.earning_id)
        # By what is taken in all with it; pay_reductions knows its own by it.
        key = f"refunds:{order.pk}:{row.earned_minor - row.left_minor + row.lacking_minor}"
        reduce_earning(earning, row.lacking_minor, key=key, by=by, reason=REASON)
    return sum(row.lacking_minor for row in lacking)


def lock_members(website: Website, orders: Collection[Order], *, writers: Collection[int]) -> None:
    """The accounts of whoever was paid for these orders, of `writers`, and of the orders' clients."""
    earned = Earning.objects.of(website).filter(
        reference_type=Order.noun, reference_id__in=[order.pk for order in orders]
    )
    paid = earned.values_list("writer_id", flat=True)
    lock_accounts(website, writers={*writers, *paid}, clients={order.client_id for order in orders})
