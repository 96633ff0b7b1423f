"""Writers of a website: their profile and its lifecycle, what they write about, whom clients prefer or block."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models.functions import Coalesce, Lower

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import TenantModel, TenantQuerySet

from .errors import WriterNotApproved, WriterOnLeave, WriterSuspended


class WriterStatus(models.TextChoices):
    APPLIED = "applied"
    APPROVED = "approved"
    ON_LEAVE = "on_leave"
    SUSPENDED = "suspended"
    REJECTED = "rejected"


S = WriterStatus
ADMITTED = (S.APPROVED, S.ON_LEAVE, S.SUSPENDED)


class WriterQuerySet(TenantQuerySet["Writer"]):
    def visible_to(self, actor: Actor) -> WriterQuerySet:  # type: ignore[override]
        """Staff see all of the website; a client those ever admitted; a writer itself."""
        rows = self.of(actor.website)
        if actor.is_staff or actor.is_system:
            return rows
        if actor.role is Role.CLIENT:
            return rows.admitted()
        return rows.filter(pk=actor.membership_id) if actor.role is Role.WRITER else rows.none()

    def admitted(self) -> WriterQuerySet:
        return self.filter(status__in=ADMITTED)

    def at_work(self) -> WriterQuerySet:
        return self.filter(status__in=[S.APPROVED, S.ON_LEAVE])

    def with_rating(self) -> WriterQuerySet:
        """`rated_milli` to sort by: the unrated come lowest."""
        return self.annotate(rated_milli=Coalesce("rating_milli", 0))

    def called(self, pen_name: str) -> WriterQuerySet:
        return self.filter(pen_name__iexact=pen_name)

    def named_like(self, text: str) -> WriterQuerySet:
        return self.filter(pen_name__icontains=text)

    def writing(self, kind: str, code: str) -> WriterQuerySet:
        return self.filter(skills__kind=kind, skills__code=code)

    def chosen_by(self, client_id: int, kind: str) -> WriterQuerySet:
        return self.filter(choices__client_id=client_id, choices__kind=kind)

    def suspension_over(self, at: datetime) -> WriterQuerySet:
        return self.filter(status=S.SUSPENDED, suspended_until__lte=at)

    def leave_over(self, at: datetime) -> WriterQuerySet:
        return self.filter(status=S.ON_LEAVE, leave_until__lte=at)

    def leave_begun(self, at: datetime) -> WriterQuerySet:
        """Planned leaves whose time has come."""
        return self.filter(status=S.APPROVED, leave_from__lte=at, leave_until__gt=at)


class Writer(Journaled):
    """The profile of a membership of role writer; it shares the membership's id, so `writer_id` names both.

    `leave_from`, `leave_until`: the present or planned leave. `rating_milli`: thousandths of a star, null while
    unrated. `completed_orders`: brought to completion, each once, whatever came after; kept by the orders' actions.
    """

    noun = "writer"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "apply": step({S.REJECTED}, S.APPLIED, Can.HAVE_WRITER_PROFILE, stamp="applied_at"),
            "approve": step({S.APPLIED, S.REJECTED}, S.APPROVED, Can.DECIDE_WRITERS, stamp="approved_at"),
            "reject": step({S.APPLIED}, S.REJECTED, Can.DECIDE_WRITERS),
            "leave": step({S.APPROVED}, S.ON_LEAVE, Can.HAVE_WRITER_PROFILE),
            "return": step({S.ON_LEAVE}, S.APPROVED, Can.HAVE_WRITER_PROFILE),
            "begin_leave": step({S.APPROVED}, S.ON_LEAVE, Can.RUN_CLOCK, hidden=True),
            "end_leave": step({S.ON_LEAVE}, S.APPROVED, Can.RUN_CLOCK, hidden=True),
            "suspend": step({S.APPROVED, S.ON_LEAVE, S.SUSPENDED}, S.SUSPENDED, Can.DECIDE_WRITERS),
            "reinstate": step({S.SUSPENDED}, None, Can.DECIDE_WRITERS),
            "lift": step({S.SUSPENDED}, None, Can.RUN_CLOCK, hidden=True),
        }
    )

    member = models.OneToOneField(
        Membership, models.PROTECT, primary_key=True, db_column="id", related_name="writer_profile"
    )
    pen_name = models.CharField(max_length=60)
    bio = models.TextField(blank=True, max_length=2_000)
    level = models.CharField(max_length=40)
    status = models.CharField(max_length=10, choices=WriterStatus.choices, default=S.APPLIED)
    applied_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True)
    leave_from = models.DateTimeField(null=True)
    leave_until = models.DateTimeField(null=True)
    suspended_until = models.DateTimeField(null=True)
    rating_milli = models.PositiveIntegerField(null=True)
    completed_orders = models.PositiveIntegerField(default=0)

    objects: ClassVar[WriterQuerySet] = WriterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint("website", Lower("pen_name"), name="writer_pen_name_unique"),
            models.CheckConstraint(
                condition=models.Q(leave_from__isnull=True, leave_until__isnull=True)
                | models.Q(leave_from__lt=models.F("leave_until")),
                name="writer_leave_interval",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=S.ON_LEAVE) | models.Q(leave_until__isnull=False),
                name="writer_leave_has_end",
            ),
            models.CheckConstraint(
                condition=models.Q(status=S.SUSPENDED, suspended_until__isnull=False)
                | (~models.Q(status=S.SUSPENDED) & models.Q(suspended_until__isnull=True)),
                name="writer_suspension_has_end",
            ),
        ]
        indexes = [
            models.Index(fields=["website", "status", "member"], name="writer_by_status", include=["level"]),
            models.Index(
                fields=["website", "member"],
                name="writer_away",
                condition=models.Q(leave_until__isnull=False) | models.Q(suspended_until__isnull=False),
            ),
        ]

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return None, self.pk

    def on_leave(self, at: datetime) -> bool:
        return self.leave_from is not None and self.leave_until is not None and self.leave_from <= at < self.leave_until

    def suspended(self, at: datetime) -> bool:
        return self.suspended_until is not None and at < self.suspended_until

    def refusal(self, at: datetime) -> Refusal | None:
        """Why the writer may not start new work at `at`; null when it may. Exact between two runs of the clock."""
        if self.status not in ADMITTED:
            return WriterNotApproved()
        if self.suspended(at):
            return WriterSuspended()
        return WriterOnLeave() if self.on_leave(at) else None


class SkillKind(models.TextChoices):
    SUBJECT = "subject"
    PAPER_TYPE = "paper_type"


class Skill(TenantModel):
    """A subject or paper type that a writer takes; a row and not an array, whose operators no index serves here."""

    writer = models.ForeignKey(Writer, models.CASCADE, related_name="skills", db_index=False)
    kind = models.CharField(max_length=10, choices=SkillKind.choices)
    code = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "writer", "kind", "code"], name="skill_unique")]
        indexes = [models.Index(fields=["website", "kind", "code", "writer"], name="skill_by_code")]


class ChoiceKind(models.TextChoices):
    FAVOUR = "favour"
    BLOCK = "block"


class Choice(TenantModel):
    """A client prefers or blocks a writer: one row for both, as they exclude each other. The writer never
    learns of a block; of a preference by the orders that its queue shows as preferred."""

    client = models.ForeignKey(Membership, models.CASCADE, related_name="writer_choices", db_index=False)
    writer = models.ForeignKey(Writer, models.CASCADE, related_name="choices", db_index=False)
    kind = models.CharField(max_length=6, choices=ChoiceKind.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "client", "writer"], name="choice_unique")]
        indexes = [models.Index(fields=["website", "writer", "kind"], include=["client"], name="choice_by_writer")]


class CalendarFeedQuerySet(TenantQuerySet["CalendarFeed"]):
    def visible_to(self, actor: Actor) -> CalendarFeedQuerySet:  # type: ignore[override]
        """A writer's own that still open."""
        return self.of(actor.website).filter(writer_id=actor.membership_id, revoked_at=None)


class CalendarFeed(Journaled):
    """A secret that lets a calendar program subscribe to what its writer has to hand in. Kept as its SHA-256."""

    noun: ClassVar[str] = "calendar_feed"

    writer = models.ForeignKey(Writer, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60, blank=True)
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects: ClassVar[CalendarFeedQuerySet] = CalendarFeedQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="calendar_feed_digest_unique")]
        indexes = [
            models.Index(
                fields=["website", "writer", "-id"],
                name="calendar_feed_by_writer",
                condition=models.Q(revoked_at__isnull=True),
            )
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Writer.noun, self.writer_id
