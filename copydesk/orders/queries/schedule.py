"""What a writer has to hand in, day by day, and where it is more than can be done."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.period import Period, day_start
from copydesk.writers.models import Writer
from copydesk.writers.policies import HOUR_MINUTES, WriterPolicy

from ..models import ASSIGNED, WRITING, RoundKind, Status

SCHEDULED = ASSIGNED | {Status.DISPUTED}
SOON = dt.timedelta(hours=24)
MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)

WORK = """
SELECT o.id, o.number, o.topic, o.status, o.pages, o.slides, o.writer_due_at,
       CASE o.status WHEN 'on_hold' THEN o.held_at WHEN 'disputed' THEN o.disputed_at END,
       r.id, r.version, r.kind, r.asked_at
FROM orders_order o
LEFT JOIN orders_round r ON r.website_id = o.website_id AND r.order_id = o.id
    AND r.submitted_at IS NULL AND r.closed_at IS NULL
WHERE o.website_id = %(website)s AND o.writer_id = %(writer)s AND o.status = ANY(%(statuses)s)
ORDER BY o.writer_due_at, o.id
"""


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """Never the client's name or price."""

    id: int
    number: int
    topic: str


@dataclass(frozen=True, slots=True)
class Work:
    """An order that a writer has. `minutes` is what its open round takes, 0 where there is none; `due_at` with excused
    time, null while nobody writes; `paused_at`: when its clock was stopped."""

    order: WorkOrder
    status: Status
    pages: int
    slides: int
    minutes: int
    due_at: dt.datetime | None
    paused_at: dt.datetime | None
    round_id: int | None
    version: int
    kind: str
    asked_at: dt.datetime | None

    @property
    def writing(self) -> bool:
        return self.status in WRITING

    @property
    def paused(self) -> bool:
        return self.round_id is not None and not self.writing


@dataclass(frozen=True, slots=True)
class Clash:
    """At `due_at` the work that is due by then, overdue work with it (`orders`), takes `needed_hours`, but only
    `available_hours` are left for it: of every day of the website's zone at most the hours that the website's policy
    gives a writer's day, of today and the last day no more than lies between, and none of a leave. One clash for each
    due time that is still to come and cannot be met, in order."""

    due_at: dt.datetime
    needed_hours: float
    available_hours: float
    short_hours: float
    orders: list[WorkOrder]


@dataclass(frozen=True, slots=True)
class CalendarItem:
    """A round that is not submitted. `hours_left` to the deadline (excused time counted), negative when it has passed;
    `work_hours` is what the website's policy reckons for it: a return or a revision takes a share of the whole."""

    order: WorkOrder
    writer_deadline: dt.datetime
    status: Status
    is_overdue: bool
    hours_left: float
    pages: int
    slides: int
    work_hours: float


@dataclass(frozen=True, slots=True)
class PausedItem:
    """Held or disputed: its clock stands still, so it has no due time until it goes on, with `hours_left` then."""

    order: WorkOrder
    status: Status
    paused_at: dt.datetime | None
    hours_left: float | None
    pages: int
    slides: int
    work_hours: float


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """In the website's zone; also a day with nothing due is there."""

    date: dt.date
    items: list[CalendarItem]


@dataclass(frozen=True, slots=True)
class WriterCalendar:
    """`days` are those from `since` to before `until`. The other lists are of all open work, in the window or not:
    `overdue` by RULES' definition, `next_24h` due within 24 hours, `paused`, and `clashes`."""

    since: dt.datetime
    until: dt.datetime
    timezone: str
    days: list[CalendarDay]
    overdue: list[CalendarItem]
    next_24h: list[CalendarItem]
    paused: list[PausedItem]
    clashes: list[Clash]


@dataclass(frozen=True, slots=True)
class Hours:
    """When a writer works: `day_minutes` of each day of `timezone`, and not in the leave."""

    day_minutes: int
    timezone: str
    leave: tuple[dt.datetime, dt.datetime] | None

    def between(self, since: dt.datetime, until: dt.datetime, enough: int) -> int:
        """Minutes that can be worked; not counted on once there are `enough`."""
        zone = ZoneInfo(self.timezone)
        found, start = 0, since
        while start < until and found < enough and self.day_minutes > 0:
            if self.leave and self.leave[0] <= start < self.leave[1]:
                start = self.leave[1]
                continue
            tomorrow = start.astimezone(zone).date() + dt.timedelta(days=1)
            end = min(day_start(tomorrow, self.timezone), until)
            found += min(self.day_minutes, (end - start - self._away(start, end)) // MINUTE)
            start = end
        return found

    def _away(self, since: dt.datetime, until: dt.datetime) -> dt.timedelta:
        if self.leave is None:
            return dt.timedelta()
        return max(min(until, self.leave[1]) - max(since, self.leave[0]), dt.timedelta())


def hours_of(policy: WriterPolicy, timezone: str, leave: tuple[dt.datetime | None, dt.datetime | None]) -> Hours:
    away = (leave[0], leave[1]) if leave[0] and leave[1] else None
    return Hours(policy.day_hours * HOUR_MINUTES, timezone, away)


def works(actor: Actor, policy: WriterPolicy, statuses: Iterable[Status] = SCHEDULED) -> list[Work]:
    """The orders that the writer has, by due time; those without one last. One query."""
    values: dict[str, Any] = {
        "website": actor.website.pk,
        "writer": actor.membership_id,
        "statuses": [status.value for status in statuses],
    }
    with connection.cursor() as cursor:
        cursor.execute(WORK, values)
        return [_work(policy, *row) for row in cursor.fetchall()]


def writer_calendar(actor: Actor, period: Period) -> WriterCalendar:
    """Three queries."""
    now = clock.now()
    policy = WriterPolicy.of(actor.website)
    found = works(actor, policy)
    items = [item for work in found if (item := _item(work, now))]
    days: dict[dt.date, list[CalendarItem]] = {bucket.on: [] for bucket in period.buckets()}
    zone = ZoneInfo(period.timezone)
    for item in items:
        if period.since <= item.writer_deadline < period.until:
            days[item.writer_deadline.astimezone(zone).date()].append(item)
    return WriterCalendar(
        since=period.since,
        until=period.until,
        timezone=period.timezone,
        days=[CalendarDay(date, due) for date, due in days.items()],
        overdue=[item for item in items if item.is_overdue],
        next_24h=[item for item in items if now < item.writer_deadline <= now + SOON],
        paused=[_paused(work) for work in found if work.paused],
        clashes=clashes(found, hours_of(policy, period.timezone, leave_of(actor)), now),
    )


def due_within(actor: Actor, period: Period) -> list[Work]:
    """What the days of the calendar hold. Two queries."""
    found = works(actor, WriterPolicy.of(actor.website), WRITING)
    return [work for work in found if work.due_at is not None and period.since <= work.due_at < period.until]


def leave_of(actor: Actor) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The present or planned leave. One query."""
    rows = Writer.objects.of(actor.website).filter(pk=actor.membership_id)
    return rows.values_list("leave_from", "leave_until").first() or (None, None)


def clashes(found: Sequence[Work], hours: Hours, now: dt.datetime) -> list[Clash]:
    """Where the work cannot be done in time, even in the best order, which is that of the due times."""
    dated = sorted(
        ((work.due_at, work) for work in found if work.writing and work.due_at is not None),
        key=lambda one: (one[0], one[1].order.id),
    )
    needed, orders, rows = 0, [], []
    for due_at, due in groupby(dated, key=lambda one: one[0]):
        for _, work in due:
            needed += work.minutes
            orders.append(work.order)
        if due_at <= now:
            continue
        available = hours.between(now, due_at, needed)
        if available < needed:
            figures = (in_hours(needed), in_hours(available), in_hours(needed - available))
            rows.append(Clash(due_at, *figures, list(orders)))
    return rows


def in_hours(minutes: int) -> float:
    return round(minutes / HOUR_MINUTES, 2)


def _work(policy: WriterPolicy, *row: Any) -> Work:
    pk, number, topic, status, pages, slides, due_at, paused_at, round_id, version, kind, asked_at = row
    minutes = 0
    if round_id is not None:
        minutes = policy.work_minutes(pages=pages, slides=slides, rework=kind != RoundKind.FIRST)
    return Work(
        order=WorkOrder(pk, number, topic),
        status=Status(status),
        pages=pages,
        slides=slides,
        minutes=minutes,
        due_at=due_at,
        paused_at=paused_at,
        round_id=round_id,
        version=version or 0,
        kind=kind or "",
        asked_at=asked_at,
    )


def _item(work: Work, now: dt.datetime) -> CalendarItem | None:
    if not work.writing or work.due_at is None:
        return None
    return CalendarItem(
        order=work.order,
        writer_deadline=work.due_at,
        status=work.status,
        is_overdue=work.due_at <= now,
        hours_left=round((work.due_at - now) / HOUR, 2),
        pages=work.pages,
        slides=work.slides,
        work_hours=in_hours(work.minutes),
    )


def _paused(work: Work) -> PausedItem:
    left = None
    if work.due_at is not None and work.paused_at is not None:
        left = round((work.due_at - work.paused_at) / HOUR, 2)
    return PausedItem(
        order=work.order,
        status=work.status,
        paused_at=work.paused_at,
        hours_left=left,
        pages=work.pages,
        slides=work.slides,
        work_hours=in_hours(work.minutes),
    )
