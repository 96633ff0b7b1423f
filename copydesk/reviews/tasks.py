"""What follows from a review. Safe to run twice: a rating is worked out anew each time."""

from __future__ import annotations

from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.tenancy.jobs import job, sweep
from copydesk.tenancy.models import Website

from . import actions
from .models import Review


@job("reviews.rate_writer")
def rate_writer(website: Website, *, event_id: int) -> None:
    event = Event.objects.of(website).get(pk=event_id)
    review = Review.objects.of(website).get(pk=event.subject_id)
    if review.writer_id is not None:
        actions.rate_writer(website, review.writer_id)


@sweep("reviews.rate_writers", "17 3 * * *")
def rate_writers(website: Website) -> None:
    actions.rate_writers(website)


@sweep("reviews.rank_writers", "7 * * * *")
def rank_writers(website: Website) -> None:
    actions.rank_writers(website, clock.now())


@sweep("reviews.lift_shadows", "*/5 * * * *")
def lift_shadows(website: Website) -> None:
    actions.lift_shadows(website)
