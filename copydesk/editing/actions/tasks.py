"""Editing tasks come and go with their orders; editors get them, give them back, lose them."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid, Refusal
from copydesk.journal.actions import advance, change, lock, lock_for, record
from copydesk.journal.models import Event, details
from copydesk.orders.actions.delivery import last_submitted
from copydesk.orders.models import Order, Status

from .. import errors
from ..models import AssignmentType, EditingTask, Outcome
from ..policies import EditingPolicy
from ..queries.editors import least_loaded, standing

FREED: dict[str, Any] = {
    "editor_id": None,
    "assignment_type": "",
    "lease_until": None,
    "assigned_at": None,
    "started_at": None,
}
"""A task that nobody has."""


def follow_order(order: Order, *, by: Actor) -> EditingTask | None:
    """One open task, of the work handed in last, while the order is in editing; none while it is not. Gives it. Safe to
    run twice."""
    lock(order)
    task = EditingTask.objects.of(order.website_id).filter(order=order).open().first()
    if task is not None and not (order.status == Status.EDITING and task.round_id == last_submitted(order).pk):
        data = details(editor_id=task.editor_id)
        advance(task, "withdraw", by=by, data=data, outcome=Outcome.WITHDRAWN, lease_until=None)
        task = None
    return open_task(order, by=by) if task is None and order.status == Status.EDITING else task


def open_task(order: Order, *, by: Actor) -> EditingTask:
    """For a locked order in editing. Given to an editor at once, where the website does that and one may have it."""
    round_ = last_submitted(order)
    task = EditingTask.objects.of(order.website_id).create(order=order, round=round_, opened_at=clock.now())
    record("editing_task.open", task, by=by, after=task.status, data=details(round=round_.number))
    if EditingPolicy.of(order.website_id).assigns_automatically:
        assign_if_possible(task, by=by)
    return task


def assign_if_possible(task: EditingTask, *, by: Actor) -> None:
    """Automatically; it waits where no editor may have it."""
    with suppress(Refusal):
        assign(task, by=by)


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
    chosen = editor_id or least_loaded(task.order, given_back_by(task), EditingPolicy.of(by.website))
    if chosen is None:
        raise errors.NoEditorFree
    admit(task, chosen, beyond_limit=bool(reason and editor_id))
    data = details(editor_id=chosen, assignment_type=way)
    return advance(task, "assign", by=by, reason=reason, data=data, **_held(chosen, way, None))


def start(task: EditingTask, *, by: Actor) -> EditingTask:
    lock_for(task, "start", by=by)
    return advance(task, "start", by=by, lease_until=_renewed(task))


def reject(task: EditingTask, *, by: Actor, reason: str) -> EditingTask:
    """An assigned task goes back. As after `unclaim`, it is not assigned to this editor automatically once more."""
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


def renew(task: EditingTask) -> None:
    """A locked task is worked on: a claim of it lasts as if it were made now."""
    if task.lease_until is not None:
        change(task, lease_until=_renewed(task))


def admit(task: EditingTask, editor_id: int, *, beyond_limit: bool = False) -> EditingPolicy:
    """Refuses an editor who may not have the task: Invalid for none of the website, EditorUnavailable, OwnWriting,
    EditorAtLimit. Its membership is locked, so that two tasks at once cannot exceed its limit."""
    website = task.website_id
    editors = Membership.objects.of(website).filter(role=Role.EDITOR)
    if editors.lock().filter(pk=editor_id).first() is None:
        raise Invalid({"editor_id": "No such editor."}, "not_found")
    policy = EditingPolicy.of(website)
    refusal = standing(website, editor_id, [task.order_id], policy).refusal(task.order_id)
    if refusal is not None and not (beyond_limit and isinstance(refusal, errors.EditorAtLimit)):
        raise refusal
    return policy


def given_back_by(task: EditingTask) -> list[int]:
    """The editors who have rejected or unclaimed it."""
    about = Event.objects.of(task.website_id).about(Order.noun, task.order_id).filter(subject_id=task.pk)
    back = about.filter(verb__in=("editing_task.reject", "editing_task.unclaim"), member_id__isnull=False)
    return [member_id for member_id in back.values_list("member_id", flat=True) if member_id is not None]


def _held(editor_id: int, way: AssignmentType, lease_until: dt.datetime | None) -> dict[str, Any]:
    return {"editor_id": editor_id, "assignment_type": way, "lease_until": lease_until, "started_at": None}


def _renewed(task: EditingTask) -> dt.datetime | None:
    """Until when a claim lasts that is worked on now; null for what has no lease."""
    return None if task.lease_until is None else _lease(EditingPolicy.of(task.website_id))


def _lease(policy: EditingPolicy) -> dt.datetime:
    return clock.now() + dt.timedelta(minutes=policy.lease_minutes)
