"""`/admin-management/orders/`: dashboard, analytics and the queues over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.actions.kept import keep_forms
from copydesk.orders.models import Cause, Status
from copydesk.tenancy.models import Website
from tests.api.client import as_
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.orders.test_attention import due_in, elsewhere

PATH = "/api/v1/admin-management/orders/"
SCREENS = ("dashboard", "analytics", "assignment-queue", "overdue", "stuck")
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NO_RATE = {"value": None, "numerator": 0, "denominator": 0}
NO_TIME = {"p50": None, "p90": None, "mean": None, "n": 0}
Count = Callable[[Callable[[], Any]], int]


def get(who: Membership, path: str, expected: int = 200, **params: Any) -> Any:
    return as_(who).send("GET", f"{PATH}{path}/", expected, query_params=params)


def ids(page: Any) -> list[int]:
    return [row["order"]["id"] for row in page["results"]]


class TestAnEmptyWebsite:
    def test_dashboard(self, admin: Membership) -> None:
        found = get(admin, "dashboard")
        assert found["orders"] == found["open"] == sum(row["orders"] for row in found["by_status"]) == 0
        assert set(found["attention"].values()) == {0}
        assert found["placed"] == {"current": 0, "previous": 0, "change": None}
        assert found["net"] == {"current": "0.00", "previous": "0.00", "change": None}
        assert found["figures"]["on_time_rate"] == found["figures"]["completion_rate"] == NO_RATE
        assert found["newest"] == found["due_first"] == []

    def test_analytics(self, admin: Membership) -> None:
        found = get(admin, "analytics", days=3)
        nothing = dict.fromkeys(("placed", "paid", "delivered", "completed", "cancelled"), 0)
        money = dict.fromkeys(("gross", "refunds", "net"), "0.00")
        assert found["points"] == [
            {"on": on, "counts": nothing, **money} for on in ("2026-02-28", "2026-03-01", "2026-03-02")
        ]
        assert set(map(str, found["durations"].values())) == {str(NO_TIME)}
        assert (found["by_subject"], found["before"]) == ([], None)
        assert {row["cause"]: row["orders"] for row in found["by_cancel_cause"]} == dict.fromkeys(Cause.values, 0)

    @pytest.mark.parametrize("queue", ["assignment-queue", "overdue", "stuck"])
    def test_queues(self, admin: Membership, queue: str) -> None:
        found = get(admin, queue)
        assert (found["count"], found["results"], set(found["counts"].values())) == (0, [], {0})


def test_a_dashboard_and_the_lists_behind_it(
    website: Website, client: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    def writing() -> Membership:
        return writers.writer(website).member

    resting, late = orders.available_order(client), due_in(orders.order_in_progress(client, writing()), 30 * HOUR)
    held = orders.order_in_progress(client, writing())
    course.hold(held, by=actor(admin), reason="Client is silent.")
    elsewhere()
    frozen.shift(31 * HOUR)
    done, cancelled = orders.completed_order(client, writing()), orders.order_in_progress(client, writing())
    course.cancel(cancelled, by=actor(admin), reason="Client's wish.")
    risky = due_in(orders.order_in_progress(client, writing()), 5 * HOUR)
    frozen.shift(HOUR)
    found = get(admin, "dashboard")
    counts = {"available": 1, "in_progress": 2, "on_hold": 1, "completed": 1, "cancelled": 1}
    assert {row["status"]: row["orders"] for row in found["by_status"] if row["orders"]} == counts
    assert (found["orders"], found["open"]) == (6, 4)
    attention = found["attention"]
    assert attention == {
        "needs_assignment": 1, "overdue": 1, "client_overdue": 0, "at_risk": 1, "stuck": 3, "on_hold": 1, "disputed": 0,
    }  # fmt: skip
    waiting, overdue, stuck = (get(admin, queue) for queue in ("assignment-queue", "overdue", "stuck"))
    assert (attention["needs_assignment"], ids(waiting)) == (waiting["count"], [resting.pk])
    assert (attention["overdue"], ids(overdue)) == (overdue["count"], [late.pk])
    assert attention["stuck"] == stuck["count"]
    assert set(ids(stuck)) == {resting.pk, late.pk, held.pk}
    for row in found["by_status"]:
        listed = as_(admin).send("GET", "/api/v1/orders/", query_params={"status": row["status"]})
        assert listed["count"] == row["orders"]
    assert [row["id"] for row in found["newest"]][:2] == [risky.pk, cancelled.pk]
    assert [row["id"] for row in found["due_first"]] == [late.pk, risky.pk]
    assert {name: found[name]["current"] for name in ("placed", "paid", "delivered", "completed", "cancelled")} == {
        "placed": 6, "paid": 6, "delivered": 1, "completed": 1, "cancelled": 1,
    }  # fmt: skip
    assert found["gross"]["current"] == f"{6 * 32:.2f}"
    assert float(found["net"]["current"]) == 6 * 32 - float(found["refunds"]["current"])
    assert found["figures"]["completion_rate"] == {"value": 1, "numerator": 1, "denominator": 1}
    assert get(admin, "dashboard", compare="none")["before"] is None
    assert done.pk not in set(ids(stuck))


def test_each_order_stands_under_the_status_that_it_has(
    website: Website, client: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """Completed in the period, but reopened, or cancelled, since; completed before it."""
    writing = iter([writers.writer(website).member for _ in range(4)])
    orders.completed_order(client, next(writing))
    frozen.shift(DAY)
    reopened, over, _still = (orders.completed_order(client, next(writing)) for _ in range(3))
    delivery.request_revision(reopened, by=actor(client), reason="Longer.")
    course.dispute(over, by=actor(client), dispute_reason="other", statement="Poor.")
    course.settle_dispute(over, by=actor(admin), to=Status.CANCELLED, cause=Cause.WRITER)
    found = get(admin, "dashboard", days=1)
    counts = {row["status"]: row["orders"] for row in found["by_status"] if row["orders"]}
    assert counts == {"revision": 1, "cancelled": 1, "completed": 1}
    assert (found["completed"]["current"], found["figures"]["completed"]) == (3, 3)


def test_revised_before_it_was_delivered_in_another_month(
    client: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """A dispute's new deadline, for the writer's cause, of an order that was never delivered: one rate, whatever is
    asked for; and one that was disputed, and revised for no cause of the writer."""
    for cause in (Cause.WRITER, Cause.STAFF):
        writer = writers.writer(client.website).member
        order = orders.order_in_progress(client, writer)
        course.dispute(order, by=actor(client), dispute_reason="other", statement="Poor.")
        later = clock.now() + 8 * DAY
        course.settle_dispute(order, by=actor(admin), to=Status.REVISION, cause=cause, new_deadline=later)
        frozen.shift(2 * DAY)
        orders.work_file(order, writer)
        delivery.submit(order, by=actor(writer))
    for days in (1, 3, 5):
        delivered = 1 if days < 3 else 2
        figures = get(admin, "analytics", days=days)["figures"]["revision_rate"]
        assert (figures["numerator"], figures["denominator"]) == (delivered - 1, delivered)


def test_rates_and_durations(
    website: Website, client: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    writer, other = writers.writer(website).member, writers.writer(website).member
    order = orders.available_order(client)
    frozen.shift(2 * HOUR)
    staffing.assign(order, writer.pk, by=actor(admin))
    frozen.shift(30 * HOUR)
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    frozen.shift(4 * HOUR)
    delivery.request_revision(order, by=actor(admin), reason="Careless.", cause=Cause.WRITER)
    frozen.shift(50 * HOUR)
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    frozen.shift(1 * HOUR)
    delivery.approve(order, by=actor(client))
    dropped = orders.order_in_progress(client, other)
    staffing.release(dropped, by=actor(other), reason="Too much.")
    found = get(admin, "analytics", days=5, compare="previous")
    assert {name: row["p50"] for name, row in found["durations"].items()} == {
        "payment_hours": 0, "assignment_hours": 1, "writing_hours": 30, "approval_hours": 55,
    }  # fmt: skip
    figures = found["figures"]
    assert figures["completion_rate"] == {"value": 0.5, "numerator": 1, "denominator": 2}
    assert figures["revision_rate"] == {"value": 1, "numerator": 1, "denominator": 1}
    assert (figures["on_time_rate"]["numerator"], figures["on_time_rate"]["denominator"]) == (1, 2)
    assert found["by_subject"] == [{"code": "history", "placed": 2, "completed": 1}]
    assert sum(point["counts"]["placed"] for point in found["points"]) == found["placed"]["current"] == 2
    before = get(admin, "analytics", **{"from": "2026-01-01", "to": "2026-02-01"})
    assert before["placed"]["current"] == 0
    assert before["revenue"]["net"] == "0.00"


def test_an_assignment_queue(website: Website, client: Membership, admin: Membership) -> None:
    best = writers.writer(website, subjects=("history",), paper_types=("essay",), rating_milli=5_000)
    writers.writer(website, level="junior", rating_milli=2_000)
    first = orders.available_order(client, client_deadline=clock.now() + 20 * HOUR)
    second = orders.available_order(client, subject="law", preferred_writer_id=best.pk)
    keep_forms(website, clock.now())
    page = get(admin, "assignment-queue")
    assert page["counts"] == {"all": 2, "urgent": 1, "with_requests": 0, "returned": 0, "past_deadline": 0}
    assert ids(page) == [first.pk, second.pk]
    row = page["results"][0]
    assert (row["slack_hours"], row["work_hours"], row["eligible"]) == (18, 2, 2)
    assert row["recommended"][0]["writer_id"] == best.pk
    assert set(row["recommended"][0]["factors"]) == {
        "subject", "past_performance", "paper_type", "level", "rating", "spare_capacity",
    }  # fmt: skip
    assert [one["writers"] for one in row["excluded"]] == [0] * 7
    assert page["results"][1]["preferred_writer"] == {"id": best.pk, "pen_name": best.pen_name}
    assert ids(get(admin, "assignment-queue", ordering="-client_deadline")) == [second.pk, first.pk]
    assert ids(get(admin, "assignment-queue", tab="urgent")) == [first.pk]
    narrowed = get(admin, "assignment-queue", subject="law")
    assert (ids(narrowed), narrowed["counts"]["all"], narrowed["counts"]["urgent"]) == ([second.pk], 1, 0)
    paged = get(admin, "assignment-queue", page_size=1, page=2)
    assert (ids(paged), paged["count"]) == ([second.pk], 2)
    as_(admin).send("POST", f"/api/v1/orders/{first.pk}/assign/", body={"writer_id": best.pk})
    assert ids(get(admin, "assignment-queue")) == [second.pk]


def test_overdue_and_stuck_narrowed(
    website: Website, client: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    one, two = (writers.writer(website).member for _ in range(2))
    early, late = (
        due_in(orders.order_in_progress(client, one), HOUR),
        due_in(orders.order_in_progress(client, two), DAY),
    )
    frozen.shift(DAY + HOUR / 2)
    found = get(admin, "overdue")
    assert found["counts"] == {
        "all": 2, "under_1h": 1, "1h_to_3h": 0, "3h_to_24h": 1, "over_24h": 0, "client_overdue": 0,
    }  # fmt: skip
    assert [(row["order"]["id"], row["hours_late"], row["band"]) for row in found["results"]] == [
        (early.pk, 23.5, "3h_to_24h"),
        (late.pk, 0.5, "under_1h"),
    ]
    for tab, n in found["counts"].items():
        assert get(admin, "overdue", tab=tab)["count"] == n
    assert ids(get(admin, "overdue", writer_id=two.pk)) == [late.pk]
    assert ids(get(admin, "overdue", status="revision")) == []
    for status, wanted in (("revision", []), (["in_progress", "revision"], [early.pk, late.pk])):
        for ordering in ("progress_at", "client_deadline", "price"):
            assert sorted(ids(get(admin, "stuck", status=status, ordering=ordering))) == wanted
    stuck = get(admin, "stuck", writer_id=one.pk)
    assert [(row["waiting_on"], row["suggested_action"], row["patience_hours"]) for row in stuck["results"]] == [
        ("writer", "reassign", 24)
    ]
    assert (stuck["counts"]["all"], stuck["counts"]["waiting_on_writer"], stuck["counts"]["waiting_on_client"]) == (
        (1, 1, 0)
    )
    assert get(admin, "stuck", tab="waiting_on_editor")["results"] == []


@pytest.mark.parametrize("screen", SCREENS)
def test_another_websites_orders(client: Membership, screen: str, frozen: time_machine.Coordinates) -> None:
    borealis = tenancy.website("borealis")
    stranger, admin = accounts.membership(borealis), accounts.membership(borealis, "admin")
    orders.available_order(client)
    due_in(orders.order_in_progress(client, writers.writer(client.website).member), HOUR)
    frozen.shift(2 * DAY)
    found = get(admin, screen)
    if "results" in found:
        assert (found["results"], set(found["counts"].values())) == ([], {0})
    else:
        assert found["placed"]["current"] == 0
        assert not found.get("newest")
    assert stranger.website_id == borealis.pk


@pytest.mark.parametrize(
    ("screen", "params", "field"),
    [
        ("dashboard", {"days": "x"}, "days"),
        ("dashboard", {"to": "2026-01-01"}, "from"),
        ("dashboard", {"granularity": "day"}, "granularity"),
        ("dashboard", {"compare": "next"}, "compare"),
        ("dashboard", {"tab": "all"}, "tab"),
        ("analytics", {"granularity": "hour"}, "granularity"),
        ("analytics", {"from": "2020-01-01", "granularity": "day"}, "granularity"),
        ("analytics", {"from": "2026-01-01T00:00:00"}, "from"),
        ("assignment-queue", {"tab": "late"}, "tab"),
        ("assignment-queue", {"ordering": "score"}, "ordering"),
        ("assignment-queue", {"client_id": "me"}, "client_id"),
        ("assignment-queue", {"status": "available"}, "status"),
        ("assignment-queue", {"page_size": "101"}, "page_size"),
        ("overdue", {"tab": "urgent"}, "tab"),
        ("overdue", {"status": "completed"}, "status"),
        ("overdue", {"writer_id": "0"}, "writer_id"),
        ("overdue", {"days": "3"}, "days"),
        ("stuck", {"tab": "waiting_on_god"}, "tab"),
        ("stuck", {"page": "0"}, "page"),
        ("stuck", {"ordering": "stuck_hours"}, "ordering"),
    ],
)
def test_bad_questions(admin: Membership, screen: str, params: dict[str, str], field: str) -> None:
    problem = get(admin, screen, 400, **params)
    assert field in {error["field"] for error in problem["errors"]}


@pytest.mark.parametrize("screen", SCREENS)
def test_queries_do_not_grow(
    website: Website,
    client: Membership,
    admin: Membership,
    queries: Count,
    frozen: time_machine.Coordinates,
    screen: str,
) -> None:
    def more(n: int) -> None:
        for _ in range(n):
            orders.available_order(client)
            due_in(orders.order_in_progress(client, writers.writer(website).member), HOUR)
        keep_forms(website, clock.now())

    more(1)
    frozen.shift(2 * DAY)
    few = queries(lambda: get(admin, screen))
    frozen.shift(-2 * DAY)
    more(6)
    frozen.shift(2 * DAY)
    assert queries(lambda: get(admin, screen)) == few <= 7
