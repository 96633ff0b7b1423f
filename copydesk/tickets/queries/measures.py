"""What is read of tickets for the figures of a period: statements, put together from what they share.

Each row is (what, whether of the time that is compared with, kind, key) and the measures of figures._Measures. A period
is read from an index by its instants that has all columns: what a figure needs of a ticket's clocks stands in the
ticket, but for those past due that no job has marked yet (LATE). Each span and each set of kinds is a scan of its own,
grouped as it is read: rows put together first, and grouped then, took more than twice as long.
"""

from __future__ import annotations

from ..clocks import Kind

OPENED, LATE, ANSWERED, RESOLVED, COURSE = "opened", "late", "answered", "resolved", "course"
KINDS = ("category", "priority")
DESK_KINDS = (*KINDS, "requester_role", "assignee_id")
BUCKET = "width_bucket(t.{}, %(edges)s::timestamptz[])"
PERIOD, BEFORE = ("false", "since", "until"), ("true", "base_since", "base_until")
HOURS = "date_part('epoch', t.{0} - t.opened_at) / 3600"
QUANTILES = f"""
    percentile_cont(0.5) WITHIN GROUP (ORDER BY {HOURS}), percentile_cont(0.9) WITHIN GROUP (ORDER BY {HOURS})
"""
MEAN = f"avg({HOURS}), count(t.{{0}})"
TIMES, MEAN_TIME = f"{QUANTILES}, {MEAN}", f"NULL::float8, NULL::float8, {MEAN}"
NO_TIMES = "NULL::float8, NULL::float8, NULL::float8, 0"
SINGLE = "t.merged_into_id IS NULL AND t.resolved_at IS"
OF_OPENED = f"""
    count(*), count(*) FILTER (WHERE {SINGLE} NOT NULL), count(*) FILTER (WHERE {SINGLE} NULL),
    count(*) FILTER (WHERE t.first_response_met), count(*) FILTER (WHERE NOT t.first_response_met),
    coalesce(sum(t.next_responses_met), 0), coalesce(sum(t.next_responses_breached), 0),
    count(*) FILTER (WHERE t.resolution_met), count(*) FILTER (WHERE NOT t.resolution_met), {NO_TIMES}, NULL::float8
"""
OF_LATE = "0, 0, 0, {}, {}, NULL::float8".format(
    ", ".join(f"0, count(*) FILTER (WHERE l.kind = '{kind}')" for kind in Kind), NO_TIMES
)
OF_RESOLVED = "count(*), count(t.rating), count(*) - count(t.rating), 0, 0, 0, 0, 0, 0, {}, avg(t.rating)::float8"
OF_ANSWERED = f"0, 0, 0, 0, 0, 0, 0, 0, 0, {TIMES.format('first_response_at')}, NULL::float8"
OF_COURSE = f"""
    count(*) FILTER (WHERE t.escalation_level > 0),
    count(*) FILTER (WHERE coalesce(t.resolved_at, t.closed_at, t.reopened_at) IS NOT NULL),
    count(*) FILTER (WHERE t.reopened_at IS NOT NULL), 0, 0, 0, 0, 0, 0, {NO_TIMES}, NULL::float8
"""
"""Of those opened: escalated since, ended at least once, reopened since."""
LATE_TICKETS = """late l CROSS JOIN LATERAL (
    SELECT * FROM tickets_ticket WHERE website_id = %(website)s AND id = l.ticket_id OFFSET 0
) t"""
WITH_LATE = """
WITH late AS MATERIALIZED (
    SELECT ticket_id, kind FROM tickets_clock
    WHERE website_id = %(website)s AND met_at IS NULL AND breached_at IS NULL AND due_at < %(at)s
)
"""
Span = tuple[str, str, str]


def _read(what: str, at: str, measures: str, span: Span, *kinds: str, source: str = "tickets_ticket t") -> str:
    """Of the whole (kind ''), of its buckets, and of the kinds, each by its key."""
    is_baseline, since, until = span
    columns = {kind: BUCKET.format(at) if kind == "bucket" else f"t.{kind}" for kind in kinds if kind}
    label = " ".join(f"WHEN GROUPING({column}) = 0 THEN '{kind}'" for kind, column in columns.items())
    key = ", ".join(f"({column})::text" for column in columns.values())
    labels = f"CASE {label} ELSE '' END, coalesce({key}, NULL)" if columns else "'', NULL"
    sets = ", ".join(f"({columns.get(kind, '')})" for kind in kinds)
    return f"""
SELECT '{what}', {is_baseline}, {labels}, {measures}
FROM {source}
WHERE t.website_id = %(website)s AND t.{at} >= %({since})s::timestamptz AND t.{at} < %({until})s::timestamptz
  AND (%(agent)s::bigint IS NULL OR t.assignee_id = %(agent)s::bigint)
GROUP BY GROUPING SETS ({sets})
"""  # noqa: S608 — put together from constants


def _opened(span: Span, *kinds: str) -> list[str]:
    late = _read(LATE, "opened_at", OF_LATE, span, *kinds, source=LATE_TICKETS)
    return [_read(OPENED, "opened_at", OF_OPENED, span, *kinds), late]


def _answered(span: Span) -> str:
    return _read(ANSWERED, "opened_at", OF_ANSWERED, span, "")


def _course(span: Span) -> str:
    return _read(COURSE, "opened_at", OF_COURSE, span, "")


def _resolved(times: str, span: Span, *kinds: str) -> str:
    return _read(RESOLVED, "resolved_at", OF_RESOLVED.format(times.format("resolved_at")), span, *kinds)


def _all(*parts: str) -> str:
    return WITH_LATE + " UNION ALL ".join(parts)


BOTH = (PERIOD, BEFORE)
TOTALS = _all(*(part for span in BOTH for part in (*_opened(span, ""), _resolved(NO_TIMES, span, ""))))
TIMED_TOTALS = _all(
    *(part for span in BOTH for part in (*_opened(span, ""), _answered(span), _resolved(TIMES, span, "")))
)


def _report(*kinds: str) -> tuple[str, ...]:
    return (
        *_opened(PERIOD, "", "bucket", "status", *kinds),
        _answered(PERIOD),
        _resolved(TIMES, PERIOD, "", "bucket"),
        _resolved(MEAN_TIME, PERIOD, *kinds),
        *_opened(BEFORE, ""),
        _answered(BEFORE),
        _resolved(TIMES, BEFORE, ""),
    )


def _with_agents(*parts: str) -> str:
    """Last in each row stands who the key is, where it is an agent's: role, number, full name."""
    return f"""
SELECT r.*, CASE r.kind WHEN 'assignee_id' THEN (
    SELECT json_build_array(m.role, m.number, u.full_name)
    FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.website_id = %(website)s AND m.id = r.key::bigint
) END
FROM ({_all(*parts)}) r(what, is_baseline, kind, key)
"""  # noqa: S608 — put together from constants


ATTAINED = _with_agents(*_opened(PERIOD, "", "priority", "assignee_id"))
REPORT, DESK_REPORT = _all(*_report(*KINDS)), _with_agents(*_report(*DESK_KINDS), _course(PERIOD))
