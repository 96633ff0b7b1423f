"""The figures of tickets, each defined here once for every desk that shows one.

Of a period they stand on two sets of tickets: those *opened* in it (counts, resolution rate, service clocks, first
response), and those *resolved* in it, which are resolved now or were closed after (resolution time, satisfaction). An
agent's are those of the tickets that it has, or had last. All is as of now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from copydesk.core import clock
from copydesk.core.numbers import Rate, Spread, rate, spread
from copydesk.core.period import Bucket, Compare, Period
from copydesk.tenancy.buckets import of_period
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from ..models import Category, Priority, Status
from ..models.ticket import AT_RISK, IS_ACTIVE, OVERDUE, REQUESTERS
from .measures import ANSWERED, ATTAINED, COURSE, DESK_REPORT, LATE, OPENED, REPORT, RESOLVED, TIMED_TOTALS, TOTALS

WAITING = f"""
SELECT status, category, priority, count(*), count(*) FILTER (WHERE {OVERDUE}), count(*) FILTER (WHERE {AT_RISK})
FROM tickets_ticket
WHERE website_id = %(website)s AND {IS_ACTIVE} AND (%(agent)s::bigint IS NULL OR assignee_id = %(agent)s::bigint)
GROUP BY 1, 2, 3
"""  # noqa: S608 — put together from constants
IN_ORDER = (Status.NEW, Status.OPEN, Status.AWAITING_CLIENT)


@dataclass(frozen=True, slots=True)
class Attainment:
    """met ÷ (met + breached) of the clocks of the tickets opened in the period: open and past due is breached; what is
    open and not due, or paused, is left out. A clock that is breached stays so, whatever came after."""

    overall: Rate
    first_response: Rate
    next_response: Rate
    resolution: Rate


class Agent(NamedTuple):
    """Membership id, and what a Member is made from."""

    pk: int
    role: str
    number: int
    full_name: str


@dataclass(frozen=True, slots=True)
class Attainments:
    """Of the tickets opened in a period: of all; from critical to low, also of those without any; by who has them, or
    had them last. Both lists sum to `overall`."""

    overall: Attainment
    by_priority: list[tuple[str, Attainment]]
    by_agent: list[tuple[Agent | None, Attainment]]


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """The mean of `n` ratings, 1 to 5, by the requesters of the tickets resolved in the period; null without any.
    `response_rate`: rated ÷ resolved."""

    mean: float | None
    n: int
    response_rate: Rate


@dataclass(frozen=True, slots=True)
class TicketFigures:
    """`opened` and `resolved` in the period. `resolution_rate`: of those opened, how many are resolved now; duplicates
    that were merged into others are left out. Without any: 0 for counts, null for rates."""

    opened: int
    resolved: int
    resolution_rate: Rate
    attainment: Attainment
    satisfaction: Satisfaction


@dataclass(frozen=True, slots=True)
class TicketKindFigures(TicketFigures):
    """`mean_resolution_hours`: of those resolved, as TimedFigures counts them."""

    mean_resolution_hours: float | None


@dataclass(frozen=True, slots=True)
class TimedFigures(TicketFigures):
    """`first_response_hours`: from opening to the first public answer of a person, of those opened; `resolution_hours`:
    from opening to the resolution, of those resolved; both are hours as they pass, also while the desk is closed or
    awaits the client."""

    first_response_hours: Spread
    resolution_hours: Spread


@dataclass(frozen=True, slots=True)
class TicketPoint:
    """`on`: the first day of the bucket in the period."""

    on: dt.date
    figures: TicketFigures
    resolution_hours: Spread


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    category: Category
    figures: TicketKindFigures


@dataclass(frozen=True, slots=True)
class PriorityFigures:
    priority: str
    figures: TicketKindFigures


@dataclass(frozen=True, slots=True)
class RoleFigures:
    """`role` of the requester: client or writer."""

    role: str
    figures: TicketKindFigures


@dataclass(frozen=True, slots=True)
class CategoryCount:
    category: Category
    tickets: int


@dataclass(frozen=True, slots=True)
class PriorityCount:
    priority: str
    tickets: int


@dataclass(frozen=True, slots=True)
class TicketStatusCount:
    status: Status
    tickets: int


@dataclass(frozen=True, slots=True)
class TicketReport:
    """`before`: of the time that is compared with, null where nothing is. Counts, numerators and denominators of the
    `points` sum to those of the `figures`, and so do those of each breakdown: every category, the priorities from
    critical to low, also those without any. `by_status` is of the tickets opened in the period, as they are now."""

    figures: TimedFigures
    before: TimedFigures | None
    points: list[TicketPoint]
    by_category: list[CategoryFigures]
    by_priority: list[PriorityFigures]
    by_status: list[TicketStatusCount]


@dataclass(frozen=True, slots=True)
class DeskReport(TicketReport):
    """Also of clients and of writers, and of those who have tickets, or had them last, None for nobody: who has none is
    not there. `escalation_rate`: of the tickets opened in the period, those escalated since, by rule or by hand.
    `reopen_rate`: of those of them that were resolved or closed at least once, those reopened since."""

    by_role: list[RoleFigures]
    by_agent: list[tuple[Agent | None, TicketKindFigures]]
    escalation_rate: Rate
    reopen_rate: Rate


@dataclass(frozen=True, slots=True)
class Backlog:
    """Tickets that are new, open or awaiting the client, now, and how many of them are `overdue` and `at_risk`; each
    list sums to `active`."""

    active: int
    overdue: int
    at_risk: int
    by_status: list[TicketStatusCount]
    by_category: list[CategoryCount]
    by_priority: list[PriorityCount]


class _Measures(NamedTuple):
    """Of tickets opened, `good` are resolved; of those resolved, rated. The clocks are of those opened. Of a COURSE:
    escalated, ended, reopened."""

    n: int
    good: int
    bad: int
    first_met: int
    first_breached: int
    next_met: int
    next_breached: int
    resolution_met: int
    resolution_breached: int
    p50: float | None
    p90: float | None
    mean: float | None
    timed: int
    rating: float | None


_Group = Mapping[str, _Measures]
"""What was OPENED, is LATE, was ANSWERED, RESOLVED."""
_Key = tuple[bool, str, str | None]
"""Whether of the baseline, and of what of which kind."""
_Groups = Mapping[_Key, _Group]
PERIOD, BEFORE = (False, "", None), (True, "", None)
NOTHING = _Measures(0, 0, 0, 0, 0, 0, 0, 0, 0, None, None, None, 0, None)


def ticket_figures(website: Website, period: Period) -> tuple[TicketFigures, TicketFigures | None]:
    """Of the period, and of what it is compared with. One query."""
    groups = _groups(_rows(TOTALS, website, period))
    return _figures(groups.get(PERIOD, {})), _figures(groups.get(BEFORE, {})) if period.baseline else None


def timed_figures(
    website: Website, period: Period, agent_id: int | None = None
) -> tuple[TimedFigures, TimedFigures | None]:
    """As ticket_figures; of all, or of one agent's tickets."""
    groups = _groups(_rows(TIMED_TOTALS, website, period, agent_id))
    return _timed(groups.get(PERIOD, {})), _timed(groups.get(BEFORE, {})) if period.baseline else None


def ticket_report(website: Website, period: Period) -> TicketReport:
    """One query."""
    return TicketReport(**_report(_groups(_rows(REPORT, website, period, buckets=period.buckets())), period))


def desk_report(website: Website, period: Period) -> DeskReport:
    """One query."""
    rows = _rows(DESK_REPORT, website, period, buckets=period.buckets())
    groups = _groups(row[:-1] for row in rows)
    opened, course = (groups.get(PERIOD, {}).get(what, NOTHING) for what in (OPENED, COURSE))
    return DeskReport(
        **_report(groups, period),
        by_role=[RoleFigures(role.value, _of_kind(groups, "requester_role", role.value)) for role in REQUESTERS],
        by_agent=[(agent, _of_kind(groups, "assignee_id", key)) for agent, key in _agents(rows)],
        escalation_rate=rate(course.n, opened.n),
        reopen_rate=rate(course.bad, course.good),
    )


def attainments(website: Website, period: Period) -> Attainments:
    """Of the period alone. One query."""
    rows = _rows(ATTAINED, website, replace(period, compare=Compare.NONE))
    groups = _groups(row[:-1] for row in rows)
    return Attainments(
        overall=_attainment(_of(groups, "", None)),
        by_priority=[(one.word, _attainment(_of(groups, "priority", one.value))) for one in reversed(Priority)],
        by_agent=[(agent, _attainment(_of(groups, "assignee_id", key))) for agent, key in _agents(rows)],
    )


def backlog(website: Website, agent_id: int | None = None) -> Backlog:
    """Of all, or of one agent's. One query."""
    found = select(WAITING, website=website.pk, agent=agent_id, at=clock.now())

    def of(place: int, value: str | int) -> int:
        return sum(row[3] for row in found if row[place] == value)

    return Backlog(
        active=sum(row[3] for row in found),
        overdue=sum(row[4] for row in found),
        at_risk=sum(row[5] for row in found),
        by_status=[TicketStatusCount(one, of(0, one)) for one in IN_ORDER],
        by_category=[CategoryCount(one, of(1, one)) for one in Category],
        by_priority=[PriorityCount(one.word, of(2, one)) for one in reversed(Priority)],
    )


def _rows(
    statement: str, website: Website, period: Period, agent_id: int | None = None, buckets: Sequence[Bucket] = ()
) -> list[Sequence[Any]]:
    edges = list(buckets) or [Bucket(period.since.date(), period.since, period.until)]
    return select(statement, **of_period(website, period, edges), agent=agent_id, at=clock.now())


def _report(groups: _Groups, period: Period) -> dict[str, Any]:
    buckets = enumerate(period.buckets(), start=1)
    opened = {one: _of(groups, "status", one.value).get(OPENED, NOTHING).n for one in Status}
    return {
        "figures": _timed(groups.get(PERIOD, {})),
        "before": _timed(groups.get(BEFORE, {})) if period.baseline else None,
        "points": [_point(bucket, _of(groups, "bucket", number)) for number, bucket in buckets],
        "by_category": [CategoryFigures(one, _of_kind(groups, "category", one.value)) for one in Category],
        "by_priority": [
            PriorityFigures(one.word, _of_kind(groups, "priority", one.value)) for one in reversed(Priority)
        ],
        "by_status": list(map(TicketStatusCount, opened, opened.values())),
    }


def _groups(rows: Iterable[Sequence[Any]]) -> _Groups:
    found: dict[_Key, dict[str, _Measures]] = {}
    for what, is_baseline, kind, key, *measured in rows:
        found.setdefault((is_baseline, kind, key), {})[what] = _Measures(*measured)
    return found


def _figures(group: _Group) -> TicketFigures:
    return TicketFigures(*_counted(group))


def _agents(rows: Iterable[Sequence[Any]]) -> list[tuple[Agent | None, str | None]]:
    """In the order of their ids, nobody last, each with its key."""
    known = {key: name and Agent(int(key), *name) for _, _, kind, key, *_, name in rows if kind == "assignee_id"}
    return [(known[key], key) for key in sorted(known, key=lambda key: (key is None, int(key or 0)))]


def _of(groups: _Groups, kind: str, key: object) -> _Group:
    return groups.get((False, kind, None if key is None else str(key)), {})


def _of_kind(groups: _Groups, kind: str, key: object) -> TicketKindFigures:
    group = _of(groups, kind, key)
    mean = group.get(RESOLVED, NOTHING).mean
    return TicketKindFigures(*_counted(group), None if mean is None else round(mean, 2))


def _timed(group: _Group) -> TimedFigures:
    return TimedFigures(*_counted(group), _hours(group, ANSWERED), _hours(group, RESOLVED))


def _point(bucket: Bucket, group: _Group) -> TicketPoint:
    return TicketPoint(bucket.on, _figures(group), _hours(group, RESOLVED))


def _hours(group: _Group, what: str) -> Spread:
    one = group.get(what, NOTHING)
    return spread(one.p50, one.p90, one.mean, one.timed)


def _counted(group: _Group) -> tuple[int, int, Rate, Attainment, Satisfaction]:
    opened, resolved = group.get(OPENED, NOTHING), group.get(RESOLVED, NOTHING)
    mean = None if resolved.rating is None else round(resolved.rating, 2)
    return (
        opened.n,
        resolved.n,
        _share(opened.good, opened.bad),
        _attainment(group),
        Satisfaction(mean, resolved.good, _share(resolved.good, resolved.bad)),
    )


def _attainment(group: _Group) -> Attainment:
    """Of met and breached first responses, next responses, resolutions; also of those that are late and not marked."""
    kept, late = group.get(OPENED, NOTHING), group.get(LATE, NOTHING)
    met, breached = kept[3:9:2], [one + more for one, more in zip(kept[4:9:2], late[4:9:2], strict=True)]
    return Attainment(_share(sum(met), sum(breached)), *map(_share, met, breached))


def _share(good: int, bad: int) -> Rate:
    return rate(good, good + bad)
