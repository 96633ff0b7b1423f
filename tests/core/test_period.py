"""Periods by hand-worked tables: both daylight-saving changes, half-hour zones, month ends, the leap day."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from copydesk.core.errors import Invalid
from copydesk.core.period import MOST_BUCKETS, Compare, Granularity, Period, day_start, last_days

NEW_YORK = "America/New_York"
HELSINKI = "Europe/Helsinki"
KOLKATA = "Asia/Kolkata"
LORD_HOWE = "Australia/Lord_Howe"
"""Whose clocks go forward by half an hour."""
HAVANA = "America/Havana"
"""Whose clocks go forward at midnight, and back to it."""

DAY, WEEK, MONTH = Granularity
HOUR = dt.timedelta(hours=1)


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def days(first: str, end: str, zone: str, granularity: Granularity = DAY, compare: Compare = Compare.NONE) -> Period:
    since, until = (day_start(dt.date.fromisoformat(day), zone) for day in (first, end))
    return Period(since, until, zone, granularity, compare)


def shown(period: Period) -> list[tuple[str, str, str]]:
    return [(str(one.on), one.since.strftime("%d %H:%M"), one.until.strftime("%d %H:%M")) for one in period.buckets()]


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (NEW_YORK, "2026-03-07", "2026-03-07T05:00"),
        (NEW_YORK, "2026-03-08", "2026-03-08T05:00"),
        (NEW_YORK, "2026-03-09", "2026-03-09T04:00"),
        (NEW_YORK, "2026-11-01", "2026-11-01T04:00"),
        (NEW_YORK, "2026-11-02", "2026-11-02T05:00"),
        (HELSINKI, "2026-03-29", "2026-03-28T22:00"),
        (HELSINKI, "2026-03-30", "2026-03-29T21:00"),
        (HELSINKI, "2026-10-25", "2026-10-24T21:00"),
        (HELSINKI, "2026-10-26", "2026-10-25T22:00"),
        (KOLKATA, "2026-01-01", "2025-12-31T18:30"),
        (LORD_HOWE, "2026-04-05", "2026-04-04T13:00"),
        (LORD_HOWE, "2026-04-06", "2026-04-05T13:30"),
        (HAVANA, "2026-03-08", "2026-03-08T05:00"),
        (HAVANA, "2026-11-01", "2026-11-01T04:00"),
        (HAVANA, "2026-11-02", "2026-11-02T05:00"),
        ("UTC", "2026-01-01", "2026-01-01T00:00"),
    ],
)
def test_when_a_day_starts(zone: str, day: str, expected: str) -> None:
    assert day_start(dt.date.fromisoformat(day), zone) == utc(expected)


def test_days_over_the_spring_change() -> None:
    assert shown(days("2026-03-07", "2026-03-10", NEW_YORK)) == [
        ("2026-03-07", "07 05:00", "08 05:00"),
        ("2026-03-08", "08 05:00", "09 04:00"),
        ("2026-03-09", "09 04:00", "10 04:00"),
    ]
    assert shown(days("2026-03-28", "2026-03-31", HELSINKI)) == [
        ("2026-03-28", "27 22:00", "28 22:00"),
        ("2026-03-29", "28 22:00", "29 21:00"),
        ("2026-03-30", "29 21:00", "30 21:00"),
    ]


def test_days_over_the_autumn_change() -> None:
    assert shown(days("2026-10-31", "2026-11-03", NEW_YORK)) == [
        ("2026-10-31", "31 04:00", "01 04:00"),
        ("2026-11-01", "01 04:00", "02 05:00"),
        ("2026-11-02", "02 05:00", "03 05:00"),
    ]
    assert shown(days("2026-10-24", "2026-10-27", HELSINKI)) == [
        ("2026-10-24", "23 21:00", "24 21:00"),
        ("2026-10-25", "24 21:00", "25 22:00"),
        ("2026-10-26", "25 22:00", "26 22:00"),
    ]


def test_days_of_half_hours() -> None:
    assert shown(days("2026-01-01", "2026-01-03", KOLKATA)) == [
        ("2026-01-01", "31 18:30", "01 18:30"),
        ("2026-01-02", "01 18:30", "02 18:30"),
    ]
    [day] = days("2026-04-05", "2026-04-06", LORD_HOWE).buckets()
    assert day.until - day.since == 24.5 * HOUR


def test_a_day_that_starts_at_one_and_a_day_with_two_midnights() -> None:
    [spring] = days("2026-03-08", "2026-03-09", HAVANA).buckets()
    [autumn] = days("2026-11-01", "2026-11-02", HAVANA).buckets()
    assert (spring.until - spring.since, autumn.until - autumn.since) == (23 * HOUR, 25 * HOUR)


def test_a_day_that_a_zone_has_left_out() -> None:
    assert [str(one.on) for one in days("2011-12-29", "2012-01-01", "Pacific/Apia").buckets()] == [
        "2011-12-29",
        "2011-12-31",
    ]


def test_weeks_begin_on_monday_and_are_cut_by_the_period() -> None:
    assert shown(days("2026-03-04", "2026-03-18", NEW_YORK, WEEK)) == [
        ("2026-03-04", "04 05:00", "09 04:00"),
        ("2026-03-09", "09 04:00", "16 04:00"),
        ("2026-03-16", "16 04:00", "18 04:00"),
    ]


def test_months_of_a_leap_year_and_over_a_new_year() -> None:
    assert shown(days("2023-12-31", "2024-03-02", NEW_YORK, MONTH)) == [
        ("2023-12-31", "31 05:00", "01 05:00"),
        ("2024-01-01", "01 05:00", "01 05:00"),
        ("2024-02-01", "01 05:00", "01 05:00"),
        ("2024-03-01", "01 05:00", "02 05:00"),
    ]


def test_a_period_of_hours_is_one_bucket_a_day() -> None:
    period = Period(utc("2026-03-01T15:00"), utc("2026-03-02T06:00"), NEW_YORK, DAY, Compare.NONE)
    assert shown(period) == [("2026-03-01", "01 15:00", "02 05:00"), ("2026-03-02", "02 05:00", "02 06:00")]


@pytest.mark.parametrize("granularity", Granularity)
@pytest.mark.parametrize("zone", [NEW_YORK, HELSINKI, KOLKATA, LORD_HOWE, HAVANA, "UTC"])
def test_buckets_have_no_gaps(zone: str, granularity: Granularity) -> None:
    period = days("2024-01-17", "2025-02-11", zone, granularity)
    buckets = period.buckets()
    assert (buckets[0].since, buckets[-1].until) == (period.since, period.until)
    for one, following in itertools.pairwise(buckets):
        assert one.until == following.since
        assert one.since < one.until
        assert one.on < following.on


def test_buckets_are_limited() -> None:
    start = dt.date(2026, 1, 1)
    fits = days(str(start), str(start + dt.timedelta(days=MOST_BUCKETS)), NEW_YORK)
    assert len(fits.buckets()) == MOST_BUCKETS
    with pytest.raises(Invalid) as refusal:
        days(str(start), str(start + dt.timedelta(days=MOST_BUCKETS + 1)), NEW_YORK).buckets()
    assert [error.field for error in refusal.value.errors] == ["granularity"]


@pytest.mark.parametrize(
    ("zone", "now", "count", "since", "until"),
    [
        (NEW_YORK, "2026-03-09T03:59", 2, "2026-03-07T05:00", "2026-03-09T04:00"),
        (NEW_YORK, "2026-03-09T04:00", 2, "2026-03-08T05:00", "2026-03-10T04:00"),
        (HELSINKI, "2026-10-25T22:30", 1, "2026-10-25T22:00", "2026-10-26T22:00"),
        (KOLKATA, "2026-01-01T18:29", 30, "2025-12-02T18:30", "2026-01-01T18:30"),
    ],
)
def test_last_days(zone: str, now: str, count: int, since: str, until: str) -> None:
    period = last_days(count, utc(now), zone, DAY, Compare.NONE)
    assert (period.since, period.until) == (utc(since), utc(until))


@pytest.mark.parametrize(
    ("zone", "first", "end", "expected"),
    [
        # As many days, whatever hours they have.
        (NEW_YORK, "2026-03-08", "2026-03-09", ("2026-03-07T05:00", "2026-03-08T05:00")),
        (NEW_YORK, "2026-03-09", "2026-03-10", ("2026-03-08T05:00", "2026-03-09T04:00")),
        (HELSINKI, "2026-10-26", "2026-10-28", ("2026-10-23T21:00", "2026-10-25T22:00")),
        (KOLKATA, "2026-01-03", "2026-01-10", ("2025-12-26T18:30", "2026-01-02T18:30")),
        # Whole months: as many months.
        (NEW_YORK, "2026-03-01", "2026-04-01", ("2026-02-01T05:00", "2026-03-01T05:00")),
        (NEW_YORK, "2024-03-01", "2024-04-01", ("2024-02-01T05:00", "2024-03-01T05:00")),
        (HELSINKI, "2026-01-01", "2026-04-01", ("2025-09-30T21:00", "2025-12-31T22:00")),
        (NEW_YORK, "2026-01-01", "2027-01-01", ("2025-01-01T05:00", "2026-01-01T05:00")),
        # Not whole months.
        (NEW_YORK, "2026-01-31", "2026-03-01", ("2026-01-02T05:00", "2026-01-31T05:00")),
    ],
)
def test_the_period_before(zone: str, first: str, end: str, expected: tuple[str, str]) -> None:
    before = days(first, end, zone).previous()
    assert (before.since, before.until) == (utc(expected[0]), utc(expected[1]))


def test_the_hours_before() -> None:
    period = Period(utc("2026-03-08T15:00"), utc("2026-03-09T15:00"), NEW_YORK, DAY, Compare.PREVIOUS)
    assert period.baseline == Period(utc("2026-03-07T15:00"), utc("2026-03-08T15:00"), NEW_YORK, DAY, Compare.PREVIOUS)


@pytest.mark.parametrize(
    ("zone", "first", "end", "expected"),
    [
        (NEW_YORK, "2026-03-08", "2026-03-09", ("2025-03-08T05:00", "2025-03-09T05:00")),
        (HELSINKI, "2026-03-29", "2026-03-31", ("2025-03-28T22:00", "2025-03-30T21:00")),
        (NEW_YORK, "2025-02-01", "2025-03-01", ("2024-02-01T05:00", "2024-03-01T05:00")),
        # The leap day has no day the year before.
        (NEW_YORK, "2024-02-29", "2024-03-01", ("2023-02-28T05:00", "2023-03-01T05:00")),
        (NEW_YORK, "2024-02-28", "2024-02-29", ("2023-02-28T05:00", "2023-03-01T05:00")),
        (KOLKATA, "2024-02-29", "2024-03-31", ("2023-02-27T18:30", "2023-03-30T18:30")),
    ],
)
def test_the_year_before(zone: str, first: str, end: str, expected: tuple[str, str]) -> None:
    before = days(first, end, zone, compare=Compare.YEAR).baseline
    assert before is not None
    assert (before.since, before.until) == (utc(expected[0]), utc(expected[1]))


def test_the_same_hours_of_the_year_before() -> None:
    period = Period(utc("2026-03-08T15:00"), utc("2026-03-08T16:30"), NEW_YORK, DAY, Compare.YEAR)
    before = period.year_before()  # eleven in the morning, then still in winter time
    assert (before.since, before.until) == (utc("2025-03-08T16:00"), utc("2025-03-08T17:30"))


def test_hours_that_the_year_before_did_not_have() -> None:
    period = Period(utc("2026-03-09T06:30"), utc("2026-03-09T07:10"), NEW_YORK, DAY, Compare.YEAR)
    assert period.year_before().since == utc("2025-03-09T07:30")  # 02:30 was skipped
    assert period.year_before().until > period.year_before().since


def test_what_an_answer_says_of_its_period() -> None:
    alone = days("2026-03-01", "2026-03-02", NEW_YORK).row()
    assert (alone.timezone, alone.baseline_since, alone.baseline_until) == (NEW_YORK, None, None)
    compared = days("2026-03-02", "2026-03-03", NEW_YORK, compare=Compare.PREVIOUS).row()
    assert (compared.baseline_since, compared.baseline_until) == (utc("2026-03-01T05:00"), utc("2026-03-02T05:00"))
