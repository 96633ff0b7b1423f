"""Every figure of moderation of a small demonstration world, against a plain loop over its rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import mean
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.numbers import Rate
from copydesk.core.period import Period, last_days
from copydesk.demo.world import World, load
from copydesk.reviews import spam
from copydesk.reviews.models import (
    Appeal,
    AppealStatus,
    Decision,
    DecisionKind,
    Ground,
    Report,
    Review,
    ReviewStatus,
    Target,
    Visibility,
)
from copydesk.reviews.queries.figures import ModerationFigures, backlog, review_analytics
from copydesk.reviews.queries.moderation import moderated_rows
from copydesk.reviews.queries.suspicion import spam_detection
from copydesk.reviews.wording import LEAST_WORDS, fragments_of, words_of
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from copydesk.writers.models import Writer
from copydesk.writers.queries import bayes_rating, rating_weight
from tests.database import url_as
from tests.reports.test_clients_demo import ASKED, NOW, SITES, bucket_day, percentile, within

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class Books:
    """All rows of a website, counted one by one."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.reviews = list(Review.objects.of(website).order_by("pk"))
        self.decisions = list(Decision.objects.of(website).select_related("review").order_by("pk"))
        self.reports = list(Report.objects.of(website).order_by("pk"))
        self.appeals = list(Appeal.objects.of(website).order_by("pk"))

    def waiting(self, at: dt.datetime) -> list[dt.datetime]:
        """Since when each of those waits that waits at that moment."""
        now = [row.waiting_since for row in self.reviews if row.waiting_since and row.waiting_since < at]
        then = [d.waited_since for d in self.decisions if d.waited_since and d.waited_since < at <= d.decided_at]
        return now + then

    def day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(ZoneInfo(self.website.timezone)).date()


def rated(good: int, all_: int) -> Rate:
    return Rate(round(good / all_, 3) if all_ else None, good, all_)


def near(found: float | None, expected: float | None) -> bool:
    return found is expected if found is None or expected is None else abs(found - expected) <= 0.0101


def check_figures(
    found: ModerationFigures,
    written: Sequence[Review],
    reports: Sequence[Report],
    decisions: Sequence[Decision],
    length: dt.timedelta,
) -> None:
    kinds = Counter(decision.kind for decision in decisions)
    assert found.submitted == len(written)
    assert found.published_at_once == sum(row.approved_at == row.submitted_at for row in written)
    assert (found.reports, found.decisions) == (len(reports), len(decisions))
    names = ("approve", "reject", "flag", "shadow", "uphold", "overturn")
    got = (found.approved, found.rejected, found.flagged, found.shadowed, found.upheld, found.overturned)
    assert got == tuple(kinds[name] for name in names)
    assert found.decisions_a_day == round(len(decisions) / (length / DAY), 2)
    assert found.overturn_rate == rated(kinds["overturn"], kinds["overturn"] + kinds["uphold"])
    hours = [(d.decided_at - d.waited_since) / HOUR for d in decisions if d.waited_since]
    assert found.decision_hours.n == len(hours)
    assert near(found.decision_hours.p50, percentile(hours, 0.5))
    assert near(found.decision_hours.p90, percentile(hours, 0.9))
    assert near(found.decision_hours.mean, mean(hours) if hours else None)
    stars = found.rejected_by_stars
    shares = []
    for of, band in ((stars.low, {1, 2}), (stars.middle, {3}), (stars.high, {4, 5})):
        verdicts = [d.kind for d in decisions if d.kind in ("approve", "reject") and d.review.rating in band]
        assert of == rated(verdicts.count("reject"), len(verdicts))
        shares.append(verdicts.count("reject") / len(verdicts) if verdicts else 0)
    low, _, high = shares
    known = stars.low.denominator and stars.high.numerator
    assert stars.low_to_high == (round(low / high, 2) if known else None)


@pytest.mark.django_db(transaction=True)
def test_every_figure_of_moderation() -> None:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=160, clients=18, writers=16, now=NOW, password="!", days=200))
    with across_websites():
        websites = list(Website.objects.order_by("pk"))
    busy: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for website in websites:
            with website_scope(website.pk):
                books = Books(website)
                admin = Membership.objects.of(website).filter(role=Role.ADMIN).order_by("pk")[0]
                actor = Actor(website, Role.ADMIN, user_id=admin.user_id, membership_id=admin.pk)
                check_states(books, busy)
                check_backlog(books, actor)
                check_rows(books, actor)
                check_ratings(books)
                for days, granularity, compare in ASKED:
                    period = last_days(days, NOW, website.timezone, granularity, compare)
                    check_analytics(books, actor, period)
                    check_spam(books, actor, period, busy)
    assert min(busy.values()) > 0, busy


def check_states(books: Books, busy: Counter[str]) -> None:
    for status in ReviewStatus:
        busy[f"status {status}"] += sum(row.status == status for row in books.reviews)
    for visibility in Visibility:
        busy[f"visibility {visibility}"] += sum(row.visibility == visibility for row in books.reviews)
    for kind in DecisionKind:
        busy[f"decision {kind}"] += sum(row.kind == kind for row in books.decisions)
    for appeal in AppealStatus:
        busy[f"appeal {appeal}"] += sum(row.status == appeal for row in books.appeals)
    busy["open reports"] += sum(row.open_reports for row in books.reviews)
    busy["without an order"] += sum(row.order_id is None for row in books.reviews)
    for row in books.reviews:
        own = [report for report in books.reports if report.review_id == row.pk and report.decision_id is None]
        appealed = any(appeal.review_id == row.pk and appeal.status == "open" for appeal in books.appeals)
        assert row.open_reports == len(own)
        assert (row.status == "rejected" and row.waiting_since is not None) is appealed
        assert row.spam_milli == spam.score_milli(spam.read(row.signals))


def check_backlog(books: Books, actor: Actor) -> None:
    found, ages = backlog(actor), [(NOW - since) / HOUR for since in books.waiting(NOW + DAY)]
    statuses = Counter(row.status for row in books.reviews if row.waiting_since)
    assert (found.waiting, found.pending, found.flagged) == (len(ages), statuses["pending"], statuses["flagged"])
    assert (found.published, found.appealed) == (statuses["approved"], statuses["rejected"])
    assert found.age_hours.n == len(ages)
    assert near(found.age_hours.p50, percentile(ages, 0.5))
    assert near(found.age_hours.p90, percentile(ages, 0.9))
    assert near(found.age_hours.mean, mean(ages))
    assert near(found.oldest_hours, max(ages))


def check_rows(books: Books, actor: Actor) -> None:
    rows = {row.id: row for row in moderated_rows(actor, [review.pk for review in books.reviews])}
    for review in books.reviews:
        row = rows[review.pk]
        assert (row.status, row.visibility, row.spam_score) == (
            review.status,
            review.visibility,
            review.spam_milli / 1000,
        )
        decided = [(d.kind, d.by_id, d.reason) for d in books.decisions if d.review_id == review.pk]
        assert [(one.kind, one.by and one.by.id, one.reason) for one in row.history] == decided
        assert len(row.reports) == review.open_reports
        assert (row.appeal is None) is not any(a.review_id == review.pk and a.status == "open" for a in books.appeals)


def check_ratings(books: Books) -> None:
    """Of the nightly job, and of what was decided since: of approved and public reviews alone."""
    counted = [row for row in books.reviews if row.status == "approved" and row.visibility == "public"]
    own: defaultdict[int, list[Review]] = defaultdict(list)
    for row in counted:
        if row.target != "website" and row.writer_id is not None:
            own[row.writer_id].append(row)
    every = [row.rating for rows in own.values() for row in rows]
    for writer in Writer.objects.of(books.website):
        assert (writer.rating_milli is None) is (writer.pk not in own)
        if writer.rating_milli is not None:
            pairs = [(rating_weight((NOW - row.submitted_at) / DAY), float(row.rating)) for row in own[writer.pk]]
            assert abs(writer.rating_milli - 1000 * bayes_rating(mean(every), pairs)) < 25


def check_analytics(books: Books, actor: Actor, period: Period) -> None:
    found = review_analytics(actor, period)

    def of(span: Period) -> tuple[list[Review], list[Report], list[Decision]]:
        return (
            [row for row in books.reviews if within(row.submitted_at, span)],
            [row for row in books.reports if within(row.reported_at, span)],
            [row for row in books.decisions if within(row.decided_at, span)],
        )

    written, reports, decisions = of(period)
    check_figures(found.figures, written, reports, decisions, period.until - period.since)
    base = period.baseline
    assert (found.before is None) is (base is None)
    if base is not None and found.before is not None:
        check_figures(found.before, *of(base), base.until - base.since)
        assert found.decisions.previous == len(of(base)[2])
    assert (found.submitted.current, found.decisions.current) == (len(written), len(decisions))
    buckets = period.buckets()
    for bucket, point in zip(buckets, found.points, strict=True):
        assert bucket.on == point.on
        here = (
            [row for row in written if bucket_day(row.submitted_at, period) == point.on],
            [row for row in reports if bucket_day(row.reported_at, period) == point.on],
            [row for row in decisions if bucket_day(row.decided_at, period) == point.on],
        )
        check_figures(point.figures, *here, bucket.until - bucket.since)
        if bucket.since > NOW:
            assert (point.waiting, point.mean_age_hours) == (None, None)
            continue
        end = min(bucket.until, NOW)
        since = books.waiting(end)
        assert point.waiting == len(since), point.on
        assert near(point.mean_age_hours, mean((end - one) / HOUR for one in since) if since else None)
    about = {row.pk: row.target for row in books.reviews}
    for part in found.by_target:
        own = (
            [row for row in written if row.target == part.target],
            [row for row in reports if about[row.review_id] == part.target],
            [row for row in decisions if row.review.target == part.target],
        )
        check_figures(part.figures, *own, period.until - period.since)
    grounds = Counter(row.ground for row in reports)
    assert {one.ground.value: one.reports for one in found.by_ground} == {one.value: grounds[one] for one in Ground}
    assert [part.target for part in found.by_target] == list(Target)
    assert sum(one.decisions for one in found.by_moderator) == len(decisions)
    for one in found.by_moderator:
        by = one.moderator and one.moderator.id
        own = Counter(row.kind for row in decisions if row.by_id == by)
        decided = [a.status for a in books.appeals if a.against_id == by and within(a.decided_at, period)]
        assert (one.decisions, one.approved, one.rejected) == (own.total(), own["approve"], own["reject"])
        assert one.overturn_rate == rated(decided.count("overturned"), len(decided))


def check_spam(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = spam_detection(actor, period)
    written = [row for row in books.reviews if within(row.submitted_at, period)]
    scores = [row.spam_milli for row in written]
    assert (found.scores.reviews, found.scores.low) == (len(scores), sum(score < 300 for score in scores))
    assert found.scores.high == sum(score > 700 for score in scores)
    assert found.scores.middle == found.scores.reviews - found.scores.low - found.scores.high
    for one in found.signals:
        own = [row for row in written if any(signal["name"] == one.signal for signal in row.signals)]
        statuses = Counter(row.status for row in own)
        assert one.reviews == len(own)
        assert (one.published, one.rejected) == (statuses["approved"], statuses["rejected"])
        assert one.pending == statuses["pending"] + statuses["flagged"]
        assert one.rejection_rate == rated(one.rejected, one.rejected + one.published)
    check_bursts(books, period, found.bursts, busy)
    check_duplicates(books, written, found.near_duplicates, busy)
    waiting = [row for row in books.reviews if row.waiting_since and row.spam_milli]
    best = sorted(waiting, key=lambda row: (-row.spam_milli, row.pk))[:20]
    assert [row.id for row in found.suspects] == [row.pk for row in best]


def check_bursts(books: Books, period: Period, found: Sequence[object], busy: Counter[str]) -> None:
    days: defaultdict[tuple[int | None, dt.date], list[int]] = defaultdict(list)
    for row in books.reviews:
        if row.rating <= 2:
            subject = None if row.target == "website" else row.writer_id
            days[subject, books.day(row.submitted_at)].append(row.pk)
    expected = []
    for (subject, day), ids in days.items():
        before = sum(
            len(others)
            for (other, on), others in days.items()
            if other == subject and day - 90 * DAY <= on <= day - DAY
        )
        first, last = books.day(period.since), books.day(period.until - HOUR)
        if first <= day <= last and spam.burst_of(len(ids), before):
            expected.append((day, subject, len(ids), tuple(ids)))
    got = [(one.day, one.writer_id, one.low_reviews, tuple(one.review_ids)) for one in found]  # type: ignore[attr-defined]
    assert sorted(got, key=str) == sorted(expected, key=str)
    busy["bursts"] += len(got)


def check_duplicates(books: Books, written: Sequence[Review], found: Sequence[object], busy: Counter[str]) -> None:
    """What was found by the index is what comparing every text with every earlier one finds."""
    fragments = {row.pk: set(fragments_of(row.text)) for row in books.reviews}
    for row in books.reviews:
        own = fragments[row.pk]
        alike = [
            other
            for other in books.reviews
            if other.pk < row.pk
            and row.submitted_at - other.submitted_at < spam.COMPARED_DAYS * DAY
            and own
            and len(own & fragments[other.pk]) / len(own) >= spam.LEAST_ALIKE
        ]
        assert (row.duplicate_of_id is not None) is bool(alike)
        assert bool(own) is (len(words_of(row.text)) >= LEAST_WORDS)
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for row in books.reviews:
        if row.duplicate_of_id is not None:
            groups[row.duplicate_of_id].append(row.pk)
    shown = {row.duplicate_of_id for row in written if row.duplicate_of_id is not None}
    got = sorted(tuple(one.review_ids) for one in found)  # type: ignore[attr-defined]
    assert got == sorted((first, *rest) for first, rest in groups.items() if first in shown)
    busy["duplicates"] += len(got)
