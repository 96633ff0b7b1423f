"""What the spam score stands on, found by indexes: never by going through the reviews."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import math
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from copydesk.core import clock
from copydesk.core.period import day_start
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from ..models import LOW_STARS, RATING_TARGETS, Review, ReviewStatus, Target
from ..models.review import OF_WRITER, ReviewQuerySet
from ..spam import BASELINE_DAYS, COMPARED_DAYS, DAY, LEAST_ALIKE, WINDOW, Evidence, SignalName

OF_SUBJECT = {
    True: f"website_id = %(website)s AND writer_id = %(writer)s::bigint AND {OF_WRITER} AND rating <= {LOW_STARS}",
    False: f"website_id = %(website)s AND target = '{Target.WEBSITE}' AND rating <= {LOW_STARS}",
}
"""The low reviews of one writer's work, or of the website."""
SEEN = """
SELECT EXISTS (
           SELECT FROM orders_order
           WHERE website_id = %(website)s AND client_id = %(client)s AND completed_at IS NOT NULL
       ),
       m.created_at,
       (
           SELECT count(*) FROM reviews_review
           WHERE website_id = %(website)s AND client_id = %(client)s AND submitted_at > %(recently)s
       ),
       (
           SELECT count(*) FROM reviews_review
           WHERE website_id = %(website)s AND origin = %(origin)s::bigint AND submitted_at > %(recently)s
       ),
       alike.id, alike.first_id, coalesce(alike.common, 0),
       (SELECT count(*) FROM reviews_review WHERE {subject} AND submitted_at >= %(today)s AND submitted_at <= %(at)s),
       (SELECT count(*) FROM reviews_review WHERE {subject} AND submitted_at >= %(before)s AND submitted_at < %(today)s)
FROM accounts_membership m
LEFT JOIN LATERAL (
    SELECT r.id, coalesce(r.duplicate_of_id, r.id) AS first_id, f.common
    FROM (
        SELECT review_id, count(*) AS common FROM reviews_fragment
        WHERE website_id = %(website)s AND hash = ANY(%(fragments)s::bigint[]) AND at > %(compared)s
        GROUP BY 1 HAVING count(*) >= %(least)s ORDER BY 2 DESC, 1 LIMIT 1
    ) f
    JOIN reviews_review r ON r.website_id = %(website)s AND r.id = f.review_id
) alike ON true
WHERE m.website_id = %(website)s AND m.id = %(client)s
"""
"""The columns of Evidence."""


def evidence(
    website: Website,
    *,
    client_id: int,
    writer_id: int | None,
    target: Target,
    origin: int | None,
    fragments: Sequence[int],
) -> Evidence:
    """Of a review that is about to be written. One query."""
    at = clock.now()
    today = _today(website, at)
    of_writer = target in RATING_TARGETS
    (row,) = select(
        SEEN.replace("{subject}", OF_SUBJECT[of_writer]),
        website=website.pk,
        client=client_id,
        writer=writer_id if of_writer else None,
        origin=origin,
        fragments=list(fragments),
        least=math.ceil(LEAST_ALIKE * len(fragments)) or 1,
        at=at,
        today=today,
        before=_today(website, at, BASELINE_DAYS),
        recently=at - WINDOW,
        compared=at - COMPARED_DAYS * DAY,
    )
    return Evidence(*row)


def others_of_burst(review: Review) -> ReviewQuerySet:
    """The low reviews of the same subject on the same day, before this one, that are not rejected and not known to be
    of a burst; rising."""
    at = review.submitted_at
    low = Review.objects.of(review.website_id).filter(rating__lte=LOW_STARS)
    if review.target in RATING_TARGETS:
        low = low.filter(writer_id=review.writer_id, target__in=RATING_TARGETS)
    else:
        low = low.filter(target=Target.WEBSITE)
    today = low.filter(submitted_at__gte=_today(review.website, at), submitted_at__lte=at, pk__lt=review.pk)
    known = Q(signals__contains=[{"name": SignalName.BURST.value}])
    return today.exclude(known | Q(status=ReviewStatus.REJECTED)).order_by("pk")


def origin_of(website: Website, address: str | None) -> int | None:
    """A hash of the address under the installation's key, of its own for each website."""
    if address is None:
        return None
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"{website.pk}\0{address}".encode(), hashlib.sha256)
    return int.from_bytes(digest[:8], signed=True)


def _today(website: Website, at: dt.datetime, days_before: int = 0) -> dt.datetime:
    """When the day began, in the website's zone; or one before it."""
    day = at.astimezone(ZoneInfo(website.timezone)).date() - dt.timedelta(days=days_before)
    return day_start(day, website.timezone)
