"""Mirrors copydesk/reviews/actions.py: a completed order is reviewed, and rates its writer."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.journal.models import details
from copydesk.reviews.models import RATING_TARGETS, Review, Target
from copydesk.writers.queries import STARS_MILLI, bayes_rating, rating_weight

from ..copy import dumps
from ..crew import Member
from ..stage import Case, Stage, step
from .papers import masked

DAY = dt.timedelta(days=1)


@step
def submit_review(stage: Stage, case: Case, *, by: Actor, target: Target, rating: int, text: str) -> None:
    order, crew = case.order, stage.crew
    cleaned = masked(text.strip())
    row = stage.make(
        Review,
        order_id=order.id,
        client_id=order.client_id,
        writer_id=order.writer_id,
        target=target.value,
        rating=rating,
        text=cleaned.text,
        masked=dumps(cleaned.counts),
        submitted_at=stage.now,
    )
    data = details(target=target.value, rating=rating)
    stage.record("review.submit", row, by=by, after=row.status, data=data)
    stage.advance(row, "approve", by=stage.system, data=data)
    stage.loader.send(row)
    if target in RATING_TARGETS:
        writer = crew.by_id[order.writer_id]
        writer.ratings.append((float(rating), stage.now))
        crew.stars += rating
        crew.reviews += 1
        if crew.rated_nightly:
            _rate(stage, writer)


@step
def rate_writers(stage: Stage) -> None:
    """The last night's: what earlier ones and earlier reviews made of the ratings, it makes anew."""
    stage.crew.rated_nightly = True
    for writer in stage.crew.writers:
        if writer.ratings:
            _rate(stage, writer)


def _rate(stage: Stage, writer: Member) -> None:
    pairs = [(rating_weight(max((stage.now - at) / DAY, 0.0)), rating) for rating, at in writer.ratings]
    writer.writer.rating_milli = round(bayes_rating(stage.crew.stars / stage.crew.reviews, pairs) * STARS_MILLI)
