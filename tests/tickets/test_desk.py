"""Who gets the next ticket, and what the desk keeps for itself."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, Invalid, NotFound
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tickets.actions import course, desk
from copydesk.tickets.errors import NobodyFree
from copydesk.tickets.models import CannedReply, Faq, Shift, Ticket
from copydesk.tickets.queries.agents import AgentLoad, agent_loads, best_agent
from copydesk.tickets.queries.faqs import published_faqs
from tests.factories import accounts
from tests.factories.accounts import actor
from tests.factories.tickets import sla, ticket
from tests.standstill import NOON

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def load(member_id: int, active: int, capacity: int = 10, *, on_duty: bool = True) -> AgentLoad:
    return AgentLoad(member_id, member_id, "support", "", active, capacity, available=True, on_duty=on_duty)


@pytest.mark.parametrize(
    ("loads", "best"),
    [
        ([], None),
        ([load(1, 5), load(2, 4)], 2),
        ([load(1, 5, 20), load(2, 4, 10)], 1),  # three quarters left against six tenths
        ([load(1, 4, 8), load(2, 5, 10)], 1),  # half and half: fewer tickets
        ([load(2, 5), load(1, 5)], 1),
        ([load(1, 0, on_duty=False), load(2, 9)], 2),
        ([load(1, 10), load(2, 12)], None),
    ],
)
def test_the_highest_share_of_spare_capacity(loads: list[AgentLoad], best: int | None) -> None:
    found = best_agent(loads)
    assert (found.member_id if found else None) == best


def test_the_next_ticket(client: Membership, support: Membership, support2: Membership, admin: Membership) -> None:
    boss = actor(admin)
    desk.keep_profile(support.pk, by=boss, capacity=1)
    desk.keep_profile(support2.pk, by=boss, capacity=2)
    given = [course.assign_to_best(ticket(client), by=boss).assignee_id for _ in range(3)]
    assert given == [support.pk, support2.pk, support2.pk]
    row = ticket(client)
    with pytest.raises(NobodyFree):
        course.assign_to_best(row, by=boss)
    desk.keep_profile(admin.pk, by=boss, capacity=5)
    assert course.assign_to_best(row, by=boss).assignee_id == admin.pk


def test_the_next_ticket_is_of_who_is_on_duty_and_available(
    client: Membership, support: Membership, support2: Membership, admin: Membership
) -> None:
    boss, third = actor(admin), accounts.membership(client.website, "support")
    desk.plan_shift(support2.pk, NOON, NOON + HOUR, by=boss)
    desk.plan_shift(third.pk, NOON, NOON + HOUR, by=boss)
    desk.keep_profile(support2.pk, by=boss, capacity=2)
    given = [course.assign_to_best(ticket(client), by=boss).assignee_id for _ in range(2)]
    assert given == [support2.pk, third.pk], "not who is off duty, though it has nothing"
    desk.keep_profile(third.pk, by=actor(third), available=False)
    assert course.assign_to_best(ticket(client), by=boss).assignee_id == support2.pk
    row = ticket(client)
    with pytest.raises(NobodyFree):
        course.assign_to_best(row, by=boss)
    assert Ticket.objects.of(client.website).get(pk=row.pk).assignee_id is None
    with pytest.raises(Forbidden):
        course.assign_to_best(row, by=actor(client))


def test_a_website_may_have_new_tickets_assigned(website: Website, client: Membership, support: Membership) -> None:
    assert ticket(client).assignee_id is None
    sla(website, assigns_automatically=True)
    row = ticket(client)
    assert row.assignee_id == support.pk
    event = Event.objects.of(website).get(verb="ticket.assign")
    assert (event.role, event.data) == ("system", {"assignee_id": support.pk})
    desk.keep_profile(support.pk, by=actor(support), available=False)
    assert ticket(client).assignee_id is None


def test_what_counts_for_a_load(
    client: Membership, support: Membership, support2: Membership, website: Website
) -> None:
    rows = [ticket(client) for _ in range(4)]
    by = actor(support)
    for row in rows[:3]:
        course.claim_ticket(row, by=by)
    course.resolve_ticket(rows[0], by=by)
    assert [(one.member_id, one.active, one.capacity, one.on_duty) for one in agent_loads(website, NOON)] == [
        (support.pk, 2, 20, True),
        (support2.pk, 0, 20, True),
    ]
    desk.keep_profile(support.pk, by=by, available=False)
    with CaptureQueriesContext(connection) as sent:
        found = agent_loads(website, NOON)
    assert [one.on_duty for one in found] == [False, True]
    assert len(sent) == 1


def test_why_an_agent_gets_no_more(
    client: Membership, support: Membership, support2: Membership, admin: Membership, website: Website
) -> None:
    third, gone = accounts.membership(website, "support"), accounts.membership(website, "support", status="suspended")
    boss = actor(admin)
    desk.keep_profile(support.pk, by=boss, capacity=1)
    desk.plan_shift(support.pk, NOON, NOON + HOUR, by=boss)
    desk.plan_shift(third.pk, NOON, NOON + HOUR, by=boss)
    course.assign_ticket(ticket(client), support.pk, by=boss)
    expected = {support.pk: "full", support2.pk: "off_duty", third.pk: None, admin.pk: "unavailable"}
    assert {one.member_id: one.exclusion for one in agent_loads(website, NOON)} == expected
    assert gone.pk not in expected
    desk.keep_profile(support.pk, by=actor(support), available=False)
    assert agent_loads(website, NOON)[0].exclusion == "unavailable"
    assert agent_loads(website, NOON)[0].label == f"Support {support.number}"


def test_on_duty_is_who_has_a_shift(
    support: Membership, support2: Membership, admin: Membership, website: Website
) -> None:
    boss = actor(admin)
    shift = desk.plan_shift(support2.pk, NOON, NOON + 8 * HOUR, by=boss)
    for hours, expected in ((-1, [True, True]), (0, [False, True]), (7, [False, True]), (8, [True, True])):
        found = agent_loads(website, NOON + hours * HOUR)
        assert [one.on_duty for one in found if one.role == "support"] == expected
    for starts, ends in ((7, 9), (-1, 1), (1, 2), (3, 3), (4, 3), (20, 45)):
        with pytest.raises(Invalid):
            desk.plan_shift(support2.pk, NOON + starts * HOUR, NOON + ends * HOUR, by=boss)
    desk.plan_shift(support2.pk, NOON + 8 * HOUR, NOON + 9 * HOUR, by=boss)
    stale = Shift.objects.of(website).get(pk=shift.pk)
    desk.cancel_shift(shift, by=boss)
    with pytest.raises(NotFound):
        desk.cancel_shift(stale, by=boss)
    assert Shift.objects.of(website).count() == 1


def test_an_agent_sets_its_own_availability_alone(
    client: Membership, support: Membership, support2: Membership, admin: Membership
) -> None:
    by = actor(support)
    assert desk.keep_profile(support.pk, by=by, available=False).available is False
    for member, values in ((support, {"capacity": 99}), (support2, {"available": False})):
        with pytest.raises(Forbidden):
            desk.keep_profile(member.pk, by=by, **values)  # type: ignore[arg-type]
    for capacity in (0, 501):
        with pytest.raises(Invalid):
            desk.keep_profile(support.pk, by=actor(admin), capacity=capacity)
    with pytest.raises(Invalid):
        desk.keep_profile(client.pk, by=actor(admin), capacity=3)
    with pytest.raises(Forbidden):
        desk.plan_shift(support.pk, NOON, NOON + HOUR, by=by)
    assert Event.objects.of(client.website).filter(verb="support_profile.change").count() == 1


def test_words_that_are_used_again(client: Membership, support: Membership) -> None:
    by = actor(support)
    row = desk.write_canned_reply(by=by, title=" Hello ", body="Hello!", category="order")
    with pytest.raises(Invalid):
        desk.write_canned_reply(by=by, title="Hello", body="Again")
    with pytest.raises(Invalid):
        desk.write_canned_reply(by=by, title="Bye", body=" ")
    with pytest.raises(Forbidden):
        desk.write_canned_reply(by=actor(client), title="Bye", body="Bye!")
    other = desk.write_canned_reply(by=by, title="Bye", body="Bye!")
    with pytest.raises(Invalid):
        desk.change_canned_reply(other, by=by, title=" Hello ")
    desk.change_canned_reply(row, by=by, body=" Good day! ", active=False)
    row.refresh_from_db(from_queryset=CannedReply.objects.of(client.website))
    assert (row.title, row.body, row.active, row.version) == ("Hello", "Good day!", False, 2)


def test_answers_for_everybody(website: Website, client: Membership, support: Membership) -> None:
    by = actor(support)
    second = desk.write_faq(by=by, question="Second?", answer="Yes", category="order", position=2, is_published=True)
    desk.write_faq(by=by, question="First?", answer="Yes", category="order", position=1, is_published=True)
    hidden = desk.write_faq(by=by, question="Hidden?", answer="Yes", category="other")
    assert [faq.question for faq in published_faqs(website)] == ["First?", "Second?"]
    desk.change_faq(hidden, by=by, is_published=True, position=0)
    desk.change_faq(second, by=by, is_published=False)
    assert [faq.question for faq in published_faqs(website)] == ["Hidden?", "First?"]
    with pytest.raises(Invalid):
        desk.change_faq(second, by=by, answer=" ")
    with pytest.raises(Forbidden):
        desk.write_faq(by=actor(client), question="Mine?", answer="No", category="other")
    assert Faq.objects.of(website).count() == 3
