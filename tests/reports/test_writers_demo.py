"""Every figure of every writer of a small demonstration world, against a plain loop over its rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.money import to_minor
from copydesk.core.numbers import Rate
from copydesk.core.period import Period, last_days
from copydesk.demo.world import World, load
from copydesk.disputes.models import Dispute
from copydesk.fines.models import Fine
from copydesk.orders.models import Assignment, Offer, Order, Round
from copydesk.payments.models import Earning, EarningHold, PayoutLine, PayoutStatement
from copydesk.payments.queries.booked import booked, total
from copydesk.reports.badges import BADGES, writer_badges
from copydesk.reports.earnings import earning_lines, own_earnings, writer_earnings
from copydesk.reports.level import writer_level
from copydesk.reports.performance import PerformanceFigures, writer_performance
from copydesk.reviews.actions import rank_writers
from copydesk.reviews.models import Review, Standing
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from copydesk.writers.models import Writer
from tests.database import url_as
from tests.reports.test_clients_demo import ASKED, NOW, SITES, bucket_day, money, within

Event = tuple[dt.datetime, str, bool]
"""(when, of which rate, whether it counts in the numerator)."""


class Books:
    """All rows of a website; what one writer did, counted one by one."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.orders = {order.pk: order for order in Order.objects.of(website)}
        self.assignments = list(Assignment.objects.of(website).order_by("started_at", "pk"))
        self.rounds = list(Round.objects.of(website))
        self.offers = list(Offer.objects.of(website))
        every = Review.objects.of(website)
        self.reviews = [review for review in every if review.status == "approved" and review.visibility == "public"]
        self.disputes = list(Dispute.objects.of(website))
        self.earnings = list(Earning.objects.of(website).order_by("-pk"))
        self.statements = list(PayoutStatement.objects.of(website).select_related("payout").order_by("-pk"))
        self.fines = {fine.pk: fine for fine in Fine.objects.of(website)}
        self.held = {
            (hold.reference_type, hold.reference_id)
            for hold in EarningHold.objects.of(website)
            if hold.released_at is None
        }
        lines = PayoutLine.objects.of(website).select_related("statement__payout")
        self.taken = {
            line.earning_id: line.statement.payout.status
            for line in lines
            if line.statement.payout.status != "cancelled"
        }
        self.writers = list(Writer.objects.of(website).admitted().order_by("pk"))

    def state(self, earning: Earning) -> str:
        if earning.pk in self.taken:
            return "paid" if self.taken[earning.pk] == "paid" else "in_payout"
        if tuple(earning.reference) in self.held:
            return "held"
        return "pending" if earning.payable_at > NOW else "payable"

    def events(self, writer: int) -> Iterable[Event]:
        for spell in self.assignments:
            if spell.writer_id == writer:
                yield from self._of_spell(spell)
        for dispute in self.disputes:
            if dispute.writer_id == writer and dispute.status == "resolved":
                assert dispute.closed_at is not None
                yield dispute.closed_at, "lost", dispute.verdict == "client"
        for offer in self.offers:
            if offer.writer_id == writer and offer.outcome in ("accepted", "declined", "expired"):
                assert offer.answered_at is not None
                yield offer.answered_at, "acceptance", offer.outcome == "accepted"

    def _of_spell(self, spell: Assignment) -> Iterable[Event]:
        order = self.orders[spell.order_id]
        later = [one for one in self.assignments if one.order_id == order.pk and one.pk > spell.pk]
        done, end = order.completed_at, spell.ended_at
        if done is not None and spell.started_at <= done and (end is None or done <= end):
            yield done, "completion", True
        elif spell.outcome == "completed":
            assert end is not None
            yield end, "completion", True
        if spell.cause == "writer" and spell.outcome in ("released", "reassigned", "cancelled"):
            assert end is not None
            yield end, "completion", False
        rounds = [one for one in self.rounds if one.assignment_id == spell.pk]
        for one in rounds:
            if one.submitted_at is not None:
                yield one.submitted_at, "on_time", one.submitted_at <= one.due_at + one.excused
        delivered = [one.delivered_at for one in rounds if one.delivered_at is not None]
        if delivered:
            revised = any(one.kind == "revision" and one.cause == "writer" for one in rounds)
            disputed = any(
                spell.started_at <= one.opened_at and not any(n.started_at <= one.opened_at for n in later)
                for one in self.disputes
                if one.order_id == order.pk
            )
            yield min(delivered), "revision", revised
            yield min(delivered), "dispute", disputed


def of_writer(website: Website, writer: Writer) -> Actor:
    return Actor(website, Role.WRITER, user_id=writer.member.user_id, membership_id=writer.pk)


def each_writer(check: Callable[[Books, Actor, Period, Counter[str]], None], books: Books, busy: Counter[str]) -> None:
    for days, granularity, compare in ASKED:
        period = last_days(days, NOW, books.website.timezone, granularity, compare)
        for writer in books.writers:
            check(books, of_writer(books.website, writer), period, busy)


@pytest.mark.django_db(transaction=True)
def test_every_figure_of_every_writer() -> None:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=120, clients=14, writers=16, now=NOW, password="!", days=200))
    with across_websites():
        websites = list(Website.objects.order_by("pk"))
    busy: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for website in websites:
            with website_scope(website.pk):
                books = Books(website)
                each_writer(check_earnings, books, busy)
                each_writer(check_performance, books, busy)
                check_the_website(books)
                check_standings(books, busy)
                for writer in books.writers:
                    check_badges(books, of_writer(website, writer), busy)
    assert min(busy.values()) > 0, busy


def check_earnings(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = writer_earnings(actor, period)
    own = [earning for earning in books.earnings if earning.writer_id == actor.membership_id]
    now = [earning for earning in own if within(earning.created_at, period)]
    paid = [one for one in books.statements if one.writer_id == actor.membership_id and one.payout.status == "paid"]
    assert found.earned.current == sum((row.amount for row in found.by_kind), Decimal(0))
    for row in found.by_kind:
        amounts = [earning.amount_minor for earning in now if earning.kind == row.kind]
        assert (row.count, row.amount) == (len(amounts), money(sum(amounts)))
        if row.kind != "reduction":  # the world has none; tests/reports/test_earnings.py has
            busy[row.kind] += len(amounts)
    assert found.tips.current == money(sum(earning.amount_minor for earning in now if earning.kind == "tip"))
    worked = [earning for earning in now if earning.kind in ("pay", "forfeit")]
    orders = {earning.reference_id for earning in worked}
    assert found.orders.current == len(orders)
    if orders:
        mean = Decimal(sum(earning.amount_minor for earning in worked)) / len(orders) / 100
        assert found.average_per_order is not None
        assert abs(found.average_per_order - mean) <= Decimal("0.005")
    else:
        assert found.average_per_order is None
    assert found.paid.current == money(sum(one.amount_minor for one in paid if within(one.payout.paid_at, period)))
    states: dict[str, int] = defaultdict(int)
    for earning in own:
        states[books.state(earning)] += earning.amount_minor
    busy.update({f"state {state}": 1 for state, minor in states.items() if minor})
    assert found.pending == money(states["pending"] + states["held"])
    assert (found.held, found.payable) == (money(states["held"]), money(states["payable"]))
    assert (found.in_payout, found.paid_all_time) == (money(states["in_payout"]), money(states["paid"]))
    assert found.balance == found.pending + found.payable + found.in_payout
    assert found.earned_all_time == money(sum(earning.amount_minor for earning in own))
    coming = [earning.payable_at for earning in own if earning.payable_at > NOW]
    assert found.next_payable_at == (min(coming) if coming else None)
    points: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0, 0])
    for earning in now:
        points[bucket_day(earning.created_at, period)][0] += earning.amount_minor
        points[bucket_day(earning.created_at, period)][1] += earning.amount_minor * (earning.kind == "tip")
    for one in paid:
        if one.payout.paid_at and within(one.payout.paid_at, period):
            points[bucket_day(one.payout.paid_at, period)][2] += one.amount_minor
    assert set(points) <= {point.on for point in found.series}
    for point in found.series:
        assert [point.earned, point.tips, point.paid] == [money(minor) for minor in points.get(point.on, (0, 0, 0))]
    base = period.baseline
    before = money(sum(earning.amount_minor for earning in own if within(earning.created_at, base)))
    assert found.earned.previous == (before if base else None)
    busy["earned before"] += before > 0
    assert [row.id for row in found.recent_payouts] == [one.pk for one in paid[:5]]
    lines = earning_lines(actor, list(own_earnings(actor).order_by("-pk")))
    assert [(row.id, row.state) for row in lines] == [(earning.pk, books.state(earning)) for earning in own]
    for row, earning in zip(lines, own, strict=True):
        fine = books.fines[earning.reference_id] if earning.reference_type == "fine" else None
        assert row.fine_id == (fine.pk if fine else None)
        order = books.orders[(fine.order_id or 0) if fine else earning.reference_id]
        assert row.order is not None
        assert (row.order.number, row.order.topic, row.amount) == (
            order.number,
            order.topic,
            money(earning.amount_minor),
        )


def check_performance(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = writer_performance(actor, period)
    assert actor.membership_id is not None
    events = list(books.events(actor.membership_id))
    reviews = [
        (review.submitted_at, review.rating)
        for review in books.reviews
        if review.writer_id == actor.membership_id and review.target != "website"
    ]

    def check(figures: PerformanceFigures, inside: Callable[[dt.datetime], bool]) -> None:
        for name, shown in (
            ("completion", figures.completion_rate),
            ("on_time", figures.on_time_rate),
            ("revision", figures.revision_rate),
            ("dispute", figures.dispute_rate),
            ("lost", figures.lost_dispute_rate),
            ("acceptance", figures.acceptance_rate),
        ):
            counted = [good for at, of, good in events if of == name and inside(at)]
            assert (shown.numerator, shown.denominator) == (sum(counted), len(counted)), name
            assert shown.value == (round(sum(counted) / len(counted), 3) if counted else None)
            busy.update({f"{name} good": sum(counted), f"{name} other": len(counted) - sum(counted)})
        stars = [rating for at, rating in reviews if inside(at)]
        assert figures.reviews.n == len(stars)
        assert figures.reviews.mean == (round(sum(stars) / len(stars), 2) if stars else None)
        assert figures.completed == figures.completion_rate.numerator
        assert figures.delivered == figures.revision_rate.denominator == figures.dispute_rate.denominator

    whole = PerformanceFigures(
        completed=found.completed.current,
        delivered=found.delivered.current,
        completion_rate=found.completion_rate,
        on_time_rate=found.on_time_rate,
        revision_rate=found.revision_rate,
        dispute_rate=found.dispute_rate,
        lost_dispute_rate=found.lost_dispute_rate,
        acceptance_rate=found.acceptance_rate,
        reviews=found.reviews,
    )
    check(whole, lambda at: within(at, period))
    base = period.baseline
    assert (found.before is None) == (base is None)
    if found.before is not None:
        check(found.before, lambda at: within(at, base))
    days = [point.on for point in found.trend]
    for point in found.trend:
        check(point.figures, lambda at, on=point.on: within(at, period) and bucket_day(at, period) == on)  # type: ignore[misc]
    assert days == sorted(set(days))
    for name in (
        "completion_rate",
        "on_time_rate",
        "revision_rate",
        "dispute_rate",
        "lost_dispute_rate",
        "acceptance_rate",
    ):
        total: Rate = getattr(whole, name)
        parts = [getattr(point.figures, name) for point in found.trend]
        assert sum(part.numerator for part in parts) == total.numerator
        assert sum(part.denominator for part in parts) == total.denominator
    writer = next(writer for writer in books.writers if writer.pk == actor.membership_id)
    assert found.rating == (None if writer.rating_milli is None else writer.rating_milli / 1000)


def check_the_website(books: Books) -> None:
    """What all writers earned, tips and fines apart, is the website's cost of them: one definition."""
    for days, granularity, compare in ASKED:
        period = last_days(days, NOW, books.website.timezone, granularity, compare)
        earned = Decimal(0)
        for writer in books.writers:
            found = writer_earnings(of_writer(books.website, writer), period)
            earned += found.earned.current - found.tips.current + found.fines.current
        assert to_minor(earned) == total(booked(books.website, period, [period.since])).writer_cost


def lower_bound(numerator: int, denominator: int) -> float:
    if not denominator:
        return 0.0
    n, p, z = denominator, numerator / denominator, 1.959964
    return (p + z * z / (2 * n) - z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5) / (1 + z * z / n)


def check_standings(books: Books, busy: Counter[str]) -> None:
    """As the demonstration was loaded with them; and the same when worked out again."""
    year = NOW - dt.timedelta(days=365)
    rated = [writer.rating_milli for writer in books.writers if writer.rating_milli is not None]
    composites: dict[int, float] = {}
    counted: dict[int, Callable[[str], list[bool]]] = {}
    for writer in books.writers:
        events = [event for event in books.events(writer.pk) if year < event[0] <= NOW]

        def of(name: str, events: list[Event] = events) -> list[bool]:
            return [good for _, figure, good in events if figure == name]

        stars = writer.rating_milli or sum(rated) / len(rated)
        whole, late = of("completion"), of("on_time")
        revised = of("revision")
        composites[writer.pk] = (
            0.30 * stars / 5_000
            + 0.25 * lower_bound(sum(whole), len(whole))
            + 0.25 * lower_bound(sum(late), len(late))
            + 0.20 * lower_bound(len(revised) - sum(revised), len(revised))
        )
        counted[writer.pk] = of
    kept = {row.pk: row for row in Standing.objects.of(books.website)}
    assert set(kept) == set(composites)
    ranked = [row for row in kept.values() if len(counted[row.pk]("completion")) >= 5]
    for pk, row in kept.items():
        completion = counted[pk]("completion")
        assert (row.completed, row.outcomes) == (sum(completion), len(completion))
        assert row.composite == pytest.approx(composites[pk], abs=2e-4)
        found = writer_level(of_writer(books.website, next(one for one in books.writers if one.pk == pk))).rank
        assert found is not None
        better = sum(one.composite > row.composite for one in ranked)
        assert (found.rank, found.of) == (better + 1 if row in ranked else None, len(ranked))
        busy["ranked" if row in ranked else "unranked"] += 1
    rank_writers(books.website, NOW)
    again = Standing.objects.of(books.website)
    assert {row.pk: (row.rank, row.composite) for row in again} == {
        pk: (row.rank, row.composite) for pk, row in kept.items()
    }


def check_badges(books: Books, actor: Actor, busy: Counter[str]) -> None:
    assert actor.membership_id is not None
    events = sorted(books.events(actor.membership_id))
    done = [at for at, name, good in events if name == "completion" and good]
    months: dict[tuple[int, int], dt.datetime] = {}
    for at in done:
        day = at.astimezone(ZoneInfo(books.website.timezone)).date()
        months.setdefault((day.year, day.month), at)
    run, runs = 0, dict[int, dt.datetime]()
    for at, _, good in [event for event in events if event[1] == "on_time"]:
        run = run + 1 if good else 0
        runs.setdefault(run, at)
    stars = sorted(
        review.submitted_at
        for review in books.reviews
        if review.writer_id == actor.membership_id and review.rating == 5 and review.target != "website"
    )
    tips = sorted(
        one.created_at for one in books.earnings if one.writer_id == actor.membership_id and one.kind == "tip"
    )
    times: dict[str, list[dt.datetime]] = {
        "completed": done,
        "months": sorted(months.values()),
        "five_stars": stars,
        "tips": tips,
    }
    found = writer_badges(actor)
    earned = {badge.code: badge.earned_at for badge in found.earned}
    current = {badge.code: badge.current for badge in found.available}
    for badge in BADGES:
        if badge.counts == "on_time":
            when, now = runs.get(badge.target), run
        else:
            at_all = times[badge.counts]
            when, now = (at_all[badge.target - 1] if len(at_all) >= badge.target else None), len(at_all)
        assert earned.get(badge.code) == when, badge
        if when is None:
            assert current[badge.code] == now, badge
            busy[f"to have {badge.counts}"] += 1
        else:
            assert badge.code not in current
            busy[f"earned {badge.counts}"] += 1
