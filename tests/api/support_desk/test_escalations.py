"""`/support-management/dashboard/escalations/`: what is escalated, why, and what was done about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.tickets import tasks
from copydesk.tickets.actions import escalating, issues
from copydesk.tickets.models import Escalation, Measure, Priority, Ticket
from copydesk.tickets.queries.escalations import TICKET_TABS, ticket_tabs
from tests.api.client import as_
from tests.api.support.answers import DESK, Count, fields, read
from tests.factories.accounts import actor
from tests.factories.tickets import sla, ticket

HOUR = dt.timedelta(hours=1)


def ask(who: Membership, status: int = 200, /, **params: Any) -> Any:
    return read(who, f"{DESK}dashboard/escalations/", params, status)


def found(who: Membership, **params: Any) -> list[int]:
    return [row["id"] for row in ask(who, **params)["results"]]


def escalated(row: Ticket, by: Membership, reason: str = "A lot of money.", **values: Any) -> Escalation:
    with website_scope(row.website_id):
        return escalating.escalate_ticket(row, by=actor(by), reason=reason, **values)


def step(row: Escalation, act: Callable[..., Any], by: Membership, **values: Any) -> None:
    with website_scope(row.website_id):
        act(row, by=actor(by), **values)


def test_nothing_is_escalated(client: Membership, support: Membership) -> None:
    ticket(client)
    assert ask(support)["counts"] == {"open": 0, "acknowledged": 0, "resolved": 0}
    assert tuple(ticket_tabs()) == TICKET_TABS


def test_the_tabs(client: Membership, support: Membership, admin: Membership) -> None:
    waiting, seen, over = (escalated(ticket(client), support) for _ in range(3))
    for row in (seen, over):
        step(row, escalating.acknowledge_escalation, admin)
    step(over, escalating.resolve_escalation, admin, reason="Called.")
    assert ask(support)["counts"] == {"open": 1, "acknowledged": 1, "resolved": 1}
    assert found(support) == found(support, tab="open") == [waiting.pk]
    assert (found(support, tab="acknowledged"), found(support, tab="resolved")) == ([seen.pk], [over.pk])
    (row,) = ask(support, tab="resolved")["results"]
    assert (row["ticket"]["id"], row["reason"], row["level"]) == (over.ticket_id, "A lot of money.", 1)
    assert [(one["status"], one["member_id"], one["reason"]) for one in row["history"]] == [
        ("open", support.pk, "A lot of money."),
        ("acknowledged", admin.pk, None),
        ("resolved", admin.pk, "Called."),
    ]


def test_an_action_clears_it(client: Membership, support: Membership) -> None:
    row = escalated(ticket(client), support)
    for act, counts in (("acknowledge", [0, 1, 0]), ("resolve", [0, 0, 1])):
        as_(support).post(f"{DESK}escalations/{row.pk}/{act}/", {"reason": "Called."} if act == "resolve" else {})
        assert list(ask(support)["counts"].values()) == counts


def test_measures_against_accounts_are_elsewhere(client: Membership, support: Membership) -> None:
    with website_scope(client.website_id):
        issues.request_measure(client.pk, Measure.BLACKLIST, by=actor(support), reason="Fraud.")
    assert set(ask(support)["counts"].values()) == {0}


def test_the_highest_level_first_then_the_oldest(
    client: Membership, support: Membership, clock: time_machine.Coordinates
) -> None:
    first, second = (ticket(client, by=support, priority=one) for one in (Priority.LOW, Priority.CRITICAL))
    rows = [escalated(first, support)]
    clock.shift(HOUR)
    rows += [escalated(second, support), escalated(second, support)]
    assert found(support) == [rows[2].pk, rows[0].pk, rows[1].pk]
    assert found(support, ordering="-priority,level") == [rows[1].pk, rows[2].pk, rows[0].pk]
    assert found(support, level=1) == [rows[0].pk, rows[1].pk]


def test_why(client: Membership, support: Membership, atlas: Website, clock: time_machine.Coordinates) -> None:
    sla(atlas)
    by_rule, by_hand = ticket(client), ticket(client)
    escalated(by_hand, support, "Grave.", level=5)
    clock.shift(2 * HOUR)
    with website_scope(atlas.pk):
        tasks.escalate(atlas)
    (row,) = ask(support, rule="first_response")["results"]
    assert (row["ticket"]["id"], row["rule"], row["reason"], row["requested_by"]) == (
        *(by_rule.pk, "first_response"),
        *("", None),
    )
    assert [one["ticket"]["id"] for one in ask(support, rule="by_hand")["results"]] == [by_hand.pk]
    assert found(support, rule="resolution") == []


@pytest.mark.parametrize(
    ("params", "field"),
    [({"tab": "all"}, "tab"), ({"rule": "late"}, "rule"), ({"level": 10}, "level"), ({"kind": "ticket"}, "kind")],
)
def test_what_is_refused(support: Membership, params: dict[str, Any], field: str) -> None:
    assert fields(ask(support, 400, **params)) == [field]


def test_another_website_is_not_there(client: Membership, support: Membership, elsewhere: Membership) -> None:
    escalated(ticket(client), support)
    assert set(ask(elsewhere)["counts"].values()) == {0}


def test_the_cost_does_not_grow(client: Membership, writer: Membership, support: Membership, queries: Count) -> None:
    escalated(ticket(client), support, target_id=support.pk)
    caller = as_(support)
    before = queries(lambda: caller.get(f"{DESK}dashboard/escalations/"))
    for _ in range(2):
        row = ticket(writer)
        escalated(row, support)
        step(escalated(row, support, target_id=support.pk), escalating.acknowledge_escalation, support)
    assert queries(lambda: caller.get(f"{DESK}dashboard/escalations/")) == before <= 6
