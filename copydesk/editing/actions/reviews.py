"""A review is submitted, and its verdict applied; what a writer has to change is ticked off and confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.journal.actions import advance, change, lock, lock_for
from copydesk.journal.models import details
from copydesk.orders.actions import delivery
from copydesk.orders.models import OrderFile, Status
from copydesk.threads.policies import MessagePolicy

from .. import errors
from ..models import (
    EditingReview,
    EditingTask,
    Outcome,
    RequiredChange,
    ReviewFile,
    Verdict,
    own_task,
)
from ..policies import Rubric
from .tasks import renewed


class Issue(TypedDict):
    criterion: str
    severity: str
    text: str


def submit(
    task: EditingTask,
    *,
    by: Actor,
    quality_score: int,
    verdict: Verdict,
    notes: str = "",
    corrections: str = "",
    issues: Sequence[Issue] = (),
    changes_required: Sequence[str] = (),
    files: Sequence[int] = (),
) -> EditingTask:
    """Records what the editor found, by the rubric in force; `files` are order files of this round. The verdict is
    applied by `complete`. Contact details in what the writer will read are masked. Raises Invalid, NotYourTask,
    LeaseExpired, NotInEditing."""
    lock_for(task, "submit", by=by)
    if task.order.status != Status.EDITING:
        raise errors.NotInEditing
    assert task.editor_id is not None
    rubric = Rubric.of(by.website)
    _check(verdict, notes, issues, changes_required, rubric)
    found = _files(task, files)
    policy = MessagePolicy.of(by.website)
    review = EditingReview.objects.of(by.website).create(
        task=task,
        editor_id=task.editor_id,
        quality_score=quality_score,
        verdict=verdict,
        notes=policy.mask(notes).text,
        corrections=policy.mask(corrections).text,
        issues=[{**issue, "text": policy.mask(issue["text"]).text} for issue in issues],
        rubric_version=rubric.version,
        submitted_at=clock.now(),
    )
    for position, text in enumerate(changes_required, start=1):
        masked = policy.mask(text).text
        RequiredChange.objects.of(by.website).create(review=review, position=position, text=masked)
    for file in found:
        ReviewFile.objects.of(by.website).create(review=review, order_file=file)
    data = details(quality_score=quality_score, verdict=verdict)
    return advance(task, "submit", by=by, data=data, lease_until=None)


def complete(task: EditingTask, *, by: Actor) -> EditingTask:
    """Applies the verdict in one transaction: approved work goes to the client, returned work to its writer."""
    lock(task.order)
    lock_for(task, "complete", by=by)
    order, review = task.order, task.review
    if review.verdict == Verdict.APPROVE:
        outcome = Outcome.APPROVED
        delivery.pass_work(order, by=by)
    else:
        outcome = Outcome.RETURNED
        changes = [row.text for row in review.changes.order_by("position")]
        delivery.return_work(order, by=by, reason=review.notes, changes_required=changes)
    data = details(quality_score=review.quality_score, verdict=review.verdict, editor_id=task.editor_id)
    return advance(task, "complete", by=by, data=data, outcome=outcome)


def tick(required: RequiredChange, *, by: Actor) -> RequiredChange:
    """The writer has made the change."""
    return advance(required, "tick", by=by, data=details(position=required.position))


def confirm(required: RequiredChange, *, by: Actor) -> RequiredChange:
    """The editor who has the order's task now has seen it. Raises NotYourTask, LeaseExpired."""
    lock_for(required, "confirm", by=by)
    order_id = required.review.task.order_id
    task = EditingTask.objects.of(by.website).filter(order_id=order_id).open().lock().first()
    if task is None:
        raise errors.NotInEditing
    if refusal := own_task(task, by):
        raise refusal
    if task.lease_until is not None:
        change(task, lease_until=renewed(task))
    return advance(required, "confirm", by=by, data=details(position=required.position))


def _check(
    verdict: Verdict, notes: str, issues: Sequence[Issue], changes_required: Sequence[str], rubric: Rubric
) -> None:
    wrong: dict[str, str] = {}
    if verdict == Verdict.RETURN and not notes.strip():
        wrong["notes"] = "The writer needs the reason."
    if verdict == Verdict.RETURN and not changes_required:
        wrong["changes_required"] = "Say what has to be changed."
    if verdict == Verdict.APPROVE and changes_required:
        wrong["changes_required"] = "Only of work that is returned."
    known = {criterion.code for criterion in rubric.criteria}
    for index, issue in enumerate(issues):
        if issue["criterion"] not in known:
            wrong[f"issues.{index}.criterion"] = f"Not in the rubric: {', '.join(sorted(known))}."
    if wrong:
        raise Invalid(wrong)


def _files(task: EditingTask, ids: Sequence[int]) -> list[OrderFile]:
    rows = OrderFile.objects.of(task.website_id).filter(order_id=task.order_id, round_id=task.round_id)
    found = rows.in_bulk(set(ids))
    if unknown := sorted(set(ids) - set(found)):
        raise Invalid({"files": f"No files of this round: {', '.join(map(str, unknown))}."}, "not_found")
    return [found[pk] for pk in sorted(found)]
