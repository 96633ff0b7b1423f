"""A writer's calendar, workload and requests over HTTP: parameters, roles, isolation, cost."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from copydesk.accounts.models import Membership, Token
from copydesk.orders.actions import requests as asking
from copydesk.orders.models import Request
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import anonymous, as_
from tests.config.test_stream import Reading, in_thread, serving
from tests.factories import accounts, requests, tenancy
from tests.factories.accounts import actor
from tests.factories.work import written
from tests.factories.writers import levels
from tests.factories.writers import writer as new_writer
from tests.reports.conftest import NOON

DESK = "/api/v1/writer-management/dashboard/"
SCREENS = ("calendar", "workload", "order-requests", "order-requests/stream")
DAY = dt.timedelta(days=1)


def ask(who: Membership, screen: str, expected: int = 200, /, **params: Any) -> Any:
    return as_(who).send("GET", f"{DESK}{screen}/", expected, query_params=params)


def refused(who: Membership, screen: str, **params: Any) -> list[str]:
    return [error["field"] for error in ask(who, screen, 400, **params)["errors"]]


class TestCalendar:
    def test_shows_five_weeks_from_monday(self, client: Membership, writer: Membership) -> None:
        order = written(client, writer, NOON + DAY, pages=4)
        found = ask(writer, "calendar")
        assert (found["since"], found["until"]) == ("2026-03-16T04:00:00+00:00", "2026-04-20T04:00:00+00:00")
        assert len(found["days"]) == 35
        [day] = [day for day in found["days"] if day["items"]]
        item = {
            "order": {"id": order.pk, "number": order.number, "topic": order.topic},
            "writer_deadline": "2026-03-21T12:00:00+00:00",
            "status": "in_progress",
            "is_overdue": False,
            "hours_left": 24.0,
            "pages": 4,
            "slides": 0,
            "work_hours": 4.0,
        }
        assert day == {"date": "2026-03-21", "items": [item]}
        assert found["next_24h"] == [item]

    @pytest.mark.parametrize(
        ("asked", "first", "last", "days"),
        [
            ({"from": "2026-03-08", "to": "2026-03-09"}, "2026-03-08", "2026-03-08", 1),
            ({"from": "2026-10-31", "to": "2026-11-03"}, "2026-10-31", "2026-11-02", 3),
            ({"from": "2026-02-01"}, "2026-02-01", "2026-03-07", 35),
            ({"to": "2026-03-18"}, "2026-03-16", "2026-03-17", 2),
            ({"from": "2026-03-20T12:00:00Z", "to": "2026-03-21T12:00:00Z"}, "2026-03-20", "2026-03-21", 2),
            ({"from": "2026-01-01", "to": "2027-01-02"}, "2026-01-01", "2027-01-01", 366),
        ],
    )
    def test_shows_what_is_asked_for(
        self, writer: Membership, asked: dict[str, Any], first: str, last: str, days: int
    ) -> None:
        dates = [day["date"] for day in ask(writer, "calendar", **asked)["days"]]
        assert (dates[0], dates[-1], len(dates)) == (first, last, days)

    @pytest.mark.parametrize(
        ("asked", "field"),
        [
            ({"from": "2026-03-01T00:00:00"}, "from"),
            ({"from": "yesterday"}, "from"),
            ({"from": "2026-02-30"}, "from"),
            ({"from": "2026-03-01", "to": "2026-03-01"}, "to"),
            ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
            ({"to": "2026-03-16"}, "to"),
            ({"from": "2026-01-01", "to": "2027-01-03"}, "to"),
            ({"days": 3}, "days"),
            ({"writer_id": 1}, "writer_id"),
        ],
    )
    def test_bad_parameters_are_refused_by_name(self, writer: Membership, asked: dict[str, Any], field: str) -> None:
        assert refused(writer, "calendar", **asked) == [field]


class TestWorkload:
    def test_simulates_one_order_more(self, client: Membership, writer: Membership) -> None:
        order = requests.order(client)
        assert ask(writer, "workload")["simulation"] is None
        found = ask(writer, "workload", order_id=order.pk)["simulation"]
        assert found["order"] == {"id": order.pk, "number": order.number, "topic": order.topic}
        assert (found["before"]["current"]["orders"], found["after"]["current"]["orders"]) == (0, 1)

    def test_not_for_what_is_out_of_sight_or_waits_for_nobody(self, client: Membership, writer: Membership) -> None:
        other = new_writer(client.website).member
        for order_id in (written(client, other, NOON + DAY).pk, 999_999_999):
            assert ask(writer, "workload", 404, order_id=order_id)["code"] == "not_found"
        assert refused(writer, "workload", order_id=written(client, writer, NOON + DAY).pk) == ["order_id"]

    @pytest.mark.parametrize(
        ("asked", "field"), [({"order_id": "x"}, "order_id"), ({"order_id": 0}, "order_id"), ({"from": 1}, "from")]
    )
    def test_bad_parameters(self, writer: Membership, asked: dict[str, Any], field: str) -> None:
        assert refused(writer, "workload", **asked) == [field]


@pytest.mark.parametrize("screen", ["calendar", "workload"])
def test_says_nothing_of_the_client_or_the_price(client: Membership, writer: Membership, screen: str) -> None:
    client.user.full_name = "Ann Client"
    client.user.save()
    written(client, writer, NOON + DAY, price_minor=76_543)
    text = str(ask(writer, screen))
    for hidden in (client.user.email, "Ann", "Client", "765.43", "76543", "client_deadline"):
        assert hidden not in text


class TestRequests:
    @pytest.fixture
    def asked(self, client: Membership, writer: Membership, clock: time_machine.Coordinates) -> list[Request]:
        """Three: of yesterday and rejected, of yesterday, of today."""
        clock.shift(-DAY)
        found = []
        with website_scope(client.website_id):
            for number in range(3):
                if number == 2:
                    clock.move_to(NOON)
                found.append(asking.request_order(requests.order(client), by=actor(writer), bid_minor=4_200))
            admin = accounts.membership(client.website, "admin")
            asking.reject_request(found[0], by=actor(admin), reason="No.")
        return found

    def test_newest_first_with_counts(self, writer: Membership, asked: list[Request]) -> None:
        found = ask(writer, "order-requests")
        assert [row["id"] for row in found["results"]] == [row.pk for row in reversed(asked)]
        assert found["count"] == 3
        assert found["counts"] == {
            "all": 3,
            "requested": 2,
            "rejected": 1,
            **dict.fromkeys(("approved", "withdrawn", "expired", "superseded"), 0),
        }
        assert (found["results"][0]["bid"], found["results"][0]["currency"]) == ("42.00", "USD")
        assert [step["status"] for step in found["results"][2]["history"]] == ["requested", "rejected"]

    def test_filters_and_the_counts_that_go_with_them(self, writer: Membership, asked: list[Request]) -> None:
        counts = ask(writer, "order-requests")["counts"]
        for status, number in counts.items():
            if status != "all":
                found = ask(writer, "order-requests", status=status)
                assert (found["count"], found["counts"]) == (number, counts)
        both = ask(writer, "order-requests", status=["requested", "rejected"])
        assert both["count"] == 3
        today = ask(writer, "order-requests", status="rejected", **{"from": "2026-03-20"})
        assert (today["count"], today["counts"]["all"], today["counts"]["requested"]) == (0, 1, 1)
        before = ask(writer, "order-requests", to="2026-03-20")
        assert (before["count"], before["counts"]["all"]) == (2, 2)
        one = ask(writer, "order-requests", order_id=asked[1].order_id)
        assert ([row["id"] for row in one["results"]], one["counts"]["all"]) == ([asked[1].pk], 1)

    def test_in_another_order(self, writer: Membership, asked: list[Request]) -> None:
        found = ask(writer, "order-requests", ordering="requested_at")["results"]
        assert [row["id"] for row in found] == [row.pk for row in asked]

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({"status": "open"}, "status"),
            ({"order_id": "x"}, "order_id"),
            ({"from": "2026-03-01T00:00:00"}, "from"),
            ({"tab": "requested"}, "tab"),
            ({"ordering": "bid"}, "ordering"),
            ({"page": "0"}, "page"),
        ],
    )
    def test_bad_parameters(self, writer: Membership, params: dict[str, Any], field: str) -> None:
        assert refused(writer, "order-requests", **params) == [field]


class TestTheStreamOfDecisions:
    def test_leads_to_the_stream_with_a_ticket(self, writer: Membership, settings: Any) -> None:
        settings.STREAM_URL = "https://stream.example.test"
        caller = as_(writer)
        caller.send("GET", f"{DESK}order-requests/stream/", 307, headers={"Last-Event-ID": "12-3"})
        way = urlsplit(caller.response["Location"])
        assert (way.netloc, way.path) == ("stream.example.test", "/api/v1/events/stream/")
        query = parse_qs(way.query)
        assert (query["last_event_id"], set(query)) == (["12-3"], {"ticket", "verb", "last_event_id"})
        assert query["verb"] == ["request.approve,request.reject,request.expire,request.supersede"]

    def test_bad_input_gives_no_ticket(self, writer: Membership) -> None:
        before = Token.objects.count()
        assert refused(writer, "order-requests/stream", verb="order.pay") == ["verb"]
        assert Token.objects.count() == before + 1, "the caller's own"


@pytest.mark.django_db(transaction=True)
def test_decisions_about_own_requests_come_live_and_resume() -> None:
    atlas = tenancy.website()
    client, admin = accounts.membership(atlas), accounts.membership(atlas, "admin")
    writer, other = (new_writer(atlas).member for _ in range(2))
    caller = as_(writer)

    def way(**headers: str) -> str:
        caller.send("GET", f"{DESK}order-requests/stream/", 307, headers=headers)
        return urlsplit(caller.response["Location"]).query

    def decide() -> None:
        with website_scope(atlas.pk):
            orders = [requests.order(client) for _ in range(3)]
            rows = [asking.request_order(order, by=actor(writer)) for order in orders]
            theirs = asking.request_order(orders[1], by=actor(other))
            asking.reject_request(rows[0], by=actor(admin), reason="No.")
            asking.approve_request(theirs, by=actor(admin))
            asking.withdraw_request(rows[2], by=actor(writer))
            asking.approve_request(asking.request_order(orders[2], by=actor(writer)), by=actor(admin))

    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, None, None, await in_thread(way))
            await reading.until_open()
            await in_thread(decide)
            events = await reading.until_events(3)
            await reading.close()
            assert [event["verb"] for event in events] == ["request.reject", "request.supersede", "request.approve"]
            assert events[0]["reason"] == "No."
            again = Reading(app, None, None, await in_thread(way, **{"Last-Event-ID": events[0]["place"]}))
            assert [event["id"] for event in await again.until_events(2)] == [event["id"] for event in events[1:]]
            await again.close()

    asyncio.run(test())


def test_nobody_sees_anothers_desk(client: Membership, writer: Membership) -> None:
    written(client, writer, NOON + DAY)
    with website_scope(client.website_id):
        asking.request_order(requests.order(client), by=actor(writer))
    elsewhere = accounts.membership(tenancy.website("borealis"), "writer", account=writer.user)
    for stranger in (new_writer(client.website).member, new_writer(elsewhere).member):
        assert not [day for day in ask(stranger, "calendar")["days"] if day["items"]]
        assert ask(stranger, "workload")["current"]["orders"] == 0
        found = ask(stranger, "order-requests")
        assert (found["count"], found["counts"]["all"]) == (0, 0)
    assert ask(writer, "workload")["current"]["orders"] == 1


@pytest.mark.parametrize("screen", SCREENS)
def test_is_for_writers_only(atlas: Website, screen: str) -> None:
    for role in ("client", "editor", "support", "admin"):
        assert ask(accounts.membership(atlas, role), screen, 403)["code"] == "permission_denied"
    applicant = new_writer(atlas, status="applied").member
    assert ask(applicant, screen, 403)["code"] == "writer_not_approved"
    anonymous(atlas).get(f"{DESK}{screen}/", 401)


@pytest.mark.parametrize(
    ("screen", "most"), [("calendar", 4), ("workload", 4), ("workload?order_id", 6), ("order-requests", 5)]
)
def test_the_number_of_queries_does_not_grow(
    client: Membership, writer: Membership, screen: str, most: int, queries: Callable[[Callable[[], Any]], int]
) -> None:
    caller = as_(writer)
    screen, _, more = screen.partition("?")
    params = {more: requests.order(client).pk} if more else {}

    level = {"code": "expert", "name": "Expert", "rank": 1, "academic_rank": 9, "max_active_orders": 99}
    levels(client.website, level)

    def work(times: int) -> None:
        for number in range(1, times + 1):
            written(client, writer, NOON + number * DAY)
            with website_scope(client.website_id):
                order = requests.order(client)
                row = asking.request_order(order, by=actor(writer))
                asking.withdraw_request(row, by=actor(writer))

    work(1)
    caller.get(f"{DESK}{screen}/", **params)
    before = queries(lambda: caller.get(f"{DESK}{screen}/", **params))
    work(19)
    assert queries(lambda: caller.get(f"{DESK}{screen}/", **params)) == before
    assert before <= most, "with the one for the caller"
