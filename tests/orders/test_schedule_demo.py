"""The calendar, workload, requests and feed of every writer of a small demonstration world, against a plain loop."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from fractions import Fraction
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
import time_machine
from icalendar import Calendar

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.period import Compare, Granularity, Period, day_start
from copydesk.demo.world import Site, World, load
from copydesk.journal.models import Event
from copydesk.orders.calendar_file import calendar_file
from copydesk.orders.models import Assignment, Order, Request, Round
from copydesk.orders.queries.feed import feed_entries
from copydesk.orders.queries.schedule import CalendarItem, Clash, writer_calendar
from copydesk.orders.queries.tracking import request_counts, tracked_requests
from copydesk.orders.queries.workload import workload
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from copydesk.writers.models import Writer
from copydesk.writers.policies import WriterPolicy
from tests.database import url_as

NOW = dt.datetime(2026, 3, 20, 9, 30, tzinfo=dt.UTC)
SITES = (
    Site("atlas", "Atlas Writing", "USD", "America/New_York"),
    Site("borealis", "Borealis Texts", "EUR", "Europe/Helsinki"),
)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


class Books:
    """All rows of a website."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.zone = ZoneInfo(website.timezone)
        self.orders = {row.pk: row for row in Order.objects.of(website)}
        self.assignments = {row.pk: row for row in Assignment.objects.of(website)}
        self.rounds = list(Round.objects.of(website).order_by("pk"))
        self.requests = list(Request.objects.of(website).order_by("pk"))
        self.events = list(Event.objects.of(website).order_by("pk"))
        self.writers = list(Writer.objects.of(website).admitted().select_related("member").order_by("pk"))

    def day(self, at: dt.datetime) -> dt.date:
        return at.astimezone(self.zone).date()

    def open_round(self, order: Order) -> Round | None:
        found = [
            row for row in self.rounds if row.order_id == order.pk and not row.submitted_at and row.closed_at is None
        ]
        assert len(found) < 2
        return found[0] if found else None

    def minutes(self, order: Order) -> float:
        current = self.open_round(order)
        if current is None:
            return 0
        whole = order.pages * 60 + order.slides * 20
        return whole if current.kind == "first" else math.ceil(whole / 4)

    def workable(self, until: dt.datetime, writer: Writer) -> float:
        """Minute by minute of the hours from now, at most 480 a day."""
        worked: Counter[dt.date] = Counter()
        at = NOW
        while at + dt.timedelta(minutes=1) <= until:
            if not writer.on_leave(at):
                worked[self.day(at)] += 1
            at += dt.timedelta(minutes=1)
        return sum(min(minutes, 480) for minutes in worked.values())


@pytest.mark.django_db(transaction=True)
def test_every_figure_of_every_writer() -> None:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=160, clients=14, writers=7, now=NOW, password="!", days=120))
    with across_websites():
        websites = list(Website.objects.order_by("pk"))
    busy: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for website in websites:
            with website_scope(website.pk):
                books = Books(website)
                assert WriterPolicy.of(website).page_minutes == 60
                for writer in books.writers:
                    actor = Actor(website, Role.WRITER, user_id=writer.member.user_id, membership_id=writer.pk)
                    check_calendar(books, writer, actor, busy)
                    check_workload(books, writer, actor, busy)
                    check_requests(books, actor, busy)
                    check_feed(books, actor, busy)
    assert min(busy.values()) > 0, busy


def own(books: Books, actor: Actor, *statuses: str) -> list[Order]:
    return [row for row in books.orders.values() if row.writer_id == actor.membership_id and row.status in statuses]


def check_calendar(books: Books, writer: Writer, actor: Actor, busy: Counter[str]) -> None:
    name = books.website.timezone
    first = dt.date(2026, 3, 16)
    since, until = day_start(first, name), day_start(first + 28 * DAY, name)
    found = writer_calendar(actor, Period(since, until, name, Granularity.DAY, Compare.NONE))
    due = {row.pk: row for row in own(books, actor, "in_progress", "revision")}
    for order in due.values():
        current = books.open_round(order)
        assert current is not None
        assert order.writer_due_at == current.due_at + current.excused
    assert [day.date for day in found.days] == [first + n * DAY for n in range(28)]
    for day in found.days:
        wanted = {pk for pk, row in due.items() if row.writer_due_at and books.day(row.writer_due_at) == day.date}
        assert {item.order.id for item in day.items} == wanted
        busy["due"] += len(wanted)
    late = {pk for pk, row in due.items() if row.writer_due_at and row.writer_due_at <= NOW}
    soon = {pk for pk, row in due.items() if row.writer_due_at and NOW < row.writer_due_at <= NOW + DAY}
    assert ({item.order.id for item in found.overdue}, {item.order.id for item in found.next_24h}) == (late, soon)
    for item in (item for day in found.days for item in day.items):
        check_item(books, item, due[item.order.id])
    paused = [row for row in own(books, actor, "on_hold", "disputed") if books.open_round(row)]
    assert {item.order.id for item in found.paused} == {row.pk for row in paused}
    check_clashes(books, writer, found.clashes, list(due.values()))
    busy.update({"late": len(late), "soon": len(soon), "paused": len(paused), "clash": len(found.clashes)})


def check_item(books: Books, item: CalendarItem, order: Order) -> None:
    assert order.writer_due_at is not None
    assert (item.order.number, item.order.topic, item.status) == (order.number, order.topic, order.status)
    assert (item.writer_deadline, item.pages, item.slides) == (order.writer_due_at, order.pages, order.slides)
    assert item.is_overdue == order.is_overdue(NOW)
    assert item.hours_left == pytest.approx((order.writer_due_at - NOW) / HOUR, abs=0.006)
    assert item.work_hours == pytest.approx(books.minutes(order) / 60, abs=0.006)


def check_clashes(books: Books, writer: Writer, found: list[Clash], orders: list[Order]) -> None:
    wanted: dict[dt.datetime, tuple[float, float, set[int]]] = {}
    for due in {row.writer_due_at for row in orders}:
        assert due is not None
        until = [row for row in orders if row.writer_due_at and row.writer_due_at <= due]
        needed, available = sum(books.minutes(row) for row in until), books.workable(due, writer)
        if due > NOW and available < needed:
            wanted[due] = (needed / 60, available / 60, {row.pk for row in until})
    assert [clash.due_at for clash in found] == sorted(wanted)
    for clash in found:
        needed, available, ids = wanted[clash.due_at]
        assert (clash.needed_hours, clash.available_hours) == pytest.approx((needed, available), abs=0.02)
        assert clash.short_hours == pytest.approx(needed - available, abs=0.02)
        assert {order.id for order in clash.orders} == ids


def check_workload(books: Books, writer: Writer, actor: Actor, busy: Counter[str]) -> None:
    found = workload(actor)
    orders = own(books, actor, "in_progress", "editing", "revision", "on_hold")
    minutes = sum(books.minutes(row) for row in orders)
    assert found.current.orders == len(orders)
    assert found.current.pages == sum(row.pages for row in orders if books.open_round(row))
    assert found.current.hours == pytest.approx(minutes / 60, abs=0.006)
    limit = WriterPolicy().level(writer.level).max_active_orders
    assert (found.capacity.orders, found.slots_left) == (limit, max(limit - len(orders), 0))
    assert found.load == pytest.approx(minutes / 60 / 56, abs=0.0006)
    assert found.hours_left == pytest.approx(max(56 - minutes / 60, 0), abs=0.006)
    parts = [*found.due_by_day, found.overdue, found.later, found.paused, found.submitted]
    assert sum(part.orders for part in parts) == len(orders)
    today = books.day(NOW)
    for number, day in enumerate(found.due_by_day):
        assert day.date == today + number * DAY
        writing = [row for row in orders if row.status in ("in_progress", "revision")]
        due = [(row.writer_due_at, row) for row in writing if row.writer_due_at and row.writer_due_at > NOW]
        wanted = [row for at, row in due if books.day(at) == day.date]
        assert (day.orders, day.pages) == (len(wanted), sum(row.pages for row in wanted))
    firsts = [
        books.day(row.submitted_at)
        for row in books.rounds
        if row.kind == "first"
        and row.submitted_at
        and books.assignments[row.assignment_id].writer_id == actor.membership_id
    ]
    weeks = []
    for ago in range(1, 29):
        week = [today - (ago + n) * DAY for n in range(7)]
        if writer.approved_at is None or books.day(writer.approved_at) < week[-1]:
            weeks.append(sum(day in week for day in firsts))
    in_view = any(today - 34 * DAY <= day < today for day in firsts)
    if weeks and in_view:
        pace = Fraction(median(weeks)) / 7
        assert found.throughput_per_day == pytest.approx(float(pace), abs=0.0006)
        assert found.recommended_limit == math.floor(pace * 5 * Fraction(85, 100))
    else:
        assert (found.throughput_per_day, found.recommended_limit) == (None, None)
    busy.update({"active": len(orders), "pace": int((found.throughput_per_day or 0) > 0)})
    for order in books.orders.values():
        if order.status == "available" and order.client_deadline > NOW:
            more = workload(actor, order.pk).simulation
            assert more is not None
            assert more.after.current.orders == len(orders) + 1
            assert more.after.current.pages == found.current.pages + order.pages
            busy["simulated"] += 1


def check_requests(books: Books, actor: Actor, busy: Counter[str]) -> None:
    rows = Request.objects.visible_to(actor).select_related("order").order_by("pk")
    wanted = [row for row in books.requests if row.writer_id == actor.membership_id]
    counts = Counter(row.status for row in wanted)
    assert {name: n for name, n in request_counts(rows).items() if n and name != "all"} == dict(counts)
    found = tracked_requests(actor, list(rows))
    assert [row.id for row in found] == [row.pk for row in wanted]
    for row, request in zip(found, wanted, strict=True):
        steps = [one for one in books.events if one.subject_type == "request" and one.subject_id == request.pk]
        assert [(step.at, step.status, step.verb) for step in row.history] == [
            (one.at, one.after, one.verb) for one in steps
        ]
        assert row.history[-1].status == request.status
        busy[f"request {request.status}"] += 1


def check_feed(books: Books, actor: Actor, busy: Counter[str]) -> None:
    found = {entry.round_id: entry for entry in feed_entries(actor)}
    wanted: dict[int, Any] = {}
    for row in books.rounds:
        over = row.submitted_at or row.closed_at
        mine = books.assignments[row.assignment_id].writer_id == actor.membership_id
        if mine and (over is None or over >= NOW - 30 * DAY):
            writing = books.orders[row.order_id].status in ("in_progress", "revision")
            still = "open" if writing else "paused"
            state = "submitted" if row.submitted_at else "gone" if row.closed_at else still
            wanted[row.pk] = (state, row.due_at + row.excused, books.orders[row.order_id].number)
            busy[f"entry {state}"] += 1
    assert {pk: (one.state, one.due_at, one.number) for pk, one in found.items()} == wanted
    events = Calendar.from_ical(calendar_file(books.website, found.values())).walk("VEVENT")
    assert len({str(event["uid"]) for event in events}) == len(wanted)
