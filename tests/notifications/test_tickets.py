"""Who hears of a ticket: its requester, whoever has it, the desk where nobody has it; never whoever acted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.notifications.models import Notification
from copydesk.tenancy.models import Website
from copydesk.tickets import tasks
from copydesk.tickets.actions import course, escalating, issues, talking
from copydesk.tickets.models import Measure, Priority, Ticket
from tests.factories import accounts
from tests.factories.accounts import actor
from tests.factories.tickets import sla, ticket
from tests.jobs import run_jobs
from tests.standstill import NOON, client, frozen, noon, support, website

__all__ = ["client", "frozen", "noon", "support", "website"]
pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)

Told = Callable[[], set[tuple[int, str]]]


@pytest.fixture
def other(website: Website) -> Membership:
    return accounts.membership(website, "support")


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


@pytest.fixture
def told(website: Website) -> Told:
    """(member, words) of what was told since it was last asked."""
    seen: set[int] = set()

    def ask() -> set[tuple[int, str]]:
        run_jobs()
        new = Notification.objects.of(website).exclude(pk__in=seen)
        found = {(one.member_id, one.title) for one in new}
        seen.update(one.pk for one in new)
        return found

    return ask


def opened(client: Membership, told: Told) -> Ticket:
    row = ticket(client)
    told()
    return row


def test_a_new_one_is_the_desks(
    client: Membership, support: Membership, other: Membership, admin: Membership, told: Told
) -> None:
    ticket(client)
    assert told() == {(support.pk, "Ticket 1 is new"), (other.pk, "Ticket 1 is new")}
    ticket(client, by=support)
    assert told() == {(client.pk, "Ticket 2 was opened for you")}


def test_whoever_has_it_hears_the_client_and_the_client_the_desk(
    client: Membership, support: Membership, other: Membership, admin: Membership, told: Told
) -> None:
    row = opened(client, told)
    talking.reply_to_ticket(row, "Well?", by=actor(client))
    answer = "There is an answer to Ticket 1"
    assert told() == {(support.pk, answer), (other.pk, answer)}
    course.assign_ticket(row, admin.pk, by=actor(support))
    assert told() == {(admin.pk, "Ticket 1 is yours")}
    talking.reply_to_ticket(row, "Well?", by=actor(client))
    assert told() == {(admin.pk, answer)}
    talking.reply_to_ticket(row, "So.", by=actor(admin))
    assert told() == {(client.pk, answer)}
    course.resolve_ticket(row, by=actor(admin))
    assert told() == {(client.pk, "Ticket 1 is resolved")}
    course.reopen_ticket(row, by=actor(client))
    assert told() == {(admin.pk, "Ticket 1 is open again")}


def test_a_claim_a_note_and_what_the_desk_does_unassigned_are_told_to_nobody(
    client: Membership, support: Membership, other: Membership, admin: Membership, told: Told
) -> None:
    row = opened(client, told)
    talking.add_note(row, "Hm.", by=actor(support))
    course.change_ticket(row, priority=Priority.HIGH, by=actor(support))
    course.claim_ticket(row, by=actor(support))
    course.assign_ticket(row, None, by=actor(other))
    assert told() == set()


def test_another_priority_is_told_to_whoever_has_it(
    client: Membership, support: Membership, other: Membership, told: Told
) -> None:
    row = opened(client, told)
    course.claim_ticket(row, by=actor(support))
    course.change_ticket(row, priority=Priority.CRITICAL, by=actor(other))
    assert told() == {(support.pk, "Ticket 1 has another priority or category")}


@pytest.mark.parametrize("assigned", [False, True])
def test_risk_and_breach(
    website: Website,
    client: Membership,
    support: Membership,
    other: Membership,
    admin: Membership,
    told: Told,
    frozen: time_machine.Coordinates,
    assigned: bool,
) -> None:
    sla(website)  # an hour to the first response
    row = opened(client, told)
    if assigned:
        course.claim_ticket(row, by=actor(support))
    whom = [support] if assigned else [support, other]
    frozen.move_to(NOON + HOUR * 0.9)
    tasks.watch_risks(website)
    assert told() == {(one.pk, "Ticket 1 is soon overdue") for one in whom}
    frozen.move_to(NOON + HOUR * 1.1)
    tasks.watch_breaches(website)
    assert told() == {(one.pk, "Ticket 1 is overdue") for one in whom}
    tasks.escalate(website)
    assert told() == {(one.pk, "Ticket 1 is escalated") for one in (*whom, admin)}


def test_escalated_before_somebody(
    client: Membership, support: Membership, other: Membership, admin: Membership, told: Told
) -> None:
    row = opened(client, told)
    escalating.escalate_ticket(row, reason="Grave", target_id=other.pk, by=actor(support))
    assert told() == {(other.pk, "Ticket 1 is escalated to you"), (admin.pk, "Ticket 1 is escalated")}


def test_a_measure_waits_for_admins(client: Membership, support: Membership, admin: Membership, told: Told) -> None:
    row = issues.request_measure(client.pk, Measure.SUSPEND, by=actor(support), reason="Rude", until=NOON + HOUR)
    assert told() == {(admin.pk, "A measure against an account waits for approval")}
    issues.approve_measure(row, by=actor(admin))
    assert told() == set()
    issues.resolve_measure(row, by=actor(admin))
    assert told() == {(client.pk, "Your membership is active again")}
