"""What returned work has to change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson
from django.db.models import TextField
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import AvailableAction
from copydesk.orders.models import Order

from ..conditions import CHANGE, TASK
from ..models import ChangeStatus, EditingReview, EditingTask, RequiredChange, RequiredChangeQuerySet, having

CHANGES_ORDER = f"""(
    SELECT json_build_array(t.id, o.id, o.writer_id, o.status)::text
    FROM editing_editingreview r
    JOIN {TASK} t ON t.website_id = r.website_id AND t.id = r.task_id
    JOIN orders_order o ON o.website_id = t.website_id AND o.id = t.order_id
    WHERE r.website_id = {CHANGE}.website_id AND r.id = {CHANGE}.review_id
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


def changes(actor: Actor) -> RequiredChangeQuerySet:
    """The required changes that the actor sees, with what their rows read."""
    return with_order(RequiredChange.objects.visible_to(actor)).order_by("review_id", "position")


def with_order(rows: RequiredChangeQuerySet) -> RequiredChangeQuerySet:
    """With what `change_rows` reads: `around`."""
    return rows.annotate(around=RawSQL(CHANGES_ORDER, (), TextField()))  # noqa: S611 — constants


def change_rows(actor: Actor, rows: Sequence[RequiredChange]) -> list[ChangeRow]:
    """Of rows `with_order`. One query where an editor may confirm some: by the task that it has now."""
    orders = _reviews_known(rows)
    having_now: dict[int, Refusal | None] = {}
    if actor.role is Role.EDITOR and any(row.status == ChangeStatus.TICKED for row in rows):
        here = EditingTask.objects.of(actor.website).open().filter(order_id__in=list(orders))
        tasks = {each.order_id: each for each in here}
        for order_id, task in tasks.items():
            task.order = orders[order_id]
        having_now = {order_id: having(tasks.get(order_id), actor) for order_id in orders}
    steps: dict[tuple[int, str], list[AvailableAction]] = {}
    found: list[ChangeRow] = []
    for row in rows:
        task = row.review.task
        key = (task.order_id, row.status)
        if key not in steps:
            steps[key] = offered(row.LIFECYCLE.available(row, actor), "confirm", having_now.get(task.order_id))
        found.append(
            ChangeRow(
                id=row.pk,
                task_id=task.pk,
                order_id=task.order_id,
                position=row.position,
                text=row.text,
                status=ChangeStatus(row.status),
                ticked_at=row.ticked_at,
                confirmed_at=row.confirmed_at,
                available_actions=steps[key],
            )
        )
    return found


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


def _reviews_known(rows: Sequence[RequiredChange]) -> dict[int, Order]:
    """Of rows `with_order`, which have their review, its task and the order afterwards, with no more of them than is
    known. The orders by id."""
    orders: dict[int, Order] = {}
    reviews: dict[int, EditingReview] = {}
    for row in rows:
        if row.review_id not in reviews:
            task_id, order_id, *known = orjson.loads(row.around)  # type: ignore[attr-defined]
            review = EditingReview.from_db(None, ("id", "task_id"), (row.review_id, task_id))
            review.task = EditingTask.from_db(None, ("id", "order_id"), (task_id, order_id))
            review.task.order = Order.from_db(None, ("id", "writer_id", "status"), (order_id, *known))
            reviews[row.review_id], orders[order_id] = review, review.task.order
        row.review = reviews[row.review_id]
    return orders
