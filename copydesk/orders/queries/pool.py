"""The writers of a page of orders that need one, read by one statement, however many the website has.

Whoever may have no order at all is marked once; the best of each order are found by walking down the kept points
(`Form`) of those who know its subject and its paper type, its subject, its paper type, and of all: whoever is among the
best by score is so in one of these walks.
"""

from __future__ import annotations

from typing import NamedTuple

from copydesk.accounts.models import MembershipStatus
from copydesk.tenancy.sql import words
from copydesk.writers.models import ADMITTED

from ..models import ASSIGNED
from .attention import OVERDUE

WALKED = 8
"""More than are shown: points follow what happens within seconds, and scores are worked out as of now."""
CODES = (
    "suspended",
    "on_leave",
    "blocked_by_client",
    "not_qualified",
    "declined_this_order",
    "has_overdue_order",
    "over_capacity",
)
"""The gravest first, as `match.exclusions` has them. What suspends and what is a leave, it says of everybody."""
AWAY, BUSY = ("suspended", "on_leave"), ("has_overdue_order", "over_capacity")
BY_CODE = " ".join(f"WHEN '{code}' THEN {place}" for place, code in enumerate(CODES))

MARKED = f"""
marked AS MATERIALIZED (
    SELECT DISTINCT ON (id) id, code FROM (
        SELECT id, 'suspended' AS code FROM writers_writer
        WHERE website_id = %(website)s AND suspended_until IS NOT NULL AND suspended_until > %(at)s
        UNION ALL
        SELECT id, 'suspended' FROM accounts_membership
        WHERE website_id = %(website)s AND role = 'writer' AND status = '{MembershipStatus.SUSPENDED}'
        UNION ALL
        SELECT id, 'on_leave' FROM writers_writer
        WHERE website_id = %(website)s AND leave_until IS NOT NULL AND leave_from <= %(at)s AND leave_until > %(at)s
        UNION ALL
        SELECT writer_id, 'has_overdue_order' FROM orders_order WHERE website_id = %(website)s AND {OVERDUE}
        UNION ALL
        SELECT o.writer_id, 'over_capacity' FROM (
            SELECT writer_id, count(*) AS active FROM orders_order
            WHERE website_id = %(website)s AND status IN ({words(ASSIGNED)}) AND writer_id IS NOT NULL
            GROUP BY writer_id HAVING count(*) >= %(least_room)s
        ) o
        JOIN writers_writer w ON w.website_id = %(website)s AND w.id = o.writer_id
        LEFT JOIN unnest(%(levels)s::text[], %(rooms)s::int[]) l(level, room) ON l.level = w.level
        WHERE o.active >= coalesce(l.room, %(entry_room)s)
    ) why
    ORDER BY id, CASE code {BY_CODE} END
)"""  # noqa: S608 — put together from constants
"""Who may have no order now, each with the gravest reason that is not of an order."""
BARRED = """ARRAY(
    SELECT json_build_array(b.writer_id, w.level, b.code, m.code)
    FROM (
        SELECT DISTINCT ON (writer_id) writer_id, code FROM (
            SELECT c.writer_id, 'blocked_by_client' AS code FROM writers_choice c
            WHERE c.website_id = t.website_id AND c.client_id = t.client_id AND c.kind = 'block'
            UNION ALL
            SELECT f.writer_id, 'declined_this_order' FROM orders_offer f
            WHERE f.website_id = t.website_id AND f.order_id = t.id AND f.outcome = 'declined'
            UNION ALL
            SELECT a.writer_id, 'declined_this_order' FROM orders_assignment a
            WHERE a.website_id = t.website_id AND a.order_id = t.id AND a.outcome = 'released' AND a.cause = 'writer'
        ) known ORDER BY writer_id, code
    ) b
    JOIN writers_writer w ON w.website_id = t.website_id AND w.id = b.writer_id
    LEFT JOIN marked m ON m.id = b.writer_id
)"""
"""Whom its client blocks, or who would not have it. As `match.DECLINED`; of both the graver."""
KNOWS_SUBJECT, KNOWS_PAPER_TYPE = (
    f"""(
        SELECT true FROM writers_skill s
        WHERE s.website_id = f.website_id AND s.writer_id = f.id AND s.kind = '{kind}' AND s.code = t.{kind} LIMIT 1
    )"""  # noqa: S608
    for kind in ("subject", "paper_type")
)
"""Asked of each writer on the walk: joined, all who know it would be sorted."""


def _walk(*known: str) -> str:
    return f"""(
        SELECT f.id FROM orders_form f
        WHERE f.website_id = t.website_id AND f.academic_rank >= t.level_rank
          AND f.id NOT IN (SELECT id FROM marked) AND f.id <> ALL(t.barred)
          {"".join(f"AND {one}" for one in known)}
        ORDER BY f.points DESC, f.id LIMIT {WALKED}
    )"""  # noqa: S608 — put together from constants


WALKS = " UNION ".join((_walk(KNOWS_SUBJECT, KNOWS_PAPER_TYPE), _walk(KNOWS_SUBJECT), _walk(KNOWS_PAPER_TYPE), _walk()))
BEST = f"""ARRAY(
    SELECT json_build_array(
        f.id, w.pen_name, w.level, w.status, w.rating_milli,
        (SELECT count(*) FROM orders_order o
         WHERE o.website_id = f.website_id AND o.writer_id = f.id AND o.status IN ({words(ASSIGNED)})),
        f.completed, f.dropped, f.rounds_on_time, f.rounds_submitted,
        (SELECT c.kind FROM writers_choice c
         WHERE c.website_id = f.website_id AND c.writer_id = f.id AND c.client_id = t.client_id),
        f.subject, f.paper_type,
        (SELECT r.id FROM orders_request r
         WHERE r.website_id = f.website_id AND r.order_id = t.id AND r.writer_id = f.id AND r.status = 'requested')
    )
    FROM (
        SELECT f.*, coalesce({KNOWS_SUBJECT}, false) AS subject, coalesce({KNOWS_PAPER_TYPE}, false) AS paper_type
        FROM ({WALKS}) best(id) JOIN orders_form f ON f.website_id = t.website_id AND f.id = best.id
        ORDER BY f.points + CASE WHEN {KNOWS_SUBJECT} THEN %(subject_points)s ELSE 0 END
                 + CASE WHEN {KNOWS_PAPER_TYPE} THEN %(paper_type_points)s ELSE 0 END DESC, f.id
        LIMIT {WALKED}
    ) f
    JOIN writers_writer w ON w.website_id = f.website_id AND w.id = f.id
)"""  # noqa: S608 — put together from constants
PAGE = f"""
WITH {MARKED}
SELECT 0::bigint, 0::smallint,
       ARRAY(
           SELECT json_build_array(level, count(*)) FROM writers_writer
           WHERE website_id = %(website)s AND status IN ({words(ADMITTED)}) GROUP BY level
       ),
       ARRAY(
           SELECT json_build_array(w.level, m.code, count(*))
           FROM marked m JOIN writers_writer w ON w.website_id = %(website)s AND w.id = m.id
           WHERE w.status IN ({words(ADMITTED)}) GROUP BY w.level, m.code
       ), 0, NULL::bigint, NULL::text
UNION ALL
SELECT t.id, t.level_rank, t.gone, {BEST},
       (SELECT count(*) FROM orders_request r
        WHERE r.website_id = t.website_id AND r.order_id = t.id AND r.status = 'requested' AND r.expires_at > %(at)s),
       t.preferred_writer_id,
       (SELECT p.pen_name FROM writers_writer p WHERE p.website_id = t.website_id AND p.id = t.preferred_writer_id)
FROM (
    SELECT b.*, ARRAY(SELECT (one ->> 0)::bigint FROM unnest(b.gone) one) AS barred
    FROM (SELECT t.*, {BARRED} AS gone FROM orders_order t
          WHERE t.website_id = %(website)s AND t.id = ANY(%(ids)s::bigint[]) OFFSET 0) b
    OFFSET 0
) t
"""  # noqa: S608 — put together from constants


class Best(NamedTuple):
    """What BEST reads of a writer. Past performance as it was kept, all else as of now."""

    writer_id: int
    pen_name: str
    level: str
    status: str
    rating_milli: int | None
    active: int
    completed: int
    dropped: int
    rounds_on_time: int
    rounds_submitted: int
    choice: str | None
    knows_subject: bool
    knows_paper_type: bool
    request_id: int | None
