"""`/editor-management/tasks/` and `profiles/` over HTTP: one action after the other, and what each role is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from copydesk.accounts.models import Membership
from copydesk.core.clock import now
from copydesk.editing.policies import EditingPolicy
from copydesk.editing.queries.editors import Claimant
from copydesk.editing.queries.tasks import FREE_TABS, OWN_TABS, TABS, free_tabs, own_tabs, tabs
from copydesk.tenancy.models import Website
from tests.api.client import as_
from tests.factories import accounts, editing, orders
from tests.factories.editing import RETURNED
from tests.jobs import run_jobs

DESK = "/api/v1/editor-management/"
TASKS = f"{DESK}tasks/"
API = "/api/v1/"
Count = Callable[[Callable[[], Any]], int]


def fields(problem: dict[str, Any]) -> list[str]:
    return [error["field"] for error in problem["errors"]]


class TestTheWholeWay:
    def test_returned_and_then_approved(self, client: Membership, writer: Membership, editor: Membership) -> None:
        order = orders.order_in_editing(client, writer)
        run_jobs()
        (waiting,) = as_(editor).get(f"{DESK}dashboard/available-tasks/")["results"]
        assert (waiting["order"]["id"], waiting["status"], waiting["editor"]) == (order.pk, "available", None)
        url = f"{TASKS}{waiting['id']}/"
        claimed = as_(editor).post(f"{TASKS}claim/", {"order_id": order.pk})
        assert (claimed["task"]["status"], claimed["task"]["is_own"]) == ("claimed", True)
        assert as_(editor).post(f"{url}start/")["task"]["status"] == "in_review"
        marked = as_(editor).upload(
            f"{API}orders/{order.pk}/files/", {"file": SimpleUploadedFile("marked.txt", b"x"), "kind": "draft"}
        )
        submitted = as_(editor).post(f"{url}submit/", {**RETURNED, "files": [marked["id"]]})
        assert submitted["review"]["files"] == [marked["id"]]
        assert submitted["review"]["rubric_version"] == 0
        assert as_(writer).get(f"{TASKS}changes/")["results"] == []
        assert as_(editor).post(f"{url}complete/")["task"]["outcome"] == "returned"
        first, second = as_(writer).get(f"{url}changes/")["results"]
        assert (first["text"], first["available_actions"][0]["allowed"]) == ("Add sources", True)
        assert as_(writer).post(f"{TASKS}changes/{first['id']}/tick/")["status"] == "ticked"
        orders.work_file(order, writer)
        assert as_(writer).post(f"{API}orders/{order.pk}/submit/")["order"]["status"] == "editing"
        run_jobs()
        again = as_(editor).post(f"{TASKS}claim/", {"order_id": order.pk})["task"]
        assert (again["round"], again["id"] != waiting["id"]) == (2, True)
        assert as_(editor).post(f"{TASKS}changes/{first['id']}/confirm/")["status"] == "confirmed"
        assert as_(editor).post(f"{TASKS}changes/{second['id']}/confirm/", status=409)["code"] == "wrong_state"
        as_(editor).post(f"{TASKS}{again['id']}/start/")
        as_(editor).post(f"{TASKS}{again['id']}/submit/", {"quality_score": 9, "verdict": "approve"})
        assert as_(editor).post(f"{TASKS}{again['id']}/complete/")["task"]["outcome"] == "approved"
        assert as_(client).get(f"{API}orders/{order.pk}/")["order"]["status"] == "delivered"
        locked = {"file": SimpleUploadedFile("late.txt", b"x"), "kind": "final"}
        staff = accounts.membership(client.website, "support")
        assert as_(staff).upload(f"{API}orders/{order.pk}/files/", locked, 409)["code"] == "files_locked"

    def test_an_editor_decides_by_its_task_alone(
        self, client: Membership, writer: Membership, editor: Membership, support: Membership
    ) -> None:
        order = orders.order_in_editing(client, writer)
        run_jobs()
        seen = as_(editor).get(f"{API}orders/{order.pk}/")["available_actions"]
        assert {row["action"]: row["code"] for row in seen} == {"pass": "decided_by_task", "return": "decided_by_task"}
        as_(editor).post(f"{API}orders/{order.pk}/pass/", status=403)
        as_(support).post(f"{API}orders/{order.pk}/pass/", {"reason": "Urgent."})
        run_jobs()
        (task,) = as_(support).get(TASKS, tab="closed")["results"]
        assert (task["status"], task["outcome"]) == ("closed", "withdrawn")


class TestClaim:
    def test_the_loser_is_told_who_and_until_when(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        problem = as_(editor2).post(f"{TASKS}claim/", {"task_id": task.pk}, 409)
        assert problem["code"] == "task_taken"
        assert problem["context"]["holder"] == f"Editor {editor.number}"
        assert dt.datetime.fromisoformat(problem["context"]["until"]) == task.lease_until

    @pytest.mark.parametrize("body", [{}, {"task_id": 1, "order_id": 1}])
    def test_by_one_of_the_two(self, body: dict[str, Any], editor: Membership) -> None:
        assert fields(as_(editor).post(f"{TASKS}claim/", body, 400)) == ["task_id"]

    @pytest.mark.parametrize("name", ["task_id", "order_id"])
    def test_what_is_not_there_is_not_found(self, name: str, editor: Membership) -> None:
        as_(editor).post(f"{TASKS}claim/", {name: 999_999}, 404)

    def test_a_write_under_an_expired_lease(
        self, clock: time_machine.Coordinates, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        clock.shift(dt.timedelta(hours=1))
        problem = as_(editor).post(f"{TASKS}{task.pk}/submit/", {"quality_score": 9, "verdict": "approve"}, 409)
        assert problem["code"] == "lease_expired"
        assert as_(editor).get(f"{TASKS}available_tasks/")["count"] == 1


class TestInput:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"verdict": "approve"}, "quality_score"),
            ({"quality_score": 11, "verdict": "approve"}, "quality_score"),
            ({"quality_score": -1, "verdict": "approve"}, "quality_score"),
            ({"quality_score": "9", "verdict": "approve"}, "quality_score"),
            ({"quality_score": 9, "verdict": "maybe"}, "verdict"),
            ({"quality_score": 9, "verdict": "return"}, "notes"),
            ({"quality_score": 9, "verdict": "approve", "files": [1]}, "files"),
            ({"quality_score": 9, "verdict": "approve", "more": 1}, "more"),
        ],
    )
    def test_a_review(
        self, body: dict[str, Any], field: str, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        task = editing.task_in_review(client, writer, editor)
        assert field in fields(as_(editor).post(f"{TASKS}{task.pk}/submit/", body, 400))

    @pytest.mark.parametrize(
        ("step", "field"), [("reject", "reason"), ("unclaim", "reason"), ("hand-over", "editor_id")]
    )
    def test_reasons(self, step: str, field: str, client: Membership, writer: Membership, editor: Membership) -> None:
        task = editing.claimed_task(client, writer, editor)
        assert field in fields(as_(editor).post(f"{TASKS}{task.pk}/{step}/", {}, 400))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("deadline", "soon"),
            ("pages_min", "x"),
            ("pages_max", "-1"),
            ("pages_max", "0.5"),
            ("ordering", "price"),
            ("tab", "x"),
            ("x", "1"),
        ],
    )
    def test_filters(self, name: str, value: str, editor: Membership) -> None:
        assert fields(as_(editor).get(f"{DESK}dashboard/available-tasks/", 400, **{name: value})) == [name]

    def test_another_editor_is_no_id_of_elsewhere(
        self, client: Membership, writer: Membership, support: Membership
    ) -> None:
        task = editing.open_task(client, writer)
        body = {"editor_id": writer.pk}
        assert fields(as_(support).post(f"{TASKS}{task.pk}/assign/", body, 400)) == ["editor_id"]


class TestQueue:
    def test_tabs_are_counted_by_the_same_filters(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership, support: Membership
    ) -> None:
        editing.open_task(client, writer)
        editing.claimed_task(client, writer, editor)
        editing.task_in_review(client, writer, editor)
        editing.submitted_task(client, writer, editor2)
        editing.completed_task(client, writer, editor2)
        counts = {"open": 4, "available": 1, "claimed": 1, "in_review": 1, "submitted": 1, "overdue": 0, "closed": 1}
        assert as_(support).get(TASKS)["counts"] == counts
        for tab, count in counts.items():
            found = as_(support).get(TASKS, tab=tab)
            assert (found["count"], len(found["results"])) == (count, count)
        own = as_(support).get(TASKS, editor_id=editor.pk)
        assert own["counts"] == {**counts, "open": 2, "available": 0, "submitted": 0, "closed": 0}
        assert as_(editor).get(TASKS, tab="closed")["count"] == 0, "another's closed ones are out of sight"
        assert as_(editor2).get(TASKS, tab="closed")["count"] == 1

    def test_available_ones_by_deadline_pages_and_kind(
        self, client: Membership, writer: Membership, editor: Membership, clock: time_machine.Coordinates
    ) -> None:
        """Each is left out by one filter alone."""
        kept = {"pages": 5, "subject": "law", "paper_type": "essay"}
        made = {
            "kept": kept,
            "short": {**kept, "pages": 2},
            "long": {**kept, "pages": 9},
            "history": {**kept, "subject": "history"},
            "dissertation": {**kept, "paper_type": "dissertation"},
            "urgent": {**kept, "client_deadline": now() + dt.timedelta(hours=20)},
        }
        ids = {name: editing.open_task(client, writer, **values).pk for name, values in made.items()}

        def found(**params: Any) -> set[str]:
            rows = as_(editor).get(f"{DESK}dashboard/available-tasks/", **params)["results"]
            return {name for name, pk in ids.items() if pk in {row["id"] for row in rows}}

        assert found() == set(ids)
        assert found(pages_min=5) == set(ids) - {"short"}
        assert found(pages_max=5) == set(ids) - {"long"}
        assert found(subject="law") == set(ids) - {"history"}
        assert found(paper_type="essay") == set(ids) - {"dissertation"}
        assert found(deadline="urgent") == {"urgent"}
        assert found(deadline="upcoming") == set(ids) - {"urgent"}
        assert found(deadline="overdue") == set()
        clock.shift(dt.timedelta(hours=20))
        assert found(deadline="overdue") == {"urgent"}
        first = as_(editor).get(f"{DESK}dashboard/available-tasks/")["results"][0]
        assert (first["id"], first["due"], first["hours_left"]) == (ids["urgent"], "overdue", 0)
        longest = as_(editor).get(f"{DESK}dashboard/available-tasks/", ordering="-pages")["results"][0]
        assert longest["id"] == ids["long"]

    def test_fitting_ones(self, client: Membership, writer: Membership, atlas: Website) -> None:
        knows = editing.editor(atlas, subjects=["law"])
        editing.open_task(client, writer, subject="law")
        editing.open_task(client, writer, subject="history")
        found = as_(knows).get(f"{DESK}dashboard/available-tasks/", tab="fitting")
        assert found["counts"] == {"all": 2, "fitting": 1, "urgent": 0, "overdue": 0}
        assert [row["order"]["subject"] for row in found["results"]] == ["law"]


class TestProfiles:
    def test_of_an_editor_who_has_said_nothing(self, editor: Membership) -> None:
        found = as_(editor).get(f"{DESK}profiles/{editor.pk}/")
        assert (found["label"], found["task_limit"], found["available"]) == (f"Editor {editor.number}", 5, True)
        assert (found["subjects"], found["active"], found["load"]["value"]) == ([], 0, 0)

    def test_is_changed_by_its_editor(self, editor: Membership) -> None:
        url = f"{DESK}profiles/{editor.pk}/"
        caller = as_(editor)
        caller.get(url)
        tag = caller.response["ETag"]
        changed = caller.patch(url, {"subjects": ["law", "history"], "available": False}, **{"If-Match": tag})
        assert (changed["subjects"], changed["available"]) == (["history", "law"], False)
        assert caller.patch(url, {"available": True}, 412, **{"If-Match": tag})["code"] == "stale_version"
        assert caller.get(url)["available"] is False
        assert caller.patch(url, {"subjects": []})["subjects"] == []

    def test_refusals(self, editor: Membership, editor2: Membership, support: Membership) -> None:
        url = f"{DESK}profiles/{editor.pk}/"
        assert as_(editor).patch(url, {"task_limit": 9}, 403)["code"] == "limit_by_staff"
        as_(editor2).patch(url, {"available": False}, 403)
        assert fields(as_(editor).patch(url, {"subjects": ["magic"]}, 400)) == ["subjects"]
        assert fields(as_(editor).patch(url, {"available": None}, 400)) == ["available"]
        as_(editor).patch(f"{DESK}profiles/{support.pk}/", {"available": False}, 404)
        assert as_(support).get(url)["task_limit"] == 5
        assert as_(support).patch(url, {"task_limit": 9})["task_limit"] == 9

    def test_names_are_for_staff(self, editor: Membership, editor2: Membership, support: Membership) -> None:
        editor2.user.full_name = "Vera Real"
        editor2.user.save(update_fields=["full_name"])
        shown = {row["id"]: row["name"] for row in as_(editor).get(f"{DESK}profiles/")["results"]}
        assert shown[editor2.pk] is None
        shown = {row["id"]: row["name"] for row in as_(support).get(f"{DESK}profiles/")["results"]}
        assert shown[editor2.pk] == "Vera Real"


def test_no_names_and_no_money_in_a_task(client: Membership, writer: Membership, editor: Membership) -> None:
    for member in (client, writer):
        member.user.full_name = "Vera Real"
        member.user.save(update_fields=["full_name"])
    task = editing.claimed_task(client, writer, editor)
    seen = str(as_(editor).get(f"{TASKS}{task.pk}/"))
    assert "Vera Real" not in seen
    assert not {"price", "pay", "client_id", "writer_id"} & set(as_(editor).get(f"{TASKS}{task.pk}/")["task"]["order"])


def test_the_cost_of_no_screen_grows_with_its_rows(
    client: Membership, writer: Membership, editor: Membership, queries: Count
) -> None:
    returned = editing.completed_task(client, writer, editor, RETURNED)
    editing.open_task(client, writer)
    screens = (
        *("tasks/", "tasks/available_tasks/", "tasks/changes/", "profiles/", f"profiles/{editor.pk}/"),
        *(f"tasks/{returned.pk}/", f"tasks/{returned.pk}/changes/", "profiles/dashboard_stats/", "performance/"),
        *(f"dashboard/{name}/" for name in ("tasks", "available-tasks", "performance", "analytics", "activity")),
        "dashboard/workload/",
    )
    caller = as_(editor)
    before = {screen: queries(lambda screen=screen: caller.get(f"{DESK}{screen}")) for screen in screens}  # type: ignore[misc]
    for _ in range(2):
        editing.open_task(client, writer)
        editing.claimed_task(client, writer, editor)
        editing.completed_task(client, writer, editor, RETURNED)
        accounts.membership(client.website, "editor")
    after = {screen: queries(lambda screen=screen: caller.get(f"{DESK}{screen}")) for screen in screens}  # type: ignore[misc]
    assert after == before
    assert max(after.values()) <= 6, after


def test_the_schema_names_the_tabs_that_there_are() -> None:
    free = free_tabs(Claimant(None, [], [], []), EditingPolicy())
    assert (tuple(tabs()), tuple(own_tabs()), tuple(free)) == (TABS, OWN_TABS, FREE_TABS)
