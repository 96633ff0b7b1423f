"""`/editor-management/dashboard/`: what it shows an editor who has done nothing, and one who has."""

from __future__ import annotations

import datetime as dt
from typing import Any

import time_machine

from copydesk.accounts.models import Membership
from copydesk.editing.actions import reviews, tasks
from copydesk.orders.actions import delivery
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import editing, orders
from tests.factories.accounts import actor
from tests.factories.editing import APPROVED, RETURNED

DESK = "/api/v1/editor-management/"
NO_RATE = {"value": None, "numerator": 0, "denominator": 0}
NO_SPREAD = {"p50": None, "p90": None, "mean": None, "n": 0}
NOTHING = {
    "reviewed": 0,
    "approved": 0,
    "returned": 0,
    "approval_rate": NO_RATE,
    "first_pass_yield": NO_RATE,
    "escaped_defects": NO_RATE,
    "turnaround_hours": NO_SPREAD,
    "quality_score": {"mean": None, "n": 0},
}


def ask(who: Membership, screen: str, status: int = 200, **params: Any) -> Any:
    return as_(who).get(f"{DESK}{screen}/", status, **params)


class TestAnEmptyProfile:
    def test_stats(self, editor: Membership) -> None:
        found = ask(editor, "profiles/dashboard_stats")
        counts = ("active", "claimed", "in_review", "submitted", "overdue", "urgent", "available", "fitting")
        assert {found[name] for name in counts} == {0}
        assert found["completed"] == {"current": 0, "previous": None, "change": None}
        assert (found["task_limit"], found["slots_left"], found["takes_tasks"]) == (5, 5, True)
        assert found["load"] == {"value": 0.0, "numerator": 0, "denominator": 5}

    def test_record_and_trend(self, editor: Membership) -> None:
        record = ask(editor, "performance")
        assert (record["figures"], record["before"]) == (NOTHING, None)
        assert record["by_subject"] == record["by_paper_type"] == record["issues"] == []
        found = ask(editor, "dashboard/performance", compare="previous")
        assert (found["figures"], found["before"]) == (NOTHING, NOTHING)
        assert found["reviewed"] == {"current": 0, "previous": 0, "change": None}
        assert [point["figures"] for point in found["trend"]] == [NOTHING] * 30
        assert found["figures"]["escaped_defects"] == NO_RATE

    def test_analytics_and_workload(self, editor: Membership) -> None:
        found = ask(editor, "dashboard/analytics")
        assert (found["tasks"], found["completed"], found["urgent"], found["overdue"]) == (0, 0, 0, 0)
        assert {row["tasks"] for row in (*found["by_status"], *found["by_assignment_type"])} == {0}
        assert len(found["completions"]) == 30
        workload = ask(editor, "dashboard/workload")
        assert (workload["active"], workload["capacity"], workload["tasks"]) == (0, 5, [])
        assert workload["minutes_per_page"] is workload["throughput_per_day"] is workload["recommended_limit"] is None

    def test_lists(self, editor: Membership) -> None:
        assert ask(editor, "dashboard/tasks")["counts"] == dict.fromkeys(
            ("all", "active", "in_review", "submitted", "overdue", "recent"), 0
        )
        assert ask(editor, "dashboard/activity") == {"next": None, "previous": None, "results": []}


class TestFigures:
    def test_of_three_reviews(
        self, clock: time_machine.Coordinates, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        """In 30, 50 and 40 minutes; the second review of the first order is no first pass."""
        first = self.reviewed(clock, editor, editing.claimed_task(client, writer, editor), 30, RETURNED)
        clock.shift(dt.timedelta(minutes=10))
        self.reviewed(clock, editor, editing.claimed_task(client, writer, editor), 50, APPROVED)
        with website_scope(first.website_id):
            order = Order.objects.of(first.website_id).get(pk=first.order_id)
            orders.work_file(order, writer)
            delivery.submit(order, by=actor(writer))
            again = tasks.claim(editing.task_of(order), by=actor(editor))
        self.reviewed(clock, editor, again, 40, APPROVED)
        figures = ask(editor, "performance")["figures"]
        assert (figures["reviewed"], figures["approved"], figures["returned"]) == (3, 2, 1)
        assert figures["approval_rate"] == {"value": 0.667, "numerator": 2, "denominator": 3}
        assert figures["first_pass_yield"] == {"value": 0.5, "numerator": 1, "denominator": 2}
        assert figures["turnaround_hours"] == {"p50": 0.67, "p90": 0.8, "mean": 0.67, "n": 3}
        assert figures["quality_score"] == {"mean": 6.67, "n": 3}
        trend = ask(editor, "dashboard/performance")["trend"]
        assert sum(point["figures"]["reviewed"] for point in trend) == 3
        assert ask(editor, "performance")["issues"] == [{"criterion": "sources", "issues": 1}]

    def test_completion_is_estimated_by_the_own_median(
        self, clock: time_machine.Coordinates, client: Membership, writer: Membership, editor: Membership
    ) -> None:
        """2 pages in 30 minutes: a quarter of an hour a page."""
        self.reviewed(clock, editor, editing.claimed_task(client, writer, editor), 30, APPROVED)
        now = dt.datetime.now(dt.UTC)
        later = editing.claimed_task(client, writer, editor, pages=2)
        begun = editing.task_in_review(client, writer, editor, pages=4)
        found = ask(editor, "dashboard/workload")
        assert (found["minutes_per_page"], found["reviews_measured"]) == (15.0, 1)
        assert [row["id"] for row in found["tasks"]] == [begun.pk, later.pk]
        assert [row["estimated_hours"] for row in found["tasks"]] == [1.0, 0.5]
        ends = [dt.datetime.fromisoformat(row["estimated_completion_at"]) - now for row in found["tasks"]]
        assert ends == [dt.timedelta(hours=1), dt.timedelta(hours=1.5)]
        clock.shift(dt.timedelta(minutes=20))
        assert ask(editor, "dashboard/workload")["tasks"][0]["estimated_hours"] == 0.67
        with website_scope(begun.website_id):
            reviews.submit(begun, by=actor(editor), **APPROVED)
        last = ask(editor, "dashboard/workload")["tasks"][-1]
        assert (last["id"], last["estimated_hours"], last["late"]) == (begun.pk, None, None)

    def reviewed(
        self,
        clock: time_machine.Coordinates,
        editor: Membership,
        task: Any,
        minutes: int,
        review: dict[str, Any],
    ) -> Any:
        with website_scope(task.website_id):
            tasks.start(task, by=actor(editor))
            clock.shift(dt.timedelta(minutes=minutes))
            reviews.submit(task, by=actor(editor), **review)
            return reviews.complete(task, by=actor(editor))
