"""The desk of a small world, loaded: each state is there on each website, and what is stored is what has happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection

from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions.clocks import FIELDS, kept
from copydesk.tickets.clocks import Kind, State, state
from copydesk.tickets.models import (
    AccountEscalation,
    AccountEscalationStatus,
    CannedReply,
    Clock,
    Escalation,
    EscalationStatus,
    Faq,
    IssueStatus,
    Measure,
    Note,
    PaymentIssue,
    Priority,
    Shift,
    Status,
    SupportProfile,
    Ticket,
    TicketFile,
)
from copydesk.tickets.policies import SlaPolicy
from copydesk.tickets.queries.clocks import clock_row, readings
from tests.demo.small import NOW, Owner, rows
from tests.factories.accounts import actor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("loaded")]


@contextmanager
def websites() -> Iterator[Iterator[Website]]:
    """Each in its own scope, at the world's end."""

    def each() -> Iterator[Website]:
        for website in Website.objects.order_by("pk"):
            with website_scope(website.pk):
                yield website

    with time_machine.travel(NOW, tick=False):
        yield each()


def things(website: Website) -> dict[str, Any]:
    """By what somebody would look for."""
    tickets, events = Ticket.objects.of(website), Event.objects.of(website)
    files, issues = TicketFile.objects.of(website), PaymentIssue.objects.of(website)
    escalations, measures = Escalation.objects.of(website), AccountEscalation.objects.of(website)
    found: dict[str, Any] = {}
    for rows_of, statuses in (
        (tickets, Status),
        (escalations, EscalationStatus),
        (issues, IssueStatus),
        (measures, AccountEscalationStatus),
    ):
        found |= {f"{rows_of.model.noun} {one}": rows_of.filter(status=one) for one in statuses}
    for verb, roles in (("open", ("client", "writer", "support")), ("close", ("client", "support", "system"))):
        found |= {f"{verb} by {role}": events.filter(verb=f"ticket.{verb}", role=role) for role in roles}
    found |= {f"{one} that holds": measures.filter(measure=one, status="approved") for one in Measure}
    return found | {
        "about an order": tickets.filter(about_type="order"),
        "about none": tickets.filter(about_type=""),
        "nobody's, at risk": tickets.unassigned().at_risk(NOW),
        "nobody's, overdue": tickets.unassigned().overdue(NOW),
        "an agent's": tickets.active().exclude(assignee=None),
        "urgent": tickets.active().filter(priority__gte=Priority.HIGH),
        "merged": tickets.exclude(merged_into=None),
        "reopened": tickets.active().exclude(reopened_at=None),
        "rated": tickets.exclude(rating=None),
        "unrated": tickets.filter(status=Status.RESOLVED, rating=None),
        "of today": tickets.filter(opened_at__gte=NOW - dt.timedelta(hours=9)),
        "escalated by rule": escalations.exclude(rule=""),
        "escalated by hand": escalations.filter(rule=""),
        "a file of an answer": files.exclude(reply=None),
        "a file of a note": files.exclude(note=None),
        "a file that waits": files.waiting(),
        "an issue of an order": issues.exclude(order=None),
        "an issue of a charge": issues.exclude(charge=None),
        "a member suspended": Membership.objects.of(website).filter(status=MembershipStatus.SUSPENDED),
        "a published answer": Faq.objects.of(website).published(),
        "a draft of one": Faq.objects.of(website).filter(is_published=False),
        "a text for replies": CannedReply.objects.of(website).filter(active=True),
        "an old one": CannedReply.objects.of(website).filter(active=False),
        "somebody on a shift": Shift.objects.of(website).filter(starts_at__lte=NOW, ends_at__gt=NOW),
        "somebody available": SupportProfile.objects.of(website).filter(available=True),
        "somebody who is not": SupportProfile.objects.of(website).filter(available=False),
    }


def test_each_state_is_there_on_each_website() -> None:
    with websites() as each:
        for website in each:
            clocks = Clock.objects.of(website)
            moments = clocks.values("due_at", "risk_at", "met_at", "breached_at")

            assert [name for name, found in things(website).items() if not found.exists()] == []
            assert {state(NOW, **found) for found in moments} == set(State)
            assert set(clocks.values_list("kind", flat=True)) == set(Kind)


def test_stored_clocks_are_what_the_journal_says() -> None:
    with websites() as each:
        for website in each:
            for ticket in Ticket.objects.of(website):
                found = readings(ticket, NOW)
                names = ("kind", "number", *FIELDS)
                again = [tuple(getattr(clock_row(ticket, one), name) for name in names) for one in found]

                assert sorted(Clock.objects.of(website).filter(ticket=ticket).values_list(*names)) == sorted(again)
                values = kept(ticket, found, SlaPolicy.of(website, ticket.policy_version))
                assert {name: getattr(ticket, name) for name in values} == values


def test_the_journal_agrees_with_the_desk(loaded: Owner) -> None:
    for model in (Ticket, Escalation, PaymentIssue, AccountEscalation):
        otherwise = (
            f"SELECT t.id, t.status, e.after FROM {model._meta.db_table} t CROSS JOIN LATERAL"
            " (SELECT after FROM journal_event WHERE website_id = t.website_id AND subject_id = t.id"
            f" AND subject_type = '{model.noun}' AND after <> '' ORDER BY id DESC LIMIT 1) e WHERE e.after <> t.status"
        )
        assert rows(loaded, otherwise) == [], model


def test_the_clock_has_done_what_was_due(loaded: Owner) -> None:
    running = "SELECT id FROM tickets_clock WHERE met_at IS NULL AND breached_at IS NULL"
    for query in (
        "SELECT id FROM tickets_ticket WHERE status = 'resolved' AND close_at <= '{now}'",
        "SELECT id FROM tickets_ticket WHERE escalate_at <= '{now}'",
        running + " AND due_at < '{now}'",
        running + " AND warned_at IS NULL AND risk_at <= '{now}'",
        "SELECT id FROM tickets_accountescalation WHERE status = 'approved' AND until <= '{now}'",
    ):
        assert rows(loaded, query.format(now=NOW.isoformat())) == [], query


def test_walls_stand_between_websites_and_around_notes() -> None:
    queries = [
        f"SELECT DISTINCT website_id FROM {model._meta.db_table}"
        for model in apps.get_app_config("tickets").get_models()
    ]
    assert not any(map(seen, queries))

    with websites() as each:
        for website in each:
            assert [seen(query) for query in queries] == [{website.pk}] * len(queries)
            requesters = Membership.objects.of(website).filter(pk__in=Ticket.objects.of(website).values("requester"))
            for member in requesters.select_related("website", "user"):
                by = actor(member)
                own = Ticket.objects.visible_to(by)

                assert set(own.values_list("requester_id", flat=True)) == {member.pk}
                assert not TicketFile.objects.visible_to(by).exclude(note=None).exists()
                assert not Note.objects.visible_to(by).exists()
            for note in Note.objects.of(website):
                assert not Ticket.objects.of(website).matching(note.body).exists()


def seen(query: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return {website_id for (website_id,) in cursor.fetchall()}
