"""Editing tasks come and go with their orders; editors get them, give them back, lose them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid, Refusal
from copydesk.journal.actions import advance, change, lock, lock_for, record
from copydesk.journal.models import Event, details
from copydesk.orders.actions.delivery import last_submitted
from copydesk.orders.models import Assignment, Order, Status
from copydesk.tenancy.models import Website

from .. import errors
from ..models import AssignmentType, EditingTask, EditorProfile, Outcome
from ..policies import EditingPolicy
from ..queries.editors import least_loaded, task_limit

FREED: dict[str, Any] = {
    "editor_id": None,
    "assignment_type": "",
    "lease_until": None,
    "assigned_at": None,
    "started_at": None,
}
"""A task that nobody has."""


def follow_order(order: Order, *, by: Actor) -> EditingTask | None:
    """One open task while the order is in editing, none while it is not. Safe to run twice; gives the open task."""
    lock(order)
    task = EditingTask.objects.of(order.website_id).filter(order=order).open().first()
    if order.status == Status.EDITING:
        return task or open_task(order, by=by)
    if task is not None:
        advance(task, "withdraw", by=by, outcome=Outcome.WITHDRAWN, lease_until=None)
    return None


def open_task(order: Order, *, by: Actor) -> EditingTask:
    """For a locked order in editing. Given to an editor at once, where the website does that and one may have it."""
    round_ = last_submitted(order)
    task = EditingTask.objects.of(order.website_id).create(order=order, round=round_, opened_at=clock.now())
    record("editing_task.open", task, by=by, after=task.status, data=details(round=round_.number))
    if EditingPolicy.of(order.website_id).assigns_automatically:
        try:
            assign(task, by=by)
        except Refusal:
            return task
    return task


def claim(task: EditingTask, *, by: Actor) -> EditingTask:
    """An editor takes a free task for itself, until its lease is over. Of many at once one gets it: the row is locked
    before it is asked. Raises TaskTaken with the holder, and what `admit` does."""
    lock_for(task, "claim", by=by)
    assert by.membership_id is not None
    policy = admit(task, by.membership_id)
    return advance(
        task,
        "claim",
        by=by,
        **_held(by.membership_id, AssignmentType.CLAIMED, _lease(policy)),
        data=details(editor_id=by.membership_id, assignment_type=AssignmentType.CLAIMED),
    )


def assign(task: EditingTask, *, by: Actor, editor_id: int | None = None, reason: str = "") -> EditingTask:
    """Staff give a free task to an editor, beyond its limit only with a reason; without `editor_id` it goes to the
    least loaded who knows its subject and paper type. Raises TaskTaken, NoEditorFree, and what `admit` does."""
    lock_for(task, "assign", by=by)
    way = AssignmentType.MANUAL if editor_id else AssignmentType.AUTO
    chosen = editor_id or least_loaded(task.order, rejected_by(task), EditingPolicy.of(by.website))
    if chosen is None:
        raise errors.NoEditorFree
    admit(task, chosen, beyond_limit=bool(reason and editor_id))
    data = details(editor_id=chosen, assignment_type=way)
    return advance(task, "assign", by=by, reason=reason, data=data, **_held(chosen, way, None))


def start(task: EditingTask, *, by: Actor) -> EditingTask:
    lock_for(task, "start", by=by)
    return advance(task, "start", by=by, lease_until=renewed(task))


def reject(task: EditingTask, *, by: Actor, reason: str) -> EditingTask:
    """An assigned task goes back; it is not assigned to this editor automatically once more."""
    return advance(task, "reject", by=by, reason=reason, data=details(editor_id=by.membership_id), **FREED)


def unclaim(task: EditingTask, *, by: Actor, reason: str) -> EditingTask:
    return advance(task, "unclaim", by=by, reason=reason, data=details(editor_id=by.membership_id), **FREED)


def hand_over(task: EditingTask, editor_id: int, *, by: Actor, reason: str) -> EditingTask:
    """To another editor, who begins anew, without a lease. Raises what `admit` does."""
    lock_for(task, "hand_over", by=by)
    former = task.editor_id
    if editor_id == former:
        raise Invalid({"editor_id": "This editor has the task already."})
    admit(task, editor_id, beyond_limit=by.is_staff)
    data = details(editor_id=editor_id, former_editor_id=former)
    return advance(task, "hand_over", by=by, reason=reason, data=data, **_held(editor_id, AssignmentType.MANUAL, None))


def expire(task: EditingTask, *, by: Actor) -> EditingTask:
    """By the clock: a claim whose lease is over goes back."""
    lock_for(task, "expire", by=by)
    return advance(task, "expire", by=by, data=details(editor_id=task.editor_id), **FREED)


def renew_lease(website: Website, order_id: int, editor_id: int) -> None:
    """The editor has worked on the order: its claim lasts as if it were made now. Nothing where that is over."""
    tasks = EditingTask.objects.of(website).filter(order_id=order_id, editor_id=editor_id).open()
    task = tasks.lock().first()
    if task is not None and task.lease_until is not None and not task.lease_over(clock.now()):
        change(task, lease_until=renewed(task))


def renewed(task: EditingTask) -> dt.datetime | None:
    """Until when a claim lasts that is worked on now; null for what has no lease."""
    return None if task.lease_until is None else _lease(EditingPolicy.of(task.website_id))


def admit(task: EditingTask, editor_id: int, *, beyond_limit: bool = False) -> EditingPolicy:
    """Refuses an editor who may not have the task: Invalid for none of the website, EditorUnavailable, OwnWriting,
    EditorAtLimit. Its membership is locked, so that two tasks at once cannot exceed its limit."""
    website = task.website_id
    editors = Membership.objects.of(website).filter(role=Role.EDITOR)
    member = editors.lock().filter(pk=editor_id).first()
    if member is None:
        raise Invalid({"editor_id": "No such editor."}, "not_found")
    profile = EditorProfile.objects.of(website).filter(pk=editor_id).first()
    if member.status != MembershipStatus.ACTIVE or (profile is not None and not profile.available):
        raise errors.EditorUnavailable
    if Assignment.objects.of(website).filter(order_id=task.order_id, writer__user_id=member.user_id).exists():
        raise errors.OwnWriting
    policy = EditingPolicy.of(website)
    limit = task_limit(profile, policy)
    others = EditingTask.objects.of(website).held_at(clock.now()).had_by(editor_id).exclude(pk=task.pk)
    if not beyond_limit and others.count() >= limit:
        raise errors.EditorAtLimit(limit=limit)
    return policy


def rejected_by(task: EditingTask) -> list[int]:
    """The editors who have rejected it."""
    about = Event.objects.of(task.website_id).about(Order.noun, task.order_id)
    rejections = about.filter(verb="editing_task.reject", subject_id=task.pk, member_id__isnull=False)
    return [member_id for member_id in rejections.values_list("member_id", flat=True) if member_id is not None]


def _held(editor_id: int, way: AssignmentType, lease_until: dt.datetime | None) -> dict[str, Any]:
    return {"editor_id": editor_id, "assignment_type": way, "lease_until": lease_until, "started_at": None}


def _lease(policy: EditingPolicy) -> dt.datetime:
    return clock.now() + dt.timedelta(minutes=policy.lease_minutes)
