"""How many tickets were waiting, over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.core import clock
from copydesk.core.period import Period
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from ..models.ticket import IS_ACTIVE
from .figures import TicketPoint

CHANGES = f"""
WITH changes AS (
    SELECT opened_at AS at, 1 AS more FROM tickets_ticket WHERE website_id = %(website)s AND opened_at >= %(until)s
    UNION ALL
    SELECT resolved_at, -1 FROM tickets_ticket WHERE website_id = %(website)s AND resolved_at >= %(until)s
    UNION ALL
    SELECT closed_at, -1 FROM tickets_ticket
    WHERE website_id = %(website)s AND closed_at >= %(since)s AND resolved_at IS NULL
    UNION ALL
    SELECT rest.at, CASE rest.turn %% 2 WHEN 1 THEN -1 ELSE 1 END
    FROM tickets_ticket t CROSS JOIN LATERAL unnest(t.rests) WITH ORDINALITY rest(at, turn)
    WHERE t.website_id = %(website)s AND t.reopened_at >= %(since)s AND rest.at >= %(since)s
)
SELECT 0, count(*) FROM tickets_ticket WHERE website_id = %(website)s AND {IS_ACTIVE}
UNION ALL
SELECT width_bucket(at, %(edges)s::timestamptz[]), sum(more) FROM changes GROUP BY 1
"""  # noqa: S608 — put together from constants
"""What the points have not: what came after the period, tickets closed unresolved, and what was taken back since."""


@dataclass(frozen=True, slots=True)
class BacklogPoint:
    """Tickets that were new, open or awaiting the client at the end of the bucket, or now where it has not ended; null
    of times to come. `on`: its first day in the period."""

    on: dt.date
    active: int | None


def backlog_trend(website: Website, period: Period, points: Sequence[TicketPoint]) -> list[BacklogPoint]:
    """Counted back from what is active now, by the report's `points`. One query."""
    buckets, now = period.buckets(), clock.now()
    edges = [*(bucket.since for bucket in buckets), period.until]
    found: Any = select(CHANGES, website=website.pk, since=period.since, until=period.until, edges=edges)
    more = dict(found)
    active = more.pop(0) - more.get(len(buckets) + 1, 0)
    trend = []
    for number in range(len(buckets), 0, -1):
        bucket, figures = buckets[number - 1], points[number - 1].figures
        trend.append(BacklogPoint(bucket.on, int(active) if bucket.since <= now else None))
        active -= figures.opened - figures.resolved + more.get(number, 0)
    return trend[::-1]
