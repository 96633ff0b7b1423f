"""Every figure of the support desk in a small demonstration world, against a plain loop over its rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from statistics import mean

import psycopg
import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.numbers import Rate, Spread
from copydesk.core.period import Period, last_days
from copydesk.demo.world import World, load
from copydesk.orders.models import Order
from copydesk.refunds.models import Refund
from copydesk.reports.support import agent_workload, support_analytics, support_dashboard
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from copydesk.tickets.models import (
    AnyEscalation,
    Category,
    Clock,
    Escalation,
    EscalationStatus,
    IssueStatus,
    PaymentIssue,
    Priority,
    Status,
    SupportProfile,
    Ticket,
)
from copydesk.tickets.queries import figures, orders
from copydesk.tickets.queries.escalations import escalation_rows, ticket_tabs
from copydesk.tickets.queries.figures import Backlog, TicketFigures, TicketKindFigures, TimedFigures
from copydesk.tickets.queries.queue import queue_tabs
from copydesk.tickets.queries.rows import rows_of
from tests.database import url_as
from tests.reports.test_clients_demo import ASKED, NOW, SITES, bucket_day, percentile, within
from tests.reports.test_editors_demo import HOUR, near, rated

WAITING = ("new", "open", "awaiting_client")
KINDS = ("first_response", "next_response", "resolution")
Inside = Callable[[Ticket, str], bool]
WORDS = {4: "critical", 3: "high", 2: "medium", 1: "low"}


class Books:
    """All rows of a website's desk."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.tickets = list(Ticket.objects.of(website).order_by("pk"))
        self.clocks: dict[int, list[Clock]] = defaultdict(list)
        for clock in Clock.objects.of(website):
            self.clocks[clock.ticket_id].append(clock)
        self.refunds = list(Refund.objects.of(website))
        self.issues = list(PaymentIssue.objects.of(website))
        self.escalations = list(Escalation.objects.of(website).order_by("pk"))
        self.orders = list(Order.objects.of(website).order_by("pk"))
        self.capacity = dict(SupportProfile.objects.of(website).values_list("member_id", "capacity"))
        desk = Membership.objects.of(website).filter(role__in=(Role.SUPPORT, Role.ADMIN), status="active")
        self.agents = list(desk.order_by("pk"))

    def active(self, agent: int | None = None) -> list[Ticket]:
        found = [row for row in self.tickets if row.status in WAITING]
        return found if agent is None else [row for row in found if row.assignee_id == agent]

    def late(self, row: Ticket) -> bool:
        return any(one.due_at is not None and one.due_at < NOW for one in self.running(row))

    def at_risk(self, row: Ticket) -> bool:
        near_due = any(one.risk_at is not None and one.risk_at <= NOW for one in self.running(row))
        return near_due and not self.late(row)

    def running(self, row: Ticket) -> list[Clock]:
        return [one for one in self.clocks[row.pk] if one.met_at is None and one.paused_since is None]


def check_spread(found: Spread, hours: Sequence[float]) -> None:
    assert found.n == len(hours)
    assert near(found.p50, percentile(hours, 0.5))
    assert near(found.p90, percentile(hours, 0.9))
    assert near(found.mean, mean(hours) if hours else None)


def check_figures(
    books: Books, found: TicketFigures, inside: Callable[[Ticket, str], bool], busy: Counter[str]
) -> None:
    """`inside`: whether an instant of a ticket, by its name, is of the time asked about."""
    opened = [row for row in books.tickets if inside(row, "opened_at")]
    resolved = [row for row in books.tickets if row.resolved_at is not None and inside(row, "resolved_at")]
    assert (found.opened, found.resolved) == (len(opened), len(resolved))
    single = [row for row in opened if row.merged_into_id is None]
    assert found.resolution_rate == rated(sum(row.resolved_at is not None for row in single), len(single))
    met: Counter[str] = Counter()
    breached: Counter[str] = Counter()
    first: list[float] = []
    for clock in (one for row in opened for one in books.clocks[row.pk]):
        if clock.breached_at is not None:
            breached[clock.kind] += 1
        elif clock.met_at is not None:
            met[clock.kind] += 1
        elif clock.due_at is not None and clock.due_at < NOW:
            breached[clock.kind] += 1
            busy["past due, unseen"] += 1
        else:
            busy["left out"] += 1
        if clock.kind == "first_response" and clock.met_at is not None:
            first.append((clock.met_at - clock.started_at) / HOUR)
    for kind in KINDS:
        assert getattr(found.attainment, kind) == rated(met[kind], met[kind] + breached[kind])
        busy[f"{kind} met"] += met[kind]
        busy[f"{kind} breached"] += breached[kind]
    assert found.attainment.overall == rated(met.total(), met.total() + breached.total())
    took = [(row.resolved_at - row.opened_at) / HOUR for row in resolved if row.resolved_at]
    if isinstance(found, TicketKindFigures):
        assert near(found.mean_resolution_hours, mean(took) if took else None)
    if isinstance(found, TimedFigures):
        check_spread(found.first_response_hours, first)
        check_spread(found.resolution_hours, took)
    stars = [row.rating for row in resolved if row.rating is not None]
    assert near(found.satisfaction.mean, mean(stars) if stars else None)
    assert (found.satisfaction.n, found.satisfaction.response_rate) == (len(stars), rated(len(stars), len(resolved)))
    busy["rated"] += len(stars)
    busy["merged"] += len(opened) - len(single)


def narrowed(inside: Inside, name: str, value: object) -> Inside:
    return lambda row, instant: inside(row, instant) and getattr(row, name) == value


def in_time(period: Period | None) -> Inside:
    return lambda row, instant: within(getattr(row, instant), period)


def check_backlog(books: Books, found: Backlog, rows: list[Ticket]) -> None:
    assert (found.active, found.overdue) == (len(rows), sum(map(books.late, rows)))
    assert found.at_risk == sum(map(books.at_risk, rows))
    assert {one.status: one.tickets for one in found.by_status} == {
        status: sum(row.status == status for row in rows) for status in WAITING
    }
    assert [(one.priority, one.tickets) for one in found.by_priority] == [
        (word, sum(row.priority == rank for row in rows)) for rank, word in WORDS.items()
    ]
    assert [one.tickets for one in found.by_category] == [sum(row.category == one for row in rows) for one in Category]


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
                check_now(books, busy)
                actors = [Actor(website, Role(one.role), one.user_id, one.pk) for one in books.agents]
                for days, granularity, compare in ASKED:
                    period = last_days(days, NOW, website.timezone, granularity, compare)
                    check_analytics(books, actors[0], period, busy)
                    check_kinds(books, period, busy)
                    for actor in actors:
                        check_dashboard(books, actor, period, busy)
                        check_workload(books, actor, period, busy)
                check_orders(books, actors[0], busy)
                check_escalations(books, actors[0], busy)
    assert min(busy.values()) > 0, busy


def check_now(books: Books, busy: Counter[str]) -> None:
    """Each state is there to be seen."""
    for status in Status:
        busy[f"status {status}"] += sum(row.status == status for row in books.tickets)
    for rank, word in WORDS.items():
        busy[word] += sum(row.priority == rank for row in books.tickets)
    assert set(WORDS.values()) == {one.word for one in Priority}
    check_backlog(books, figures.backlog(books.website), books.active())


def check_dashboard(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = support_dashboard(actor, period)
    active = books.active()
    assert (found.open, found.unassigned) == (len(active), sum(row.assignee_id is None for row in active))
    assert found.mine == len(books.active(actor.membership_id))
    assert found.high_priority == sum(WORDS[row.priority] in ("high", "critical") for row in active)
    assert found.overdue == sum(books.late(row) for row in active)
    assert found.at_risk == sum(books.at_risk(row) for row in active)
    assert {one.status: one.tickets for one in found.by_status} == {
        status: sum(row.status == status for row in active) for status in WAITING
    }
    rows = Ticket.objects.visible_to(actor)
    for tab, narrow in queue_tabs(actor).items():
        assert narrow(rows).count() == getattr(found, tab)
        busy[tab] += getattr(found, tab)
    check_figures(books, found.figures, in_time(period), Counter())
    assert (found.before is None) == (period.baseline is None)
    if found.before is not None:
        check_figures(books, found.before, in_time(period.baseline), Counter())
        assert (found.opened.previous, found.resolved.previous) == (found.before.opened, found.before.resolved)
    assert [row.id for row in found.newest] == [row.pk for row in books.tickets[:-6:-1]]


def check_workload(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    agent = actor.membership_id
    assert agent is not None
    found = agent_workload(actor, period, agent)
    held, capacity = books.active(agent), books.capacity.get(agent, 20)
    assert (found.active, found.capacity) == (len(held), capacity)
    assert found.load == Rate(round(len(held) / capacity, 3), len(held), capacity)
    assert found.slots_left == max(capacity - len(held), 0)
    assert (found.overdue, found.at_risk) == (sum(map(books.late, held)), sum(map(books.at_risk, held)))
    check_backlog(books, found.backlog, held)
    check_figures(books, found.figures, narrowed(in_time(period), "assignee_id", agent), Counter())
    if found.before is not None:
        check_figures(books, found.before, narrowed(in_time(period.baseline), "assignee_id", agent), Counter())
    busy["held"] += len(held)


def check_analytics(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    found = support_analytics(actor, period)
    check_figures(books, found.figures, in_time(period), busy)
    for point in found.points:

        def of_bucket(row: Ticket, instant: str, on: object = point.on) -> bool:
            at = getattr(row, instant)
            return within(at, period) and bucket_day(at, period) == on

        check_figures(books, point.figures, of_bucket, Counter())
        took = [
            (row.resolved_at - row.opened_at) / HOUR
            for row in books.tickets
            if row.resolved_at and of_bucket(row, "resolved_at")
        ]
        check_spread(point.resolution_hours, took)
    for name in ("opened", "resolved"):
        assert sum(getattr(point.figures, name) for point in found.points) == getattr(found.figures, name)
    check_backlog(books, found.backlog, books.active())


def check_kinds(books: Books, period: Period, busy: Counter[str]) -> None:
    found = figures.desk_report(books.website, period)
    inside = in_time(period)
    for category in found.by_category:
        check_figures(books, category.figures, narrowed(inside, "category", category.category), busy)
    ranks = {word: rank for rank, word in WORDS.items()}
    for priority in found.by_priority:
        check_figures(books, priority.figures, narrowed(inside, "priority", ranks[priority.priority]), Counter())
    opened = [row for row in books.tickets if inside(row, "opened_at")]
    assert {one.status: one.tickets for one in found.by_status} == {
        status: sum(row.status == status for row in opened) for status in Status
    }
    both = [*opened, *(row for row in books.tickets if row.resolved_at and inside(row, "resolved_at"))]
    assert {agent and agent.pk for agent, _ in found.by_agent} == {row.assignee_id for row in both}
    for agent, its in found.by_agent:
        check_figures(books, its, narrowed(inside, "assignee_id", agent and agent.pk), Counter())
    busy["agents"] += len(found.by_agent)


def check_orders(books: Books, actor: Actor, busy: Counter[str]) -> None:
    asked = {row.about_id for row in books.active() if row.about_type == "order"}
    charged = {row.order_id for row in books.issues if row.status != IssueStatus.RESOLVED}
    refunded = {row.order_id for row in books.refunds if row.status in ("requested", "approved")}
    expected = {
        "disputed": [row.pk for row in books.orders if row.status == "disputed"],
        "payment_issues": [row.pk for row in books.orders if row.pk in charged],
        "refund_requests": [row.pk for row in books.orders if row.pk in refunded],
        "open_tickets": [row.pk for row in books.orders if row.pk in asked],
    }
    needy = {pk for found in expected.values() for pk in found}
    expected["all"] = [row.pk for row in books.orders if row.pk in needy]
    rows = orders.needing(Order.objects.visible_to(actor), actor.website)
    for tab, narrow in orders.needy_tabs(actor.website).items():
        assert list(narrow(rows).order_by("pk").values_list("pk", flat=True)) == expected[tab]
        busy[f"orders {tab}"] += len(expected[tab])
    assert orders.needy_counts(actor.website) == {tab: len(found) for tab, found in expected.items()}
    for row in orders.needy_orders(actor, list(Order.objects.visible_to(actor).ids())):
        tickets = {one.pk for one in books.active() if one.about_type == "order" and one.about_id == row.order.id}
        issues = {one.pk for one in books.issues if one.order_id == row.order.id and one.status != IssueStatus.RESOLVED}
        assert ({one.id for one in row.tickets}, {one.id for one in row.payment_issues}) == (tickets, issues)
        assert bool(row.order.needs) == (row.order.id in needy)


def check_escalations(books: Books, actor: Actor, busy: Counter[str]) -> None:
    rows = AnyEscalation.objects.visible_to(actor).of_tickets()
    for tab, narrow in ticket_tabs().items():
        found = escalation_rows(actor, list(narrow(rows).order_by("pk")))
        assert [row.id for row in found] == [row.pk for row in books.escalations if row.status == tab]
        for row in found:
            assert row.history
            assert row.history[-1].status == tab
        busy[f"escalations {tab}"] += len(found)
    assert set(ticket_tabs()) == {one.value for one in EscalationStatus}
    shown = rows_of(actor, [row.pk for row in books.tickets])
    assert [row.escalation_level for row in shown] == [
        max((one.level for one in books.escalations if one.ticket_id == row.pk), default=0) for row in books.tickets
    ]
