"""An order driven through its life over HTTP, as each role would."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website
from tests.api.client import as_
from tests.factories import accounts, orders, tenancy, writers

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
FORM = {
    "topic": "The causes of the war",
    "instructions": "Five sources.",
    "paper_type": "essay",
    "subject": "history",
    "academic_level": "bachelor",
    "pages": 2,
    "client_deadline": "2026-03-12T12:00:00+00:00",
    "extras": ["abstract"],
    "requires_editing": False,
}


class House:
    """A website with one of each."""

    def __init__(self) -> None:
        self.website: Website = tenancy.website()
        self.client: Membership = accounts.membership(self.website)
        self.writer: Membership = writers.writer(self.website).member
        self.support: Membership = accounts.membership(self.website, "support")
        self.editor: Membership = accounts.membership(self.website, "editor")


@pytest.fixture
def house(db: None) -> Iterator[House]:
    with time_machine.travel(NOON, tick=False):
        yield House()


def test_quote_equals_what_is_placed(house: House) -> None:
    quote = as_(house.client).post("/api/v1/orders/quote/", {k: v for k, v in FORM.items() if k != "topic"})
    assert [(line["kind"], line["amount"]) for line in quote["lines"]] == [("pages", "32.00"), ("extra", "15.00")]
    assert (quote["total"], quote["currency"]) == ("47.00", "USD")
    assert quote["writer_deadline"] == "2026-03-10T12:00:00+00:00"
    placed = as_(house.client).post("/api/v1/orders/", FORM, 201)
    assert placed["money"]["price"] == "47.00"
    assert placed["money"]["lines"] == quote["lines"]
    assert placed["order"]["status"] == "unpaid"
    assert placed["order"]["number"] == 1
    allowed = {step["action"] for step in placed["available_actions"] if step["allowed"]}
    assert allowed == {"edit_brief", "pay", "cancel"}


def test_an_order_lives_over_http(house: House) -> None:
    client, writer, support = as_(house.client), as_(house.writer), as_(house.support)
    order_id = client.post("/api/v1/orders/", FORM, 201)["order"]["id"]
    path = f"/api/v1/orders/{order_id}"
    writer.get(f"{path}/", 404)
    paid = client.post(f"{path}/pay/", {"method": "card", "payment_token": "tok_ok"}, 200, idempotency_key="pay-1")
    assert paid["charge"]["status"] == "captured"
    assert paid["order"]["order"]["status"] == "available"
    again = client.post(f"{path}/pay/", {"method": "card", "payment_token": "tok_ok"}, 200, idempotency_key="pay-1")
    assert again == paid
    assert client.response.headers["Idempotent-Replayed"] == "true"
    seen = writer.get(f"{path}/", 200)
    assert seen["money"]["price"] is None
    assert seen["money"]["lines"] is None
    assert seen["order"]["client"] == {"id": house.client.pk, "label": "Client 1", "name": None, "email": None}
    taken = writer.post(f"{path}/take/", {}, 200)
    assert taken["order"]["status"] == "in_progress"
    assert taken["order"]["pay"] == "25.85"  # 55 % of 47.00
    by_client = client.get(f"{path}/", 200)
    assert by_client["order"]["writer"]["name"] is None
    assert by_client["order"]["pay"] is None
    refused = writer.post(f"{path}/submit/", {}, 409)
    assert refused["code"] == "file_required"
    orders.work_file(Order(pk=order_id, id=order_id, website=house.website), house.writer)
    assert writer.post(f"{path}/submit/", {}, 200)["order"]["status"] == "delivered"
    assert client.post(f"{path}/approve/", {}, 200)["order"]["status"] == "completed"
    history = client.get(f"{path}/history/", 200)
    assert [entry["verb"] for entry in history["activity"] if entry["verb"].startswith("order.")] == [
        "order.place",
        "order.pay",
        "order.take",
        "order.submit",
        "order.approve",
    ]
    assert [(payment["status"], payment["amount"]) for payment in history["payments"]] == [("captured", "47.00")]
    assert writer.get(f"{path}/history/", 200)["payments"] == []
    assert support.get("/api/v1/orders/", 200, search="causes wa")["count"] == 1
    assert support.get("/api/v1/orders/", 200, search="#1")["count"] == 1
    assert support.get("/api/v1/orders/", 200, search="peace")["count"] == 0


def test_a_declined_card_is_kept_and_another_one_pays(house: House) -> None:
    client = as_(house.client)
    order = orders.unpaid_order(house.client)
    path = f"/api/v1/orders/{order.pk}"
    refused = client.post(f"{path}/pay/", {"method": "card", "payment_token": "tok_declined"}, 409, idempotency_key="a")
    assert refused["code"] == "payment_declined"
    assert [(charge.pk, charge.status) for charge in orders.order_charges(order)] == [
        (refused["context"]["charge_id"], "declined")
    ]
    replay = client.post(f"{path}/pay/", {"method": "card", "payment_token": "tok_declined"}, 409, idempotency_key="a")
    assert replay == refused
    client.post(f"{path}/pay/", {"method": "card", "payment_token": "tok_ok"}, 200, idempotency_key="b")
    assert client.get(f"{path}/", 200)["order"]["status"] == "available"


def test_money_needs_a_key(house: House) -> None:
    order = orders.unpaid_order(house.client)
    body = {"method": "card", "payment_token": "tok_ok"}
    refused = as_(house.client).post(f"/api/v1/orders/{order.pk}/pay/", body, 400)
    assert refused["code"] == "idempotency_key_required"
    assert orders.order_charges(order) == []
