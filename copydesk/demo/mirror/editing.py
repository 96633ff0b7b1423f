"""Mirrors copydesk/editing/actions: tasks follow their orders, editors get them, review, and give them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.editing.actions.profiles import LISTS
from copydesk.editing.actions.tasks import FREED
from copydesk.editing.models import (
    ACTIVE,
    REVIEWED,
    AssignmentType,
    EditingReview,
    EditingTask,
    EditorProfile,
    Expertise,
    ExpertiseKind,
    Outcome,
    RequiredChange,
    ReviewFile,
    Verdict,
)
from copydesk.editing.policies import EditingPolicy, Rubric
from copydesk.journal.models import details
from copydesk.orders.models import Status

from ..copy import Row, dumps
from ..crew import Crew, Member
from ..stage import Case, Stage, step
from . import delivery, papers

POLICY = EditingPolicy()
RUBRIC = Rubric()
LEASE = dt.timedelta(minutes=POLICY.lease_minutes)


def follow_order(stage: Stage, event: Row) -> None:
    case = stage.cases[event.root_id]
    task = case.task
    if case.order.status == Status.EDITING:
        if task is None:
            _open_task(stage, case)
    elif task is not None:
        data = details(editor_id=task.editor_id)
        stage.advance(task, "withdraw", by=stage.system, data=data, outcome=Outcome.WITHDRAWN.value, lease_until=None)


def free_editors(stage: Stage, crew: Crew) -> list[Member]:
    return [member for member in crew.editors if _active(stage, member) < POLICY.task_limit]


@step
def change_editor(stage: Stage, editor: Member, /, *, by: Actor, **given: Any) -> None:
    if editor.profile is None:
        editor.profile = stage.make(EditorProfile, member_id=editor.id)
    stage.change(editor.profile)
    codes = [(kind, code) for name, kind in LISTS.items() for code in sorted(given.get(name, ()))]
    for kind, code in codes:
        stage.send(Expertise, editor_id=editor.id, kind=kind.value, code=code)
    editor.skills = frozenset((kind.value, code) for kind, code in codes)
    stage.record("editor.change_profile", editor.profile, by=by, data=details(fields=sorted(given)))


@step
def claim_task(stage: Stage, task: Row, *, by: Actor) -> None:
    _give(stage, task, "claim", stage.member(by.membership_id), AssignmentType.CLAIMED, by=by)


@step
def assign_task(stage: Stage, task: Row, *, by: Actor, editor_id: Member | None = None) -> None:
    editor = editor_id or least_loaded(stage, task)
    assert editor is not None
    way = AssignmentType.MANUAL if editor_id else AssignmentType.AUTO
    _give(stage, task, "assign", editor, way, by=by)


@step
def start_task(stage: Stage, task: Row, *, by: Actor) -> None:
    stage.advance(task, "start", by=by, lease_until=stage.now + LEASE if task.lease_until else None)


@step
def reject_task(stage: Stage, task: Row, *, by: Actor, reason: str) -> None:
    _refuse_for_good(stage, task, by)
    stage.advance(task, "reject", by=by, reason=reason, data=details(editor_id=by.membership_id), **FREED)


@step
def unclaim_task(stage: Stage, task: Row, *, by: Actor, reason: str) -> None:
    _refuse_for_good(stage, task, by)
    stage.advance(task, "unclaim", by=by, reason=reason, data=details(editor_id=by.membership_id), **FREED)


@step
def expire_task(stage: Stage, task: Row, *, by: Actor) -> None:
    stage.advance(task, "expire", by=by, data=details(editor_id=task.editor_id), **FREED)


@step
def hand_over_task(stage: Stage, task: Row, editor: Member, *, by: Actor, reason: str) -> None:
    data = details(editor_id=editor.id, former_editor_id=task.editor_id)
    editor.tasks.append(task)
    stage.advance(
        task,
        "hand_over",
        by=by,
        reason=reason,
        data=data,
        editor_id=editor.id,
        assignment_type=AssignmentType.MANUAL.value,
        lease_until=None,
        started_at=None,
    )


@step
def add_marked_file(stage: Stage, case: Case, *, content: str, by: Actor) -> Row:
    _renew(stage, case)
    return papers.add_file(stage, case, kind="draft", content=content, by=by)


@step
def submit_task(
    stage: Stage,
    task: Row,
    *,
    by: Actor,
    quality_score: int,
    verdict: Verdict,
    notes: str,
    corrections: str,
    issues: Sequence[dict[str, str]],
    changes_required: Sequence[str],
    files: Sequence[Row],
) -> None:
    case = stage.cases[task.order_id]
    review = stage.make(
        EditingReview,
        task_id=task.id,
        editor_id=task.editor_id,
        quality_score=quality_score,
        verdict=verdict.value,
        first=all(other.outcome not in REVIEWED for other in case.tasks),
        notes=notes,
        corrections=corrections,
        issues=dumps(list(issues)),
        rubric_version=RUBRIC.version,
        submitted_at=stage.now,
    )
    review.task = task
    case.edited.append(review)
    for position, text in enumerate(changes_required, start=1):
        row = stage.make(
            RequiredChange,
            review_id=review.id,
            order_id=task.order_id,
            editor_id=task.editor_id,
            position=position,
            text=text,
        )
        row.review, row.order = review, case.order
        case.changes.append(row)
    for file in files:
        stage.send(ReviewFile, review_id=review.id, order_file_id=file.id)
    data = details(quality_score=quality_score, verdict=verdict.value)
    stage.advance(task, "submit", by=by, data=data, lease_until=None)


@step
def complete_task(stage: Stage, task: Row, *, by: Actor) -> None:
    case = stage.cases[task.order_id]
    review = case.edited[-1]
    approved = review.verdict == Verdict.APPROVE
    outcome = Outcome.APPROVED if approved else Outcome.RETURNED
    data = details(quality_score=review.quality_score, verdict=review.verdict, editor_id=task.editor_id)
    stage.advance(task, "complete", by=by, data=data, outcome=outcome.value)
    if approved:
        delivery.pass_work(stage, case, by=by)
    else:
        changes = [row for row in case.changes if row.review is review]
        for row in changes:
            row.returned_at = stage.now
        texts = [row.text for row in changes]
        delivery.return_work(stage, case, by=by, reason=review.notes, changes_required=texts)


@step
def tick_change(stage: Stage, required: Row, *, by: Actor) -> None:
    stage.advance(required, "tick", by=by, data=details(position=required.position))


@step
def confirm_change(stage: Stage, required: Row, *, by: Actor) -> None:
    _renew(stage, stage.cases[required.order_id])
    stage.advance(required, "confirm", by=by, data=details(position=required.position))


def least_loaded(stage: Stage, task: Row) -> Member | None:
    """Mirrors copydesk/editing/queries/editors.py."""
    order, rejected = task.order, stage.cases[task.order_id].rejected
    found = [
        editor
        for editor in free_editors(stage, stage.crew)
        if _knows(editor, ExpertiseKind.SUBJECT, order.subject)
        and _knows(editor, ExpertiseKind.PAPER_TYPE, order.paper_type)
        and (task.id, editor.id) not in rejected
    ]
    return min(found, key=lambda editor: (_active(stage, editor), editor.id), default=None)


def _open_task(stage: Stage, case: Case) -> None:
    round_ = case.rounds[-1]
    task = stage.make(EditingTask, order_id=case.order.id, round_id=round_.id, opened_at=stage.now)
    task.order = case.order
    case.tasks.append(task)
    stage.record("editing_task.open", task, by=stage.system, after=task.status, data=details(round=round_.number))


def _give(stage: Stage, task: Row, name: str, editor: Member, way: AssignmentType, *, by: Actor) -> None:
    editor.tasks.append(task)
    stage.advance(
        task,
        name,
        by=by,
        data=details(editor_id=editor.id, assignment_type=way.value),
        editor_id=editor.id,
        assignment_type=way.value,
        lease_until=stage.now + LEASE if way is AssignmentType.CLAIMED else None,
        started_at=None,
    )


def _renew(stage: Stage, case: Case) -> None:
    task = case.task
    assert task is not None
    if task.lease_until:
        stage.change(task, lease_until=stage.now + LEASE)


def _refuse_for_good(stage: Stage, task: Row, by: Actor) -> None:
    assert by.membership_id is not None
    stage.cases[task.order_id].rejected.add((task.id, by.membership_id))


def _active(stage: Stage, editor: Member) -> int:
    editor.tasks = [task for task in editor.tasks if task.editor_id == editor.id and task.status in ACTIVE]
    return len({task.id for task in editor.tasks if not task.lease_until or task.lease_until > stage.now})


def _knows(editor: Member, kind: ExpertiseKind, code: str) -> bool:
    return (kind.value, code) in editor.skills or all(known != kind for known, _ in editor.skills)
