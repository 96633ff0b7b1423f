"""A website's orders, as an admin sees them: where they stand, what needs somebody, how a period went."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core.money import to_decimal
from copydesk.core.numbers import ComparedCount, ComparedMoney, compared_count, compared_money
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.orders.models import OPEN, Status
from copydesk.orders.queries import figures
from copydesk.orders.queries.attention import attention
from copydesk.orders.queries.figures import (
    CancelCauseCount,
    OrderCounts,
    OrderDurations,
    OrderFigures,
    OrderKindCount,
    OrderStatusCount,
)
from copydesk.orders.queries.managed import ManagedOrder, managed_orders
from copydesk.payments.queries.booked import Booked, booked, total
from copydesk.tenancy.buckets import BASELINE


@dataclass(frozen=True, slots=True)
class OrderAttention:
    """Now. `needs_assignment` is `all` of assignment-queue/, `overdue` and `client_overdue` are tabs of overdue/,
    `stuck` is `all` of stuck/. `at_risk`: not overdue, and less than the policy's share of what the round was allotted,
    or than its hours, is left."""

    needs_assignment: int
    overdue: int
    client_overdue: int
    at_risk: int
    stuck: int
    on_hold: int
    disputed: int


@dataclass(frozen=True, slots=True)
class OrderRevenue:
    """Sums of ledger postings, by posting date. `refunds` and `writer_cost` as positive amounts: net = gross - refunds,
    margin = net - writer_cost."""

    gross: Decimal
    refunds: Decimal
    net: Decimal
    writer_cost: Decimal
    margin: Decimal


@dataclass(frozen=True, slots=True)
class OrderDashboard:
    """`orders` are all that there ever were; `open` those neither completed nor cancelled. `by_status`: of the open
    ones now, of the closed ones in the period. All else is the period's; `before` of the time that is compared with,
    null where nothing is. `due_first` are being written; `newest` of any status."""

    period: ReportPeriod
    currency: str
    orders: int
    open: int
    by_status: list[OrderStatusCount]
    attention: OrderAttention
    placed: ComparedCount
    paid: ComparedCount
    delivered: ComparedCount
    completed: ComparedCount
    cancelled: ComparedCount
    gross: ComparedMoney
    refunds: ComparedMoney
    net: ComparedMoney
    figures: OrderFigures
    before: OrderFigures | None
    due_first: list[ManagedOrder]
    newest: list[ManagedOrder]


@dataclass(frozen=True, slots=True)
class OrderPoint:
    """`on`: the first day of the bucket in the period."""

    on: dt.date
    counts: OrderCounts
    gross: Decimal
    refunds: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class OrderAnalytics:
    """`points` sum to the `figures` and to `revenue`, and each breakdown to the figures that it counts; `by_status` is
    of the orders placed in the period, as they are now."""

    period: ReportPeriod
    granularity: Granularity
    currency: str
    placed: ComparedCount
    paid: ComparedCount
    delivered: ComparedCount
    completed: ComparedCount
    cancelled: ComparedCount
    net: ComparedMoney
    figures: OrderFigures
    before: OrderFigures | None
    revenue: OrderRevenue
    durations: OrderDurations
    points: list[OrderPoint]
    by_status: list[OrderStatusCount]
    by_work_type: list[OrderKindCount]
    by_subject: list[OrderKindCount]
    by_academic_level: list[OrderKindCount]
    by_cancel_cause: list[CancelCauseCount]


def order_dashboard(actor: Actor, period: Period) -> OrderDashboard:
    """Five queries; what stands now is of one of them."""
    website = actor.website
    now = attention(website).standing()
    found, before, closed = figures.order_figures(website, period)
    money = booked(website, period, [period.since])
    own = total(money)
    rows = managed_orders(actor, [*now.newest, *now.due_first])
    counts = now.by_status | closed
    return OrderDashboard(
        period=period.row(),
        currency=website.currency,
        orders=now.orders,
        open=sum(counts[status] for status in OPEN),
        by_status=[OrderStatusCount(status, counts[status]) for status in Status],
        attention=OrderAttention(
            needs_assignment=counts[Status.AVAILABLE],
            overdue=now.overdue,
            client_overdue=now.client_overdue,
            at_risk=now.at_risk,
            stuck=now.stuck,
            on_hold=counts[Status.ON_HOLD],
            disputed=counts[Status.DISPUTED],
        ),
        **_compared(found, before),
        gross=_money(period, own, money.get(BASELINE), "gross"),
        refunds=_money(period, own, money.get(BASELINE), "refunds"),
        net=_money(period, own, money.get(BASELINE), "net"),
        figures=found,
        before=before,
        due_first=rows[len(now.newest) :],
        newest=rows[: len(now.newest)],
    )


def order_analytics(actor: Actor, period: Period) -> OrderAnalytics:
    """Two queries."""
    website, buckets = actor.website, period.buckets()
    report = figures.order_report(website, period)
    money = booked(website, period, [bucket.since for bucket in buckets])
    own = total(money)
    return OrderAnalytics(
        period=period.row(),
        granularity=period.granularity,
        currency=website.currency,
        **_compared(report.figures, report.before),
        net=_money(period, own, money.get(BASELINE), "net"),
        figures=report.figures,
        before=report.before,
        revenue=OrderRevenue(*map(to_decimal, (own.gross, own.refunds, own.net, own.writer_cost, own.margin))),
        durations=report.durations,
        points=[
            OrderPoint(bucket.on, counts, *map(to_decimal, (one.gross, one.refunds, one.net)))
            for number, (bucket, counts) in enumerate(zip(buckets, report.points, strict=True), start=1)
            for one in [money.get(number, Booked())]
        ],
        by_status=report.by_status,
        by_work_type=report.by_work_type,
        by_subject=report.by_subject,
        by_academic_level=report.by_academic_level,
        by_cancel_cause=report.by_cancel_cause,
    )


def _compared(found: OrderFigures, before: OrderFigures | None) -> dict[str, Any]:
    """ComparedCounts."""
    return {
        name: compared_count(getattr(found, name), getattr(before, name) if before else None)
        for name in ("placed", "paid", "delivered", "completed", "cancelled")
    }


def _money(period: Period, found: Booked, before: Booked | None, name: str) -> ComparedMoney:
    previous = getattr(before or Booked(), name) if period.baseline else None
    return compared_money(getattr(found, name), previous)
