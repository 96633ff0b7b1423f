"""A writer's pay falls as money goes back to the client (RULES §2)."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.orders.models import Order
from copydesk.payments.actions import reduce_earning
from copydesk.payments.models import Earning

from ..queries.pay import pay_reductions

REASON = "Part of the order was refunded."


def lower_pay(order: Order, *, by: Actor) -> int:
    """Of a locked order: brings each pay that was earned for it down to what the refunds leave of it; what it took, in
    minor units. Counted from the whole, so that the cents of several refunds sum to those of one. Nothing is taken
    before it is earned: then the order's completion calls again. Safe to repeat."""
    figures = pay_reductions(order)
    for row in figures.rows:
        if row.lacking_minor:
            earning = Earning.objects.of(order.website_id).get(pk=row.earning_id)
            key = f"refunds:{order.pk}:{figures.refunded_minor}"
            reduce_earning(earning, row.lacking_minor, key=key, by=by, reason=REASON)
    return sum(row.lacking_minor for row in figures.rows)
