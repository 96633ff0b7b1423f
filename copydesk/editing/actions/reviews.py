"""A review is submitted, and its verdict applied; what a writer has to change is ticked off and confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from django.core.files.base import File as Upload

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.journal.actions import advance, lock, lock_for
from copydesk.journal.models import details
from copydesk.orders.actions import delivery
from copydesk.orders.actions import files as order_files
from copydesk.orders.models import FileKind, Order, OrderFile
from copydesk.threads.policies import MessagePolicy

from .. import errors
from ..models import (
    REVIEWED,
    EditingReview,
    EditingTask,
    Outcome,
    RequiredChange,
    ReviewFile,
    Verdict,
    having,
)
from ..policies import Rubric
from .tasks import renew


class Issue(TypedDict):
    criterion: str
    severity: str
    text: str


def add_file(order: Order, upload: Upload[bytes], kind: FileKind, *, by: Actor) -> OrderFile:
    """An editor's file of the work that it reviews: while it has the task, until it submits. Renews its claim. Raises
    NotInEditing, NotYourTask, LeaseExpired, and what orders' `add_file` does."""
    lock(order)
    task = EditingTask.objects.of(order.website_id).filter(order=order).open().first()
    if task is None:
        raise errors.NotInEditing
    lock_for(task, "add_file", by=by)
    renew(task)
    return order_files.add_file(order, upload, kind, by=by)


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
    assert task.editor_id is not None
    rubric = Rubric.of(by.website)
    _check(verdict, notes, issues, changes_required, rubric)
    found = _files(task, files)
    policy = MessagePolicy.of(by.website)
    before = EditingTask.objects.of(by.website).filter(order_id=task.order_id, outcome__in=REVIEWED)
    review = EditingReview.objects.of(by.website).create(
        task=task,
        editor_id=task.editor_id,
        quality_score=quality_score,
        verdict=verdict,
        first=not before.exists(),
        notes=policy.mask(notes).text,
        corrections=policy.mask(corrections).text,
        issues=[{**issue, "text": policy.mask(issue["text"]).text} for issue in issues],
        rubric_version=rubric.version,
        submitted_at=clock.now(),
    )
    for position, text in enumerate(changes_required, start=1):
        masked = policy.mask(text).text
        RequiredChange.objects.of(by.website).create(
            review=review, order_id=task.order_id, editor_id=task.editor_id, position=position, text=masked
        )
    for file in found:
        ReviewFile.objects.of(by.website).create(review=review, order_file=file)
    data = details(quality_score=quality_score, verdict=verdict)
    return advance(task, "submit", by=by, data=data, lease_until=None)


def complete(task: EditingTask, *, by: Actor) -> EditingTask:
    """Applies the verdict in one transaction: approved work goes to the client, returned work to its writer. Raises
    NotInEditing also where the work has been returned and handed in anew since."""
    lock(task.order)
    lock_for(task, "complete", by=by)
    order, review = task.order, task.review
    if delivery.last_submitted(order).pk != task.round_id:
        raise errors.NotInEditing
    approved = review.verdict == Verdict.APPROVE
    outcome = Outcome.APPROVED if approved else Outcome.RETURNED
    data = details(quality_score=review.quality_score, verdict=review.verdict, editor_id=task.editor_id)
    advance(task, "complete", by=by, data=data, outcome=outcome)
    if approved:
        delivery.pass_work(order, by=by)
    else:
        review.changes.update(returned_at=clock.now())
        changes = [row.text for row in review.changes.order_by("position")]
        delivery.return_work(order, by=by, reason=review.notes, changes_required=changes)
    return task


def tick(required: RequiredChange, *, by: Actor) -> RequiredChange:
    """The writer has made the change."""
    return advance(required, "tick", by=by, data=details(position=required.position))


def confirm(required: RequiredChange, *, by: Actor) -> RequiredChange:
    """The editor who has the order's task now has seen it. Raises NotYourTask, LeaseExpired."""
    lock_for(required, "confirm", by=by)
    task = EditingTask.objects.of(by.website).filter(order_id=required.order_id).open().lock().first()
    if refusal := having(task, by):
        raise refusal
    assert task is not None
    renew(task)
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
