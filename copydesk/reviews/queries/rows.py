"""Reviews, reports and appeals as each role sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.lifecycle import AvailableAction
from copydesk.threads.queries import Masked, masked_list
from copydesk.writers.queries import pen_names

from ..models import Appeal, AppealStatus, Ground, Report, Review, ReviewStatus, Target, Visibility
from ..models.review import ReviewQuerySet


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """`rating` is 1 to 5 stars. `client` ("Client 12") is null for writers; `writer` is a pen name, null where no order
    is reviewed. `verified`: its author has a completed order here. `rejected_for` is empty unless it is rejected."""

    id: int
    order_id: int | None
    order_number: int | None
    target: Target
    rating: int
    text: str
    masked: list[Masked]
    verified: bool
    status: ReviewStatus
    visibility: Visibility
    rejected_for: str
    client: str | None
    client_id: int | None
    writer: str | None
    writer_id: int | None
    submitted_at: dt.datetime
    approved_at: dt.datetime | None
    rejected_at: dt.datetime | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A member's own; moderators read all in the queue."""

    id: int
    review_id: int
    ground: Ground
    note: str
    reported_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AppealRow:
    """`answer` is empty while it is open."""

    id: int
    review_id: int
    text: str
    status: AppealStatus
    answer: str
    opened_at: dt.datetime
    decided_at: dt.datetime | None
    available_actions: list[AvailableAction]


def review_rows(actor: Actor, reviews: Sequence[Review]) -> list[ReviewRow]:
    """Of reviews with `order` and `client` selected. One query, for pen names."""
    names = pen_names(actor.website, {review.writer_id for review in reviews if review.writer_id is not None})
    nameless = actor.role is Role.WRITER
    return [
        ReviewRow(
            id=review.pk,
            order_id=review.order_id,
            order_number=review.order.number if review.order else None,
            target=Target(review.target),
            rating=review.rating,
            text=review.text,
            masked=masked_list(review.masked),
            verified=review.verified,
            status=ReviewStatus(review.status),
            visibility=seen_visibility(actor, review),
            rejected_for=review.rejected_for if review.status == ReviewStatus.REJECTED else "",
            client=None if nameless else f"Client {review.client.number}",
            client_id=None if nameless else review.client_id,
            writer=None if review.writer_id is None else names.get(review.writer_id, "Writer"),
            writer_id=review.writer_id,
            submitted_at=review.submitted_at,
            approved_at=review.approved_at,
            rejected_at=review.rejected_at,
            available_actions=Review.LIFECYCLE.available(review, actor),
        )
        for review in reviews
    ]


def seen_visibility(actor: Actor, review: Review) -> Visibility:
    """Its author is not told that nobody else sees it."""
    shadowed = review.visibility == Visibility.SHADOWED
    return Visibility.PUBLIC if shadowed and not actor.is_staff else Visibility(review.visibility)


def reportable(actor: Actor) -> ReviewQuerySet:
    """What a member may come across: staff all, others what is published, and its own."""
    rows = Review.objects.of(actor.website)
    return rows if actor.is_staff else rows.published() | rows.filter(client_id=actor.membership_id)


def report_row(report: Report) -> ReportRow:
    return ReportRow(
        id=report.pk,
        review_id=report.review_id,
        ground=Ground(report.ground),
        note=report.note,
        reported_at=report.reported_at,
    )


def appeal_row(actor: Actor, appeal: Appeal) -> AppealRow:
    return AppealRow(
        id=appeal.pk,
        review_id=appeal.review_id,
        text=appeal.text,
        status=AppealStatus(appeal.status),
        answer=appeal.answer,
        opened_at=appeal.opened_at,
        decided_at=appeal.decided_at,
        available_actions=Appeal.LIFECYCLE.available(appeal, actor),
    )
