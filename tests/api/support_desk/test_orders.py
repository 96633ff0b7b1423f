"""`/support-management/dashboard/orders/`: what needs the desk, for each reason a row that misses by one condition."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.orders.actions import course as order_course
from copydesk.orders.models import Order
from copydesk.refunds.actions import reject_refund
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.actions import course, issues
from copydesk.tickets.models import IssueKind, PaymentIssue, Ticket
from tests.api.client import as_
from tests.api.support.answers import DESK, Count, fields, read
from tests.factories import accounts, orders, refunds, tenancy
from tests.factories import writers as writer_rows
from tests.factories.accounts import actor
from tests.factories.tickets import ticket

TABS = ("all", "disputed", "payment_issues", "refund_requests", "open_tickets")


def ask(who: Membership, status: int = 200, /, **params: Any) -> Any:
    return read(who, f"{DESK}dashboard/orders/", params, status)


def found(who: Membership, **params: Any) -> list[int]:
    answer = ask(who, **params)
    assert answer["count"] == len(answer["results"])
    return sorted(row["order"]["id"] for row in answer["results"])


def about(order: Order, by: Membership, **values: Any) -> Ticket:
    return ticket(by, about_type="order", about_id=order.pk, **values)


def issue(by: Membership, client: Membership, order: Order | None = None) -> PaymentIssue:
    with website_scope(client.website_id):
        return issues.open_issue(
            client.pk, IssueKind.DOUBLE_CHARGE, "Twice.", by=actor(by), order_id=order.pk if order else None
        )


def dispute(order: Order, by: Membership) -> Order:
    with website_scope(order.website_id):
        return order_course.dispute(order, by=actor(by), dispute_reason="quality_issue", statement="Bad.")


def test_nothing_needs_it(client: Membership, support: Membership) -> None:
    orders.unpaid_order(client)
    assert ask(support)["counts"] == dict.fromkeys(TABS, 0)
    assert ask(support)["results"] == []


def test_each_reason(client: Membership, writer: Membership, support: Membership) -> None:
    rows = [orders.order_in_progress(client, writer) for _ in range(4)]
    disputed, charged, asked, all_three = rows
    for row in (disputed, all_three):
        dispute(row, client)
    for row in (charged, all_three):
        issue(support, client, row)
    for row in (asked, all_three):
        about(row, writer)
    orders.order_in_progress(client, writer)
    answer = ask(support)
    assert answer["counts"] == {
        "all": 4, "disputed": 2, "payment_issues": 2, "refund_requests": 0, "open_tickets": 2,
    }  # fmt: skip
    assert found(support) == [row.pk for row in rows]
    for tab, row in (("disputed", disputed), ("payment_issues", charged), ("open_tickets", asked)):
        assert found(support, tab=tab) == [row.pk, all_three.pk]
    needs = {row["order"]["id"]: row["order"]["needs"] for row in answer["results"]}
    assert needs[all_three.pk] == ["disputed", "payment_issue", "ticket"]
    assert [needs[row.pk] for row in rows[:3]] == [["disputed"], ["payment_issue"], ["ticket"]]


def test_refunds_that_are_asked_for_or_approved(client: Membership, writer: Membership, support: Membership) -> None:
    admin = accounts.membership(client.website, "admin")
    asked, ready, gone, done = (refunds.card_order(client) for _ in range(4))
    refunds.request(asked, client, 1_000)
    refunds.request(asked, client, 500)
    refunds.approved(ready, admin)
    with website_scope(client.website_id):
        reject_refund(refunds.request(gone, client), by=actor(admin), reason="No.")
    refunds.succeeded(done, admin)
    stranger = accounts.membership(tenancy.website("beacon"))
    refunds.request(refunds.card_order(stranger), stranger)
    assert ask(support)["counts"]["refund_requests"] == 2
    assert found(support, tab="refund_requests") == [asked.pk, ready.pk]
    rows = {row["order"]["id"]: row["order"] for row in ask(support)["results"]}
    assert (rows[asked.pk]["needs"], rows[asked.pk]["refund_requested"]) == (["refund_request"], "15.00")


def test_what_is_over_needs_nothing(client: Membership, writer: Membership, support: Membership) -> None:
    """A resolved issue, one of no order, a resolved ticket, one that is about no order."""
    charged, asked = (orders.order_in_progress(client, writer) for _ in range(2))
    with website_scope(client.website_id):
        issues.resolve_issue(issue(support, client, charged), by=actor(support), resolution="Given back.")
        course.resolve_ticket(about(asked, client), by=actor(support))
    issue(support, client)
    ticket(client)
    assert ask(support)["counts"] == dict.fromkeys(TABS, 0)


def test_a_row(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    charged, asked, answered = issue(support, client, order), about(order, client), about(order, writer, title="Pay")
    with website_scope(order.website_id):
        course.claim_ticket(asked, by=actor(support))
        course.resolve_ticket(about(order, client), by=actor(support))
    (row,) = ask(support)["results"]
    assert [one["id"] for one in row["payment_issues"]] == [charged.pk]
    assert [one["id"] for one in row["tickets"]] == [asked.pk, answered.pk]
    assert [one["assignee_id"] for one in row["tickets"]] == [support.pk, None]
    assert (row["order"]["open_payment_issues"], row["order"]["open_tickets"]) == (1, 2)
    assert row["order"] == read(support, f"{DESK}order-management/", {"needs": "any"})["results"][0]


def test_no_pay_and_no_secrets(client: Membership, writer: Membership, support: Membership) -> None:
    order = dispute(orders.order_in_progress(client, writer), client)
    (row,) = ask(support)["results"]
    assert (row["order"]["id"], row["order"]["price"]) == (order.pk, "32.00")
    assert not {"pay", "writer_pay", "email"} & set(row["order"])
    said = str(row)
    assert client.user.email not in said
    assert writer.user.email not in said


def test_the_nearest_deadline_first(client: Membership, writer: Membership, support: Membership) -> None:
    rows = []
    for days in (9, 5, 7):
        deadline = clock.now() + dt.timedelta(days=days)
        rows.append(dispute(orders.order_in_progress(client, writer, client_deadline=deadline), client).pk)
    assert [row["order"]["id"] for row in ask(support)["results"]] == [rows[1], rows[2], rows[0]]
    assert [row["order"]["id"] for row in ask(support, ordering="-number")["results"]] == rows[::-1]


@pytest.mark.parametrize(("params", "field"), [({"tab": "refunds"}, "tab"), ({"status": "disputed"}, "status")])
def test_what_is_refused(support: Membership, params: dict[str, Any], field: str) -> None:
    assert fields(ask(support, 400, **params)) == [field]


def test_another_website_is_not_there(
    client: Membership, writer: Membership, support: Membership, elsewhere: Membership
) -> None:
    order = dispute(orders.order_in_progress(client, writer), client)
    about(order, client)
    assert found(elsewhere) == []
    assert found(support) == [order.pk]


def test_the_cost_does_not_grow(client: Membership, writer: Membership, support: Membership, queries: Count) -> None:
    def needy(by: Membership, quill: Membership) -> None:
        order = dispute(orders.order_in_progress(by, quill), by)
        issue(support, by, order)
        about(order, by)
        about(order, quill)

    needy(client, writer)
    caller = as_(support)
    before = queries(lambda: caller.get(f"{DESK}dashboard/orders/"))
    for _ in range(2):
        needy(accounts.membership(client.website), writer_rows.writer(client.website).member)
    assert queries(lambda: caller.get(f"{DESK}dashboard/orders/")) == before <= 6
