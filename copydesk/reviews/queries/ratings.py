"""Ratings and standings, of approved, public reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Avg

from copydesk.core import clock
from copydesk.core.numbers import Rate, rate, wilson_lower
from copydesk.orders.queries.match import PERFORMANCE_DAYS
from copydesk.orders.queries.record import work_record
from copydesk.tenancy.models import Website
from copydesk.writers.models import ADMITTED
from copydesk.writers.queries import (
    MOST_STARS,
    STARS_MILLI,
    bayes_rating,
    mean_rating,
    rating_weight,
)

from ..models import Review, Standing

DAY = dt.timedelta(days=1)
LEAST_OUTCOMES = 5
NEUTRAL = 0.5
RANK_WEIGHTS = {"rating": 30, "completion": 25, "on_time": 25, "revision": 20}

COUNTED = f"""
WITH {work_record()}
SELECT w.id, w.rating_milli,
       coalesce(sum(r.good) FILTER (WHERE r.figure = 'completion'), 0)::int,
       count(*) FILTER (WHERE r.figure = 'completion'),
       coalesce(sum(r.good) FILTER (WHERE r.figure = 'on_time'), 0)::int,
       count(*) FILTER (WHERE r.figure = 'on_time'),
       coalesce(sum(r.good) FILTER (WHERE r.figure = 'revision'), 0)::int,
       count(*) FILTER (WHERE r.figure = 'revision')
FROM writers_writer w
LEFT JOIN record r ON r.writer_id = w.id AND r.at > %(oldest)s AND r.at <= %(at)s
WHERE w.website_id = %(website)s AND w.status = ANY(%(admitted)s)
GROUP BY w.id, w.rating_milli ORDER BY w.id
"""  # noqa: S608 — put together from constants


def writer_ratings(website: Website, writer_ids: Sequence[int]) -> dict[int, int]:
    """Thousandths of a star by writer, of those who have approved, public reviews: RULES §10. Two queries."""
    rows = Review.objects.of(website).rating_writers()
    mean = rows.aggregate(mean=Avg("rating"))["mean"]
    now = clock.now()
    weighted: dict[int, list[tuple[float, float]]] = {}
    found = rows.filter(writer_id__in=writer_ids).order_by("id").values_list("writer_id", "rating", "submitted_at")
    for writer_id, rating, submitted_at in found.iterator():
        assert writer_id is not None
        weight = rating_weight(max((now - submitted_at) / DAY, 0.0))
        weighted.setdefault(writer_id, []).append((weight, float(rating)))
    return {
        writer_id: round(bayes_rating(float(mean or 0), pairs) * STARS_MILLI) for writer_id, pairs in weighted.items()
    }


@dataclass(frozen=True, slots=True)
class RankFactor:
    """`value` 0..1 counts for `weight` of 100 in the composite. `rate` is what it comes from, null for the rating: a
    rate counts by its Wilson lower bound, since few outcomes prove little; of `revision` the share without one."""

    name: str
    weight: int
    value: float
    rate: Rate | None


def standings(website: Website, at: dt.datetime) -> list[Standing]:
    """Of all admitted writers, over the year before `at`, not saved. Unranked is who has fewer than five outcomes;
    equals share a rank. Two queries."""
    params: dict[str, Any] = {
        "website": website.pk,
        "at": at,
        "oldest": at - dt.timedelta(days=PERFORMANCE_DAYS),
        "admitted": [status.value for status in ADMITTED],
    }
    mean = mean_rating(website)
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, params)
        rows = [_standing(website, at, mean, *row) for row in cursor.fetchall()]
    ranked = sorted((row.composite for row in rows if row.outcomes >= LEAST_OUTCOMES), reverse=True)
    places: dict[float, int] = {}
    for place, composite in enumerate(ranked, start=1):
        places.setdefault(composite, place)
    for row in rows:
        row.ranked = len(ranked)
        row.rank = places[row.composite] if row.outcomes >= LEAST_OUTCOMES else None
    return rows


def rank_factors(standing: Standing) -> list[RankFactor]:
    """An unrated writer has the website's mean rating, one half where nobody is rated."""
    stars = standing.rating_milli or standing.mean_rating_milli
    whole = standing.delivered - standing.revised
    found = {
        "rating": (NEUTRAL if stars is None else stars / STARS_MILLI / MOST_STARS, None),
        "completion": (
            wilson_lower(standing.completed, standing.outcomes),
            rate(standing.completed, standing.outcomes),
        ),
        "on_time": (wilson_lower(standing.on_time, standing.submitted), rate(standing.on_time, standing.submitted)),
        "revision": (wilson_lower(whole, standing.delivered), rate(standing.revised, standing.delivered)),
    }
    return [RankFactor(name, RANK_WEIGHTS[name], round(value, 4), of) for name, (value, of) in found.items()]


def _standing(website: Website, at: dt.datetime, mean: float | None, writer_id: int, *figures: Any) -> Standing:
    names = ("rating_milli", "completed", "outcomes", "on_time", "submitted", "revised", "delivered")
    row = Standing(website_id=website.pk, writer_id=writer_id, computed_at=at, **dict(zip(names, figures, strict=True)))
    row.mean_rating_milli = None if mean is None else round(mean * STARS_MILLI)
    row.composite = round(sum(factor.weight * factor.value for factor in rank_factors(row)) / 100, 4)
    return row
