"""What a writer may be proud of. A badge is earned when the nth of something happens, and stays earned."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import NotFound
from copydesk.core.period import Compare, Granularity, Period, day_start
from copydesk.orders.queries.record import work_record
from copydesk.reviews.models.review import IS_RATED, OF_WRITER
from copydesk.writers.models import Writer


class Counts(StrEnum):
    COMPLETED = "completed"
    """Orders brought to completion."""
    ON_TIME = "on_time"
    """Rounds submitted in time, one after the other; a late one begins the count anew."""
    MONTHS = "months"
    """Months, in the website's zone, with an order completed."""
    FIVE_STARS = "five_stars"
    """Published reviews of five stars."""
    TIPS = "tips"


@dataclass(frozen=True, slots=True)
class Badge:
    code: str
    name: str
    about: str
    counts: Counts
    target: int


BADGES = (
    Badge("first_order", "First order", "Completed an order.", Counts.COMPLETED, 1),
    Badge("orders_10", "Ten orders", "Completed 10 orders.", Counts.COMPLETED, 10),
    Badge("orders_50", "Fifty orders", "Completed 50 orders.", Counts.COMPLETED, 50),
    Badge("orders_100", "A hundred orders", "Completed 100 orders.", Counts.COMPLETED, 100),
    Badge("orders_500", "Five hundred orders", "Completed 500 orders.", Counts.COMPLETED, 500),
    Badge("punctual_10", "Punctual", "Handed in 10 times in a row in time.", Counts.ON_TIME, 10),
    Badge("punctual_50", "Clockwork", "Handed in 50 times in a row in time.", Counts.ON_TIME, 50),
    Badge("five_stars", "Five stars", "Had a review of five stars.", Counts.FIVE_STARS, 1),
    Badge("top_rated", "Top rated", "Had 25 reviews of five stars.", Counts.FIVE_STARS, 25),
    Badge("months_3", "Settled in", "Completed orders in 3 months.", Counts.MONTHS, 3),
    Badge("months_12", "A year of work", "Completed orders in 12 months.", Counts.MONTHS, 12),
    Badge("months_24", "Two years of work", "Completed orders in 24 months.", Counts.MONTHS, 24),
    Badge("first_tip", "First tip", "A client gave a tip.", Counts.TIPS, 1),
)

REACHED = f"""
WITH {work_record("a.writer_id = %(member)s")}, done AS (
    SELECT at FROM record WHERE figure = 'completion' AND good = 1
), rounds AS (
    SELECT at, good, count(*) FILTER (WHERE good = 0) OVER (
        ORDER BY at, good ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS run
    FROM record WHERE figure = 'on_time'
), reached AS (
    SELECT 'completed' AS counts, row_number() OVER (ORDER BY at) AS n, at FROM done
    UNION ALL
    SELECT 'months', row_number() OVER (ORDER BY min(at)), min(at) FROM done
    GROUP BY width_bucket(at, %(months)s::timestamptz[])
    UNION ALL
    SELECT 'on_time', row_number() OVER (PARTITION BY run ORDER BY at), at FROM rounds WHERE good = 1
    UNION ALL
    SELECT 'five_stars', row_number() OVER (ORDER BY submitted_at), submitted_at FROM reviews_review
    WHERE website_id = %(website)s AND writer_id = %(member)s AND {IS_RATED} AND {OF_WRITER} AND rating = 5
    UNION ALL
    SELECT 'tips', row_number() OVER (ORDER BY created_at), created_at FROM payments_earning
    WHERE website_id = %(website)s AND writer_id = %(member)s AND kind = 'tip'
)
SELECT counts, n, min(at) FROM reached WHERE n = ANY(%(targets)s) GROUP BY 1, 2
UNION ALL
SELECT counts, max(n), NULL FROM reached WHERE counts <> 'on_time' GROUP BY 1
UNION ALL
SELECT 'on_time', count(*) FILTER (WHERE good = 1), NULL FROM rounds WHERE run = (SELECT max(run) FROM rounds)
"""  # noqa: S608 — put together from constants
"""When each number was reached first; and, without a time, how far each count is now."""


@dataclass(frozen=True, slots=True)
class EarnedBadge:
    code: str
    name: str
    about: str
    earned_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AvailableBadge:
    """`current` of `target`; of what must happen in a row, the present row."""

    code: str
    name: str
    about: str
    current: int
    target: int


@dataclass(frozen=True, slots=True)
class WriterBadges:
    """`earned` the newest first, `available` the nearest first."""

    earned: list[EarnedBadge]
    available: list[AvailableBadge]


def writer_badges(actor: Actor) -> WriterBadges:
    """Two queries, over the writer's own history. Raises NotFound where the writer has no profile."""
    writer = Writer.objects.visible_to(actor).first()
    if writer is None:
        raise NotFound
    params = {
        "website": actor.website.pk,
        "member": writer.pk,
        "oldest": dt.datetime.min.replace(tzinfo=dt.UTC),
        "months": _months(writer.applied_at, actor.website.timezone),
        "targets": sorted({badge.target for badge in BADGES}),
    }
    reached: dict[tuple[str, int], dt.datetime] = {}
    present: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(REACHED, params)
        for counts, n, at in cursor.fetchall():
            if at is None:
                present[counts] = n
            else:
                reached[counts, n] = at
    earned, available = [], []
    for badge in BADGES:
        at = reached.get((badge.counts, badge.target))
        if at is None:
            current = present.get(badge.counts, 0)
            available.append(AvailableBadge(badge.code, badge.name, badge.about, current, badge.target))
        else:
            earned.append(EarnedBadge(badge.code, badge.name, badge.about, at))
    return WriterBadges(
        earned=sorted(earned, key=lambda badge: badge.earned_at, reverse=True),
        available=sorted(available, key=lambda badge: -badge.current / badge.target),
    )


def _months(since: dt.datetime, timezone: str) -> list[dt.datetime]:
    """Where each month begins, from that of `since` on."""
    first = since.astimezone(ZoneInfo(timezone)).date().replace(day=1)
    until = clock.now() + dt.timedelta(days=1)
    period = Period(day_start(first, timezone), until, timezone, Granularity.MONTH, Compare.NONE)
    return [bucket.since for bucket in period.buckets()]
