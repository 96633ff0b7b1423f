"""Editing tasks as lists and details show them, and the changes that they ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import AvailableAction
from copydesk.orders.models import Order, Round, Status
from copydesk.orders.models.order import OrderQuerySet
from copydesk.tenancy.models import Website

from ..models import (
    AssignmentType,
    ChangeStatus,
    Due,
    EditingReview,
    EditingTask,
    EditingTaskQuerySet,
    Outcome,
    RequiredChange,
    ReviewFile,
    TaskStatus,
    Verdict,
    having,
)
from ..policies import Criterion, EditingPolicy, Rubric
from .editors import Standing, standing

HOUR = dt.timedelta(hours=1)
Tab = Callable[[EditingTaskQuerySet], EditingTaskQuerySet]
TABS = ("open", "available", "claimed", "in_review", "submitted", "overdue", "closed")
OWN_TABS = ("all", "active", "in_review", "submitted", "overdue", "recent")
FREE_TABS = ("all", "fitting", "urgent", "overdue")


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """What an editor knows of an order: nobody's name, no money."""

    id: int
    number: int
    status: Status
    topic: str
    paper_type: str
    subject: str
    academic_level: str
    work_type: str
    pages: int
    slides: int
    client_deadline: dt.datetime


@dataclass(frozen=True, slots=True)
class TaskRow:
    """`editor` is "Editor 12". `due` stands by the client's deadline, `hours_left` until it, negative once it is over;
    both null of a closed task. `lease_until`: when a claim runs out, if nothing is done. `turnaround_hours`: from
    having the task to the submitted review."""

    id: int
    order: TaskOrder
    round: int
    status: TaskStatus
    assignment_type: AssignmentType | None
    outcome: Outcome | None
    editor: str | None
    editor_id: int | None
    is_own: bool
    lease_until: dt.datetime | None
    due: Due | None
    hours_left: float | None
    opened_at: dt.datetime
    assigned_at: dt.datetime | None
    started_at: dt.datetime | None
    submitted_at: dt.datetime | None
    closed_at: dt.datetime | None
    turnaround_hours: float | None
    quality_score: int | None
    verdict: Verdict | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class ReviewIssue:
    """`criterion`: a code of the rubric."""

    criterion: str
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """One of what the writer has to change: open, ticked by the writer, confirmed by an editor."""

    id: int
    task_id: int
    order_id: int
    position: int
    text: str
    status: ChangeStatus
    ticked_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class EditingReviewRow:
    """`rubric_version`: the version that the review was written by. `files` are ids of orders/files/."""

    quality_score: int
    verdict: Verdict
    notes: str
    corrections: str
    issues: list[ReviewIssue]
    rubric_version: int
    files: list[int]
    changes_required: list[ChangeRow]
    submitted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """`rubric`: the criteria that issues name, as in force now, or as they were for the review that is there."""

    task: TaskRow
    review: EditingReviewRow | None
    rubric: list[Criterion]
    available_actions: list[AvailableAction]


def tabs() -> Mapping[str, Tab]:
    """Of the tasks that the actor sees."""
    now = clock.now()
    return {
        "open": lambda rows: rows.open(),
        "available": lambda rows: rows.free(now),
        "claimed": lambda rows: rows.held_at(now).filter(status=TaskStatus.CLAIMED),
        "in_review": lambda rows: rows.held_at(now).filter(status=TaskStatus.IN_REVIEW),
        "submitted": lambda rows: rows.filter(status=TaskStatus.SUBMITTED),
        "overdue": lambda rows: rows.open().due(Due.OVERDUE, now, 0),
        "closed": lambda rows: rows.filter(status=TaskStatus.CLOSED),
    }


def own_tabs() -> Mapping[str, Tab]:
    """Of an editor's own: what it has now, and what it has had."""
    now = clock.now()
    return {
        "all": lambda rows: rows,
        "active": lambda rows: rows.held_at(now),
        "in_review": lambda rows: rows.held_at(now).filter(status=TaskStatus.IN_REVIEW),
        "submitted": lambda rows: rows.filter(status=TaskStatus.SUBMITTED),
        "overdue": lambda rows: rows.held_at(now).due(Due.OVERDUE, now, 0),
        "recent": lambda rows: rows.filter(status=TaskStatus.CLOSED),
    }


def free_tabs(actor: Actor) -> Mapping[str, Tab]:
    """Of the tasks that an editor may claim. One query, for the policy."""
    now, hours = clock.now(), EditingPolicy.of(actor.website).urgent_hours
    return {
        "all": lambda rows: rows,
        "fitting": lambda rows: rows.fitting(actor),
        "urgent": lambda rows: rows.due(Due.URGENT, now, hours),
        "overdue": lambda rows: rows.due(Due.OVERDUE, now, hours),
    }


def with_all(rows: EditingTaskQuerySet) -> EditingTaskQuerySet:
    """With what `task_rows` reads."""
    return rows.select_related("order", "round", "editor", "review")


def task_rows(actor: Actor, tasks: Sequence[EditingTask]) -> list[TaskRow]:
    """Of tasks `with_all`. Two queries at most."""
    policy, now = EditingPolicy.of(actor.website), clock.now()
    standing = _standing(actor, tasks, policy)
    return [_row(actor, task, policy, now, standing) for task in tasks]


def task_detail(actor: Actor, task: EditingTask) -> TaskDetail:
    """Of a task `with_all`. Five queries at most."""
    (row,) = task_rows(actor, [task])
    review = review_of(task)
    rubric = Rubric.of(actor.website, review.rubric_version if review else None)
    shown = _review(actor, task, review) if review else None
    return TaskDetail(row, shown, list(rubric.criteria), row.available_actions)


def changes(actor: Actor) -> Any:
    """The required changes that the actor sees, with what their rows read."""
    rows = RequiredChange.objects.visible_to(actor).select_related("review__task__order")
    return rows.order_by("review_id", "position")


def change_rows(actor: Actor, rows: Sequence[RequiredChange]) -> list[ChangeRow]:
    """Of rows from `changes`. One query where an editor may confirm some: by the task that it has now."""
    having_now: dict[int, Refusal | None] = {}
    if actor.role is Role.EDITOR and any(row.status == ChangeStatus.TICKED for row in rows):
        orders = {row.review.task.order_id for row in rows}
        here = EditingTask.objects.of(actor.website).open().filter(order__in=orders).select_related("order")
        tasks = {each.order_id: each for each in here}
        having_now = {order_id: having(tasks.get(order_id), actor) for order_id in orders}
    return [
        ChangeRow(
            id=row.pk,
            task_id=row.review.task_id,
            order_id=row.review.task.order_id,
            position=row.position,
            text=row.text,
            status=ChangeStatus(row.status),
            ticked_at=row.ticked_at,
            confirmed_at=row.confirmed_at,
            available_actions=_offered(row, actor, "confirm", having_now.get(row.review.task.order_id)),
        )
        for row in rows
    ]


def without_task(website: Website) -> OrderQuerySet:
    """Orders in editing without an open task of the work that was handed in last: none, where every job has run."""
    handed_in = Round.objects.of(website).filter(submitted_at__isnull=False)
    since = handed_in.filter(order=OuterRef("order_id"), number__gt=OuterRef("round__number"))
    there = EditingTask.objects.of(website).open().filter(order=OuterRef("pk")).exclude(Exists(since))
    return Order.objects.of(website).filter(status=Status.EDITING).exclude(Exists(there)).order_by("id")


def review_of(task: EditingTask) -> EditingReview | None:
    try:
        return task.review
    except EditingReview.DoesNotExist:
        return None


def due(deadline: dt.datetime, at: dt.datetime, urgent_hours: int) -> Due:
    """As EditingTaskQuerySet.due."""
    if deadline <= at:
        return Due.OVERDUE
    return Due.URGENT if deadline <= at + urgent_hours * HOUR else Due.UPCOMING


def task_order(order: Order) -> TaskOrder:
    return TaskOrder(
        id=order.pk,
        number=order.number,
        status=Status(order.status),
        topic=order.topic,
        paper_type=order.paper_type,
        subject=order.subject,
        academic_level=order.academic_level,
        work_type=order.work_type,
        pages=order.pages,
        slides=order.slides,
        client_deadline=order.client_deadline,
    )


def _offered(
    row: EditingTask | RequiredChange, actor: Actor, name: str, refusal: Refusal | None
) -> list[AvailableAction]:
    """The lifecycle's, with what else stands in the way of one step."""
    return [
        replace(step, allowed=False, code=refusal.code, message=refusal.detail)
        if refusal is not None and step.allowed and step.action == name
        else step
        for step in row.LIFECYCLE.available(row, actor)
    ]


def _standing(actor: Actor, tasks: Sequence[EditingTask], policy: EditingPolicy) -> Standing | None:
    """Of an editor, to those of the tasks that are free; nobody else claims. One query at most."""
    free = [task.order_id for task in tasks if EditingTask.LIFECYCLE.refusal(task, "claim", actor) is None]
    if not free or actor.membership_id is None:
        return None
    return standing(actor.website, actor.membership_id, free, policy)


def _row(
    actor: Actor, task: EditingTask, policy: EditingPolicy, now: dt.datetime, standing: Standing | None
) -> TaskRow:
    review = review_of(task)
    closed = task.status == TaskStatus.CLOSED
    deadline = task.order.client_deadline
    had = task.submitted_at - task.assigned_at if task.submitted_at and task.assigned_at else None
    return TaskRow(
        id=task.pk,
        order=task_order(task.order),
        round=task.round.number,
        status=TaskStatus(task.status),
        assignment_type=AssignmentType(task.assignment_type) if task.assignment_type else None,
        outcome=Outcome(task.outcome) if task.outcome else None,
        editor=task.holder,
        editor_id=task.editor_id,
        is_own=actor.membership_id is not None and task.editor_id == actor.membership_id,
        lease_until=task.lease_until,
        due=None if closed else due(deadline, now, policy.urgent_hours),
        hours_left=None if closed else round((deadline - now) / HOUR, 2),
        opened_at=task.opened_at,
        assigned_at=task.assigned_at,
        started_at=task.started_at,
        submitted_at=task.submitted_at,
        closed_at=task.closed_at,
        turnaround_hours=None if had is None else round(had / HOUR, 2),
        quality_score=review.quality_score if review else None,
        verdict=Verdict(review.verdict) if review else None,
        available_actions=_offered(task, actor, "claim", standing.refusal(task.order_id) if standing else None),
    )


def _review(actor: Actor, task: EditingTask, review: EditingReview) -> EditingReviewRow:
    required = list(review.changes.order_by("position"))
    for row in required:
        row.review = review
        review.task = task
    files = ReviewFile.objects.of(actor.website).filter(review=review).order_by("order_file_id")
    return EditingReviewRow(
        quality_score=review.quality_score,
        verdict=Verdict(review.verdict),
        notes=review.notes,
        corrections=review.corrections,
        issues=[ReviewIssue(**issue) for issue in review.issues],
        rubric_version=review.rubric_version,
        files=list(files.values_list("order_file_id", flat=True)),
        changes_required=change_rows(actor, required),
        submitted_at=review.submitted_at,
    )
