"""Business time, against cases worked out by hand."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.tickets.calendar import Calendar, Interval, add_business_time, business_time, open_intervals

NEW_YORK = "America/New_York"
"""In 2026 clocks go forward on Sunday 8 March at 02:00, and back on Sunday 1 November at 02:00."""

LUNCH: tuple[Interval, ...] = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
"""Seven hours."""
OFFICE = (LUNCH,) * 5 + ((), ())
ALL_DAY: tuple[Interval, ...] = ((0, 1440),)
ALWAYS = (ALL_DAY,) * 7
NIGHT: tuple[Interval, ...] = ((60, 150),)
"""01:30 hours on the wall: 01:00 to 02:30."""

HOLIDAY = frozenset({dt.date(2026, 3, 4)})
"""A Wednesday."""

office = Calendar(NEW_YORK, OFFICE)
with_holiday = Calendar(NEW_YORK, OFFICE, HOLIDAY)
round_the_clock = Calendar(NEW_YORK, ALWAYS)
nights = Calendar(NEW_YORK, (NIGHT,) * 7)
plain = Calendar(NEW_YORK)


def local(text: str, fold: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(NEW_YORK), fold=fold)


BETWEEN = [
    # Monday 2 March 2026
    ("within the morning", office, "2026-03-02 09:30", "2026-03-02 11:00", "1:30"),
    ("the lunch break does not count", office, "2026-03-02 11:00", "2026-03-02 14:00", "2:00"),
    ("inside the lunch break", office, "2026-03-02 12:10", "2026-03-02 12:50", "0:00"),
    ("a whole day", office, "2026-03-02 00:00", "2026-03-03 00:00", "7:00"),
    ("over a night", office, "2026-03-02 16:00", "2026-03-03 10:00", "2:00"),
    ("over a weekend", office, "2026-03-06 16:00", "2026-03-09 10:00", "2:00"),
    ("within a weekend", office, "2026-03-07 08:00", "2026-03-08 20:00", "0:00"),
    ("a week", office, "2026-03-02 00:00", "2026-03-09 00:00", "35:00"),
    ("a week with a holiday", with_holiday, "2026-03-02 00:00", "2026-03-09 00:00", "28:00"),
    ("over a holiday", with_holiday, "2026-03-03 16:00", "2026-03-05 10:00", "2:00"),
    ("from the end to the end", office, "2026-03-02 17:00", "2026-03-03 09:00", "0:00"),
    ("backwards", office, "2026-03-02 14:00", "2026-03-02 11:00", "0:00"),
    # The day of 23 hours and the day of 25
    ("spring forward, the whole day", round_the_clock, "2026-03-08 00:00", "2026-03-09 00:00", "23:00"),
    ("fall back, the whole day", round_the_clock, "2026-11-01 00:00", "2026-11-02 00:00", "25:00"),
    ("spring forward, an interval over the gap", nights, "2026-03-08 00:00", "2026-03-08 12:00", "1:00"),
    ("fall back, an interval over the hour that comes twice", nights, "2026-11-01 00:00", "2026-11-01 12:00", "2:30"),
    ("a usual night", nights, "2026-03-09 00:00", "2026-03-09 12:00", "1:30"),
    ("over the spring weekend", office, "2026-03-06 16:00", "2026-03-10 10:00", "9:00"),
    ("over the autumn weekend", office, "2026-10-30 16:00", "2026-11-02 10:00", "2:00"),
    ("always open, over the spring change", plain, "2026-03-08 01:00", "2026-03-08 04:00", "2:00"),
    ("always open, over the autumn change", plain, "2026-11-01 00:30", "2026-11-01 03:00", "3:30"),
]  # fmt: skip

LATER = [
    ("within the morning", office, "2026-03-02 09:30", "1:00", "2026-03-02 10:30"),
    ("over the lunch break", office, "2026-03-02 11:00", "2:00", "2026-03-02 14:00"),
    ("to the break, not to its end", office, "2026-03-02 11:00", "1:00", "2026-03-02 12:00"),
    ("asked in the break", office, "2026-03-02 12:30", "1:00", "2026-03-02 14:00"),
    ("asked in the night", office, "2026-03-02 20:00", "1:00", "2026-03-03 10:00"),
    ("asked at the weekend", office, "2026-03-07 11:00", "3:00", "2026-03-09 12:00"),
    ("over the weekend", office, "2026-03-06 15:00", "4:00", "2026-03-09 11:00"),
    ("over a holiday", with_holiday, "2026-03-03 16:00", "2:00", "2026-03-05 10:00"),
    ("asked on a holiday", with_holiday, "2026-03-04 10:00", "0:30", "2026-03-05 09:30"),
    ("ten working days", office, "2026-03-02 09:00", "70:00", "2026-03-13 17:00"),
    ("over the gap", round_the_clock, "2026-03-08 01:00", "2:00", "2026-03-08 04:00"),
    ("over the hour that comes twice", round_the_clock, "2026-11-01 00:30", "3:00", "2026-11-01 02:30"),
    ("always open, over the gap", plain, "2026-03-08 01:00", "24:00", "2026-03-09 02:00"),
    ("always open, over the hour that comes twice", plain, "2026-11-01 00:00", "24:00", "2026-11-01 23:00"),
    ("an interval that begins in the gap", Calendar(NEW_YORK, (((150, 300),),) * 7), "2026-03-08 00:00", "1:00",
     "2026-03-08 04:00"),
    ("no time at all, while closed", office, "2026-03-07 11:00", "0:00", "2026-03-07 11:00"),
]  # fmt: skip


def span(text: str) -> dt.timedelta:
    hours, minutes = text.split(":")
    return dt.timedelta(hours=int(hours), minutes=int(minutes))


@pytest.mark.parametrize(("about", "calendar", "since", "until", "expected"), BETWEEN, ids=[row[0] for row in BETWEEN])
def test_open_time_between(about: str, calendar: Calendar, since: str, until: str, expected: str) -> None:
    assert business_time(calendar, local(since), local(until)) == span(expected)


@pytest.mark.parametrize(("about", "calendar", "since", "amount", "expected"), LATER, ids=[row[0] for row in LATER])
def test_open_time_later(about: str, calendar: Calendar, since: str, amount: str, expected: str) -> None:
    found = add_business_time(calendar, local(since), span(amount))
    assert found == local(expected).astimezone(dt.UTC)


def test_the_hour_that_comes_twice_is_counted_twice_between() -> None:
    first, second = local("2026-11-01 01:30"), local("2026-11-01 01:30", fold=1)
    assert second.astimezone(dt.UTC) - first.astimezone(dt.UTC) == span("1:00")
    assert business_time(round_the_clock, first.astimezone(dt.UTC), second.astimezone(dt.UTC)) == span("1:00")
    assert add_business_time(round_the_clock, first, span("1:00")) == second.astimezone(dt.UTC)


def test_a_day_whose_midnight_is_left_out() -> None:
    """Beirut, 29 March 2026: 00:00 is 01:00."""
    beirut = Calendar("Asia/Beirut", ALWAYS)
    day = dt.datetime(2026, 3, 28, 22, tzinfo=dt.UTC)
    assert business_time(beirut, day - dt.timedelta(days=1), day) == dt.timedelta(days=1)
    assert business_time(beirut, day, day + span("23:00")) == span("23:00")
    [(opens, closes)] = [
        one for one in open_intervals(beirut, day - span("1:00"), day + span("22:00")) if one[0] >= day
    ]
    assert (opens, closes) == (day, day + span("22:00"))


def test_a_day_that_was_left_out_is_not_open() -> None:
    """Samoa had no 30 December 2011."""
    apia = Calendar("Pacific/Apia", ALWAYS)
    since, until = dt.datetime(2011, 12, 29, 10, tzinfo=dt.UTC), dt.datetime(2012, 1, 1, 10, tzinfo=dt.UTC)
    assert business_time(apia, since, until) == until - since


@pytest.mark.parametrize(
    "week",
    [
        (LUNCH,),
        ((),) * 7,
        (((540, 540),),) + ((),) * 6,
        (((600, 540),),) + ((),) * 6,
        (((540, 700), (690, 720)),) + ((),) * 6,
        (((540, 1441),),) + ((),) * 6,
        (((-1, 60),),) + ((),) * 6,
    ],
)
def test_hours_that_are_none(week: tuple[tuple[Interval, ...], ...]) -> None:
    with pytest.raises(ValueError, match="day"):
        Calendar(NEW_YORK, week)


def test_a_calendar_that_does_not_open_again() -> None:
    days = frozenset(dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(1000))
    with pytest.raises(ValueError, match="does not open"):
        add_business_time(Calendar(NEW_YORK, OFFICE, days), local("2026-03-02 09:00"), span("1:00"))


INSTANTS = st.integers(0, 365 * 24 * 3_600).map(
    lambda n: dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=n)
)
CALENDARS = st.sampled_from((office, with_holiday, round_the_clock, nights, plain))


@given(CALENDARS, INSTANTS, st.integers(0, 200_000).map(lambda n: dt.timedelta(seconds=n)))
def test_adding_is_the_other_way_round(calendar: Calendar, since: dt.datetime, amount: dt.timedelta) -> None:
    """And no earlier instant would do."""
    found = add_business_time(calendar, since, amount)
    assert business_time(calendar, since, found) == amount
    if amount:
        assert business_time(calendar, since, found - dt.timedelta(seconds=1)) < amount


@given(CALENDARS, st.tuples(INSTANTS, INSTANTS, INSTANTS))
def test_parts_make_the_whole(calendar: Calendar, instants: tuple[dt.datetime, ...]) -> None:
    first, second, third = sorted(instants)
    parts = business_time(calendar, first, second) + business_time(calendar, second, third)
    assert parts == business_time(calendar, first, third)
