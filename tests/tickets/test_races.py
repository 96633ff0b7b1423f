"""Twenty at once: one agent has the ticket, the lock stands in the SQL; numbers and levels are taken once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.tenancy.scope import website_context, website_scope
from copydesk.tickets.actions import course, escalating, talking
from copydesk.tickets.actions.opening import open_ticket
from copydesk.tickets.errors import AlreadyClaimed
from copydesk.tickets.models import Clock, Escalation, Reply, Ticket
from tests.factories import accounts, tenancy
from tests.factories.accounts import actor
from tests.factories.tickets import form, ticket
from tests.payments.test_races import AT_ONCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


def in_one(row: Ticket, act: Callable[[Ticket], object]) -> None:
    with transaction.atomic():
        act(Ticket.objects.of(row.website_id).get(pk=row.pk))


def test_one_agent_has_it(client: Membership) -> None:
    row = ticket(client)
    crowd = [actor(accounts.membership(client.website, "support")) for _ in range(AT_ONCE)]
    results = at_once(client.website, lambda n: in_one(row, lambda one: course.claim_ticket(one, by=crowd[n])))
    assert results == ["already_claimed"] * (AT_ONCE - 1) + ["done"]
    with website_scope(client.website_id):
        held = Ticket.objects.of(client.website).get()
        events = Event.objects.of(client.website).filter(verb="ticket.claim")
        assert [(e.member_id, e.data) for e in events] == [(held.assignee_id, {"assignee_id": held.assignee_id})]
        with pytest.raises(AlreadyClaimed) as refused:
            course.claim_ticket(held, by=crowd[0])
        assert refused.value.context == {"assignee_id": held.assignee_id, "assigned_at": held.assigned_at}


def test_a_claim_locks_the_ticket(client: Membership) -> None:
    """Before it is asked who holds it; foreign keys to it stay free."""
    row = ticket(client)
    agent = actor(accounts.membership(client.website, "support"))
    with website_context(client.website_id), CaptureQueriesContext(connection) as queries:
        in_one(row, lambda one: course.claim_ticket(one, by=agent))
    texts = [query["sql"] for query in queries]
    locking = [n for n, text in enumerate(texts) if "FOR NO KEY UPDATE" in text and "tickets_ticket" in text]
    writing = [n for n, text in enumerate(texts) if text.startswith('UPDATE "tickets_ticket"')]
    assert len(locking) == len(writing) == 1
    assert locking[0] < writing[0]


def test_each_ticket_has_its_number(client: Membership) -> None:
    def opening(_: int) -> None:
        with transaction.atomic():
            open_ticket(form(), by=actor(client))

    assert at_once(client.website, opening) == ["done"] * AT_ONCE
    with website_scope(client.website_id):
        numbers = sorted(Ticket.objects.of(client.website).values_list("number", flat=True))
    assert numbers == list(range(1, AT_ONCE + 1))


def test_answers_at_once_are_one_first_response(client: Membership) -> None:
    row = ticket(client)
    agent = actor(accounts.membership(client.website, "support"))
    results = at_once(
        client.website, lambda n: in_one(row, lambda one: talking.reply_to_ticket(one, f"Answer {n}.", by=agent))
    )
    assert results == ["done"] * AT_ONCE
    with website_scope(client.website_id):
        assert Reply.objects.of(client.website).count() == AT_ONCE + 1
        first = Clock.objects.of(client.website).get(kind="first_response")
        event = Event.objects.of(client.website).filter(verb="ticket.reply").earliest("id")
        assert first.met_at == event.at


def test_one_level_is_reached_once(client: Membership) -> None:
    row = ticket(client)
    agent = actor(accounts.membership(client.website, "support"))

    def escalate(one: Ticket) -> object:
        return escalating.escalate_ticket(one, reason="Grave", level=1, by=agent)

    results = at_once(client.website, lambda _: in_one(row, escalate))
    assert results == ["done"] + ["escalated_already"] * (AT_ONCE - 1)
    with website_scope(client.website_id):
        assert Escalation.objects.of(client.website).count() == 1
