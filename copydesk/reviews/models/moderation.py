"""What is done about reviews: reports, decisions, appeals; and the fragments by which near-duplicates are found."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet

from .. import errors
from .review import Ground, Review, ReviewStatus, Visibility


class DecisionKind(models.TextChoices):
    APPROVE = "approve"
    REJECT = "reject"
    FLAG = "flag"
    SHADOW = "shadow"
    UPHOLD = "uphold"
    OVERTURN = "overturn"


class AppealStatus(models.TextChoices):
    OPEN = "open"
    UPHELD = "upheld"
    OVERTURNED = "overturned"


A = AppealStatus


class Decision(TenantModel):
    """What a moderator decided, with the reason: rows are only added. `by` is null for a superadmin. `before` and
    `after` are statuses of the review. `waited_since`: where the review waited for it, and waits no more."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="decisions")
    kind = models.CharField(max_length=8, choices=DecisionKind.choices)
    by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    role = models.CharField(max_length=10)
    ground = models.CharField(max_length=20, choices=Ground.choices, blank=True)
    reason = models.TextField()
    before = models.CharField(max_length=8, choices=ReviewStatus.choices)
    after = models.CharField(max_length=8, choices=ReviewStatus.choices)
    visibility = models.CharField(max_length=8, choices=Visibility.choices)
    """Of the review, after it."""
    shadowed_until = models.DateTimeField(null=True)
    waited_since = models.DateTimeField(null=True)
    decided_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="decision_says_why")]
        indexes = [
            models.Index(fields=["website", "review", "id"], name="decision_by_review"),
            models.Index(fields=["website", "decided_at"], name="decision_by_time"),
        ]


class Report(TenantModel):
    """A member's, of a review that it has come across; one a review. `decision`: what answered it, null while open."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="reports")
    member = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    ground = models.CharField(max_length=20, choices=Ground.choices)
    note = models.TextField(blank=True)
    reported_at = models.DateTimeField()
    decision = models.ForeignKey(Decision, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "review", "member"], name="report_one_a_member")]
        indexes = [
            models.Index(fields=["website", "review", "id"], name="report_by_review"),
            models.Index(fields=["website", "reported_at"], name="report_by_time", include=["ground"]),
        ]


def another_moderator(appeal: Appeal, by: Actor) -> Refusal | None:
    """What a superadmin rejected, a member decides."""
    return errors.SameModerator() if by.membership_id == appeal.against_id else None


class AppealQuerySet(TenantQuerySet["Appeal"]):
    def visible_to(self, actor: OnWebsite) -> AppealQuerySet:
        """A client's own; staff's all of the website."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.CLIENT:
            return rows.filter(client_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()


class Appeal(Journaled):
    """Of a rejection, by the review's author, once. `against` made the `rejection`, and never decides its appeal: by
    the database too. Null is a superadmin."""

    noun: ClassVar[str] = "review_appeal"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "uphold": step({A.OPEN}, A.UPHELD, Can.MODERATE_REVIEWS, another_moderator, "decided_at"),
            "overturn": step({A.OPEN}, A.OVERTURNED, Can.MODERATE_REVIEWS, another_moderator, "decided_at"),
        }
    )

    review = models.ForeignKey(Review, models.PROTECT, related_name="appeals")
    client = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    rejection = models.ForeignKey(Decision, models.PROTECT, related_name="+")
    against = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    status = models.CharField(max_length=10, choices=AppealStatus.choices, default=A.OPEN)
    opened_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    answer = models.TextField(blank=True)

    objects: ClassVar[AppealQuerySet] = AppealQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "rejection"], name="appeal_one_a_rejection"),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(against=None) | ~Q(decided_by=F("against")),
                name="appeal_another_moderator",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="appeal_says_why"),
        ]
        indexes = [
            models.Index(fields=["website", "review", "id"], name="appeal_by_review"),
            models.Index(fields=["website", "decided_at"], name="appeal_by_decision"),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return self.review.root

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.client_id, None


class Fragment(TenantModel):
    """One of the lowest hashes of a review's fragments (three words in a row): texts that are nearly the same have most
    of them in common, so that an index finds them. None of short texts, which are alike by chance."""

    review = models.ForeignKey(Review, models.CASCADE, related_name="+")
    hash = models.BigIntegerField()
    at = models.DateTimeField()
    """When the review was written: only the newer ones are compared."""

    class Meta:
        indexes = [models.Index(fields=["website", "hash", "at"], name="fragment_by_hash", include=["review"])]
