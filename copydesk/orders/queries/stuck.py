"""Orders about which nobody whose turn it is has done anything for too long, and what staff could do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import DateTimeField

from copydesk.accounts.actor import Actor
from copydesk.tenancy.sql import expression, holds, select

from ..models import Order, Status
from ..models.order import OrderQuerySet
from .attention import HOUR, PATIENCE, PROGRESS_AT, STUCK, Attention, Turn
from .managed import ManagedOrder, managed_orders

PROGRESS = f"""
SELECT orders_order.id, {PROGRESS_AT}, {PATIENCE}
FROM orders_order
LEFT JOIN orders_dwell d ON d.website_id = orders_order.website_id AND d.stage = orders_order.status
WHERE orders_order.website_id = %(website)s AND orders_order.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 — put together from constants


class Suggestion(StrEnum):
    """What the desk offers for it: an action of `orders/{id}/…` but for those that say otherwise."""

    ASSIGN = "assign"
    RELEASE = "release"
    """The offer, so that another writer can have it."""
    REASSIGN = "reassign"
    EXTEND_DEADLINE = "extend_deadline"
    """The client's has passed: nobody can start on it before it is moved."""
    MESSAGE_WRITER = "message_writer"
    """`orders/{id}/messages/`."""
    MESSAGE_CLIENT = "message_client"
    """The same."""
    ASSIGN_EDITOR = "assign_editor"
    """`editor-management/tasks/{id}/assign/`; `hand-over/` where an editor has it."""
    RESUME = "resume"
    RESOLVE_DISPUTE = "resolve_dispute"
    """`orders/disputes/{id}/resolve/`; of one that staff opened and asked nobody about, `respond/` comes first."""
    CANCEL = "cancel"
    CHECK_WORKER = "check_worker"
    """Nothing of the order: the jobs that were to move it do not run."""


SUGGESTED = {
    Status.UNPAID: Suggestion.CANCEL,
    Status.OFFERED: Suggestion.RELEASE,
    Status.IN_PROGRESS: Suggestion.MESSAGE_WRITER,
    Status.REVISION: Suggestion.MESSAGE_WRITER,
    Status.EDITING: Suggestion.ASSIGN_EDITOR,
    Status.DELIVERED: Suggestion.MESSAGE_CLIENT,
    Status.ON_HOLD: Suggestion.RESUME,
    Status.DISPUTED: Suggestion.RESOLVE_DISPUTE,
}
ASKED = {Turn.CLIENT: Suggestion.MESSAGE_CLIENT, Turn.WRITER: Suggestion.MESSAGE_WRITER}
"""Of a disputed order, while its dispute waits for a party: it cannot be resolved yet."""


@dataclass(frozen=True, slots=True)
class StuckOrder:
    """`progress_at`: when it came to its status, or its dispute to its stage, or `waiting_on` last did anything about
    it. `patience_hours`: how long it may rest there: the p90 of how long this website's orders did, or the policy's
    hours where that is more."""

    order: ManagedOrder
    waiting_on: Turn
    progress_at: dt.datetime
    stuck_hours: float
    patience_hours: float
    suggested_action: Suggestion


def stuck_orders(actor: Actor, asked: Attention) -> OrderQuerySet:
    """The longest without progress first."""
    rows = Order.objects.visible_to(actor).filter(holds(STUCK, **asked.values))
    progress = expression(PROGRESS_AT, DateTimeField(), **asked.values)
    return rows.annotate(progress_at=progress).order_by("progress_at", "pk")


def stuck_rows(actor: Actor, asked: Attention, ids: Sequence[int]) -> list[StuckOrder]:
    """Without those that have ended since their ids were found. Two queries: orders, their last progress."""
    values = {name: asked.values[name] for name in ("website", "at", "patience")}
    known = {pk: rest for pk, *rest in select(PROGRESS, **values, ids=list(ids))}
    orders = [order for order in managed_orders(actor, ids, asked.at) if order.waiting_on is not None]
    return [_row(order, asked.at, *known[order.id]) for order in orders]


def suggested(order: ManagedOrder, at: dt.datetime) -> Suggestion:
    if order.waiting_on is Turn.SYSTEM:
        return Suggestion.CHECK_WORKER
    if order.is_overdue or order.status is Status.AVAILABLE:
        if order.client_deadline <= at:
            return Suggestion.EXTEND_DEADLINE
        return Suggestion.REASSIGN if order.is_overdue else Suggestion.ASSIGN
    if order.status is Status.DISPUTED and order.waiting_on in ASKED:
        return ASKED[order.waiting_on]
    return SUGGESTED[order.status]


def _row(order: ManagedOrder, at: dt.datetime, progress_at: dt.datetime, patience: dt.timedelta) -> StuckOrder:
    assert order.waiting_on is not None
    return StuckOrder(
        order=order,
        waiting_on=order.waiting_on,
        progress_at=progress_at,
        stuck_hours=round((at - progress_at) / HOUR, 2),
        patience_hours=round(patience / HOUR, 2),
        suggested_action=suggested(order, at),
    )
