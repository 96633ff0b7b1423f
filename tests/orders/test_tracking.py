"""A writer's own requests: their history is the journal's, their counts those of the list."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.orders.actions import requests as asking
from copydesk.orders.models import Order, Request
from copydesk.orders.queries.tracking import TrackedRequest, request_counts, tracked_requests
from copydesk.tenancy.models import Website
from tests.factories import accounts, writers
from tests.factories import requests as make
from tests.factories.accounts import actor
from tests.reports.conftest import NOON, client, frozen, noon, website, writer

__all__ = ["client", "frozen", "noon", "website", "writer"]


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


def ask_for(order: Order, who: Membership) -> Request:
    return asking.request_order(order, by=actor(who), message="I can.")


def track(who: Membership) -> list[TrackedRequest]:
    rows = Request.objects.visible_to(actor(who)).select_related("order").order_by("id")
    return tracked_requests(actor(who), list(rows))


def test_each_way_that_a_request_may_go(client: Membership, writer: Membership, admin: Membership) -> None:
    writers.levels(
        client.website, {"code": "expert", "name": "Expert", "rank": 1, "academic_rank": 9, "max_open_requests": 9}
    )
    other = writers.writer(client.website).member
    orders = [make.order(client) for _ in range(6)]
    waiting, rejected, withdrawn, expired, superseded, gone = (ask_for(order, writer) for order in orders)
    asking.reject_request(rejected, by=actor(admin), reason="Too many open.")
    asking.withdraw_request(withdrawn, by=actor(writer))
    Request.objects.of(client.website).filter(pk=expired.pk).update(expires_at=NOON)
    asking.expire_request(expired, by=actor(admin).as_system())
    asking.approve_request(ask_for(orders[4], other), by=actor(admin))
    asking.approve_request(gone, by=actor(admin), reason="The best.")
    found = track(writer)
    assert [row.id for row in found] == [row.pk for row in (waiting, rejected, withdrawn, expired, superseded, gone)]
    ways = [[(step.verb, step.status, step.actor_label, step.reason) for step in row.history[1:]] for row in found]
    assert ways == [
        [],
        [("request.reject", "rejected", "admin", "Too many open.")],
        [("request.withdraw", "withdrawn", "writer", None)],
        [("request.expire", "expired", "system", None)],
        [("request.supersede", "superseded", "system", None)],
        [("request.approve", "approved", "admin", None)],
    ]
    for row, order in zip(found, orders, strict=True):
        first = row.history[0]
        assert (first.verb, first.status, first.at) == ("request.open", "requested", NOON)
        assert row.history[-1].status == row.status
        assert (row.order.id, row.order.number, row.order.topic) == (order.pk, order.number, order.topic)
        assert (row.decided_at is None) == (row.status == "requested")
    assert [step.action for step in found[0].available_actions if step.allowed] == ["withdraw"]
    assert [step.action for step in found[1].available_actions if step.allowed] == []
    rows = Request.objects.visible_to(actor(writer))
    assert request_counts(rows) == {
        "all": 6,
        **dict.fromkeys(("requested", "approved", "rejected", "withdrawn", "expired", "superseded"), 1),
    }


def test_asked_for_twice_each_has_its_own_history(client: Membership, writer: Membership) -> None:
    order = make.order(client)
    asking.withdraw_request(ask_for(order, writer), by=actor(writer))
    ask_for(order, writer)
    assert [[step.status for step in row.history] for row in track(writer)] == [
        ["requested", "withdrawn"],
        ["requested"],
    ]


def test_nobody_s_counts_are_zeros(writer: Membership) -> None:
    assert set(request_counts(Request.objects.visible_to(actor(writer))).values()) == {0}
    assert track(writer) == []
