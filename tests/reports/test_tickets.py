"""The desk as an admin sees it: for each condition a ticket that counts, and one that misses by it."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.core.numbers import ComparedCount, Rate
from copydesk.core.period import Compare, Granularity, Period, day_start, last_days
from copydesk.reports.tickets import Attention, sla_figures, ticket_analytics, ticket_dashboard
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tickets.actions import course, escalating, issues, talking
from copydesk.tickets.clocks import Kind
from copydesk.tickets.models import EscalationStatus, IssueKind, Measure, Priority, Status, Ticket
from copydesk.tickets.queries.figures import Attainment
from copydesk.tickets.queries.sla import policy_in_force, pressing, pressing_rows, tabs
from tests.factories import accounts, tenancy
from tests.factories.accounts import actor
from tests.factories.tickets import OFFICE_WEEK, sla, ticket
from tests.reports.conftest import NOON

pytestmark = pytest.mark.django_db

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NONE = Rate(None, 0, 0)
ZONE = "America/New_York"


def month(compare: Compare = Compare.PREVIOUS) -> Period:
    return last_days(30, NOON, ZONE, Granularity.DAY, compare)


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


@pytest.fixture
def support(website: Website) -> Membership:
    return accounts.membership(website, "support")


class TestAnEmptyWebsite:
    @pytest.fixture(autouse=True)
    def another(self, website: Website) -> None:
        """Has a ticket that is overdue and escalated."""
        of = tenancy.website("borealis")
        ticket(accounts.membership(of))

    def test_dashboard(self, admin: Membership) -> None:
        found = ticket_dashboard(actor(admin), month())
        assert (found.tickets, {row.tickets for row in found.by_status}) == (0, {0})
        assert [row.status for row in found.by_status] == list(Status)
        assert found.attention == Attention(0, 0, 0, 0, 0, 0, 0)
        assert found.opened == found.resolved == ComparedCount(0, 0, None)
        assert found.figures == found.before
        assert found.figures.satisfaction.response_rate == found.figures.resolution_rate == NONE
        assert found.newest == found.due_first == []
        assert ticket_dashboard(actor(admin), month(Compare.NONE)).before is None

    def test_service_levels(self, admin: Membership) -> None:
        found = sla_figures(actor(admin), month())
        assert found.attainment == Attainment(NONE, NONE, NONE, NONE)
        assert [row.attainment for row in found.by_priority] == [found.attainment] * 4
        assert found.by_agent == []
        rows = Ticket.objects.visible_to(actor(admin))
        assert {tab: narrow(pressing(rows)).count() for tab, narrow in tabs(actor(admin)).items()} == dict.fromkeys(
            ("all", "overdue", "at_risk", "first_response", "next_response", "resolution"), 0
        )

    def test_analytics(self, admin: Membership) -> None:
        found = ticket_analytics(actor(admin), month())
        assert (found.escalation_rate, found.reopen_rate) == (NONE, NONE)
        assert {point.active for point in found.backlog} == {0}
        assert len(found.points) == len(found.backlog) == 30
        assert [row.role for row in found.by_role] == ["client", "writer"]
        kinds = (*found.by_role, *found.by_category, *found.by_priority)
        assert {(row.figures.opened, row.figures.mean_resolution_hours) for row in kinds} == {(0, None)}
        assert found.by_agent == []


def test_by_status(client: Membership, support: Membership, admin: Membership) -> None:
    """Each in another one; what is closed is what there was, less what is not."""
    by = actor(support)
    rows = [ticket(client) for _ in range(7)]
    talking.reply_to_ticket(rows[1], "So.", by=by)
    talking.reply_to_ticket(rows[2], "Which?", by=by, then=Status.AWAITING_CLIENT)
    for row in rows[3:6]:
        course.resolve_ticket(row, by=by)
    course.close_ticket(rows[4], by=actor(client))
    course.reopen_ticket(rows[5], by=actor(client))
    course.merge_ticket(rows[6], rows[0].pk, by=by)
    found = ticket_dashboard(actor(admin), month())
    assert {row.status: row.tickets for row in found.by_status} == {
        Status.NEW: 1,
        Status.OPEN: 2,
        Status.AWAITING_CLIENT: 1,
        Status.RESOLVED: 1,
        Status.CLOSED: 2,
    }
    assert found.tickets == 7
    assert [row.id for row in found.newest] == [row.pk for row in rows[:1:-1]]


def test_what_needs_attention(
    client: Membership,
    writer: Membership,
    support: Membership,
    admin: Membership,
    website: Website,
    frozen: time_machine.Coordinates,
) -> None:
    """Clocks of an hour for the first response."""
    sla(website)
    by, boss = actor(support), actor(admin)
    overdue, _ = ticket(client, support, priority=Priority.HIGH), ticket(client)
    frozen.shift(HOUR / 2)
    at_risk, done = ticket(client), ticket(client, support, priority=Priority.CRITICAL)
    course.claim_ticket(at_risk, by=by)
    course.resolve_ticket(done, by=by)
    frozen.shift(HOUR / 2)
    ticket(client, support, priority=Priority.LOW)
    frozen.shift(HOUR / 4)

    raised = escalating.escalate_ticket(overdue, by=by, reason="Angry")
    escalating.resolve_escalation(raised, by=boss, reason="Calm")
    escalating.escalate_ticket(overdue, by=by, reason="Angrier")
    later = frozen_now() + DAY
    decided = issues.request_measure(client.pk, Measure.PROBATION, by=by, reason="-", until=later)
    issues.reject_measure(decided, by=boss, reason="-")
    issues.request_measure(writer.pk, Measure.SUSPEND, by=by, reason="-", until=later)
    issue = issues.open_issue(client.pk, IssueKind.OTHER, "Lost", by=by)
    issues.resolve_issue(issue, "Found", by=by)
    issues.open_issue(client.pk, IssueKind.DOUBLE_CHARGE, "Twice", by=by)

    found = ticket_dashboard(boss, month())
    assert found.attention == Attention(
        unassigned=3, high_priority=1, overdue=2, at_risk=1, escalations=1, measures=1, payment_issues=1
    )
    assert raised.status == EscalationStatus.RESOLVED
    assert [row.id for row in found.due_first] == [overdue.pk, overdue.pk + 1, at_risk.pk, at_risk.pk + 2]
    assert (found.opened, found.resolved) == (ComparedCount(5, 0, None), ComparedCount(1, 0, None))


def frozen_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_the_queue_of_pressing_tickets(
    client: Membership, support: Membership, admin: Membership, website: Website, frozen: time_machine.Coordinates
) -> None:
    """An hour to the first response, 40 minutes to the next, three hours to the end; at risk in the last quarter."""
    sla(website)
    by = actor(support)
    late, asked, soon, fine, paused, done = (ticket(client) for _ in range(6))
    for row in (asked, fine):
        talking.reply_to_ticket(row, "So.", by=by)
    talking.reply_to_ticket(paused, "Which?", by=by, then=Status.AWAITING_CLIENT)
    course.resolve_ticket(done, by=by)
    talking.reply_to_ticket(asked, "Well?", by=actor(client))
    frozen.shift(HOUR)
    talking.reply_to_ticket(soon, "So.", by=by)
    frozen.shift(HOUR * 1.25)
    boss = actor(admin)
    rows = pressing(Ticket.objects.visible_to(boss))
    # After 2¼ h the end presses on all that run; the first response of `late` and the next of `asked` are overdue.
    assert [(one.ticket.id, one.hours_left, one.pressing) for one in pressing_rows(boss, list(rows.ids()))] == [
        (asked.pk, -1.58, [Kind.NEXT_RESPONSE, Kind.RESOLUTION]),
        (late.pk, -1.25, [Kind.FIRST_RESPONSE, Kind.RESOLUTION]),
        (soon.pk, 0.75, [Kind.RESOLUTION]),
        (fine.pk, 0.75, [Kind.RESOLUTION]),
    ]
    assert {tab: set(narrow(rows)) for tab, narrow in tabs(boss).items()} == {
        "all": {asked, late, soon, fine},
        "overdue": {asked, late},
        "at_risk": {soon, fine},
        "first_response": {late},
        "next_response": {asked},
        "resolution": {asked, late, soon, fine},
    }
    frozen.shift(-dt.timedelta(microseconds=1))
    at_risk = tabs(boss)["resolution"](pressing(Ticket.objects.visible_to(boss)))
    assert set(at_risk) == set()


def test_attainment_by_priority_and_agent(
    client: Membership, support: Membership, admin: Membership, website: Website, frozen: time_machine.Coordinates
) -> None:
    sla(website)
    by = actor(support)
    good, bad, _ = (ticket(client, support, priority=one) for one in (Priority.HIGH, Priority.HIGH, Priority.LOW))
    course.claim_ticket(good, by=by)
    course.assign_ticket(bad, admin.pk, by=by)
    talking.reply_to_ticket(good, "So.", by=by)
    frozen.shift(2 * HOUR)
    found = sla_figures(actor(admin), month())
    assert found.attainment.first_response == found.attainment.overall == Rate(0.333, 1, 3)
    assert [(row.priority, row.attainment.first_response) for row in found.by_priority] == [
        ("critical", NONE),
        ("high", Rate(0.5, 1, 2)),
        ("medium", NONE),
        ("low", Rate(0.0, 0, 1)),
    ]
    assert [
        (row.agent and (row.agent.id, row.agent.label), row.attainment.first_response) for row in found.by_agent
    ] == [
        (agent and (agent.pk, f"{agent.role.title()} {agent.number}"), value)
        for agent, value in sorted(((support, Rate(1.0, 1, 1)), (admin, Rate(0.0, 0, 1))), key=lambda pair: pair[0].pk)
    ] + [(None, Rate(0.0, 0, 1))]


def test_the_policy_in_force(website: Website) -> None:
    found = policy_in_force(website)
    assert (found.version, found.at_risk_share, found.hours, found.holidays) == (0, 0.25, [], [])
    assert [(rule.priorities, rule.resolution_minutes) for rule in found.rules] == [
        (["critical"], 60),
        (["high"], 240),
        (["medium"], 1_440),
        (["low"], 4_320),
    ]
    sla(website, week=OFFICE_WEEK, holidays=["2026-12-25"], at_risk_bps=1_000)
    store_policy(website, "other", {})
    found = policy_in_force(website)
    assert (found.version, found.at_risk_share, found.timezone) == (1, 0.1, ZONE)
    assert [rule.name for rule in found.rules] == ["all", "critical", "high", "medium", "low"]
    assert [(one.weekday, one.opens, one.closes) for one in found.hours][:3] == [
        (0, 540, 720),
        (0, 780, 1_020),
        (1, 540, 720),
    ]
    assert found.holidays == [dt.date(2026, 12, 25)]
    assert [(one.level, one.clock, one.after_hours) for one in found.escalations] == [
        (1, "first_response", 0),
        (1, "resolution", 0),
        (2, "resolution", 24),
    ]


def test_escalated_and_reopened(
    client: Membership, writer: Membership, support: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """Of those opened in the period, whenever it happened; only what was over once can be reopened."""
    by = actor(support)
    frozen.move_to(month().since - dt.timedelta(microseconds=1))
    outside = ticket(client)
    frozen.move_to(month().since)
    resolved, closed, again, asked, running = (ticket(client) for _ in range(5))
    written = ticket(writer)
    frozen.move_to(NOON)
    for row in (outside, resolved, again, asked):
        course.resolve_ticket(row, by=by)
    course.close_ticket(closed, by=actor(client))
    for row in (outside, again):
        course.reopen_ticket(row, by=actor(client))
    talking.reply_to_ticket(asked, "And?", by=actor(client))
    for row in (outside, running, written):
        escalating.escalate_ticket(row, by=by, reason="-")
    escalating.escalate_ticket(running, by=by, reason="-")
    found = ticket_analytics(actor(admin), month())
    assert found.escalation_rate == Rate(0.333, 2, 6)
    assert found.reopen_rate == Rate(0.5, 2, 4)
    assert [(row.role, row.figures.opened, row.figures.resolved) for row in found.by_role] == [
        ("client", 5, 1),
        ("writer", 1, 0),
    ]
    assert [(row.agent, row.figures.opened) for row in found.by_agent] == [(None, 6)]
    assert [found.backlog[place].active for place in (0, 28, 29)] == [7, 7, 5]
    earlier = ticket_analytics(
        actor(admin), Period(NOON - 90 * DAY, month().since, ZONE, Granularity.MONTH, Compare.NONE)
    )
    assert (earlier.escalation_rate, earlier.reopen_rate) == (Rate(1.0, 1, 1), Rate(1.0, 1, 1))
    assert day_start(earlier.backlog[-1].on, ZONE) < month().since


def test_the_parts_sum_to_the_whole(
    client: Membership, writer: Membership, support: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    by = actor(support)
    for number, requester in enumerate((client, writer, client, client)):
        row = ticket(requester, support, priority=Priority(number + 1), category=("order", "payment")[number % 2])
        if number % 2:
            course.claim_ticket(row, by=by)
            course.resolve_ticket(row, by=by)
        frozen.shift(DAY)
    frozen.move_to(NOON)
    found = ticket_analytics(actor(admin), month())
    for rows in (found.by_category, found.by_priority, found.by_role, found.by_agent, found.points):
        assert sum(row.figures.opened for row in rows) == found.figures.opened == found.opened.current
        assert sum(row.figures.resolved for row in rows) == found.figures.resolved
    assert sum(row.tickets for row in found.by_status) == found.figures.opened


def test_the_cost_is_flat(client: Membership, writer: Membership, support: Membership, admin: Membership) -> None:
    boss = actor(admin)
    rows = Ticket.objects.visible_to(boss)

    def cost() -> list[int]:
        found = []
        for call in (
            lambda: ticket_dashboard(boss, month()),
            lambda: sla_figures(boss, month()),
            lambda: pressing_rows(boss, list(pressing(rows).ids())),
            lambda: ticket_analytics(boss, month()),
        ):
            with CaptureQueriesContext(connection) as sent:
                call()
            found.append(len(sent))
        return found

    course.claim_ticket(ticket(client), by=actor(support))
    before = cost()
    for _ in range(4):
        row = ticket(writer)
        course.assign_ticket(row, accounts.membership(client.website, "support").pk, by=boss)
    assert cost() == before
    assert before[0] <= 3
    assert before[1] <= 3
    assert before[2] <= 2
    assert before[3] <= 4
