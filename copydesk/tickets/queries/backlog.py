"""How many tickets were waiting, over time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from copydesk.core import clock
from copydesk.core.period import Period
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select, words

from ..models.ticket import ACTIVE

WAITING = f"({words(ACTIVE)})"
CHANGES = f"""
WITH changes AS (
    SELECT opened_at AS at, 1 AS more FROM tickets_ticket WHERE website_id = %(website)s AND opened_at >= %(since)s
    UNION ALL
    SELECT resolved_at, -1 FROM tickets_ticket
    WHERE website_id = %(website)s AND resolved_at >= %(since)s
      AND (reopened_at IS NULL OR reopened_at < %(since)s)
    UNION ALL
    SELECT closed_at, -1 FROM tickets_ticket
    WHERE website_id = %(website)s AND closed_at >= %(since)s AND resolved_at IS NULL
      AND (reopened_at IS NULL OR reopened_at < %(since)s)
    UNION ALL
    SELECT e.at, (e.after IN {WAITING})::int - (e.before IN {WAITING})::int
    FROM tickets_ticket t JOIN journal_event e ON e.website_id = t.website_id
        AND e.root_type = 'ticket' AND e.root_id = t.id AND e.subject_type = 'ticket' AND e.subject_id = t.id
    WHERE t.website_id = %(website)s AND t.reopened_at >= %(since)s AND e.at >= %(since)s
      AND e.before <> '' AND (e.after IN {WAITING}) <> (e.before IN {WAITING})
)
SELECT 0, count(*) FROM tickets_ticket WHERE website_id = %(website)s AND status IN {WAITING}
UNION ALL
SELECT width_bucket(at, %(edges)s::timestamptz[]), sum(more) FROM changes GROUP BY 1
"""  # noqa: S608 — put together from constants
"""What a ticket that was not reopened meanwhile has changed is in its columns; only of one that was is the journal
asked. `closed_at` of a resolved ticket is no change: it was waiting for nobody."""


@dataclass(frozen=True, slots=True)
class BacklogPoint:
    """Tickets that were new, open or awaiting the client at the end of the bucket, or now where it has not ended; null
    of times to come. `on`: its first day in the period."""

    on: dt.date
    active: int | None


def backlog_trend(website: Website, period: Period) -> list[BacklogPoint]:
    """Counted back from what is active now. One query."""
    buckets, now = period.buckets(), clock.now()
    edges = [*(bucket.since for bucket in buckets), period.until]
    found: Any = select(CHANGES, website=website.pk, since=period.since, edges=edges)
    more = dict(found)
    active = more.pop(0)
    points = []
    for number in range(len(buckets), 0, -1):
        active -= more.get(number + 1, 0)
        bucket = buckets[number - 1]
        points.append(BacklogPoint(bucket.on, int(active) if bucket.since <= now else None))
    return points[::-1]
