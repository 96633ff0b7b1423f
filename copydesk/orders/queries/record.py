"""What became of a writer's work, as SQL: each outcome at the time it happened. Every rate of a writer counts these."""

from __future__ import annotations

from ..models import Order
from .rates import CANCELLED_FOR_WRITER, DROPPED, ON_TIME


def work_record(only: str = "true") -> str:
    """Two tables for a WITH: `spells`, the times that writers have had orders, and `record` outcomes with the
    columns writer_id, figure, at, good.

    Those of `%(website)s` that went on after `%(oldest)s`; `only` narrows them to one writer, as a condition on `a`.
    `good` is 1 for what counts in a rate's numerator, else 0; the rows of a figure are its denominator:

    - completion: good when the writer brought the order to completion (the first one, or that of its own time where it
      took over later); not when it dropped it, or the order was cancelled for its cause.
    - on_time: rounds submitted; good by the due time with excused time.
    - revision: first deliveries of a spell; "good", that is counted, where the writer caused a revision since.
    - dispute: first deliveries of a spell; counted where the order was disputed while the writer had it, or had it
      last.
    - acceptance: offers answered, or left to expire; good when accepted.
    """
    return f"""
spells AS MATERIALIZED (
    SELECT a.id, a.website_id, a.writer_id, a.ended_at,
           {DROPPED} OR {CANCELLED_FOR_WRITER} AS failed,
           CASE WHEN o.completed_at >= a.started_at AND o.completed_at <= coalesce(a.ended_at, 'infinity')
                THEN o.completed_at
                WHEN a.outcome = 'completed' THEN a.ended_at END AS completed_at,
           d.delivered_at, d.revised,
           o.disputed_at >= a.started_at AND EXISTS (
               SELECT 1 FROM journal_event e
               WHERE e.website_id = a.website_id AND e.root_type = '{Order.noun}' AND e.root_id = a.order_id
                 AND e.verb = 'order.dispute' AND e.at >= a.started_at AND NOT EXISTS (
                     SELECT 1 FROM orders_assignment n
                     WHERE n.website_id = a.website_id AND n.order_id = a.order_id AND n.id > a.id
                       AND n.started_at <= e.at
                 )
           ) AS disputed
    FROM orders_assignment a
    JOIN orders_order o ON o.website_id = a.website_id AND o.id = a.order_id
    CROSS JOIN LATERAL (
        SELECT min(r.delivered_at) AS delivered_at,
               coalesce(bool_or(r.kind = 'revision' AND r.cause = 'writer'), false) AS revised
        FROM orders_round r WHERE r.website_id = a.website_id AND r.assignment_id = a.id
    ) d
    WHERE a.website_id = %(website)s AND (a.ended_at IS NULL OR a.ended_at >= %(oldest)s) AND {only}
), record AS (
    SELECT writer_id, 'completion' AS figure, completed_at AS at, 1 AS good FROM spells WHERE completed_at IS NOT NULL
    UNION ALL
    SELECT writer_id, 'completion', ended_at, 0 FROM spells WHERE failed
    UNION ALL
    SELECT s.writer_id, 'on_time', r.submitted_at, ({ON_TIME})::int
    FROM spells s JOIN orders_round r ON r.website_id = s.website_id AND r.assignment_id = s.id
    WHERE r.submitted_at IS NOT NULL
    UNION ALL
    SELECT writer_id, 'revision', delivered_at, revised::int FROM spells WHERE delivered_at IS NOT NULL
    UNION ALL
    SELECT writer_id, 'dispute', delivered_at, coalesce(disputed, false)::int FROM spells WHERE delivered_at IS NOT NULL
    UNION ALL
    SELECT a.writer_id, 'acceptance', a.answered_at, (a.outcome = 'accepted')::int
    FROM orders_offer a
    WHERE a.website_id = %(website)s AND {only} AND a.outcome IN ('accepted', 'declined', 'expired')
)"""  # noqa: S608 — put together from constants
