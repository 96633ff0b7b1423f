"""`/admin-management/tickets/`: the assignment queue, balancing, and giving out many at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions import course, desk
from copydesk.tickets.models import Priority, Ticket
from tests.api.client import as_, as_user
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.tickets import ticket
from tests.standstill import NOON

PATH = "/api/v1/admin-management/tickets/"
BULK = f"{PATH}bulk-assign/"
HOUR = dt.timedelta(hours=1)
Count = Callable[[Callable[[], Any]], int]


def traces(website: Website) -> tuple[object, ...]:
    with website_scope(website.pk):
        rows = Ticket.objects.of(website).order_by("pk").values_list("pk", "assignee", "version", "assigned_at")
        return list(rows), Event.objects.of(website).count()


def by_label(row: dict[str, Any], of: str = "candidates") -> list[Any]:
    return [one["label"] if of == "candidates" else (one["label"], one["code"]) for one in row[of]]


class TestTheQueue:
    def test_by_rank_then_by_slack(
        self, client: Membership, admin: Membership, support: Membership, frozen: time_machine.Coordinates
    ) -> None:
        medium = ticket(client, support, priority=Priority.MEDIUM)
        frozen.shift(HOUR)
        later = ticket(client, support, priority=Priority.HIGH)
        low = ticket(client, support, priority=Priority.LOW)
        critical = ticket(client, support, priority=Priority.CRITICAL, category="payment")
        frozen.shift(-HOUR)
        sooner = ticket(client, support, priority=Priority.HIGH)
        frozen.shift(HOUR)
        taken = ticket(client, support, priority=Priority.CRITICAL)
        course.claim_ticket(taken, by=actor(support))
        course.resolve_ticket(ticket(client), by=actor(support))
        caller = as_(admin)
        found = caller.get(f"{PATH}assignment-queue/")
        assert [row["ticket"]["id"] for row in found["results"]] == [
            one.pk for one in (critical, sooner, later, medium, low)
        ]
        # Half of the target is for the first response; of the second's 2 h and the fourth's 12 one is over.
        assert [row["slack_hours"] for row in found["results"]] == [0.5, 1.0, 2.0, 11.0, 36.0]
        assert found["counts"] == {"all": 5, "high_priority": 3, "overdue": 0, "at_risk": 0}
        frozen.shift(HOUR)
        caller = as_(admin)
        found = caller.get(f"{PATH}assignment-queue/")
        assert [row["slack_hours"] for row in found["results"]][:3] == [-0.5, 0.0, 1.0]
        assert found["counts"] == {"all": 5, "high_priority": 3, "overdue": 1, "at_risk": 1}
        for tab, expected in (
            ("overdue", [critical]),
            ("at_risk", [sooner]),
            ("high_priority", [critical, sooner, later]),
        ):
            rows = caller.get(f"{PATH}assignment-queue/", tab=tab)["results"]
            assert [row["ticket"]["id"] for row in rows] == [one.pk for one in expected], tab
        rows = caller.get(f"{PATH}assignment-queue/", priority=["high", "low"], ordering="-opened_at")
        assert [row["ticket"]["id"] for row in rows["results"]] == [low.pk, later.pk, sooner.pk]
        assert rows["counts"]["all"] == 3
        assert caller.get(f"{PATH}assignment-queue/", category="payment")["count"] == 1

    def test_who_could_have_it(
        self, website: Website, client: Membership, admin: Membership, support: Membership, support2: Membership
    ) -> None:
        boss = actor(admin)
        full, away, off = (accounts.membership(website, "support") for _ in range(3))
        desk.keep_profile(support.pk, by=boss, capacity=2)
        desk.keep_profile(support2.pk, by=boss, capacity=1)
        desk.keep_profile(full.pk, by=boss, capacity=1)
        desk.keep_profile(away.pk, by=boss, available=False)
        for one in (support, support2, full, away):
            desk.plan_shift(one.pk, NOON, NOON + HOUR, by=boss)
        course.assign_ticket(ticket(client), full.pk, by=boss)
        rows = [ticket(client) for _ in range(4)]
        label = {one: f"Support {one.number}" for one in (support, support2, full, away, off)}
        gone = [
            (f"Admin {admin.number}", "unavailable"),
            (label[full], "full"),
            (label[away], "unavailable"),
            (label[off], "off_duty"),
        ]
        found = as_(admin).get(f"{PATH}assignment-queue/")["results"]
        assert [row["ticket"]["id"] for row in found] == [row.pk for row in rows]
        # 2 of 2 against 1 of 1: nobody has any, so the older; then 1 of 2 against 1 of 1; then 1 of 2; then none.
        assert [by_label(row) for row in found] == [
            [label[support], label[support2]],
            [label[support2], label[support]],
            [label[support]],
            [],
        ]
        assert sorted(by_label(found[0], "excluded")) == sorted(gone)
        assert sorted(by_label(found[2], "excluded")) == sorted([*gone, (label[support2], "full")])
        assert found[1]["candidates"][1] == {
            "agent_id": support.pk,
            "label": label[support],
            "name": support.user.full_name,
            "active": 0,
            "above": 1,
            "spare": {"value": 0.5, "numerator": 1, "denominator": 2},
        }

    def test_an_empty_one(self, website: Website, admin: Membership) -> None:
        elsewhere = accounts.membership(tenancy.website("borealis"))
        ticket(elsewhere)
        found = as_(admin).get(f"{PATH}assignment-queue/")
        assert (found["results"], found["counts"]) == (
            [],
            {"all": 0, "high_priority": 0, "overdue": 0, "at_risk": 0},
        )

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({"tab": "mine"}, "tab"),
            ({"priority": "urgent"}, "priority"),
            ({"category": "x"}, "category"),
            ({"ordering": "slack"}, "ordering"),
            ({"assignee_id": "1"}, "assignee_id"),
        ],
    )
    def test_bad_questions(self, admin: Membership, params: dict[str, str], field: str) -> None:
        assert as_(admin).get(f"{PATH}assignment-queue/", 400, **params)["errors"][0]["field"] == field


def test_a_plan_is_applied_in_one_call(
    website: Website, client: Membership, admin: Membership, support: Membership, support2: Membership
) -> None:
    for _ in range(4):
        course.claim_ticket(ticket(client), by=actor(support))
    caller = as_(admin)
    before = traces(website)
    plan = caller.get(f"{PATH}workload-balancing/")
    assert traces(website) == before
    assert (plan["fairness_before"], plan["fairness_after"]) == (0.5, 1.0)
    whole = {one["agent_id"]: (one["before"], one["after"], one["movable"], one["exclusion"]) for one in plan["agents"]}

    def share(n: int) -> dict[str, Any]:
        return {"value": n / 20, "numerator": n, "denominator": 20}

    assert whole == {
        support.pk: (share(4), share(2), 4, None),
        support2.pk: (share(0), share(2), 0, None),
        admin.pk: (share(0), share(0), 0, "unavailable"),
    }
    assert [(move["from_id"], move["to_id"], move["ticket"]["number"]) for move in plan["moves"]] == [
        (support.pk, support2.pk, 4),
        (support.pk, support2.pk, 3),
    ]
    assignments = [{"id": move["ticket"]["id"], "agent_id": move["to_id"]} for move in plan["moves"]]
    report = caller.post(BULK, {"assignments": assignments, "reason": "Balance"})
    assert (report["applied"], report["refused"]) == (2, 0)
    again = caller.get(f"{PATH}workload-balancing/")
    assert {one["agent_id"]: one["before"] for one in again["agents"]} == {
        one["agent_id"]: one["after"] for one in plan["agents"]
    }
    assert (again["fairness_before"], again["moves"]) == (plan["fairness_after"], [])


class TestBulk:
    def test_one_refusal_undoes_only_its_row(
        self, website: Website, client: Membership, admin: Membership, support: Membership
    ) -> None:
        first, closed, last = (ticket(client) for _ in range(3))
        course.close_ticket(closed, by=actor(client))
        foreign = ticket(accounts.membership(tenancy.website("borealis")))
        caller = as_(admin)
        ids = [last.pk, foreign.pk, closed.pk, 999_999_999, first.pk]
        before = traces(website)
        preview = caller.post(BULK, {"ids": ids, "agent_id": support.pk, "mode": "preview"})
        assert traces(website) == before
        report = caller.post(BULK, {"ids": ids, "agent_id": support.pk})
        assert {**preview, "mode": "apply"} == report
        assert (report["applied"], report["refused"]) == (2, 3)
        assert [(one["id"], one["result"], one["code"]) for one in report["results"]] == [
            (last.pk, "applied", None),
            (foreign.pk, "refused", "not_found"),
            (closed.pk, "refused", "wrong_state"),
            (999_999_999, "refused", "not_found"),
            (first.pk, "applied", None),
        ]
        held = dict(Ticket.objects.of(website).values_list("pk", "assignee"))
        assert held == {first.pk: support.pk, closed.pk: None, last.pk: support.pk}
        with website_scope(foreign.website_id):
            assert Ticket.objects.of(foreign.website_id).get().assignee_id is None

    def test_each_to_its_own(
        self, website: Website, client: Membership, admin: Membership, support: Membership, support2: Membership
    ) -> None:
        one, two, three = (ticket(client) for _ in range(3))
        course.claim_ticket(three, by=actor(support))
        wanted = {two: support.pk, one: support2.pk, three: None}
        body = {"assignments": [{"id": row.pk, "agent_id": agent} for row, agent in wanted.items()]}
        report = as_user(accounts.superadmin(), website).post(BULK, body)
        assert [row["id"] for row in report["results"]] == [two.pk, one.pk, three.pk]
        assert dict(Ticket.objects.of(website).values_list("pk", "assignee")) == {
            row.pk: agent for row, agent in wanted.items()
        }
        events = Event.objects.of(website).filter(verb="ticket.assign").order_by("pk")
        assert list(events.values_list("subject_id", flat=True)) == [two.pk, one.pk, three.pk]

    def test_whom_it_cannot_be_given(
        self, website: Website, client: Membership, admin: Membership, support: Membership
    ) -> None:
        row = ticket(client)
        gone = accounts.membership(website, "support", status="suspended")
        stranger = accounts.membership(tenancy.website("borealis"), "support")
        caller = as_(admin)
        before = traces(website)
        for agent in (client.pk, gone.pk, stranger.pk, 999_999_999):
            for body in (
                {"ids": [row.pk], "agent_id": agent},
                {"assignments": [{"id": row.pk, "agent_id": support.pk}, {"id": 1, "agent_id": agent}]},
            ):
                problem = caller.post(BULK, body, 400)
                assert [(error["field"], error["code"]) for error in problem["errors"]] == [("agent_id", "not_found")]
                assert problem["errors"][0]["message"] == f"No such member of the desk: {agent}."
        assert traces(website) == before

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "ids"),
            ({"ids": [1]}, "agent_id"),
            ({"agent_id": 1}, "ids"),
            ({"ids": [], "agent_id": 1}, "ids"),
            ({"ids": [0], "agent_id": 1}, "ids.0"),
            ({"ids": [1] * 501, "agent_id": 1}, "ids"),
            ({"ids": [1], "agent_id": "me"}, "agent_id"),
            ({"ids": [1], "agent_id": 1, "assignments": [{"id": 1, "agent_id": 1}]}, "assignments"),
            ({"assignments": []}, "assignments"),
            ({"assignments": [{"id": 1}]}, "assignments.0.agent_id"),
            ({"assignments": [{"id": 1, "agent_id": 1}] * 2}, "assignments"),
            ({"assignments": [{"id": n, "agent_id": 1} for n in range(1, 502)]}, "assignments"),
            ({"assignments": {"id": 1, "agent_id": 1}}, "assignments"),
            ({"ids": [1], "agent_id": 1, "mode": "try"}, "mode"),
            ({"ids": [1], "agent_id": 1, "to": 1}, "to"),
        ],
    )
    def test_bad_bodies(self, website: Website, admin: Membership, body: dict[str, Any], field: str) -> None:
        problem = as_(admin).post(BULK, body, 400)
        assert field in {error["field"] for error in problem["errors"]}, problem

    def test_a_retry_is_answered_as_the_first_time(
        self, website: Website, client: Membership, admin: Membership, support: Membership
    ) -> None:
        body = {"ids": [ticket(client).pk], "agent_id": support.pk}
        first = as_(admin).post(BULK, body, idempotency_key="k")
        before = traces(website)
        assert as_(admin).post(BULK, body, idempotency_key="k") == first
        assert traces(website) == before


@pytest.mark.parametrize("role", ["client", "writer", "editor", "support"])
def test_admins_alone(website: Website, client: Membership, support: Membership, role: str) -> None:
    row = ticket(client)
    stranger = as_(accounts.membership(website, role))
    before = traces(website)
    stranger.get(f"{PATH}assignment-queue/", 403)
    stranger.get(f"{PATH}workload-balancing/", 403)
    stranger.post(BULK, {"ids": [row.pk], "agent_id": support.pk}, 403)
    assert traces(website) == before


def test_the_cost_is_flat(
    website: Website, client: Membership, admin: Membership, support: Membership, queries: Count
) -> None:
    caller = as_(admin)
    quill = writers.writer(website).member
    screens = ("assignment-queue", "workload-balancing")

    def fill(times: int) -> None:
        for _ in range(times):
            ticket(client, about_type="order", about_id=orders.unpaid_order(client).pk)
            ticket(quill)
            course.assign_ticket(ticket(client), support.pk, by=actor(admin))
            accounts.membership(website, "support")

    fill(2)
    before = {screen: queries(partial(caller.get, f"{PATH}{screen}/")) for screen in screens}
    fill(4)
    assert {screen: queries(partial(caller.get, f"{PATH}{screen}/")) for screen in screens} == before
    assert before["assignment-queue"] <= 6 + 1  # and one for the caller
    assert before["workload-balancing"] <= 3 + 1
