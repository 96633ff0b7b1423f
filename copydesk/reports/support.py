"""What an agent of the desk sees of it: where it stands now, how it went, how much each has."""

from __future__ import annotations

from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import NotFound
from copydesk.core.numbers import ComparedCount, Rate, compared_count, rate
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.tickets.models.ticket import ACTIVE
from copydesk.tickets.queries import figures
from copydesk.tickets.queries.agents import Exclusion, agent_loads
from copydesk.tickets.queries.figures import (
    Backlog,
    CategoryFigures,
    PriorityFigures,
    TicketFigures,
    TicketPoint,
    TicketStatusCount,
    TimedFigures,
)
from copydesk.tickets.queries.queue import standing
from copydesk.tickets.queries.rows import TicketRow, rows_of


@dataclass(frozen=True, slots=True)
class SupportDashboard:
    """`open` tickets are new, open or awaiting the client, and the sum of `by_status`; those `unassigned`, the caller's
    (`mine`), of `high_priority` (and critical), `overdue` and `at_risk` are as the tabs of queue/ have them. `opened`,
    `resolved` and `figures` are the period's; `before` of the time that is compared with, null where nothing is.
    `newest` tickets of any status."""

    period: ReportPeriod
    open: int
    by_status: list[TicketStatusCount]
    unassigned: int
    mine: int
    high_priority: int
    overdue: int
    at_risk: int
    opened: ComparedCount
    resolved: ComparedCount
    figures: TicketFigures
    before: TicketFigures | None
    newest: list[TicketRow]


@dataclass(frozen=True, slots=True)
class AgentWorkload:
    """Of one member of the desk. `load`: active tickets ÷ capacity; `slots_left` is 0 where there is more than fits.
    `exclusion`: why it gets no more tickets now, null where it can have another. `backlog`, `overdue` and `at_risk` are
    of the active tickets that it has; `figures` of the tickets that it has, or had last."""

    period: ReportPeriod
    agent_id: int
    label: str
    name: str
    active: int
    capacity: int
    load: Rate
    slots_left: int
    available: bool
    on_duty: bool
    exclusion: Exclusion | None
    overdue: int
    at_risk: int
    backlog: Backlog
    opened: ComparedCount
    resolved: ComparedCount
    figures: TimedFigures
    before: TimedFigures | None


@dataclass(frozen=True, slots=True)
class SupportAnalytics:
    """`points` sum to the `figures`, and so does each breakdown; `by_status` is of the tickets opened in the period, as
    they are now. `backlog` is as of now."""

    period: ReportPeriod
    granularity: Granularity
    opened: ComparedCount
    resolved: ComparedCount
    figures: TimedFigures
    before: TimedFigures | None
    points: list[TicketPoint]
    by_category: list[CategoryFigures]
    by_priority: list[PriorityFigures]
    by_status: list[TicketStatusCount]
    backlog: Backlog


def support_dashboard(actor: Actor, period: Period) -> SupportDashboard:
    """Three queries."""
    now = standing(actor)
    active = [one for one in now.by_status if one.status in ACTIVE]
    found, before = figures.ticket_figures(actor.website, period)
    return SupportDashboard(
        period=period.row(),
        open=sum(one.tickets for one in active),
        by_status=active,
        unassigned=now.unassigned,
        mine=now.mine,
        high_priority=now.high_priority,
        overdue=now.overdue,
        at_risk=now.at_risk,
        opened=compared_count(found.opened, before.opened if before else None),
        resolved=compared_count(found.resolved, before.resolved if before else None),
        figures=found,
        before=before,
        newest=rows_of(actor, now.newest),
    )


def agent_workload(actor: Actor, period: Period, agent_id: int) -> AgentWorkload:
    """Of an active member of the desk; raises NotFound. Three queries."""
    load = next((one for one in agent_loads(actor.website, clock.now()) if one.member_id == agent_id), None)
    if load is None:
        raise NotFound
    held = figures.backlog(actor.website, agent_id)
    found, before = figures.timed_figures(actor.website, period, agent_id)
    return AgentWorkload(
        period=period.row(),
        agent_id=agent_id,
        label=load.label,
        name=load.name,
        active=load.active,
        capacity=load.capacity,
        load=rate(load.active, load.capacity),
        slots_left=max(load.capacity - load.active, 0),
        available=load.available,
        on_duty=load.on_duty,
        exclusion=load.exclusion,
        overdue=held.overdue,
        at_risk=held.at_risk,
        backlog=held,
        opened=compared_count(found.opened, before.opened if before else None),
        resolved=compared_count(found.resolved, before.resolved if before else None),
        figures=found,
        before=before,
    )


def support_analytics(actor: Actor, period: Period) -> SupportAnalytics:
    """Two queries."""
    report = figures.ticket_report(actor.website, period)
    found, before = report.figures, report.before
    return SupportAnalytics(
        period=period.row(),
        granularity=period.granularity,
        opened=compared_count(found.opened, before.opened if before else None),
        resolved=compared_count(found.resolved, before.resolved if before else None),
        figures=found,
        before=before,
        points=report.points,
        by_category=report.by_category,
        by_priority=report.by_priority,
        by_status=report.by_status,
        backlog=figures.backlog(actor.website),
    )
