"""The time a report is about: half open, in UTC, cut into days, weeks or months of the website's zone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from .errors import Invalid

MOST_BUCKETS = 400
LEAP_DAY = (2, 29)


class Granularity(StrEnum):
    DAY = "day"
    WEEK = "week"
    """From Monday."""
    MONTH = "month"


class Compare(StrEnum):
    NONE = "none"
    PREVIOUS = "previous"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Bucket:
    """`on`: its first day in the period, in the website's zone."""

    on: dt.date
    since: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """What an answer is about: from `since` to before `until`. The baseline is null where nothing is compared."""

    since: dt.datetime
    until: dt.datetime
    timezone: str
    baseline_since: dt.datetime | None
    baseline_until: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Period:
    since: dt.datetime
    until: dt.datetime
    timezone: str
    granularity: Granularity
    compare: Compare

    @property
    def baseline(self) -> Period | None:
        """What this period is compared with."""
        if self.compare is Compare.PREVIOUS:
            return self.previous()
        return self.year_before() if self.compare is Compare.YEAR else None

    def row(self) -> ReportPeriod:
        base = self.baseline
        compared = (base.since, base.until) if base else (None, None)
        return ReportPeriod(self.since, self.until, self.timezone, *compared)

    def buckets(self) -> tuple[Bucket, ...]:
        """Without gaps; the first and the last may be cut by the period. Raises Invalid beyond MOST_BUCKETS."""
        return _buckets(self)

    def previous(self) -> Period:
        """The time just before: as many months where these are whole months, as many days where these are whole days of
        the zone (whatever hours they have), else as long."""
        first, last = _day(self.since, self.timezone), _day(self.until, self.timezone)
        if not self._whole_days:
            return replace(self, since=self.since - (self.until - self.since), until=self.since)
        if first.day == last.day == 1:
            months = (last.year - first.year) * 12 + last.month - first.month
            return replace(self, since=day_start(_months_before(first, months), self.timezone), until=self.since)
        return replace(self, since=day_start(first - (last - first), self.timezone), until=self.since)

    def year_before(self) -> Period:
        """The same days and hours of the year before. Of a 29 February the period's start becomes the 28th and its end
        1 March, so that no day is lost."""
        since = self._year_before(self.since, (2, 28))
        until = self._year_before(self.until, (3, 1))
        return replace(self, since=since, until=max(until, since + dt.timedelta(minutes=1)))

    @property
    def _whole_days(self) -> bool:
        return all(day_start(_day(at, self.timezone), self.timezone) == at for at in (self.since, self.until))

    def _year_before(self, at: dt.datetime, instead_of_leap_day: tuple[int, int]) -> dt.datetime:
        local = at.astimezone(ZoneInfo(self.timezone))
        month, day = (local.month, local.day)
        if (month, day) == LEAP_DAY:
            month, day = instead_of_leap_day
        date = dt.date(local.year - 1, month, day)
        if day_start(local.date(), self.timezone) == at:
            return day_start(date, self.timezone)
        return dt.datetime.combine(date, local.timetz()).astimezone(dt.UTC)


def last_days(days: int, now: dt.datetime, timezone: str, granularity: Granularity, compare: Compare) -> Period:
    """As many days of the zone, of which the present one, taken whole, is the last."""
    today = now.astimezone(ZoneInfo(timezone)).date()
    since, until = today - dt.timedelta(days=days - 1), today + dt.timedelta(days=1)
    return Period(day_start(since, timezone), day_start(until, timezone), timezone, granularity, compare)


def day_start(day: dt.date, timezone: str) -> dt.datetime:
    """In UTC. Where clocks go forward at midnight a day starts at the first time that it has; where they go back to it,
    at the first of the two."""
    return dt.datetime.combine(day, dt.time(), ZoneInfo(timezone)).astimezone(dt.UTC)


def _day(at: dt.datetime, timezone: str) -> dt.date:
    return at.astimezone(ZoneInfo(timezone)).date()


@lru_cache(maxsize=512)
def _buckets(period: Period) -> tuple[Bucket, ...]:
    """Kept, because all who look at the last thirty days of a website today look at the same."""
    found: list[Bucket] = []
    start, on = period.since, _day(period.since, period.timezone)
    while start < period.until:
        following = _following(on, period.granularity)
        end = min(day_start(following, period.timezone), period.until)
        if end > start:  # a zone that crossed the date line has left out a day
            found.append(Bucket(on, start, end))
        if len(found) > MOST_BUCKETS:
            raise Invalid({"granularity": f"More than {MOST_BUCKETS} steps: take longer ones, or less time."})
        start, on = end, following
    return tuple(found)


def _following(day: dt.date, granularity: Granularity) -> dt.date:
    """The first day of the next bucket."""
    if granularity is Granularity.DAY:
        return day + dt.timedelta(days=1)
    if granularity is Granularity.WEEK:
        return day + dt.timedelta(days=7 - day.weekday())
    return _months_before(day.replace(day=1), -1)


def _months_before(first: dt.date, months: int) -> dt.date:
    years, month = divmod(first.year * 12 + first.month - 1 - months, 12)
    return dt.date(years, month + 1, 1)
