"""`/client-management/dashboard/` over HTTP: what it is asked, what it shows, whom it shows it to, what it costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.orders.actions import course, delivery
from copydesk.orders.actions.messages import write_message
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, as_
from tests.factories import accounts, orders, payments, tenancy
from tests.factories.accounts import actor
from tests.reports.conftest import NOON

DESK = "/api/v1/client-management/dashboard/"
REPORTS = ("stats", "analytics", "wallet")
NOTHING = {"current": 0, "previous": None, "change": None}
NO_MONEY = {"current": "0.00", "previous": None, "change": None}
NO_RATE = {"value": None, "numerator": 0, "denominator": 0}


def ask(who: Membership | Caller, screen: str, status: int = 200, **params: Any) -> Any:
    return (who if isinstance(who, Caller) else as_(who)).get(f"{DESK}{screen}/", status, **params)


def refused(who: Membership, screen: str, **params: Any) -> list[str]:
    return [error["field"] for error in ask(who, screen, 400, **params)["errors"]]


class TestAnEmptyAccount:
    def test_stats(self, client: Membership) -> None:
        found = ask(client, "stats")
        assert set(found["by_status"].values()) == {0}
        assert [found[name] for name in ("orders", "active", "completed", "cancelled", "awaiting_payment")] == [0] * 5
        assert (found["placed"], found["spend"], found["spend_all_time"]) == (NOTHING, NO_MONEY, "0.00")
        assert (found["average_order_value"], found["currency"]) == (None, "USD")
        assert (found["recent_orders"], found["upcoming"]) == ([], [])
        rate = {"value": None, "numerator": 0, "denominator": 0}
        nothing = {"open": 0, "awaiting_you": 0, "opened": 0, "won_rate": rate, "refunded": "0.00"}
        assert found["disputes"] == nothing

    def test_analytics(self, client: Membership) -> None:
        found = ask(client, "analytics")
        assert (found["placed"], found["completed"], found["spend"]) == (NOTHING, NOTHING, NO_MONEY)
        assert (found["revision_rate"], found["on_time_rate"]) == (NO_RATE, NO_RATE)
        assert found["completion_days"] == {"p50": None, "p90": None, "mean": None, "n": 0}
        assert (found["by_work_type"], found["by_subject"]) == ([], [])
        assert len(found["series"]) == 30
        assert found["series"][-1] == {"on": "2026-03-20", "placed": 0, "completed": 0, "spend": "0.00"}

    def test_wallet(self, client: Membership) -> None:
        found = ask(client, "wallet")
        assert (found["balance"], found["currency"], found["entries"]) == ("0.00", "USD", [])
        assert found["top_ups"] == {"count": 0, "amount": NO_MONEY, "recent": []}
        assert [row["purpose"] for row in found["spending"]] == ["order", "adjustment", "tip"]
        assert {row[name] for row in found["spending"] for name in ("paid", "returned", "net")} == {"0.00"}
        assert found["spent"] == NO_MONEY

    def test_activity(self, client: Membership) -> None:
        assert ask(client, "activity") == {"next": None, "previous": None, "results": []}

    def test_compared_with_nothing(self, client: Membership) -> None:
        assert ask(client, "stats", compare="previous")["spend"] == {
            "current": "0.00",
            "previous": "0.00",
            "change": None,
        }


class TestThePeriod:
    def test_is_thirty_days_with_today(self, client: Membership) -> None:
        assert ask(client, "stats")["period"] == {
            "since": "2026-02-19T05:00:00+00:00",
            "until": "2026-03-21T04:00:00+00:00",
            "timezone": "America/New_York",
            "baseline_since": None,
            "baseline_until": None,
        }

    @pytest.mark.parametrize(
        ("asked", "since", "until"),
        [
            ({"days": 1}, "2026-03-20T04:00", "2026-03-21T04:00"),
            ({"from": "2026-03-08", "to": "2026-03-09"}, "2026-03-08T05:00", "2026-03-09T04:00"),
            ({"from": "2026-03-08"}, "2026-03-08T05:00", "2026-03-21T04:00"),
            ({"from": "2026-03-08T01:30:00+02:00", "to": "2026-03-09"}, "2026-03-07T23:30", "2026-03-09T04:00"),
        ],
    )
    def test_is_what_is_asked_for(self, client: Membership, asked: dict[str, Any], since: str, until: str) -> None:
        found = ask(client, "wallet", **asked)["period"]
        assert (found["since"][:16], found["until"][:16]) == (since, until)

    @pytest.mark.parametrize(
        ("compare", "since", "until"),
        [("previous", "2026-02-01T05:00", "2026-03-01T05:00"), ("year", "2025-03-01T05:00", "2025-04-01T04:00")],
    )
    def test_is_compared(self, client: Membership, compare: str, since: str, until: str) -> None:
        asked = {"from": "2026-03-01", "to": "2026-04-01", "compare": compare}
        found = ask(client, "analytics", **asked)["period"]
        assert (found["baseline_since"][:16], found["baseline_until"][:16]) == (since, until)

    @pytest.mark.parametrize("screen", REPORTS)
    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"from": "2026-03-01T00:00:00"}, "from"),
            ({"from": "2026-02-30"}, "from"),
            ({"from": "yesterday"}, "from"),
            ({"from": "0001-01-01"}, "from"),
            ({"from": "2026-03-01", "to": "2026-03-01"}, "to"),
            ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
            ({"from": "2026-03-21"}, "to"),
            ({"from": "2026-03-01", "to": "2026-03-02T00:00"}, "to"),
            ({"to": "2026-03-01"}, "from"),
            ({"from": "2026-03-01", "days": 3}, "days"),
            ({"days": 0}, "days"),
            ({"days": -1}, "days"),
            ({"days": "abc"}, "days"),
            ({"days": 99_999_999_999}, "days"),
            ({"compare": "month"}, "compare"),
            ({"limit": "abc"}, "limit"),
            ({"client_id": 1}, "client_id"),
        ],
    )
    def test_bad_parameters_are_refused_by_name(
        self, client: Membership, screen: str, asked: dict[str, Any], field: str
    ) -> None:
        assert refused(client, screen, **asked) == [field]

    def test_granularity_is_of_series(self, client: Membership) -> None:
        assert refused(client, "stats", granularity="day") == ["granularity"]
        assert refused(client, "analytics", granularity="hour") == ["granularity"]
        assert refused(client, "analytics", days=401) == ["granularity"]
        assert len(ask(client, "analytics", days=400)["series"]) == 400
        assert len(ask(client, "analytics", days=401, granularity="month")["series"]) == 14
        weeks = ask(client, "analytics", days=30, granularity="week")["series"]
        assert [point["on"] for point in weeks] == [
            "2026-02-19",
            "2026-02-23",
            "2026-03-02",
            "2026-03-09",
            "2026-03-16",
        ]


def test_the_wallet(client: Membership) -> None:
    payments.filled_wallet(client, 5_000)
    payments.captured_charge(client, 900, "tok_declined", purpose="top_up", key="declined")
    orders.available_order(client)
    payments.captured_charge(client, 700, purpose="tip", key="tip")
    other = accounts.membership(client.website)
    payments.filled_wallet(other, 900)
    payments.captured_charge(other, 900)
    found = ask(client, "wallet", compare="previous")
    entries = as_(client).get("/api/v1/wallet/entries/")["results"]
    assert found["entries"] == entries
    assert found["balance"] == "50.00"
    assert [row["amount"] for row in entries] == ["-32.00", "32.00", "50.00"]
    assert found["top_ups"]["count"] == 2
    assert found["top_ups"]["amount"] == {"current": "82.00", "previous": "0.00", "change": None}
    assert [row["status"] for row in found["top_ups"]["recent"]] == ["captured", "declined", "captured"]
    assert found["spending"] == [
        {"purpose": "order", "paid": "32.00", "returned": "0.00", "net": "32.00"},
        {"purpose": "adjustment", "paid": "0.00", "returned": "0.00", "net": "0.00"},
        {"purpose": "tip", "paid": "7.00", "returned": "0.00", "net": "7.00"},
    ]
    assert found["spent"]["current"] == ask(client, "stats")["spend"]["current"] == "39.00"


def test_money_given_back_is_told_apart(client: Membership) -> None:
    order = orders.available_order(client)
    with website_scope(client.website_id):
        course.cancel(order, by=actor(accounts.membership(client.website, "admin")), reason="Wish.")
    found = ask(client, "wallet")
    assert found["spending"][0] == {"purpose": "order", "paid": "32.00", "returned": "32.00", "net": "0.00"}
    assert (found["spent"]["current"], found["balance"]) == ("0.00", "32.00")


class TestActivity:
    @pytest.fixture
    def told(self, client: Membership, writer: Membership, clock: time_machine.Coordinates) -> tuple[Order, Order]:
        """An order that came to its end yesterday, with a message; one that is unpaid today; and a full wallet."""
        clock.shift(-dt.timedelta(days=1))
        first = orders.completed_order(client, writer)
        with website_scope(client.website_id):
            write_message(first, "Thank you.", by=actor(client))
        clock.move_to(NOON)
        payments.filled_wallet(client, 500)
        return first, orders.unpaid_order(client)

    def test_newest_first_with_the_order(self, client: Membership, told: tuple[Order, Order]) -> None:
        rows = ask(client, "activity")["results"]
        first, second = told
        assert [row["id"] for row in rows] == sorted((row["id"] for row in rows), reverse=True)
        placed = rows[0]
        assert placed == {
            "id": placed["id"],
            "at": "2026-03-20T12:00:00+00:00",
            "verb": "order.place",
            "title": "Order placed",
            "actor_label": "client",
            "order": {"id": second.pk, "number": second.number, "topic": second.topic},
            "before": "",
            "after": "unpaid",
            "reason": None,
        }
        told_of_first = [row["verb"] for row in reversed(rows) if row["order"]["id"] == first.pk]
        assert told_of_first == [
            "order.place",
            "charge.create",
            "charge.capture",
            "order.pay",
            "order.assign",
            "order.submit",
            "order.approve",
            "message.post",
        ]
        assert (rows[2]["before"], rows[2]["after"]) == ("delivered", "completed")

    def test_filters(self, client: Membership, told: tuple[Order, Order]) -> None:
        first, second = told
        assert len(ask(client, "activity", order_id=first.pk)["results"]) == 8
        assert len(ask(client, "activity", order_id=second.pk)["results"]) == 1
        assert [row["verb"] for row in ask(client, "activity", verb="order.submit")["results"]] == ["order.submit"]
        both = ask(client, "activity", verb=["order.submit", "order.place"])["results"]
        assert [row["verb"] for row in both] == ["order.place", "order.submit", "order.place"]
        assert len(ask(client, "activity", **{"from": "2026-03-20"})["results"]) == 1
        assert len(ask(client, "activity", to="2026-03-20")["results"]) == 8
        at = "2026-03-20T12:00:00Z"
        assert len(ask(client, "activity", **{"from": at})["results"]) == 1
        assert len(ask(client, "activity", to=at)["results"]) == 8

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"order_id": "abc"}, "order_id"),
            ({"order_id": 0}, "order_id"),
            ({"verb": "order.archive"}, "verb"),
            ({"verb": "nothing"}, "verb"),
            ({"from": "2026-03-20T00:00:00"}, "from"),
            ({"to": "2026-13-01"}, "to"),
            ({"cursor": "x"}, "cursor"),
            ({"page_size": 101}, "page_size"),
            ({"page": 2}, "page"),
        ],
    )
    def test_bad_parameters(self, client: Membership, asked: dict[str, Any], field: str) -> None:
        assert refused(client, "activity", **asked) == [field]

    def test_pages_by_cursor_lose_nothing(self, client: Membership, told: tuple[Order, Order]) -> None:
        caller = as_(client)
        whole = [row["id"] for row in ask(caller, "activity")["results"]]
        found, link = [], f"{DESK}activity/?page_size=4"
        while link:
            page = caller.get(link)
            found += [row["id"] for row in page["results"]]
            link = page["next"]
        assert found == whole

    def test_says_nothing_of_the_writer_or_the_inside(
        self, client: Membership, writer: Membership, told: tuple[Order, Order]
    ) -> None:
        first, _ = told
        admin = accounts.membership(client.website, "admin")
        with website_scope(client.website_id):
            course.archive(first, by=actor(admin), reason="Old.")
        text = str(ask(client, "activity"))
        for hidden in (writer.user.email, "Quill", "order.archive", "file.upload", "earning", "late"):
            assert hidden not in text

    def test_the_reason_is_told_where_it_is_for_the_client(self, client: Membership, writer: Membership) -> None:
        order = orders.delivered_order(client, writer)
        with website_scope(client.website_id):
            delivery.request_revision(order, by=actor(client), reason="Two sources more.")
        [row] = ask(client, "activity", verb="order.request_revision")["results"]
        assert (row["reason"], row["before"], row["after"]) == ("Two sources more.", "delivered", "revision")


def test_nobody_sees_anothers_desk(client: Membership, writer: Membership) -> None:
    order = orders.completed_order(client, writer)
    payments.filled_wallet(client, 900)
    other = accounts.membership(client.website)
    elsewhere = accounts.membership(tenancy.website("borealis"), account=client.user)
    for stranger in (other, elsewhere):
        assert ask(stranger, "stats")["orders"] == 0
        assert ask(stranger, "analytics")["placed"]["current"] == 0
        assert ask(stranger, "wallet")["top_ups"]["recent"] == []
        assert ask(stranger, "activity")["results"] == []
        assert ask(stranger, "activity", order_id=order.pk)["results"] == []
    assert ask(client, "stats")["orders"] == 1


@pytest.mark.parametrize("role", ["writer", "editor", "support", "admin"])
@pytest.mark.parametrize("screen", [*REPORTS, "activity"])
def test_is_for_clients_only(atlas: Website, role: str, screen: str) -> None:
    assert ask(accounts.membership(atlas, role), screen, 403)["code"] == "permission_denied"


@pytest.mark.parametrize(("screen", "most"), [("stats", 3), ("analytics", 1), ("wallet", 4), ("activity", 2)])
def test_the_number_of_queries_does_not_grow(client: Membership, writer: Membership, screen: str, most: int) -> None:
    caller = as_(client)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ask(caller, screen)
        found = [query["sql"] for query in seen.captured_queries]
        return sum(not sql.startswith(("SAVEPOINT", "RELEASE")) and "set_config" not in sql for sql in found)

    orders.completed_order(client, writer)
    before = queries()
    for _ in range(4):
        orders.delivered_order(client, writer)
        payments.filled_wallet(client, 500)
    assert queries() == before
    assert before <= most + 1  # and one for the caller
