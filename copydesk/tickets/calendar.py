"""Business time: pure arithmetic over a website's opening hours. Instants are aware, and come back in UTC.

An opening hour is a wall-clock time of the calendar's zone. One that comes twice, as clocks go back, is meant the first
time; one that is left out, as they go forward, is the moment of the change. So intervals that touch on the wall touch
in time, none overlaps, and a day has the hours that it really has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
WEEK_DAYS = 7
LONGEST_CLOSED = dt.timedelta(days=400)
NOTHING = dt.timedelta()

Interval = tuple[int, int]
"""(opens, closes) in minutes of the day; 1440 is the day's end."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """`week`: the intervals of Monday to Sunday; empty: always open. `holidays` are closed. ValueError for hours that
    are none, or a week without any."""

    zone: str
    week: tuple[tuple[Interval, ...], ...] = ()
    holidays: frozenset[dt.date] = frozenset()

    def __post_init__(self) -> None:
        if not self.week:
            return
        if len(self.week) != WEEK_DAYS or not any(self.week):
            raise ValueError("A week has seven days, and is open on some.")
        for day in self.week:
            edges = [edge for interval in day for edge in interval]
            increasing = all(first < second for first, second in zip(edges[::2], edges[1::2], strict=True))
            if not increasing or edges != sorted(edges) or (edges and not 0 <= edges[0] <= edges[-1] <= DAY_MINUTES):
                raise ValueError("Intervals follow one another within a day.")


def business_time(calendar: Calendar, since: dt.datetime, until: dt.datetime) -> dt.timedelta:
    """How long it is open between the two; nothing where `until` is not after `since`."""
    return sum((closes - opens for opens, closes in open_intervals(calendar, since, until)), NOTHING)


def add_business_time(calendar: Calendar, since: dt.datetime, amount: dt.timedelta) -> dt.datetime:
    """The first instant by which it has been open for `amount` since `since`: at the latest the end of an interval, not
    the beginning of the next. ValueError where it stays closed for longer than LONGEST_CLOSED."""
    since = since.astimezone(dt.UTC)
    if amount <= NOTHING:
        return since
    if not calendar.week:
        return since + amount
    at = since
    while True:
        last = at
        for opens, closes in open_intervals(calendar, at, at + LONGEST_CLOSED):
            if closes - opens >= amount:
                return opens + amount
            amount -= closes - opens
            last = closes
        if last == at:
            raise ValueError("This calendar does not open again.")
        at = last


def open_intervals(
    calendar: Calendar, since: dt.datetime, until: dt.datetime
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """(opens, closes) of what is open between the two, cut by them, in order."""
    since, until = since.astimezone(dt.UTC), until.astimezone(dt.UTC)
    if not calendar.week:
        if since < until:
            yield since, until
        return
    zone = ZoneInfo(calendar.zone)
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        if day not in calendar.holidays:
            for opens, closes in calendar.week[day.weekday()]:
                start = max(_instant(day, opens, zone), since)
                end = min(_instant(day, closes, zone), until)
                if start < end:
                    yield start, end
        day += dt.timedelta(days=1)


def _instant(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """When a wall clock of `zone` first shows, or has passed, that minute of `day`."""
    days, minute = divmod(minute, DAY_MINUTES)
    wall = dt.datetime.combine(day + dt.timedelta(days=days), dt.time(*divmod(minute, 60)), zone)
    first, second = wall.astimezone(dt.UTC), wall.replace(fold=1).astimezone(dt.UTC)
    return first if first <= second else _change(second, first, zone)


def _change(before: dt.datetime, after: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The second at which the zone's clocks are put forward, between the two."""
    offset = before.astimezone(zone).utcoffset()
    second = dt.timedelta(seconds=1)
    while after - before > second:
        middle = before + ((after - before) // 2 // second) * second
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after
