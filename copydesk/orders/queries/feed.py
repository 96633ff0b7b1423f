"""A writer's work as entries of a calendar: one for each round, under the same name for as long as it is shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.period import Period

from ..models import WRITING
from .schedule import due_within

KEPT_DAYS = 30
MOST_ENTRIES = 500

ENTRIES = """
SELECT r.id, r.version, r.kind, r.asked_at, r.due_at + r.excused, r.submitted_at, r.closed_at,
       o.number, o.topic, o.pages, o.slides, o.status
FROM orders_assignment a
JOIN orders_round r ON r.website_id = a.website_id AND r.assignment_id = a.id
JOIN orders_order o ON o.website_id = a.website_id AND o.id = a.order_id
WHERE a.website_id = %(website)s AND a.writer_id = %(writer)s
  AND (a.ended_at IS NULL OR a.ended_at >= %(since)s)
  AND (coalesce(r.submitted_at, r.closed_at) IS NULL OR coalesce(r.submitted_at, r.closed_at) >= %(since)s)
ORDER BY coalesce(r.submitted_at, r.closed_at) IS NULL DESC, r.id DESC
LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """`sequence` grows with each change of the round, `changed_at` is when it was asked for, handed in or ended.

    `state`: open; paused (on hold or disputed, its due time will move); submitted; or gone: the order left the writer.
    """

    round_id: int
    sequence: int
    kind: str
    number: int
    topic: str
    pages: int
    slides: int
    due_at: dt.datetime
    changed_at: dt.datetime
    state: Literal["open", "paused", "submitted", "gone"]


def feed_entries(owner: Actor) -> list[Entry]:
    """What is open, and for 30 days what was handed in or has left the writer; 500 at most, open ones before the
    others. One query."""
    values: dict[str, Any] = {
        "website": owner.website.pk,
        "writer": owner.membership_id,
        "since": clock.now() - dt.timedelta(days=KEPT_DAYS),
        "most": MOST_ENTRIES,
    }
    with connection.cursor() as cursor:
        cursor.execute(ENTRIES, values)
        return sorted((_entry(*row) for row in cursor.fetchall()), key=lambda entry: (entry.due_at, entry.round_id))


def due_entries(actor: Actor, period: Period) -> list[Entry]:
    """What the days of the writer's calendar hold. Two queries."""
    return [
        Entry(
            round_id=work.round_id,
            sequence=work.version - 1,
            kind=work.kind,
            number=work.order.number,
            topic=work.order.topic,
            pages=work.pages,
            slides=work.slides,
            due_at=work.due_at,
            changed_at=work.asked_at,
            state="open",
        )
        for work in due_within(actor, period)
        if work.round_id is not None and work.due_at is not None and work.asked_at is not None
    ]


def _entry(*row: Any) -> Entry:
    pk, version, kind, asked_at, due_at, submitted_at, closed_at, number, topic, pages, slides, status = row
    if submitted_at is not None:
        state = "submitted"
    elif closed_at is not None:
        state = "gone"
    else:
        state = "open" if status in WRITING else "paused"
    return Entry(
        round_id=pk,
        sequence=version - 1,
        kind=kind,
        number=number,
        topic=topic,
        pages=pages,
        slides=slides,
        due_at=due_at,
        changed_at=submitted_at or closed_at or asked_at,
        state=state,  # type: ignore[arg-type]
    )
