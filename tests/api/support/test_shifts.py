"""`/support-management/shifts/`: planned by admins, read by the desk."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tickets.models import Shift
from tests.api.client import as_, as_user
from tests.factories import accounts
from tests.reports.conftest import NOON

from .answers import DESK, Count, count, events, fields, ids, read

PATH = f"{DESK}shifts/"


def at(hours: float) -> str:
    return (NOON + dt.timedelta(hours=hours)).isoformat()


def planned(of: Membership, by: Membership, starts: float, ends: float) -> dict[str, Any]:
    body = {"member_id": of.pk, "starts_at": at(starts), "ends_at": at(ends)}
    found: dict[str, Any] = as_(by).post(PATH, body, 201)
    return found


def test_planned_moved_cancelled(support: Membership, admin: Membership) -> None:
    row = planned(support, admin, 0, 8)
    assert row == {
        "id": row["id"],
        "member": {"id": support.pk, "role": "support", "label": f"Support {support.number}", "name": ""},
        "starts_at": "2026-03-20T12:00:00+00:00",
        "ends_at": "2026-03-20T20:00:00+00:00",
        "hours": 8.0,
        "is_running": True,
    }
    path = f"{PATH}{row['id']}/"
    assert as_(support).get(path) == row
    moved = as_(admin).patch(path, {"ends_at": at(9.5)})
    assert (moved["starts_at"], moved["hours"]) == (row["starts_at"], 9.5)
    moved = as_(admin).patch(path, {"starts_at": at(1), "ends_at": at(2)})
    assert (moved["hours"], moved["is_running"]) == (1.0, False)
    as_(admin).delete(path, 204)
    as_(admin).get(path, 404)
    assert [verb for verb in events(support.website) if verb.startswith("shift")] == [
        "shift.plan", "shift.move", "shift.move", "shift.cancel",
    ]  # fmt: skip


def test_admins_plan(support: Membership, admin: Membership) -> None:
    row = planned(support, admin, 0, 8)
    before = events(support.website)
    body = {"member_id": support.pk, "starts_at": at(9), "ends_at": at(10)}
    as_(support).post(PATH, body, 403)
    as_(support).patch(f"{PATH}{row['id']}/", {"ends_at": at(9)}, 403)
    as_(support).delete(f"{PATH}{row['id']}/", 403)
    assert (count(Shift, support.website), events(support.website)) == (1, before)
    boss = as_user(accounts.superadmin(), support.website)
    assert boss.post(PATH, body, 201)["hours"] == 1.0


def test_of_one_agent_they_do_not_overlap(support: Membership, support2: Membership, admin: Membership) -> None:
    first, second = planned(support, admin, 0, 8), planned(support, admin, 8, 12)
    planned(support2, admin, 4, 10)
    before = events(support.website)
    body = {"member_id": support.pk, "starts_at": at(7), "ends_at": at(9)}
    assert fields(as_(admin).post(PATH, body, 400)) == ["starts_at"]
    assert fields(as_(admin).patch(f"{PATH}{second['id']}/", {"starts_at": at(7)}, 400)) == ["starts_at"]
    assert fields(as_(admin).patch(f"{PATH}{first['id']}/", {"ends_at": at(8.5)}, 400)) == ["starts_at"]
    assert events(support.website) == before
    assert as_(admin).patch(f"{PATH}{second['id']}/", {"starts_at": at(9)})["hours"] == 3.0


def test_what_is_over_stays(support: Membership, admin: Membership, clock: time_machine.Coordinates) -> None:
    row = planned(support, admin, -2, 0.5)
    path = f"{PATH}{row['id']}/"
    as_(admin).patch(path, {"ends_at": at(0.75)})
    clock.shift(dt.timedelta(minutes=45))
    before = events(support.website)
    assert as_(admin).patch(path, {"ends_at": at(2)}, 409)["code"] == "shift_over"
    assert as_(admin).delete(path, 409)["code"] == "shift_over"
    assert events(support.website) == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"member_id": 999_999_999}, "member_id"),
        ({"member_id": None}, "member_id"),
        ({"starts_at": "2026-03-20T12:00"}, "starts_at"),
        ({"ends_at": "noon"}, "ends_at"),
        ({"ends_at": at(0)}, "ends_at"),
        ({"ends_at": at(25)}, "ends_at"),
        ({"room": 1}, "room"),
    ],
)
def test_bad_input(support: Membership, admin: Membership, body: dict[str, Any], field: str) -> None:
    body = {"member_id": support.pk, "starts_at": at(0), "ends_at": at(8), **body}
    assert fields(as_(admin).post(PATH, body, 400)) == [field]
    assert count(Shift, support.website) == 0


def test_of_members_of_the_desk(client: Membership, admin: Membership, elsewhere: Membership) -> None:
    for member in (client, elsewhere):
        body = {"member_id": member.pk, "starts_at": at(0), "ends_at": at(8)}
        assert fields(as_(admin).post(PATH, body, 400)) == ["member_id"]


def test_the_list(support: Membership, support2: Membership, admin: Membership) -> None:
    later, now = planned(support, admin, 10, 12)["id"], planned(support, admin, -1, 1)["id"]
    other = planned(support2, admin, 0.5, 2)["id"]
    for query, expected in [
        ({}, [now, other, later]),
        ({"member_id": support.pk}, [now, later]),
        ({"running": "true"}, [now]),
        ({"running": "false"}, [other, later]),
        ({"from": at(1)}, [other, later]),
        ({"to": at(0.5)}, [now]),
        ({"from": at(0.75), "to": at(10)}, [now, other]),
        ({"ordering": "-starts_at"}, [later, other, now]),
        ({"ordering": "ends_at"}, [now, other, later]),
    ]:
        assert ids(read(support, PATH, query)) == expected, query
    for query, field in [({"running": "1"}, "running"), ({"member_id": "x"}, "member_id"), ({"from": "x"}, "from")]:
        assert fields(read(support, PATH, query, 400)) == [field]


def test_queries(support: Membership, support2: Membership, admin: Membership, queries: Count) -> None:
    caller = as_(support)
    planned(support, admin, 0, 1)
    few = queries(lambda: caller.get(PATH))
    planned(support2, admin, 0, 1), planned(admin, admin, 0, 1)
    assert queries(lambda: caller.get(PATH)) == few <= 4


def test_versions_and_other_websites(support: Membership, admin: Membership, elsewhere: Membership) -> None:
    row = planned(support, admin, 0, 8)
    caller, path = as_(admin), f"{PATH}{row['id']}/"
    caller.get(path)
    tag = caller.response["ETag"]
    caller.patch(path, {"ends_at": at(7)}, if_match=tag)
    assert caller.patch(path, {"ends_at": at(6)}, 412, if_match=tag)["code"] == "stale_version"
    assert caller.delete(path, 412, if_match=tag)["code"] == "stale_version"
    boss = accounts.membership(elsewhere.website, "admin")
    assert as_(boss).get(PATH)["results"] == []
    as_(boss).get(path, 404)
    as_(boss).patch(path, {"ends_at": at(6)}, 404)
    as_(boss).delete(path, 404)
    assert caller.get(path)["hours"] == 7.0
