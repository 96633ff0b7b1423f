"""How much a writer has to do, how much it can do, and what one order more would mean."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid, NotFound
from copydesk.core.period import day_start
from copydesk.writers.policies import Level, WriterPolicy

from ..models import ASSIGNED, Order, RoundKind, Status
from ..policies import OrderPolicy
from .deadlines import writer_due
from .schedule import Clash, Hours, Work, WorkOrder, clashes, hours_of, in_hours, works

SERIES_DAYS = 28
THROUGHPUT_DAYS = 28
WEEK_DAYS = 7
SPARE_PERCENT = 85
DAY = dt.timedelta(days=1)

WRITER = """
SELECT w.level, w.leave_from, w.leave_until, w.approved_at, ARRAY(
    SELECT r.submitted_at FROM orders_assignment a
    JOIN orders_round r ON r.website_id = a.website_id AND r.assignment_id = a.id
    WHERE a.website_id = %(website)s AND a.writer_id = %(writer)s
      AND (a.ended_at IS NULL OR a.ended_at >= %(since)s)
      AND r.kind = 'first' AND r.submitted_at >= %(since)s AND r.submitted_at < %(until)s
)
FROM (SELECT 1) one LEFT JOIN writers_writer w ON w.website_id = %(website)s AND w.id = %(writer)s
"""


@dataclass(frozen=True, slots=True)
class Load:
    """`orders` and, of those whose present round is not submitted, pages, slides and the hours that the website's
    policy reckons for them."""

    orders: int
    pages: int
    slides: int
    hours: float


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day of the website's zone."""

    date: dt.date
    orders: int
    pages: int
    slides: int
    hours: float


@dataclass(frozen=True, slots=True)
class Capacity:
    """`orders`: the level's limit. `hours`: what a writer does in `days` days, by the website's policy."""

    orders: int
    hours: float
    days: int


@dataclass(frozen=True, slots=True)
class Standing:
    """`load` = hours of the current work ÷ hours of capacity, null where the capacity has none. What is `left` of the
    capacity: order slots, hours, and as many whole pages as take those hours (null where a page takes no time); never
    below zero."""

    current: Load
    load: float | None
    slots_left: int
    hours_left: float
    pages_left: int | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """The order taken now, due at `writer_deadline`: how things stand before and after, and where they clash then.
    `exceeds_limit`: the level has no slot for it."""

    order: WorkOrder
    writer_deadline: dt.datetime
    pages: int
    slides: int
    hours: float
    exceeds_limit: bool
    before: Standing
    after: Standing
    clashes: list[Clash]


@dataclass(frozen=True, slots=True)
class Workload:
    """`current` counts the orders that fill capacity: in progress, in editing, in revision, on hold. It is the sum of
    `overdue`, `due_by_day` (28 days with today, without gaps), `later`, `paused` (on hold) and `submitted` (in editing,
    which takes no hours).

    `throughput_per_day`: of each of the last 28 whole days, the orders first handed in within the seven days that it
    ends, ÷ 7; the median of those. Days of which a part lies before the writer's approval are left out. Null where
    there is no such day, or nothing was handed in. `recommended_limit`: orders at a time, floor(throughput × the
    website's target of days for an order × .85).
    """

    timezone: str
    level: str
    capacity: Capacity
    current: Load
    load: float | None
    slots_left: int
    hours_left: float
    pages_left: int | None
    throughput_per_day: float | None
    recommended_limit: int | None
    overdue: Load
    due_by_day: list[DueDay]
    later: Load
    paused: Load
    submitted: Load
    clashes: list[Clash]
    simulation: Simulation | None


def workload(actor: Actor, order_id: int | None = None) -> Workload:
    """Of the writer; `order_id`: what it would mean to have that order too. Three queries, two more to simulate.

    Raises NotFound for an order out of the writer's sight, Invalid for one that waits for no writer.
    """
    now, timezone = clock.now(), actor.website.timezone
    policy = WriterPolicy.of(actor.website)
    today = now.astimezone(ZoneInfo(timezone)).date()
    level_code, leave_from, leave_until, approved_at, submissions = _writer(actor, today)
    level = policy.level(level_code or "")
    found = works(actor, policy, ASSIGNED)
    standing = _standing(found, policy, level.max_active_orders)
    hours = hours_of(policy, timezone, (leave_from, leave_until))
    throughput = throughput_per_day(submissions, today, timezone, approved_at)
    days = [today + number * DAY for number in range(SERIES_DAYS)]
    parts = _parts(found, now, days, timezone)
    return Workload(
        timezone=timezone,
        level=level.code,
        capacity=Capacity(level.max_active_orders, in_hours(policy.capacity_minutes), policy.load_days),
        current=standing.current,
        load=standing.load,
        slots_left=standing.slots_left,
        hours_left=standing.hours_left,
        pages_left=standing.pages_left,
        throughput_per_day=None if throughput is None else round(float(throughput), 3),
        recommended_limit=recommended_limit(throughput, policy.target_cycle_days),
        overdue=_load(parts["overdue"]),
        due_by_day=[_due_day(day, parts[day]) for day in days],
        later=_load(parts["later"]),
        paused=_load(parts["paused"]),
        submitted=_load(parts["submitted"]),
        clashes=clashes(found, hours, now),
        simulation=None if order_id is None else _simulation(actor, order_id, found, policy, level, hours),
    )


def throughput_per_day(
    submissions: Sequence[dt.datetime], today: dt.date, timezone: str, approved_at: dt.datetime | None
) -> Fraction | None:
    """As `Workload` says; `submissions` of the 34 days before today.

    Not the median of the days' own counts: that is 0 for everybody who hands in less than every other day."""
    zone = ZoneInfo(timezone)
    on = Counter(at.astimezone(zone).date() for at in submissions)
    first = None if approved_at is None else approved_at.astimezone(zone).date()
    ends = [today - number * DAY for number in range(1, THROUGHPUT_DAYS + 1)]
    weeks = [(end - (WEEK_DAYS - 1) * DAY, end) for end in ends]
    counts = [
        sum(n for day, n in on.items() if since <= day <= until)
        for since, until in weeks
        if first is None or first < since
    ]
    return Fraction(median(counts)) / WEEK_DAYS if counts and on else None


def recommended_limit(throughput: Fraction | None, target_cycle_days: int) -> int | None:
    return None if throughput is None else int(throughput * target_cycle_days * SPARE_PERCENT / 100)


def _writer(actor: Actor, today: dt.date) -> Any:
    """(level, leave from, until, approved at, first submissions of the time that throughput looks at). One query."""
    values: dict[str, Any] = {
        "website": actor.website.pk,
        "writer": actor.membership_id,
        "since": day_start(today - (THROUGHPUT_DAYS + WEEK_DAYS - 1) * DAY, actor.website.timezone),
        "until": day_start(today, actor.website.timezone),
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITER, values)
        return cursor.fetchone()


def _parts(found: Sequence[Work], now: dt.datetime, days: Sequence[dt.date], timezone: str) -> dict[Any, list[Work]]:
    """Each order in exactly one part: a day, or a word."""
    parts: dict[Any, list[Work]] = {part: [] for part in (*days, "overdue", "later", "paused", "submitted")}
    for work in found:
        if not work.writing:
            part: Any = "paused" if work.status == Status.ON_HOLD else "submitted"
        elif work.due_at is not None and work.due_at <= now:
            part = "overdue"
        else:
            part = work.due_at and work.due_at.astimezone(ZoneInfo(timezone)).date()
        parts[part if part in parts else "later"].append(work)
    return parts


def _standing(found: Sequence[Work], policy: WriterPolicy, limit: int) -> Standing:
    minutes = sum(work.minutes for work in found)
    left = max(policy.capacity_minutes - minutes, 0)
    return Standing(
        current=_load(found),
        load=round(minutes / policy.capacity_minutes, 3) if policy.capacity_minutes else None,
        slots_left=max(limit - len(found), 0),
        hours_left=in_hours(left),
        pages_left=left // policy.page_minutes if policy.page_minutes else None,
    )


def _simulation(
    actor: Actor, order_id: int, found: Sequence[Work], policy: WriterPolicy, level: Level, hours: Hours
) -> Simulation:
    """Two queries."""
    order = Order.objects.visible_to(actor).filter(pk=order_id).first()
    if order is None:
        raise NotFound
    now = clock.now()
    if order.status not in (Status.AVAILABLE, Status.OFFERED) or order.client_deadline <= now:
        raise Invalid({"order_id": "It does not wait for a writer."})
    due_at = writer_due(OrderPolicy.of(actor.website), now, order.client_deadline)
    taken = Work(
        order=WorkOrder(order.pk, order.number, order.topic),
        status=Status.IN_PROGRESS,
        pages=order.pages,
        slides=order.slides,
        minutes=policy.work_minutes(pages=order.pages, slides=order.slides, rework=False),
        due_at=due_at,
        paused_at=None,
        round_id=0,
        version=0,
        kind=RoundKind.FIRST,
        asked_at=now,
    )
    limit = level.max_active_orders
    return Simulation(
        order=taken.order,
        writer_deadline=due_at,
        pages=order.pages,
        slides=order.slides,
        hours=in_hours(taken.minutes),
        exceeds_limit=len(found) >= limit,
        before=_standing(found, policy, limit),
        after=_standing([*found, taken], policy, limit),
        clashes=clashes([*found, taken], hours, now),
    )


def _load(found: Sequence[Work]) -> Load:
    return Load(len(found), *_sums(found))


def _due_day(date: dt.date, found: Sequence[Work]) -> DueDay:
    return DueDay(date, len(found), *_sums(found))


def _sums(found: Sequence[Work]) -> tuple[int, int, float]:
    """Pages, slides, hours of what is not submitted."""
    open_work = [work for work in found if work.round_id is not None]
    minutes = sum(work.minutes for work in open_work)
    return sum(work.pages for work in open_work), sum(work.slides for work in open_work), in_hours(minutes)
