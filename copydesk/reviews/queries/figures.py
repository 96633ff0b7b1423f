"""How moderation goes: what is written and decided, how fast, how old the backlog is, how often appeals are granted."""

from __future__ import annotations

import datetime as dt
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.numbers import ComparedCount, Rate, Spread, compared_count, rate, spread
from copydesk.core.period import Bucket, Granularity, Period, ReportPeriod
from copydesk.tenancy.buckets import BASELINE, IN_BUCKETS, of_period
from copydesk.tenancy.sql import select

from ..models import HIGH_STARS, LOW_STARS, DecisionKind, Ground, Target
from .moderation import ReviewMember, member_of

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
K = DecisionKind
VERDICT = f"d.kind IN ('{K.APPROVE}', '{K.REJECT}')"
BANDS = {
    "low": f"d.rating <= {LOW_STARS}",
    "middle": f"d.rating > {LOW_STARS} AND d.rating < {HIGH_STARS}",
    "high": f"d.rating >= {HIGH_STARS}",
}
HOURS = "date_part('epoch', d.decided_at - d.waited_since) / 3600"
IS_BASELINE = f"b.bucket = {BASELINE}"
SETS = f"(b.bucket), ({IS_BASELINE}), ({IS_BASELINE}, target)"
"""Each bucket, then the whole period and what it is compared with, these by what the reviews are about, too: null in
the others' columns."""
BY_BUCKET = f"GROUP BY GROUPING SETS ({SETS})"
DECIDED = f"""
SELECT b.bucket, {IS_BASELINE}, target, count(*), {
    ", ".join(f"count(*) FILTER (WHERE d.kind = '{kind}')" for kind in K)
},
       {
    ", ".join(
        f"count(*) FILTER (WHERE {VERDICT} AND {band}), count(*) FILTER (WHERE d.kind = '{K.REJECT}' AND {band})"
        for band in BANDS.values()
    )
},
       percentile_cont(0.5) WITHIN GROUP (ORDER BY {HOURS}), percentile_cont(0.9) WITHIN GROUP (ORDER BY {HOURS}),
       avg({HOURS}), count(d.waited_since)
FROM (
    SELECT d.*, d.decided_at AS at, r.rating, r.target
    FROM reviews_decision d JOIN reviews_review r ON r.website_id = d.website_id AND r.id = d.review_id
    WHERE d.website_id = %(website)s AND d.decided_at >= %(oldest)s AND d.decided_at < %(until)s
) d CROSS JOIN LATERAL {IN_BUCKETS} b {BY_BUCKET}
"""  # noqa: S608 — put together from constants
"""The columns of _Decided. Joined inside of the subselect: under grouping sets no index is found for what comes out of
one."""
WRITTEN = f"""
SELECT b.bucket, {IS_BASELINE}, target, NULL, count(*), count(*) FILTER (WHERE at_once), 0
FROM (
    SELECT submitted_at AS at, approved_at IS NOT NULL AND approved_at = submitted_at AS at_once, target
    FROM reviews_review
    WHERE website_id = %(website)s AND submitted_at >= %(oldest)s AND submitted_at < %(until)s
) r CROSS JOIN LATERAL {IN_BUCKETS} b {BY_BUCKET}
UNION ALL
SELECT b.bucket, {IS_BASELINE}, target, ground, 0, 0, count(*)
FROM (
    SELECT p.reported_at AS at, p.ground, r.target
    FROM reviews_report p JOIN reviews_review r ON r.website_id = p.website_id AND r.id = p.review_id
    WHERE p.website_id = %(website)s AND p.reported_at >= %(oldest)s AND p.reported_at < %(until)s
) p CROSS JOIN LATERAL {IN_BUCKETS} b GROUP BY GROUPING SETS ({SETS}, ({IS_BASELINE}, ground))
"""  # noqa: S608 — put together from constants
"""Reviews, how many of them were published at once, and reports; these by their ground, too."""
WAITING = """
WITH spans AS (
    SELECT waiting_since AS since, NULL::timestamptz AS until FROM reviews_review
    WHERE website_id = %(website)s AND waiting_since IS NOT NULL
    UNION ALL
    SELECT waited_since, decided_at FROM reviews_decision
    WHERE website_id = %(website)s AND decided_at >= %(since)s AND waited_since IS NOT NULL
)
SELECT width_bucket(since, %(ends)s::timestamptz[]), width_bucket(until, %(ends)s::timestamptz[]),
       count(*), sum(date_part('epoch', since))
FROM spans GROUP BY 1, 2
"""
"""From the end of which bucket on to before which one's: null still waits."""
BACKLOG = """
SELECT count(*), count(*) FILTER (WHERE status = 'pending'), count(*) FILTER (WHERE status = 'flagged'),
       count(*) FILTER (WHERE status = 'approved'), count(*) FILTER (WHERE status = 'rejected'),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY hours), percentile_cont(0.9) WITHIN GROUP (ORDER BY hours),
       avg(hours), max(hours)
FROM (
    SELECT status, date_part('epoch', %(at)s - waiting_since) / 3600 AS hours FROM reviews_review
    WHERE website_id = %(website)s AND waiting_since IS NOT NULL
) waiting
"""
MODERATORS = f"""
SELECT d.*, m.id, m.role, m.number, u.full_name
FROM (
    SELECT by_id, sum(n), sum(approved), sum(rejected), sum(upheld), sum(overturned)
    FROM (
        SELECT by_id, count(*) AS n, count(*) FILTER (WHERE kind = '{K.APPROVE}') AS approved,
               count(*) FILTER (WHERE kind = '{K.REJECT}') AS rejected, 0 AS upheld, 0 AS overturned
        FROM reviews_decision
        WHERE website_id = %(website)s AND decided_at >= %(since)s AND decided_at < %(until)s GROUP BY 1
        UNION ALL
        SELECT against_id, 0, 0, 0, count(*) FILTER (WHERE status = 'upheld'),
               count(*) FILTER (WHERE status = 'overturned')
        FROM reviews_appeal
        WHERE website_id = %(website)s AND decided_at >= %(since)s AND decided_at < %(until)s GROUP BY 1
    ) counted GROUP BY 1
) d
LEFT JOIN accounts_membership m ON m.website_id = %(website)s AND m.id = d.by_id
LEFT JOIN accounts_user u ON u.id = m.user_id
ORDER BY 2 DESC, 1 NULLS LAST
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class ReviewBacklog:
    """Now: reviews that wait for a moderator, and the sum of the four: `pending`, `flagged`, `published` ones that were
    reported or found in a burst, and rejected ones whose rejection is `appealed`."""

    waiting: int
    pending: int
    flagged: int
    published: int
    appealed: int
    age_hours: Spread
    oldest_hours: float | None


@dataclass(frozen=True, slots=True)
class StarsRejected:
    """Of the verdicts (approved or rejected) on reviews of 1–2, 3 and 4–5 stars, the share that was rejected.
    `low_to_high`: how often the first is the last; null where either is unknown or nothing of the last is rejected."""

    low: Rate
    middle: Rate
    high: Rate
    low_to_high: float | None


@dataclass(frozen=True, slots=True)
class ModerationFigures:
    """Reviews `submitted`, of which `published_at_once`; reports of members. `decisions` by moderators are the sum of
    the six that follow. `decisions_a_day`: of 24 hours of the period. `decision_hours`: how long what was settled had
    waited. `overturn_rate`: overturned ÷ (upheld + overturned)."""

    submitted: int
    published_at_once: int
    reports: int
    decisions: int
    approved: int
    rejected: int
    flagged: int
    shadowed: int
    upheld: int
    overturned: int
    decisions_a_day: float
    decision_hours: Spread
    overturn_rate: Rate
    rejected_by_stars: StarsRejected


@dataclass(frozen=True, slots=True)
class ModerationPoint:
    """`on`: the bucket's first day in the period. `waiting` and `mean_age_hours` at its end, or now where it has not
    ended; null of times to come, the age also where nothing waited."""

    on: dt.date
    figures: ModerationFigures
    waiting: int | None
    mean_age_hours: float | None


@dataclass(frozen=True, slots=True)
class ModeratorFigures:
    """`moderator` is null for superadmins. `overturn_rate`: of the appeals against its rejections that were decided."""

    moderator: ReviewMember | None
    decisions: int
    approved: int
    rejected: int
    overturn_rate: Rate


@dataclass(frozen=True, slots=True)
class TargetFigures:
    """`target`: what the reviews are about."""

    target: Target
    figures: ModerationFigures


@dataclass(frozen=True, slots=True)
class GroundReports:
    """How many reports of members name this ground."""

    ground: Ground
    reports: int


@dataclass(frozen=True, slots=True)
class ReviewAnalytics:
    """Counts, numerators and denominators of the `points` sum to those of the `figures`, as do those of `by_target`;
    decisions of `by_moderator` and reports of `by_ground`, too. `before`: of the time that is compared with, null where
    nothing is."""

    period: ReportPeriod
    granularity: Granularity
    backlog: ReviewBacklog
    submitted: ComparedCount
    decisions: ComparedCount
    figures: ModerationFigures
    before: ModerationFigures | None
    points: list[ModerationPoint]
    by_target: list[TargetFigures]
    by_ground: list[GroundReports]
    by_moderator: list[ModeratorFigures]


class _Decided(NamedTuple):
    n: int = 0
    approved: int = 0
    rejected: int = 0
    flagged: int = 0
    shadowed: int = 0
    upheld: int = 0
    overturned: int = 0
    low: int = 0
    low_rejected: int = 0
    middle: int = 0
    middle_rejected: int = 0
    high: int = 0
    high_rejected: int = 0
    p50: float | None = None
    p90: float | None = None
    mean: float | None = None
    timed: int = 0


_Key = tuple[int | None, bool | None, str | None, str | None]
"""A bucket; or whether of the baseline, then also a target or a ground. The others null."""
_Written = tuple[int, int, int]
PERIOD: _Key = (None, False, None, None)
BEFORE: _Key = (None, True, None, None)


def review_analytics(actor: Actor, period: Period) -> ReviewAnalytics:
    """Five queries."""
    website, buckets = actor.website, period.buckets()
    given = of_period(website, period, buckets)
    decided = {(*row[:3], None): _Decided(*row[3:]) for row in select(DECIDED, **given)}
    written = _written(select(WRITTEN, **given))
    length = period.until - period.since
    figures = _figures(decided, written, PERIOD, length)
    base = period.baseline
    before = _figures(decided, written, BEFORE, base.until - base.since) if base else None
    moderators = select(MODERATORS, website=website.pk, since=period.since, until=period.until)
    return ReviewAnalytics(
        period=period.row(),
        granularity=period.granularity,
        backlog=backlog(actor),
        submitted=compared_count(figures.submitted, before.submitted if before else None),
        decisions=compared_count(figures.decisions, before.decisions if before else None),
        figures=figures,
        before=before,
        points=[
            ModerationPoint(
                bucket.on,
                _figures(decided, written, (number, None, None, None), bucket.until - bucket.since),
                waiting,
                age,
            )
            for number, (bucket, (waiting, age)) in enumerate(
                zip(buckets, _trend(actor, period, buckets), strict=True), start=1
            )
        ],
        by_target=[
            TargetFigures(target, _figures(decided, written, (None, False, target, None), length)) for target in Target
        ],
        by_ground=[GroundReports(ground, written.get((None, False, None, ground), (0, 0, 0))[2]) for ground in Ground],
        by_moderator=[_moderator(*row) for row in moderators],
    )


def backlog(actor: Actor) -> ReviewBacklog:
    """One query."""
    ((n, pending, flagged, published, appealed, p50, p90, mean, oldest),) = select(
        BACKLOG, website=actor.website.pk, at=clock.now()
    )
    age = spread(p50, p90, mean, n)
    return ReviewBacklog(n, pending, flagged, published, appealed, age, None if oldest is None else round(oldest, 2))


def _written(rows: Sequence[Sequence[Any]]) -> Mapping[_Key, _Written]:
    """Reviews, those published at once, reports."""
    found: dict[_Key, _Written] = {}
    for bucket, is_baseline, target, ground, *counts in rows:
        key = (bucket, is_baseline, target, ground)
        reviews, at_once, reports = map(operator.add, found.get(key, (0, 0, 0)), counts)
        found[key] = (reviews, at_once, reports)
    return found


def _figures(
    decided: Mapping[_Key, _Decided], written: Mapping[_Key, _Written], key: _Key, length: dt.timedelta
) -> ModerationFigures:
    one = decided.get(key, _Decided())
    submitted, at_once, reports = written.get(key, (0, 0, 0))
    low, high = rate(one.low_rejected, one.low), rate(one.high_rejected, one.high)
    return ModerationFigures(
        submitted=submitted,
        published_at_once=at_once,
        reports=reports,
        decisions=one.n,
        approved=one.approved,
        rejected=one.rejected,
        flagged=one.flagged,
        shadowed=one.shadowed,
        upheld=one.upheld,
        overturned=one.overturned,
        decisions_a_day=round(one.n / (length / DAY), 2),
        decision_hours=spread(one.p50, one.p90, one.mean, one.timed),
        overturn_rate=rate(one.overturned, one.upheld + one.overturned),
        rejected_by_stars=StarsRejected(
            low=low,
            middle=rate(one.middle_rejected, one.middle),
            high=high,
            low_to_high=round(one.low_rejected * one.high / (one.low * one.high_rejected), 2)
            if one.low and one.high_rejected
            else None,
        ),
    )


def _trend(actor: Actor, period: Period, buckets: Sequence[Bucket]) -> list[tuple[int | None, float | None]]:
    """How many waited at the end of each bucket, and how long on the mean. One query."""
    now = clock.now()
    ends = [min(bucket.until, now) if bucket.since <= now else bucket.until for bucket in buckets]
    found = select(WAITING, website=actor.website.pk, since=period.since, ends=ends)
    trend: list[tuple[int | None, float | None]] = []
    for number, (bucket, end) in enumerate(zip(buckets, ends, strict=True)):
        if bucket.since > now:
            trend.append((None, None))
            continue
        here = [(n, since) for first, last, n, since in found if first <= number and (last is None or last > number)]
        waiting = sum(n for n, _ in here)
        age = (end.timestamp() - sum(since for _, since in here) / waiting) / 3600 if waiting else None
        trend.append((waiting, None if age is None else round(age, 2)))
    return trend


def _moderator(
    by_id: int | None, n: int, approved: int, rejected: int, upheld: int, overturned: int, *person: Any
) -> ModeratorFigures:
    who = None if by_id is None else member_of(*person)
    overturn = rate(int(overturned), int(upheld) + int(overturned))
    return ModeratorFigures(who, int(n), int(approved), int(rejected), overturn)
