"""A client's figures: for each condition a row that would count but for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.numbers import Rate, Spread
from copydesk.core.period import Compare, Granularity, Period, day_start, last_days
from copydesk.orders.actions import course, delivery
from copydesk.orders.models import Cause, Status
from copydesk.payments import actions as payments
from copydesk.payments.models import Purpose, Reference
from copydesk.reports import clients
from copydesk.tenancy.models import Website
from tests.factories import accounts, orders, tenancy
from tests.factories import payments as money
from tests.factories.accounts import actor
from tests.factories.writers import writer as new_writer
from tests.jobs import run_jobs
from tests.orders.stages import Cast
from tests.reports.conftest import NOON

ZONE = "America/New_York"
TICK = dt.timedelta(microseconds=1)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MARCH = (dt.date(2026, 3, 1), dt.date(2026, 4, 1))


def march(granularity: Granularity = Granularity.DAY, compare: Compare = Compare.PREVIOUS) -> Period:
    """Of the website's zone: with the day of 23 hours in it. February is its baseline."""
    since, until = (day_start(day, ZONE) for day in MARCH)
    return Period(since, until, ZONE, granularity, compare)


def stats(who: Membership, compare: Compare = Compare.PREVIOUS) -> clients.ClientStats:
    return clients.client_stats(actor(who), march(compare=compare))


def analytics(
    who: Membership, granularity: Granularity = Granularity.DAY, compare: Compare = Compare.PREVIOUS
) -> clients.ClientAnalytics:
    return clients.client_analytics(actor(who), march(granularity, compare))


def elsewhere() -> tuple[Membership, Membership]:
    """A client and a writer of another website, numbered as ours are."""
    other = tenancy.website("borealis", currency="EUR", timezone=ZONE)
    return accounts.membership(other), new_writer(other).member


def test_each_status_has_its_place(client: Membership) -> None:
    cast = Cast(client)
    for status in Status:
        cast.order(status)
    cast.order(Status.DELIVERED)
    orders.unpaid_order(accounts.membership(client.website))
    orders.unpaid_order(elsewhere()[0])
    found = stats(client)
    assert found.by_status == {**dict.fromkeys(Status.values, 1), "delivered": 2}
    assert (found.orders, found.awaiting_payment, found.completed, found.cancelled) == (12, 1, 1, 1)
    assert found.active == 9
    assert found.placed.current == 12


@pytest.mark.parametrize(
    ("at", "current", "previous"),
    [
        (march().since - TICK, 0, 1),
        (march().since, 1, 0),
        (march().until - TICK, 1, 0),
        (march().until, 0, 0),
        (day_start(dt.date(2026, 2, 1), ZONE) - TICK, 0, 0),
    ],
)
def test_placed_within_the_period(
    client: Membership, frozen: time_machine.Coordinates, at: dt.datetime, current: int, previous: int
) -> None:
    frozen.move_to(at)
    orders.unpaid_order(client)
    for found in (stats(client), analytics(client)):
        assert (found.placed.current, found.placed.previous) == (current, previous)
    assert stats(client).orders == 1


def test_without_a_comparison_there_is_no_baseline(client: Membership) -> None:
    money.captured_charge(client)
    found = stats(client, Compare.NONE)
    assert (found.spend.previous, found.spend.change, found.placed.previous) == (None, None, None)
    assert (found.period.baseline_since, found.period.baseline_until) == (None, None)
    seen = analytics(client, compare=Compare.NONE)
    assert (seen.spend.previous, seen.placed.previous, seen.completed.previous) == (None, None, None)


def test_what_counts_as_spend(client: Membership, frozen: time_machine.Coordinates) -> None:
    def order(number: int) -> Reference:
        return Reference("order", number)

    money.captured_charge(client, 10_000, reference=order(1))
    money.captured_charge(client, 2_000, reference=order(1), purpose=Purpose.ADJUSTMENT)
    money.captured_charge(client, 700, reference=order(1), purpose=Purpose.TIP)
    money.captured_charge(client, 900, "tok_declined", reference=order(2))
    money.captured_charge(client, 900, "tok_late", reference=order(3))
    money.filled_wallet(client, 50_000)
    money.captured_charge(accounts.membership(client.website), 900, reference=order(4))
    money.captured_charge(elsewhere()[0], 900, reference=order(1))
    frozen.move_to(march().since - TICK)
    money.captured_charge(client, 5_000, reference=order(5))
    frozen.move_to(march().until)
    money.captured_charge(client, 3_000, reference=order(6))

    found = stats(client)
    assert (found.spend.current, found.spend.previous) == (Decimal("127.00"), Decimal("50.00"))
    assert found.spend.change == 1.54
    assert found.spend_all_time == Decimal("207.00")
    assert (analytics(client).spend.current, analytics(client).spend.previous) == (
        found.spend.current,
        Decimal("50.00"),
    )


def test_money_spent_from_the_wallet_is_spend_when_it_is_spent(client: Membership) -> None:
    money.filled_wallet(client, 3_200)
    assert stats(client).spend.current == 0
    orders.available_order(client)
    assert stats(client).spend.current == Decimal("32.00")


def test_what_was_given_back_is_less_on_the_day_of_its_posting(
    client: Membership, frozen: time_machine.Coordinates
) -> None:
    by = actor(accounts.membership(client.website, "admin"))
    frozen.move_to(march().since - DAY)
    money.captured_charge(client, 10_000)
    frozen.move_to(NOON)
    payments.repay(client.website, money.ORDER, 1_200, by=by, reason="Late")
    assert stats(client).spend.current == 0  # on its way: nothing is posted yet
    frozen.shift(DAY)
    run_jobs()
    found = stats(client)
    assert (found.spend.current, found.spend.previous) == (Decimal("-12.00"), Decimal("100.00"))
    assert found.spend_all_time == Decimal("88.00")
    assert [str(point.on) for point in analytics(client).series if point.spend] == ["2026-03-21"]


def test_the_average_is_of_orders_that_were_paid(client: Membership, frozen: time_machine.Coordinates) -> None:
    assert stats(client).average_order_value is None
    orders.unpaid_order(client, pages=50)
    assert stats(client).average_order_value is None
    frozen.move_to(march().since - 40 * DAY)
    orders.available_order(client)  # 32.00
    frozen.move_to(NOON)
    orders.available_order(client, pages=3)  # 48.00
    cancelled = orders.available_order(client, pages=3)
    course.cancel(cancelled, by=actor(accounts.membership(client.website, "admin")), reason="Wish.")
    orders.available_order(accounts.membership(client.website), pages=9)
    assert stats(client).average_order_value == Decimal("42.67")


def test_what_is_due_first(client: Membership, writer: Membership) -> None:
    """An unpaid order expires in three days, a delivered one is approved in seven, another is due by its deadline."""
    far = orders.order_in_progress(client, writer, client_deadline=NOON + 9 * DAY)
    near = orders.order_in_progress(client, writer, client_deadline=NOON + 2 * DAY)
    delivered = orders.delivered_order(client, writer, client_deadline=NOON + DAY)
    unpaid = orders.unpaid_order(client, client_deadline=NOON + 30 * DAY)
    completed = orders.completed_order(client, writer)
    orders.unpaid_order(accounts.membership(client.website))
    found = stats(client)
    assert [(row.id, row.due_at, row.waiting_on) for row in found.upcoming] == [
        (near.pk, NOON + 2 * DAY, "writer"),
        (unpaid.pk, NOON + 3 * DAY, "payment"),
        (delivered.pk, NOON + 7 * DAY, "client"),
        (far.pk, NOON + 9 * DAY, "writer"),
    ]
    newest = found.recent_orders
    assert [row.id for row in newest] == [completed.pk, unpaid.pk, delivered.pk, near.pk, far.pk]
    assert (newest[0].due_at, newest[0].waiting_on) == (None, None)


def test_five_are_shown(client: Membership) -> None:
    placed = [orders.unpaid_order(client) for _ in range(6)]
    found = stats(client)
    assert [row.id for row in found.recent_orders] == [order.pk for order in reversed(placed)][:5]
    assert [row.id for row in found.upcoming] == [order.pk for order in placed][:5]


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("2026-03-08T05:00", "2026-03-08"),
        ("2026-03-09T03:59", "2026-03-08"),  # 23:59 of the day with 23 hours
        ("2026-03-09T04:00", "2026-03-09"),
        ("2026-03-31T23:59", "2026-03-31"),
    ],
)
def test_days_are_the_zones(client: Membership, frozen: time_machine.Coordinates, at: str, on: str) -> None:
    frozen.move_to(dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
    orders.available_order(client)
    found = analytics(client)
    assert [point.on for point in found.series] == [MARCH[0] + n * DAY for n in range(31)]
    [point] = [point for point in found.series if point.placed]
    assert (str(point.on), point.placed, point.completed, point.spend) == (on, 1, 0, Decimal("32.00"))
    assert sum(point.spend for point in found.series) == found.spend.current


def test_weeks_and_months(client: Membership, frozen: time_machine.Coordinates) -> None:
    for day in (1, 2, 8, 20):
        frozen.move_to(dt.datetime(2026, 3, day, 12, tzinfo=dt.UTC))
        orders.unpaid_order(client)
    weeks = [(point.on.day, point.placed) for point in analytics(client, Granularity.WEEK).series]
    assert weeks == [(1, 1), (2, 2), (9, 0), (16, 1), (23, 0), (30, 0)]
    [month] = analytics(client, Granularity.MONTH).series
    assert (month.on, month.placed) == (MARCH[0], 4)


def test_breakdowns_sum_to_the_totals(client: Membership, frozen: time_machine.Coordinates) -> None:
    frozen.move_to(march().since - DAY)
    early = orders.unpaid_order(client, subject="nursing")
    frozen.move_to(NOON)
    money.captured_charge(client, 4_000, reference=early.reference)
    orders.available_order(client, work_type="editing")
    orders.unpaid_order(client)
    money.captured_charge(client, 1_000, reference=Reference("bundle", early.pk))
    found = analytics(client)
    edited = found.spend.current - Decimal("50.00")
    assert [(row.code, row.orders, row.spend) for row in found.by_subject] == [
        ("history", 2, edited),
        ("nursing", 0, Decimal("40.00")),
        ("other", 0, Decimal("10.00")),
    ]
    assert {row.code: row.orders for row in found.by_work_type} == {"editing": 1, "writing": 1, "other": 0}
    assert sum(row.spend for row in found.by_work_type) == found.spend.current


def test_days_from_payment_to_the_first_completion(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    by = actor(client)
    started = [orders.delivered_order(client, writer) for _ in range(3)]
    orders.delivered_order(client, writer)  # not approved
    foreign = orders.delivered_order(accounts.membership(client.website), writer)
    for days, order in zip((1, 1, 2), started, strict=True):
        frozen.shift(days * DAY)
        delivery.approve(order, by=by)
    delivery.approve(foreign, by=actor(foreign.client))
    again = delivery.request_revision(started[0], by=by, reason="More.")  # after one, two and four days
    found = analytics(client)
    assert again.status == Status.REVISION
    assert found.completed.current == sum(point.completed for point in found.series) == 3
    assert found.completion_days == Spread(2.0, 3.6, 2.33, 3)


def test_completed_in_another_month(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    order = orders.delivered_order(client, writer)
    frozen.move_to(march().until)
    delivery.approve(order, by=actor(client))
    found = analytics(client)
    assert (found.completed.current, found.completion_days) == (0, Spread(None, None, None, 0))


def test_revision_rate(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    staff = actor(accounts.membership(client.website, "support"))
    editor = actor(accounts.membership(client.website, "editor"))
    frozen.move_to(march().since - TICK)
    before = orders.delivered_order(client, writer)
    frozen.move_to(NOON)
    caused, twice, changed, _plain = (orders.delivered_order(client, writer) for _ in range(4))
    orders.order_in_editing(client, writer)
    returned = orders.order_in_editing(client, writer)
    foreign = orders.delivered_order(accounts.membership(client.website), writer)
    delivery.request_revision(before, by=staff, reason="Sources.")
    delivery.request_revision(caused, by=actor(client), reason="Sources.")
    delivery.request_revision(twice, by=actor(client), reason="Sources.")
    orders.work_file(twice, writer)
    delivery.submit(twice, by=actor(writer))
    delivery.request_revision(twice, by=actor(client), reason="Again.")
    delivery.request_revision(changed, by=staff, reason="New wish.", cause=Cause.CLIENT)
    delivery.request_revision(foreign, by=actor(foreign.client), reason="Sources.")
    delivery.return_work(returned, by=editor, reason="Style.")
    orders.work_file(returned, writer)
    delivery.pass_work(delivery.submit(returned, by=actor(writer)), by=editor)
    assert analytics(client).revision_rate == Rate(0.4, 2, 5)


def test_on_time_rate(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    staff = actor(accounts.membership(client.website, "support"))
    ontime, late, excused, _never = (orders.order_in_progress(client, writer) for _ in range(4))
    foreign = orders.order_in_progress(accounts.membership(client.website), writer)
    for order in (ontime, late, excused, foreign):
        orders.work_file(order, writer)
    course.extend_deadline(excused, by=staff, reason="Files were missing.", excused_hours=1)
    due = ontime.writer_due_at
    assert due is not None
    frozen.move_to(due)
    delivery.submit(ontime, by=actor(writer))
    frozen.move_to(due + TICK)
    delivery.submit(late, by=actor(writer))
    frozen.move_to(due + HOUR)
    delivery.submit(excused, by=actor(writer))
    delivery.submit(foreign, by=actor(writer))
    assert analytics(client).on_time_rate == Rate(0.667, 2, 3)
    assert clients.client_analytics(
        actor(client), last_days(1, due + 40 * DAY, ZONE, Granularity.DAY, Compare.NONE)
    ).on_time_rate == Rate(None, 0, 0)


def test_another_websites_orders_are_not_ours(website: Website, client: Membership) -> None:
    their_client, their_writer = elsewhere()
    orders.completed_order(their_client, their_writer)
    money.captured_charge(their_client, 900)
    found, seen = stats(client), analytics(client)
    assert (found.orders, found.spend_all_time, found.recent_orders) == (0, 0, [])
    assert (seen.completed.current, seen.on_time_rate.denominator, seen.revision_rate.denominator) == (0, 0, 0)
    assert (seen.by_subject, seen.by_work_type) == ([], [])
