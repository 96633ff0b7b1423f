"""Reviews: what clients say about completed orders."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.orders.models import Order
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet
from copydesk.writers.models import Writer


class ReviewStatus(models.TextChoices):
    PENDING = "pending"
    APPROVED = "approved"


class Target(models.TextChoices):
    ORDER = "order"
    WRITER = "writer"
    WEBSITE = "website"


S = ReviewStatus
RATING_TARGETS = frozenset({Target.ORDER, Target.WRITER})
"""What counts for the writer's rating: its work and itself."""


class ReviewQuerySet(TenantQuerySet["Review"]):
    def visible_to(self, actor: OnWebsite) -> ReviewQuerySet:
        """A client's own; a writer's approved ones about itself; staff's all of the website; editors' none."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.CLIENT:
            return rows.filter(client_id=actor.membership_id)
        if actor.role is Role.WRITER:
            return rows.approved().filter(writer_id=actor.membership_id, target__in=RATING_TARGETS)
        return rows if actor.is_staff else rows.none()

    def approved(self) -> ReviewQuerySet:
        return self.filter(status=S.APPROVED)

    def rating_writers(self) -> ReviewQuerySet:
        return self.approved().filter(target__in=RATING_TARGETS)


class Review(Journaled):
    """One an order, by its client. `writer` is who completed it, whatever the target. `rating` is 1 to 5 stars;
    `masked` counts the contact details that were removed from `text`."""

    noun: ClassVar[str] = "review"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {"approve": step({S.PENDING}, S.APPROVED, Can.RUN_CLOCK, stamp="approved_at", hidden=True)}
    )

    order = models.ForeignKey(Order, models.PROTECT, related_name="+")
    client = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    target = models.CharField(max_length=7, choices=Target.choices)
    rating = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    masked = models.JSONField(default=dict)
    status = models.CharField(max_length=8, choices=ReviewStatus.choices, default=S.PENDING)
    submitted_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)

    objects: ClassVar[ReviewQuerySet] = ReviewQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "order"], name="review_one_an_order"),
            models.CheckConstraint(condition=models.Q(rating__gte=1, rating__lte=5), name="review_rating_stars"),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="review_newest"),
            models.Index(fields=["website", "client", "-id"], name="review_by_client"),
            models.Index(fields=["website", "writer", "-id"], name="review_by_writer"),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """A review of the website is none of the writer's business."""
        return self.client_id, self.writer_id if self.target in RATING_TARGETS else None


class Standing(TenantModel):
    """A writer's place among those of its website, as last worked out from the rows: counted each time over all of
    them it would cost what the website has. Figures are of the year before `computed_at`; `rank` is null while the
    writer is unranked, `ranked` how many are not."""

    writer = models.OneToOneField(Writer, models.CASCADE, primary_key=True, db_column="id", related_name="standing")
    rating_milli = models.PositiveIntegerField(null=True)
    mean_rating_milli = models.PositiveIntegerField(null=True)
    """The website's, then."""
    completed = models.PositiveIntegerField()
    outcomes = models.PositiveIntegerField()
    on_time = models.PositiveIntegerField()
    submitted = models.PositiveIntegerField()
    revised = models.PositiveIntegerField()
    delivered = models.PositiveIntegerField()
    composite = models.FloatField()
    rank = models.PositiveIntegerField(null=True)
    ranked = models.PositiveIntegerField()
    computed_at = models.DateTimeField()
