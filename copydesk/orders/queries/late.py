"""Orders that are overdue, and how late they are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.tenancy.sql import holds, select

from ..models import Order, RoundKind
from ..models.order import OrderQuerySet
from .attention import CLIENT_OVERDUE, HOUR, OVERDUE, OVERDUE_BANDS, Attention
from .managed import ManagedOrder, managed_orders

ROUNDS = """
SELECT r.order_id, r.id, r.number, r.kind, r.cause, r.asked_at, r.due_at, r.excused
FROM orders_round r
WHERE r.website_id = %(website)s AND r.order_id = ANY(%(ids)s::bigint[]) AND r.submitted_at IS NULL
  AND r.closed_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class OpenRound:
    """What is being written. `due_at` is without the excused time."""

    id: int
    number: int
    kind: RoundKind
    cause: str
    asked_at: dt.datetime
    due_at: dt.datetime
    excused_hours: float


@dataclass(frozen=True, slots=True)
class OverdueOrder:
    """`hours_late` and `band` count from the writer's due time with excused time; null where it is the client's
    deadline alone that has passed. `client_hours_late` is null while it has not, or where something was delivered."""

    order: ManagedOrder
    hours_late: float | None
    band: str | None
    client_overdue: bool
    client_hours_late: float | None
    round: OpenRound | None


def overdue_orders(actor: Actor, asked: Attention, *, for_client: bool) -> OrderQuerySet:
    """Overdue for the writer or for the client, of all that the actor sees: to be narrowed by `overdue_tabs`. The
    longest late for one or the other first."""
    rows = Order.objects.visible_to(actor).filter(holds(f"({OVERDUE} OR {CLIENT_OVERDUE})", **asked.values))
    return rows.order_by("client_deadline" if for_client else "writer_due_at", "pk")


def overdue_rows(actor: Actor, asked: Attention, ids: Sequence[int]) -> list[OverdueOrder]:
    """Two queries: orders, rounds."""
    rounds = {
        order_id: OpenRound(pk, number, RoundKind(kind), cause, asked_at, due_at, round(excused / HOUR, 2))
        for order_id, pk, number, kind, cause, asked_at, due_at, excused in select(
            ROUNDS, website=actor.website.pk, ids=list(ids)
        )
    }
    return [_row(order, rounds.get(order.id), asked.at) for order in managed_orders(actor, ids, asked.at)]


def band_of(late: dt.timedelta) -> str:
    return next(band for band, (since, until) in OVERDUE_BANDS.items() if late >= since and (not until or late < until))


def _row(order: ManagedOrder, current: OpenRound | None, at: dt.datetime) -> OverdueOrder:
    late = at - order.writer_deadline if order.is_overdue and order.writer_deadline else None
    client_late = at - order.client_deadline if order.delivered_at is None and order.client_deadline <= at else None
    return OverdueOrder(
        order=order,
        hours_late=None if late is None else round(late / HOUR, 2),
        band=None if late is None else band_of(late),
        client_overdue=client_late is not None,
        client_hours_late=None if client_late is None else round(client_late / HOUR, 2),
        round=current,
    )
