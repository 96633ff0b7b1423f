"""`/support-management/order-management/`: what support sees of orders, and which need it."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
import time_machine
from django.urls import resolve

from copydesk.accounts.models import Membership
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions import course, issues
from copydesk.tickets.models import IssueKind, PaymentIssue, Ticket
from copydesk.tickets.queries.orders import Need
from tests.api.client import as_
from tests.factories import orders
from tests.factories.accounts import actor
from tests.factories.tickets import ticket
from tests.reports.conftest import NOON

from .answers import API, DESK, Count, fields, ids, read

PATH = f"{DESK}order-management/"


def about(order: Order) -> Ticket:
    with website_scope(order.website_id):
        client = Membership.objects.of(order.website_id).select_related("website", "user").get(pk=order.client_id)
        return ticket(client, about_type="order", about_id=order.pk)


def issue(order: Order, by: Membership, **values: Any) -> PaymentIssue:
    with website_scope(order.website_id):
        values = {"order_id": order.pk, **values}
        return issues.open_issue(order.client_id, IssueKind.DOUBLE_CHARGE, "Twice.", by=actor(by), **values)


def disputed(client: Membership, writer: Membership, support: Membership) -> Order:
    order = orders.order_in_progress(client, writer)
    as_(support).post(f"{API}orders/{order.pk}/dispute/", {"reason": "late_delivery", "statement": "Late."})
    return order


class TestWhatItShows:
    def test_a_row(self, client: Membership, writer: Membership, support: Membership) -> None:
        order = orders.order_in_progress(client, writer)
        about(order), about(order), issue(order, support)
        (row,) = as_(support).get(PATH)["results"]
        shared = as_(support).get(f"{API}orders/{order.pk}/")["order"]
        for name in ("id", "number", "status", "topic", "subject", "pages", "price", "currency", "placed_at"):
            assert row[name] == shared[name]
        assert row["writer_deadline"] == shared["writer_deadline"] is not None
        assert row["client"] == {"id": client.pk, "role": "client", "label": f"Client {client.number}", "name": ""}
        assert row["writer"]["label"] == shared["writer"]["label"]
        assert (row["needs"], row["open_tickets"], row["open_payment_issues"]) == (["payment_issue", "ticket"], 2, 1)
        assert (row["is_overdue"], row["delivered_at"]) == (False, None)

    def test_its_detail(self, client: Membership, writer: Membership, support: Membership) -> None:
        order = orders.order_in_progress(client, writer)
        opened, odd = about(order), issue(order, support)
        with website_scope(order.website_id):
            course.resolve_ticket(about(order), by=actor(support))
        found = as_(support).get(f"{PATH}{order.pk}/")
        seen, (listed,) = found["support"], as_(support).get(PATH)["results"]
        assert seen["order"] == listed
        assert [one["id"] for one in seen["tickets"]] == [opened.pk]
        assert seen["tickets"][0]["number"] == opened.number
        assert [(one["id"], one["kind"], one["status"]) for one in seen["payment_issues"]] == [
            (odd.pk, "double_charge", "open")
        ]
        shared = as_(support).get(f"{API}orders/{order.pk}/")
        money = {name: value for name, value in shared["money"].items() if name != "pay"}
        assert seen["money"] == money
        assert seen["instructions"] == shared["instructions"]

    @pytest.mark.parametrize("role", ["support", "admin"])
    def test_no_writers_pay(
        self, client: Membership, writer: Membership, support: Membership, admin: Membership, role: str
    ) -> None:
        order = orders.order_in_progress(client, writer)
        about(order), issue(order, support)
        caller = as_({"support": support, "admin": admin}[role])
        for answer in (caller.get(PATH), caller.get(f"{PATH}{order.pk}/")):
            text = json.dumps(answer)
            assert '"pay"' not in text
            assert "email" not in text
            assert writer.user.email not in text

    def test_steps_link_to_the_shared_ones(
        self, client: Membership, writer: Membership, support: Membership, admin: Membership
    ) -> None:
        made = [
            orders.unpaid_order(client), orders.available_order(client), orders.order_in_progress(client, writer),
            orders.delivered_order(client, writer), orders.completed_order(client, writer),
        ]  # fmt: skip
        for order in made:
            caller = as_(support)
            steps = caller.get(f"{PATH}{order.pk}/")["available_actions"]
            tag = caller.response["ETag"]
            shared = caller.get(f"{API}orders/{order.pk}/")["available_actions"]
            assert tag == caller.response["ETag"]
            assert [{name: step[name] for name in shared[0]} for step in steps] == shared
            for step in steps:
                found = resolve(step["path"])
                assert found.kwargs == {"pk": str(order.pk)}
                assert step["method"].lower() in found.func.actions
        hold = next(
            one for one in as_(support).get(f"{PATH}{made[2].pk}/")["available_actions"] if one["action"] == "hold"
        )
        as_(support).send(hold["method"], hold["path"], body={"reason": "The client asks."})
        assert as_(support).get(f"{PATH}{made[2].pk}/")["support"]["order"]["status"] == "on_hold"


class TestWhatNeedsHelp:
    def test_for_each_reason(
        self, client: Membership, writer: Membership, support: Membership, elsewhere: Membership
    ) -> None:
        fought, odd, asked = disputed(client, writer, support), orders.unpaid_order(client), orders.unpaid_order(client)
        fine, ended = orders.unpaid_order(client), orders.unpaid_order(client)
        issue(odd, support), about(asked), ticket(client), issue(fine, support, order_id=None)
        with website_scope(client.website_id):
            course.close_ticket(about(ended), by=actor(support), reason="Spam.")
            issues.resolve_issue(issue(ended, support), "Given back.", by=actor(support))
        for query, expected in [
            (["disputed"], [fought]),
            (["payment_issue"], [odd]),
            (["ticket"], [asked]),
            (["ticket", "disputed"], [fought, asked]),
            (["any"], [fought, odd, asked]),
            (["any", "ticket"], [fought, odd, asked]),
        ]:
            found = read(support, PATH, {"needs": query, "ordering": "number"})
            assert ids(found) == [order.pk for order in expected], query
        whole = {row["id"]: row["needs"] for row in as_(support).get(PATH)["results"]}
        assert whole == {
            fought.pk: ["disputed"],
            odd.pk: ["payment_issue"],
            asked.pk: ["ticket"],
            fine.pk: [],
            ended.pk: [],
        }
        for need in Need:
            assert ids(read(support, PATH, {"needs": need})) == [pk for pk, needs in whole.items() if need in needs]
        assert as_(elsewhere).get(PATH, needs="any")["results"] == []

    def test_an_order_that_needs_it_twice_is_one(
        self, client: Membership, writer: Membership, support: Membership
    ) -> None:
        order = disputed(client, writer, support)
        about(order), about(order), issue(order, support)
        (row,) = as_(support).get(PATH, needs="any")["results"]
        assert row["needs"] == ["disputed", "payment_issue", "ticket"]

    def test_its_tickets_are_the_list_behind(self, client: Membership, support: Membership) -> None:
        order = orders.unpaid_order(client)
        about(order), about(order)
        active = {"about_id": order.pk, "status": ["new", "open", "awaiting_client"]}
        listed = read(support, f"{API}tickets/", active)
        (row,) = as_(support).get(PATH)["results"]
        assert row["open_tickets"] == listed["count"] == 2


class TestTheList:
    def test_filters_and_orderings(
        self, client: Membership, writer: Membership, support: Membership, clock: time_machine.Coordinates
    ) -> None:
        first = orders.unpaid_order(client)
        clock.shift(60)
        second = orders.order_in_progress(client, writer)
        soon = (NOON + dt.timedelta(seconds=30)).isoformat()
        for query, expected in [
            ({}, [second, first]),
            ({"status": "unpaid"}, [first]),
            ({"status": ["unpaid", "in_progress"]}, [second, first]),
            ({"search": str(second.number)}, [second]),
            ({"search": f"#{first.number}"}, [first]),
            ({"client_id": client.pk}, [second, first]),
            ({"client_id": writer.pk}, []),
            ({"writer_id": writer.pk}, [second]),
            ({"overdue": "true"}, []),
            ({"archived": "false"}, [second, first]),
            ({"from": soon}, [second]),
            ({"to": soon}, [first]),
            ({"ordering": "placed_at"}, [first, second]),
            ({"ordering": "-number"}, [second, first]),
        ]:
            assert ids(read(support, PATH, query)) == [order.pk for order in expected], query

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"needs": "money"}, "needs"),
            ({"needs": ""}, "needs"),
            ({"status": "lost"}, "status"),
            ({"client_id": "x"}, "client_id"),
            ({"overdue": "1"}, "overdue"),
            ({"ordering": "price"}, "ordering"),
            ({"pay": "1"}, "pay"),
        ],
    )
    def test_bad_parameters(self, support: Membership, query: dict[str, str], field: str) -> None:
        assert fields(read(support, PATH, query, 400)) == [field]

    def test_queries(self, client: Membership, writer: Membership, support: Membership, queries: Count) -> None:
        caller, order = as_(support), orders.order_in_progress(client, writer)
        about(order), issue(order, support)
        few = [queries(lambda path=path: caller.get(path)) for path in (PATH, f"{PATH}?needs=any")]
        detail = queries(lambda: caller.get(f"{PATH}{order.pk}/"))
        for _ in range(2):
            more = orders.order_in_progress(client, writer)
            about(more), issue(more, support), about(order), issue(order, support)
        assert [queries(lambda path=path: caller.get(path)) for path in (PATH, f"{PATH}?needs=any")] == few
        assert queries(lambda: caller.get(f"{PATH}{order.pk}/")) == detail
        assert max(*few, detail) <= 6

    def test_of_another_website(self, client: Membership, support: Membership, elsewhere: Membership) -> None:
        order = orders.unpaid_order(client)
        assert as_(elsewhere).get(PATH)["results"] == []
        as_(elsewhere).get(f"{PATH}{order.pk}/", 404)
        assert as_(support).get(f"{PATH}{order.pk}/")["support"]["order"]["number"] == order.number
