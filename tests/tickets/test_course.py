"""The life of a ticket, step by step, and what is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Invalid, Refusal
from copydesk.journal.models import Event
from copydesk.journal.queries import timeline
from copydesk.tenancy.models import Website
from copydesk.tickets import tasks
from copydesk.tickets.actions import course, escalating, talking
from copydesk.tickets.actions.opening import open_ticket
from copydesk.tickets.models import Category, Clock, Escalation, Note, Priority, Reply, Status, Ticket
from tests.factories import accounts, tenancy
from tests.factories.accounts import actor, superadmin
from tests.factories.tickets import form, ticket
from tests.standstill import NOON

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def again(row: Ticket) -> Ticket:
    return Ticket.objects.of(row.website_id).get(pk=row.pk)


def verbs(row: Ticket) -> list[str]:
    events = Event.objects.of(row.website_id).about("ticket", row.pk).order_by("id")
    return [event.verb.removeprefix("ticket.") for event in events]


def everything(row: Ticket) -> Any:
    clocks = Clock.objects.of(row.website_id).filter(ticket=row).order_by("id").values_list()
    return (Ticket.objects.of(row.website_id).filter(pk=row.pk).values(), list(clocks), verbs(row),
            Reply.objects.of(row.website_id).count(), Note.objects.of(row.website_id).count())  # fmt: skip


def refused(row: Ticket, act: Any, code: str) -> None:
    """And nothing changed."""
    before = repr(everything(row))
    with pytest.raises(Refusal) as found, transaction.atomic():
        act()
    assert found.value.code == code
    assert repr(everything(row)) == before


@pytest.fixture
def agent(support: Membership) -> Actor:
    return actor(support)


@pytest.fixture
def row(client: Membership) -> Ticket:
    return ticket(client)


def test_opened(row: Ticket, client: Membership) -> None:
    assert (row.number, row.status, row.priority, row.requester_id) == (1, "new", Priority.MEDIUM, client.pk)
    event = Event.objects.of(row.website_id).get(verb="ticket.open")
    assert (event.client_id, event.writer_id, event.after, event.data) == (
        client.pk,
        None,
        "new",
        {"number": 1, "priority": 2, "category": "order", "policy_version": 0},
    )
    assert ticket(client).number == 2


def test_opened_by_staff_for_a_writer(writer: Membership, support: Membership) -> None:
    row = ticket(writer, by=support, priority=Priority.HIGH)
    assert (row.requester_role, row.priority) == ("writer", Priority.HIGH)
    event = Event.objects.of(row.website_id).get(verb="ticket.open")
    assert (event.client_id, event.writer_id, event.member_id) == (None, writer.pk, support.pk)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "  "}, "title"),
        ({"body": " \n "}, "body"),
        ({"body": "x" * 10_001}, "body"),
        ({"priority": Priority.LOW}, "priority"),
        ({"requester_id": 1}, "requester_id"),
        ({"about_type": "order"}, "about_id"),
        ({"about_id": 1}, "about_id"),
        ({"about_type": "order", "about_id": 1}, "about_id"),
        ({"about_type": "member", "about_id": 1}, "about_id"),
    ],
)
def test_not_opened(client: Membership, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as found:
        ticket(client, **values)
    assert [error.field for error in found.value.errors] == [field]
    assert not Ticket.objects.of(client.website).exists()


def test_staff_open_for_clients_and_writers_alone(client: Membership, support: Membership) -> None:
    elsewhere = accounts.membership(tenancy.website("borealis"))
    editor = accounts.membership(client.website, "editor")
    suspended = accounts.membership(client.website, status="suspended")
    for other in (support, editor, suspended, elsewhere):
        with pytest.raises(Invalid):
            open_ticket(form(requester_id=other.pk), by=actor(support))
    assert not Ticket.objects.of(client.website).exists()


def test_answers_move_it(row: Ticket, client: Membership, agent: Actor) -> None:
    seen = []
    for body, by, then in (
        ("More.", actor(client), None),
        ("So.", agent, None),
        ("And you?", agent, Status.AWAITING_CLIENT),
        ("Still?", agent, Status.AWAITING_CLIENT),
        ("Back to us.", agent, Status.OPEN),
        ("And you?", agent, Status.AWAITING_CLIENT),
        ("Me.", actor(client), None),
    ):
        talking.reply_to_ticket(row, body, by=by, then=then)
        seen.append(row.status)
    assert seen == ["new", "open", "awaiting_client", "awaiting_client", "open", "awaiting_client", "open"]
    assert Reply.objects.of(row.website_id).filter(ticket=row).count() == 8


def test_a_note_moves_nothing(row: Ticket, agent: Actor) -> None:
    before = list(Clock.objects.of(row.website_id).order_by("id").values_list())
    talking.add_note(row, "Hm.", by=agent)
    assert (row.status, Reply.objects.of(row.website_id).count(), Note.objects.of(row.website_id).count()) == (
        "new", 1, 1,
    )  # fmt: skip
    assert list(Clock.objects.of(row.website_id).order_by("id").values_list()) == before
    course.close_ticket(row, by=agent, reason="Spam")
    talking.add_note(row, "It was none.", by=agent)
    assert (row.status, Note.objects.of(row.website_id).count()) == ("closed", 2)


def test_the_requesters_word_opens_what_was_resolved(
    row: Ticket, client: Membership, agent: Actor, frozen: time_machine.Coordinates
) -> None:
    course.resolve_ticket(row, by=agent, reason="Sent again")
    assert (row.resolved_at, row.close_at) == (NOON, NOON + 7 * DAY)
    talking.reply_to_ticket(row, "A word after the end.", by=agent)
    assert (row.status, row.resolved_at) == ("resolved", NOON)
    refused(row, lambda: talking.reply_to_ticket(row, "?", by=agent, then=Status.OPEN), "wrong_state")
    frozen.move_to(NOON + HOUR)
    talking.reply_to_ticket(row, "No.", by=actor(client))
    assert (row.status, row.resolved_at, row.close_at, row.reopened_at) == ("open", None, None, NOON + HOUR)


def test_it_closes_by_itself_and_is_reopened_for_a_week(
    row: Ticket, website: Website, client: Membership, agent: Actor, frozen: time_machine.Coordinates
) -> None:
    course.resolve_ticket(row, by=agent)
    frozen.move_to(NOON + 7 * DAY - HOUR)
    tasks.close_resolved(website)
    assert again(row).status == "resolved"
    frozen.move_to(NOON + 7 * DAY)
    tasks.close_resolved(website)
    tasks.close_resolved(website)
    row = again(row)
    assert (row.status, row.closed_at, row.reopen_until) == ("closed", NOON + 7 * DAY, NOON + 14 * DAY)
    assert verbs(row) == ["open", "resolve", "close"]
    refused(row, lambda: talking.reply_to_ticket(row, "?", by=actor(client)), "wrong_state")
    frozen.move_to(NOON + 14 * DAY)
    refused(row, lambda: course.reopen_ticket(row, by=actor(client)), "reopen_window_closed")
    frozen.move_to(NOON + 14 * DAY - HOUR)
    course.reopen_ticket(row, by=actor(client))
    assert (row.status, row.closed_at, row.reopen_until, row.close_at) == ("open", None, None, None)


def test_closed_by_hand(row: Ticket, client: Membership, agent: Actor) -> None:
    refused(row, lambda: course.close_ticket(row, by=agent), "reason_required")
    other = accounts.membership(client.website)
    refused(row, lambda: course.close_ticket(row, by=actor(other)), "not_yours")
    course.close_ticket(row, by=actor(client))
    assert again(row).status == "closed"
    for act in (
        lambda: course.close_ticket(row, by=agent, reason="Twice"),
        lambda: course.resolve_ticket(row, by=agent),
        lambda: course.claim_ticket(row, by=agent),
        lambda: course.change_ticket(row, priority=Priority.LOW, by=agent),
        lambda: escalating.escalate_ticket(row, reason="Grave", by=agent),
    ):
        refused(row, act, "wrong_state")


def test_the_requester_works_on_nothing(row: Ticket, client: Membership) -> None:
    by = actor(client)
    for act in (
        lambda: talking.add_note(row, "Hm.", by=by),
        lambda: course.claim_ticket(row, by=by),
        lambda: course.assign_ticket(row, None, by=by),
        lambda: course.change_ticket(row, priority=Priority.CRITICAL, by=by),
        lambda: course.resolve_ticket(row, by=by),
        lambda: course.merge_ticket(row, row.pk, by=by),
        lambda: escalating.escalate_ticket(row, reason="Grave", by=by),
    ):
        refused(row, act, "permission_denied")
    with pytest.raises(Invalid):
        talking.reply_to_ticket(row, "?", by=by, then=Status.AWAITING_CLIENT)


def test_assigned_and_taken_back(row: Ticket, support: Membership, support2: Membership, agent: Actor) -> None:
    course.assign_ticket(row, support2.pk, by=agent, reason="Knows it")
    assert (row.assignee_id, row.assigned_at) == (support2.pk, NOON)
    refused(row, lambda: course.claim_ticket(row, by=agent), "already_claimed")
    course.assign_ticket(row, None, by=agent)
    assert (row.assignee_id, row.assigned_at) == (None, None)
    course.claim_ticket(row, by=agent)
    assert row.assignee_id == support.pk
    events = Event.objects.of(row.website_id).filter(verb="ticket.assign").order_by("id")
    assert [event.data for event in events] == [{"assignee_id": support2.pk}, {"assignee_before_id": support2.pk}]


def test_assigned_to_members_of_the_desk_alone(row: Ticket, client: Membership, agent: Actor) -> None:
    others = [
        client.pk,
        accounts.membership(client.website, "editor").pk,
        accounts.membership(client.website, "support", status="suspended").pk,
        accounts.membership(tenancy.website("borealis"), "support").pk,
        0,
    ]
    for other in others:
        refused(row, lambda other=other: course.assign_ticket(row, other, by=agent), "invalid")
        refused(
            row,
            lambda other=other: escalating.escalate_ticket(row, reason="Grave", target_id=other, by=agent),
            "invalid",
        )


def test_a_superadmin_is_no_agent(row: Ticket) -> None:
    boss = Actor(row.website, Role.SUPERADMIN, user_id=superadmin().pk)
    refused(row, lambda: course.claim_ticket(row, by=boss), "no_agent")
    talking.reply_to_ticket(row, "From above.", by=boss)
    assert row.status == "open"


def test_rated_once_by_its_requester(row: Ticket, client: Membership, agent: Actor) -> None:
    by = actor(client)
    refused(row, lambda: course.rate_ticket(row, 5, by=by), "wrong_state")
    course.resolve_ticket(row, by=agent)
    refused(row, lambda: course.rate_ticket(row, 5, by=agent), "permission_denied")
    refused(row, lambda: course.rate_ticket(row, 5, by=actor(accounts.membership(client.website))), "not_yours")
    course.rate_ticket(row, 4, by=by, comment=" Fine. ")
    assert (row.rating, row.rating_comment, row.rated_at, row.status) == (4, "Fine.", NOON, "resolved")
    refused(row, lambda: course.rate_ticket(row, 5, by=by), "already_rated")


def test_duplicates_go_on_as_one(row: Ticket, client: Membership, agent: Actor) -> None:
    second, third = ticket(client, body="Again."), ticket(client, body="And again.")
    course.merge_ticket(third, second.pk, by=agent)
    course.merge_ticket(second, row.pk, by=agent)
    found = Reply.objects.of(row.website_id).in_thread(row).order_by("id")
    assert [reply.body for reply in found] == ["I cannot find it.", "Again.", "And again."]
    assert {again(one).merged_into_id for one in (second, third)} == {row.pk}
    assert verbs(row) == ["open", "absorb"]
    refused(second, lambda: course.reopen_ticket(second, by=actor(client)), "ticket_merged")
    refused(row, lambda: course.merge_ticket(row, second.pk, by=agent), "wrong_state")
    refused(row, lambda: course.merge_ticket(row, row.pk, by=agent), "invalid")
    other = ticket(accounts.membership(client.website))
    refused(row, lambda: course.merge_ticket(row, other.pk, by=agent), "not_one_requester")


@pytest.mark.parametrize("ended", [False, True])
def test_an_open_question_of_a_duplicate_is_asked_in_the_other(
    row: Ticket, client: Membership, agent: Actor, frozen: time_machine.Coordinates, ended: bool
) -> None:
    talking.reply_to_ticket(row, "And you?", by=agent, then=Status.AWAITING_CLIENT)
    if ended:
        course.resolve_ticket(row, by=agent)
    frozen.move_to(NOON + HOUR)
    second = ticket(client, body="Again.")
    frozen.move_to(NOON + 2 * HOUR)
    course.merge_ticket(second, row.pk, by=agent)
    row = again(row)
    assert (row.status, row.close_at, row.resolved_at, row.last_message_at) == ("open", None, None, NOON + HOUR)
    asked = Clock.objects.of(row.website_id).get(ticket=row, kind="next_response")
    assert (asked.started_at, asked.met_at) == (NOON + 2 * HOUR, None)
    assert row.due_at is not None
    assert Ticket.objects.of(row.website_id).get(pk=second.pk).due_at is None


@pytest.mark.parametrize("before", ["awaiting_client", "resolved"])
def test_a_duplicate_without_a_question_opens_nothing(
    row: Ticket, client: Membership, agent: Actor, before: str
) -> None:
    second = ticket(client, body="Again.")
    for one in (row, second):
        talking.reply_to_ticket(one, "And you?", by=agent, then=Status.AWAITING_CLIENT)
    if before == "resolved":
        course.resolve_ticket(row, by=agent)
    course.merge_ticket(second, row.pk, by=agent)
    assert again(row).status == before
    refused(second, lambda: course.rate_ticket(second, 5, by=actor(client)), "ticket_merged")


def test_another_priority_counts_from_the_start(row: Ticket, agent: Actor, frozen: time_machine.Coordinates) -> None:
    frozen.move_to(NOON + 2 * HOUR)
    course.change_ticket(row, priority=Priority.HIGH, category=Category.PAYMENT, by=agent)
    assert (row.due_at, row.priority, row.category) == (NOON + 2 * HOUR, Priority.HIGH, "payment")
    version = row.version
    course.change_ticket(row, priority=Priority.HIGH, by=agent)
    assert (row.version, verbs(row)) == (version, ["open", "change"])


def test_breach_risk_and_rules(row: Ticket, website: Website, agent: Actor, frozen: time_machine.Coordinates) -> None:
    """Medium: first response in 12 hours, resolution in 24; at risk with a quarter left."""

    def sweep() -> list[str]:
        before = len(verbs(row))
        for _ in range(2):
            for one in (tasks.watch_risks, tasks.watch_breaches, tasks.escalate, tasks.close_resolved):
                one(website)
        return verbs(row)[before:]

    said = {}
    for hours in (8, 9, 12, 13, 18, 25, 48, 49):
        frozen.move_to(NOON + hours * HOUR + dt.timedelta(seconds=1))
        said[hours] = sweep()
    assert said == {
        8: [],
        9: ["warn"],
        12: ["breach", "escalate"],
        13: [],
        18: ["warn"],
        25: ["breach"],
        48: ["escalate"],
        49: [],
    }
    found = Escalation.objects.of(website).order_by("level").values_list("level", "rule", "reason", "status")
    assert list(found) == [(1, "first_response", "", "open"), (2, "resolution", "", "open")]
    assert again(row).escalation_level == 2


def test_no_rule_while_the_client_is_awaited(
    row: Ticket, website: Website, agent: Actor, frozen: time_machine.Coordinates
) -> None:
    talking.reply_to_ticket(row, "And you?", by=agent, then=Status.AWAITING_CLIENT)
    frozen.move_to(NOON + 30 * DAY)
    for one in (tasks.watch_risks, tasks.watch_breaches, tasks.escalate, tasks.close_resolved):
        one(website)
    assert verbs(row) == ["open", "reply"]
    assert (again(row).due_at, again(row).escalate_at) == (None, None)


def test_escalated_by_hand(row: Ticket, admin: Membership, agent: Actor) -> None:
    first = escalating.escalate_ticket(row, reason="Grave", target_id=admin.pk, by=agent)
    assert (first.level, first.status, first.target_id, row.escalation_level) == (1, "open", admin.pk, 1)
    third = escalating.escalate_ticket(row, reason="Graver", level=3, by=agent)
    refused(row, lambda: escalating.escalate_ticket(row, reason="Less", level=2, by=agent), "escalated_already")
    escalating.acknowledge_escalation(first, by=actor(admin))
    refused(row, lambda: escalating.acknowledge_escalation(first, by=agent), "wrong_state")
    escalating.resolve_escalation(first, by=actor(admin), reason="Called")
    escalating.resolve_escalation(third, by=actor(admin), reason="Called")
    assert (first.acknowledged_by_id, first.resolved_by_id, first.acknowledged_at) == (admin.pk, admin.pk, NOON)
    refused(row, lambda: escalating.resolve_escalation(third, by=agent, reason="Twice"), "wrong_state")
    assert not Escalation.objects.of(row.website_id).exclude(status="resolved").exists()


def test_what_a_requester_may_see_of_what_happened(
    row: Ticket, client: Membership, support2: Membership, agent: Actor, frozen: time_machine.Coordinates
) -> None:
    """The stream, the activity and every history are views of these."""
    course.claim_ticket(row, by=agent)
    talking.add_note(row, "Zanzibar.", by=agent)
    course.change_ticket(row, priority=Priority.HIGH, by=agent)
    course.assign_ticket(row, support2.pk, by=agent, reason="Zanzibar")
    first = escalating.escalate_ticket(row, reason="Zanzibar", by=agent)
    escalating.acknowledge_escalation(first, by=agent)
    escalating.resolve_escalation(first, by=agent, reason="Zanzibar")
    frozen.move_to(NOON + 5 * HOUR)
    tasks.watch_breaches(row.website)
    talking.reply_to_ticket(row, "So.", by=agent)
    course.close_ticket(row, by=agent, reason="Zanzibar")
    seen = timeline(actor(client), "ticket", row.pk)
    assert [one.verb for one in seen] == ["ticket.open", "ticket.reply", "ticket.close"]
    assert "Zanzibar" not in repr(seen)
    assert not {"assignee_id", "note_id"} & {name for one in seen for name in one.data}
    assert [one.verb for one in timeline(actor(accounts.membership(row.website, "editor")), "ticket", row.pk)] == []
    inside = {one.verb for one in timeline(agent, "ticket", row.pk)}
    assert inside > {"ticket.note", "ticket.claim", "ticket.breach", "ticket_escalation.resolve"}


def test_what_was_said_stays(row: Ticket, agent: Actor) -> None:
    talking.add_note(row, "Hm.", by=agent)
    for table in ("tickets_reply", "tickets_note"):
        for statement in (f"UPDATE {table} SET body = 'x'", f"DELETE FROM {table}"):
            with (
                pytest.raises(DatabaseError, match=r"permission denied|append-only"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
