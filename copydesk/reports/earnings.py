"""What a writer has earned, and where that money stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import share, to_decimal
from copydesk.core.numbers import ComparedCount, ComparedMoney, compared_count, compared_money, filled
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.fines.models import Fine
from copydesk.orders.models import Order
from copydesk.payments.models import Earning, EarningKind, EarningState, PayoutStatement
from copydesk.payments.models.earnings import EarningQuerySet
from copydesk.payments.policies import PayoutPolicy
from copydesk.payments.queries import StatementRow, statement_rows, wallet
from copydesk.tenancy.buckets import BASELINE, IN_BUCKETS

from .buckets import of_member

SHOWN = 5

EARNED = f"""
WITH moved AS (
    SELECT kind, amount_minor, reference_type, reference_id, created_at AS at FROM payments_earning
    WHERE website_id = %(website)s AND writer_id = %(member)s AND created_at >= %(oldest)s AND created_at < %(until)s
    UNION ALL
    SELECT 'paid', s.amount_minor, '', 0, p.paid_at
    FROM payments_payoutstatement s JOIN payments_payout p ON p.id = s.payout_id
    WHERE s.website_id = %(website)s AND s.writer_id = %(member)s AND p.status = 'paid'
), cut AS (
    SELECT m.*, b.bucket FROM moved m CROSS JOIN LATERAL {IN_BUCKETS} b
)
SELECT kind, bucket, count(*), sum(amount_minor)::bigint FROM cut GROUP BY kind, bucket
UNION ALL
SELECT 'orders', least(bucket, 1), count(DISTINCT (reference_type, reference_id)), 0 FROM cut
WHERE kind IN ('pay', 'forfeit') GROUP BY 2
"""  # noqa: S608 — put together from constants

NEXT = "SELECT min(payable_at) FROM payments_earning WHERE website_id = %s AND writer_id = %s AND payable_at > %s"


@dataclass(frozen=True, slots=True)
class EarnedKind:
    """`kind` pay, tip, forfeit (the share of an order that was cancelled after a start), reduction and fine (negative),
    or waiver (of a fine, given back)."""

    kind: EarningKind
    count: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class EarningsPoint:
    """`on`: the first day of the bucket in the period. `tips` are part of `earned`."""

    on: dt.date
    earned: Decimal
    tips: Decimal
    paid: Decimal


@dataclass(frozen=True, slots=True)
class WriterEarnings:
    """`earned` in the period, when it was earned, tips with it, less reductions and `fines`: the sum of `by_kind`, of
    the series, and of earnings/lines/ in that time. `fines` are what was kept in the period less what was waived in it,
    positive. `paid` out in the period: the sum of wallet/payouts/ paid in that time.

    `orders` are those whose pay, or share of a cancelled order, was earned in the period; `average_per_order` is the
    mean of that, before tips and reductions. As of now: `balance` = `pending` (in the dispute window, or `held` by a
    dispute) + `payable` (goes into the next payout once it reaches `payout_threshold`) + `in_payout`; with
    `paid_all_time` that is `earned_all_time`. `next_payable_at`: when the first of what is in its window becomes
    payable.
    """

    period: ReportPeriod
    granularity: Granularity
    currency: str
    earned: ComparedMoney
    tips: ComparedMoney
    fines: ComparedMoney
    by_kind: list[EarnedKind]
    orders: ComparedCount
    average_per_order: Decimal | None
    paid: ComparedMoney
    balance: Decimal
    pending: Decimal
    held: Decimal
    payable: Decimal
    in_payout: Decimal
    paid_all_time: Decimal
    earned_all_time: Decimal
    payout_threshold: Decimal
    next_payable_at: dt.datetime | None
    series: list[EarningsPoint]
    recent_payouts: list[StatementRow]


@dataclass(frozen=True, slots=True)
class EarnedOrder:
    id: int
    number: int
    topic: str


@dataclass(frozen=True, slots=True)
class EarningLine:
    """One thing that was earned, taken back (`kind` reduction, of the earning `reduces_id`), kept as a fine, or given
    back of one (waiver, of `reduces_id`): these of `fine_id`, with the order that it was for, where there was one.
    `state` says where it stands: pending until `payable_at`, held by a dispute or appeal, payable, in_payout, paid."""

    id: int
    at: dt.datetime
    kind: EarningKind
    amount: Decimal
    currency: str
    state: EarningState
    payable_at: dt.datetime
    reduces_id: int | None
    fine_id: int | None
    order: EarnedOrder | None


def writer_earnings(actor: Actor, period: Period) -> WriterEarnings:
    """Five queries."""
    buckets = period.buckets()
    sums: dict[str, dict[int, tuple[int, int]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(EARNED, of_member(actor, period, buckets))
        for kind, bucket, count, minor in cursor.fetchall():
            sums.setdefault(kind, {})[bucket] = (count, minor)
        cursor.execute(NEXT, [actor.website.pk, actor.membership_id, clock.now()])
        (next_payable_at,) = cursor.fetchone()
    compared = period.baseline is not None

    def total(kind: str) -> tuple[int, int, int]:
        """Count and sum in the period, sum in its baseline."""
        found = sums.get(kind, {})
        now = [figures for bucket, figures in found.items() if bucket != BASELINE]
        before = found.get(BASELINE, (0, 0))
        return sum(count for count, _ in now), sum(minor for _, minor in now), before[1]

    def series(*kinds: str) -> list[tuple[dt.date, int]]:
        found: dict[int, int] = {}
        for kind in kinds:
            for bucket, (_, minor) in sums.get(kind, {}).items():
                found[bucket] = found.get(bucket, 0) + minor
        return filled(buckets, found, 0)

    def money(*kinds: str, sign: int = 1) -> ComparedMoney:
        now, before = (sign * sum(total(kind)[place] for kind in kinds) for place in (1, 2))
        return compared_money(now, before if compared else None)

    orders = {bucket: count for bucket, (count, _) in sums.get("orders", {}).items()}
    worked = sum(total(kind)[1] for kind in (EarningKind.PAY, EarningKind.FORFEIT))
    own = wallet(actor)
    assert own.pending is not None
    assert own.held is not None
    assert own.payable is not None
    assert own.in_payout is not None
    assert own.paid is not None
    statements = PayoutStatement.objects.visible_to(actor).select_related("payout").order_by("-pk")
    return WriterEarnings(
        period=period.row(),
        granularity=period.granularity,
        currency=actor.website.currency,
        earned=money(*EarningKind.values),
        tips=money(EarningKind.TIP),
        fines=money(EarningKind.FINE, EarningKind.WAIVER, sign=-1),
        by_kind=[EarnedKind(kind, total(kind)[0], to_decimal(total(kind)[1])) for kind in EarningKind],
        orders=compared_count(orders.get(1, 0), orders.get(BASELINE, 0) if compared else None),
        average_per_order=to_decimal(share(worked, 1, orders[1])) if 1 in orders else None,
        paid=money("paid"),
        balance=own.balance,
        pending=own.pending,
        held=own.held,
        payable=own.payable,
        in_payout=own.in_payout,
        paid_all_time=own.paid,
        earned_all_time=own.balance + own.paid,
        payout_threshold=to_decimal(PayoutPolicy.of(actor.website).threshold_minor),
        next_payable_at=next_payable_at,
        series=[
            EarningsPoint(on, to_decimal(earned), to_decimal(tips), to_decimal(paid))
            for (on, earned), (_, tips), (_, paid) in zip(
                series(*EarningKind.values), series(EarningKind.TIP), series("paid"), strict=True
            )
        ],
        recent_payouts=statement_rows(statements[:SHOWN]),
    )


def own_earnings(actor: Actor) -> EarningQuerySet:
    """With their `state`, to be filtered and paged."""
    return Earning.objects.visible_to(actor).with_state(clock.now())


def earning_lines(actor: Actor, earnings: Sequence[Earning]) -> list[EarningLine]:
    """Of `own_earnings`. Two queries, for their orders and fines."""
    fines = {earning.reference_id for earning in earnings if earning.reference_type == Fine.noun}
    of_fines = dict(Fine.objects.of(actor.website).filter(pk__in=fines).values_list("pk", "order_id"))
    about = {
        earning.pk: earning.reference_id if earning.reference_type == Order.noun else of_fines.get(earning.reference_id)
        for earning in earnings
    }
    ids = {order_id for order_id in about.values() if order_id is not None}
    orders = {
        pk: EarnedOrder(pk, number, topic)
        for pk, number, topic in Order.objects.of(actor.website).filter(pk__in=ids).values_list("pk", "number", "topic")
    }
    return [
        EarningLine(
            id=earning.pk,
            at=earning.created_at,
            kind=EarningKind(earning.kind),
            amount=to_decimal(earning.amount_minor),
            currency=earning.currency,
            state=EarningState(earning.state),  # type: ignore[attr-defined]
            payable_at=earning.payable_at,
            reduces_id=earning.reduces_id,
            fine_id=earning.reference_id if earning.reference_type == Fine.noun else None,
            order=orders.get(about[earning.pk] or 0),
        )
        for earning in earnings
    ]
