"""Every figure of every client of a small demonstration world, against a plain loop over its rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.money import to_minor
from copydesk.core.period import Compare, Granularity, Period, last_days
from copydesk.demo.world import Site, World, load
from copydesk.disputes.models import Dispute
from copydesk.journal.models import Event
from copydesk.journal.verbs import VERBS
from copydesk.orders.models import Order, Round
from copydesk.orders.queries.activity import order_activity, order_events
from copydesk.payments.models import Charge, LedgerAccount, Posting, Repayment
from copydesk.payments.queries.booked import booked, total
from copydesk.payments.queries.spending import client_wallet
from copydesk.reports.clients import client_analytics, client_stats
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from tests.database import url_as

NOW = dt.datetime(2026, 3, 20, 9, 30, tzinfo=dt.UTC)
SITES = (
    Site("atlas", "Atlas Writing", "USD", "America/New_York"),
    Site("borealis", "Borealis Texts", "EUR", "Europe/Helsinki"),
)
ASKED = [
    (30, Granularity.DAY, Compare.PREVIOUS),
    (150, Granularity.WEEK, Compare.NONE),
    (200, Granularity.MONTH, Compare.YEAR),
]


class Books:
    """All rows of a website, and the figures of one client counted one by one."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.orders = list(Order.objects.of(website))
        self.rounds = list(Round.objects.of(website))
        self.disputes = list(Dispute.objects.of(website))
        self.charges = list(Charge.objects.of(website))
        self.repayments = list(Repayment.objects.of(website))
        self.events = list(Event.objects.of(website).order_by("-pk"))
        self.clients = list(Membership.objects.of(website).filter(role=Role.CLIENT).order_by("pk"))

    def spent(self, client: int) -> list[tuple[dt.datetime, str, int, int]]:
        """(when, purpose, minor units, order)."""
        own = {charge.pk: charge for charge in self.charges if charge.payer_id == client}
        found = [
            (charge.captured_at, charge.purpose, charge.amount_minor, charge.reference_id)
            for charge in own.values()
            if charge.status == "captured" and charge.purpose != "top_up" and charge.captured_at
        ]
        for back in self.repayments:
            if back.charge_id in own and back.status == "succeeded" and back.succeeded_at:
                charge = own[back.charge_id]
                found.append((back.succeeded_at, charge.purpose, -back.amount_minor, charge.reference_id))
        return found


def within(at: dt.datetime | None, period: Period | None) -> bool:
    return at is not None and period is not None and period.since <= at < period.until


def money(minor: int) -> Decimal:
    return Decimal(minor) / 100


def percentile(values: list[float], share: float) -> float | None:
    """With the straight line between neighbours."""
    if not values:
        return None
    values = sorted(values)
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return round(values[low] + (values[high] - values[low]) * (place - low), 2)


def bucket_day(at: dt.datetime, period: Period) -> dt.date:
    zone = ZoneInfo(period.timezone)
    day = at.astimezone(zone).date()
    if period.granularity is Granularity.WEEK:
        day -= dt.timedelta(days=day.weekday())
    if period.granularity is Granularity.MONTH:
        day = day.replace(day=1)
    return max(day, period.since.astimezone(zone).date())


@pytest.mark.django_db(transaction=True)
def test_every_figure_of_every_client() -> None:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=80, clients=14, writers=16, now=NOW, password="!", days=200))
    with across_websites():
        websites = list(Website.objects.order_by("pk"))
    busy: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for website in websites:
            with website_scope(website.pk):
                books = Books(website)
                for days, granularity, compare in ASKED:
                    period = last_days(days, NOW, website.timezone, granularity, compare)
                    for client in books.clients:
                        actor = Actor(website, Role.CLIENT, user_id=client.user_id, membership_id=client.pk)
                        check_stats(books, actor, period, busy)
                        check_analytics(books, actor, period, busy)
                        check_wallet(books, actor, period, busy)
                        check_activity(books, actor)
                    check_the_website(books, period)
    assert min(busy.values()) > 0, busy
    disputes = {"disputes", "disputes decided", "disputes won"}
    others = {"spend", "before", "returned", "late", "revised", "days", "top_up", "adjustment", "tip"}
    assert set(busy) == disputes | others


def check_stats(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = client_stats(actor, period)
    own = [order for order in books.orders if order.client_id == actor.membership_id]
    spent = books.spent(actor.membership_id or 0)
    paid = [order for order in own if order.paid_at]
    count = Counter(order.status for order in own)
    assert {status: n for status, n in found.by_status.items() if n} == dict(count)
    assert found.orders == len(own) == found.active + found.completed + found.cancelled + found.awaiting_payment
    assert found.active == sum(order.status not in ("unpaid", "completed", "cancelled") for order in own)
    assert (found.completed, found.awaiting_payment) == (count["completed"], count["unpaid"])
    assert found.placed.current == sum(within(order.placed_at, period) for order in own)
    assert found.spend.current == money(sum(minor for at, _, minor, _ in spent if within(at, period)))
    assert found.spend_all_time == money(sum(minor for _, _, minor, _ in spent))
    if paid:
        mean = Decimal(sum(order.price_minor for order in paid)) / len(paid) / 100
        assert found.average_order_value is not None
        assert abs(found.average_order_value - mean) <= Decimal("0.005")
    else:
        assert found.average_order_value is None
    mine = [row for row in books.disputes if row.client_id == actor.membership_id]
    ended = [row for row in mine if row.closed_at and within(row.closed_at, period)]
    decided = [row.verdict == "client" for row in ended if row.status == "resolved"]
    assert found.disputes.open == sum(row.closed_at is None for row in mine)
    assert found.disputes.awaiting_you == sum(row.status == "awaiting_client" for row in mine)
    assert found.disputes.opened == sum(within(row.opened_at, period) for row in mine)
    assert (found.disputes.won_rate.numerator, found.disputes.won_rate.denominator) == (sum(decided), len(decided))
    assert found.disputes.refunded == money(sum(row.refund_minor for row in ended))
    busy.update({"disputes": len(mine), "disputes decided": len(decided), "disputes won": sum(decided)})
    base = period.baseline
    if base:
        before = money(sum(minor for at, _, minor, _ in spent if within(at, base)))
        assert found.spend.previous == before
        assert found.placed.previous == sum(within(order.placed_at, base) for order in own)
        busy["before"] += before > 0
        if before:
            assert found.spend.change == pytest.approx(float((found.spend.current - before) / abs(before)), abs=0.001)
    else:
        assert (found.spend.previous, found.spend.change, found.placed.previous) == (None, None, None)
    newest = sorted(own, key=lambda order: -order.pk)[:5]
    assert [row.id for row in found.recent_orders] == [order.pk for order in newest]
    due: dict[int, Any] = {}
    for order in own:
        if order.status not in ("completed", "cancelled"):
            at = {"unpaid": order.expires_at, "delivered": order.approve_at}.get(order.status, order.client_deadline)
            due[order.pk] = at
    first = sorted(due, key=lambda pk: (due[pk], pk))[:5]
    assert [(row.id, row.due_at) for row in found.upcoming] == [(pk, due[pk]) for pk in first]
    asks = {"awaiting_client": "client", "awaiting_writer": "writer", "open": "support", "under_review": "support"}
    turns = {row.order_id: asks[row.status] for row in books.disputes if row.status in asks}
    for row in [*found.upcoming, *found.recent_orders]:
        assert row.status != "disputed" or row.waiting_on == turns[row.id]
    busy["spend"] += found.spend.current > 0


def check_analytics(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = client_analytics(actor, period)
    own = {order.pk: order for order in books.orders if order.client_id == actor.membership_id}
    spent = [line for line in books.spent(actor.membership_id or 0) if within(line[0], period)]
    placed = [order for order in own.values() if within(order.placed_at, period)]
    completed = [order for order in own.values() if within(order.completed_at, period)]
    assert (found.placed.current, found.completed.current) == (len(placed), len(completed))
    assert found.spend.current == money(sum(minor for _, _, minor, _ in spent))
    points: dict[dt.date, list[int]] = defaultdict(lambda: [0, 0, 0])
    for order in placed:
        points[bucket_day(order.placed_at, period)][0] += 1
    for order in completed:
        assert order.completed_at is not None
        points[bucket_day(order.completed_at, period)][1] += 1
    for at, _, minor, _ in spent:
        points[bucket_day(at, period)][2] += minor
    assert [one.on for one in found.series] == sorted(set(points) | {one.on for one in found.series})
    for point in found.series:
        counted = points.get(point.on, [0, 0, 0])
        assert (point.placed, point.completed, point.spend) == (counted[0], counted[1], money(counted[2]))
    for name, rows in (("work_type", found.by_work_type), ("subject", found.by_subject)):
        shares: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for order in placed:
            shares[getattr(order, name)][0] += 1
        for _, _, minor, order_id in spent:
            shares[getattr(own[order_id], name)][1] += minor
        assert {row.code: [row.orders, row.spend] for row in rows} == {
            code: [n, money(minor)] for code, (n, minor) in shares.items()
        }
    days = [(order.completed_at - order.paid_at).total_seconds() / 86_400 for order in completed]  # type: ignore[operator]
    assert found.completion_days.n == len(days)
    assert found.completion_days.p50 == pytest.approx(percentile(days, 0.5), abs=0.011)
    assert found.completion_days.p90 == pytest.approx(percentile(days, 0.9), abs=0.011)
    assert found.completion_days.mean == pytest.approx(sum(days) / len(days) if days else None, abs=0.006)
    rounds = [one for one in books.rounds if one.order_id in own]
    delivered = {order.pk for order in own.values() if within(order.delivered_at, period)}
    revised = {one.order_id for one in rounds if one.kind == "revision" and one.cause == "writer"} & delivered
    assert (found.revision_rate.numerator, found.revision_rate.denominator) == (len(revised), len(delivered))
    submitted = [one for one in rounds if within(one.submitted_at, period)]
    late = [one for one in submitted if one.submitted_at and one.submitted_at > one.due_at + one.excused]
    assert found.on_time_rate.numerator == len(submitted) - len(late)
    assert found.on_time_rate.denominator == len(submitted)
    busy.update({"days": len(days), "revised": len(revised), "late": len(late)})


def check_wallet(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = client_wallet(actor, period)
    lines = [line for line in books.spent(actor.membership_id or 0) if within(line[0], period)]
    for row in found.spending:
        amounts = [minor for _, purpose, minor, _ in lines if purpose == row.purpose]
        assert row.paid == money(sum(minor for minor in amounts if minor > 0))
        assert row.returned == -money(sum(minor for minor in amounts if minor < 0))
        assert row.net == row.paid - row.returned
        busy["returned"] += row.returned > 0
        if row.purpose != "order":
            busy[row.purpose] += row.paid > 0
    assert found.spent.current == sum(row.net for row in found.spending) == client_stats(actor, period).spend.current
    own = [charge for charge in books.charges if charge.payer_id == actor.membership_id and charge.purpose == "top_up"]
    filled = [charge.amount_minor for charge in own if within(charge.captured_at, period)]
    assert (found.top_ups.count, found.top_ups.amount.current) == (len(filled), money(sum(filled)))
    assert [row.id for row in found.top_ups.recent] == sorted((charge.pk for charge in own), reverse=True)[:10]
    busy["top_up"] += len(filled)
    accounts = LedgerAccount.objects.of(books.website).filter(owner_id=actor.membership_id, kind="wallet")
    postings = list(Posting.objects.of(books.website).filter(account__in=accounts).order_by("-pk"))
    assert found.balance == money(sum(posting.amount_minor for posting in postings))
    assert [row.id for row in found.entries] == [posting.pk for posting in postings[:10]]


def check_activity(books: Books, actor: Actor) -> None:
    own = {order.pk: order for order in books.orders if order.client_id == actor.membership_id}
    wanted = [
        event
        for event in books.events
        if event.root_type == "order"
        and event.root_id in own
        and event.client_id == actor.membership_id
        and Role.CLIENT in VERBS[event.verb].see
    ]
    rows = order_activity(actor, list(order_events(actor).order_by("-pk")))
    assert [row.id for row in rows] == [event.pk for event in wanted]
    for row, event in zip(rows, wanted, strict=True):
        order = own[event.root_id]
        assert (row.order.id, row.order.number, row.order.topic) == (order.pk, order.number, order.topic)
        assert (row.verb, row.before, row.after, row.at) == (event.verb, event.before, event.after, event.at)
        assert row.actor_label in {role.value for role in Role}


def check_the_website(books: Books, period: Period) -> None:
    """The clients' spending, tips apart, is the website's net revenue: one definition."""
    net = Decimal(0)
    for client in books.clients:
        actor = Actor(books.website, Role.CLIENT, user_id=client.user_id, membership_id=client.pk)
        net += sum(row.net for row in client_wallet(actor, period).spending if row.purpose != "tip")
    assert to_minor(net) == total(booked(books.website, period, [period.since])).net
