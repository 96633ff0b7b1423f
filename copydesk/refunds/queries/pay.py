"""What the money that goes back takes from writers' pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copydesk.core.money import share
from copydesk.orders.models import Cause, Order
from copydesk.payments.models import ChargeStatus, EarningKind, RepaymentStatus
from copydesk.payments.models.charges import REPAYABLE
from copydesk.tenancy.sql import select, words

from ..models import SPARING_PAY, Ground, RefundStatus

LOWERING = (Cause.CLIENT, Cause.WRITER)
"""What a cancellation for these causes gives back lowers pay as a refund does; else it is the website's goodwill."""
TAKEN = f"""
WITH charge AS (
    SELECT id, amount_minor, captured_at FROM payments_charge
    WHERE website_id = %(website)s AND reference_type = '{Order.noun}' AND reference_id = %(order)s
      AND status = '{ChargeStatus.CAPTURED}' AND purpose IN ({words(REPAYABLE)})
),
repaid AS (
    SELECT p.amount_minor, p.status, CASE
        WHEN r.ground NOT IN ({words(SPARING_PAY)}) THEN 'lowers'
        WHEN r.ground = '{Ground.GOODWILL}' THEN 'spares'
        WHEN c.captured_at <= o.cancelled_at AND p.created_at >= o.cancelled_at
            THEN CASE WHEN o.cancel_cause IN ({words(LOWERING)}) THEN 'lowers' ELSE 'spares' END
        WHEN r.status = '{RefundStatus.CANCELLED}' THEN 'spares'
        ELSE 'settles'
    END AS effect
    FROM charge c
    JOIN payments_repayment p ON p.website_id = %(website)s AND p.charge_id = c.id
    JOIN orders_order o ON o.website_id = %(website)s AND o.id = %(order)s
    LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id
    LEFT JOIN refunds_refund r ON r.id = l.refund_id
)
SELECT
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM charge)
        - (SELECT coalesce(sum(amount_minor), 0)::bigint FROM repaid WHERE effect = 'settles'),
    (SELECT coalesce(sum(amount_minor) FILTER (WHERE status = '{RepaymentStatus.SUCCEEDED}'), 0)::bigint
     FROM repaid WHERE effect = 'lowers'),
    (SELECT coalesce(sum(amount_minor) FILTER (WHERE status = '{RepaymentStatus.EXECUTING}'), 0)::bigint
     FROM repaid WHERE effect = 'lowers'),
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
    """Of one writer's pay for the order, minor units: what was earned, what is left of it, and what is still to be
    taken for the money that has gone back."""

    earning_id: int
    writer_id: int
    earned_minor: int
    left_minor: int
    lacking_minor: int


@dataclass(frozen=True, slots=True)
class PayReductions:
    """`refunded_minor` of `paid_minor` has gone back, but for what spares pay. `paid` is what was captured less what
    agreed changes give back of it."""

    paid_minor: int
    refunded_minor: int
    rows: Sequence[PayReduction]

    def of(self, pay_minor: int) -> int:
        """What they take of pay that nothing was taken of yet."""
        return share(pay_minor, min(self.refunded_minor, self.paid_minor), self.paid_minor) if self.paid_minor else 0


def pay_reductions(order: Order, *, with_pending: bool = False) -> PayReductions:
    """As things are, or as they will be when what is on its way has gone back, too. One query."""
    ((paid, refunded, pending, earnings),) = select(TAKEN, website=order.website_id, order=order.pk)
    whole = PayReductions(paid, refunded + (pending if with_pending else 0), [])
    return replace(whole, rows=[_reduction(row, whole) for row in earnings])


def _reduction(pay: Sequence[int], whole: PayReductions) -> PayReduction:
    """What was taken otherwise, as by a dispute that gives the order to another, is no part of what refunds share."""
    earning_id, writer_id, earned, reduced, by_refunds = pay
    left, base = earned + reduced, earned + reduced - by_refunds
    return PayReduction(earning_id, writer_id, earned, left, max(0, min(whole.of(base) + by_refunds, left)))
