"""What the money that goes back takes from writers' pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from copydesk.core.money import share
from copydesk.orders.models import Cause, Order
from copydesk.payments.models import ChargeStatus, EarningKind, RepaymentStatus
from copydesk.payments.models.charges import REPAYABLE
from copydesk.tenancy.sql import select, words

from ..models import SPARING_PAY, Ground

R = RepaymentStatus

LOWERING = (Cause.CLIENT, Cause.WRITER)
"""What a cancellation for these causes gives back lowers the pay of who had the order; else it is the website's
goodwill."""
TAKEN = f"""
WITH charge AS (
    SELECT id, amount_minor, captured_at FROM payments_charge
    WHERE website_id = %(website)s AND reference_type = '{Order.noun}' AND reference_id = %(order)s
      AND status = '{ChargeStatus.CAPTURED}' AND purpose IN ({words(REPAYABLE)})
),
repaid AS (
    SELECT p.amount_minor, p.status, CASE
        WHEN r.ground = '{Ground.DISPUTE}' THEN 'ending'
        WHEN r.ground NOT IN ({words(SPARING_PAY)})
            THEN CASE WHEN p.created_at >= o.cancelled_at THEN 'later refund' ELSE 'refund' END
        WHEN r.ground = '{Ground.GOODWILL}' THEN 'goodwill'
        WHEN c.captured_at <= o.cancelled_at AND p.created_at >= o.cancelled_at
            THEN CASE WHEN o.cancel_cause IN ({words(LOWERING)}) THEN 'ending' ELSE 'present' END
        ELSE 'change'
    END AS what
    FROM charge c
    JOIN payments_repayment p ON p.website_id = %(website)s AND p.charge_id = c.id
    JOIN orders_order o ON o.website_id = %(website)s AND o.id = %(order)s
    LEFT JOIN refunds_refundpart l ON l.repayment_id = p.id
    LEFT JOIN refunds_refund r ON r.id = l.refund_id
),
sums AS (
    SELECT
        coalesce(sum(amount_minor) FILTER (WHERE what = 'change'), 0)::bigint AS agreed,
        coalesce(sum(CASE
            WHEN what IN ('refund', 'later refund') AND status = ANY(%(gone)s) THEN amount_minor
            WHEN what IN ('change', 'present') AND status = ANY(%(owed)s) THEN -amount_minor
        END), 0)::bigint AS back,
        coalesce(sum(amount_minor) FILTER (WHERE what = 'ending' AND status = ANY(%(gone)s)), 0)::bigint AS ended,
        least(
            coalesce(sum(amount_minor) FILTER (WHERE what = 'later refund' AND status = ANY(%(gone)s)), 0),
            coalesce(sum(amount_minor) FILTER (WHERE what = 'ending' AND status = ANY(%(owed)s)), 0)
        )::bigint AS instead
    FROM repaid
)
SELECT
    (SELECT coalesce(sum(amount_minor), 0)::bigint FROM charge) - agreed, back - instead, ended + instead,
    (SELECT writer_id FROM orders_assignment WHERE website_id = %(website)s AND order_id = %(order)s
     ORDER BY id DESC LIMIT 1),
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
FROM sums
"""  # noqa: S608 — put together from constants
"""The columns of PayReductions. What an agreed change or a goodwill cancellation still owes the client is paid first by
whatever goes back; and what an ending still owes, by what is asked for since."""


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
    """`paid_minor` was captured, less what agreed changes give back. Of it `refunded_minor` has gone back by refunds,
    less what is owed, and `ended_minor` by the cancellation or the dispute that ended the order, or instead of
    it, which is about `last_writer_id`, who had it then or last."""

    paid_minor: int
    refunded_minor: int
    ended_minor: int
    last_writer_id: int | None
    rows: Sequence[PayReduction]

    def of(self, pay_minor: int, writer_id: int) -> int:
        """What they take of pay that nothing was taken of yet."""
        back = self.refunded_minor + (self.ended_minor if writer_id == self.last_writer_id else 0)
        return share(pay_minor, min(max(back, 0), self.paid_minor), self.paid_minor) if self.paid_minor else 0


def pay_reductions(order: Order, *, with_pending: bool = False) -> PayReductions:
    """As things are, or as they will be when what is on its way has gone back, too. One query."""
    gone, owed = [R.SUCCEEDED], [R.FAILED]
    (gone if with_pending else owed).append(R.EXECUTING)
    ((paid, back, ended, last_writer_id, earnings),) = select(
        TAKEN, website=order.website_id, order=order.pk, gone=gone, owed=owed
    )
    whole = PayReductions(paid, back, ended, last_writer_id, [])
    return replace(whole, rows=[_reduction(row, whole) for row in earnings])


def _reduction(pay: Sequence[int], whole: PayReductions) -> PayReduction:
    """What was taken otherwise, as by a dispute that gives the order to another, is no part of what refunds share."""
    earning_id, writer_id, earned, reduced, by_refunds = pay
    left, base = earned + reduced, earned + reduced - by_refunds
    lacking = max(0, min(whole.of(base, writer_id) + by_refunds, left))
    return PayReduction(earning_id, writer_id, earned, left, lacking)
