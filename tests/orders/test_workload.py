"""A writer's workload: its parts, its capacity, its pace, and one order more."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import pytest

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid, NotFound
from copydesk.orders.models import Order, Status
from copydesk.orders.queries.workload import Workload, recommended_limit, throughput_per_day, workload
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import Choice, Writer
from tests.factories import accounts, requests, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.work import add_round, written
from tests.reports.conftest import NOON, client, frozen, noon, website, writer

__all__ = ["client", "frozen", "noon", "website", "writer"]

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 20)
ZONE = "America/New_York"


def ask(who: Membership, order: Order | int | None = None) -> Workload:
    return workload(actor(who), order.pk if isinstance(order, Order) else order)


def numbers(found: Workload) -> dict[str, int]:
    days = {str(day.date): day.orders for day in found.due_by_day if day.orders}
    parts = {name: getattr(found, name).orders for name in ("overdue", "later", "paused", "submitted")}
    return {**days, **{name: n for name, n in parts.items() if n}}


def test_nothing_is_known_of_a_new_writer(writer: Membership) -> None:
    found = ask(writer)
    assert (found.current.orders, found.current.pages, found.current.hours, found.load) == (0, 0, 0.0, 0.0)
    assert (found.level, found.capacity.orders, found.capacity.hours, found.capacity.days) == ("expert", 10, 56.0, 7)
    assert (found.slots_left, found.pages_left, found.hours_left) == (10, 56, 56.0)
    assert (found.throughput_per_day, found.recommended_limit) == (None, None)
    assert [day.date for day in found.due_by_day] == [TODAY + n * DAY for n in range(28)]
    assert numbers(found) == {}
    assert (found.clashes, found.simulation) == ([], None)


def test_a_member_without_a_profile_has_the_entry_level(website: Website) -> None:
    assert ask(accounts.membership(website, "writer")).level == "junior"


def test_current_is_what_fills_capacity_each_order_in_one_part(
    client: Membership, writer: Membership, website: Website
) -> None:
    due = NOON + 3 * DAY
    written(client, writer, NOON)
    written(client, writer, NOON + HOUR)
    written(client, writer, due, pages=3, slides=3)
    written(client, writer, due, status=Status.REVISION, kind="revision", pages=4)
    written(client, writer, due, kind="return", pages=2)
    written(client, writer, NOON + 28 * DAY)
    written(client, writer, NOON + 27 * DAY)
    written(client, writer, due, status=Status.ON_HOLD, has_open_round=True, held_at=NOON, pages=1)
    written(client, writer, None, status=Status.ON_HOLD, held_at=NOON)
    written(client, writer, None, status=Status.EDITING)
    for status in (Status.DELIVERED, Status.COMPLETED, Status.CANCELLED, Status.DISPUTED):
        written(client, writer, due, status=status)
    written(client, writers.writer(website).member, due)
    requests.order(client)
    elsewhere = tenancy.website("borealis")
    other = writers.writer(accounts.membership(elsewhere, "writer", account=writer.user)).member
    written(accounts.membership(elsewhere), other, due)
    with website_scope(website.pk):
        found = ask(writer)
    assert numbers(found) == {
        "2026-03-20": 1,
        "2026-03-23": 3,
        "2026-04-16": 1,
        "overdue": 1,
        "later": 1,
        "paused": 2,
        "submitted": 1,
    }
    assert found.current.orders == sum(numbers(found).values()) == 10
    parts = [*found.due_by_day, found.overdue, found.later, found.paused, found.submitted]
    assert found.current.pages == sum(part.pages for part in parts) == 4 * 5 + 3 + 4 + 2 + 1
    assert found.current.slides == sum(part.slides for part in parts) == 3
    assert found.current.hours == sum(part.hours for part in parts) == 20 + 4 + 1 + 0.5 + 1
    assert found.submitted.hours == 0
    assert found.load == round(26.5 / 56, 3)
    assert (found.slots_left, found.hours_left, found.pages_left) == (0, 29.5, 29)


def test_capacity_is_the_level_s_and_the_policy_s(client: Membership, writer: Membership, website: Website) -> None:
    level = {"code": "expert", "name": "Expert", "rank": 1, "academic_rank": 9, "max_active_orders": 2}
    store_policy(website, "writers", {"levels": [level], "load_days": 2, "day_hours": 5, "page_minutes": 90})
    for _ in range(3):
        written(client, writer, NOON + 9 * DAY, pages=4)
    found = ask(writer)
    assert (found.capacity.orders, found.capacity.hours, found.capacity.days) == (2, 10.0, 2)
    assert (found.load, found.slots_left, found.hours_left, found.pages_left) == (1.8, 0, 0.0, 0)
    store_policy(website, "writers", {"levels": [level], "day_hours": 0, "page_minutes": 0})
    found = ask(writer)
    assert (found.load, found.pages_left) == (None, None)


class TestThroughput:
    def of(self, *days_ago: int, approved_days_ago: int | None = None) -> Fraction | None:
        at = [NOON - n * DAY for n in days_ago]
        return throughput_per_day(at, TODAY, ZONE, approved_days_ago and NOON - approved_days_ago * DAY)  # type: ignore[arg-type]

    def test_unknown_where_nothing_was_handed_in(self) -> None:
        assert self.of() is None

    def test_is_the_median_of_the_weeks_that_end_on_the_last_28_days(self) -> None:
        assert self.of(*range(1, 35)) == 1
        assert self.of(*range(1, 35), *range(1, 35)) == 2
        assert self.of(*range(1, 35, 2)) == Fraction(1, 2), "three and four a week by turns"
        assert self.of(1, 2, 3) == 0, "three weeks of four had none"

    def test_one_good_day_changes_little(self) -> None:
        assert self.of(*range(1, 35), *[10] * 50) == 1

    def test_looks_at_34_whole_days(self) -> None:
        assert self.of(*range(7, 35)) == 1
        assert self.of(*range(8, 35)) == 1
        assert self.of(*[1] * 7, *[8] * 7, *[15] * 7) == 1

    def test_days_before_the_approval_do_not_count(self) -> None:
        recent = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        assert self.of(*recent) == 0
        assert self.of(*recent, approved_days_ago=10) == 1
        assert self.of(*recent, approved_days_ago=8) == 1
        assert self.of(*recent, approved_days_ago=7) is None

    def test_days_are_those_of_the_zone(self) -> None:
        late = dt.datetime(2026, 3, 20, 3, 59, tzinfo=dt.UTC)
        assert throughput_per_day([late] * 28, TODAY, ZONE, NOON - 8 * DAY) == 4
        assert throughput_per_day([late + HOUR] * 28, TODAY, ZONE, NOON - 8 * DAY) == 0

    @pytest.mark.parametrize(
        ("throughput", "days", "limit"),
        [(None, 5, None), (Fraction(0), 5, 0), (Fraction(1), 5, 4), (Fraction(20, 17), 1, 1), (Fraction(19, 17), 1, 0)],
    )
    def test_recommended_limit(self, throughput: Fraction | None, days: int, limit: int | None) -> None:
        assert recommended_limit(throughput, days) == limit


def test_throughput_counts_what_was_first_handed_in(client: Membership, writer: Membership, website: Website) -> None:
    """One row a day that counts, and rows that miss by one condition."""
    Writer.objects.of(website).filter(pk=writer.pk).update(approved_at=NOON - 90 * DAY)
    other = writers.writer(website).member
    order = requests.order(client, status=Status.COMPLETED, writer=writer)
    for ago in range(1, 35):
        at = NOON - ago * DAY
        add_round(order, writer, submitted_at=at, ended_at=None if ago == 1 else at + HOUR)
        add_round(order, writer, submitted_at=at, kind="revision", ended_at=at + HOUR)
        add_round(order, writer, submitted_at=at, kind="return", ended_at=at + HOUR)
        add_round(order, writer, closed_at=at, ended_at=at)
        add_round(order, other, submitted_at=at, ended_at=at + HOUR)
    for ago in (0, 35):
        add_round(order, writer, submitted_at=NOON - ago * DAY, ended_at=NOON)
    found = ask(writer)
    assert (found.throughput_per_day, found.recommended_limit) == (1.0, 4)
    assert ask(other).recommended_limit is None, "approved only today"


class TestOneOrderMore:
    def test_before_and_after(self, client: Membership, writer: Membership) -> None:
        written(client, writer, NOON + 2 * HOUR, pages=2)
        order = requests.order(client, pages=6, slides=3, client_deadline=NOON + 10 * HOUR)
        found = ask(writer, order)
        more = found.simulation
        assert more is not None
        assert (more.order.id, more.order.number, more.pages, more.slides, more.hours) == (
            order.pk,
            order.number,
            6,
            3,
            7.0,
        )
        assert more.writer_deadline == NOON + 8 * HOUR
        assert more.before.current == found.current
        assert (more.before.load, more.after.load) == (round(2 / 56, 3), round(9 / 56, 3))
        assert (more.before.slots_left, more.after.slots_left) == (9, 8)
        assert (more.before.hours_left, more.after.hours_left) == (54.0, 47.0)
        assert more.after.current.orders == 2
        assert not more.exceeds_limit
        assert not found.clashes
        [clash] = more.clashes
        assert (clash.due_at, clash.short_hours, len(clash.orders)) == (NOON + 8 * HOUR, 1.0, 2)

    def test_an_offer_to_the_writer(self, client: Membership, writer: Membership) -> None:
        order = requests.order(client, status=Status.OFFERED, offered_to=writer)
        more = ask(writer, order).simulation
        assert more is not None
        assert more.clashes == []

    def test_beyond_the_limit(self, client: Membership, writer: Membership, website: Website) -> None:
        level = {"code": "expert", "name": "Expert", "rank": 1, "academic_rank": 9, "max_active_orders": 1}
        store_policy(website, "writers", {"levels": [level]})
        order = requests.order(client)
        more = ask(writer, order).simulation
        assert more is not None
        assert (more.exceeds_limit, more.after.slots_left) == (False, 0)
        written(client, writer, NOON + DAY)
        more = ask(writer, order).simulation
        assert more is not None
        assert (more.exceeds_limit, more.before.slots_left, more.after.slots_left) == (True, 0, 0)

    def test_out_of_sight(self, client: Membership, writer: Membership, website: Website) -> None:
        other = writers.writer(website).member
        blocking = accounts.membership(website)
        Choice.objects.of(website).create(client=blocking, writer_id=writer.pk, kind="block", created_at=NOON)
        elsewhere = tenancy.website("borealis")
        hidden = [
            written(client, other, NOON + DAY),
            requests.order(client, status=Status.OFFERED, offered_to=other),
            requests.order(client, status=Status.UNPAID),
            requests.order(blocking),
            requests.order(accounts.membership(elsewhere)),
        ]
        with website_scope(website.pk):
            for order in (*(row.pk for row in hidden), 999_999_999):
                with pytest.raises(NotFound):
                    ask(writer, order)

    def test_only_what_waits_for_a_writer(self, client: Membership, writer: Membership) -> None:
        orders = [
            written(client, writer, NOON + DAY),
            requests.order(client, status=Status.COMPLETED, writer=writer),
            requests.order(client, client_deadline=NOON),
        ]
        for order in orders:
            with pytest.raises(Invalid):
                ask(writer, order)
