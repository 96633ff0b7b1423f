"""Editing tasks as lists and details show them, and the changes that they ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from django.db.models import Exists, OuterRef, TextField
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.orders.models import Order, Round, Status
from copydesk.orders.models.order import OrderQuerySet
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import holds, moment, select

from ..conditions import FITTING, FREE, HELD_AT, OPEN, OVERDUE, TASK, URGENT
from ..models import (
    AssignmentType,
    Due,
    EditingTask,
    EditingTaskQuerySet,
    Outcome,
    TaskStatus,
    Verdict,
)
from ..policies import Criterion, EditingPolicy, Rubric
from .changes import ChangeRow, change_rows, offered
from .editors import Claimant, Standing, standing

HOUR = dt.timedelta(hours=1)
TABS = ("open", "available", "claimed", "in_review", "submitted", "overdue", "closed")
OWN_TABS = ("all", "active", "in_review", "submitted", "overdue", "recent")
FREE_TABS = ("all", "fitting", "urgent", "overdue")

TASK_ORDER = """o.id, o.number, o.status, o.topic, o.paper_type, o.subject, o.academic_level, o.work_type, o.pages,
    o.slides, o.client_deadline"""
SHOWN = f"""(
    SELECT json_build_array(
        {TASK}.id, {TASK}.website_id, {TASK}.status, {TASK}.assignment_type, {TASK}.outcome, {TASK}.editor_id,
        {TASK}.lease_until, {TASK}.opened_at, {TASK}.assigned_at, {TASK}.started_at, {TASK}.submitted_at,
        {TASK}.closed_at, w.number, m.number, r.quality_score, r.verdict,
        json_build_array({TASK_ORDER})
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
), ARRAY(
    SELECT c.id FROM editing_requiredchange c WHERE c.website_id = r.website_id AND c.review_id = r.id ORDER BY position
)
FROM editing_editingreview r WHERE r.website_id = %(website)s AND r.task_id = %(task)s
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
        "open": Tab(holds(OPEN)),
        "available": Tab(holds(FREE, at=now)),
        "claimed": Tab(holds(f"{HELD_AT} AND {TASK}.status = '{TaskStatus.CLAIMED}'", at=now)),
        "in_review": Tab(holds(f"{HELD_AT} AND {TASK}.status = '{TaskStatus.IN_REVIEW}'", at=now)),
        "submitted": Tab(holds(f"{TASK}.status = '{TaskStatus.SUBMITTED}'")),
        "overdue": Tab(holds(f"{OPEN} AND {OVERDUE}", at=now)),
        "closed": Tab(holds(f"{TASK}.status = '{TaskStatus.CLOSED}'"), apart=True),
    }


def own_tabs() -> Mapping[str, Tab]:
    """Of an editor's own: what it has now, and what it has had."""
    now = clock.now()
    return {
        "all": Tab(),
        "active": Tab(holds(HELD_AT, at=now)),
        "in_review": Tab(holds(f"{HELD_AT} AND {TASK}.status = '{TaskStatus.IN_REVIEW}'", at=now)),
        "submitted": Tab(holds(f"{TASK}.status = '{TaskStatus.SUBMITTED}'")),
        "overdue": Tab(holds(f"{HELD_AT} AND {OVERDUE}", at=now)),
        "recent": Tab(holds(f"{TASK}.status = '{TaskStatus.CLOSED}'")),
    }


def free_tabs(claimant: Claimant, policy: EditingPolicy) -> Mapping[str, Tab]:
    """Of the tasks that an editor may claim."""
    now = clock.now()
    return {
        "all": Tab(),
        "fitting": Tab(holds(FITTING, subjects=claimant.subjects, paper_types=claimant.paper_types)),
        "urgent": Tab(holds(URGENT, at=now, soon=now + policy.urgent_hours * HOUR)),
        "overdue": Tab(holds(OVERDUE, at=now)),
    }


def with_all(rows: EditingTaskQuerySet) -> EditingTaskQuerySet:
    """With `shown`: a task and what stands around it, of which `task_rows` makes a row. As one text, because a page of
    models with their moments took longer to make than to read."""
    return rows.annotate(shown=RawSQL(SHOWN, (), TextField()))  # noqa: S611 — constants


def shown(rows: EditingTaskQuerySet) -> Any:
    """Nothing else of them, for a page."""
    return with_all(rows).values_list("shown", flat=True)  # type: ignore[misc]


def task_rows(
    actor: Actor, found: Sequence[str], policy: EditingPolicy | None = None, own: Standing | None = None
) -> list[TaskRow]:
    """Of what is `shown`. Two queries at most, for the policy and an editor's `own` standing where they are not
    given."""
    policy, now = policy or EditingPolicy.of(actor.website), clock.now()
    tasks = [_Task._make(orjson.loads(each)) for each in found]
    # What is closed has no step whose guard would ask for more than the status.
    known = (task if task.status == TaskStatus.CLOSED else _model(task) for task in tasks)
    steps = [EditingTask.LIFECYCLE.available(task, actor) for task in known]
    standing = own or _standing(actor, tasks, steps, policy)
    return [_row(actor, task, mine, policy, now, standing) for task, mine in zip(tasks, steps, strict=True)]


def task_detail(actor: Actor, task: EditingTask) -> TaskDetail:
    """Of a task `with_all`. Five queries at most."""
    (row,) = task_rows(actor, [task.shown])  # type: ignore[attr-defined]
    review = None if row.verdict is None else _review(actor, task)
    rubric = Rubric.of(actor.website, review.rubric_version if review else None)
    return TaskDetail(row, review, list(rubric.criteria), row.available_actions)


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


class _Task(NamedTuple):
    """What SHOWN reads, as JSON gives it."""

    id: int
    website_id: int
    status: str
    assignment_type: str
    outcome: str
    editor_id: int | None
    lease_until: str | None
    opened_at: str
    assigned_at: str | None
    started_at: str | None
    submitted_at: str | None
    closed_at: str | None
    round: int
    editor: int | None
    quality_score: int | None
    verdict: str | None
    order: list[Any]


def _model(task: _Task) -> EditingTask:
    """With no more than is known, for the LIFECYCLE's guards."""
    order_id, _, order_status, *_ = task.order
    names = ("id", "website_id", "order_id", "editor_id", "status", "assignment_type", "lease_until")
    values = (task.id, task.website_id, order_id, task.editor_id, task.status, task.assignment_type)
    found = EditingTask.from_db(None, names, (*values, moment(task.lease_until)))
    found.order = Order.from_db(None, ("id", "website_id", "status"), (order_id, task.website_id, order_status))
    if task.editor_id is not None:
        found.editor = Membership.from_db(None, ("id", "number"), (task.editor_id, task.editor))
    return found


def _standing(
    actor: Actor, tasks: Sequence[_Task], steps: Sequence[list[AvailableAction]], policy: EditingPolicy
) -> Standing | None:
    """Of an editor, to those of the tasks that are free; nobody else claims. One query at most."""
    free = [
        task.order[0]
        for task, mine in zip(tasks, steps, strict=True)
        if any(step.action == "claim" and step.allowed for step in mine)
    ]
    if not free or actor.membership_id is None:
        return None
    return standing(actor.website, actor.membership_id, free, policy)


def _row(
    actor: Actor,
    task: _Task,
    steps: list[AvailableAction],
    policy: EditingPolicy,
    now: dt.datetime,
    standing: Standing | None,
) -> TaskRow:
    task.order[-1] = dt.datetime.fromisoformat(task.order[-1])
    order = TaskOrder(*task.order)
    closed = task.status == TaskStatus.CLOSED
    assigned_at, submitted_at = moment(task.assigned_at), moment(task.submitted_at)
    had = submitted_at - assigned_at if submitted_at and assigned_at else None
    return TaskRow(
        id=task.id,
        order=order,
        round=task.round,
        status=TaskStatus(task.status),
        assignment_type=AssignmentType(task.assignment_type) if task.assignment_type else None,
        outcome=Outcome(task.outcome) if task.outcome else None,
        editor=None if task.editor is None else f"Editor {task.editor}",
        editor_id=task.editor_id,
        is_own=actor.membership_id is not None and task.editor_id == actor.membership_id,
        lease_until=moment(task.lease_until),
        due=None if closed else due(order.client_deadline, now, policy.urgent_hours),
        hours_left=None if closed else round((order.client_deadline - now) / HOUR, 2),
        opened_at=dt.datetime.fromisoformat(task.opened_at),
        assigned_at=assigned_at,
        started_at=moment(task.started_at),
        submitted_at=submitted_at,
        closed_at=moment(task.closed_at),
        turnaround_hours=None if had is None else round(had / HOUR, 2),
        quality_score=task.quality_score,
        verdict=Verdict(task.verdict) if task.verdict else None,
        available_actions=offered(steps, "claim", standing.refusal(order.id) if standing else None),
    )


def _review(actor: Actor, task: EditingTask) -> EditingReviewRow:
    """Three queries at most: the review, the changes, and what these ask."""
    (row,) = select(REVIEW, website=actor.website.pk, task=task.pk)
    quality_score, verdict, notes, corrections, issues, rubric_version, submitted_at, files, changes = row
    return EditingReviewRow(
        quality_score=quality_score,
        verdict=Verdict(verdict),
        notes=notes,
        corrections=corrections,
        issues=[ReviewIssue(**issue) for issue in orjson.loads(issues)],
        rubric_version=rubric_version,
        files=files,
        changes_required=change_rows(actor, changes),
        submitted_at=submitted_at,
    )
