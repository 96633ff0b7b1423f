"""The figures of tickets, each defined here once for every desk that shows one.

Of a period they stand on two sets of tickets: those *opened* in it (counts, resolution rate, service clocks, first
response), and those *resolved* in it, which are resolved now or were closed after (resolution time, satisfaction). An
agent's are those of the tickets that it has, or had last. All is as of now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count

from copydesk.core import clock
from copydesk.core.numbers import Rate, Spread, rate, spread
from copydesk.core.period import Bucket, Compare, Period
from copydesk.tenancy.buckets import BASELINE, IN_BUCKETS, of_period
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from ..clocks import Kind
from ..models import Category, Priority, Status, Ticket
from ..models.ticket import REQUESTERS

IN_ORDER = (Status.NEW, Status.OPEN, Status.AWAITING_CLIENT)
OPENED, RESOLVED = "opened", "resolved"
MET = "c.met_at IS NOT NULL AND c.breached_at IS NULL"
BREACHED = "c.breached_at IS NOT NULL OR (c.met_at IS NULL AND c.due_at < %(at)s)"
IN_EITHER = """
    (({column} >= %(since)s AND {column} < %(until)s)
     OR ({column} >= %(base_since)s::timestamptz AND {column} < %(base_until)s::timestamptz))
    AND (%(agent)s::bigint IS NULL OR t.assignee_id = %(agent)s::bigint)
"""
HAPPENED = f"""
WITH opened AS MATERIALIZED (
    SELECT t.id, t.opened_at AS at, t.category, t.priority, t.status, t.requester_role, t.assignee_id,
           t.merged_into_id IS NULL AS counts, t.resolved_at IS NOT NULL AS resolved
    FROM tickets_ticket t WHERE t.website_id = %(website)s AND {IN_EITHER.format(column="t.opened_at")}
), happened AS (
    SELECT '{OPENED}' AS what, at, category, priority, status, requester_role, assignee_id,
           counts AND resolved AS good, counts AND NOT resolved AS bad, NULL::float8 AS hours, NULL::smallint AS rating
    FROM opened
    UNION ALL
    SELECT c.kind, o.at, o.category, o.priority, o.status, o.requester_role, o.assignee_id,
           {MET}, {BREACHED},
           CASE c.kind WHEN '{Kind.FIRST_RESPONSE}' THEN extract(epoch FROM c.met_at - c.started_at)::float8 / 3600 END,
           NULL
    FROM opened o JOIN tickets_clock c ON c.website_id = %(website)s AND c.ticket_id = o.id
    UNION ALL
    SELECT '{RESOLVED}', t.resolved_at, t.category, t.priority, t.status, t.requester_role, t.assignee_id,
           t.rating IS NOT NULL, t.rating IS NULL,
           extract(epoch FROM t.resolved_at - t.opened_at)::float8 / 3600, t.rating
    FROM tickets_ticket t WHERE t.website_id = %(website)s AND {IN_EITHER.format(column="t.resolved_at")}
)
"""  # noqa: S608 — put together from constants
MEASURES = """
       count(*), count(*) FILTER (WHERE good), count(*) FILTER (WHERE bad),
       percentile_cont(0.5) WITHIN GROUP (ORDER BY hours), percentile_cont(0.9) WITHIN GROUP (ORDER BY hours),
       avg(hours), count(hours), avg(rating)::float8, count(rating)
"""
TREND = f"""{HAPPENED}
SELECT bucket, bucket = {BASELINE}, what, {MEASURES}
FROM happened CROSS JOIN LATERAL {IN_BUCKETS} b
GROUP BY GROUPING SETS ((what, bucket), (what, bucket = {BASELINE}))
"""  # noqa: S608 — put together from constants
BREAKDOWN = f"""{HAPPENED}
SELECT GROUPING(category, priority, status, requester_role), category, priority, status, requester_role, assignee_id,
       what, {MEASURES}
FROM happened
GROUP BY GROUPING SETS (
    (what, category), (what, priority), (what, status), (what, requester_role), (what, assignee_id)
)
"""  # noqa: S608 — put together from constants
ATTAINED = f"""
SELECT GROUPING(t.priority) = 0, t.priority, t.assignee_id, c.kind,
       count(*) FILTER (WHERE {MET}), count(*) FILTER (WHERE {BREACHED})
FROM tickets_ticket t JOIN tickets_clock c ON c.website_id = %(website)s AND c.ticket_id = t.id
WHERE t.website_id = %(website)s AND t.opened_at >= %(since)s AND t.opened_at < %(until)s
GROUP BY GROUPING SETS ((c.kind, t.priority), (c.kind, t.assignee_id))
"""  # noqa: S608 — put together from constants
_Clocks = Mapping[str, tuple[int, int]]
"""Met and breached, by kind."""
NEVER = (0, 0)
BY_CATEGORY, BY_PRIORITY, BY_STATUS, BY_ROLE = 0b0111, 0b1011, 0b1101, 0b1110


@dataclass(frozen=True, slots=True)
class Attainment:
    """met ÷ (met + breached) of the clocks of the tickets opened in the period: open and past due is breached; what is
    open and not due, or paused, is left out. A clock that is breached stays so, whatever came after."""

    overall: Rate
    first_response: Rate
    next_response: Rate
    resolution: Rate


@dataclass(frozen=True, slots=True)
class Attainments:
    """Of the tickets opened in a period: of all; from critical to low, also of those without any; by who has them, or
    had them last, None for nobody. Both lists sum to `overall`."""

    overall: Attainment
    by_priority: list[tuple[str, Attainment]]
    by_agent: Mapping[int | None, Attainment]


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
    that were merged into others are left out. `first_response_hours`: from opening to the first public answer of a
    person, of those opened; `resolution_hours`: from opening to the resolution, of those resolved; both are hours as
    they pass, also while the desk is closed or awaits the client. Without any: 0 for counts, null for rates."""

    opened: int
    resolved: int
    resolution_rate: Rate
    attainment: Attainment
    first_response_hours: Spread
    resolution_hours: Spread
    satisfaction: Satisfaction


@dataclass(frozen=True, slots=True)
class TicketPoint:
    """`on`: the first day of the bucket in the period."""

    on: dt.date
    figures: TicketFigures


@dataclass(frozen=True, slots=True)
class TicketTrend:
    """`before`: of the time that is compared with, null where nothing is. Counts, numerators and denominators of the
    `points` sum to those of the `figures`."""

    figures: TicketFigures
    before: TicketFigures | None
    points: list[TicketPoint]


@dataclass(frozen=True, slots=True)
class CategoryFigures:
    category: Category
    figures: TicketFigures


@dataclass(frozen=True, slots=True)
class PriorityFigures:
    priority: str
    figures: TicketFigures


@dataclass(frozen=True, slots=True)
class RoleFigures:
    """`role` of the requester: client or writer."""

    role: str
    figures: TicketFigures


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
class Breakdown:
    """Every category, the priorities from critical to low, clients and writers, every status: also those without any.
    Each list sums to the period's figures; `by_status` is of the tickets opened in it, as they are now. `by_agent`: by
    membership id, None for tickets that nobody has; who has none is not there."""

    by_category: list[CategoryFigures]
    by_priority: list[PriorityFigures]
    by_role: list[RoleFigures]
    by_status: list[TicketStatusCount]
    by_agent: Mapping[int | None, TicketFigures]


@dataclass(frozen=True, slots=True)
class Backlog:
    """Tickets that are new, open or awaiting the client, now; each list sums to `active`."""

    active: int
    by_status: list[TicketStatusCount]
    by_category: list[CategoryCount]
    by_priority: list[PriorityCount]


@dataclass(frozen=True, slots=True)
class _Measures:
    n: int
    good: int
    bad: int
    p50: float | None
    p90: float | None
    mean: float | None
    timed: int
    rating: float | None
    rated: int


def ticket_trend(website: Website, period: Period, agent_id: int | None = None) -> TicketTrend:
    """Of all, or of one agent's tickets. One query."""
    return _trend(website, period, period.buckets(), agent_id)


def ticket_figures(
    website: Website, period: Period, agent_id: int | None = None
) -> tuple[TicketFigures, TicketFigures | None]:
    """As ticket_trend, of periods that no series cuts: the figures, and those of what is compared with."""
    found = _trend(website, period, [], agent_id)
    return found.figures, found.before


def ticket_breakdown(website: Website, period: Period, agent_id: int | None = None) -> Breakdown:
    """As ticket_trend, by kind and by agent, of the period alone. One query."""
    categories: dict[str, dict[str, _Measures]] = {}
    priorities: dict[int, dict[str, _Measures]] = {}
    roles: dict[str, dict[str, _Measures]] = {}
    statuses: dict[str, int] = {}
    agents: dict[int | None, dict[str, _Measures]] = {}
    only = replace(period, compare=Compare.NONE)
    for grouping, category, priority, status, role, assignee, what, *measured in _rows(
        BREAKDOWN, website, only, [], agent_id
    ):
        measures = _Measures(*measured)
        if grouping == BY_CATEGORY:
            categories.setdefault(category, {})[what] = measures
        elif grouping == BY_PRIORITY:
            priorities.setdefault(priority, {})[what] = measures
        elif grouping == BY_ROLE:
            roles.setdefault(role, {})[what] = measures
        elif grouping == BY_STATUS:
            statuses |= {status: measures.n} if what == OPENED else {}
        else:
            agents.setdefault(assignee, {})[what] = measures
    return Breakdown(
        by_category=[CategoryFigures(one, _figures(categories.get(one, {}))) for one in Category],
        by_priority=[PriorityFigures(one.word, _figures(priorities.get(one, {}))) for one in reversed(Priority)],
        by_role=[RoleFigures(role.value, _figures(roles.get(role, {}))) for role in REQUESTERS],
        by_status=[TicketStatusCount(one, statuses.get(one, 0)) for one in Status],
        by_agent={agent: _figures(group) for agent, group in agents.items()},
    )


def attainments(website: Website, period: Period) -> Attainments:
    """One query."""
    values = {"website": website.pk, "since": period.since, "until": period.until, "at": clock.now()}
    priorities: dict[int, dict[str, tuple[int, int]]] = {}
    agents: dict[int | None, dict[str, tuple[int, int]]] = {}
    for is_priority, priority, agent, kind, met, breached in select(ATTAINED, **values):
        group = priorities.setdefault(priority, {}) if is_priority else agents.setdefault(agent, {})
        group[kind] = met, breached
    groups = [*priorities.values()]
    every = {
        kind.value: (sum(one.get(kind, NEVER)[0] for one in groups), sum(one.get(kind, NEVER)[1] for one in groups))
        for kind in Kind
    }
    return Attainments(
        overall=_attainment(every),
        by_priority=[(one.word, _attainment(priorities.get(one, {}))) for one in reversed(Priority)],
        by_agent={agent: _attainment(group) for agent, group in agents.items()},
    )


def backlog(website: Website, agent_id: int | None = None) -> Backlog:
    """Of all, or of one agent's. One query."""
    rows = Ticket.objects.of(website)
    rows = rows.active() if agent_id is None else rows.assigned_to(agent_id)
    found = list(rows.order_by().values_list("status", "category", "priority").annotate(n=Count("*")))

    def of(place: int, value: str | int) -> int:
        return sum(row[-1] for row in found if row[place] == value)

    return Backlog(
        active=sum(row[-1] for row in found),
        by_status=[TicketStatusCount(one, of(0, one)) for one in IN_ORDER],
        by_category=[CategoryCount(one, of(1, one)) for one in Category],
        by_priority=[PriorityCount(one.word, of(2, one)) for one in reversed(Priority)],
    )


def _trend(website: Website, period: Period, buckets: list[Bucket], agent_id: int | None) -> TicketTrend:
    totals: dict[bool, dict[str, _Measures]] = {}
    found: dict[int, dict[str, _Measures]] = {}
    for bucket, is_baseline, what, *measured in _rows(TREND, website, period, buckets, agent_id):
        group = totals.setdefault(is_baseline, {}) if bucket is None else found.setdefault(bucket, {})
        group[what] = _Measures(*measured)
    return TicketTrend(
        figures=_figures(totals.get(False, {})),
        before=_figures(totals.get(True, {})) if period.baseline else None,
        points=[TicketPoint(each.on, _figures(found.get(n, {}))) for n, each in enumerate(buckets, start=1)],
    )


def _rows(
    statement: str, website: Website, period: Period, buckets: list[Bucket], agent_id: int | None
) -> list[Sequence[Any]]:
    edges = buckets or [Bucket(period.since.date(), period.since, period.until)]
    params = {**of_period(website, period, edges), "agent": agent_id, "at": clock.now()}
    return select(statement, **params)


def _figures(found: Mapping[str, _Measures]) -> TicketFigures:
    opened, resolved, first = (found.get(what, NOTHING) for what in (OPENED, RESOLVED, Kind.FIRST_RESPONSE))
    return TicketFigures(
        opened=opened.n,
        resolved=resolved.n,
        resolution_rate=_share(opened.good, opened.bad),
        attainment=_attainment({what: (one.good, one.bad) for what, one in found.items()}),
        first_response_hours=spread(first.p50, first.p90, first.mean, first.timed),
        resolution_hours=spread(resolved.p50, resolved.p90, resolved.mean, resolved.timed),
        satisfaction=Satisfaction(
            mean=None if resolved.rating is None else round(resolved.rating, 2),
            n=resolved.rated,
            response_rate=_share(resolved.good, resolved.bad),
        ),
    )


def _attainment(clocks: _Clocks) -> Attainment:
    first, following, resolution = (clocks.get(kind, NEVER) for kind in Kind)
    return Attainment(
        overall=_share(first[0] + following[0] + resolution[0], first[1] + following[1] + resolution[1]),
        first_response=_share(*first),
        next_response=_share(*following),
        resolution=_share(*resolution),
    )


def _share(good: int, bad: int) -> Rate:
    return rate(good, good + bad)


NOTHING = _Measures(0, 0, 0, None, None, None, 0, None, 0)
