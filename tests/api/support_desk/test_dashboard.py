"""`/support-management/dashboard/`: what it shows where nothing has happened, and where something has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions import course, desk, talking
from copydesk.tickets.models import Priority, Status, Ticket
from tests.api.client import as_, as_user
from tests.api.support.answers import DESK, Count, fields, read
from tests.factories.accounts import actor, superadmin
from tests.factories.tickets import sla, ticket

NO_RATE = {"value": None, "numerator": 0, "denominator": 0}
NO_SPREAD = {"p50": None, "p90": None, "mean": None, "n": 0}
NO_ATTAINMENT = dict.fromkeys(("overall", "first_response", "next_response", "resolution"), NO_RATE)
NOTHING = {
    "opened": 0,
    "resolved": 0,
    "resolution_rate": NO_RATE,
    "attainment": NO_ATTAINMENT,
    "satisfaction": {"mean": None, "n": 0, "response_rate": NO_RATE},
}
NOTHING_TIMED = {**NOTHING, "first_response_hours": NO_SPREAD, "resolution_hours": NO_SPREAD}
WAITING = ("open", "unassigned", "mine", "high_priority", "overdue", "at_risk")
HOUR = dt.timedelta(hours=1)


def ask(who: Membership, screen: str = "", status: int = 200, /, **params: Any) -> Any:
    return read(who, f"{DESK}dashboard/{screen}", params, status)


def done(row: Ticket, by: Membership, act: Callable[..., object], *given: Any, **named: Any) -> None:
    with website_scope(row.website_id):
        act(row, *given, by=actor(by), **named)


class TestAnEmptyWebsite:
    def test_dashboard(self, support: Membership) -> None:
        found = ask(support)
        assert {found[name] for name in WAITING} == {0}
        assert [row["tickets"] for row in found["by_status"]] == [0, 0, 0]
        assert found["figures"] == found["before"] == NOTHING
        assert found["resolved"] == {"current": 0, "previous": 0, "change": None}
        assert found["newest"] == []
        assert ask(support, compare="none")["before"] is None

    def test_workload(self, support: Membership) -> None:
        found = ask(support, "workload/")
        assert (found["agent_id"], found["active"], found["capacity"], found["slots_left"]) == (support.pk, 0, 20, 20)
        assert found["load"] == {"value": 0.0, "numerator": 0, "denominator": 20}
        assert (found["figures"], found["before"], found["exclusion"]) == (NOTHING_TIMED, None, None)
        assert found["backlog"]["active"] == found["overdue"] == found["at_risk"] == 0

    def test_analytics(self, support: Membership) -> None:
        found = ask(support, "analytics/", compare="previous")
        assert found["figures"] == found["before"] == NOTHING_TIMED
        points = [(point["figures"], point["resolution_hours"]) for point in found["points"]]
        assert points == [(NOTHING, NO_SPREAD)] * 30
        assert {row["tickets"] for row in (*found["by_status"], *found["backlog"]["by_category"])} == {0}
        assert [row["figures"] for row in found["by_priority"]] == [{**NOTHING, "mean_resolution_hours": None}] * 4

    def test_lists(self, support: Membership) -> None:
        assert ask(support, "tickets/")["counts"] == {"all": 0, "active": 0, "recent": 0}
        assert ask(support, "queue/")["counts"] == dict.fromkeys(WAITING[1:], 0)


@pytest.fixture
def rows(client: Membership, writer: Membership, support: Membership, support2: Membership) -> dict[str, Ticket]:
    """One of the caller's, high; a colleague's that awaits the client; a free one of the writer; a resolved one."""
    found = {
        "mine": ticket(client, by=support, priority=Priority.HIGH),
        "colleagues": ticket(client),
        "free": ticket(writer, title="Pay"),
        "resolved": ticket(client),
    }
    done(found["mine"], support, course.claim_ticket)
    done(found["colleagues"], support2, course.claim_ticket)
    done(found["colleagues"], support2, talking.reply_to_ticket, "And you?", then=Status.AWAITING_CLIENT)
    done(found["resolved"], support, course.claim_ticket)
    done(found["resolved"], support, course.resolve_ticket)
    done(found["resolved"], client, course.rate_ticket, 4)
    return found


class TestDashboard:
    def test_counts_are_those_of_the_lists(self, rows: dict[str, Ticket], support: Membership) -> None:
        found, queue = ask(support), ask(support, "queue/")["counts"]
        assert [found[name] for name in WAITING] == [3, 1, 1, 1, 0, 0]
        assert {name: found[name] for name in WAITING[1:]} == queue
        assert found["open"] == ask(support, "tickets/")["counts"]["active"]
        for row in found["by_status"]:
            assert row["tickets"] == ask(support, "tickets/", status=row["status"])["count"]
        assert [row["id"] for row in found["newest"]] == [
            rows[n].pk for n in ("resolved", "free", "colleagues", "mine")
        ]
        assert found["newest"][1]["requester"]["role"] == "writer"

    def test_figures_are_recounted_from_the_list(self, rows: dict[str, Ticket], support: Membership) -> None:
        found = ask(support, days=7)
        ends = {"from": found["period"]["since"], "to": found["period"]["until"]}
        opened = ask(support, "tickets/", **ends)["results"]
        resolved = ask(support, "tickets/", resolved_from=ends["from"], resolved_to=ends["to"])["results"]
        assert (len(opened), len(resolved)) == (found["opened"]["current"], found["resolved"]["current"]) == (4, 1)
        clocks = [clock for row in opened for clock in row["clocks"]]
        met = [clock for clock in clocks if clock["state"] == "met"]
        breached = [clock for clock in clocks if clock["state"] == "breached"]
        overall = found["figures"]["attainment"]["overall"]
        assert (overall["numerator"], overall["denominator"]) == (len(met), len(met) + len(breached)) == (2, 2)
        assert found["figures"]["satisfaction"] == {
            "mean": 4.0,
            "n": 1,
            "response_rate": {"value": 1.0, "numerator": 1, "denominator": len(resolved)},
        }

    def test_compared_with_the_time_before(
        self, client: Membership, support: Membership, clock: time_machine.Coordinates
    ) -> None:
        ticket(client)
        clock.shift(dt.timedelta(days=30))
        ticket(client)
        ticket(client)
        assert ask(support)["opened"] == {"current": 2, "previous": 1, "change": 1.0}
        assert ask(support, compare="none")["opened"] == {"current": 2, "previous": None, "change": None}

    def test_a_long_period_is_one(self, client: Membership, support: Membership) -> None:
        ticket(client)
        assert ask(support, days=3660)["opened"]["current"] == 1
        assert ask(support, "workload/", days=3660)["opened"]["current"] == 0
        assert fields(ask(support, "analytics/", 400, days=3660)) == ["granularity"]

    def test_a_superadmin_has_no_tickets(self, rows: dict[str, Ticket], atlas: Website) -> None:
        assert as_user(superadmin(), atlas).get(f"{DESK}dashboard/")["mine"] == 0


class TestTickets:
    def test_tabs_and_filters(self, rows: dict[str, Ticket], support: Membership, support2: Membership) -> None:
        def names(**params: Any) -> set[str]:
            known = {row.pk: name for name, row in rows.items()}
            return {known[row["id"]] for row in ask(support, "tickets/", **params)["results"]}

        assert names() == {"mine", "colleagues", "free", "resolved"}
        assert names(tab="active") == {"mine", "colleagues", "free"}
        assert names(tab="recent") == names(status="resolved") == {"resolved"}
        assert names(status=["new", "resolved"]) == {"mine", "free", "resolved"}
        assert names(priority="high") == {"mine"}
        assert names(priority=["high", "medium"], category="order") == set(rows)
        assert names(category="refund") == set()
        assert names(assignee=support2.pk) == {"colleagues"}
        assert names(assignee=support.pk, tab="active") == {"mine"}
        assert (names(assigned="false"), names(assigned="true")) == ({"free"}, set(rows) - {"free"})
        counts = ask(support, "tickets/", assignee=support.pk)["counts"]
        assert counts == {"all": 2, "active": 1, "recent": 1}

    def test_priorities_sort_by_rank(self, client: Membership, support: Membership) -> None:
        for priority in (Priority.HIGH, Priority.LOW, Priority.CRITICAL, Priority.MEDIUM):
            ticket(client, by=support, priority=priority)
        words = ["low", "medium", "high", "critical"]
        assert [row["priority"] for row in ask(support, "tickets/", ordering="priority")["results"]] == words
        assert [row["priority"] for row in ask(support, "tickets/", ordering="-priority")["results"]] == words[::-1]
        assert [row["priority"] for row in ask(support, "queue/")["results"]] == words[::-1]

    def test_the_queue_is_worked_from_its_top(
        self, client: Membership, support: Membership, clock: time_machine.Coordinates
    ) -> None:
        """Of one priority what is due first, and last what awaits the client."""
        awaiting = ticket(client)
        clock.shift(HOUR)
        first, second = (ticket(client) for _ in range(2))
        done(awaiting, support, talking.reply_to_ticket, "And you?", then=Status.AWAITING_CLIENT)
        done(second, support, course.change_ticket, priority=Priority.CRITICAL)
        found = ask(support, "queue/")["results"]
        assert [row["id"] for row in found] == [second.pk, first.pk, awaiting.pk]

    def test_an_action_clears_it(
        self, client: Membership, support: Membership, atlas: Website, clock: time_machine.Coordinates
    ) -> None:
        sla(atlas)
        row = ticket(client)
        clock.shift(2 * HOUR)
        assert ask(support, "queue/", tab="overdue")["counts"] == {
            "unassigned": 1,
            "mine": 0,
            "high_priority": 0,
            "overdue": 1,
            "at_risk": 0,
        }
        as_(support).post(f"/api/v1/tickets/{row.pk}/claim/")
        as_(support).post(f"/api/v1/tickets/{row.pk}/reply/", {"body": "So.", "then": "awaiting_client"})
        assert ask(support, "queue/", tab="overdue")["counts"] == {
            "unassigned": 0,
            "mine": 1,
            "high_priority": 0,
            "overdue": 0,
            "at_risk": 0,
        }


class TestWorkload:
    def test_of_the_caller(self, rows: dict[str, Ticket], support: Membership, admin: Membership) -> None:
        with website_scope(support.website_id):
            desk.keep_profile(support.pk, by=actor(admin), capacity=2)
        found = ask(support, "workload/")
        assert (found["active"], found["capacity"], found["slots_left"], found["exclusion"]) == (1, 2, 1, None)
        assert found["load"] == {"value": 0.5, "numerator": 1, "denominator": 2}
        assert (found["opened"]["current"], found["resolved"]["current"]) == (2, 1)
        assert found["figures"]["resolution_rate"] == {"value": 0.5, "numerator": 1, "denominator": 2}
        assert found["active"] == found["backlog"]["active"] == ask(support, "queue/")["counts"]["mine"]

    def test_overdue_and_at_risk(
        self, client: Membership, support: Membership, atlas: Website, clock: time_machine.Coordinates
    ) -> None:
        sla(atlas)
        for minutes in (70, 20):
            row = ticket(client)
            done(row, support, course.claim_ticket)
            clock.shift(dt.timedelta(minutes=minutes - 20))
        clock.shift(dt.timedelta(minutes=50))
        found = ask(support, "workload/")
        assert (found["overdue"], found["at_risk"]) == (1, 1)

    def test_an_admin_may_name_an_agent(
        self, rows: dict[str, Ticket], support: Membership, support2: Membership, admin: Membership, atlas: Website
    ) -> None:
        mine = ask(support, "workload/")
        assert ask(admin, "workload/", agent=support.pk) == ask(support, "workload/", agent=support.pk) == mine
        assert ask(admin, "workload/")["agent_id"] == admin.pk
        assert ask(support, "workload/", 403, agent=support2.pk)["code"] == "permission_denied"
        boss = as_user(superadmin(), atlas)
        assert fields(boss.get(f"{DESK}dashboard/workload/", 400)) == ["agent"]
        assert boss.get(f"{DESK}dashboard/workload/", agent=support.pk) == mine

    def test_only_members_of_the_desk(
        self, client: Membership, support2: Membership, admin: Membership, elsewhere: Membership
    ) -> None:
        with website_scope(support2.website_id):
            support2.status = MembershipStatus.SUSPENDED
            support2.save(update_fields=["status"])
        for other in (client.pk, elsewhere.pk, support2.pk, 999_999):
            assert ask(admin, "workload/", 404, agent=other)["code"] == "not_found"


class TestAnalytics:
    def test_all_sums_to_the_figures(
        self, rows: dict[str, Ticket], support: Membership, clock: time_machine.Coordinates
    ) -> None:
        clock.shift(dt.timedelta(days=1))
        done(rows["mine"], support, course.resolve_ticket)
        found = ask(support, "analytics/", days=7)
        for name in ("opened", "resolved"):
            whole = found["figures"][name]
            assert whole == found[name]["current"] == (4 if name == "opened" else 2)
            for part in ("points", "by_category", "by_priority"):
                assert sum(row["figures"][name] for row in found[part]) == whole
        assert sum(row["tickets"] for row in found["by_status"]) == 4
        assert [point["figures"]["resolved"] for point in found["points"]][-2:] == [1, 1]
        assert [point["resolution_hours"]["mean"] for point in found["points"]][-3:] == [None, 0.0, 24.0]
        assert found["backlog"]["active"] == 2

    @pytest.mark.parametrize(("granularity", "points"), [("day", 30), ("week", 5), ("month", 2)])
    def test_series_have_no_gaps(self, support: Membership, granularity: str, points: int) -> None:
        found = ask(support, "analytics/", granularity=granularity)
        assert (found["granularity"], len(found["points"])) == (granularity, points)


@pytest.mark.parametrize(
    ("screen", "params", "field"),
    [
        ("", {"days": "many"}, "days"),
        ("", {"compare": "ever"}, "compare"),
        ("", {"from": "2026-03-02", "to": "2026-03-02"}, "to"),
        ("", {"granularity": "day"}, "granularity"),
        ("workload/", {"agent": "me"}, "agent"),
        ("workload/", {"agent": 0}, "agent"),
        ("workload/", {"from": "2026-03-02T09:00:00"}, "from"),
        ("analytics/", {"granularity": "hour"}, "granularity"),
        ("tickets/", {"tab": "closed"}, "tab"),
        ("tickets/", {"status": "lost"}, "status"),
        ("tickets/", {"priority": "urgent"}, "priority"),
        ("tickets/", {"priority": "3"}, "priority"),
        ("tickets/", {"category": "pay"}, "category"),
        ("tickets/", {"assignee": "me"}, "assignee"),
        ("tickets/", {"assignee": ""}, "assignee"),
        ("tickets/", {"assigned": "1"}, "assigned"),
        ("tickets/", {"resolved_from": "yesterday"}, "resolved_from"),
        ("tickets/", {"ordering": "title"}, "ordering"),
        ("queue/", {"tab": "all"}, "tab"),
        ("queue/", {"status": "new"}, "status"),
        ("queue/", {"page_size": 101}, "page_size"),
    ],
)
def test_what_is_refused(support: Membership, screen: str, params: dict[str, Any], field: str) -> None:
    assert fields(ask(support, screen, 400, **params)) == [field]


def test_another_website_is_not_there(client: Membership, support: Membership, elsewhere: Membership) -> None:
    row = ticket(client)
    done(row, support, course.claim_ticket)
    assert {ask(elsewhere)[name] for name in WAITING} == {0}
    assert ask(elsewhere)["figures"] == NOTHING
    assert ask(elsewhere, "analytics/")["figures"] == NOTHING_TIMED
    for screen in ("tickets/", "queue/"):
        assert set(ask(elsewhere, screen)["counts"].values()) == {0}
    assert ask(elsewhere, "tickets/", assignee=support.pk)["results"] == []


def test_the_cost_of_no_screen_grows_with_its_rows(
    rows: dict[str, Ticket], client: Membership, writer: Membership, support: Membership, queries: Count
) -> None:
    screens = ("", "tickets/", "queue/", "workload/", "analytics/?compare=previous")
    caller = as_(support)
    before = {screen: queries(lambda screen=screen: caller.get(f"{DESK}dashboard/{screen}")) for screen in screens}  # type: ignore[misc]
    for _ in range(3):
        done(ticket(client), support, course.claim_ticket)
        done(ticket(writer), support, course.resolve_ticket)
    after = {screen: queries(lambda screen=screen: caller.get(f"{DESK}dashboard/{screen}")) for screen in screens}  # type: ignore[misc]
    assert after == before
    assert max(after.values()) <= 6, after
