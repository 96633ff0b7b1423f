"""How well a writer has worked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core.numbers import ComparedCount, Rate, compared_count, rate
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.disputes.models import DisputeStatus, Verdict
from copydesk.orders.queries.record import work_record
from copydesk.reviews.models.review import IS_RATED, OF_WRITER
from copydesk.tenancy.buckets import BASELINE, IN_BUCKETS
from copydesk.writers.queries import stars

from .buckets import of_member

RATED = "rating"
LOST = "lost"
KEPT = "kept_rating"

RECORD = f"""
WITH {work_record("a.writer_id = %(member)s")}, happened AS (
    SELECT figure, at, good FROM record
    UNION ALL
    SELECT '{RATED}', submitted_at, rating FROM reviews_review
    WHERE website_id = %(website)s AND writer_id = %(member)s AND {IS_RATED} AND {OF_WRITER}
      AND submitted_at >= %(oldest)s
    UNION ALL
    SELECT '{LOST}', closed_at, (verdict = '{Verdict.CLIENT}')::int FROM disputes_dispute
    WHERE website_id = %(website)s AND writer_id = %(member)s AND status = '{DisputeStatus.RESOLVED}'
      AND closed_at >= %(oldest)s
)
SELECT figure, bucket, sum(good)::int, count(*) FROM happened CROSS JOIN LATERAL {IN_BUCKETS} b GROUP BY 1, 2
UNION ALL
SELECT '{KEPT}', {BASELINE}, rating_milli, 1 FROM writers_writer WHERE website_id = %(website)s AND id = %(member)s
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class Stars:
    """The plain mean of `n` published reviews, 1 to 5; null where there are none."""

    mean: float | None
    n: int


@dataclass(frozen=True, slots=True)
class PerformanceFigures:
    """Of some time. `completed` orders are the numerator of `completion_rate`, whose denominator has those that the
    writer dropped, or that were cancelled for its cause, too. `on_time_rate`: of the rounds submitted, those by the due
    time with its excused time. `revision_rate`, `dispute_rate`: of the orders first `delivered` in that time, those
    with a revision that the writer caused, and those that were disputed, until now. `lost_dispute_rate`: of the
    disputes that were decided in that time, whatever the order, those for the client. `acceptance_rate`: of the offers
    answered or left to expire, those accepted. `reviews` by the day they were written. Without any: 0 for counts, null
    for rates."""

    completed: int
    delivered: int
    completion_rate: Rate
    on_time_rate: Rate
    revision_rate: Rate
    dispute_rate: Rate
    lost_dispute_rate: Rate
    acceptance_rate: Rate
    reviews: Stars


@dataclass(frozen=True, slots=True)
class PerformancePoint:
    """`on`: the first day of the bucket in the period."""

    on: dt.date
    figures: PerformanceFigures


@dataclass(frozen=True, slots=True)
class WriterPerformance:
    """As PerformanceFigures, of the period; `before` are those of the time that is compared with, null where nothing
    is. `rating`: stars as of now, by RULES' weights of all reviews, null while unrated. Numerators and denominators of
    the `trend` sum to those of the rates."""

    period: ReportPeriod
    granularity: Granularity
    completed: ComparedCount
    delivered: ComparedCount
    completion_rate: Rate
    on_time_rate: Rate
    revision_rate: Rate
    dispute_rate: Rate
    lost_dispute_rate: Rate
    acceptance_rate: Rate
    reviews: Stars
    rating: float | None
    before: PerformanceFigures | None
    trend: list[PerformancePoint]


Counted = dict[str, dict[int, tuple[int, int]]]


def writer_performance(actor: Actor, period: Period) -> WriterPerformance:
    """One query."""
    buckets = period.buckets()
    found: Counted = {}
    rating_milli: int | None = None
    with connection.cursor() as cursor:
        cursor.execute(RECORD, of_member(actor, period, buckets))
        for figure, bucket, good, count in cursor.fetchall():
            if figure == KEPT:
                rating_milli = good
            else:
                found.setdefault(figure, {})[bucket] = (good, count)
    numbers = range(1, len(buckets) + 1)
    now = _figures(found, numbers)
    before = _figures(found, [BASELINE]) if period.baseline else None
    return WriterPerformance(
        period=period.row(),
        granularity=period.granularity,
        completed=compared_count(now.completed, before.completed if before else None),
        delivered=compared_count(now.delivered, before.delivered if before else None),
        completion_rate=now.completion_rate,
        on_time_rate=now.on_time_rate,
        revision_rate=now.revision_rate,
        dispute_rate=now.dispute_rate,
        lost_dispute_rate=now.lost_dispute_rate,
        acceptance_rate=now.acceptance_rate,
        reviews=now.reviews,
        rating=stars(rating_milli),
        before=before,
        trend=[
            PerformancePoint(bucket.on, _figures(found, [number]))
            for number, bucket in zip(numbers, buckets, strict=True)
        ],
    )


def _figures(found: Counted, buckets: Sequence[int]) -> PerformanceFigures:
    def sums(figure: str) -> tuple[int, int]:
        counted = found.get(figure, {})
        pairs = [counted[bucket] for bucket in buckets if bucket in counted]
        return sum(good for good, _ in pairs), sum(count for _, count in pairs)

    completed, (_, delivered), (total, reviews) = sums("completion"), sums("revision"), sums(RATED)
    return PerformanceFigures(
        completed=completed[0],
        delivered=delivered,
        completion_rate=rate(*completed),
        on_time_rate=rate(*sums("on_time")),
        revision_rate=rate(*sums("revision")),
        dispute_rate=rate(*sums("dispute")),
        lost_dispute_rate=rate(*sums(LOST)),
        acceptance_rate=rate(*sums("acceptance")),
        reviews=Stars(round(total / reviews, 2) if reviews else None, reviews),
    )
