"""What each role is shown of editing: figures that its lists give again, steps that it may really take, and no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.editing.actions import reviews, tasks
from copydesk.editing.models import EditingTask
from copydesk.orders.actions import course, delivery
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_, as_user
from tests.factories import accounts, editing, orders
from tests.factories.accounts import actor
from tests.factories.editing import APPROVED, RETURNED
from tests.jobs import run_jobs

DESK = "/api/v1/editor-management/"
TASKS = f"{DESK}tasks/"
OWN = f"{DESK}dashboard/tasks/"
API = "/api/v1/"
Count = Callable[[Callable[[], Any]], int]


def may(row: dict[str, Any], action: str) -> str | None:
    """The code of the refusal; None where it is allowed."""
    (found,) = [each for each in row["available_actions"] if each["action"] == action]
    assert found["allowed"] == (found["code"] is None)
    code: str | None = found["code"]
    return code


def handed_in_again(task: EditingTask, writer: Membership) -> EditingTask:
    with website_scope(task.website_id):
        order = Order.objects.of(task.website_id).get(pk=task.order_id)
        orders.work_file(order, writer)
        return editing.task_of(delivery.submit(order, by=actor(writer)))


class TestEveryFigureIsCountedAgain:
    """By the editor's own list of tasks, and the parameters that it has."""

    @pytest.fixture(autouse=True)
    def world(
        self,
        clock: time_machine.Coordinates,
        client: Membership,
        writer: Membership,
        editor: Membership,
        editor2: Membership,
        support: Membership,
    ) -> None:
        website = client.website_id
        editing.completed_task(client, writer, editor, APPROVED, subject="law")
        clock.shift(dt.timedelta(days=40))
        editing.completed_task(client, writer, editor, RETURNED)
        editing.completed_task(client, writer, editor, APPROVED, subject="law")
        editing.completed_task(client, writer, editor2, APPROVED)
        withdrawn = editing.claimed_task(client, writer, editor)
        assigned = editing.open_task(client, writer)
        with website_scope(website):
            course.hold(withdrawn.order, by=actor(support), reason="Files.")
            tasks.assign(assigned, by=actor(support), editor_id=editor.pk)
            run_jobs()
        hours = dt.timedelta(hours=30)
        editing.task_in_review(client, writer, editor, client_deadline=dt.datetime.now(dt.UTC) + hours)
        clock.shift(dt.timedelta(hours=10))
        editing.submitted_task(client, writer, editor)
        editing.claimed_task(client, writer, editor)
        clock.shift(dt.timedelta(minutes=30))
        editing.claimed_task(client, writer, editor2)
        editing.open_task(client, writer)
        with website_scope(website):
            EditingTask.objects.of(website).filter(status="in_review").update(
                lease_until=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
            )

    def ask(self, editor: Membership, path: str = OWN, **params: Any) -> int:
        count: int = as_(editor).get(f"{path}?{urlencode(params, doseq=True)}")["count"]
        return count

    def test_of_the_stats(self, editor: Membership) -> None:
        found = as_(editor).get(f"{DESK}profiles/dashboard_stats/")
        assert found["active"] == self.ask(editor, tab="active") == 4
        for status, count in (("claimed", 2), ("in_review", 1), ("submitted", 1)):
            assert found[status] == self.ask(editor, tab="active", status=status) == count
        assert found["urgent"] == self.ask(editor, tab="active", deadline="urgent") == 1
        assert found["overdue"] == self.ask(editor, tab="overdue") == 0
        assert found["available"] == self.ask(editor, f"{DESK}dashboard/available-tasks/") == 1
        assert found["fitting"] == self.ask(editor, f"{DESK}dashboard/available-tasks/", tab="fitting") == 1
        within = {"from": found["period"]["since"], "to": found["period"]["until"]}
        decided = {"outcome": ["approved", "returned"]}
        assert found["completed"]["current"] == self.ask(editor, **decided, **within) == 2
        assert self.ask(editor, **decided) == 3, "one was closed before the period"

    def test_of_record_and_analytics(self, editor: Membership) -> None:
        found = as_(editor).get(f"{DESK}dashboard/analytics/")
        within = {"from": found["period"]["since"], "to": found["period"]["until"]}
        for name in ("approved", "returned", "withdrawn"):
            assert found[name] == self.ask(editor, outcome=name, **within) == 1
        for row in found["by_status"]:
            asked = within if row["status"] == "closed" else {"tab": "active"}
            assert row["tasks"] == self.ask(editor, status=row["status"], **asked)
        for row in found["by_assignment_type"]:
            way = {"assignment_type": row["assignment_type"]}
            here, gone = self.ask(editor, tab="active", **way), self.ask(editor, tab="recent", **way, **within)
            assert row["tasks"] == here + gone
        assert found["tasks"] == 4 + 3
        record = as_(editor).get(f"{DESK}performance/")
        decided = {"outcome": ["approved", "returned"], **within}
        for kind, rows in (("subject", record["by_subject"]), ("paper_type", record["by_paper_type"])):
            assert sum(row["figures"]["reviewed"] for row in rows) == 2
            for row in rows:
                assert row["figures"]["reviewed"] == self.ask(editor, **{kind: row["code"]}, **decided)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("outcome", "lost"), ("from", "2026-13-01"), ("to", "2026-01-01T00:00"), ("deadline", "x"), ("status", "")],
    )
    def test_bad_ones_are_refused(self, name: str, value: str, editor: Membership) -> None:
        problem = as_(editor).get(f"{OWN}?{urlencode({name: value})}", 400)
        assert [error["field"] for error in problem["errors"]] == [name]


class TestStepsOnOffer:
    def test_a_claim(self, client: Membership, writer: Membership, editor: Membership, atlas: Website) -> None:
        task = editing.open_task(client, writer)
        full, away = editing.editor(atlas, task_limit=0), editing.editor(atlas, available=False)
        seen = {who: as_(who).get(f"{TASKS}{task.pk}/") for who in (editor, full, away)}
        assert {who: may(row, "claim") for who, row in seen.items()} == {
            editor: None,
            full: "editor_at_limit",
            away: "editor_unavailable",
        }
        for who in (full, away):
            assert as_(who).post(f"{TASKS}claim/", {"task_id": task.pk}, 409)["code"] == may(seen[who], "claim")
            (row,) = as_(who).get(f"{DESK}dashboard/available-tasks/")["results"]
            assert may(row, "claim") == may(seen[who], "claim")

    def test_a_claim_of_own_writing(self, client: Membership, writer: Membership) -> None:
        task = editing.open_task(client, writer)
        with website_scope(client.website_id):
            writer.role = Role.EDITOR
            writer.save(update_fields=["role"])
        assert may(as_(writer).get(f"{TASKS}{task.pk}/"), "claim") == "own_writing"
        assert as_(writer).get(f"{TASKS}available_tasks/")["count"] == 0

    def test_a_confirmation_is_by_who_has_the_task_now(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership
    ) -> None:
        returned = editing.completed_task(client, writer, editor, RETURNED)
        change = as_(writer).get(f"{TASKS}changes/")["results"][0]
        as_(writer).post(f"{TASKS}changes/{change['id']}/tick/")
        task = handed_in_again(returned, writer)

        def confirming(who: Membership) -> str | None:
            rows = as_(who).get(f"{TASKS}changes/?status=ticked")["results"]
            return may(rows[0], "confirm")

        assert confirming(editor) == "not_your_task"
        with website_scope(client.website_id):
            tasks.claim(task, by=actor(editor2))
        assert (confirming(editor), confirming(editor2)) == ("not_your_task", None)
        as_(editor).post(f"{TASKS}changes/{change['id']}/confirm/", status=409)
        as_(editor2).post(f"{TASKS}changes/{change['id']}/confirm/")

    def test_an_upload_needs_the_task(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership
    ) -> None:
        task = editing.claimed_task(client, writer, editor)
        url = f"{API}orders/{task.order_id}/files/"

        def add(who: Membership, status: int) -> Any:
            body = {"file": SimpleUploadedFile("marked.txt", b"x"), "kind": "draft"}
            return as_(who).upload(url, body, status)

        assert add(editor2, 409)["code"] == "not_your_task"
        assert add(editor, 201)["kind"] == "draft"
        with website_scope(client.website_id):
            tasks.unclaim(task, by=actor(editor), reason="Too long.")
        assert add(editor, 409)["code"] == "wrong_state"
        assert as_(editor).get(url)["count"] == 2


class TestWhatTheOthersSee:
    def test_no_review_and_no_editor_for_client_and_writer(
        self, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        """The writer reads why the work came back and what is to be changed; the client nothing of it."""
        editor.user.full_name = "Edna Real"
        editor.user.save(update_fields=["full_name"])
        secret = {
            **RETURNED,
            "corrections": "CORRECTIONS.",
            "issues": [{"criterion": "sources", "severity": "major", "text": "ISSUE."}],
        }
        task = editing.completed_task(client, writer, editor, secret)
        following = handed_in_again(task, writer)
        with website_scope(client.website_id):
            tasks.start(tasks.claim(following, by=actor(editor)), by=actor(editor))
            reviews.submit(following, by=actor(editor), **APPROVED, notes="INTERNAL.", corrections="CORRECTIONS.")
            reviews.complete(following, by=actor(editor))
            run_jobs()
        hidden = ("Edna", f"Editor {editor.number}", "INTERNAL", "CORRECTIONS", "ISSUE", "quality_score", "editor_id")
        for who in (client, writer):
            for path in ("", "history/", "files/"):
                seen = str(as_(who).get(f"{API}orders/{task.order_id}/{path}"))
                assert not [word for word in hidden if word in seen], path
            seen = str(as_(who).get(f"{API}notifications/"))
            assert not [word for word in hidden if word in seen]
            for path in (TASKS, f"{TASKS}{task.pk}/", f"{DESK}profiles/"):
                as_(who).get(path, 403)
        history = str(as_(client).get(f"{API}orders/{task.order_id}/history/"))
        assert RETURNED["notes"] not in history
        assert "Add sources" not in history
        assert RETURNED["notes"] in str(as_(writer).get(f"{API}orders/{task.order_id}/history/"))
        changes = as_(writer).get(f"{TASKS}{task.pk}/changes/")["results"]
        assert [row["text"] for row in changes] == RETURNED["changes_required"]
        assert not [word for word in hidden if word in str(changes)]
        as_(client).get(f"{TASKS}{task.pk}/changes/", 403)

    def test_an_editor_does_not_open_what_another_has_closed(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership
    ) -> None:
        task = editing.completed_task(client, writer, editor)
        as_(editor2).get(f"{TASKS}{task.pk}/", 404)
        assert as_(editor).get(f"{TASKS}{task.pk}/")["review"]["quality_score"] == 8

    def test_a_superadmin_is_staff_without_a_desk(
        self, client: Membership, writer: Membership, editor: Membership, editor2: Membership, atlas: Website
    ) -> None:
        boss = as_user(accounts.superadmin(), atlas)
        task = editing.open_task(client, writer)
        url = f"{TASKS}{task.pk}/"
        given = boss.post(f"{url}assign/", {"editor_id": editor.pk})["task"]
        assert (given["editor_id"], given["assignment_type"]) == (editor.pk, "manual")
        assert (
            boss.post(f"{url}hand-over/", {"editor_id": editor2.pk, "reason": "Ill."})["task"]["editor_id"]
            == editor2.pk
        )
        as_(editor2).post(f"{url}start/")
        as_(editor2).post(f"{url}submit/", {"quality_score": 9, "verdict": "approve"})
        assert boss.post(f"{url}complete/")["task"]["outcome"] == "approved"
        for path in ("profiles/dashboard_stats/", "performance/", "dashboard/tasks/", "dashboard/workload/"):
            boss.get(f"{DESK}{path}", 403)
        for step in ("claim/", f"{task.pk}/start/", f"{task.pk}/submit/"):
            boss.post(f"{TASKS}{step}", status=403)
        assert boss.get(TASKS, tab="closed")["count"] == 1


def test_the_cost_is_bounded_for_every_role(
    client: Membership, writer: Membership, editor: Membership, support: Membership, queries: Count
) -> None:
    returned = editing.completed_task(client, writer, editor, RETURNED)
    with website_scope(client.website_id):
        for change in returned.review.changes.order_by("position"):
            reviews.tick(change, by=actor(writer))
    handed_in_again(returned, writer)
    lists = ("tasks/", "tasks/available_tasks/", "tasks/changes/", f"tasks/{returned.pk}/changes/", "profiles/")
    filtered = ("tasks/available_tasks/?deadline=urgent&tab=fitting", "dashboard/tasks/?deadline=urgent&tab=active")
    for who, screens in (
        (support, (*lists, f"tasks/{returned.pk}/", f"profiles/{editor.pk}/")),
        (writer, ("tasks/changes/", f"tasks/{returned.pk}/changes/")),
        (editor, (*lists, *filtered, f"tasks/{returned.pk}/")),
    ):
        caller = as_(who)
        for screen in screens:
            found = queries(lambda screen=screen, caller=caller: caller.get(f"{DESK}{screen}"))  # type: ignore[misc]
            assert found <= 6, (who.role, screen, found)
