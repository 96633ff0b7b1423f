"""The figures of tickets: for each condition a row that would count but for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.numbers import Rate, Spread
from copydesk.core.period import Compare, Granularity, Period, day_start
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions import course, talking
from copydesk.tickets.models import Category, Priority, Status, Ticket
from copydesk.tickets.queries import figures
from copydesk.tickets.queries.figures import Satisfaction, TimedFigures
from copydesk.tickets.queries.queue import QUEUE_TABS, queue_tabs
from tests.factories import accounts, tenancy
from tests.factories.accounts import actor
from tests.factories.tickets import sla, ticket
from tests.standstill import NOON

pytestmark = pytest.mark.django_db

ZONE = "America/New_York"
HOUR, TICK = dt.timedelta(hours=1), dt.timedelta(microseconds=1)
NONE, NO_SPREAD = Rate(None, 0, 0), Spread(None, None, None, 0)


def march(granularity: Granularity = Granularity.DAY, compare: Compare = Compare.PREVIOUS) -> Period:
    """Of the website's zone, with the day of 23 hours in it; February is its baseline."""
    since, until = (day_start(dt.date(2026, month, 1), ZONE) for month in (3, 4))
    return Period(since, until, ZONE, granularity, compare)


def of(website: Website, agent: Membership | None = None) -> TimedFigures:
    return figures.timed_figures(website, march(), agent.pk if agent else None)[0]


@pytest.fixture
def agent(support: Membership) -> Actor:
    return actor(support)


def test_an_empty_website(website: Website, support: Membership) -> None:
    found = figures.desk_report(website, march())
    none = found.figures
    assert found.before == none
    assert (none.opened, none.resolved, none.resolution_rate) == (0, 0, NONE)
    assert none.attainment == figures.Attainment(NONE, NONE, NONE, NONE)
    assert none.first_response_hours == none.resolution_hours == NO_SPREAD
    assert none.satisfaction == Satisfaction(None, 0, NONE)
    assert [(point.figures.opened, point.resolution_hours) for point in found.points] == [(0, NO_SPREAD)] * 31
    assert [row.category for row in found.by_category] == list(Category)
    assert [row.priority for row in found.by_priority] == ["critical", "high", "medium", "low"]
    assert {row.tickets for row in found.by_status} == {0}
    kinds = (*found.by_category, *found.by_priority, *found.by_role)
    assert {(one.figures.opened, one.figures.resolved, one.figures.mean_resolution_hours) for one in kinds} == {
        (0, 0, None)
    }
    assert found.by_agent == []
    assert figures.backlog(website).active == 0


def test_without_a_comparison_there_is_no_baseline(website: Website, client: Membership) -> None:
    ticket(client)
    assert figures.ticket_report(website, march(compare=Compare.NONE)).before is None


def test_attainment(client: Membership, agent: Actor, website: Website, frozen: time_machine.Coordinates) -> None:
    """An hour to the first response: one met, one met late, one past due that no job has seen; one that is paused and
    one that runs are left out."""
    sla(website)
    met, late, unseen, paused = (ticket(client) for _ in range(4))
    talking.reply_to_ticket(met, "So.", by=agent)
    course.resolve_ticket(paused, by=agent)
    frozen.move_to(NOON + 2 * HOUR)
    talking.reply_to_ticket(late, "So.", by=agent)
    ticket(client)
    found = of(website).attainment
    assert (found.first_response, found.next_response) == (Rate(0.333, 1, 3), NONE)
    assert found.resolution == Rate(1.0, 1, 1)  # 3 hours: only the one that was resolved is decided
    assert found.overall == Rate(0.5, 2, 4)
    assert unseen.due_at == NOON + HOUR
    frozen.move_to(NOON + 3 * HOUR)  # a due time is the end of its interval
    assert of(website).attainment.resolution == Rate(1.0, 1, 1)
    frozen.move_to(NOON + 3 * HOUR + TICK)
    assert of(website).attainment.resolution == Rate(0.25, 1, 4)


def test_next_responses_count_each(
    client: Membership, agent: Actor, website: Website, frozen: time_machine.Coordinates
) -> None:
    """40 minutes each: one in time, one late, one that runs."""
    sla(website)
    row = ticket(client)
    talking.reply_to_ticket(row, "So.", by=agent)
    for minutes in (40, 41):
        talking.reply_to_ticket(row, "Well?", by=actor(client))
        frozen.shift(dt.timedelta(minutes=minutes))
        talking.reply_to_ticket(row, "So.", by=agent)
    talking.reply_to_ticket(row, "Well?", by=actor(client))
    found = of(website)
    assert (found.attainment.next_response, found.opened) == (Rate(0.5, 1, 2), 1)


def test_a_breach_stays_whatever_comes_after(
    client: Membership, agent: Actor, website: Website, frozen: time_machine.Coordinates
) -> None:
    sla(website)
    row = ticket(client)
    frozen.shift(4 * HOUR)
    talking.reply_to_ticket(row, "And you?", by=agent, then=Status.AWAITING_CLIENT)
    assert of(website).attainment.resolution == Rate(0.0, 0, 1)
    course.resolve_ticket(row, by=agent)
    assert of(website).attainment.resolution == Rate(0.0, 0, 1)
    course.reopen_ticket(row, by=actor(client))
    assert of(website).attainment.resolution == Rate(0.0, 0, 1)


@pytest.mark.parametrize(
    ("at", "now", "before"),
    [
        (march().since - TICK, 0, 1),
        (march().since, 1, 0),
        (march().until - TICK, 1, 0),
        (march().until, 0, 0),
        (day_start(dt.date(2026, 2, 1), ZONE) - TICK, 0, 0),
    ],
)
def test_opened_and_resolved_within_the_period(
    website: Website,
    client: Membership,
    agent: Actor,
    frozen: time_machine.Coordinates,
    at: dt.datetime,
    now: int,
    before: int,
) -> None:
    """By the instant of each; whatever hangs on it goes with it."""
    frozen.move_to(at)
    row = ticket(client)
    talking.reply_to_ticket(row, "So.", by=agent)
    course.resolve_ticket(row, by=agent)
    course.rate_ticket(row, 4, by=actor(client))
    found = figures.desk_report(website, march())
    assert found.before is not None
    for each, n in ((found.figures, now), (found.before, before)):
        assert (each.opened, each.resolved, each.resolution_rate.denominator) == (n, n, n)
        assert (each.attainment.first_response.denominator, each.attainment.resolution.denominator) == (n, n)
        assert (each.first_response_hours.n, each.resolution_hours.n, each.satisfaction.n) == (n, n, n)


def test_days_are_the_websites(
    website: Website, client: Membership, agent: Actor, frozen: time_machine.Coordinates
) -> None:
    """8 March has 23 hours in New York: it ends at 04:00 UTC where it began at 05:00."""
    starts = day_start(dt.date(2026, 3, 8), ZONE)
    for at in (starts - TICK, starts, starts + 23 * HOUR - TICK, starts + 23 * HOUR):
        frozen.move_to(at)
        course.resolve_ticket(ticket(client), by=agent)
    points = {point.on.day: point.figures for point in figures.ticket_report(website, march()).points}
    assert [(points[day].opened, points[day].resolved) for day in range(6, 11)] == [
        *((0, 0), (1, 1), (2, 2), (1, 1), (0, 0))
    ]
    months = figures.ticket_report(website, march(Granularity.MONTH)).points
    assert [(point.on, point.figures.opened) for point in months] == [(dt.date(2026, 3, 1), 4)]


def test_resolution_rate(website: Website, client: Membership, agent: Actor, frozen: time_machine.Coordinates) -> None:
    """Resolved, and closed after: two; open, reopened, closed without: against; merged into another: left out."""
    rows = [ticket(client) for _ in range(6)]
    resolved, closed_after, _open, reopened, closed, merged = rows
    for row in (resolved, closed_after, reopened):
        course.resolve_ticket(row, by=agent)
    course.close_ticket(closed_after, by=agent)
    course.reopen_ticket(reopened, by=actor(client))
    course.close_ticket(closed, by=agent, reason="Spam")
    course.merge_ticket(merged, _open.pk, by=agent)
    found = of(website)
    assert (found.opened, found.resolved, found.resolution_rate) == (6, 2, Rate(0.4, 2, 5))
    counts = {row.status: row.tickets for row in figures.ticket_report(website, march()).by_status}
    assert counts == {"new": 1, "open": 1, "awaiting_client": 0, "resolved": 1, "closed": 3}


def test_how_long_it_took(website: Website, client: Membership, agent: Actor, frozen: time_machine.Coordinates) -> None:
    """First responses after 1, 2 and 3 hours, resolutions after 2 and 6; hours pass while the client is awaited too. A
    ticket that was resolved unanswered has no first response."""
    rows = [ticket(client) for _ in range(4)]
    for row in rows[:3]:
        frozen.shift(HOUR)
        talking.reply_to_ticket(row, "And you?", by=agent, then=Status.AWAITING_CLIENT)
        if row is rows[1]:
            course.resolve_ticket(row, by=agent)
    frozen.shift(3 * HOUR)
    course.resolve_ticket(rows[3], by=agent)
    found = figures.desk_report(website, march())
    assert found.figures == of(website)
    assert found.figures.first_response_hours == Spread(2.0, 2.8, 2.0, 3)
    assert found.figures.resolution_hours == Spread(4.0, 5.6, 4.0, 2)
    point = next(one for one in found.points if one.figures.opened)
    assert (point.resolution_hours, point.figures.resolved) == (Spread(4.0, 5.6, 4.0, 2), 2)
    means = {one.category: one.figures.mean_resolution_hours for one in found.by_category}
    assert (means[Category.ORDER], means[Category.REFUND]) == (4.0, None)


def test_satisfaction_with_its_response_rate(
    website: Website, client: Membership, agent: Actor, frozen: time_machine.Coordinates
) -> None:
    """5 and 2 of three resolved ones; a rating of one that was closed unresolved, or is open again, has no part."""
    rows = [ticket(client) for _ in range(5)]
    for row in (rows[0], rows[1], rows[2], rows[3]):
        course.resolve_ticket(row, by=agent)
    course.close_ticket(rows[4], by=agent, reason="Spam")
    for row, stars in ((rows[0], 5), (rows[1], 2), (rows[3], 1), (rows[4], 1)):
        course.rate_ticket(row, stars, by=actor(client))
    course.reopen_ticket(rows[3], by=actor(client))
    assert of(website).satisfaction == Satisfaction(3.5, 2, Rate(0.667, 2, 3))


def test_of_one_agent(
    website: Website, client: Membership, support: Membership, support2: Membership, agent: Actor
) -> None:
    """Those that it has, or had last: whoever answered."""
    mine, others, nobodys = (ticket(client) for _ in range(3))
    course.claim_ticket(mine, by=agent)
    course.claim_ticket(others, by=actor(support2))
    for row in (mine, others, nobodys):
        talking.reply_to_ticket(row, "So.", by=agent)
        course.resolve_ticket(row, by=agent)
        course.rate_ticket(row, 4, by=actor(client))
    whole, part = of(website), of(website, support)
    assert [(one.opened, one.resolved, one.satisfaction.n) for one in (whole, part)] == [(3, 3, 3), (1, 1, 1)]
    assert part.attainment.overall == Rate(1.0, 2, 2)
    by_agent = figures.desk_report(website, march()).by_agent
    assert [agent and agent.pk for agent, _ in by_agent] == [support.pk, support2.pk, None]
    for _, each in by_agent:
        assert (each.opened, each.resolved, each.attainment, each.satisfaction) == (
            *(part.opened, part.resolved, part.attainment, part.satisfaction),
        )


def test_kinds_sum_to_the_whole(website: Website, client: Membership, support: Membership, agent: Actor) -> None:
    for category, priority in (("order", "HIGH"), ("order", "LOW"), ("refund", "LOW")):
        row = ticket(client, by=support, category=Category(category), priority=Priority[priority])
        talking.reply_to_ticket(row, "So.", by=agent)
    course.resolve_ticket(row, by=agent)
    kinds = figures.desk_report(website, march())
    by_category = {one.category: one.figures for one in kinds.by_category}
    by_priority = {one.priority: one.figures for one in kinds.by_priority}
    assert [by_category[one].opened for one in ("order", "refund", "other")] == [2, 1, 0]
    assert [by_priority[one].opened for one in ("critical", "high", "medium", "low")] == [0, 1, 0, 2]
    assert (by_category[Category.REFUND].resolved, by_priority["low"].resolved) == (1, 1)
    for groups in (by_category, by_priority):
        rates = [one.attainment.first_response for one in groups.values()]
        assert (sum(one.numerator for one in rates), sum(one.denominator for one in rates)) == (3, 3)


def test_backlog(website: Website, client: Membership, support: Membership, agent: Actor) -> None:
    new, opened, awaiting, resolved = (ticket(client) for _ in range(4))
    talking.reply_to_ticket(opened, "So.", by=agent)
    talking.reply_to_ticket(awaiting, "And you?", by=agent, then=Status.AWAITING_CLIENT)
    course.resolve_ticket(resolved, by=agent)
    course.claim_ticket(new, by=agent)
    course.change_ticket(new, priority=Priority.CRITICAL, category=Category.REFUND, by=agent)
    found = figures.backlog(website)
    assert [(row.status, row.tickets) for row in found.by_status] == [("new", 1), ("open", 1), ("awaiting_client", 1)]
    assert {row.priority: row.tickets for row in found.by_priority} == {"critical": 1, "high": 0, "medium": 2, "low": 0}
    assert sum(row.tickets for row in found.by_category) == found.active == 3
    assert (found.overdue, found.at_risk) == (0, 0)
    mine = figures.backlog(website, support.pk)
    assert (mine.active, [row.tickets for row in mine.by_status]) == (1, [1, 0, 0])


def queue(website: Website, who: Actor) -> dict[str, list[int]]:
    rows = Ticket.objects.of(website).order_by("pk")
    return {tab: [row.pk for row in narrow(rows)] for tab, narrow in queue_tabs(who).items()}


def test_the_tabs_of_the_queue(
    website: Website,
    client: Membership,
    support: Membership,
    support2: Membership,
    agent: Actor,
    frozen: time_machine.Coordinates,
) -> None:
    """Each has its row, and one that misses by a condition: another's, medium, due this very moment, not yet at risk,
    awaiting the client, resolved."""
    sla(website)  # first responses are due in 60 minutes, at risk after 45
    free, mine, others, grave, awaiting, resolved = (
        ticket(client, by=support, priority=one)
        for one in (Priority.MEDIUM, *[Priority.LOW] * 2, Priority.HIGH, *[Priority.CRITICAL] * 2)
    )
    course.claim_ticket(mine, by=agent)
    for row in (others, grave, awaiting):
        course.claim_ticket(row, by=actor(support2))
    talking.reply_to_ticket(awaiting, "And you?", by=agent, then=Status.AWAITING_CLIENT)
    course.resolve_ticket(resolved, by=agent)
    waiting = [free.pk, mine.pk, others.pk, grave.pk]
    expected: dict[str, Any] = {
        "unassigned": [free.pk],
        "mine": [mine.pk],
        "high_priority": [grave.pk, awaiting.pk],
        "overdue": [],
        "at_risk": [],
    }
    assert tuple(expected) == QUEUE_TABS
    frozen.move_to(NOON + dt.timedelta(minutes=45) - TICK)
    assert queue(website, agent) == expected
    for at in (dt.timedelta(minutes=45), HOUR):
        frozen.move_to(NOON + at)
        assert queue(website, agent) == {**expected, "at_risk": waiting}
    frozen.move_to(NOON + HOUR + TICK)
    assert queue(website, agent) == {**expected, "overdue": waiting}
    assert queue(website, Actor(website, Role.SUPERADMIN))["mine"] == []


def test_another_website_has_no_part(website: Website, client: Membership, agent: Actor) -> None:
    other = tenancy.website("borealis", timezone=ZONE)
    stranger, colleague = accounts.membership(other), accounts.membership(other, "support")
    with website_scope(other.pk):
        row = ticket(stranger)
        talking.reply_to_ticket(row, "So.", by=actor(colleague))
        course.resolve_ticket(row, by=actor(colleague))
        theirs = of(other)
    assert (theirs.opened, theirs.resolved) == (1, 1)
    assert (of(website).opened, of(website).resolved) == (0, 0)
    assert of(website).attainment.overall == NONE
    assert figures.desk_report(website, march()).by_agent == []
    assert figures.backlog(website).active == 0


def test_one_query_each(website: Website, client: Membership) -> None:
    for _ in range(3):
        ticket(client)
    for ask in (
        figures.ticket_figures,
        figures.timed_figures,
        figures.ticket_report,
        figures.desk_report,
        figures.attainments,
    ):
        with CaptureQueriesContext(connection) as queries:
            ask(website, march())
        assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        figures.backlog(website)
    assert len(queries) == 1
