"""Reviews as each role sees them, and the ratings that come of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Avg

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.tenancy.models import Website
from copydesk.threads.queries import Masked, masked_list
from copydesk.writers.queries import STARS_MILLI, bayes_rating, pen_names, rating_weight

from .models import Review, ReviewStatus, Target

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """`rating` is 1 to 5 stars. `client` ("Client 12") is null for writers; `writer` is a pen name."""

    id: int
    order_id: int
    order_number: int
    target: Target
    rating: int
    text: str
    masked: list[Masked]
    status: ReviewStatus
    client: str | None
    client_id: int | None
    writer: str
    writer_id: int
    submitted_at: dt.datetime
    approved_at: dt.datetime | None
    available_actions: list[AvailableAction]


def review_rows(actor: Actor, reviews: Sequence[Review]) -> list[ReviewRow]:
    """Of reviews with `order` and `client` selected. One query, for pen names."""
    names = pen_names(actor.website, {review.writer_id for review in reviews})
    nameless = actor.role is Role.WRITER
    return [
        ReviewRow(
            id=review.pk,
            order_id=review.order_id,
            order_number=review.order.number,
            target=Target(review.target),
            rating=review.rating,
            text=review.text,
            masked=masked_list(review.masked),
            status=ReviewStatus(review.status),
            client=None if nameless else f"Client {review.client.number}",
            client_id=None if nameless else review.client_id,
            writer=names.get(review.writer_id, "Writer"),
            writer_id=review.writer_id,
            submitted_at=review.submitted_at,
            approved_at=review.approved_at,
            available_actions=Review.LIFECYCLE.available(review, actor),
        )
        for review in reviews
    ]


def writer_ratings(website: Website, writer_ids: Sequence[int]) -> dict[int, int]:
    """Thousandths of a star by writer, of those who have approved reviews: RULES §10. Two queries."""
    rows = Review.objects.of(website).rating_writers()
    mean = rows.aggregate(mean=Avg("rating"))["mean"]
    now = clock.now()
    weighted: dict[int, list[tuple[float, float]]] = {}
    found = rows.filter(writer_id__in=writer_ids).order_by("id").values_list("writer_id", "rating", "submitted_at")
    for writer_id, rating, submitted_at in found.iterator():
        weight = rating_weight(max((now - submitted_at) / DAY, 0.0))
        weighted.setdefault(writer_id, []).append((weight, float(rating)))
    return {
        writer_id: round(bayes_rating(float(mean or 0), pairs) * STARS_MILLI) for writer_id, pairs in weighted.items()
    }
