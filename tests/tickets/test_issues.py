"""Payment issues and escalations of accounts: what one person asks, another decides."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Invalid, Refusal
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import current_website_id
from copydesk.tickets import tasks
from copydesk.tickets.actions import issues
from copydesk.tickets.models import AccountEscalation, IssueKind, Measure, PaymentIssue
from copydesk.tickets.queries import queue
from copydesk.writers.actions import suspend_writer
from copydesk.writers.models import Writer
from tests.factories import accounts, orders, tenancy
from tests.factories.accounts import actor
from tests.factories.tickets import ticket
from tests.standstill import NOON

pytestmark = pytest.mark.django_db
WEEK = NOON + dt.timedelta(days=7)


@pytest.fixture
def agent(support: Membership) -> Actor:
    return actor(support)


@pytest.fixture
def asked(writer: Membership, agent: Actor) -> AccountEscalation:
    return issues.request_measure(writer.pk, Measure.SUSPEND, by=agent, reason="Rude", until=WEEK)


def refused(act: Any, code: str) -> None:
    """And nothing is told."""
    before = everything()
    with pytest.raises(Refusal) as found, transaction.atomic():
        act()
    assert found.value.code == code
    assert everything() == before


def everything() -> list[Any]:
    """Of the website in scope."""
    here = current_website_id() or 0
    rows = (Event.objects.of(here), AccountEscalation.objects.of(here), PaymentIssue.objects.of(here))
    return [list(found.order_by("pk").values()) for found in rows]


def test_another_person_approves(
    asked: AccountEscalation, writer: Membership, support2: Membership, admin: Membership
) -> None:
    assert Writer.objects.of(writer.website).get(pk=writer.pk).status == "approved"
    refused(lambda: issues.approve_measure(asked, by=actor(support2)), "permission_denied")
    issues.acknowledge_measure(asked, by=actor(support2))
    issues.approve_measure(asked, by=actor(admin), reason="Twice now")
    assert (asked.status, asked.decided_by_id, asked.decided_at) == ("approved", admin.pk, NOON)
    suspended = Writer.objects.of(writer.website).get(pk=writer.pk)
    assert (suspended.status, suspended.suspended_until) == ("suspended", WEEK)
    refused(lambda: issues.resolve_measure(asked, by=actor(support2)), "permission_denied")
    issues.resolve_measure(asked, by=actor(admin), reason="A mistake")
    assert asked.status == "resolved"
    assert Writer.objects.of(writer.website).get(pk=writer.pk).status == "approved"
    assert standing(writer) == "active"


def standing(member: Membership) -> str:
    return Membership.objects.of(member.website_id).get(pk=member.pk).status


def told(member: Membership) -> list[str]:
    events = Event.objects.of(member.website_id).filter(subject_type="member", subject_id=member.pk).order_by("id")
    return [event.verb for event in events]


def approved(member: Membership, measure: Measure, agent: Actor, admin: Membership, **values: Any) -> AccountEscalation:
    row = issues.request_measure(member.pk, measure, by=agent, reason="Rude", **values)
    return issues.approve_measure(row, by=actor(admin))


def test_a_client_is_suspended_until_its_end(
    client: Membership, agent: Actor, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    row = issues.request_measure(client.pk, Measure.SUSPEND, by=agent, reason="Rude", until=WEEK)
    assert standing(client) == "active"
    issues.approve_measure(row, by=actor(admin))
    assert (standing(client), told(client)) == ("suspended", ["member.suspend"])
    frozen.move_to(WEEK - dt.timedelta(seconds=1))
    tasks.lift_measures(client.website)
    assert standing(client) == "suspended"
    frozen.move_to(WEEK)
    for _ in range(2):
        tasks.lift_measures(client.website)
    assert (standing(client), told(client)) == ("active", ["member.suspend", "member.readmit"])
    assert AccountEscalation.objects.of(client.website).get().status == "resolved"


def test_two_measures_bar_until_both_are_over(
    client: Membership, agent: Actor, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    approved(client, Measure.SUSPEND, agent, admin, until=WEEK)
    listed = approved(client, Measure.BLACKLIST, agent, admin)
    approved(client, Measure.PROBATION, agent, admin, until=WEEK)
    frozen.move_to(WEEK)
    tasks.lift_measures(client.website)
    assert standing(client) == "suspended"
    issues.resolve_measure(listed, by=actor(admin), reason="Another one's account")
    assert (standing(client), told(client)) == ("active", ["member.suspend", "member.readmit"])


def test_a_probation_takes_nothing_away(
    client: Membership, writer: Membership, agent: Actor, admin: Membership
) -> None:
    for member in (client, writer):
        approved(member, Measure.PROBATION, agent, admin, until=WEEK)
        assert (standing(member), told(member)) == ("active", [])
    assert Writer.objects.of(writer.website).get(pk=writer.pk).status == "approved"


def test_a_writer_is_barred_by_a_blacklisting_alone(writer: Membership, agent: Actor, admin: Membership) -> None:
    suspension = approved(writer, Measure.SUSPEND, agent, admin, until=WEEK)
    assert standing(writer) == "active"
    listed = approved(writer, Measure.BLACKLIST, agent, admin)
    assert standing(writer) == "suspended"
    issues.resolve_measure(listed, by=actor(admin))
    assert standing(writer) == "active"
    profile = Writer.objects.of(writer.website).get(pk=writer.pk)
    assert (profile.status, profile.suspended_until) == ("suspended", WEEK)
    suspend_writer(profile, by=actor(admin), until=WEEK + dt.timedelta(days=1), reason="More")
    issues.resolve_measure(suspension, by=actor(admin))
    assert Writer.objects.of(writer.website).get(pk=writer.pk).status == "suspended"


def test_a_longer_suspension_stays(writer: Membership, agent: Actor, admin: Membership) -> None:
    profile = Writer.objects.of(writer.website).get(pk=writer.pk)
    later = WEEK + dt.timedelta(days=1)
    suspend_writer(profile, by=actor(admin), until=later, reason="More")
    approved(writer, Measure.SUSPEND, agent, admin, until=WEEK)
    assert Writer.objects.of(writer.website).get(pk=writer.pk).suspended_until == later


def test_not_approved_after_its_end(
    asked: AccountEscalation, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    frozen.move_to(WEEK)
    refused(lambda: issues.approve_measure(asked, by=actor(admin)), "measure_over")


def test_a_superadmin_does_not_decide_about_its_own(client: Membership, admin: Membership) -> None:
    boss = Actor(client.website, Role.SUPERADMIN, user_id=accounts.superadmin().pk)
    row = issues.request_measure(client.pk, Measure.BLACKLIST, by=boss, reason="Fraud")
    refused(lambda: issues.approve_measure(row, by=boss), "same_person")
    issue = issues.open_issue(client.pk, IssueKind.OTHER, "Odd", by=boss)
    issues.escalate_issue(issue, by=boss, reason="Grave")
    refused(lambda: issues.resolve_issue(issue, "Done", by=boss), "approval_needed")
    issues.approve_measure(row, by=actor(admin))
    assert standing(client) == "suspended"


def test_nobody_decides_about_the_own_request(writer: Membership, admin: Membership) -> None:
    by = actor(admin)
    row = issues.request_measure(writer.pk, Measure.BLACKLIST, by=by, reason="Fraud")
    refused(lambda: issues.approve_measure(row, by=by), "same_person")
    refused(lambda: issues.reject_measure(row, by=by, reason="No"), "same_person")
    with pytest.raises(IntegrityError, match="account_escalation_two_people"), transaction.atomic():
        AccountEscalation.objects.of(writer.website).filter(pk=row.pk).update(decided_by=admin)
    issues.reject_measure(row, by=actor(accounts.membership(writer.website, "admin")), reason="No proof")
    assert row.status == "rejected"
    assert Writer.objects.of(writer.website).get(pk=writer.pk).status == "approved"


def test_one_measure_waits_at_a_time(asked: AccountEscalation, writer: Membership, agent: Actor) -> None:
    def again() -> object:
        return issues.request_measure(writer.pk, Measure.SUSPEND, by=agent, reason="Again", until=WEEK)

    refused(again, "measure_pending")
    issues.request_measure(writer.pk, Measure.PROBATION, by=agent, reason="As well", until=WEEK)


@pytest.mark.parametrize(
    ("measure", "until", "field"),
    [
        (Measure.SUSPEND, None, "until"),
        (Measure.PROBATION, NOON, "until"),
        (Measure.BLACKLIST, WEEK, "until"),
    ],
)
def test_an_end_for_all_but_a_blacklisting(
    client: Membership, agent: Actor, measure: Measure, until: dt.datetime | None, field: str
) -> None:
    with pytest.raises(Invalid) as found:
        issues.request_measure(client.pk, measure, by=agent, reason="Rude", until=until)
    assert [error.field for error in found.value.errors] == [field]


def test_against_clients_and_writers_of_this_website(client: Membership, support: Membership, agent: Actor) -> None:
    elsewhere = accounts.membership(tenancy.website("borealis"))
    for member in (support.pk, elsewhere.pk, 0):
        with pytest.raises(Invalid):
            issues.request_measure(member, Measure.BLACKLIST, by=agent, reason="Fraud")
    refused(
        lambda: issues.request_measure(client.pk, Measure.BLACKLIST, by=actor(client), reason="I"), "permission_denied"
    )


def test_a_payment_issue(client: Membership, agent: Actor) -> None:
    row = issues.open_issue(
        client.pk, IssueKind.DOUBLE_CHARGE, " Twice. ", by=agent, ticket_id=ticket(client).pk,
        order_id=orders.unpaid_order(client).pk,
    )  # fmt: skip
    assert (row.status, row.description) == ("open", "Twice.")
    with pytest.raises(Invalid):
        issues.resolve_issue(row, " ", by=agent)
    issues.resolve_issue(row, "Given back", by=agent)
    assert (row.status, row.resolution, row.resolved_by_id) == ("resolved", "Given back", agent.membership_id)


def test_an_escalated_issue_needs_another_persons_approval(
    client: Membership, agent: Actor, support2: Membership, admin: Membership
) -> None:
    row = issues.open_issue(client.pk, IssueKind.CHARGEBACK, "By the bank", by=actor(admin))
    issues.escalate_issue(row, by=agent, reason="A lot of money")
    for by in (agent, actor(support2), actor(admin)):
        refused(lambda by=by: issues.resolve_issue(row, "Done", by=by), "approval_needed")
    other = accounts.membership(client.website, "admin")
    issues.resolve_issue(row, "Done", by=actor(other))
    assert row.status == "resolved"


def test_an_issue_is_about_one_clients_things(client: Membership, writer: Membership, agent: Actor) -> None:
    other = accounts.membership(client.website)
    wrong: list[dict[str, Any]] = [
        {"client_id": writer.pk},
        {"client_id": 0},
        {"client_id": client.pk, "order_id": orders.unpaid_order(other).pk},
        {"client_id": client.pk, "charge_id": 0},
        {"client_id": client.pk, "ticket_id": ticket(other).pk},
        {"client_id": client.pk, "description": " "},
    ]
    for values in wrong:
        with pytest.raises(Invalid):
            issues.open_issue(**{"kind": IssueKind.OTHER, "description": "Odd", **values}, by=agent)
    assert not PaymentIssue.objects.of(client.website).exists()


def test_of_the_desk_alone(website: Website, asked: AccountEscalation, client: Membership, agent: Actor) -> None:
    issues.open_issue(client.pk, IssueKind.OTHER, "Odd", by=agent)
    for role in ("client", "writer", "editor"):
        by = actor(accounts.membership(website, role))
        assert not AccountEscalation.objects.visible_to(by).exists()
        assert not PaymentIssue.objects.visible_to(by).exists()
    now = queue.standing(agent)
    assert (now.measures, now.payment_issues) == (1, 1)
