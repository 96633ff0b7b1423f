"""How much an editor has reviewed, how fast, and what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.numbers import ComparedCount, Rate, Spread, compared_count, rate, spread
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.disputes.models import Verdict
from copydesk.editing.models import AssignmentType, Due, Outcome, TaskStatus
from copydesk.editing.policies import EditingPolicy
from copydesk.editing.queries.tasks import due
from copydesk.orders.models import Cause, RoundKind
from copydesk.refunds.models import SPARING_PAY
from copydesk.tenancy.buckets import hours_spread
from copydesk.tenancy.sql import select, words

from .buckets import of_member

FIGURES = f"""
       count(*), count(*) FILTER (WHERE approved),
       count(*) FILTER (WHERE first), count(*) FILTER (WHERE first AND approved),
       {hours_spread()}, avg(quality_score)::float8, count(*) FILTER (WHERE escaped)
"""
ESCAPED = f"""(
    EXISTS (
        SELECT FROM orders_round n WHERE n.website_id = t.website_id AND n.order_id = t.order_id
          AND n.kind = '{RoundKind.REVISION}' AND n.severity = 'major' AND n.cause = '{Cause.WRITER}'
          AND n.asked_at > t.closed_at
    ) OR EXISTS (
        SELECT FROM disputes_dispute d WHERE d.website_id = t.website_id AND d.order_id = t.order_id
          AND d.verdict = '{Verdict.CLIENT}' AND d.opened_at > t.closed_at
    ) OR EXISTS (
        SELECT FROM refunds_refund f WHERE f.website_id = t.website_id AND f.order_id = t.order_id
          AND f.succeeded_at IS NOT NULL AND f.ground NOT IN ({words(SPARING_PAY)}) AND f.requested_at > t.closed_at
    )
)"""  # noqa: S608 — put together from constants
"""RULES §6: what was passed had a defect after all."""
REVIEWED = f"""
WITH reviewed AS (
    SELECT t.closed_at AS at, t.outcome = 'approved' AS approved, r.first, r.quality_score, r.issues, t.order_id,
           date_part('epoch', t.submitted_at - t.assigned_at) / 3600 AS hours,
           t.outcome = 'approved' AND {ESCAPED} AS escaped
    FROM editing_editingtask t
    JOIN editing_editingreview r ON r.website_id = t.website_id AND r.task_id = t.id
    WHERE t.website_id = %(website)s AND t.editor_id = %(member)s AND t.outcome IN ('approved', 'returned')
      AND t.closed_at >= %(oldest)s
)
"""  # noqa: S608 — put together from constants
PERIOD = "at >= %(since)s AND at < %(until)s"
SPANS = f"""
UNION ALL SELECT 'period', NULL, {FIGURES} FROM reviewed WHERE {PERIOD}
UNION ALL SELECT 'before', NULL, {FIGURES} FROM reviewed
WHERE at >= %(base_since)s::timestamptz AND at < %(base_until)s::timestamptz
"""  # noqa: S608 — put together from constants
TREND = f"""{REVIEWED}
SELECT 'bucket', width_bucket(at, %(edges)s::timestamptz[]), {FIGURES} FROM reviewed WHERE {PERIOD} GROUP BY 2
{SPANS}"""  # noqa: S608 — put together from constants
RECORD = f"""{REVIEWED}
SELECT CASE GROUPING(o.subject) WHEN 0 THEN 'subject' ELSE 'paper_type' END, coalesce(o.subject, o.paper_type),
       {FIGURES}
FROM reviewed CROSS JOIN LATERAL (
    SELECT subject, paper_type FROM orders_order WHERE website_id = %(website)s AND id = order_id OFFSET 0
) o
WHERE {PERIOD}
GROUP BY GROUPING SETS ((o.subject), (o.paper_type))
UNION ALL
SELECT 'issue', issue->>'criterion', count(*), 0, 0, 0, NULL, NULL, NULL, 0, NULL, 0
FROM reviewed CROSS JOIN LATERAL jsonb_array_elements(issues) issue
WHERE {PERIOD}
GROUP BY 2
{SPANS}"""  # noqa: S608 — put together from constants
"""By kind and code, what was reviewed is read once. The orders one by one, by their keys: a join would begin with all
orders of a large website."""
TASKS = """
SELECT t.status, t.assignment_type, t.outcome, t.closed_at, o.client_deadline
FROM editing_editingtask t JOIN orders_order o ON o.website_id = t.website_id AND o.id = t.order_id
WHERE t.website_id = %(website)s AND t.editor_id = %(member)s AND t.status IN ('claimed', 'in_review', 'submitted')
  AND (t.lease_until IS NULL OR t.lease_until > %(at)s)
UNION ALL
SELECT status, assignment_type, outcome, closed_at, NULL FROM editing_editingtask
WHERE website_id = %(website)s AND editor_id = %(member)s AND closed_at >= %(since)s AND closed_at < %(until)s
  AND status = 'closed'
"""


@dataclass(frozen=True, slots=True)
class Scores:
    """The mean of `n` quality scores, 0 to 10; null without any."""

    mean: float | None
    n: int


@dataclass(frozen=True, slots=True)
class EditingFigures:
    """Of the tasks whose verdict was applied in some time. `approval_rate`: approved ÷ reviewed. `first_pass_yield`: of
    the orders whose first review this was, those approved by it. `turnaround_hours`: from having the task to the
    submitted review. `escaped_defects`: of the approved ones, those whose order later had a dispute decided for the
    client, a refund other than goodwill, or a major revision that was the writer's cause; it grows with time. Without
    any: 0 for counts, null for rates."""

    reviewed: int
    approved: int
    returned: int
    approval_rate: Rate
    first_pass_yield: Rate
    turnaround_hours: Spread
    quality_score: Scores
    escaped_defects: Rate


@dataclass(frozen=True, slots=True)
class KindFigures:
    """`code`: of public/catalog/."""

    code: str
    figures: EditingFigures


@dataclass(frozen=True, slots=True)
class IssueCount:
    """`criterion`: of the rubric; an issue counts once, whatever its severity."""

    criterion: str
    issues: int


@dataclass(frozen=True, slots=True)
class EditorRecord:
    """`before`: of the time that is compared with, null where nothing is. Every kind sums to the figures."""

    period: ReportPeriod
    figures: EditingFigures
    before: EditingFigures | None
    by_subject: list[KindFigures]
    by_paper_type: list[KindFigures]
    issues: list[IssueCount]


@dataclass(frozen=True, slots=True)
class EditingPoint:
    """`on`: the first day of the bucket in the period."""

    on: dt.date
    figures: EditingFigures


@dataclass(frozen=True, slots=True)
class EditorPerformance:
    """Counts, numerators and denominators of the `trend` sum to those of the `figures`."""

    period: ReportPeriod
    granularity: Granularity
    reviewed: ComparedCount
    figures: EditingFigures
    before: EditingFigures | None
    trend: list[EditingPoint]


@dataclass(frozen=True, slots=True)
class StatusCount:
    status: TaskStatus
    tasks: int


@dataclass(frozen=True, slots=True)
class AssignmentCount:
    assignment_type: AssignmentType
    tasks: int


@dataclass(frozen=True, slots=True)
class CompletionPoint:
    """`on`: the first day of the bucket in the period."""

    on: dt.date
    completed: int
    approved: int
    returned: int


@dataclass(frozen=True, slots=True)
class EditorAnalytics:
    """Of the tasks that the editor has now, and those closed in the period: `tasks` is the sum of `by_status` and of
    `by_assignment_type`. `withdrawn` of the closed ones left editing without a verdict. `urgent` and `overdue` are of
    those it has now. `completed` is the sum of `completions`."""

    period: ReportPeriod
    granularity: Granularity
    tasks: int
    by_status: list[StatusCount]
    by_assignment_type: list[AssignmentCount]
    completed: int
    approved: int
    returned: int
    withdrawn: int
    urgent: int
    overdue: int
    completions: list[CompletionPoint]


def editor_record(actor: Actor, period: Period) -> EditorRecord:
    """One query."""
    found = _read(RECORD, of_member(actor, period, []))
    issues = [IssueCount(code, counted[0]) for code, counted in found.get("issue", {}).items()]
    return EditorRecord(
        period=period.row(),
        figures=_figures(*found["period"][None]),
        before=_figures(*found["before"][None]) if period.baseline else None,
        by_subject=_by_kind(found.get("subject", {})),
        by_paper_type=_by_kind(found.get("paper_type", {})),
        issues=sorted(issues, key=lambda row: (-row.issues, row.criterion)),
    )


def editor_performance(actor: Actor, period: Period) -> EditorPerformance:
    """One query."""
    buckets = period.buckets()
    found = _read(TREND, of_member(actor, period, buckets))
    figures = _figures(*found["period"][None])
    before = _figures(*found["before"][None]) if period.baseline else None
    trend = {number: _figures(*counted) for number, counted in found.get("bucket", {}).items()}
    return EditorPerformance(
        period=period.row(),
        granularity=period.granularity,
        reviewed=compared_count(figures.reviewed, before.reviewed if before else None),
        figures=figures,
        before=before,
        trend=[EditingPoint(each.on, trend.get(number, NOTHING)) for number, each in enumerate(buckets, start=1)],
    )


def editor_analytics(actor: Actor, period: Period) -> EditorAnalytics:
    """Two queries."""
    now = clock.now()
    buckets, hours = period.buckets(), EditingPolicy.of(actor.website).urgent_hours
    values: dict[str, Any] = {
        "website": actor.website.pk,
        "member": actor.membership_id,
        "at": now,
        "since": period.since,
        "until": period.until,
    }
    rows = select(TASKS, **values)
    closed = [(at, outcome) for status, _, outcome, at, _ in rows if status == TaskStatus.CLOSED]
    dues = [due(deadline, now, hours) for status, *_, deadline in rows if status != TaskStatus.CLOSED]
    completions = [
        _completion(bucket.on, [outcome for at, outcome in closed if bucket.since <= at < bucket.until])
        for bucket in buckets
    ]
    return EditorAnalytics(
        period=period.row(),
        granularity=period.granularity,
        tasks=len(rows),
        by_status=[
            StatusCount(status, sum(row[0] == status for row in rows))
            for status in TaskStatus
            if status != TaskStatus.AVAILABLE
        ],
        by_assignment_type=[AssignmentCount(way, sum(row[1] == way for row in rows)) for way in AssignmentType],
        completed=sum(point.completed for point in completions),
        approved=sum(point.approved for point in completions),
        returned=sum(point.returned for point in completions),
        withdrawn=sum(outcome == Outcome.WITHDRAWN for _, outcome in closed),
        urgent=dues.count(Due.URGENT),
        overdue=dues.count(Due.OVERDUE),
        completions=completions,
    )


def _read(text: str, values: dict[str, Any]) -> dict[str, dict[Any, list[Any]]]:
    """What was counted, by kind and code."""
    found: dict[str, dict[Any, list[Any]]] = {}
    for kind, code, *counted in select(text, **values):
        found.setdefault(kind, {})[code] = counted
    return found


def _completion(on: dt.date, outcomes: list[str]) -> CompletionPoint:
    approved, returned = outcomes.count(Outcome.APPROVED), outcomes.count(Outcome.RETURNED)
    return CompletionPoint(on, approved + returned, approved, returned)


def _by_kind(found: Mapping[str, Sequence[Any]]) -> list[KindFigures]:
    rows = [KindFigures(code, _figures(*counted)) for code, counted in found.items()]
    return sorted(rows, key=lambda row: (-row.figures.reviewed, row.code))


def _figures(
    reviewed: int,
    approved: int,
    first: int,
    first_approved: int,
    p50: float | None,
    p90: float | None,
    mean: float | None,
    timed: int,
    score: float | None,
    escaped: int,
) -> EditingFigures:
    return EditingFigures(
        reviewed=reviewed,
        approved=approved,
        returned=reviewed - approved,
        approval_rate=rate(approved, reviewed),
        first_pass_yield=rate(first_approved, first),
        turnaround_hours=spread(p50, p90, mean, timed),
        quality_score=Scores(None if score is None else round(score, 2), reviewed),
        escaped_defects=rate(escaped, approved),
    )


NOTHING = _figures(0, 0, 0, 0, None, None, None, 0, None, 0)
