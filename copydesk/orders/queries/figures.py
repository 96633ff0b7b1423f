"""The figures of a website's orders in a period: each counted by its own time, all read by one statement.

Each time is read from an index of its own that has all that it counts by; a span is a scan of its own (decision 0018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from copydesk.core.numbers import Rate, Spread, rate, spread
from copydesk.core.period import Bucket, Period
from copydesk.tenancy.buckets import of_period
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from ..models import Cause, Status
from .rates import CANCELLED_FOR_WRITER, DROPPED, ON_TIME, REVISED

PERIOD, BEFORE = ("false", "since", "until"), ("true", "base_since", "base_until")
Span = tuple[str, str, str]
KINDS = ("work_type", "subject", "academic_level")
SINCE = {"paid": "placed", "assigned": "paid", "delivered": "assigned", "completed": "delivered"}
"""What each time is counted from. A writer who took over after the delivery was assigned later: left out."""
NO_TIMES = "NULL::float8, NULL::float8, NULL::float8, 0"


def _hours_to(what: str) -> str:
    """Of the whole alone, apart from the counts: for quantiles each set that is grouped by is sorted once more."""
    at, since = f"t.{what}_at", f"t.{SINCE[what]}_at"
    hours, there = f"date_part('epoch', {at} - {since}) / 3600", f"FILTER (WHERE {since} <= {at})"
    quantiles = (f"percentile_cont({share}) WITHIN GROUP (ORDER BY {hours}) {there}" for share in (0.5, 0.9))
    times = ", ".join((*quantiles, f"avg({hours}) {there}", f"count(*) {there}"))
    return _read(f"hours to {what}", at, PERIOD, times=times)


def _read(
    what: str,
    at: str,
    span: Span,
    *kinds: str,
    table: str = "orders_order",
    only: str = "true",
    good: str = "0",
    times: str = NO_TIMES,
) -> str:
    """Of the whole (kind ''), of its buckets, and of the kinds, each by its key."""
    is_baseline, since, until = span
    columns = {kind: "width_bucket(" + at + ", %(edges)s::timestamptz[])" if kind == "bucket" else f"t.{kind}"
               for kind in kinds}  # fmt: skip
    label = " ".join(f"WHEN GROUPING({column}) = 0 THEN '{kind}'" for kind, column in columns.items())
    keys = ", ".join(f"({column})::text" for column in columns.values())
    labels = f"CASE {label} ELSE '' END, coalesce({keys}, '')" if columns else "'', ''"
    sets = ", ".join(("()", *(f"({column})" for column in columns.values())))
    return f"""
SELECT '{what}', {is_baseline}, {labels}, count(*), {good}, {times}
FROM {table} t
WHERE t.website_id = %(website)s AND {at} >= %({since})s::timestamptz AND {at} < %({until})s::timestamptz AND {only}
GROUP BY GROUPING SETS ({sets})
"""  # noqa: S608 — put together from constants


def _order(what: str, span: Span, *kinds: str, good: str = "0") -> str:
    return _read(what, f"t.{what}_at", span, *kinds, good=good)


def _rates(span: Span, *kinds: str) -> list[str]:
    """Delivered, and of them revised for the writer's cause; rounds submitted, and of them on time; assignments that
    ended for the writer's cause."""
    revised = f"""count(*) FILTER (WHERE t.id IN (
        SELECT v.order_id FROM orders_round v
        WHERE v.website_id = %(website)s AND v.kind = 'revision' AND v.cause = 'writer'
          AND v.asked_at >= %({span[1]})s::timestamptz
    ) OR (t.disputed_at IS NOT NULL AND {REVISED.replace("o.", "t.")}))"""  # noqa: S608
    failed = f"""t.cause = 'writer' AND t.outcome IN ('cancelled', 'reassigned', 'released')
        AND (({DROPPED.replace("a.", "t.")}) OR ({CANCELLED_FOR_WRITER.replace("a.", "t.")}))"""
    on_time = f"count(*) FILTER (WHERE {ON_TIME.replace('r.', 't.')})"
    return [
        _order("delivered", span, *kinds, good=revised),
        _read("rounds", "t.submitted_at", span, table="orders_round", good=on_time),
        _read("failed", "t.ended_at", span, table="orders_assignment", only=failed),
    ]


def _totals(span: Span) -> list[str]:
    still = f"count(*) FILTER (WHERE t.status = '{Status.COMPLETED}')"
    plain = [_order(what, span) for what in ("placed", "paid", "cancelled")]
    return [*plain, _order("completed", span, good=still), *_rates(span)]


DASHBOARD = " UNION ALL ".join((*_totals(PERIOD), *_totals(BEFORE)))
ANALYTICS = " UNION ALL ".join(
    (
        _order("placed", PERIOD, "bucket", "status", *KINDS),
        _order("paid", PERIOD, "bucket"),
        _order("completed", PERIOD, "bucket", *KINDS),
        _order("cancelled", PERIOD, "bucket", "cancel_cause"),
        *_rates(PERIOD, "bucket"),
        *map(_hours_to, SINCE),
        *_totals(BEFORE),
    )
)


@dataclass(frozen=True, slots=True)
class OrderFigures:
    """Orders placed, paid, first delivered, first completed and cancelled in the period. `completion_rate`: completed ÷
    (completed + dropped by the writer + cancelled for the writer's cause), each at its own time; `on_time_rate`: of the
    rounds submitted, those by the writer's due time with excused time; `revision_rate`: of the orders first delivered,
    those of which the writer has caused a revision since."""

    placed: int
    paid: int
    delivered: int
    completed: int
    cancelled: int
    completion_rate: Rate
    on_time_rate: Rate
    revision_rate: Rate


@dataclass(frozen=True, slots=True)
class OrderDurations:
    """Each of the orders that came to its end in the period: placed to paid, paid to the start of the writer who has
    it, or had it last, that to the first delivery (left out where that writer came after it), that to the first
    completion."""

    payment_hours: Spread
    assignment_hours: Spread
    writing_hours: Spread
    approval_hours: Spread


@dataclass(frozen=True, slots=True)
class OrderCounts:
    """Of a bucket."""

    placed: int
    paid: int
    delivered: int
    completed: int
    cancelled: int


@dataclass(frozen=True, slots=True)
class OrderKindCount:
    """Orders of the kind that were placed, and that were first completed, in the period."""

    code: str
    placed: int
    completed: int


@dataclass(frozen=True, slots=True)
class OrderStatusCount:
    """Of orders placed in the period, as they are now."""

    status: Status
    orders: int


@dataclass(frozen=True, slots=True)
class CancelCauseCount:
    """`system`: they expired unpaid."""

    cause: Cause
    orders: int


@dataclass(frozen=True, slots=True)
class OrderReport:
    """Points and each breakdown sum to the figures. `before` is null where nothing is compared."""

    figures: OrderFigures
    before: OrderFigures | None
    durations: OrderDurations
    points: list[OrderCounts]
    by_status: list[OrderStatusCount]
    by_work_type: list[OrderKindCount]
    by_subject: list[OrderKindCount]
    by_academic_level: list[OrderKindCount]
    by_cancel_cause: list[CancelCauseCount]


class _Measures(NamedTuple):
    n: int = 0
    good: int = 0
    p50: float | None = None
    p90: float | None = None
    mean: float | None = None
    timed: int = 0


_Found = Mapping[tuple[str, bool, str, str], _Measures]
"""By what, whether of the baseline, kind, key."""
NOTHING = _Measures()


def order_figures(website: Website, period: Period) -> tuple[OrderFigures, OrderFigures | None, dict[str, int]]:
    """Of the period, and of what it is compared with; and by status what was closed in the period and still is. One
    query."""
    found = _found(DASHBOARD, website, period, [Bucket(period.since.date(), period.since, period.until)])
    before = _figures(found, baseline=True) if period.baseline else None
    closed = {Status.COMPLETED.value: _of(found, "completed").good, Status.CANCELLED.value: _of(found, "cancelled").n}
    return _figures(found, baseline=False), before, closed


def order_report(website: Website, period: Period) -> OrderReport:
    """One query."""
    buckets = period.buckets()
    found = _found(ANALYTICS, website, period, buckets)
    return OrderReport(
        figures=_figures(found, baseline=False),
        before=_figures(found, baseline=True) if period.baseline else None,
        durations=OrderDurations(*(_hours(found, what) for what in SINCE)),
        points=[_point(found, str(number)) for number in range(1, len(buckets) + 1)],
        by_status=[OrderStatusCount(one, _of(found, "placed", "status", one.value).n) for one in Status],
        by_work_type=_kinds(found, "work_type"),
        by_subject=_kinds(found, "subject"),
        by_academic_level=_kinds(found, "academic_level"),
        by_cancel_cause=[CancelCauseCount(one, _of(found, "cancelled", "cancel_cause", one.value).n) for one in Cause],
    )


def _found(statement: str, website: Website, period: Period, buckets: Sequence[Bucket]) -> _Found:
    rows = select(statement, **of_period(website, period, buckets))
    return {tuple(row[:4]): _Measures(*row[4:]) for row in rows}


def _of(found: _Found, what: str, kind: str = "", key: str = "", *, baseline: bool = False) -> _Measures:
    return found.get((what, baseline, kind, key), NOTHING)


def _figures(found: _Found, *, baseline: bool) -> OrderFigures:
    placed, paid, delivered, completed, cancelled, rounds, failed = (
        _of(found, what, baseline=baseline)
        for what in ("placed", "paid", "delivered", "completed", "cancelled", "rounds", "failed")
    )
    return OrderFigures(
        placed=placed.n,
        paid=paid.n,
        delivered=delivered.n,
        completed=completed.n,
        cancelled=cancelled.n,
        completion_rate=rate(completed.n, completed.n + failed.n),
        on_time_rate=rate(rounds.good, rounds.n),
        revision_rate=rate(delivered.good, delivered.n),
    )


def _point(found: _Found, number: str) -> OrderCounts:
    return OrderCounts(
        *(_of(found, what, "bucket", number).n for what in ("placed", "paid", "delivered", "completed", "cancelled"))
    )


def _hours(found: _Found, what: str) -> Spread:
    one = _of(found, f"hours to {what}")
    return spread(one.p50, one.p90, one.mean, one.timed)


def _kinds(found: _Found, kind: str) -> list[OrderKindCount]:
    """The most placed first."""
    codes = {key for what, baseline, its, key in found if its == kind and not baseline}
    rows = [
        OrderKindCount(code, *(_of(found, what, kind, code).n for what in ("placed", "completed"))) for code in codes
    ]
    return sorted(rows, key=lambda row: (-row.placed, -row.completed, row.code))
