"""A writer's calendar: one row for each condition, and rows that miss by one."""

from __future__ import annotations

import datetime as dt

import pytest

from copydesk.accounts.models import Membership
from copydesk.core.period import Compare, Granularity, Period, day_start
from copydesk.orders.models import Status
from copydesk.orders.queries.schedule import Hours, WriterCalendar, due_within, writer_calendar
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import Writer
from tests.factories import accounts, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.work import written
from tests.reports.conftest import NOON, client, frozen, noon, website, writer

__all__ = ["client", "frozen", "noon", "website", "writer"]

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
ZONE = "America/New_York"


def days(first: str, until: str) -> Period:
    since, end = (day_start(dt.date.fromisoformat(one), ZONE) for one in (first, until))
    return Period(since, end, ZONE, Granularity.DAY, Compare.NONE)


def ask(who: Membership, first: str = "2026-03-16", until: str = "2026-03-30") -> WriterCalendar:
    return writer_calendar(actor(who), days(first, until))


def on_days(found: WriterCalendar) -> dict[str, list[int]]:
    return {str(day.date): [item.order.number for item in day.items] for day in found.days if day.items}


class TestDays:
    def test_are_there_without_gaps_also_when_nothing_is_due(self, writer: Membership) -> None:
        found = ask(writer)
        assert [day.date for day in found.days] == [dt.date(2026, 3, 16) + n * DAY for n in range(14)]
        assert not on_days(found)
        assert (found.overdue, found.next_24h, found.paused, found.clashes) == ([], [], [], [])
        assert (found.since, found.until, found.timezone) == (
            dt.datetime(2026, 3, 16, 4, tzinfo=dt.UTC),
            dt.datetime(2026, 3, 30, 4, tzinfo=dt.UTC),
            ZONE,
        )

    def test_are_of_the_website_s_zone_and_half_open(self, client: Membership, writer: Membership) -> None:
        midnight = dt.datetime(2026, 3, 25, 4, tzinfo=dt.UTC)
        written(client, writer, midnight - dt.timedelta(seconds=1), number=1)
        written(client, writer, midnight, number=2)
        written(client, writer, dt.datetime(2026, 3, 30, 4, tzinfo=dt.UTC) - dt.timedelta(seconds=1), number=3)
        written(client, writer, dt.datetime(2026, 3, 30, 4, tzinfo=dt.UTC), number=4)
        written(client, writer, dt.datetime(2026, 3, 16, 4, tzinfo=dt.UTC), number=5)
        written(client, writer, dt.datetime(2026, 3, 16, 4, tzinfo=dt.UTC) - dt.timedelta(seconds=1), number=6)
        assert on_days(ask(writer)) == {"2026-03-16": [5], "2026-03-24": [1], "2026-03-25": [2], "2026-03-29": [3]}

    @pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25)])
    def test_over_daylight_saving(self, client: Membership, writer: Membership, day: str, hours: int) -> None:
        on = dt.date.fromisoformat(day)
        start, end = day_start(on, ZONE), day_start(on + DAY, ZONE)
        assert end - start == hours * HOUR
        for number, at in enumerate((start - HOUR, start, start + 2 * HOUR, end - HOUR, end), start=1):
            written(client, writer, at, number=number)
        found = ask(writer, str(on - DAY), str(on + 2 * DAY))
        assert on_days(found) == {str(on - DAY): [1], day: [2, 3, 4], str(on + DAY): [5]}

    def test_hold_what_is_being_written_and_nothing_else(
        self, client: Membership, writer: Membership, website: Website
    ) -> None:
        due = NOON + 3 * DAY
        written(client, writer, due, number=1)
        written(client, writer, due, number=2, status=Status.REVISION, kind="revision")
        for number, status in enumerate(
            (Status.EDITING, Status.DELIVERED, Status.COMPLETED, Status.CANCELLED, Status.DISPUTED, Status.ON_HOLD), 3
        ):
            written(client, writer, due, number=number, status=status)
        written(client, writers.writer(website).member, due, number=9)
        written(client, writer, None, number=10, status=Status.EDITING)
        elsewhere = tenancy.website("borealis")
        other = writers.writer(accounts.membership(elsewhere, "writer", account=writer.user)).member
        written(accounts.membership(elsewhere), other, due, number=11)
        with website_scope(website.pk):
            found = ask(writer)
            assert on_days(found) == {"2026-03-23": [1, 2]}
            assert [work.order.number for work in due_within(actor(writer), days("2026-03-23", "2026-03-24"))] == [1, 2]

    def test_an_item_says_what_is_left(self, client: Membership, writer: Membership) -> None:
        row = written(client, writer, NOON + 90 * dt.timedelta(minutes=1), pages=3, slides=2, topic="War")
        late = written(client, writer, NOON - 15 * dt.timedelta(minutes=1), status=Status.REVISION, kind="revision")
        found = ask(writer)
        first, second = next(day.items for day in found.days if day.items)
        assert (first.order.id, first.hours_left, first.is_overdue, first.status) == (late.pk, -0.25, True, "revision")
        assert (first.pages, first.slides, first.work_hours) == (5, 0, 1.25)
        assert (second.order.id, second.order.topic, second.hours_left) == (row.pk, "War", 1.5)
        assert (second.pages, second.slides, second.work_hours, second.is_overdue) == (3, 2, 3.67, False)
        assert second.writer_deadline == row.writer_due_at


def test_overdue_and_due_soon_are_of_all_work(client: Membership, writer: Membership) -> None:
    """Whatever the window; the due time itself is late, and 24 hours are the last that is soon."""
    second = dt.timedelta(seconds=1)
    for number, at in enumerate((NOON - 90 * DAY, NOON, NOON + second, NOON + DAY, NOON + DAY + second), start=1):
        written(client, writer, at, number=number, pages=1)
    written(client, writer, NOON - DAY, number=6, status=Status.EDITING)
    found = ask(writer, "2027-01-01", "2027-01-02")
    assert [item.order.number for item in found.overdue] == [1, 2]
    assert [item.order.number for item in found.next_24h] == [3, 4]
    assert not on_days(found)


def test_what_is_paused_has_no_day(client: Membership, writer: Membership) -> None:
    """Its clock stands: what was left when it was stopped is left when it goes on."""
    due = NOON + 10 * HOUR
    written(client, writer, due, number=1, status=Status.ON_HOLD, has_open_round=True, held_at=NOON - 5 * HOUR)
    written(client, writer, NOON - HOUR, number=2, status=Status.DISPUTED, has_open_round=True, disputed_at=NOON - DAY)
    written(client, writer, None, number=3, status=Status.ON_HOLD, held_at=NOON)
    written(client, writer, None, number=4, status=Status.DISPUTED, disputed_at=NOON)
    found = ask(writer)
    assert [(item.order.number, item.status, item.hours_left) for item in found.paused] == [
        (2, "disputed", 23.0),
        (1, "on_hold", 15.0),
    ]
    assert found.paused[0].paused_at == NOON - DAY
    assert not on_days(found)
    assert (found.overdue, found.next_24h, found.clashes) == ([], [], [])


class TestClashes:
    """NOON is eight in the morning in New York: 16 hours of the day are left, of which eight are worked."""

    def test_eight_hours_a_day_are_worked(self, client: Membership, writer: Membership) -> None:
        written(client, writer, NOON + 9 * HOUR, number=1, pages=8)
        assert not ask(writer).clashes
        written(client, writer, NOON + 10 * HOUR, number=2, pages=1)
        [clash] = ask(writer).clashes
        assert (clash.due_at, clash.needed_hours, clash.available_hours, clash.short_hours) == (
            NOON + 10 * HOUR,
            9.0,
            8.0,
            1.0,
        )
        assert [order.number for order in clash.orders] == [1, 2]

    def test_no_more_than_lies_between(self, client: Membership, writer: Membership) -> None:
        written(client, writer, NOON + 3 * HOUR, number=1, pages=3)
        assert not ask(writer).clashes
        written(client, writer, NOON + 3 * HOUR, number=2, pages=1, slides=0)
        [clash] = ask(writer).clashes
        assert (clash.needed_hours, clash.available_hours) == (4.0, 3.0)

    def test_later_work_does_not_stand_in_the_way(self, client: Membership, writer: Membership) -> None:
        written(client, writer, NOON + 8 * HOUR, number=1, pages=8)
        written(client, writer, NOON + 2 * DAY, number=2, pages=16)
        assert not ask(writer).clashes

    def test_what_is_overdue_takes_its_time_first(self, client: Membership, writer: Membership) -> None:
        written(client, writer, NOON - HOUR, number=1, pages=2)
        assert not ask(writer).clashes, "it is overdue, which is another list"
        written(client, writer, NOON + 2 * HOUR, number=2, pages=1)
        [clash] = ask(writer).clashes
        assert (clash.needed_hours, clash.short_hours) == (3.0, 1.0)
        assert [order.number for order in clash.orders] == [1, 2]

    def test_one_for_each_due_time_that_cannot_be_met(self, client: Membership, writer: Membership) -> None:
        for number, due in enumerate((4, 5, 60, 200), start=1):
            written(client, writer, NOON + due * HOUR, number=number, pages=6)
        found = ask(writer).clashes
        assert [(clash.needed_hours, clash.available_hours) for clash in found] == [(6.0, 4.0), (12.0, 5.0)]
        assert [len(clash.orders) for clash in found] == [1, 2]

    def test_work_that_is_paused_or_submitted_takes_no_time(self, client: Membership, writer: Membership) -> None:
        written(client, writer, NOON + HOUR, status=Status.ON_HOLD, has_open_round=True, held_at=NOON, pages=9)
        written(client, writer, NOON + HOUR, status=Status.EDITING, pages=9)
        written(client, writer, NOON + HOUR, pages=1)
        assert not ask(writer).clashes

    def test_nothing_is_written_in_a_leave(self, client: Membership, writer: Membership, website: Website) -> None:
        written(client, writer, NOON + 3 * DAY, pages=20)
        assert not ask(writer).clashes
        rows = Writer.objects.of(website).filter(pk=writer.pk)
        rows.update(leave_from=NOON + DAY, leave_until=NOON + 2 * DAY)
        assert not ask(writer).clashes
        rows.update(leave_from=NOON, leave_until=NOON + 2 * DAY)
        [clash] = ask(writer).clashes
        assert (clash.available_hours, clash.short_hours) == (16.0, 4.0)

    def test_by_the_website_s_policy(self, client: Membership, writer: Membership, website: Website) -> None:
        written(client, writer, NOON + 9 * HOUR, pages=4, slides=3)
        assert not ask(writer).clashes
        store_policy(website, "writers", {"page_minutes": 90, "slide_minutes": 10, "day_hours": 6})
        [clash] = ask(writer).clashes
        assert (clash.needed_hours, clash.available_hours) == (6.5, 6.0)
        store_policy(website, "writers", {"day_hours": 0})
        assert [clash.available_hours for clash in ask(writer).clashes] == [0.0]


class TestHours:
    @pytest.mark.parametrize(
        ("since", "until", "minutes"),
        [
            ("2026-03-20T12:00", "2026-03-20T12:00", 0),
            ("2026-03-20T12:00", "2026-03-20T12:59", 59),
            ("2026-03-20T12:00", "2026-03-21T03:59", 480),
            ("2026-03-21T01:00", "2026-03-21T04:00", 180),
            ("2026-03-21T01:00", "2026-03-21T06:00", 300),
            ("2026-03-21T01:00", "2026-03-23T03:00", 180 + 480 + 480),
            ("2026-03-08T05:00", "2026-03-09T04:00", 480),
            ("2026-11-01T04:00", "2026-11-02T05:00", 480),
        ],
    )
    def test_of_each_day_of_the_zone(self, since: str, until: str, minutes: int) -> None:
        start, end = (dt.datetime.fromisoformat(f"{one}:00+00:00") for one in (since, until))
        assert Hours(480, ZONE, None).between(start, end, 100_000) == minutes

    @pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-03-09", 24), ("2026-11-01", 25)])
    def test_a_day_has_the_hours_that_it_has(self, day: str, hours: int) -> None:
        on = dt.date.fromisoformat(day)
        found = Hours(25 * 60, ZONE, None).between(day_start(on, ZONE), day_start(on + DAY, ZONE), 100_000)
        assert found == hours * 60

    def test_less_the_leave(self) -> None:
        hours = Hours(480, ZONE, (NOON + 12 * HOUR, NOON + 40 * HOUR))
        assert hours.between(NOON, NOON + 16 * HOUR, 100_000) == 480, "the morning is enough"
        assert hours.between(NOON + 11 * HOUR, NOON + 16 * HOUR, 100_000) == 60
        assert hours.between(NOON + 12 * HOUR, NOON + 40 * HOUR, 100_000) == 0
        assert hours.between(NOON + 20 * HOUR, NOON + 41 * HOUR, 100_000) == 0 + 60

    def test_centuries_are_not_counted_through(self) -> None:
        far = dt.datetime(2190, 1, 1, tzinfo=dt.UTC)
        assert Hours(480, ZONE, None).between(NOON, far, 900) == 960
        assert Hours(480, ZONE, (NOON, far)).between(NOON, far + HOUR, 900) == 60
