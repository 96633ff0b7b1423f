"""A writer's own requests, and what became of each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet

from copydesk.accounts.actor import Actor
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.journal.queries import activity, visible_events

from ..models import Order, Request, RequestStatus
from ..models.requests import RequestQuerySet
from .schedule import WorkOrder

DECISIONS = ("request.approve", "request.reject", "request.expire", "request.supersede")
"""What others, or the clock, make of a request."""


@dataclass(frozen=True, slots=True)
class RequestStep:
    """`actor_label` is a role, never a name; `reason` only where the writer may read it."""

    at: dt.datetime
    verb: str
    title: str
    status: RequestStatus
    actor_label: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class TrackedRequest:
    """`bid`: the pay asked for, null for the level's. `history` oldest first; its last status is the present one."""

    id: int
    order: WorkOrder
    status: RequestStatus
    message: str
    bid: Decimal | None
    currency: str
    requested_at: dt.datetime
    expires_at: dt.datetime
    decided_at: dt.datetime | None
    history: list[RequestStep]
    available_actions: list[AvailableAction]


def own_requests(actor: Actor) -> RequestQuerySet:
    """With their orders, and no more of both than `tracked_requests` shows."""
    shown = ("version", "status", "message", "bid_minor", "requested_at", "expires_at", "decided_at", "writer_id")
    rows = Request.objects.visible_to(actor).select_related("order")
    return rows.only("website_id", *shown, "order__number", "order__topic")


def request_counts(requests: QuerySet[Request, Any]) -> dict[str, int]:
    """Of these, how many in each status, and `all`. One query."""
    found = dict(requests.order_by().values_list("status").annotate(n=Count("*")))
    return {"all": sum(found.values()), **{status.value: found.get(status, 0) for status in RequestStatus}}


def tracked_requests(actor: Actor, requests: Sequence[Request]) -> list[TrackedRequest]:
    """Of `own_requests`. One query, whatever the number of rows."""
    steps = _steps(actor, requests)
    return [
        TrackedRequest(
            id=row.pk,
            order=WorkOrder(row.order.pk, row.order.number, row.order.topic),
            status=RequestStatus(row.status),
            message=row.message,
            bid=None if row.bid_minor is None else to_decimal(row.bid_minor),
            currency=actor.website.currency,
            requested_at=row.requested_at,
            expires_at=row.expires_at,
            decided_at=row.decided_at,
            history=steps[row.pk],
            available_actions=Request.LIFECYCLE.available(row, actor),
        )
        for row in requests
    ]


def _steps(actor: Actor, requests: Sequence[Request]) -> dict[int, list[RequestStep]]:
    """By request; an event that changed no status is none of them."""
    found: dict[int, list[RequestStep]] = defaultdict(list)
    events = visible_events(actor).filter(
        root_type=Order.noun,
        root_id__in={row.order_id for row in requests},
        subject_type=Request.noun,
        subject_id__in=[row.pk for row in requests],
    )
    shown = ("at", "verb", "role", "subject_type", "subject_id", "root_type", "root_id", "before", "after", "reason")
    for event in events.exclude(after="").only(*shown, "data").order_by("id"):
        seen = activity(actor.role, event)
        step = RequestStep(seen.at, seen.verb, seen.title, RequestStatus(seen.after), seen.actor_label, seen.reason)
        found[event.subject_id].append(step)
    return found
