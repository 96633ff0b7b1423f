"""Editing tasks as lists and details show them, and the changes that they ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, TextField
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.orders.models import Order, Round, Status
from copydesk.orders.models.order import OrderQuerySet
from copydesk.tenancy.models import Website

from ..conditions import TASK
from ..models import (
    AssignmentType,
    Due,
    EditingTask,
    EditingTaskQuerySet,
    Outcome,
    RequiredChange,
    TaskStatus,
    Verdict,
)
from ..policies import Criterion, EditingPolicy, Rubric
from .changes import ChangeRow, change_rows, offered, with_order
from .editors import Standing, standing

HOUR = dt.timedelta(hours=1)
Tab = Callable[[EditingTaskQuerySet], EditingTaskQuerySet]
TABS = ("open", "available", "claimed", "in_review", "submitted", "overdue", "closed")
OWN_TABS = ("all", "active", "in_review", "submitted", "overdue", "recent")
FREE_TABS = ("all", "fitting", "urgent", "overdue")

AROUND = f"""(
    SELECT json_build_array(
        json_build_array(
            o.id, o.number, o.status, o.topic, o.paper_type, o.subject, o.academic_level, o.work_type, o.pages,
            o.slides, o.client_deadline
        ), w.number, m.number, r.quality_score, r.verdict
    )::text
    FROM orders_order o
    JOIN orders_round w ON w.website_id = o.website_id AND w.id = {TASK}.round_id
    LEFT JOIN accounts_membership m ON m.website_id = o.website_id AND m.id = {TASK}.editor_id
    LEFT JOIN editing_editingreview r ON r.website_id = o.website_id AND r.task_id = {TASK}.id
    WHERE o.website_id = {TASK}.website_id AND o.id = {TASK}.order_id
)"""  # noqa: S608 — put together from constants
REVIEW = """
SELECT r.quality_score, r.verdict, r.notes, r.corrections, r.issues::text, r.rubric_version, r.submitted_at, ARRAY(
    SELECT f.order_file_id FROM editing_reviewfile f WHERE f.website_id = r.website_id AND f.review_id = r.id ORDER BY 1
)
FROM editing_editingreview r WHERE r.website_id = %s AND r.task_id = %s
"""


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


def free_tabs(actor: Actor, policy: EditingPolicy | None = None) -> Mapping[str, Tab]:
    """Of the tasks that an editor may claim. One query, for the policy where it is not given."""
    now, hours = clock.now(), (policy or EditingPolicy.of(actor.website)).urgent_hours
    return {
        "all": lambda rows: rows,
        "fitting": lambda rows: rows.fitting(actor),
        "urgent": lambda rows: rows.due(Due.URGENT, now, hours),
        "overdue": lambda rows: rows.due(Due.OVERDUE, now, hours),
    }


def with_all(rows: EditingTaskQuerySet) -> EditingTaskQuerySet:
    """With what `task_rows` reads: `around`."""
    return rows.annotate(around=RawSQL(AROUND, (), TextField()))  # noqa: S611 — constants


def task_rows(actor: Actor, tasks: Sequence[EditingTask], policy: EditingPolicy | None = None) -> list[TaskRow]:
    """Of tasks `with_all`. Two queries at most, one of them for the policy where it is not given."""
    policy, now = policy or EditingPolicy.of(actor.website), clock.now()
    around = _around(actor, tasks)
    standing = _standing(actor, around, policy)
    return [_row(actor, task, known, policy, now, standing) for task, known in zip(tasks, around, strict=True)]


def task_detail(actor: Actor, task: EditingTask) -> TaskDetail:
    """Of a task `with_all`. Six queries at most."""
    (row,) = task_rows(actor, [task])
    shown = None if row.verdict is None else _review(actor, task)
    rubric = Rubric.of(actor.website, shown.rubric_version if shown else None)
    return TaskDetail(row, shown, list(rubric.criteria), row.available_actions)


def without_task(website: Website) -> OrderQuerySet:
    """Orders in editing without an open task of the work that was handed in last: none, where every job has run."""
    handed_in = Round.objects.of(website).filter(submitted_at__isnull=False)
    since = handed_in.filter(order=OuterRef("order_id"), number__gt=OuterRef("round__number"))
    there = EditingTask.objects.of(website).open().filter(order=OuterRef("pk")).exclude(Exists(since))
    return Order.objects.of(website).filter(status=Status.EDITING).exclude(Exists(there)).order_by("id")


def due(deadline: dt.datetime, at: dt.datetime, urgent_hours: int) -> Due:
    """As EditingTaskQuerySet.due."""
    if deadline <= at:
        return Due.OVERDUE
    return Due.URGENT if deadline <= at + urgent_hours * HOUR else Due.UPCOMING


class _Around(NamedTuple):
    """What stands around a task, and the steps that its LIFECYCLE offers the caller."""

    order: TaskOrder
    round: int
    editor: str | None
    quality_score: int | None
    verdict: str | None
    steps: list[AvailableAction]


def _around(actor: Actor, tasks: Sequence[EditingTask]) -> list[_Around]:
    """Of tasks `with_all`. Guards ask little of a task, so the steps of a page's tasks have few different answers, and
    are asked about once for each: a model of the order and of the editor has then no more than guards read."""
    found: list[_Around] = []
    steps: dict[tuple[object, ...], list[AvailableAction]] = {}
    holders: dict[int | None, str | None] = {}
    for task in tasks:
        known, number, editor, score, verdict = orjson.loads(task.around)  # type: ignore[attr-defined]
        known[-1] = dt.datetime.fromisoformat(known[-1])
        order = TaskOrder(*known)
        key = (task.status, task.editor_id, task.assignment_type, task.lease_until, order.status)
        if key not in steps:
            task.order = Order.from_db(
                task._state.db, ("id", "website_id", "status"), (order.id, task.website_id, order.status)
            )
            if task.editor_id is not None:
                task.editor = Membership.from_db(task._state.db, ("id", "number"), (task.editor_id, editor))
            steps[key], holders[task.editor_id] = EditingTask.LIFECYCLE.available(task, actor), task.holder
        found.append(_Around(order, number, holders[task.editor_id], score, verdict, steps[key]))
    return found


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


def _standing(actor: Actor, around: Sequence[_Around], policy: EditingPolicy) -> Standing | None:
    """Of an editor, to those of the tasks that are free; nobody else claims. One query at most."""
    free = [each.order.id for each in around if any(step.action == "claim" and step.allowed for step in each.steps)]
    if not free or actor.membership_id is None:
        return None
    return standing(actor.website, actor.membership_id, free, policy)


def _row(
    actor: Actor,
    task: EditingTask,
    around: _Around,
    policy: EditingPolicy,
    now: dt.datetime,
    standing: Standing | None,
) -> TaskRow:
    closed = task.status == TaskStatus.CLOSED
    deadline = around.order.client_deadline
    had = task.submitted_at - task.assigned_at if task.submitted_at and task.assigned_at else None
    return TaskRow(
        id=task.pk,
        order=around.order,
        round=around.round,
        status=TaskStatus(task.status),
        assignment_type=AssignmentType(task.assignment_type) if task.assignment_type else None,
        outcome=Outcome(task.outcome) if task.outcome else None,
        editor=around.editor,
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
        quality_score=around.quality_score,
        verdict=Verdict(around.verdict) if around.verdict else None,
        available_actions=offered(around.steps, "claim", standing.refusal(task.order_id) if standing else None),
    )


def _review(actor: Actor, task: EditingTask) -> EditingReviewRow:
    """Three queries at most: the review, the changes, and what these ask."""
    with connection.cursor() as cursor:
        cursor.execute(REVIEW, [actor.website.pk, task.pk])
        quality_score, verdict, notes, corrections, issues, rubric_version, submitted_at, files = cursor.fetchone()
    required = with_order(RequiredChange.objects.of(actor.website)).filter(review__task_id=task.pk)
    return EditingReviewRow(
        quality_score=quality_score,
        verdict=Verdict(verdict),
        notes=notes,
        corrections=corrections,
        issues=[ReviewIssue(**issue) for issue in orjson.loads(issues)],
        rubric_version=rubric_version,
        files=files,
        changes_required=change_rows(actor, list(required.order_by("position"))),
        submitted_at=submitted_at,
    )
