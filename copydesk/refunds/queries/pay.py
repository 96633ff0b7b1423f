"""What refunds take from writers' pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.core.money import share
from copydesk.orders.models import Order
from copydesk.payments.models import ChargeStatus, EarningKind, RepaymentStatus
from copydesk.payments.models.charges import REPAYABLE
from copydesk.tenancy.sql import select, words

from ..models import SPARING_PAY, Ground

TAKEN = f"""
WITH charge AS (
    SELECT id, amount_minor FROM payments_charge
    WHERE website_id = %(website)s AND reference_type = '{Order.noun}' AND reference_id = %(order)s
      AND status = '{ChargeStatus.CAPTURED}' AND purpose IN ({words(REPAYABLE)})
)
SELECT
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM charge) - (
        SELECT coalesce(sum(p.amount_minor), 0)::bigint
        FROM charge c
        JOIN payments_repayment p ON p.website_id = %(website)s AND p.charge_id = c.id
        LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id
        LEFT JOIN refunds_refund r ON r.id = l.refund_id
        WHERE r.id IS NULL OR r.ground = '{Ground.SETTLEMENT}'
    ),
    (
        SELECT coalesce(sum(p.amount_minor), 0)::bigint
        FROM refunds_refund r
        JOIN refunds_refundpart l ON l.refund_id = r.id
        JOIN payments_repayment p ON p.id = l.repayment_id AND p.status = '{RepaymentStatus.SUCCEEDED}'
        WHERE r.website_id = %(website)s AND r.order_id = %(order)s AND r.ground NOT IN ({words(SPARING_PAY)})
    ),
    ARRAY(
        SELECT json_build_array(
            e.id, e.writer_id, e.amount_minor, coalesce(sum(d.amount_minor), 0),
            coalesce(sum(d.amount_minor) FILTER (WHERE d.key LIKE 'refunds:%%'), 0)
        )
        FROM payments_earning e
        LEFT JOIN payments_earning d ON d.website_id = e.website_id AND d.reduces_id = e.id
        WHERE e.website_id = %(website)s AND e.reference_type = '{Order.noun}' AND e.reference_id = %(order)s
          AND e.kind = '{EarningKind.PAY}'
        GROUP BY e.id ORDER BY e.id
    )
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class PayReduction:
    """Of one writer's pay for the order, minor units: what was earned, what is left of it, and what the refunds of the
    order still have to take."""

    earning_id: int
    writer_id: int
    earned_minor: int
    left_minor: int
    lacking_minor: int


@dataclass(frozen=True, slots=True)
class PayReductions:
    """`refunded_minor` of `paid_minor` has gone back, but for what spares pay. `paid` is what was captured less what
    cancellations and agreed changes give back of it."""

    paid_minor: int
    refunded_minor: int
    rows: Sequence[PayReduction]


def pay_reductions(order: Order, more_minor: int = 0) -> PayReductions:
    """As things are, or as they will be when `more_minor` has gone back, too. One query."""
    ((paid, refunded, earnings),) = select(TAKEN, website=order.website_id, order=order.pk)
    refunded += more_minor
    return PayReductions(paid, refunded, [_reduction(row, paid, refunded) for row in earnings])


def _reduction(pay: Sequence[int], paid: int, refunded: int) -> PayReduction:
    """What was taken otherwise, as by a cancellation, is no part of what refunds share."""
    earning_id, writer_id, earned, reduced, by_refunds = pay
    left, base = earned + reduced, earned + reduced - by_refunds
    wanted = share(base, min(refunded, paid), paid) if paid > 0 else 0
    return PayReduction(earning_id, writer_id, earned, left, max(0, min(wanted + by_refunds, left)))
