"""Figures and what they are where there is nothing to count."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from copydesk.core.numbers import (
    ComparedCount,
    ComparedMoney,
    Rate,
    Spread,
    compared_count,
    compared_money,
    filled,
    rate,
    spread,
    wilson_lower,
)
from copydesk.core.period import Compare, Granularity, Period


def test_rates() -> None:
    assert rate(128, 140) == Rate(0.914, 128, 140)
    assert rate(0, 3) == Rate(0.0, 0, 3)
    assert rate(3, 3) == Rate(1.0, 3, 3)
    assert rate(0, 0) == Rate(None, 0, 0)


def test_spreads() -> None:
    assert spread(1.005, 2.456, 1.5, 3) == Spread(1.0, 2.46, 1.5, 3)
    assert spread(None, None, None, 0) == Spread(None, None, None, 0)


@pytest.mark.parametrize(
    ("current", "previous", "change"),
    [(15, 10, 0.5), (5, 10, -0.5), (10, 10, 0.0), (0, 10, -1.0), (10, 0, None), (0, 0, None), (10, None, None)],
)
def test_changes(current: int, previous: int | None, change: float | None) -> None:
    assert compared_count(current, previous) == ComparedCount(current, previous, change)


def test_changes_of_money() -> None:
    assert compared_money(1_250, 1_000) == ComparedMoney(Decimal("12.50"), Decimal("10.00"), 0.25)
    assert compared_money(1_250, None) == ComparedMoney(Decimal("12.50"), None, None)
    assert compared_money(500, -1_000).change == 1.5  # up by one and a half times what was lost


def test_empty_buckets_are_filled() -> None:
    since = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    period = Period(since, since + dt.timedelta(days=3), "UTC", Granularity.DAY, Compare.NONE)
    march = [dt.date(2026, 3, day) for day in (1, 2, 3)]
    assert filled(period.buckets(), {2: 7}, 0) == list(zip(march, (0, 7, 0), strict=True))
    assert filled(period.buckets(), {3: 0.5}, None) == list(zip(march, (None, None, 0.5), strict=True))


@pytest.mark.parametrize(
    ("numerator", "denominator", "bound"),
    [(0, 0, 0.0), (0, 10, 0.0), (10, 10, 0.7225), (100, 100, 0.963), (5, 10, 0.2366), (1, 1, 0.2065)],
)
def test_few_outcomes_prove_little(numerator: int, denominator: int, bound: float) -> None:
    assert wilson_lower(numerator, denominator) == pytest.approx(bound, abs=1e-4)
