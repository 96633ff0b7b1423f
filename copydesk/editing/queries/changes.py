"""What returned work has to change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import AvailableAction
from copydesk.orders.models import Order
from copydesk.tenancy.sql import holds, select

from ..conditions import CHANGE, TASK
from ..models import ChangeStatus, EditingTask, RequiredChange, RequiredChangeQuerySet, having

SHOWN = f"""
SELECT c.id, c.position, c.text, c.status, c.ticked_at, c.confirmed_at, r.task_id, o.id, o.writer_id, o.status,
       t.id, t.status, t.editor_id, t.lease_until
FROM {CHANGE} c
JOIN editing_editingreview r ON r.website_id = c.website_id AND r.id = c.review_id
JOIN orders_order o ON o.website_id = c.website_id AND o.id = c.order_id
LEFT JOIN {TASK} t ON t.website_id = o.website_id AND t.order_id = o.id AND t.status <> 'closed'
WHERE c.website_id = %(website)s AND c.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 — put together from constants
OF_TASK = f"""{CHANGE}.review_id = (
    SELECT r.id FROM editing_editingreview r WHERE r.website_id = %(website)s AND r.task_id = %(task)s
)"""  # noqa: S608 — put together from constants


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


def changes(actor: Actor) -> Any:
    """Ids of the required changes that the actor sees, of which `change_rows` makes rows."""
    rows = RequiredChange.objects.visible_to(actor).order_by("review_id", "position")
    return rows.values_list("pk", flat=True)


def required_of(rows: RequiredChangeQuerySet, task: EditingTask) -> RequiredChangeQuerySet:
    return rows.filter(holds(OF_TASK, website=task.website_id, task=task.pk))


def change_rows(actor: Actor, ids: Sequence[int]) -> list[ChangeRow]:
    """One query; an editor may confirm by the task that it has of the order now."""
    known = {found[0]: _Change._make(found) for found in select(SHOWN, website=actor.website.pk, ids=list(ids))}
    return [_row(actor, known[pk]) for pk in ids]


def _row(actor: Actor, row: _Change) -> ChangeRow:
    # Only the step of an open one has a guard, which would ask for more than the status.
    steps = RequiredChange.LIFECYCLE.available(_model(row) if row.status == ChangeStatus.OPEN else row, actor)
    if actor.role is Role.EDITOR and row.status == ChangeStatus.TICKED:
        steps = offered(steps, "confirm", having(_here(row), actor))
    return ChangeRow(
        id=row.id,
        task_id=row.task_id,
        order_id=row.order_id,
        position=row.position,
        text=row.text,
        status=ChangeStatus(row.status),
        ticked_at=row.ticked_at,
        confirmed_at=row.confirmed_at,
        available_actions=steps,
    )


def offered(steps: list[AvailableAction], name: str, refusal: Refusal | None) -> list[AvailableAction]:
    """The LIFECYCLE's, with what else stands in the way of one step."""
    if refusal is None:
        return steps
    return [
        replace(step, allowed=False, code=refusal.code, message=refusal.detail)
        if step.allowed and step.action == name
        else step
        for step in steps
    ]


class _Change(NamedTuple):
    """What SHOWN reads."""

    id: int
    position: int
    text: str
    status: str
    ticked_at: dt.datetime | None
    confirmed_at: dt.datetime | None
    task_id: int
    order_id: int
    writer_id: int | None
    order_status: str
    here_id: int | None
    here_status: str | None
    here_editor_id: int | None
    here_lease_until: dt.datetime | None


def _order(row: _Change) -> Order:
    return Order.from_db(None, ("id", "writer_id", "status"), (row.order_id, row.writer_id, row.order_status))


def _model(row: _Change) -> RequiredChange:
    """With no more than is known, for the LIFECYCLE's guards."""
    change = RequiredChange.from_db(None, ("id", "status"), (row.id, row.status))
    change.order = _order(row)
    return change


def _here(row: _Change) -> EditingTask | None:
    """The order's open task."""
    if row.here_id is None:
        return None
    values = (row.here_id, row.order_id, row.here_editor_id, row.here_status, row.here_lease_until)
    task = EditingTask.from_db(None, ("id", "order_id", "editor_id", "status", "lease_until"), values)
    task.order = _order(row)
    return task
