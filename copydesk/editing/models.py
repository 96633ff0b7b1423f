"""Editing tasks, the reviews that they end with, and the changes that a writer has to make; editors' profiles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.orders.models import WRITING, Order, OrderFile, Round, Status
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet
from copydesk.tenancy.sql import holds

from . import errors
from .conditions import (
    EDITORS_CHANGES,
    EDITORS_OWN,
    FREE,
    OVERDUE,
    RETURNED_TO,
    UPCOMING,
    URGENT,
    WRITERS_CHANGES,
    WRITTEN_BY,
)

BEST_SCORE = 10


class TaskStatus(models.TextChoices):
    AVAILABLE = "available"
    CLAIMED = "claimed"
    IN_REVIEW = "in_review"
    SUBMITTED = "submitted"
    CLOSED = "closed"


class AssignmentType(models.TextChoices):
    AUTO = "auto"
    MANUAL = "manual"
    CLAIMED = "claimed"


class Outcome(models.TextChoices):
    """How a task ended. Withdrawn: the order left editing without it."""

    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class Verdict(models.TextChoices):
    APPROVE = "approve"
    RETURN = "return"


class Due(models.TextChoices):
    """Where a task stands by the client's deadline; `urgent` has few hours left, by the website's policy."""

    OVERDUE = "overdue"
    URGENT = "urgent"
    UPCOMING = "upcoming"


T = TaskStatus
HELD = frozenset({T.CLAIMED, T.IN_REVIEW})
"""An editor works on it, and may lose it."""
ACTIVE = HELD | {T.SUBMITTED}
"""What counts against an editor's limit."""
REVIEWED = (Outcome.APPROVED, Outcome.RETURNED)


def in_editing(task: EditingTask) -> Refusal | None:
    """The order has left editing, and the job that closes the task has not run yet. Reads the order."""
    return None if task.order.status == Status.EDITING else errors.NotInEditing()


def is_free(task: EditingTask, by: Actor) -> Refusal | None:
    """Nobody has it, or a claim of it has run out."""
    if task.status == T.AVAILABLE or task.lease_over(clock.now()):
        return in_editing(task)
    own = by.membership_id is not None and task.editor_id == by.membership_id
    return errors.TaskTaken("You have this task already." if own else "", holder=task.holder, until=task.lease_until)


def own_task(task: EditingTask, by: Actor) -> Refusal | None:
    """An editor has it, and still has it; staff may act in its place."""
    if by.role is Role.EDITOR and task.editor_id != by.membership_id:
        return errors.NotYourTask()
    if by.role is Role.EDITOR and task.lease_over(clock.now()):
        return errors.LeaseExpired(until=task.lease_until)
    return in_editing(task)


def own_assigned(task: EditingTask, by: Actor) -> Refusal | None:
    refused = own_task(task, by)
    return refused or (errors.UnclaimInstead() if task.assignment_type == AssignmentType.CLAIMED else None)


def own_claimed(task: EditingTask, by: Actor) -> Refusal | None:
    refused = own_task(task, by)
    return refused or (errors.RejectInstead() if task.assignment_type != AssignmentType.CLAIMED else None)


def having(task: EditingTask | None, by: Actor) -> Refusal | None:
    """As `own_task`, of an order's open task."""
    return errors.NotInEditing() if task is None else own_task(task, by)


def run_out(task: EditingTask, by: Actor) -> Refusal | None:
    return None if task.lease_over(clock.now()) else errors.TaskTaken(holder=task.holder, until=task.lease_until)


class EditingTaskQuerySet(TenantQuerySet["EditingTask"]):
    def visible_to(self, actor: OnWebsite) -> EditingTaskQuerySet:
        """Staff: all of the website; an editor: open ones and own; a writer: those by which own work came back."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.EDITOR:
            return rows.filter(holds(EDITORS_OWN, member=actor.membership_id))
        if actor.role is Role.WRITER:
            return rows.filter(holds(RETURNED_TO, website=actor.website.pk, member=actor.membership_id))
        return rows if actor.is_staff else rows.none()

    def open(self) -> EditingTaskQuerySet:
        return self.exclude(status=T.CLOSED)

    def had_by(self, editor_id: int | None) -> EditingTaskQuerySet:
        """Which it has now or has had to the end; with a claim that has run out, until somebody else has it."""
        return self.filter(editor_id=editor_id or 0)

    def free(self, at: dt.datetime) -> EditingTaskQuerySet:
        """Available, or claimed by somebody whose lease is over."""
        return self.filter(holds(FREE, at=at))

    def free_to(self, website_id: int, writers: Sequence[int]) -> EditingTaskQuerySet:
        """Which an account may claim now; not its own writing, as one of these members. Hardly any has written here,
        and to plan for it took the database longer than all else."""
        free = self.free(clock.now())
        return free.exclude(holds(WRITTEN_BY, website=website_id, writers=list(writers))) if writers else free

    def lease_over(self, at: dt.datetime) -> EditingTaskQuerySet:
        return self.filter(status__in=HELD, lease_until__lte=at)

    def due(self, which: str, at: dt.datetime, urgent_hours: int) -> EditingTaskQuerySet:
        """One of Due; they share the tasks out."""
        text = {Due.OVERDUE: OVERDUE, Due.URGENT: URGENT, Due.UPCOMING: UPCOMING}[Due(which)]
        return self.filter(holds(text, at=at, soon=at + dt.timedelta(hours=urgent_hours)))

    def stray(self) -> EditingTaskQuerySet:
        """Open, of an order that is not in editing."""
        return self.open().exclude(order__status=Status.EDITING)


class EditingTask(Journaled):
    """One look at a round that was handed in. `editor` is who has it, or had it to the end; `assigned_at` since when.

    `lease_until` of claims only: afterwards the task is free to others. One open task an order.
    """

    noun: ClassVar[str] = "editing_task"

    order = models.ForeignKey(Order, models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, models.PROTECT, related_name="+")
    editor = models.ForeignKey(Membership, models.PROTECT, related_name="+", null=True)
    status = models.CharField(max_length=9, choices=TaskStatus.choices, default=T.AVAILABLE)
    assignment_type = models.CharField(max_length=7, choices=AssignmentType.choices, blank=True)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, blank=True)
    lease_until = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    assigned_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar[EditingTaskQuerySet] = EditingTaskQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "claim": step({T.AVAILABLE, *ACTIVE}, T.CLAIMED, Can.CLAIM_EDITING, is_free, "assigned_at"),
            "assign": step({T.AVAILABLE, *ACTIVE}, T.CLAIMED, Can.ASSIGN_EDITING, is_free, "assigned_at"),
            "start": step({T.CLAIMED}, T.IN_REVIEW, Can.CLAIM_EDITING, own_task, "started_at"),
            "add_file": step(HELD, None, Can.CLAIM_EDITING, own_task, stays=True, hidden=True),
            "submit": step({T.IN_REVIEW}, T.SUBMITTED, Can.CLAIM_EDITING, own_task, "submitted_at"),
            "complete": step({T.SUBMITTED}, T.CLOSED, Can.EDIT_WORK, own_task, "closed_at"),
            "reject": step(HELD, T.AVAILABLE, Can.CLAIM_EDITING, own_assigned),
            "unclaim": step(HELD, T.AVAILABLE, Can.CLAIM_EDITING, own_claimed),
            "hand_over": step(HELD, T.CLAIMED, Can.EDIT_WORK, own_task, "assigned_at"),
            "expire": step(HELD, T.AVAILABLE, Can.RUN_CLOCK, run_out, hidden=True),
            "withdraw": step({T.AVAILABLE, *ACTIVE}, T.CLOSED, Can.RUN_CLOCK, stamp="closed_at", hidden=True),
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "order"], name="editing_one_open_task", condition=~Q(status="closed")
            ),
            models.CheckConstraint(
                condition=Q(status="available", editor=None, assignment_type="")
                | Q(status="closed")
                | (Q(status__in=["claimed", "in_review", "submitted"], editor__isnull=False) & ~Q(assignment_type="")),
                name="editing_task_has_editor",
            ),
            models.CheckConstraint(
                condition=Q(lease_until=None) | Q(assignment_type="claimed", status__in=["claimed", "in_review"]),
                name="editing_lease_of_claims",
            ),
            models.CheckConstraint(
                condition=(Q(status="closed") & ~Q(outcome="")) | (~Q(status="closed") & Q(outcome="")),
                name="editing_end_has_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["website", "status", "-id"], name="editing_by_status", condition=~Q(status="closed")),
            models.Index(fields=["website", "editor", "-id"], name="editing_by_editor"),
            models.Index(
                fields=["website", "editor", "closed_at"],
                name="editing_by_close",
                include=["id", "status", "assignment_type", "outcome", "order", "assigned_at", "submitted_at"],
            ),
            models.Index(fields=["website", "id"], name="editing_closed", condition=Q(status="closed")),
            models.Index(fields=["website", "editor", "submitted_at"], name="editing_by_submission"),
            models.Index(fields=["website", "order", "id"], name="editing_by_order"),
            models.Index(fields=["website", "-id"], name="editing_newest"),
            models.Index(
                fields=["website", "editor"],
                name="editing_held",
                condition=Q(status__in=["claimed", "in_review", "submitted"]),
            ),
            models.Index(fields=["lease_until"], name="editing_leases", condition=Q(lease_until__isnull=False)),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """Neither client nor writer hears of who looks at the work."""
        return None, None

    @property
    def holder(self) -> str | None:
        """Reads the editor."""
        return f"Editor {self.editor.number}" if self.editor else None

    def lease_over(self, at: dt.datetime) -> bool:
        return self.status in HELD and self.lease_until is not None and self.lease_until <= at


class EditingReview(TenantModel):
    """What an editor found, kept as it was submitted. `issues` are [{criterion, severity, text}], by the rubric of
    `rubric_version`; `corrections` says what the editor has put right itself. `first` of its order: no work of it had
    been approved or returned before."""

    task = models.OneToOneField(EditingTask, models.PROTECT, related_name="review")
    editor = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    quality_score = models.PositiveSmallIntegerField(validators=[MinValueValidator(0), MaxValueValidator(BEST_SCORE)])
    verdict = models.CharField(max_length=7, choices=Verdict.choices)
    first = models.BooleanField()
    notes = models.TextField(blank=True)
    corrections = models.TextField(blank=True)
    issues = models.JSONField(default=list)
    rubric_version = models.PositiveIntegerField()
    submitted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(quality_score__gte=0, quality_score__lte=BEST_SCORE), name="editing_review_score"
            ),
        ]


class ReviewFile(TenantModel):
    """A file of the order that a review goes with: corrected work, a marked copy."""

    review = models.ForeignKey(EditingReview, models.PROTECT, related_name="files", db_index=False)
    order_file = models.ForeignKey(OrderFile, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "review", "order_file"], name="review_file_once")]


class ChangeStatus(models.TextChoices):
    OPEN = "open"
    TICKED = "ticked"
    CONFIRMED = "confirmed"


def writing_it(change: RequiredChange, by: Actor) -> Refusal | None:
    if change.order.writer_id != by.membership_id or change.order.status not in WRITING:
        return errors.NotYourTask("Only the writer ticks it off, while the order is being written.")
    return None


class RequiredChangeQuerySet(TenantQuerySet["RequiredChange"]):
    def visible_to(self, actor: OnWebsite) -> RequiredChangeQuerySet:
        """Those of the tasks that the actor sees, once the work has come back; for an editor its own, and those of
        orders that are here."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website).filter(returned_at__isnull=False)
        if actor.is_staff:
            return rows
        text = {Role.EDITOR: EDITORS_CHANGES, Role.WRITER: WRITERS_CHANGES}.get(actor.role, "false")
        return rows.filter(holds(text, website=actor.website.pk, member=actor.membership_id))


class RequiredChange(Journaled):
    """One thing to be done before the work passes: the writer ticks it, an editor confirms it. `returned_at`: when the
    work came back; until then it is no more than a part of the review, by its `editor`."""

    noun: ClassVar[str] = "required_change"

    review = models.ForeignKey(EditingReview, models.PROTECT, related_name="changes", db_index=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="+", db_index=False)
    editor = models.ForeignKey(Membership, models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=500)
    status = models.CharField(max_length=9, choices=ChangeStatus.choices, default=ChangeStatus.OPEN)
    returned_at = models.DateTimeField(null=True)
    ticked_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)

    objects: ClassVar[RequiredChangeQuerySet] = RequiredChangeQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "tick": step({ChangeStatus.OPEN}, ChangeStatus.TICKED, Can.TICK_CHANGES, writing_it, "ticked_at"),
            "confirm": step({ChangeStatus.TICKED}, ChangeStatus.CONFIRMED, Can.CLAIM_EDITING, None, "confirmed_at"),
        }
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "review", "position"], name="change_position_once")]
        indexes = [
            models.Index(
                fields=["website", "editor", "review", "position"],
                name="change_by_editor",
                condition=Q(returned_at__isnull=False),
            ),
            models.Index(fields=["website", "order"], name="change_by_order"),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return None, self.order.writer_id


class EditorProfile(Journaled):
    """Of a membership of role editor, whose id it shares. An editor without one has what a new one would have.

    `task_limit` null: the website's. `available`: takes new tasks.
    """

    noun: ClassVar[str] = "editor"

    member = models.OneToOneField(
        Membership, models.PROTECT, primary_key=True, db_column="id", related_name="editor_profile"
    )
    task_limit = models.PositiveSmallIntegerField(null=True)
    available = models.BooleanField(default=True)


class ExpertiseKind(models.TextChoices):
    SUBJECT = "subject"
    PAPER_TYPE = "paper_type"


class Expertise(TenantModel):
    """A subject or paper type that an editor knows."""

    editor = models.ForeignKey(EditorProfile, models.CASCADE, related_name="expertise", db_index=False)
    kind = models.CharField(max_length=10, choices=ExpertiseKind.choices)
    code = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "editor", "kind", "code"], name="expertise_unique")]
