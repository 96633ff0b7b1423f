"""A client's own figures: orders and what was spent on them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core.money import share, to_decimal
from copydesk.core.numbers import (
    ComparedCount,
    ComparedMoney,
    Rate,
    Spread,
    compared_count,
    compared_money,
    filled,
    rate,
    spread,
)
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.disputes.models import IS_ACTIVE, DisputeStatus, Verdict
from copydesk.orders.models import Order, Status
from copydesk.orders.models.order import OPEN, OrderQuerySet
from copydesk.orders.queries.rates import ON_TIME, REVISED
from copydesk.orders.queries.turns import next_due, waiting_on
from copydesk.payments.queries.spending import SPENT, of_client

SHOWN = 5

STATS = f"""
WITH mine AS (
    SELECT status, price_minor, placed_at, paid_at FROM orders_order
    WHERE website_id = %(website)s AND client_id = %(client)s
)
SELECT (SELECT json_object_agg(status, n)::text FROM (SELECT status, count(*) AS n FROM mine GROUP BY status) s),
       o.*, m.*, d.*
FROM (
    SELECT count(*) FILTER (WHERE placed_at >= %(since)s AND placed_at < %(until)s),
           count(*) FILTER (WHERE placed_at >= %(base_since)s::timestamptz AND placed_at < %(base_until)s::timestamptz),
           count(paid_at),
           coalesce(sum(price_minor) FILTER (WHERE paid_at IS NOT NULL), 0)::bigint
    FROM mine
) o
CROSS JOIN (
    SELECT coalesce(sum(amount_minor) FILTER (WHERE at >= %(since)s AND at < %(until)s), 0)::bigint,
           coalesce(sum(amount_minor) FILTER (
               WHERE at >= %(base_since)s::timestamptz AND at < %(base_until)s::timestamptz
           ), 0)::bigint,
           coalesce(sum(amount_minor), 0)::bigint
    FROM ({SPENT}) spent
) m
CROSS JOIN (
    SELECT count(*) FILTER (WHERE {IS_ACTIVE}), count(*) FILTER (WHERE status = '{DisputeStatus.AWAITING_CLIENT}'),
           count(*) FILTER (WHERE opened_at >= %(since)s AND opened_at < %(until)s),
           count(*) FILTER (WHERE verdict <> '' AND closed_at >= %(since)s AND closed_at < %(until)s),
           count(*) FILTER (WHERE verdict = '{Verdict.CLIENT}' AND closed_at >= %(since)s AND closed_at < %(until)s),
           coalesce(sum(refund_minor) FILTER (WHERE closed_at >= %(since)s AND closed_at < %(until)s), 0)::bigint
    FROM disputes_dispute WHERE website_id = %(website)s AND client_id = %(client)s
) d
"""  # noqa: S608 — put together from constants

ANALYTICS = f"""
WITH mine AS MATERIALIZED (
    SELECT id, website_id, work_type, subject, placed_at, paid_at, delivered_at, completed_at FROM orders_order
    WHERE website_id = %(website)s AND client_id = %(client)s
), paid AS MATERIALIZED (
    SELECT s.at, s.amount_minor, coalesce(o.work_type, 'other') AS work_type, coalesce(o.subject, 'other') AS subject
    FROM ({SPENT}) s LEFT JOIN mine o ON s.reference_type = 'order' AND o.id = s.reference_id
), placed AS (
    SELECT * FROM mine WHERE placed_at >= %(since)s AND placed_at < %(until)s
), completed AS (
    SELECT * FROM mine WHERE completed_at >= %(since)s AND completed_at < %(until)s
), spent AS (
    SELECT * FROM paid WHERE at >= %(since)s AND at < %(until)s
), both_ways AS (
    SELECT work_type, subject, 1 AS n, 0 AS minor FROM placed
    UNION ALL SELECT work_type, subject, 0, amount_minor FROM spent
)
SELECT 'placed' AS section, width_bucket(placed_at, %(edges)s::timestamptz[])::text AS key,
       count(*) AS n, 0::bigint AS minor, NULL::float8 AS p50, NULL::float8 AS p90, NULL::float8 AS mean
FROM placed GROUP BY 2
UNION ALL
SELECT 'completed', width_bucket(completed_at, %(edges)s::timestamptz[])::text, count(*), 0, NULL, NULL, NULL
FROM completed GROUP BY 2
UNION ALL
SELECT 'spend', width_bucket(at, %(edges)s::timestamptz[])::text, 0, sum(amount_minor)::bigint, NULL, NULL, NULL
FROM spent GROUP BY 2
UNION ALL
SELECT 'work_type', work_type, sum(n), sum(minor)::bigint, NULL, NULL, NULL FROM both_ways GROUP BY 2
UNION ALL
SELECT 'subject', subject, sum(n), sum(minor)::bigint, NULL, NULL, NULL FROM both_ways GROUP BY 2
UNION ALL
SELECT 'baseline', 'placed', count(*), 0, NULL, NULL, NULL FROM mine
WHERE placed_at >= %(base_since)s::timestamptz AND placed_at < %(base_until)s::timestamptz
UNION ALL
SELECT 'baseline', 'completed', count(*), 0, NULL, NULL, NULL FROM mine
WHERE completed_at >= %(base_since)s::timestamptz AND completed_at < %(base_until)s::timestamptz
UNION ALL
SELECT 'baseline', 'spend', 0, coalesce(sum(amount_minor), 0)::bigint, NULL, NULL, NULL FROM paid
WHERE at >= %(base_since)s::timestamptz AND at < %(base_until)s::timestamptz
UNION ALL
SELECT 'completion', '', count(*), 0, percentile_cont(0.5) WITHIN GROUP (ORDER BY days),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY days), avg(days)
FROM (SELECT (extract(epoch FROM completed_at - coalesce(paid_at, placed_at)) / 86400)::float8 AS days FROM completed) d
UNION ALL
SELECT 'revision', '', count(*) FILTER (WHERE {REVISED}), count(*), NULL, NULL, NULL FROM mine o
WHERE delivered_at >= %(since)s AND delivered_at < %(until)s
UNION ALL
SELECT 'on_time', '', count(*) FILTER (WHERE {ON_TIME}), count(*), NULL, NULL, NULL
FROM mine o JOIN orders_round r ON r.website_id = o.website_id AND r.order_id = o.id
WHERE r.submitted_at >= %(since)s AND r.submitted_at < %(until)s
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class DeskOrder:
    """`waiting_on` payment, client, writer, editor or support, until `due_at`: an unpaid order expires then, a
    delivered one is approved by itself, another is to be delivered. Both are null once it is completed or cancelled."""

    id: int
    number: int
    topic: str
    status: Status
    price: Decimal
    waiting_on: str | None
    due_at: dt.datetime | None
    client_deadline: dt.datetime
    placed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ClientDisputes:
    """`open` and `awaiting_you` as of now; the others of the period. `won_rate`: of the disputes decided, those for the
    client. `refunded`: what was decided to go back, within the spend once it has."""

    open: int
    awaiting_you: int
    opened: int
    won_rate: Rate
    refunded: Decimal


@dataclass(frozen=True, slots=True)
class ClientStats:
    """Of all orders `active` are those paid and neither completed nor cancelled, so that `orders` = `active` +
    `awaiting_payment` + `completed` + `cancelled`. `placed` and `spend` are the period's; spend is what was captured,
    tips with it, less what was given back. `average_order_value`: the mean price of all orders that were paid.

    `upcoming` are the open orders that are due first, `recent_orders` the newest.
    """

    period: ReportPeriod
    orders: int
    by_status: dict[str, int]
    active: int
    completed: int
    cancelled: int
    awaiting_payment: int
    placed: ComparedCount
    spend: ComparedMoney
    spend_all_time: Decimal
    average_order_value: Decimal | None
    currency: str
    disputes: ClientDisputes
    upcoming: list[DeskOrder]
    recent_orders: list[DeskOrder]


@dataclass(frozen=True, slots=True)
class ClientPoint:
    """`on`: the first day of the bucket in the period."""

    on: dt.date
    placed: int
    completed: int
    spend: Decimal


@dataclass(frozen=True, slots=True)
class SpendingShare:
    """Orders placed in the period, and the period's spend on orders of this kind, whenever they were placed."""

    code: str
    orders: int
    spend: Decimal


@dataclass(frozen=True, slots=True)
class ClientAnalytics:
    """`completed` counts first completions; `completion_days` are from payment to first completion. `revision_rate`: of
    the orders first delivered in the period, those with a revision that the writer caused. `on_time_rate`: of the
    rounds submitted in the period, those by the writer's due time with its excused time. The series and each breakdown
    sum to the totals."""

    period: ReportPeriod
    granularity: Granularity
    placed: ComparedCount
    completed: ComparedCount
    spend: ComparedMoney
    currency: str
    series: list[ClientPoint]
    by_work_type: list[SpendingShare]
    by_subject: list[SpendingShare]
    completion_days: Spread
    revision_rate: Rate
    on_time_rate: Rate


def client_stats(actor: Actor, period: Period) -> ClientStats:
    """Three queries; the figures are of one statement."""
    with connection.cursor() as cursor:
        cursor.execute(STATS, of_client(actor, period))
        statuses, placed, placed_before, paid, price_minor, spend, spend_before, spend_ever, *ours = cursor.fetchone()
    open_now, awaiting_you, opened, decided, won, refunded = ours
    by_status = {**dict.fromkeys(Status.values, 0), **orjson.loads(statuses or "{}")}
    total = sum(by_status.values())
    completed, cancelled, unpaid = (by_status[one] for one in (Status.COMPLETED, Status.CANCELLED, Status.UNPAID))
    compared = period.baseline is not None
    own = Order.objects.visible_to(actor)
    return ClientStats(
        period=period.row(),
        orders=total,
        by_status=by_status,
        active=total - completed - cancelled - unpaid,
        completed=completed,
        cancelled=cancelled,
        awaiting_payment=unpaid,
        placed=compared_count(placed, placed_before if compared else None),
        spend=compared_money(spend, spend_before if compared else None),
        spend_all_time=to_decimal(spend_ever),
        average_order_value=to_decimal(share(price_minor, 1, paid)) if paid else None,
        currency=actor.website.currency,
        disputes=ClientDisputes(open_now, awaiting_you, opened, rate(won, decided), to_decimal(refunded)),
        upcoming=_desk_orders(own.filter(status__in=OPEN).order_by(next_due(), "pk")),
        recent_orders=_desk_orders(own.order_by("-pk")),
    )


def client_analytics(actor: Actor, period: Period) -> ClientAnalytics:
    """One query."""
    buckets = period.buckets()
    edges = [bucket.since for bucket in buckets]
    sections: dict[str, dict[str, tuple[Any, ...]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(ANALYTICS, {**of_client(actor, period), "edges": edges})
        for section, key, *figures in cursor.fetchall():
            sections.setdefault(section, {})[key] = tuple(figures)
    counts = {
        name: filled(buckets, {int(key): n for key, (n, *_) in sections.get(name, {}).items()}, 0)
        for name in ("placed", "completed")
    }
    spend = filled(buckets, {int(key): minor for key, (_, minor, *_) in sections.get("spend", {}).items()}, 0)
    base = sections["baseline"] if period.baseline else {}
    days, *_ = sections["completion"].values()
    return ClientAnalytics(
        period=period.row(),
        granularity=period.granularity,
        placed=compared_count(sum(n for _, n in counts["placed"]), base["placed"][0] if base else None),
        completed=compared_count(sum(n for _, n in counts["completed"]), base["completed"][0] if base else None),
        spend=compared_money(sum(minor for _, minor in spend), base["spend"][1] if base else None),
        currency=actor.website.currency,
        series=[
            ClientPoint(on, placed, completed, to_decimal(minor))
            for (on, placed), (_, completed), (_, minor) in zip(
                counts["placed"], counts["completed"], spend, strict=True
            )
        ],
        by_work_type=_shares(sections.get("work_type", {})),
        by_subject=_shares(sections.get("subject", {})),
        completion_days=spread(days[2], days[3], days[4], days[0]),
        revision_rate=rate(*sections["revision"][""][:2]),
        on_time_rate=rate(*sections["on_time"][""][:2]),
    )


def _shares(found: dict[str, tuple[Any, ...]]) -> list[SpendingShare]:
    """The most ordered first."""
    rows = [SpendingShare(code, int(n), to_decimal(minor)) for code, (n, minor, *_) in found.items()]
    return sorted(rows, key=lambda row: (-row.orders, -row.spend, row.code))


def _desk_orders(orders: OrderQuerySet) -> list[DeskOrder]:
    """One query."""
    columns = ("pk", "number", "topic", "status", "price_minor", "turn", "due", "client_deadline", "placed_at")
    found = orders.annotate(turn=waiting_on(), due=next_due()).values_list(*columns)[:SHOWN]
    return [
        DeskOrder(
            id=pk,
            number=number,
            topic=topic,
            status=Status(status),
            price=to_decimal(price_minor),
            waiting_on=turn,
            due_at=due if status in OPEN else None,
            client_deadline=client_deadline,
            placed_at=placed_at,
        )
        for pk, number, topic, status, price_minor, turn, due, client_deadline, placed_at in found
    ]
