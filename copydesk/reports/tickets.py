"""The desk as a whole, as an admin sees it: where it stands, how it keeps its promises, how it went."""

from __future__ import annotations

from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.core.numbers import ComparedCount, Rate, compared_count
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.tickets.queries import figures
from copydesk.tickets.queries.backlog import BacklogPoint, backlog_trend
from copydesk.tickets.queries.figures import (
    Agent,
    Attainment,
    CategoryFigures,
    PriorityFigures,
    RoleFigures,
    TicketFigures,
    TicketKindFigures,
    TicketPoint,
    TicketStatusCount,
    TimedFigures,
)
from copydesk.tickets.queries.queue import standing
from copydesk.tickets.queries.rows import Member, TicketRow, member_from, rows_of
from copydesk.tickets.queries.sla import PolicyInForce, policy_in_force


@dataclass(frozen=True, slots=True)
class Attention:
    """Now. `unassigned` are those of assignment-queue/, `overdue` and `at_risk` tabs of sla-monitoring/; all four, with
    `high_priority` (and critical), are tabs of the support desk's queue/. `escalations` of tickets that are not
    resolved, `measures` against accounts that nobody has decided, `payment_issues` that are not resolved."""

    unassigned: int
    high_priority: int
    overdue: int
    at_risk: int
    escalations: int
    measures: int
    payment_issues: int


@dataclass(frozen=True, slots=True)
class TicketDashboard:
    """`tickets` are all that there ever were, and the sum of `by_status`. `opened`, `resolved` and `figures` are the
    period's; `before` of the time that is compared with, null where nothing is. `due_first`: active ones whose clocks
    run; `newest`: of any status."""

    period: ReportPeriod
    tickets: int
    by_status: list[TicketStatusCount]
    attention: Attention
    opened: ComparedCount
    resolved: ComparedCount
    figures: TicketFigures
    before: TicketFigures | None
    due_first: list[TicketRow]
    newest: list[TicketRow]


@dataclass(frozen=True, slots=True)
class PriorityAttainment:
    priority: str
    attainment: Attainment


@dataclass(frozen=True, slots=True)
class AgentAttainment:
    """Of the tickets that an agent has, or had last; of those that nobody has where `agent` is null."""

    agent: Member | None
    attainment: Attainment


@dataclass(frozen=True, slots=True)
class SlaFigures:
    """Of the tickets opened in the period. `by_priority` and `by_agent` each sum to `attainment`."""

    period: ReportPeriod
    attainment: Attainment
    by_priority: list[PriorityAttainment]
    by_agent: list[AgentAttainment]
    policy: PolicyInForce


@dataclass(frozen=True, slots=True)
class AgentFigures:
    """As AgentAttainment."""

    agent: Member | None
    figures: TicketKindFigures


@dataclass(frozen=True, slots=True)
class TicketAnalytics:
    """`points` sum to the `figures`, and so does each breakdown; `by_status` is of the tickets opened in the period, as
    they are now. `backlog` stands by the same buckets; both rates are those of DeskReport: of the tickets opened, those
    escalated since, and of those that ended at least once, those reopened since."""

    period: ReportPeriod
    granularity: Granularity
    opened: ComparedCount
    resolved: ComparedCount
    figures: TimedFigures
    before: TimedFigures | None
    points: list[TicketPoint]
    backlog: list[BacklogPoint]
    by_category: list[CategoryFigures]
    by_priority: list[PriorityFigures]
    by_role: list[RoleFigures]
    by_status: list[TicketStatusCount]
    by_agent: list[AgentFigures]
    escalation_rate: Rate
    reopen_rate: Rate


def ticket_dashboard(actor: Actor, period: Period) -> TicketDashboard:
    """Three queries; what stands now is of one of them."""
    now = standing(actor)
    found, before = figures.ticket_figures(actor.website, period)
    rows = rows_of(actor, [*now.newest, *now.due_first])
    return TicketDashboard(
        period=period.row(),
        tickets=now.ever,
        by_status=now.by_status,
        attention=Attention(**{name: getattr(now, name) for name in Attention.__slots__}),
        opened=compared_count(found.opened, before.opened if before else None),
        resolved=compared_count(found.resolved, before.resolved if before else None),
        figures=found,
        before=before,
        due_first=rows[len(now.newest) :],
        newest=rows[: len(now.newest)],
    )


def sla_figures(actor: Actor, period: Period) -> SlaFigures:
    """Two queries."""
    found = figures.attainments(actor.website, period)
    return SlaFigures(
        period=period.row(),
        attainment=found.overall,
        by_priority=[PriorityAttainment(*one) for one in found.by_priority],
        by_agent=[AgentAttainment(_member(actor, agent), its) for agent, its in found.by_agent],
        policy=policy_in_force(actor.website),
    )


def ticket_analytics(actor: Actor, period: Period) -> TicketAnalytics:
    """Two queries."""
    report = figures.desk_report(actor.website, period)
    found, before = report.figures, report.before
    return TicketAnalytics(
        period=period.row(),
        granularity=period.granularity,
        opened=compared_count(found.opened, before.opened if before else None),
        resolved=compared_count(found.resolved, before.resolved if before else None),
        figures=found,
        before=before,
        points=report.points,
        backlog=backlog_trend(actor.website, period, report.points),
        by_category=report.by_category,
        by_priority=report.by_priority,
        by_role=report.by_role,
        by_status=report.by_status,
        by_agent=[AgentFigures(_member(actor, agent), its) for agent, its in report.by_agent],
        escalation_rate=report.escalation_rate,
        reopen_rate=report.reopen_rate,
    )


def _member(actor: Actor, agent: Agent | None) -> Member | None:
    return member_from(actor, *agent) if agent else None
