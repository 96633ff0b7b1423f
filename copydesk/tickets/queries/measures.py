"""What is read of tickets for the figures of a period: statements, put together from what they share."""

from __future__ import annotations

from ..clocks import Kind

OPENED, ANSWERED, RESOLVED = "opened", "answered", "resolved"
HOURS = "date_part('epoch', t.{} - t.opened_at) / 3600 AS hours"
BUCKET = "width_bucket(t.{}, %(edges)s::timestamptz[]) AS bucket"
LATE = """late l CROSS JOIN LATERAL (
    SELECT * FROM tickets_ticket WHERE website_id = %(website)s AND id = l.ticket_id OFFSET 0
) t"""
OPENED_ONE = f"""
    1 AS n, t.merged_into_id IS NULL AND t.resolved_at IS NOT NULL AS good,
    t.merged_into_id IS NULL AND t.resolved_at IS NULL AS bad,
    t.first_response_met, t.next_responses_met, t.next_responses_breached, t.resolution_met,
    {BUCKET.format("opened_at")}
"""
LATE_ONE = f"""
    0, NULL, NULL, CASE l.kind WHEN '{Kind.FIRST_RESPONSE}' THEN false END,
    0, (l.kind = '{Kind.NEXT_RESPONSE}')::int, CASE l.kind WHEN '{Kind.RESOLUTION}' THEN false END,
    {BUCKET.format("opened_at")}
"""
PROMISES = """
    count(*) FILTER (WHERE first_response_met), count(*) FILTER (WHERE NOT first_response_met),
    sum(next_responses_met), sum(next_responses_breached),
    count(*) FILTER (WHERE resolution_met), count(*) FILTER (WHERE NOT resolution_met)
"""
TIMES = """
    percentile_cont(0.5) WITHIN GROUP (ORDER BY hours), percentile_cont(0.9) WITHIN GROUP (ORDER BY hours),
    avg(hours), count(hours)
"""
MEAN = "NULL::float8, NULL::float8, avg(hours), count(hours)"
NO_TIMES = "NULL::float8, NULL::float8, NULL::float8, 0"


def _over(at: str, columns: str, source: str = "tickets_ticket t") -> str:
    """Of the period and of what it is compared with, each from an index by `at` that has all columns: what either
    needs of a ticket's clocks stands in the ticket."""
    return "\nUNION ALL\n".join(
        f"""
    SELECT {is_baseline} AS is_baseline, t.category, t.priority, t.status, t.requester_role, t.assignee_id, {columns}
    FROM {source}
    WHERE t.website_id = %(website)s AND t.{at} >= %({since})s::timestamptz AND t.{at} < %({until})s::timestamptz
      AND (%(agent)s::bigint IS NULL OR t.assignee_id = %(agent)s::bigint)
    """  # noqa: S608 — put together from constants
        for is_baseline, since, until in (("false", "since", "until"), ("true", "base_since", "base_until"))
    )


def _grouped(what: str, measures: str, rows: str, *kinds: str) -> str:
    """Of the whole (kind ''), and of each of the `kinds`, by its key; the baseline apart."""
    label = " ".join(f"WHEN GROUPING({kind}) = 0 THEN '{kind}'" for kind in kinds if kind)
    key = ", ".join(f"{kind}::text" for kind in kinds if kind)
    sets = ", ".join(f"(is_baseline, {kind})" if kind else "(is_baseline)" for kind in kinds)
    labels = f"CASE {label} ELSE '' END, coalesce({key}, NULL)" if label else "'', NULL"
    return f"""
SELECT '{what}', is_baseline, {labels}, {measures}
FROM {rows} GROUP BY GROUPING SETS ({sets})
"""  # noqa: S608 — put together from constants


def _opened(*kinds: str) -> str:
    counts = "sum(n), count(*) FILTER (WHERE good), count(*) FILTER (WHERE bad)"
    return _grouped(OPENED, f"{counts}, {PROMISES}, {NO_TIMES}, NULL::float8", "opened", *kinds)


def _resolved(times: str, *kinds: str) -> str:
    rows = _over("resolved_at", f"t.rating, {HOURS.format('resolved_at')}, {BUCKET.format('resolved_at')}")
    counts = "count(*), count(rating), count(*) - count(rating), 0, 0, 0, 0, 0, 0"
    return _grouped(RESOLVED, f"{counts}, {times}, avg(rating)::float8", f"({rows}) resolved", *kinds)


ALL_OPENED = f"""
WITH late AS MATERIALIZED (
    SELECT ticket_id, kind FROM tickets_clock
    WHERE website_id = %(website)s AND met_at IS NULL AND breached_at IS NULL AND due_at < %(at)s
), opened AS (
    {_over("opened_at", OPENED_ONE)} UNION ALL {_over("opened_at", LATE_ONE, LATE)}
)
"""  # noqa: S608 — put together from constants
"""Clocks that are past due and that no job has marked yet are read beside those that the tickets know of."""
_ANSWERED = _grouped(
    ANSWERED,
    f"0, 0, 0, 0, 0, 0, 0, 0, 0, {TIMES}, NULL",
    f"({_over('opened_at', HOURS.format('first_response_at'))}) answered",
    "",
)
KINDS = ("category", "priority", "status", "requester_role", "assignee_id")
TOTALS = ALL_OPENED + " UNION ALL ".join([_opened(""), _resolved(NO_TIMES, "")])
TIMED_TOTALS = ALL_OPENED + " UNION ALL ".join([_opened(""), _ANSWERED, _resolved(TIMES, "")])
REPORT = ALL_OPENED + " UNION ALL ".join(
    [_opened("", "bucket", *KINDS), _ANSWERED, _resolved(TIMES, "", "bucket"), _resolved(MEAN, *KINDS)]
)
ATTAINED = f"""{ALL_OPENED}
SELECT GROUPING(priority) = 0, priority, assignee_id, {PROMISES}
FROM opened GROUP BY GROUPING SETS ((priority), (assignee_id))
"""  # noqa: S608 — put together from constants
