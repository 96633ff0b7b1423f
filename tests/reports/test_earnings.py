"""What a writer has earned: for each condition a row that would count but for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.period import Compare, Granularity, Period, day_start
from copydesk.payments import actions as payments
from copydesk.payments.models import Earning, EarningKind, Payout, Purpose, Reference
from copydesk.reports.earnings import EarningLine, WriterEarnings, earning_lines, own_earnings, writer_earnings
from tests.factories import accounts, orders, tenancy
from tests.factories import payments as money
from tests.factories.accounts import actor
from tests.factories.writers import writer as new_writer
from tests.reports.conftest import NOON
from tests.reports.test_clients import DAY, MARCH, TICK, ZONE, march


def earnings(
    who: Membership, compare: Compare = Compare.PREVIOUS, granularity: Granularity = Granularity.DAY
) -> WriterEarnings:
    return writer_earnings(actor(who), march(granularity, compare))


def lines(who: Membership) -> list[EarningLine]:
    return earning_lines(actor(who), list(own_earnings(actor(who)).order_by("-pk")))


def pay_out(writer: Membership, *, until: str = "paid") -> Payout:
    one, two = (actor(accounts.membership(writer.website, "admin")) for _ in range(2))
    payout = payments.prepare_payout(writer.website, by=one)
    if until == "prepared":
        return payout
    if until == "cancelled":
        return payments.cancel_payout(payout, by=one, reason="Wrong month.")
    payments.approve_payout(payout, by=two)
    return payout if until == "approved" else payments.pay_payout(payout, by=two)


def tip(writer: Membership, minor: int) -> Earning | None:
    client = accounts.membership(writer.website)
    charge = money.captured_charge(client, minor, purpose=Purpose.TIP)
    return payments.earn_tip(charge, writer_id=writer.pk, by=actor(client))


@pytest.mark.parametrize(
    ("at", "current", "previous"),
    [
        (march().since - TICK, 0, 60),
        (march().since, 60, 0),
        (march().until - TICK, 60, 0),
        (march().until, 0, 0),
        (day_start(dt.date(2026, 2, 1), ZONE) - TICK, 0, 0),
    ],
)
def test_earned_within_the_period(
    writer: Membership, frozen: time_machine.Coordinates, at: dt.datetime, current: int, previous: int
) -> None:
    frozen.move_to(at)
    money.earning(writer)
    found = earnings(writer)
    assert (found.earned.current, found.earned.previous) == (current, previous)
    assert (found.orders.current, found.orders.previous) == (current // 60, previous // 60)
    assert found.earned_all_time == 60
    assert sum(point.earned for point in found.series) == current


def test_each_kind_is_told_apart_and_sums_to_the_whole(writer: Membership) -> None:
    earned = money.earning(writer, 6_000, order_id=1, days=14)
    money.earning(writer, 2_000, order_id=2, kind=EarningKind.FORFEIT)
    money.earning(writer, 1_000, order_id=3)
    tip(writer, 500)
    payments.reduce_earning(earned, 1_200, key="refund:1", by=actor(writer), reason="Refunded.")
    money.earning(new_writer(writer.website).member, 9_000, order_id=4)
    system, reference = actor(writer).as_system(), Reference("fine", 1)
    fine = payments.keep_fine(writer.website, writer_id=writer.pk, amount_minor=300, reference=reference, by=system)
    payments.waive_fine(fine, 100, key="fine:1:waived:100", by=system, reason="Sick.")
    found = earnings(writer)
    assert [(row.kind, row.count, row.amount) for row in found.by_kind] == [
        ("pay", 2, Decimal("70.00")),
        ("tip", 1, Decimal("5.00")),
        ("forfeit", 1, Decimal("20.00")),
        ("reduction", 1, Decimal("-12.00")),
        ("fine", 1, Decimal("-3.00")),
        ("waiver", 1, Decimal("1.00")),
    ]
    assert found.earned.current == Decimal("81.00")
    assert (found.fines.current, found.fines.previous) == (Decimal("2.00"), 0)
    assert (found.tips.current, found.tips.previous) == (Decimal("5.00"), 0)
    assert (found.orders.current, found.average_per_order) == (3, Decimal("30.00"))
    assert [(point.earned, point.tips) for point in found.series if point.earned] == [(Decimal("81.00"), 5)]
    assert [row.kind for row in lines(writer)] == ["waiver", "fine", "reduction", "tip", "pay", "forfeit", "pay"]
    assert [row.reduces_id for row in lines(writer)[:3]] == [fine.pk, None, earned.pk]


def test_where_the_money_stands(writer: Membership, frozen: time_machine.Coordinates) -> None:
    def standing() -> list[Decimal | int]:
        found = earnings(writer)
        parts = [found.pending, found.held, found.payable, found.in_payout, found.paid_all_time]
        assert found.balance == found.pending + found.payable + found.in_payout
        assert found.earned_all_time == found.balance + found.paid_all_time == 210
        states = {"pending": 0, "held": 0, "payable": 0, "in_payout": 0, "paid": 0} | {}
        for row in lines(writer):
            states[row.state] += int(row.amount)
        assert parts == [states["pending"] + states["held"], *list(states.values())[1:]]
        return parts

    money.earning(writer, 6_000, order_id=1)
    money.earning(writer, 7_000, order_id=2, days=14)
    money.earning(writer, 8_000, order_id=3)
    assert standing() == [70, 0, 140, 0, 0]
    assert earnings(writer).next_payable_at == NOON + 14 * DAY
    payments.hold_earnings(writer.website, Reference("thing", 3))
    payments.hold_earnings(writer.website, Reference("thing", 2))
    payments.hold_earnings(writer.website, Reference("order", 1))
    assert standing() == [150, 150, 60, 0, 0]
    pay_out(writer, until="cancelled")
    assert standing() == [150, 150, 60, 0, 0]
    pay_out(writer)
    assert standing() == [150, 150, 0, 0, 60]
    payments.release_earnings(writer.website, Reference("thing", 3))
    pay_out(writer, until="approved")
    assert standing() == [70, 70, 0, 80, 60]
    payments.release_earnings(writer.website, Reference("thing", 2))
    frozen.shift(14 * DAY)
    assert standing() == [0, 0, 70, 80, 60]
    assert earnings(writer).next_payable_at is None


def test_paid_is_of_the_day_it_was_paid(writer: Membership, frozen: time_machine.Coordinates) -> None:
    frozen.move_to(march().since - DAY)
    money.earning(writer, 6_000, order_id=1)
    first = pay_out(writer)
    money.earning(writer, 5_000, order_id=2)
    pay_out(writer, until="prepared")
    frozen.move_to(NOON)
    second = Payout.objects.of(writer.website).get(status="prepared")
    payments.approve_payout(second, by=actor(accounts.membership(writer.website, "admin")))
    assert (earnings(writer).paid.current, earnings(writer).paid.previous) == (0, 60)
    payments.pay_payout(second, by=actor(accounts.membership(writer.website, "admin")))
    found = earnings(writer)
    assert (found.paid.current, found.paid.previous, found.paid_all_time) == (50, 60, 110)
    assert [str(point.on) for point in found.series if point.paid] == ["2026-03-20"]
    assert [(row.payout_id, row.amount) for row in found.recent_payouts] == [(second.pk, 50), (first.pk, 60)]


def test_without_a_comparison_there_is_no_baseline(writer: Membership) -> None:
    found = earnings(writer, Compare.NONE)
    assert {found.earned.previous, found.tips.previous, found.paid.previous, found.orders.previous} == {None}


def test_a_period_of_years_and_its_baseline_overlap(writer: Membership, frozen: time_machine.Coordinates) -> None:
    """A row counts for both."""
    frozen.move_to(march().since)
    money.earning(writer)
    since, until = (day_start(dt.date(year, 4, 1), ZONE) for year in (2025, 2027))
    found = writer_earnings(actor(writer), Period(since, until, ZONE, Granularity.MONTH, Compare.YEAR))
    assert (found.earned.current, found.earned.previous) == (60, 60)


@pytest.mark.parametrize(
    ("at", "on"),
    [
        ("2026-03-08T05:00", "2026-03-08"),
        ("2026-03-09T03:59", "2026-03-08"),  # 23:59 of the day with 23 hours
        ("2026-03-09T04:00", "2026-03-09"),
    ],
)
def test_days_are_the_zones(writer: Membership, frozen: time_machine.Coordinates, at: str, on: str) -> None:
    frozen.move_to(dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
    money.earning(writer)
    found = earnings(writer)
    assert [point.on for point in found.series] == [MARCH[0] + n * DAY for n in range(31)]
    assert [str(point.on) for point in found.series if point.earned] == [on]


def test_the_day_of_25_hours(writer: Membership, frozen: time_machine.Coordinates) -> None:
    since, until = (day_start(dt.date(2026, 11, day), ZONE) for day in (1, 3))
    frozen.move_to(since + dt.timedelta(hours=24, minutes=59))
    money.earning(writer)
    found = writer_earnings(actor(writer), Period(since, until, ZONE, Granularity.DAY, Compare.NONE))
    assert [(str(point.on), point.earned) for point in found.series] == [("2026-11-01", 60), ("2026-11-02", 0)]


def test_each_line_names_its_order(writer: Membership) -> None:
    order = orders.completed_order(accounts.membership(writer.website), writer)
    [line] = lines(writer)
    assert line.order is not None
    assert (line.order.id, line.order.number, line.order.topic) == (order.pk, order.number, order.topic)
    assert (line.kind, line.state, line.payable_at) == ("pay", "pending", order.dispute_until)
    assert earnings(writer).earned.current == line.amount


def test_another_websites_money_is_not_ours(writer: Membership) -> None:
    other = new_writer(tenancy.website("borealis", currency="EUR", timezone=ZONE)).member
    money.earning(other)
    found = earnings(writer)
    assert (found.earned.current, found.balance, found.paid_all_time, found.recent_payouts) == (0, 0, 0, [])
    assert lines(writer) == []
    assert earnings(writer).currency == "USD"
