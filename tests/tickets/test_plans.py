"""What is asked every minute, and what stands on every screen, is found by an index, under the policies, among many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import connection

from copydesk.accounts.models import Membership
from copydesk.accounts.sweeps import BATCH
from copydesk.core.period import Compare, Granularity, Period
from copydesk.orders.models import Order
from copydesk.tenancy.buckets import of_period
from copydesk.tenancy.models import Website
from copydesk.tickets import tasks
from copydesk.tickets.models import Clock, Note, PaymentIssue, Reply, Ticket
from copydesk.tickets.queries.backlog import CHANGES
from copydesk.tickets.queries.measures import DESK_REPORT
from copydesk.tickets.queries.queue import STANDING, queue_tabs
from tests.database import url_as
from tests.factories.accounts import actor
from tests.standstill import NOON

pytestmark = pytest.mark.django_db
MANY, AT_WORK = 10_000, 200
SOON = NOON + dt.timedelta(minutes=20)
LATE = NOON + dt.timedelta(hours=9_900)

TICKETS = """
INSERT INTO tickets_ticket (website_id, version, number, requester_id, requester_role, assignee_id, title, category,
  priority, status, about_type, about_id, escalation_level, policy_version, zone, due_at, risk_at, escalate_at,
  close_at, opened_at, last_message_at, resolved_at, closed_at, rating_comment, next_responses_met,
  next_responses_breached, reopened_at, rests)
SELECT %(website)s, 1, n, CASE WHEN n %% 500 = 0 THEN %(client)s ELSE %(other)s END, 'client',
  CASE WHEN n %% 3 = 0 THEN NULL ELSE %(agent)s END, 'Where is it?', 'order', 1 + n %% 4,
  CASE WHEN n <= %(work)s THEN 'open' WHEN n <= 2 * %(work)s THEN 'resolved' ELSE 'closed' END,
  CASE WHEN n %% 100 = 0 THEN 'order' ELSE '' END, CASE WHEN n %% 100 = 0 THEN n END, 0, 0, 'UTC',
  at.at, at.at, at.at, CASE WHEN n > %(work)s AND n <= 2 * %(work)s THEN %(now)s + n * interval '1 minute' END,
  %(now)s + n * interval '1 hour', %(now)s, CASE WHEN n > %(work)s THEN %(now)s + n * interval '1 hour' END,
  CASE WHEN n > 2 * %(work)s THEN %(now)s END, '', 0, 0, CASE WHEN n %% 50 = 0 THEN %(now)s + n * interval '1 hour' END,
  '{}'
FROM generate_series(1, %(many)s) n
CROSS JOIN LATERAL (SELECT CASE WHEN n <= %(work)s THEN %(now)s + n * interval '1 minute' END AS at) at
"""
CLOCKS = """
INSERT INTO tickets_clock (website_id, ticket_id, kind, number, target_seconds, started_at, due_at, risk_at, met_at,
  paused_seconds)
SELECT website_id, id, 'resolution', 1, 60, opened_at, due_at, risk_at, resolved_at, 0 FROM tickets_ticket
"""
REPLIES = """
INSERT INTO tickets_{what} (website_id, ticket_id, author_id, author_role, body, created_at)
SELECT website_id, id, requester_id, 'client', 'Well?', opened_at FROM tickets_ticket
"""
MEASURES = """
INSERT INTO tickets_accountescalation (website_id, version, member_id, measure, reason, until, requested_by_id, status,
  requested_at)
SELECT %(website)s, 1, %(client)s, 'suspend', 'Rude', %(now)s + n * interval '1 minute', %(agent)s,
  CASE WHEN n <= %(work)s THEN 'approved' ELSE 'resolved' END, %(now)s
FROM generate_series(1, %(many)s) n
"""
ESCALATIONS = """
INSERT INTO tickets_escalation (website_id, version, ticket_id, level, reason, rule, status, escalated_at)
SELECT website_id, 1, id, 1, 'Grave', '', CASE WHEN status = 'open' THEN 'open' ELSE 'resolved' END, opened_at
FROM tickets_ticket
"""
ISSUES = """
INSERT INTO tickets_paymentissue (website_id, version, client_id, kind, description, status, opened_at, resolution)
SELECT %(website)s, 1, %(client)s, 'other', 'Odd', CASE WHEN n <= %(work)s THEN 'open' ELSE 'resolved' END, %(now)s,
  'Done' FROM generate_series(1, %(many)s) n
"""


@pytest.fixture
def crowd(website: Website, client: Membership, support: Membership, admin: Membership) -> Iterator[Ticket]:
    """Many that are over, some at work. Two people stand for all clients."""
    values = {
        "website": website.pk, "client": client.pk, "other": admin.pk, "agent": support.pk, "now": NOON,
        "many": MANY, "work": AT_WORK,
    }  # fmt: skip
    with psycopg.connect(url_as("postgres"), autocommit=True) as owner:
        if owner.info.server_version < 170_000:
            pytest.skip("Before PostgreSQL 17 only its owner analyses a table.")
        owner.execute("GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO app")
    with connection.cursor() as cursor:
        for statement in (
            TICKETS,
            CLOCKS,
            REPLIES.format(what="reply"),
            REPLIES.format(what="note"),
            MEASURES,
            ESCALATIONS,
            ISSUES,
        ):
            cursor.execute(statement, values)
        cursor.execute("ANALYZE")
    yield Ticket.objects.of(website).get(number=500)
    with psycopg.connect(url_as("postgres"), autocommit=True) as owner:
        owner.execute("REVOKE MAINTAIN ON ALL TABLES IN SCHEMA public FROM app")


def sweep_rows(name: str, website: Website, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What a sweep goes through, instead of going through it."""
    seen = []
    monkeypatch.setattr(tasks, "sweep_each", lambda rows, act, website: seen.append(rows.order_by("id")[:BATCH]))
    getattr(tasks, name)(website)
    return seen[0]


FIGURES = ("ticket_by_opening", "ticket_by_resolution", "ticket_clock_running")
SWEEPS = {
    "watch_breaches": "ticket_clock_running",
    "watch_risks": "ticket_clock_unwarned",
    "escalate": "ticket_to_escalate",
    "close_resolved": "ticket_to_close",
    "lift_measures": "account_escalation_to_lift",
}


def test_found_by_an_index(
    crowd: Ticket, website: Website, client: Membership, support: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    by, own = actor(support), actor(client)
    late = Period(LATE, LATE + dt.timedelta(days=4), "UTC", Granularity.DAY, Compare.PREVIOUS)
    rows = Ticket.objects.visible_to(by)
    with time_machine.travel(SOON, tick=False):
        asked: dict[str, tuple[Any, str]] = {
            name: (sweep_rows(name, website, monkeypatch), index) for name, index in SWEEPS.items()
        }
    asked |= {
        "newest": (rows.order_by("-pk")[:25], "ticket"),
        "a requester's": (Ticket.objects.visible_to(own).order_by("-pk")[:25], "requester"),
        "about an order": (rows.about(Order.noun, 500), "ticket_by_subject"),
        "opened in a period": (rows.filter(opened_at__gt=LATE), "ticket_by_opening"),
        "resolved in a period": (rows.filter(resolved_at__gt=LATE), "ticket_by_resolution"),
        "replies": (Reply.objects.of(website).in_thread(crowd).order_by("-pk")[:25], "ticket_reply_by_ticket"),
        "notes": (Note.objects.of(website).in_thread(crowd).order_by("-pk")[:25], "ticket_note_by_ticket"),
        "clocks": (Clock.objects.of(website).filter(ticket=crowd), "ticket_clock_"),
        "open issues": (PaymentIssue.objects.visible_to(by).filter(status="open"), "payment_issue_by_status"),
    }
    for tab, narrow in queue_tabs(by).items():
        asked[f"tab {tab}"] = narrow(rows.active()).order_by("-priority", "due_at", "pk")[:25], "ticket_"
    plans = {name: found.explain() for name, (found, _) in asked.items()}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {STANDING}", {"website": website.pk, "member": support.pk, "at": SOON})
        plans["standing"] = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute(f"EXPLAIN {DESK_REPORT}", of_period(website, late, late.buckets()) | {"agent": None, "at": SOON})
        plans |= dict.fromkeys(FIGURES, "\n".join(line for (line,) in cursor.fetchall()))
        cursor.execute(f"EXPLAIN {CHANGES}", of_period(website, late, late.buckets()))
        plans["trend"] = "\n".join(line for (line,) in cursor.fetchall())
    asked |= {"standing": (None, "account_escalation_"), "trend": (None, "ticket_by_reopening")}
    asked |= {index: (None, index) for index in FIGURES}
    bad = [
        name for name, (_, index) in asked.items() if index not in plans[name] or "Seq Scan on tickets_" in plans[name]
    ]
    assert not bad, "\n\n".join(f"{name}\n{plans[name]}" for name in bad)
