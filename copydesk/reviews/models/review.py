"""A review: what a client says about an order, its writer or the website."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core.errors import Forbidden, Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.orders.models import Order
from copydesk.tenancy.models import OnWebsite, TenantQuerySet

from .. import errors


class ReviewStatus(models.TextChoices):
    PENDING = "pending"
    APPROVED = "approved"
    FLAGGED = "flagged"
    REJECTED = "rejected"


class Visibility(models.TextChoices):
    PUBLIC = "public"
    SHADOWED = "shadowed"
    """Its author alone sees it, as if it were public; until a date."""
    REMOVED = "removed"


class Target(models.TextChoices):
    ORDER = "order"
    WRITER = "writer"
    WEBSITE = "website"


class Ground(models.TextChoices):
    """Why a review is reported or flagged."""

    ILLEGAL_CONTENT = "illegal_content"
    PERSONAL_DATA = "personal_data"
    THREATS = "threats"
    SPAM = "spam"
    OFF_TOPIC = "off_topic"
    NOT_TRUE = "not_true"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    OTHER = "other"


S, V = ReviewStatus, Visibility
RATING_TARGETS = frozenset({Target.ORDER, Target.WRITER})
"""What counts for the writer's rating: its work and itself."""
HIDING = frozenset({Ground.ILLEGAL_CONTENT, Ground.PERSONAL_DATA, Ground.THREATS})
"""What a flag hides a review for, until it is decided."""
LOW_STARS, HIGH_STARS = 2, 4

OF_WRITER = "target IN ('order', 'writer')"
IS_RATED = "status = 'approved' AND visibility = 'public'"
"""What ratings and public figures are made of."""
IS_PUBLISHED = "status IN ('approved', 'flagged') AND visibility = 'public'"
"""What is shown to everybody: a flag alone hides nothing."""


def unanswered(review: Review, by: Actor) -> Refusal | None:
    """An approved review is approved again where something waits for an answer, or it is shadowed."""
    settled = review.waiting_since is None and review.visibility == V.PUBLIC
    return errors.NothingToAnswer() if review.status == S.APPROVED and settled else None


def public(review: Review, by: Actor) -> Refusal | None:
    return None if review.visibility == V.PUBLIC else errors.NotPublic()


def others(review: Review, by: Actor) -> Refusal | None:
    return errors.OwnReview() if review.client_id == by.membership_id else public(review, by)


def own(review: Review, by: Actor) -> Refusal | None:
    return None if review.client_id == by.membership_id else Forbidden()


class ReviewQuerySet(TenantQuerySet["Review"]):
    def visible_to(self, actor: OnWebsite) -> ReviewQuerySet:
        """A client's own; a writer's published ones about itself; staff's all of the website; editors' none."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.CLIENT:
            return rows.filter(client_id=actor.membership_id)
        if actor.role is Role.WRITER:
            return rows.published().filter(writer_id=actor.membership_id, target__in=RATING_TARGETS)
        return rows if actor.is_staff else rows.none()

    def published(self) -> ReviewQuerySet:
        return self.filter(status__in=[S.APPROVED, S.FLAGGED], visibility=V.PUBLIC)

    def rated(self) -> ReviewQuerySet:
        return self.filter(status=S.APPROVED, visibility=V.PUBLIC)

    def rating_writers(self) -> ReviewQuerySet:
        return self.rated().filter(target__in=RATING_TARGETS)

    def waiting(self) -> ReviewQuerySet:
        return self.filter(waiting_since__isnull=False)

    def with_signals(self, names: Iterable[str]) -> ReviewQuerySet:
        return self.filter(signals__contains=[{"name": name} for name in names])

    def to_lift(self, at: dt.datetime) -> ReviewQuerySet:
        return self.filter(visibility=V.SHADOWED, shadowed_until__lte=at)


class Review(Journaled):
    """By a client: of a completed order, or its writer, one an order; or of the website, then also without an order,
    once. `writer` is who completed the order, whatever the target. `rating` is 1 to 5 stars; `masked` counts the
    contact details that were removed from `text`; `verified`: its author has a completed order here.

    `spam_milli` 0 to 1000 comes of `signals`, as of when it was written, or when a burst was found. `origin` is a keyed
    hash of the address, nothing that leads back to it. `duplicate_of`: the first of those of nearly the same text.
    `waiting_since`: null unless a moderator is to look at it; `open_reports` are those not answered yet.
    `shadowed_at`: for the first time.
    """

    noun: ClassVar[str] = "review"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "publish": step({S.PENDING}, S.APPROVED, Can.RUN_CLOCK, hidden=True),
            "approve": step({S.PENDING, S.FLAGGED, S.APPROVED}, S.APPROVED, Can.MODERATE_REVIEWS, unanswered),
            "reject": step({S.PENDING, S.FLAGGED}, S.REJECTED, Can.MODERATE_REVIEWS, stamp="rejected_at"),
            "flag": step({S.APPROVED}, S.FLAGGED, Can.MODERATE_REVIEWS, stamp="flagged_at"),
            "withhold": step({S.APPROVED, S.FLAGGED}, S.FLAGGED, Can.RUN_CLOCK, stamp="flagged_at", hidden=True),
            "restore": step({S.REJECTED}, S.APPROVED, Can.MODERATE_REVIEWS, hidden=True),
            "shadow": step({S.PENDING, S.APPROVED, S.FLAGGED}, None, Can.MODERATE_REVIEWS, public, stays=True),
            "lift": step({S.PENDING, S.APPROVED, S.FLAGGED}, None, Can.RUN_CLOCK, stays=True, hidden=True),
            "report": step({S.APPROVED, S.FLAGGED}, None, Can.REPORT_REVIEWS, others, stays=True),
            "appeal": step({S.REJECTED}, None, Can.REVIEW_ORDERS, own, stays=True),
        }
    )

    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="+")
    client = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    writer = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    target = models.CharField(max_length=7, choices=Target.choices)
    rating = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    masked = models.JSONField(default=dict)
    verified = models.BooleanField()
    status = models.CharField(max_length=8, choices=ReviewStatus.choices, default=S.PENDING)
    visibility = models.CharField(max_length=8, choices=Visibility.choices, default=V.PUBLIC)
    shadowed_at = models.DateTimeField(null=True)
    shadowed_until = models.DateTimeField(null=True)
    spam_milli = models.PositiveSmallIntegerField(default=0)
    signals = models.JSONField(default=list)
    origin = models.BigIntegerField(null=True)
    duplicate_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    open_reports = models.PositiveSmallIntegerField(default=0)
    waiting_since = models.DateTimeField(null=True)
    rejected_for = models.TextField(blank=True)
    """The reason of the last rejection, which its author reads."""
    submitted_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    flagged_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)

    objects: ClassVar[ReviewQuerySet] = ReviewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "order"], name="review_one_an_order"),
            models.UniqueConstraint(
                fields=["website", "client"], name="review_one_of_the_website", condition=Q(order=None)
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=False, writer__isnull=False)
                | Q(order=None, writer=None, target=Target.WEBSITE),
                name="review_of_an_order_or_the_website",
            ),
            models.CheckConstraint(condition=Q(rating__gte=1, rating__lte=5), name="review_rating_stars"),
            models.CheckConstraint(condition=Q(spam_milli__lte=1000), name="review_spam_share"),
            models.CheckConstraint(
                condition=Q(visibility=V.SHADOWED, shadowed_until__isnull=False, shadowed_at__isnull=False)
                | (~Q(visibility=V.SHADOWED) & Q(shadowed_until=None)),
                name="review_shadowed_until",
            ),
            models.CheckConstraint(
                condition=Q(shadowed_until=None) | Q(shadowed_until__gt=F("shadowed_at")), name="review_shadow_ends"
            ),
            models.CheckConstraint(
                condition=~Q(status=S.REJECTED) | Q(visibility=V.REMOVED), name="review_rejected_is_removed"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[S.PENDING, S.FLAGGED]) | Q(waiting_since__isnull=False),
                name="review_undecided_waits",
            ),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="review_newest"),
            models.Index(fields=["website", "client", "-id"], name="review_by_client"),
            models.Index(fields=["website", "writer", "-id"], name="review_by_writer"),
            models.Index(
                fields=["website", "-id"],
                name="review_published",
                include=["rating", "status"],
                condition=Q(status__in=[S.APPROVED, S.FLAGGED], visibility=V.PUBLIC),
            ),
            models.Index(
                fields=["website", "waiting_since"], name="review_waiting", condition=Q(waiting_since__isnull=False)
            ),
            models.Index(
                fields=["website", "shadowed_until"], name="review_shadowed", condition=Q(visibility=V.SHADOWED)
            ),
            models.Index(
                fields=["website", "origin", "submitted_at"], name="review_by_origin", condition=Q(origin__isnull=False)
            ),
            models.Index(
                fields=["website", "submitted_at"],
                name="review_by_time",
                include=["rating", "status", "spam_milli", "verified"],
            ),
            models.Index(
                fields=["website", "submitted_at"],
                name="review_low_by_time",
                include=["writer", "target", "rating"],
                condition=Q(rating__lte=LOW_STARS),
            ),
            models.Index(
                fields=["website", "writer", "submitted_at"],
                name="review_low_by_writer",
                include=["target"],
                condition=Q(rating__lte=LOW_STARS),
            ),
            models.Index(
                fields=["website", "duplicate_of"],
                name="review_duplicates",
                condition=Q(duplicate_of__isnull=False),
            ),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return (Order.noun, self.order_id) if self.order_id else (self.noun, self.pk)

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """A review of the website is none of the writer's business."""
        return self.client_id, self.writer_id if self.target in RATING_TARGETS else None
