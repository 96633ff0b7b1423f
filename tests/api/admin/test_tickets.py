"""`/admin-management/tickets/`: dashboard, service levels and analytics over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tickets.actions import course, talking
from copydesk.tickets.models import Priority, Status, Ticket
from tests.api.client import as_, as_user
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.tickets import sla, ticket

PATH = "/api/v1/admin-management/tickets/"
SCREENS = ("dashboard", "sla-monitoring", "analytics")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NO_RATE = {"value": None, "numerator": 0, "denominator": 0}
Count = Callable[[Callable[[], Any]], int]


def ask(who: Membership, screen: str, status: int = 200, **params: Any) -> Any:
    return as_(who).get(f"{PATH}{screen}/", status, **params)


class TestAnEmptyWebsite:
    def test_dashboard(self, admin: Membership) -> None:
        found = ask(admin, "dashboard")
        assert found["tickets"] == sum(row["tickets"] for row in found["by_status"]) == 0
        assert set(found["attention"].values()) == {0}
        assert found["opened"] == found["resolved"] == {"current": 0, "previous": 0, "change": None}
        assert found["figures"]["attainment"]["overall"] == found["figures"]["satisfaction"]["response_rate"] == NO_RATE
        assert found["newest"] == found["due_first"] == []

    def test_service_levels(self, admin: Membership) -> None:
        found = ask(admin, "sla-monitoring")
        assert (found["count"], found["results"], set(found["counts"].values())) == (0, [], {0})
        assert set(map(str, found["sla"]["attainment"].values())) == {str(NO_RATE)}
        assert found["sla"]["policy"]["version"] == 0
        assert found["sla"]["period"]["baseline_since"] is None

    def test_analytics(self, admin: Membership) -> None:
        found = ask(admin, "analytics", days=3)
        assert [(point["on"], point["active"]) for point in found["backlog"]] == [
            ("2026-02-28", 0),
            ("2026-03-01", 0),
            ("2026-03-02", 0),
        ]
        assert found["escalation_rate"] == found["reopen_rate"] == NO_RATE
        assert found["before"] is None
        assert found["by_agent"] == []


def test_a_dashboard_and_the_lists_behind_it(
    website: Website, client: Membership, admin: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    sla(website)
    ticket(client)
    frozen.shift(HOUR / 2)
    taken = ticket(client, support, priority=Priority.CRITICAL)
    course.claim_ticket(taken, by=actor(support))
    frozen.shift(HOUR * 0.4)
    ticket(client)
    resolved = ticket(client)
    course.resolve_ticket(resolved, by=actor(support))
    frozen.shift(HOUR / 5)
    found = ask(admin, "dashboard")
    assert {row["status"]: row["tickets"] for row in found["by_status"]} == {
        "new": 3,
        "open": 0,
        "awaiting_client": 0,
        "resolved": 1,
        "closed": 0,
    }
    queue, pressing = ask(admin, "assignment-queue"), ask(admin, "sla-monitoring")
    assert found["attention"]["unassigned"] == queue["count"] == 2
    assert found["attention"]["overdue"] == pressing["counts"]["overdue"] == 1
    assert found["attention"]["at_risk"] == pressing["counts"]["at_risk"] == 0
    assert found["attention"]["high_priority"] == 1
    for row in found["by_status"]:
        listed = as_(admin).send("GET", "/api/v1/tickets/", query_params={"status": row["status"]})
        assert listed["count"] == row["tickets"]
    assert [row["id"] for row in found["newest"]] == [resolved.pk, resolved.pk - 1, taken.pk, taken.pk - 1]
    assert [row["id"] for row in found["due_first"]] == [taken.pk - 1, taken.pk, resolved.pk - 1]
    assert ask(admin, "dashboard", compare="none")["before"] is None


def test_the_tabs_of_service_levels(
    website: Website, client: Membership, admin: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    sla(website)
    late = ticket(client, support, priority=Priority.HIGH, category="payment")
    answered, waiting = ticket(client), ticket(client)
    course.claim_ticket(answered, by=actor(support))
    talking.reply_to_ticket(answered, "So.", by=actor(support))
    talking.reply_to_ticket(waiting, "Which?", by=actor(support), then=Status.AWAITING_CLIENT)
    frozen.shift(HOUR * 2.5)
    found = ask(admin, "sla-monitoring")
    assert found["counts"] == {
        "all": 2,
        "overdue": 1,
        "at_risk": 1,
        "first_response": 1,
        "next_response": 0,
        "resolution": 2,
    }
    assert [(row["ticket"]["id"], row["hours_left"], row["pressing"]) for row in found["results"]] == [
        (late.pk, -1.5, ["first_response", "resolution"]),
        (answered.pk, 0.5, ["resolution"]),
    ]
    for tab, n in found["counts"].items():
        assert ask(admin, "sla-monitoring", tab=tab)["count"] == n
    for params in ({"priority": "high"}, {"category": "payment"}, {"assigned": "false"}):
        narrowed = ask(admin, "sla-monitoring", **params)
        assert [row["ticket"]["id"] for row in narrowed["results"]] == [late.pk]
        assert (narrowed["counts"]["all"], narrowed["counts"]["at_risk"]) == (1, 0)
    mine = ask(admin, "sla-monitoring", assignee=support.pk)
    assert [row["ticket"]["id"] for row in mine["results"]] == [answered.pk]
    assert mine["sla"] == found["sla"]
    assert found["sla"]["attainment"]["first_response"] == {"value": 0.667, "numerator": 2, "denominator": 3}
    assert [(row["agent"] and row["agent"]["id"]) for row in found["sla"]["by_agent"]] == [support.pk, None]
    assert found["sla"]["policy"]["rules"][0]["name"] == "all"
    paged = ask(admin, "sla-monitoring", page_size=1)
    assert (paged["count"], len(paged["results"]), paged["previous"]) == (2, 1, None)
    assert "page=2" in paged["next"]
    earlier = as_(admin).send("GET", f"{PATH}sla-monitoring/", query_params={"from": "2026-01-01", "to": "2026-02-01"})
    assert earlier["count"] == 2
    assert earlier["sla"]["attainment"]["overall"] == NO_RATE


@pytest.mark.parametrize(
    ("screen", "params", "field"),
    [
        ("dashboard", {"days": "x"}, "days"),
        ("dashboard", {"to": "2026-01-01"}, "from"),
        ("dashboard", {"granularity": "day"}, "granularity"),
        ("dashboard", {"compare": "next"}, "compare"),
        ("sla-monitoring", {"tab": "late"}, "tab"),
        ("sla-monitoring", {"compare": "previous"}, "compare"),
        ("sla-monitoring", {"assignee": "me"}, "assignee"),
        ("sla-monitoring", {"assigned": "maybe"}, "assigned"),
        ("sla-monitoring", {"priority": "urgent"}, "priority"),
        ("sla-monitoring", {"page": "0"}, "page"),
        ("sla-monitoring", {"ordering": "due_at"}, "ordering"),
        ("analytics", {"granularity": "hour"}, "granularity"),
        ("analytics", {"from": "2020-01-01", "granularity": "day"}, "granularity"),
        ("analytics", {"from": "2026-01-01T00:00:00"}, "from"),
        ("analytics", {"agent": "1"}, "agent"),
    ],
)
def test_bad_questions(admin: Membership, screen: str, params: dict[str, str], field: str) -> None:
    problem = as_(admin).send("GET", f"{PATH}{screen}/", 400, query_params=params)
    assert field in {error["field"] for error in problem["errors"]}


def test_a_long_time_has_a_dashboard(admin: Membership) -> None:
    as_(admin).send("GET", f"{PATH}dashboard/", query_params={"from": "2020-01-01"})
    as_(admin).send("GET", f"{PATH}sla-monitoring/", query_params={"days": "3660"})


@pytest.mark.parametrize("role", ["client", "writer", "editor", "support"])
def test_admins_alone(website: Website, role: str) -> None:
    stranger = accounts.membership(website, role)
    for screen in SCREENS:
        ask(stranger, screen, 403)


def test_a_superadmin_sees_what_an_admin_sees(website: Website, client: Membership, admin: Membership) -> None:
    ticket(client)
    boss = as_user(accounts.superadmin(), website)
    for screen in SCREENS:
        assert boss.get(f"{PATH}{screen}/").keys() == ask(admin, screen).keys()


def test_another_websites_tickets_count_nowhere(website: Website, client: Membership, admin: Membership) -> None:
    before = {screen: ask(admin, screen) for screen in SCREENS}
    ticket(accounts.membership(tenancy.website("borealis")))
    assert {screen: ask(admin, screen) for screen in SCREENS} == before
    assert Ticket.objects.of(website).count() == 0


def test_the_cost_is_flat(
    website: Website,
    client: Membership,
    admin: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
    queries: Count,
) -> None:
    sla(website)
    quill = writers.writer(website).member

    def fill(times: int) -> None:
        for _ in range(times):
            ticket(client, about_type="order", about_id=orders.unpaid_order(client).pk)
            row = ticket(quill)
            course.assign_ticket(row, accounts.membership(website, "support").pk, by=actor(admin))

    def cost() -> dict[str, int]:
        caller = as_(admin)
        return {screen: queries(partial(caller.get, f"{PATH}{screen}/")) for screen in SCREENS}

    fill(1)
    frozen.shift(2 * HOUR)
    before = cost()
    frozen.shift(-2 * HOUR)
    fill(4)
    frozen.shift(2 * HOUR)
    assert cost() == before
    assert before["dashboard"] <= 5 + 1  # and one for the caller
    assert before["sla-monitoring"] <= 6 + 1
    assert before["analytics"] <= 5 + 1
