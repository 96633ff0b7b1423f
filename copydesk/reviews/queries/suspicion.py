"""What looks like spam: scores, signals and what became of them, bursts, near-duplicates. Found by the database."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from copydesk.accounts.actor import Actor
from copydesk.core.numbers import Rate, rate
from copydesk.core.period import Period, ReportPeriod, day_start
from copydesk.tenancy.sql import select

from ..models import LOW_STARS, Target
from ..policies import ReviewPolicy
from ..spam import BASELINE_DAYS, CHANCE, LEAST_BURST, SignalName, expected_of, poisson_tail
from .moderation import ModeratedReview, moderated_rows

SHOWN = 20
SCORES = """
SELECT count(*), count(*) FILTER (WHERE spam_milli < %(low)s),
       count(*) FILTER (WHERE spam_milli >= %(low)s AND spam_milli <= %(high)s),
       count(*) FILTER (WHERE spam_milli > %(high)s),
       ARRAY(
           SELECT id FROM reviews_review
           WHERE website_id = %(website)s AND waiting_since IS NOT NULL AND spam_milli > 0
           ORDER BY spam_milli DESC, id LIMIT %(shown)s
       )
FROM reviews_review WHERE website_id = %(website)s AND submitted_at >= %(since)s AND submitted_at < %(until)s
"""
SIGNALS = """
SELECT s->>'name', count(*), count(*) FILTER (WHERE r.status IN ('pending', 'flagged')),
       count(*) FILTER (WHERE r.status = 'approved'), count(*) FILTER (WHERE r.status = 'rejected')
FROM reviews_review r CROSS JOIN LATERAL jsonb_array_elements(r.signals) s
WHERE r.website_id = %(website)s AND r.submitted_at >= %(since)s AND r.submitted_at < %(until)s AND r.spam_milli > 0
GROUP BY 1
"""
BURSTS = f"""
WITH low AS (
    SELECT CASE WHEN target <> '{Target.WEBSITE}' THEN writer_id END AS writer_id,
           width_bucket(submitted_at, %(days)s::timestamptz[]) - 1 AS day,
           count(*) AS n, array_agg(id ORDER BY id) AS ids
    FROM reviews_review
    WHERE website_id = %(website)s AND rating <= {LOW_STARS} AND submitted_at < %(until)s
      AND submitted_at >= %(oldest)s AND (submitted_at < %(first)s OR submitted_at >= %(since)s)
    GROUP BY 1, 2
), compared AS (
    SELECT *, coalesce(sum(n) OVER (
        PARTITION BY writer_id ORDER BY day
        RANGE BETWEEN {BASELINE_DAYS} PRECEDING AND 1 PRECEDING
    ), 0)::int AS before FROM low
)
SELECT c.day, c.writer_id, w.pen_name, c.n, c.before, c.ids
FROM compared c LEFT JOIN writers_writer w ON w.website_id = %(website)s AND w.id = c.writer_id
WHERE c.n >= {LEAST_BURST} AND c.day >= {BASELINE_DAYS}
ORDER BY c.day DESC, c.writer_id NULLS FIRST
"""  # noqa: S608 — put together from constants
"""Of the period's reviews, and those of the days before its first one; `day` counts from the oldest."""
DUPLICATES = """
WITH groups AS (
    SELECT DISTINCT duplicate_of_id AS id FROM reviews_review
    WHERE website_id = %(website)s AND duplicate_of_id IS NOT NULL
      AND submitted_at >= %(since)s AND submitted_at < %(until)s
)
SELECT g.id, array_agg(r.id ORDER BY r.id), count(DISTINCT r.client_id), max(r.submitted_at), count(*) OVER ()
FROM groups g
JOIN reviews_review r ON r.website_id = %(website)s AND (r.duplicate_of_id = g.id OR r.id = g.id)
GROUP BY g.id ORDER BY count(*) DESC, g.id LIMIT %(shown)s
"""


@dataclass(frozen=True, slots=True)
class ScoreBands:
    """Reviews by their spam score; the three sum to `reviews`. `low`: what is published at once where it is verified;
    `high`: what moderators are alerted of."""

    reviews: int
    low: int
    middle: int
    high: int


@dataclass(frozen=True, slots=True)
class SignalFigures:
    """Reviews that have the signal, and what became of them so far: `pending` are flagged ones, too. `rejection_rate`:
    of the others."""

    signal: SignalName
    reviews: int
    pending: int
    published: int
    rejected: int
    rejection_rate: Rate


@dataclass(frozen=True, slots=True)
class Burst:
    """More reviews of 1–2 stars on one day of the website's zone than chance allows (p < 0.0001), of one writer's work,
    or of the website where `writer_id` is null. `expected`: of a day like those 90 before it."""

    day: dt.date
    writer_id: int | None
    writer: str | None
    low_reviews: int
    expected: float
    p: float
    review_ids: list[int]


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Nearly the same text, the first one's at the front, by so many `authors`."""

    review_ids: list[int]
    authors: int
    latest_at: dt.datetime


@dataclass(frozen=True, slots=True)
class SpamDetection:
    """Of the reviews written in the period. The 20 largest groups of near-duplicates, of `duplicate_groups`. `suspects`
    wait now for a moderator, whenever they were written: the 20 with the highest scores."""

    period: ReportPeriod
    scores: ScoreBands
    signals: list[SignalFigures]
    bursts: list[Burst]
    duplicate_groups: int
    near_duplicates: list[DuplicateGroup]
    suspects: list[ModeratedReview]


def spam_detection(actor: Actor, period: Period) -> SpamDetection:
    """Six queries."""
    website, policy = actor.website, ReviewPolicy.of(actor.website)
    given = {"website": website.pk, "since": period.since, "until": period.until}
    ((*bands, suspects),) = select(SCORES, **given, low=policy.approve_below, high=policy.alert_above, shown=SHOWN)
    found = {row[0]: row[1:] for row in select(SIGNALS, **given)}
    groups = select(DUPLICATES, **given, shown=SHOWN)
    return SpamDetection(
        period=period.row(),
        scores=ScoreBands(*bands),
        signals=[_signal(name, *found.get(name.value, (0, 0, 0, 0))) for name in SignalName],
        bursts=_bursts(actor, period),
        duplicate_groups=groups[0][4] if groups else 0,
        near_duplicates=[DuplicateGroup(ids, authors, latest) for _, ids, authors, latest, _ in groups],
        suspects=moderated_rows(actor, suspects),
    )


def _signal(name: SignalName, reviews: int, pending: int, published: int, rejected: int) -> SignalFigures:
    return SignalFigures(name, reviews, pending, published, rejected, rate(rejected, published + rejected))


def _bursts(actor: Actor, period: Period) -> list[Burst]:
    """One query: the days with enough of them, and what stood before each; chance is reckoned here."""
    website = actor.website
    first, last = (at.astimezone(ZoneInfo(period.timezone)).date() for at in (period.since, period.until))
    days = [first + dt.timedelta(days=n) for n in range(-BASELINE_DAYS, (last - first).days + 1)]
    edges = [day_start(day, period.timezone) for day in days]
    given = {"days": edges, "oldest": edges[0], "first": edges[BASELINE_DAYS]}
    rows = select(BURSTS, website=website.pk, since=period.since, until=period.until, **given)
    bursts = []
    for day, writer_id, pen_name, n, before, ids in rows:
        chance = poisson_tail(n, expected_of(before))
        if chance < CHANCE:
            expected = round(expected_of(before), 3)
            bursts.append(Burst(days[day], writer_id, pen_name, n, expected, float(f"{chance:.3g}"), ids))
    return bursts
