"""`/support-management/support-profiles/` and `workload-tracker/`: who is there, what each has and may have."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions import course, desk
from copydesk.tickets.models import Priority, SupportProfile, Ticket
from tests.api.client import as_, as_user
from tests.factories import accounts
from tests.factories.accounts import actor
from tests.factories.tickets import ticket
from tests.reports.conftest import NOON

from .answers import API, DESK, Count, count, events, fields, ids, read

PROFILES, TRACKER = f"{DESK}support-profiles/", f"{DESK}workload-tracker/"
HOUR = dt.timedelta(hours=1)


def held(client: Membership, by: Membership, priority: Priority = Priority.MEDIUM) -> Ticket:
    row = ticket(client, by, priority=priority)
    with website_scope(client.website_id):
        return course.claim_ticket(row, by=actor(by))


def shift(of: Membership, by: Membership, starts: int, ends: int) -> None:
    with website_scope(of.website_id):
        desk.plan_shift(of.pk, NOON + starts * HOUR, NOON + ends * HOUR, by=actor(by))


class TestProfiles:
    def test_of_all_members_of_the_desk(
        self, client: Membership, writer: Membership, support: Membership, admin: Membership, elsewhere: Membership
    ) -> None:
        accounts.membership(client.website, "support", status="suspended")
        held(client, support)
        found = as_(support).get(PROFILES)
        assert ids(found) == [support.pk, admin.pk]
        assert found["results"] == [
            {
                "id": support.pk, "role": "support", "label": f"Support {support.number}", "name": "",
                "available": True, "capacity": 20, "active": 1,
                "load": {"value": 0.05, "numerator": 1, "denominator": 20}, "on_duty": True,
                "shift_until": None, "next_shift_at": None,
            },
            {
                "id": admin.pk, "role": "admin", "label": f"Admin {admin.number}", "name": "",
                "available": False, "capacity": 20, "active": 0,
                "load": {"value": 0.0, "numerator": 0, "denominator": 20}, "on_duty": False,
                "shift_until": None, "next_shift_at": None,
            },
        ]  # fmt: skip
        assert as_(support).get(f"{PROFILES}{support.pk}/") == found["results"][0]
        as_(support).get(f"{PROFILES}{client.pk}/", 404)
        assert ids(read(support, PROFILES, {"role": "admin"})) == [admin.pk]
        assert ids(read(support, PROFILES, {"ordering": "-active"})) == [support.pk, admin.pk]
        assert count(SupportProfile, client.website) == 0

    def test_shifts(self, support: Membership, support2: Membership, admin: Membership) -> None:
        shift(support, admin, -1, 3), shift(support, admin, 24, 28), shift(support, admin, 48, 50)
        shift(support2, admin, 4, 6)
        first, second, _ = as_(support).get(PROFILES)["results"]
        assert (first["on_duty"], first["shift_until"][:13], first["next_shift_at"][:13]) == (
            True, "2026-03-20T15", "2026-03-21T12",
        )  # fmt: skip
        assert (second["on_duty"], second["shift_until"], second["next_shift_at"][:13]) == (
            False,
            None,
            "2026-03-20T16",
        )

    def test_an_agent_changes_its_own_availability(self, support: Membership, support2: Membership) -> None:
        row = as_(support).patch(f"{PROFILES}{support.pk}/", {"available": False})
        assert (row["available"], row["on_duty"], row["capacity"]) == (False, False, 20)
        before = events(support.website)
        for member, body in ((support, {"capacity": 9}), (support2, {"available": False})):
            assert as_(support).patch(f"{PROFILES}{member.pk}/", body, 403)["code"] == "permission_denied"
        assert events(support.website) == before
        assert as_(support2).get(f"{PROFILES}{support2.pk}/")["available"] is True

    def test_an_admin_anybodys(self, support: Membership, admin: Membership) -> None:
        row = as_(admin).patch(f"{PROFILES}{support.pk}/", {"capacity": 4, "available": False})
        assert (row["capacity"], row["available"]) == (4, False)
        assert as_(admin).patch(f"{PROFILES}{admin.pk}/", {"available": True})["on_duty"] is True
        boss = as_user(accounts.superadmin(), support.website)
        row = boss.patch(f"{PROFILES}{support.pk}/", {"available": True})
        assert (row["capacity"], row["available"]) == (4, True)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"capacity": 0}, "capacity"),
            ({"capacity": 501}, "capacity"),
            ({"capacity": None}, "capacity"),
            ({"available": "no"}, "available"),
            ({"role": "admin"}, "role"),
        ],
    )
    def test_bad_input(self, support: Membership, admin: Membership, body: dict[str, Any], field: str) -> None:
        assert fields(as_(admin).patch(f"{PROFILES}{support.pk}/", body, 400)) == [field]
        assert count(SupportProfile, support.website) == 0

    def test_a_stale_version(self, support: Membership, admin: Membership) -> None:
        caller, path = as_(admin), f"{PROFILES}{support.pk}/"
        caller.get(path)
        tag = caller.response["ETag"]
        assert tag == f'"member-{support.pk}-0"'
        caller.patch(path, {"capacity": 5}, if_match=tag)
        assert caller.patch(path, {"capacity": 6}, 412, if_match=tag)["code"] == "stale_version"
        assert caller.get(path)["capacity"] == 5
        caller.patch(path, {"capacity": 6}, if_match=caller.response["ETag"])

    def test_of_another_website(self, support: Membership, elsewhere: Membership) -> None:
        assert ids(as_(elsewhere).get(PROFILES)) == [elsewhere.pk]
        as_(elsewhere).get(f"{PROFILES}{support.pk}/", 404)
        boss = accounts.membership(elsewhere.website, "admin")
        as_(boss).patch(f"{PROFILES}{support.pk}/", {"capacity": 1}, 404)


class TestTheTracker:
    def test_what_each_has(
        self, client: Membership, support: Membership, support2: Membership, clock: time_machine.Coordinates
    ) -> None:
        late = held(client, support, Priority.CRITICAL)
        clock.shift(50 * 60)
        risky = held(client, support, Priority.CRITICAL)
        clock.shift(25 * 60)
        held(client, support, Priority.HIGH), held(client, support), held(client, support2)
        done, waiting = held(client, support), held(client, support)
        with website_scope(client.website_id):
            course.resolve_ticket(done, by=actor(support))
        ticket(client)
        first, second = as_(support).get(TRACKER)["results"]
        assert first == {
            "id": support.pk, "role": "support", "label": f"Support {support.number}", "name": "", "on_duty": True,
            "exclusion": None, "active": 5, "capacity": 20, "spare": 0.75,
            "by_priority": [
                {"priority": "critical", "tickets": 2}, {"priority": "high", "tickets": 1},
                {"priority": "medium", "tickets": 2}, {"priority": "low", "tickets": 0},
            ],
            "overdue": 1, "at_risk": 1, "oldest_opened_at": "2026-03-20T12:00:00+00:00",
        }  # fmt: skip
        assert (second["active"], second["overdue"], second["spare"]) == (1, 0, 0.95)
        assert as_(support).get(f"{TRACKER}{support.pk}/") == first
        assert late.pk != risky.pk != waiting.pk

    def test_is_the_lists_behind_it(
        self, client: Membership, support: Membership, support2: Membership, clock: time_machine.Coordinates
    ) -> None:
        for by in (support, support2):
            held(client, by, Priority.CRITICAL), held(client, by), held(client, by, Priority.LOW)
        clock.shift(3 * 3_600)
        held(client, support, Priority.CRITICAL)
        clock.shift(25 * 60)
        seen = {"overdue": 0, "at_risk": 0}
        active = ["new", "open", "awaiting_client"]
        for row in as_(support).get(TRACKER)["results"]:
            query = {"assignee_id": row["id"], "status": active}

            def counted(**more: Any) -> int:
                return int(read(support, f"{API}tickets/", {**query, **more})["count"])  # noqa: B023

            assert row["active"] == counted()
            for word in seen:
                assert row[word] == counted(**{word: "true"})
                seen[word] += row[word]
            for part in row["by_priority"]:
                assert part["tickets"] == counted(priority=part["priority"])
            oldest = read(support, f"{API}tickets/", {**query, "ordering": "opened_at"})["results"][0]
            assert row["oldest_opened_at"] == oldest["opened_at"]
        assert seen == {"overdue": 2, "at_risk": 1}

    def test_who_gets_no_more(self, client: Membership, support: Membership, admin: Membership) -> None:
        as_(admin).patch(f"{PROFILES}{support.pk}/", {"capacity": 1})
        held(client, support), held(client, support)
        first, second = as_(admin).get(TRACKER)["results"]
        assert (first["spare"], first["exclusion"]) == (-1.0, "full")
        assert (second["exclusion"], second["on_duty"]) == ("unavailable", False)
        as_(support).patch(f"{PROFILES}{support.pk}/", {"available": False})
        assert as_(admin).get(f"{TRACKER}{support.pk}/")["exclusion"] == "unavailable"

    def test_an_empty_desk(self, support: Membership, client: Membership, elsewhere: Membership) -> None:
        held(client, support)
        (row,) = as_(elsewhere).get(TRACKER)["results"]
        assert (row["id"], row["active"], row["overdue"], row["oldest_opened_at"]) == (elsewhere.pk, 0, 0, None)
        assert {part["tickets"] for part in row["by_priority"]} == {0}
        as_(elsewhere).get(f"{TRACKER}{support.pk}/", 404)


@pytest.mark.parametrize("path", [PROFILES, TRACKER])
def test_queries_and_parameters(
    client: Membership, support: Membership, admin: Membership, path: str, queries: Count
) -> None:
    caller = as_(support)
    few = queries(lambda: caller.get(path))
    for _ in range(3):
        agent = accounts.membership(client.website, "support")
        held(client, agent), shift(agent, admin, 0, 4)
    assert queries(lambda: caller.get(path)) == few <= 5
    assert queries(lambda: caller.get(f"{path}{support.pk}/")) <= 5
    assert ids(read(support, path, {"role": "support", "ordering": "-active"}))[-1] == support.pk, "it alone has none"
    for query, field in [({"role": "client"}, "role"), ({"ordering": "name"}, "ordering"), ({"x": "1"}, "x")]:
        assert fields(read(support, path, query, 400)) == [field]
