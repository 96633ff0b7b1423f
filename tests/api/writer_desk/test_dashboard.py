"""`/writer-management/dashboard/` over HTTP: what it is asked, what it shows, whom it shows it to, what it costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.orders.actions.requests import request_order
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, as_
from tests.factories import accounts, orders, payments, tenancy
from tests.factories.accounts import actor
from tests.factories.requests import order as open_order
from tests.factories.writers import writer as new_writer
from tests.reports.conftest import NOON

DESK = "/api/v1/writer-management/dashboard/"
REPORTS = ("earnings", "performance")
LISTS = ("earnings/lines", "queue", "badges", "level")
NOTHING = {"current": 0, "previous": None, "change": None}
NO_MONEY = {"current": "0.00", "previous": None, "change": None}
NO_RATE = {"value": None, "numerator": 0, "denominator": 0}


def ask(who: Membership | Caller, screen: str, status: int = 200, **params: Any) -> Any:
    return (who if isinstance(who, Caller) else as_(who)).get(f"{DESK}{screen}/", status, **params)


def refused(who: Membership, screen: str, **params: Any) -> list[str]:
    return [error["field"] for error in ask(who, screen, 400, **params)["errors"]]


class TestAnEmptyAccount:
    def test_earnings(self, writer: Membership) -> None:
        found = ask(writer, "earnings")
        amounts = ("balance", "pending", "held", "payable", "in_payout", "paid_all_time", "earned_all_time")
        assert {found[name] for name in amounts} == {"0.00"}
        assert [found[name] for name in ("earned", "tips", "paid")] == [NO_MONEY] * 3
        assert (found["orders"], found["average_per_order"], found["next_payable_at"]) == (NOTHING, None, None)
        assert (found["currency"], found["payout_threshold"], found["recent_payouts"]) == ("USD", "50.00", [])
        assert {(row["count"], row["amount"]) for row in found["by_kind"]} == {(0, "0.00")}
        assert len(found["series"]) == 30
        assert found["series"][-1] == {"on": "2026-03-20", "earned": "0.00", "tips": "0.00", "paid": "0.00"}
        assert found["fines"] == {"current": "0.00", "previous": None, "change": None}
        assert ask(writer, "earnings/lines") == {"next": None, "previous": None, "results": []}

    def test_performance(self, writer: Membership) -> None:
        found = ask(writer, "performance")
        assert (found["completed"], found["delivered"]) == (NOTHING, NOTHING)
        assert [found[name] for name in found if name.endswith("_rate")] == [NO_RATE] * 6
        assert (found["rating"], found["reviews"], found["before"]) == (None, {"mean": None, "n": 0}, None)
        assert len(found["trend"]) == 30

    def test_queue(self, writer: Membership) -> None:
        assert ask(writer, "queue") == {
            "count": 0,
            "next": None,
            "previous": None,
            "results": [],
            "counts": {"open": 0, "requests": 0, "offers": 0, "preferred": 0},
            "capacity": {
                "active_orders": 0,
                "max_active_orders": 10,
                "orders_left": 10,
                "open_requests": 0,
                "max_open_requests": 5,
                "requests_left": 5,
                "takes_allowed": True,
            },
        }

    def test_badges(self, writer: Membership) -> None:
        found = ask(writer, "badges")
        assert (found["earned"], {row["current"] for row in found["available"]}) == ([], {0})
        assert set(found["available"][0]) == {"code", "name", "about", "current", "target"}

    def test_level(self, writer: Membership) -> None:
        found = ask(writer, "level")
        assert (found["level"]["code"], found["next_level"], found["rank"]) == ("expert", None, None)
        assert (found["rating"], found["completed_orders"]) == (None, 0)

    def test_compared_with_nothing(self, writer: Membership) -> None:
        nothing = {"current": "0.00", "previous": "0.00", "change": None}
        assert ask(writer, "earnings", compare="previous")["earned"] == nothing
        before = ask(writer, "performance", compare="year")["before"]
        assert (before["completed"], before["on_time_rate"]) == (0, NO_RATE)


@pytest.mark.parametrize("screen", REPORTS)
@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"from": "2026-03-01T00:00:00"}, "from"),
        ({"from": "0001-01-01"}, "from"),
        ({"from": "2026-03-01", "to": "2026-03-01"}, "to"),
        ({"to": "2026-03-01"}, "from"),
        ({"days": 0}, "days"),
        ({"days": "abc"}, "days"),
        ({"days": 401}, "granularity"),
        ({"granularity": "hour"}, "granularity"),
        ({"compare": "month"}, "compare"),
        ({"writer_id": 1}, "writer_id"),
    ],
)
def test_bad_parameters_are_refused_by_name(writer: Membership, screen: str, asked: dict[str, Any], field: str) -> None:
    assert refused(writer, screen, **asked) == [field]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"kind": "bonus"}, "kind"),
        ({"state": "lost"}, "state"),
        ({"from": "2026-03-20T00:00:00"}, "from"),
        ({"cursor": "x"}, "cursor"),
        ({"page": 2}, "page"),
    ],
)
def test_bad_filters_of_lines(writer: Membership, asked: dict[str, Any], field: str) -> None:
    assert refused(writer, "earnings/lines", **asked) == [field]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"tab": "mine"}, "tab"),
        ({"ordering": "price"}, "ordering"),
        ({"page": 0}, "page"),
        ({"page_size": 101}, "page_size"),
        ({"client_id": 1}, "client_id"),
        ({"subject": "x" * 41}, "subject"),
    ],
)
def test_bad_parameters_of_the_queue(writer: Membership, asked: dict[str, Any], field: str) -> None:
    assert refused(writer, "queue", **asked) == [field]


class TestQueue:
    def test_pages_by_match_and_by_deadline(self, client: Membership) -> None:
        writer = new_writer(client.website, subjects=("law",)).member
        far, law, near = (
            open_order(client, subject=subject, client_deadline=NOON + dt.timedelta(days=days))
            for subject, days in (("history", 9), ("law", 8), ("history", 7))
        )

        def ids(**asked: Any) -> list[int]:
            return [row["id"] for row in ask(writer, "queue", **asked)["results"]]

        assert ids() == [law.pk, near.pk, far.pk]
        assert ids(ordering="-match")[0] == law.pk == ids(ordering="match")[-1]
        assert ids(ordering="deadline") == [near.pk, law.pk, far.pk]
        assert ids(ordering="-deadline") == [far.pk, law.pk, near.pk]
        assert ids(page=2, page_size=2) == [far.pk]
        assert ids(subject="law") == [law.pk]
        assert ask(writer, "queue", subject="law", tab="preferred")["counts"]["open"] == 1

    def test_counts_are_those_of_the_tabs(self, client: Membership, writer: Membership) -> None:
        for _ in range(3):
            open_order(client, preferred_writer=writer)
        asked = open_order(client)
        with website_scope(client.website_id):
            request_order(asked, by=actor(writer))
        counts = ask(writer, "queue")["counts"]
        assert counts == {"open": 3, "requests": 1, "offers": 0, "preferred": 3}
        for tab, n in counts.items():
            found = ask(writer, "queue", tab=tab)
            assert (found["count"], len(found["results"]), found["counts"]) == (n, n, counts)

    def test_tells_why(self, client: Membership, writer: Membership) -> None:
        open_order(client)
        [row] = ask(writer, "queue")["results"]
        assert set(row["match"]["factors"]) == {
            *("subject", "past_performance", "paper_type", "level", "rating", "spare_capacity")
        }
        assert (row["match"]["excluded"], row["match"]["exclusions"], row["may_take"]) == (None, [], True)


@pytest.mark.parametrize("screen", ["badges", "level"])
def test_neither_takes_parameters(writer: Membership, screen: str) -> None:
    assert refused(writer, screen, days=30) == ["days"]


def test_the_list_behind_each_total(client: Membership, writer: Membership, clock: time_machine.Coordinates) -> None:
    clock.shift(-dt.timedelta(days=1))
    orders.completed_order(client, writer)
    payments.earning(writer, 700, order_id=1)
    clock.move_to(NOON)
    orders.completed_order(client, writer)
    found = ask(writer, "earnings", **{"from": "2026-03-20"})

    def total(**asked: Any) -> float:
        return sum(float(row["amount"]) for row in ask(writer, "earnings/lines", **asked)["results"])

    assert total() == float(found["earned_all_time"])
    assert total(**{"from": "2026-03-20"}) == float(found["earned"]["current"])
    assert total(state=["pending", "held"]) == float(found["pending"])
    assert total(state="payable") == float(found["payable"]) == 7
    assert total(kind="pay") == total()
    assert total(kind="tip") == 0
    line = ask(writer, "earnings/lines", page_size=1)["results"][0]
    assert (line["order"]["number"], line["state"], line["currency"]) == (2, "pending", "USD")


def test_says_nothing_of_the_client_or_the_price(client: Membership, writer: Membership) -> None:
    order = orders.completed_order(client, writer)
    open_order(client, number=99)
    for screen in (*REPORTS, *LISTS):
        text = str(ask(writer, screen))
        for hidden in (client.user.email, f"{order.price_minor / 100:.2f}", "100.00", "price"):
            assert hidden not in text


def test_nobody_sees_anothers_desk(client: Membership, writer: Membership) -> None:
    orders.completed_order(client, writer)
    other = new_writer(client.website).member
    elsewhere = new_writer(accounts.membership(tenancy.website("borealis"), "writer", account=writer.user)).member
    for stranger in (other, elsewhere):
        assert ask(stranger, "earnings")["earned_all_time"] == "0.00"
        assert ask(stranger, "earnings/lines")["results"] == []
        assert ask(stranger, "performance")["completed"]["current"] == 0
    assert ask(writer, "performance")["completed"]["current"] == 1


@pytest.mark.parametrize("role", ["client", "editor", "support", "admin"])
@pytest.mark.parametrize("screen", [*REPORTS, *LISTS])
def test_is_for_writers_only(atlas: Website, role: str, screen: str) -> None:
    assert ask(accounts.membership(atlas, role), screen, 403)["code"] == "permission_denied"


@pytest.mark.parametrize(
    ("screen", "most"),
    [("earnings", 5), ("earnings/lines", 2), ("performance", 1), ("queue", 6), ("badges", 2), ("level", 2)],
)
def test_the_number_of_queries_does_not_grow(client: Membership, writer: Membership, screen: str, most: int) -> None:
    caller = as_(writer)

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            ask(caller, screen)
        found = [query["sql"] for query in seen.captured_queries]
        return sum(not sql.startswith(("SAVEPOINT", "RELEASE")) and "set_config" not in sql for sql in found)

    orders.completed_order(client, writer)
    open_order(client, number=1_000)
    before = queries()
    for number in range(19):
        open_order(client, number=2_000 + number)
        payments.earning(writer, 500, order_id=number)
        orders.completed_order(client, writer)
    assert queries() == before
    assert before <= most + 1  # and one for the caller
