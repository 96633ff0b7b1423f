"""Every figure of the admin's desk of orders in a small demonstration world, against plain loops over its rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from statistics import mean
from typing import Any

import psycopg
import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.money import to_decimal
from copydesk.core.numbers import ComparedCount, ComparedMoney, Spread
from copydesk.core.period import Period, last_days
from copydesk.demo.world import World, load
from copydesk.disputes.models import Dispute
from copydesk.journal.models import Event
from copydesk.orders.models import Assignment, Cause, Dwell, Form, Offer, Order, Request, Round, Status
from copydesk.orders.queries.assignment import AssignmentQueue
from copydesk.orders.queries.attention import OVERDUE_BANDS, Turn, attention
from copydesk.orders.queries.figures import OrderFigures
from copydesk.orders.queries.late import overdue_orders, overdue_rows
from copydesk.orders.queries.score import candidates
from copydesk.orders.queries.stuck import stuck_orders, stuck_rows
from copydesk.payments.models import Posting
from copydesk.reports.orders import order_analytics, order_dashboard
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from tests.database import url_as
from tests.reports.test_clients_demo import ASKED, NOW, SITES, bucket_day, percentile, within
from tests.reports.test_editors_demo import near, rated

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TIMES = ("placed", "paid", "delivered", "completed", "cancelled")
WAITS_FOR = {
    "unpaid": "payment",
    "available": "support",
    "offered": "writer",
    "in_progress": "writer",
    "editing": "editor",
    "delivered": "client",
    "revision": "writer",
    "on_hold": "support",
    "disputed": "support",
}
ASKS = {"awaiting_client": "client", "awaiting_writer": "writer"}
OWN = {
    "payment": {"client"},
    "client": {"client"},
    "writer": {"writer"},
    "editor": {"editor"},
    "support": {"support", "admin", "superadmin"},
    "system": {"system"},
}


class Books:
    """All that a website knows of its orders."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.orders = list(Order.objects.of(website).order_by("pk"))
        self.rounds = list(Round.objects.of(website).order_by("pk"))
        self.assignments = list(Assignment.objects.of(website))
        self.offers = list(Offer.objects.of(website))
        self.requests = list(Request.objects.of(website))
        self.postings = list(Posting.objects.of(website).select_related("account"))
        self.events: dict[int, list[Event]] = {order.pk: [] for order in self.orders}
        for event in Event.objects.of(website).filter(root_type="order").order_by("pk"):
            self.events[event.root_id].append(event)
        kept = dict(Dwell.objects.of(website).values_list("stage", "p90"))
        self.patience = {status: max(DAY, kept.get(status, DAY)) for status in WAITS_FOR}
        statuses = Dispute.objects.of(website).values_list("order_id", "status")
        self.asked = {order: ASKS[status] for order, status in statuses if status in ASKS}
        self.boss = Membership.objects.of(website).filter(role=Role.ADMIN).order_by("pk")[0]

    def during(self, what: str, period: Period | None) -> list[Order]:
        return [order for order in self.orders if within(getattr(order, f"{what}_at"), period)]

    def open(self) -> list[Order]:
        return [order for order in self.orders if order.status in WAITS_FOR]

    def round_of(self, order: Order) -> Round | None:
        return next(
            (r for r in self.rounds if r.order_id == order.pk and r.submitted_at is None and r.closed_at is None), None
        )

    def is_overdue(self, order: Order) -> bool:
        current = self.round_of(order)
        if order.status not in ("in_progress", "revision") or current is None:
            return False
        return current.due_at + current.excused <= NOW

    def is_client_overdue(self, order: Order) -> bool:
        paid = order.status in WAITS_FOR and order.status not in ("unpaid", "delivered")
        return paid and order.delivered_at is None and order.client_deadline <= NOW

    def is_at_risk(self, order: Order) -> bool:
        current = self.round_of(order)
        if order.status not in ("in_progress", "revision") or current is None or self.is_overdue(order):
            return False
        due = current.due_at + current.excused
        return due - NOW < 6 * HOUR or (due - NOW) * 4 < due - current.asked_at

    def turn(self, order: Order) -> str:
        clock = {"unpaid": order.expires_at, "offered": order.offer_expires_at, "delivered": order.approve_at}
        due = clock.get(order.status)
        if due is not None and due <= NOW:
            return "system"
        return self.asked.get(order.pk, WAITS_FOR[order.status])

    def progress(self, order: Order) -> dt.datetime:
        roles = OWN[self.turn(order)]
        return [one.at for one in self.events[order.pk] if one.role in roles or begins(one) or passes(one)][-1]

    def stays(self) -> dict[str, list[float]]:
        """Hours in each status that was left, of orders of the last ninety days."""
        found: dict[str, list[float]] = {}
        for order in self.orders:
            if order.placed_at < NOW - 90 * DAY:
                continue
            moves = [event for event in self.events[order.pk] if begins(event)]
            for earlier, later in pairwise(moves):
                if later.before == Status.COMPLETED:
                    continue
                found.setdefault(later.before, []).append((later.at - earlier.at) / HOUR)
        return found

    def booked(self, kind: str, period: Period | None) -> Decimal:
        minor = sum(row.amount_minor for row in self.postings if row.account.kind == kind and within(row.at, period))
        return Decimal(minor) / 100


def begins(event: Event) -> bool:
    """A stay in a status."""
    changed = event.after not in ("", event.before) or event.verb == "order.reassign"
    return event.subject_type == "order" and changed


def passes(event: Event) -> bool:
    """A dispute comes to another stage, and its order to whoever's turn it is then."""
    return event.subject_type == "dispute" and event.after != event.before


def check_spread(found: Spread, hours: Sequence[float]) -> None:
    assert found.n == len(hours)
    assert near(found.p50, percentile(list(hours), 0.5))
    assert near(found.p90, percentile(list(hours), 0.9))
    assert near(found.mean, mean(hours) if hours else None)


def check_compared(found: ComparedCount | ComparedMoney, now: Any, before: Any) -> None:
    assert (found.current, found.previous) == (now, before)
    assert found.change == (round(float((now - before) / abs(before)), 3) if before else None)


def check_figures(books: Books, found: OrderFigures, period: Period | None) -> None:
    assert {what: getattr(found, what) for what in TIMES} == {what: len(books.during(what, period)) for what in TIMES}
    failed = sum(
        row.cause == "writer" and row.outcome in ("released", "reassigned", "cancelled")
        for row in books.assignments
        if within(row.ended_at, period)
    )
    assert found.completion_rate == rated(found.completed, found.completed + failed)
    handed_in = [row for row in books.rounds if within(row.submitted_at, period)]
    on_time = sum(row.submitted_at <= row.due_at + row.excused for row in handed_in if row.submitted_at)
    assert found.on_time_rate == rated(on_time, len(handed_in))
    revised = {row.order_id for row in books.rounds if row.kind == "revision" and row.cause == "writer"}
    delivered = books.during("delivered", period)
    assert found.revision_rate == rated(sum(order.pk in revised for order in delivered), len(delivered))


@pytest.mark.django_db(transaction=True)
def test_every_figure_of_the_desk() -> None:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=150, clients=14, writers=16, now=NOW, password="!", days=200))
    with across_websites():
        websites = list(Website.objects.order_by("pk"))
    busy: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for website in websites:
            with website_scope(website.pk):
                books = Books(website)
                boss = books.boss
                actor = Actor(website, Role.ADMIN, user_id=boss.user_id, membership_id=boss.pk)
                for days, granularity, compare in ASKED:
                    period = last_days(days, NOW, website.timezone, granularity, compare)
                    check_dashboard(books, actor, period, busy)
                    check_analytics(books, actor, period, busy)
                check_dwells(books)
                check_overdue(books, actor, busy)
                check_stuck(books, actor, busy)
                check_assignment(books, actor, busy)
    assert min(busy.values()) > 0, busy


def check_dashboard(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = order_dashboard(actor, period)
    statuses = Counter(order.status for order in books.orders)
    closed = {
        what: sum(order.status == what for order in books.during(what, period)) for what in ("completed", "cancelled")
    }
    by_status = {one: statuses[one] for one in Status.values} | closed
    assert {row.status.value: row.orders for row in found.by_status} == by_status
    assert (found.orders, found.open) == (len(books.orders), len(books.open()))
    attended = {
        "needs_assignment": statuses["available"],
        "overdue": sum(map(books.is_overdue, books.orders)),
        "client_overdue": sum(map(books.is_client_overdue, books.orders)),
        "at_risk": sum(map(books.is_at_risk, books.orders)),
        "stuck": sum(books.progress(one) <= NOW - books.patience[one.status] for one in books.open()),
        "on_hold": statuses["on_hold"],
        "disputed": statuses["disputed"],
    }
    assert {name: getattr(found.attention, name) for name in attended} == attended
    check_figures(books, found.figures, period)
    base = period.baseline
    assert (found.before is None) == (base is None)
    if found.before is not None:
        check_figures(books, found.before, base)
    for what in TIMES:
        before = len(books.during(what, base)) if base else None
        check_compared(getattr(found, what), len(books.during(what, period)), before)
    check_money(books, found, period)
    assert [row.id for row in found.newest] == [order.pk for order in books.orders[:-11:-1]]
    dues = sorted((o.writer_due_at, o.pk) for o in books.orders if o.status in ("in_progress", "revision"))
    assert [row.id for row in found.due_first] == [pk for _, pk in dues[:10]]
    busy.update({f"attention {name}": n for name, n in attended.items()})


def check_money(books: Books, found: Any, period: Period) -> None:
    base = period.baseline
    by_kind = {
        "gross": lambda time: books.booked("sales", time),
        "refunds": lambda time: -books.booked("refunds", time),
        "net": lambda time: books.booked("sales", time) + books.booked("refunds", time),
    }
    for name, booked in by_kind.items():
        check_compared(getattr(found, name), booked(period), booked(base) if base else None)


def check_analytics(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = order_analytics(actor, period)
    check_figures(books, found.figures, period)
    if found.before is not None:
        check_figures(books, found.before, period.baseline)
    gross, refunds, cost = (
        sign * sum(row.amount_minor for row in books.postings if row.account.kind == kind and within(row.at, period))
        for kind, sign in (("sales", 1), ("refunds", -1), ("writer_cost", -1))
    )
    booked = found.revenue
    assert (booked.gross, booked.refunds, booked.writer_cost) == tuple(map(to_decimal, (gross, refunds, cost)))
    assert (booked.net, booked.margin) == (to_decimal(gross - refunds), to_decimal(gross - refunds - cost))
    assert [point.on for point in found.points] == [bucket.on for bucket in period.buckets()]
    for what in TIMES:
        by_day = Counter(bucket_day(getattr(one, f"{what}_at"), period) for one in books.during(what, period))
        assert {point.on: n for point in found.points if (n := getattr(point.counts, what))} == by_day
    for kind, name, sign in (("sales", "gross", 1), ("refunds", "refunds", -1)):
        posted: Counter[dt.date] = Counter()
        for row in books.postings:
            if row.account.kind == kind and within(row.at, period):
                posted[bucket_day(row.at, period)] += sign * row.amount_minor
        assert {p.on: getattr(p, name) for p in found.points if getattr(p, name)} == {
            on: Decimal(minor) / 100 for on, minor in posted.items() if minor
        }
    assert all(point.net == point.gross - point.refunds for point in found.points)
    placed, completed = books.during("placed", period), books.during("completed", period)
    for kind in ("work_type", "subject", "academic_level"):
        begun, done = (Counter(getattr(one, kind) for one in orders) for orders in (placed, completed))
        rows = getattr(found, f"by_{kind}")
        assert {row.code: (row.placed, row.completed) for row in rows} == {
            code: (begun[code], done[code]) for code in {*begun, *done}
        }
        assert [row.placed for row in rows] == sorted((row.placed for row in rows), reverse=True)
    statuses = Counter(order.status for order in placed)
    assert {row.status.value: row.orders for row in found.by_status} == {one: statuses[one] for one in Status.values}
    causes = Counter(order.cancel_cause for order in books.during("cancelled", period))
    assert {row.cause.value: row.orders for row in found.by_cancel_cause} == {one: causes[one] for one in Cause.values}
    durations = found.durations
    check_spread(durations.payment_hours, hours(books.during("paid", period), "placed_at", "paid_at"))
    check_spread(durations.assignment_hours, hours(books.during("assigned", period), "paid_at", "assigned_at"))
    check_spread(durations.writing_hours, hours(books.during("delivered", period), "assigned_at", "delivered_at"))
    check_spread(durations.approval_hours, hours(completed, "delivered_at", "completed_at"))
    busy.update({f"cause {cause}": n for cause, n in causes.items() if cause in ("client", "system")})


def hours(orders: Iterable[Order], since: str, until: str) -> list[float]:
    spans = [(getattr(order, since), getattr(order, until)) for order in orders]
    return [(end - begin) / HOUR for begin, end in spans if begin <= end]


def check_dwells(books: Books) -> None:
    stays = books.stays()
    kept = list(Dwell.objects.of(books.website))
    assert {row.stage: row.n for row in kept} == {stage: len(found) for stage, found in stays.items()}
    for row in kept:
        assert near(row.p90 / HOUR, percentile(stays[row.stage], 0.9))


def check_overdue(books: Books, actor: Actor, busy: Counter[str]) -> None:
    asked = attention(books.website)
    rows = overdue_orders(actor, asked, for_client=False)
    shown = {row.order.id: row for row in overdue_rows(actor, asked, list(rows.ids()))}
    overdue = {order.pk: order for order in books.orders if books.is_overdue(order)}
    client = {order.pk: order for order in books.orders if books.is_client_overdue(order)}
    assert set(shown) == set(overdue) | set(client)
    bands: dict[str, set[int]] = {band: set() for band in OVERDUE_BANDS}
    for pk, order in overdue.items():
        current = books.round_of(order)
        assert current is not None
        late = (NOW - current.due_at - current.excused) / HOUR
        band = "under_1h" if late < 1 else "1h_to_3h" if late < 3 else "3h_to_24h" if late < 24 else "over_24h"
        bands[band].add(pk)
        row = shown[pk]
        assert (row.hours_late, row.band, row.round and row.round.id) == (round(late, 2), band, current.pk)
        assert row.order.writer is not None
    for pk, row in shown.items():
        assert row.client_overdue == (pk in client)
        assert (row.hours_late is None) == (pk not in overdue)
    tabbed = {"all": set(overdue), **bands, "client_overdue": set(client)}
    assert {tab: set(narrow(rows).ids()) for tab, narrow in asked.overdue_tabs().items()} == tabbed
    busy.update({f"overdue {tab}": len(found) for tab, found in tabbed.items()})


def check_stuck(books: Books, actor: Actor, busy: Counter[str]) -> None:
    asked = attention(books.website)
    expected = {
        order.pk: (books.turn(order), books.progress(order))
        for order in books.open()
        if books.progress(order) <= NOW - books.patience[order.status]
    }
    rows = stuck_rows(actor, asked, list(stuck_orders(actor, asked).ids()))
    assert {row.order.id: (row.waiting_on.value, row.progress_at) for row in rows} == expected
    assert [row.progress_at for row in rows] == sorted(row.progress_at for row in rows)
    assert all(row.stuck_hours >= row.patience_hours for row in rows)
    assert all(near(row.patience_hours, books.patience[row.order.status] / HOUR) for row in rows)
    tabbed = {tab: set(narrow(stuck_orders(actor, asked)).ids()) for tab, narrow in asked.stuck_tabs().items()}
    parties = {turn: {pk for pk, (whom, _) in expected.items() if whom == turn} for turn in Turn}
    assert tabbed == {"all": set(expected)} | {f"waiting_on_{turn}": found for turn, found in parties.items()}
    busy.update({f"stuck {whom}": len(parties[whom]) for whom in Turn if whom not in (Turn.CLIENT, Turn.SYSTEM)})


def check_assignment(books: Books, actor: Actor, busy: Counter[str]) -> None:
    queue = AssignmentQueue(actor)
    rows = queue.rows(list(queue.orders.ids()))
    waiting = {order.pk: order for order in books.orders if order.status == "available"}
    assert {row.order.id for row in rows} == set(waiting)
    assert [row.slack_hours for row in rows] == sorted(row.slack_hours for row in rows)
    had = {row.order_id for row in (*books.offers, *books.assignments)}
    asked_for = Counter(row.order_id for row in books.requests if row.status == "requested" and row.expires_at > NOW)
    for row in rows:
        order = waiting[row.order.id]
        minutes = order.pages * 60 + order.slides * 20
        assert row.work_hours == round(minutes / 60, 2)
        assert row.slack_hours == round((order.client_deadline - NOW) / HOUR - minutes / 60, 2)
        assert row.open_requests == asked_for[order.pk]
        all_ = candidates(order)
        assert row.eligible == all_.recommended_count
        assert {one.code: one.writers for one in row.excluded if one.writers} == Counter(
            one.match.excluded for one in all_.excluded
        )
        best = [(one.writer_id, one.match.score, one.match.factors, one.active_orders) for one in all_.recommended[:5]]
        assert [(one.writer_id, one.score, one.factors, one.active_orders) for one in row.recommended] == best
        busy["recommended"] += len(best)
        busy["excluded"] += all_.excluded_count
    tabbed = {tab: {*narrow(queue.orders).ids()} for tab, narrow in queue.tabs.items()}
    assert tabbed == {
        "all": set(waiting),
        "urgent": {row.order.id for row in rows if row.slack_hours < 24},
        "with_requests": {pk for pk in waiting if asked_for[pk]},
        "returned": set(waiting) & had,
        "past_deadline": {pk for pk, order in waiting.items() if order.client_deadline <= NOW},
    }
    busy.update({f"waiting {tab}": len(tabbed[tab]) for tab in tabbed})
    assert Form.objects.of(books.website).count() == candidates_of(books.website)


def candidates_of(website: Website) -> int:
    """Admitted writers."""
    return (
        Membership.objects.of(website).filter(writer_profile__status__in=["approved", "on_leave", "suspended"]).count()
    )
