"""Mirrors copydesk/reviews/actions.py: a completed order is reviewed, and rates its writer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.journal.models import details
from copydesk.reviews.models import RATING_TARGETS, Review, Target
from copydesk.writers.queries import STARS_MILLI, bayes_rating, rating_weight

from ..copy import Row, dumps
from ..crew import Crew, Member
from ..stage import Case, Stage, step
from .papers import masked

DAY = dt.timedelta(days=1)


@step
def submit_review(
    stage: Stage, crew: Crew, case: Case, client: Member, *, target: Target, rating: int, text: str
) -> Row:
    order = case.order
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
    about: dict[str, Any] = {
        "data": details(target=target.value, rating=rating),
        "root": ("order", order.id),
        "parties": (order.client_id, order.writer_id if target in RATING_TARGETS else None),
    }
    stage.record("review.submit", row, by=client.actor, after=row.status, **about)
    stage.advance(row, "approve", by=stage.system, **about)
    stage.loader.send(row)
    if target in RATING_TARGETS:
        writer = crew.by_id[order.writer_id]
        writer.ratings.append((float(rating), stage.now))
        crew.stars += rating
        crew.reviews += 1
        if crew.rated_nightly:
            _rate(stage, crew, writer)
    return row


@step
def rate_writers(stage: Stage, crew: Crew) -> None:
    """The last night's: what earlier ones and earlier reviews made of the ratings, it makes anew."""
    crew.rated_nightly = True
    for writer in crew.writers:
        if writer.ratings:
            _rate(stage, crew, writer)


def _rate(stage: Stage, crew: Crew, writer: Member) -> None:
    pairs = [(rating_weight(max((stage.now - at) / DAY, 0.0)), rating) for rating, at in writer.ratings]
    writer.writer.rating_milli = round(bayes_rating(crew.stars / crew.reviews, pairs) * STARS_MILLI)
