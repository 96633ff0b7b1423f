"""Which writers an order may go to, and why the others may not. Facts of all writers come from one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from copydesk.core import clock
from copydesk.tenancy.models import Website
from copydesk.writers.policies import WriterPolicy

from ..models import ASSIGNED, WRITING, Order
from .rates import CANCELLED_FOR_WRITER, DROPPED, ON_TIME

DECLINED = """(
    EXISTS (SELECT 1 FROM orders_offer f WHERE f.website_id = w.website_id AND f.order_id = t.id
            AND f.writer_id = w.id AND f.outcome = 'declined')
    OR EXISTS (SELECT 1 FROM orders_assignment d WHERE d.website_id = w.website_id AND d.order_id = t.id
               AND d.writer_id = w.id AND d.outcome = 'released' AND d.cause = 'writer')
)"""
"""Writer `w` would not have order `t`: it declined the offer, or let the order go."""

KNOWS_SUBJECT, KNOWS_PAPER_TYPE = (
    f"EXISTS (SELECT 1 FROM writers_skill s WHERE s.website_id = w.website_id AND s.writer_id = w.id"  # noqa: S608
    f" AND s.kind = '{kind}' AND s.code = t.{kind})"
    for kind in ("subject", "paper_type")
)


def _statement(chosen: Callable[[str], str]) -> str:
    """`chosen`: what narrows a column to the writers that are asked for."""
    return f"""
SELECT w.id, w.pen_name, w.level, w.status, w.rating_milli,
       m.status <> 'active' OR coalesce(w.suspended_until > %(at)s, false),
       coalesce(w.leave_from <= %(at)s AND w.leave_until > %(at)s, false),
       coalesce(o.active, 0), coalesce(o.overdue, 0),
       coalesce(a.completed, 0), coalesce(a.dropped, 0), coalesce(r.on_time, 0), coalesce(r.submitted, 0),
       c.kind,
       {DECLINED},
       {KNOWS_SUBJECT}, {KNOWS_PAPER_TYPE},
       coalesce(q.open, 0), coalesce(q.this, false)
FROM writers_writer w
JOIN accounts_membership m ON m.website_id = w.website_id AND m.id = w.id
CROSS JOIN (SELECT %(order)s::bigint AS id, %(subject)s::text AS subject, %(paper_type)s::text AS paper_type) t
LEFT JOIN (
    SELECT writer_id, count(*) AS active,
           count(*) FILTER (WHERE status = ANY(%(writing)s) AND writer_due_at <= %(at)s) AS overdue
    FROM orders_order
    WHERE website_id = %(website)s AND status = ANY(%(assigned)s)
      AND {chosen("writer_id")}
    GROUP BY writer_id
) o ON o.writer_id = w.id
LEFT JOIN (
    SELECT writer_id, count(*) FILTER (WHERE outcome = 'completed') AS completed,
           count(*) FILTER (WHERE ({DROPPED}) OR ({CANCELLED_FOR_WRITER})) AS dropped
    FROM orders_assignment a
    WHERE website_id = %(website)s AND started_at > %(since)s
      AND {chosen("writer_id")}
    GROUP BY writer_id
) a ON a.writer_id = w.id
LEFT JOIN (
    SELECT n.writer_id, count(*) AS submitted,
           count(*) FILTER (WHERE {ON_TIME}) AS on_time
    FROM orders_assignment n JOIN orders_round r ON r.website_id = n.website_id AND r.assignment_id = n.id
    WHERE n.website_id = %(website)s AND n.started_at > %(since)s AND r.submitted_at IS NOT NULL
      AND {chosen("n.writer_id")}
    GROUP BY n.writer_id
) r ON r.writer_id = w.id
LEFT JOIN (
    SELECT writer_id, count(*) AS open, bool_or(order_id = %(order)s) AS this
    FROM orders_request
    WHERE website_id = %(website)s AND status = 'requested' AND {chosen("writer_id")}
    GROUP BY writer_id
) q ON q.writer_id = w.id
LEFT JOIN writers_choice c ON c.website_id = w.website_id AND c.writer_id = w.id AND c.client_id = %(client)s
WHERE w.website_id = %(website)s AND {chosen("w.id")}
  AND w.status NOT IN ('applied', 'rejected')
ORDER BY w.id
"""  # noqa: S608 — put together from constants


FACTS = _statement(lambda column: f"(%(ids)s::bigint[] IS NULL OR {column} = ANY(%(ids)s))")
OWN_FACTS = _statement(lambda column: f"{column} = %(writer)s")
"""Of one writer: a plan for it serves all, where FACTS would be planned each time."""
PERFORMANCE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Facts:
    """What one writer brings to one order. Past performance counts assignments started within a year.

    `has_requested`: one of its open requests is for this order."""

    writer_id: int
    pen_name: str
    level: str
    status: str
    rating_milli: int | None
    suspended: bool
    on_leave: bool
    active: int
    overdue: int
    completed: int
    dropped: int
    rounds_on_time: int
    rounds_submitted: int
    choice: str | None
    declined: bool
    knows_subject: bool
    knows_paper_type: bool
    open_requests: int
    has_requested: bool


def facts(order: Order, writer_ids: Iterable[int] | None = None) -> list[Facts]:
    """Of the website's admitted writers, or of those named. One query."""
    about = {
        "order": order.pk,
        "client": order.client_id,
        "subject": order.subject,
        "paper_type": order.paper_type,
    }
    return _facts(FACTS, order.website_id, {**about, "ids": None if writer_ids is None else list(writer_ids)})


def writers_facts(website: Website, at: dt.datetime, writer_ids: Iterable[int] | None = None) -> list[Facts]:
    """As own_facts, as of `at`, of the admitted writers, or of those named. One query."""
    about = {"order": 0, "client": 0, "subject": "", "paper_type": ""}
    return _facts(FACTS, website.pk, {**about, "ids": None if writer_ids is None else list(writer_ids)}, at)


def own_facts(website: Website, writer_id: int) -> Facts | None:
    """What a writer brings to any order: what depends on the order is as for none. Null where it was never admitted.
    One query."""
    about = {"order": 0, "client": 0, "subject": "", "paper_type": "", "writer": writer_id}
    return next(iter(_facts(OWN_FACTS, website.pk, about)), None)


def _facts(statement: str, website_id: int, about: dict[str, Any], at: dt.datetime | None = None) -> list[Facts]:
    at = at or clock.now()
    params: dict[str, Any] = {
        "at": at,
        "since": at - dt.timedelta(days=PERFORMANCE_DAYS),
        "website": website_id,
        "assigned": [status.value for status in ASSIGNED],
        "writing": [status.value for status in WRITING],
        **about,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return [Facts(*row) for row in cursor.fetchall()]


def exclusions(level_rank: int, writer: Facts, policy: WriterPolicy) -> list[str]:
    """RULES' codes that keep this writer from the order that its facts are about, the gravest first; empty when it may
    have it. `level_rank`: the order's."""
    level = policy.level(writer.level)
    reasons = {
        "suspended": writer.suspended,
        "on_leave": writer.on_leave,
        "blocked_by_client": writer.choice == "block",
        "not_qualified": level.academic_rank < level_rank,
        "declined_this_order": writer.declined,
        "has_overdue_order": writer.overdue > 0,
        "over_capacity": writer.active >= level.max_active_orders,
    }
    return [code for code, holds in reasons.items() if holds]
