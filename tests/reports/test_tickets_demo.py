"""Every figure of the admin's desk of tickets in a small demonstration world, against plain loops over its rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import mean

import psycopg
import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.numbers import Spread
from copydesk.core.period import Period, last_days
from copydesk.demo.world import World, load
from copydesk.journal.models import Event
from copydesk.reports.tickets import sla_figures, ticket_analytics, ticket_dashboard
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from copydesk.tickets.models import (
    AccountEscalation,
    Clock,
    Escalation,
    PaymentIssue,
    Priority,
    Status,
    SupportProfile,
    Ticket,
)
from copydesk.tickets.queries.assignment import in_need, unassigned_rows
from copydesk.tickets.queries.balancing import balancing_plan
from copydesk.tickets.queries.figures import Attainment, TicketFigures, TicketKindFigures, TimedFigures
from copydesk.tickets.queries.sla import pressing, pressing_rows, tabs
from tests.database import url_as
from tests.reports.test_clients_demo import ASKED, NOW, SITES, bucket_day, percentile, within
from tests.reports.test_editors_demo import near, rated

HOUR = dt.timedelta(hours=1)
WAITING = ("new", "open", "awaiting_client")
KINDS = ("first_response", "next_response", "resolution")


class Books:
    """All that a website knows of its tickets."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.tickets = list(Ticket.objects.of(website).order_by("pk"))
        self.clocks: dict[int, list[Clock]] = {ticket.pk: [] for ticket in self.tickets}
        for clock in Clock.objects.of(website).order_by("pk"):
            self.clocks[clock.ticket_id].append(clock)
        self.history: dict[int, list[tuple[dt.datetime, str]]] = {ticket.pk: [] for ticket in self.tickets}
        for event in Event.objects.of(website).filter(subject_type="ticket").order_by("at", "pk"):
            if event.after:
                self.history[event.subject_id].append((event.at, event.after))
        self.agents = list(Membership.objects.of(website).filter(role__in=("support", "admin"), status="active"))
        self.capacity = dict(SupportProfile.objects.of(website).values_list("member_id", "capacity"))
        self.escalations = list(Escalation.objects.of(website))
        self.measures = list(AccountEscalation.objects.of(website))
        self.issues = list(PaymentIssue.objects.of(website))

    def opened(self, period: Period | None) -> list[Ticket]:
        return [ticket for ticket in self.tickets if within(ticket.opened_at, period)]

    def resolved(self, period: Period | None) -> list[Ticket]:
        return [ticket for ticket in self.tickets if within(ticket.resolved_at, period)]

    def active(self) -> list[Ticket]:
        return [ticket for ticket in self.tickets if ticket.status in WAITING]

    def waiting_at(self, at: dt.datetime) -> int:
        """By the journal."""
        last = [[after for when, after in told if when < at] for told in self.history.values()]
        return sum(bool(statuses) and statuses[-1] in WAITING for statuses in last)

    def running(self, ticket: Ticket) -> list[Clock]:
        if ticket.status not in WAITING:
            return []
        return [clock for clock in self.clocks[ticket.pk] if clock.met_at is None and clock.paused_since is None]

    def due(self, ticket: Ticket) -> dt.datetime | None:
        return min((clock.due_at for clock in self.running(ticket) if clock.due_at), default=None)

    def presses(self, ticket: Ticket) -> set[str]:
        return {clock.kind for clock in self.running(ticket) if clock.risk_at is not None and clock.risk_at <= NOW}

    def is_overdue(self, ticket: Ticket) -> bool:
        due = self.due(ticket)
        return due is not None and due < NOW


def check_attainment(books: Books, found: Attainment, opened: Iterable[Ticket]) -> None:
    clocks = [clock for ticket in opened for clock in books.clocks[ticket.pk]]
    met, all_ = Counter[str](), Counter[str]()
    for clock in clocks:
        late = clock.breached_at is not None or (
            clock.met_at is None and clock.due_at is not None and clock.due_at < NOW
        )
        good = clock.met_at is not None and not late
        met[clock.kind] += good
        all_[clock.kind] += good or late
    assert found.overall == rated(met.total(), all_.total())
    for kind in KINDS:
        assert getattr(found, kind) == rated(met[kind], all_[kind])


def check_spread(found: Spread, hours: Sequence[float]) -> None:
    assert found.n == len(hours)
    assert near(found.p50, percentile(hours, 0.5))
    assert near(found.p90, percentile(hours, 0.9))
    assert near(found.mean, mean(hours) if hours else None)


def check_figures(books: Books, found: TicketFigures, opened: Sequence[Ticket], resolved: Sequence[Ticket]) -> None:
    assert (found.opened, found.resolved) == (len(opened), len(resolved))
    own = [ticket for ticket in opened if ticket.merged_into_id is None]
    assert found.resolution_rate == rated(sum(ticket.resolved_at is not None for ticket in own), len(own))
    check_attainment(books, found.attainment, opened)
    first = [
        (clock.met_at - clock.started_at) / HOUR
        for ticket in opened
        for clock in books.clocks[ticket.pk]
        if clock.kind == "first_response" and clock.met_at
    ]
    took = [(ticket.resolved_at - ticket.opened_at) / HOUR for ticket in resolved if ticket.resolved_at]
    if isinstance(found, TicketKindFigures):
        assert near(found.mean_resolution_hours, mean(took) if took else None)
    if isinstance(found, TimedFigures):
        check_spread(found.first_response_hours, first)
        check_spread(found.resolution_hours, took)
    ratings = [ticket.rating for ticket in resolved if ticket.rating is not None]
    assert near(found.satisfaction.mean, mean(ratings) if ratings else None)
    assert found.satisfaction.n == len(ratings)
    assert found.satisfaction.response_rate == rated(len(ratings), len(resolved))


@pytest.mark.django_db(transaction=True)
def test_every_figure_of_the_desk() -> None:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=120, clients=14, writers=16, tickets=60, now=NOW, password="!", days=200))
    with across_websites():
        websites = list(Website.objects.order_by("pk"))
    busy: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for website in websites:
            with website_scope(website.pk):
                books = Books(website)
                boss = next(one for one in books.agents if one.role == Role.ADMIN)
                actor = Actor(website, Role.ADMIN, user_id=boss.user_id, membership_id=boss.pk)
                for days, granularity, compare in ASKED:
                    period = last_days(days, NOW, website.timezone, granularity, compare)
                    check_dashboard(books, actor, period, busy)
                    check_service_levels(books, actor, period, busy)
                    check_analytics(books, actor, period, busy)
                check_pressing(books, actor, busy)
                check_queue(books, actor, busy)
                check_balancing(books, busy)
    assert min(busy.values()) > 0, busy


def check_dashboard(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = ticket_dashboard(actor, period)
    statuses = Counter(ticket.status for ticket in books.tickets)
    assert {row.status.value: row.tickets for row in found.by_status} == {one: statuses[one] for one in Status.values}
    assert found.tickets == len(books.tickets)
    active = books.active()
    attention = {
        "unassigned": sum(ticket.assignee_id is None for ticket in active),
        "high_priority": sum(ticket.priority >= Priority.HIGH for ticket in active),
        "overdue": sum(books.is_overdue(ticket) for ticket in active),
        "at_risk": sum(bool(books.presses(ticket)) and not books.is_overdue(ticket) for ticket in active),
        "escalations": sum(row.status != "resolved" for row in books.escalations),
        "measures": sum(row.status in ("requested", "acknowledged") for row in books.measures),
        "payment_issues": sum(row.status != "resolved" for row in books.issues),
    }
    assert {name: getattr(found.attention, name) for name in attention} == attention
    check_figures(books, found.figures, books.opened(period), books.resolved(period))
    base = period.baseline
    assert (found.before is None) == (base is None)
    if found.before is not None:
        check_figures(books, found.before, books.opened(base), books.resolved(base))
    assert (found.opened.previous is None) == (base is None)
    assert [row.id for row in found.newest] == [ticket.pk for ticket in books.tickets[:-6:-1]]
    dues = sorted((due, ticket.pk) for ticket in active if (due := books.due(ticket)))
    assert [row.id for row in found.due_first] == [pk for _, pk in dues[:5]]
    busy.update({f"attention {name}": n for name, n in attention.items()} | statuses)


def check_service_levels(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = sla_figures(actor, period)
    opened = books.opened(period)
    check_attainment(books, found.attainment, opened)
    for row in found.by_priority:
        check_attainment(books, row.attainment, [one for one in opened if Priority(one.priority).word == row.priority])
    agents = {one.assignee_id for one in opened}
    assert {row.agent and row.agent.id for row in found.by_agent} == agents
    for by_agent in found.by_agent:
        agent = by_agent.agent and by_agent.agent.id
        check_attainment(books, by_agent.attainment, [one for one in opened if one.assignee_id == agent])
    busy["agents"] += len(agents - {None})


def check_analytics(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = ticket_analytics(actor, period)
    opened, resolved = books.opened(period), books.resolved(period)
    check_figures(books, found.figures, opened, resolved)
    for point in found.points:
        begun = [ticket for ticket in opened if bucket_day(ticket.opened_at, period) == point.on]
        over = [one for one in resolved if one.resolved_at and bucket_day(one.resolved_at, period) == point.on]
        check_figures(books, point.figures, begun, over)
        took = [(one.resolved_at - one.opened_at) / HOUR for one in over if one.resolved_at]
        check_spread(point.resolution_hours, took)
    ends = {bucket.on: bucket.until for bucket in period.buckets()}
    assert [row.on for row in found.backlog] == list(ends)
    assert {row.on: row.active for row in found.backlog} == {on: books.waiting_at(end) for on, end in ends.items()}
    assert found.backlog[-1].active == len(books.active())
    kinds = (
        (found.by_category, lambda row: row.category.value, lambda ticket: ticket.category),
        (found.by_priority, lambda row: row.priority, lambda ticket: Priority(ticket.priority).word),
        (found.by_role, lambda row: row.role, lambda ticket: ticket.requester_role),
        (found.by_agent, lambda row: row.agent and row.agent.id, lambda ticket: ticket.assignee_id),
    )
    for rows, code, of in kinds:
        assert {of(ticket) for ticket in (*opened, *resolved)} <= {code(row) for row in rows}
        for row in rows:
            check_figures(
                books,
                row.figures,
                [ticket for ticket in opened if of(ticket) == code(row)],
                [ticket for ticket in resolved if of(ticket) == code(row)],
            )
    assert {row.status.value: row.tickets for row in found.by_status if row.tickets} == Counter(
        ticket.status for ticket in opened
    )
    escalated = {row.ticket_id for row in books.escalations}
    assert found.escalation_rate == rated(sum(ticket.pk in escalated for ticket in opened), len(opened))
    over = ("resolved", "closed")
    ended = [ticket for ticket in opened if any(after in over for _, after in books.history[ticket.pk])]
    again = 0
    for ticket in ended:
        statuses = [after for _, after in books.history[ticket.pk]]
        first = next(place for place, status in enumerate(statuses) if status in over)
        again += any(status in WAITING for status in statuses[first:])
    assert found.reopen_rate == rated(again, len(ended))
    busy.update(escalated=found.escalation_rate.numerator, reopened=again, rated=found.figures.satisfaction.n)


def check_pressing(books: Books, actor: Actor, busy: Counter[str]) -> None:
    rows = pressing(Ticket.objects.visible_to(actor))
    expected = {ticket.pk: books.presses(ticket) for ticket in books.active() if books.presses(ticket)}
    shown = pressing_rows(actor, list(rows.ids()))
    assert {row.ticket.id: {kind.value for kind in row.pressing} for row in shown} == expected
    assert [row.hours_left for row in shown] == sorted(row.hours_left for row in shown)
    overdue = {ticket.pk for ticket in books.active() if books.is_overdue(ticket)}
    tabbed = {
        "all": set(expected),
        "overdue": overdue,
        "at_risk": set(expected) - overdue,
        **{kind: {pk for pk, kinds in expected.items() if kind in kinds} for kind in KINDS},
    }
    assert {tab: set(narrow(rows).values_list("pk", flat=True)) for tab, narrow in tabs(actor).items()} == tabbed
    busy.update({f"tab {tab}": len(tickets) for tab, tickets in tabbed.items() if tab != "next_response"})


def check_queue(books: Books, actor: Actor, busy: Counter[str]) -> None:
    far = dt.datetime.max.replace(tzinfo=dt.UTC)
    waiting = sorted(
        (ticket for ticket in books.active() if ticket.assignee_id is None),
        key=lambda ticket: (-ticket.priority, books.due(ticket) or far, ticket.pk),
    )
    rows = unassigned_rows(actor, list(in_need(Ticket.objects.visible_to(actor)).ids()))
    assert [row.ticket.id for row in rows] == [ticket.pk for ticket in waiting]
    had = Counter(ticket.assignee_id for ticket in books.active())
    given: Counter[int] = Counter()
    for row in rows:
        for one in row.candidates:
            capacity = books.capacity.get(one.agent_id, 20)
            assert (one.active, one.above) == (had[one.agent_id], given[one.agent_id])
            assert one.spare == rated(capacity - one.active - one.above, capacity)
        spares = [one.spare.value or 0 for one in row.candidates]
        assert spares == sorted(spares, reverse=True)
        assert not {one.agent_id for one in row.candidates} & {one.agent_id for one in row.excluded}
        given.update(one.agent_id for one in row.candidates[:1])
    busy["unassigned"] += len(rows)
    busy["candidates"] += given.total()


def check_balancing(books: Books, busy: Counter[str]) -> None:
    plan = balancing_plan(books.website, NOW)
    had = Counter(ticket.assignee_id for ticket in books.active())
    assert {one.agent_id for one in plan.agents} == {agent.pk for agent in books.agents}
    assert all(one.before == rated(had[one.agent_id], books.capacity.get(one.agent_id, 20)) for one in plan.agents)
    by_id = {ticket.pk: ticket for ticket in books.tickets}
    for move in plan.moves:
        ticket = by_id[move.ticket.id]
        assert (ticket.assignee_id, ticket.status in ("new", "open")) == (move.from_id, True)
        had[move.from_id] -= 1
        had[move.to_id] += 1
    assert all(one.after.numerator == had[one.agent_id] for one in plan.agents)
    if plan.moves:
        assert plan.fairness_before is not None
        assert plan.fairness_after is not None
        assert plan.fairness_after > plan.fairness_before
    busy["agents with tickets"] += sum(one.before.numerator > 0 for one in plan.agents)
