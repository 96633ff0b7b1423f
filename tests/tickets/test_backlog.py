"""How many tickets were waiting: what is counted back equals what was there."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.accounts.models import Membership
from copydesk.core.errors import Refusal
from copydesk.core.period import Compare, Granularity, Period
from copydesk.tenancy.models import Website
from copydesk.tickets.actions import course, talking
from copydesk.tickets.models import Status, Ticket
from copydesk.tickets.queries.backlog import BacklogPoint, backlog_trend
from copydesk.tickets.queries.figures import ticket_report
from tests.factories.accounts import actor
from tests.factories.tickets import ticket
from tests.standstill import NOON

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ZONE = dt.timedelta(hours=5)
"""New York's, behind UTC."""
STEPS = ("open", "answer", "await", "ask", "resolve", "close", "reopen", "merge", "nothing")


def days(first: int, last: int, cut: Granularity = Granularity.DAY) -> Period:
    """From the first day after NOON's to before the last, of New York."""
    midnight = NOON.replace(hour=0) + ZONE
    return Period(midnight + first * DAY, midnight + last * DAY, "America/New_York", cut, Compare.NONE)


def trend(website: Website, period: Period) -> list[BacklogPoint]:
    return backlog_trend(website, period, ticket_report(website, period).points)


def act(step: str, on: Ticket | None, rows: list[Ticket], client: Membership, support: Membership) -> None:
    asks, answers = actor(client), actor(support)
    if step == "open" or on is None:
        rows.append(ticket(client))
    elif step == "answer":
        talking.reply_to_ticket(on, "So.", by=answers)
    elif step == "await":
        talking.reply_to_ticket(on, "Which?", by=answers, then=Status.AWAITING_CLIENT)
    elif step == "ask":
        talking.reply_to_ticket(on, "How?", by=asks)
    elif step == "resolve":
        course.resolve_ticket(on, by=answers)
    elif step == "close":
        course.close_ticket(on, by=answers, reason="Enough")
    elif step == "reopen":
        course.reopen_ticket(on, by=asks)
    elif step == "merge":
        course.merge_ticket(on, rows[0].pk, by=answers)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 4)), min_size=6, max_size=24),
    st.integers(0, 5),
    st.integers(1, 4),
)
def test_as_it_was(
    website: Website,
    client: Membership,
    support: Membership,
    steps: list[tuple[str, int]],
    first: int,
    length: int,
) -> None:
    """A step each nine hours; the count after each is kept, and compared."""
    undone = transaction.atomic()
    undone.__enter__()
    try:
        seen = []
        rows: list[Ticket] = []
        for number, (step, which) in enumerate(steps):
            at = NOON + number * 9 * HOUR
            with time_machine.travel(at, tick=False):
                try:
                    with transaction.atomic():
                        act(step, rows[which % len(rows)] if rows else None, rows, client, support)
                except Refusal:
                    pass
            seen.append((at, Ticket.objects.of(website).active().count()))
        with time_machine.travel(NOON + len(steps) * 9 * HOUR, tick=False):
            now = NOON + len(steps) * 9 * HOUR
            period = days(first, first + length)
            found = trend(website, period)
        expected = [
            max(((at, n) for at, n in seen if at < bucket.until), default=(NOON, 0))[1] if bucket.since <= now else None
            for bucket in period.buckets()
        ]
        assert [point.active for point in found] == expected
        assert [point.on for point in found] == [bucket.on for bucket in period.buckets()]
    finally:
        transaction.set_rollback(True)
        undone.__exit__(None, None, None)


def test_by_hand(website: Website, client: Membership, support: Membership, frozen: time_machine.Coordinates) -> None:
    """Two on the first day; one resolved on the second, and asked about again on the third; closed on the fourth, when
    another is opened and merged; in the days to come nothing is known."""
    one, _ = ticket(client), ticket(client)
    frozen.shift(DAY)
    course.resolve_ticket(one, by=actor(support))
    frozen.shift(DAY)
    talking.reply_to_ticket(one, "Not yet.", by=actor(client))
    frozen.shift(DAY)
    course.close_ticket(one, by=actor(support), reason="Twice")
    third = ticket(client)
    course.merge_ticket(third, Ticket.objects.of(website).order_by("pk")[1].pk, by=actor(support))
    with CaptureQueriesContext(connection) as sent:
        found = trend(website, days(-1, 6))
    assert [point.active for point in found] == [0, 2, 1, 2, 1, None, None]
    assert len(sent) == 2
    assert [point.active for point in trend(website, days(1, 3))] == [1, 2]
    weekly = trend(website, days(-7, 6, Granularity.WEEK))
    assert [point.active for point in weekly] == [0, 1]


def test_an_empty_website(website: Website) -> None:
    assert [point.active for point in trend(website, days(-2, 1))] == [0, 0, 0]
