"""Reviewing an order, and what it does to the writer's rating."""

from __future__ import annotations

from datetime import datetime

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.core import clock
from copydesk.core.errors import Forbidden
from copydesk.journal.actions import advance, lock, record
from copydesk.journal.models import details
from copydesk.orders.models import Order, Status
from copydesk.tenancy.models import Website
from copydesk.threads.policies import MessagePolicy
from copydesk.writers.actions import keep_rating

from . import errors, queries
from .models import Review, Standing, Target


def submit_review(order: Order, *, target: Target, rating: int, text: str, by: Actor) -> Review:
    """The client's only review of a completed order; contact details in it are masked as in messages.

    The order verifies its author, so it is approved at once. Raises Forbidden, OrderNotCompleted, AlreadyReviewed.
    """
    if not by.can(Can.REVIEW_ORDERS) or order.client_id != by.membership_id:
        raise Forbidden
    lock(order)
    if order.status != Status.COMPLETED or order.writer_id is None:
        raise errors.OrderNotCompleted
    if Review.objects.of(by.website).filter(order=order).exists():
        raise errors.AlreadyReviewed
    cleaned = MessagePolicy.of(by.website).mask(text.strip())
    review = Review.objects.of(by.website).create(
        order=order,
        client_id=order.client_id,
        writer_id=order.writer_id,
        target=target,
        rating=rating,
        text=cleaned.text,
        masked=cleaned.counts,
        submitted_at=clock.now(),
    )
    record("review.submit", review, by=by, after=review.status, data=details(target=target, rating=rating))
    return advance(review, "approve", by=Actor.system(by.website), data=details(target=target, rating=rating))


def rate_writer(website: Website, writer_id: int) -> None:
    """Works the writer's rating out again, as of now: older reviews count for less."""
    keep_rating(website, writer_id, queries.writer_ratings(website, [writer_id]).get(writer_id))


def rate_writers(website: Website) -> None:
    """Of all who have been reviewed. Three queries, and one for each rating that has changed."""
    reviewed = Review.objects.of(website).rating_writers().order_by().values_list("writer_id", flat=True).distinct()
    for writer_id, rating_milli in queries.writer_ratings(website, list(reviewed)).items():
        keep_rating(website, writer_id, rating_milli)


def rank_writers(website: Website, at: datetime) -> None:
    """Works all writers' standings out again, as of `at`. Three queries, whatever their number."""
    rows = queries.standings(website, at)
    kept = [field.name for field in Standing._meta.concrete_fields if field.name not in ("writer", "website")]
    Standing.objects.of(website).bulk_create(rows, update_conflicts=True, unique_fields=["writer"], update_fields=kept)
