"""A writer's own requests, and what became of each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, QuerySet

from copydesk.accounts.actor import Actor
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.journal.queries import verbs_seen_by
from copydesk.journal.verbs import VERBS, shown_reason

from ..models import Request, RequestStatus
from ..models.requests import RequestQuerySet
from .schedule import WorkOrder

DECISIONS = ("request.approve", "request.reject", "request.expire", "request.supersede")
"""What others, or the clock, make of a request."""

STEPS = """
SELECT subject_id, at, verb, after, role, reason FROM journal_event
WHERE website_id = %(website)s AND writer_id = %(writer)s AND verb = ANY(%(verbs)s) AND after <> ''
  AND root_type = 'order' AND root_id = ANY(%(orders)s) AND subject_type = 'request' AND subject_id = ANY(%(requests)s)
ORDER BY id
"""


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
    about = {
        "website": actor.website.pk,
        "writer": actor.membership_id,
        "verbs": verbs_seen_by(actor.role),
        "orders": [row.order_id for row in requests],
        "requests": [row.pk for row in requests],
    }
    with connection.cursor() as cursor:
        cursor.execute(STEPS, about)
        for request_id, at, verb, after, role, reason in cursor.fetchall():
            shown = shown_reason(actor.role, verb, reason)
            found[request_id].append(RequestStep(at, verb, VERBS[verb].title, RequestStatus(after), role, shown))
    return found
