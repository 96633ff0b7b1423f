"""What a visitor of the website reads of its reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from ..models import Review, Target
from ..models.review import IS_RATED, ReviewQuerySet

ROWS = """
SELECT r.id, r.target, r.rating, r.text, r.verified, r.status = 'flagged',
       CASE WHEN r.target <> 'website' THEN w.pen_name END, r.submitted_at
FROM reviews_review r LEFT JOIN writers_writer w ON w.website_id = r.website_id AND w.id = r.writer_id
WHERE r.website_id = %(website)s AND r.id = ANY(%(ids)s::bigint[])
"""
STARS = f"SELECT rating, count(*) FROM reviews_review WHERE website_id = %(website)s AND {IS_RATED} GROUP BY 1"  # noqa: S608


@dataclass(frozen=True, slots=True)
class PublicReview:
    """Nobody's name but the writer's pen name; null where the website is reviewed. `under_review`: somebody has doubts,
    and it does not count until they are settled."""

    id: int
    target: Target
    rating: int
    text: str
    verified: bool
    under_review: bool
    writer: str | None
    submitted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class StarCount:
    stars: int
    reviews: int


@dataclass(frozen=True, slots=True)
class PublicRating:
    """Of the published reviews that are not under review: the mean, null without any; from 5 stars to 1."""

    mean: float | None
    reviews: int
    by_stars: list[StarCount]


def published_reviews(website: Website) -> ReviewQuerySet:
    return Review.objects.of(website).published()


def public_rows(website: Website, ids: Sequence[int]) -> list[PublicReview]:
    """One query."""
    rows = select(ROWS, website=website.pk, ids=list(ids))
    found = {pk: PublicReview(pk, Target(target), *rest) for pk, target, *rest in rows}
    return [found[pk] for pk in ids]


def public_rating(website: Website) -> PublicRating:
    """One query."""
    found = {row[0]: row[1] for row in select(STARS, website=website.pk)}
    n = sum(found.values())
    mean = round(sum(stars * count for stars, count in found.items()) / n, 2) if n else None
    return PublicRating(mean, n, [StarCount(stars, found.get(stars, 0)) for stars in range(5, 0, -1)])
