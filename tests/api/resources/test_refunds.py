"""`/refunds/` over HTTP: who sees which, bodies, keys and passwords, receipts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.api.desk import etag
from copydesk.orders.models import Order
from copydesk.refunds.models import Refund
from copydesk.tenancy.models import Website
from tests.api.client import as_
from tests.factories import accounts, refunds, tenancy
from tests.jobs import run_jobs

PATH = "/api/v1/refunds/"
Count = Callable[[Callable[[], Any]], int]


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


@pytest.fixture
def order(client: Membership) -> Order:
    """By card, 32.00."""
    return refunds.card_order(client)


def body(order: Order, **values: Any) -> dict[str, Any]:
    return {"order_id": order.pk, "amount": "10.00", "reason": "Late.", **values}


def test_asked_for_decided_executed(website: Website, order: Order, client: Membership, admin: Membership) -> None:
    row = as_(client).post(PATH, body(order, ground="lateness"), 201)
    assert (row["status"], row["amount"], row["currency"], row["ground"]) == ("requested", "10.00", "USD", "lateness")
    assert [(part["method"], part["amount"], part["status"]) for part in row["sources"]] == [
        ("card", "10.00", "planned")
    ]
    path = f"{PATH}{row['id']}/"
    caller = as_(admin)
    row = caller.post(f"{path}approve/", {"reason": "Indeed."})
    assert (row["status"], row["decision"]) == ("approved", "Indeed.")
    assert as_(client).get(path)["decision"] == ""
    password = refunds.with_password(admin)
    row = caller.post(f"{path}process/", {"password": password}, 200, idempotency_key="once")
    assert row["status"] == "executing"
    assert caller.post(f"{path}process/", {"password": password}, 200, idempotency_key="once") == row
    assert caller.response.headers["Idempotent-Replayed"] == "true"
    run_jobs()
    row = as_(client).get(path)
    assert (row["status"], row["receipt_number"]) == ("succeeded", 1)
    receipt = as_(client).get(f"{path}receipt/")
    assert receipt.content.startswith(b"%PDF")
    assert receipt.headers["Content-Disposition"] == 'attachment; filename="ATLAS-R000001.pdf"'


def test_the_version_is_held_while_the_money_is_given_back(order: Order, admin: Membership) -> None:
    """Checked, and locked, after the password, which takes its time: whoever decides meanwhile makes another one."""
    refund, password = refunds.request(order, order.client), refunds.with_password(admin)
    with CaptureQueriesContext(connection) as sent:
        as_(admin).post(
            f"{PATH}{refund.pk}/process/", {"password": password}, 200, idempotency_key="k", if_match=etag(refund)
        )
    asked = [query["sql"] for query in sent]
    checked = max(n for n, sql in enumerate(asked) if '"accounts_user"."password"' in sql)
    locked = [n for n, sql in enumerate(asked) if sql.startswith("SELECT") and 'UPDATE OF "refunds_refund"' in sql]
    assert locked[-1] > checked
    as_(admin).post(
        f"{PATH}{refund.pk}/process/", {"password": password}, 412, idempotency_key="l", if_match='"refund-1-1"'
    )


def test_process_wants_a_key_and_the_password(order: Order, admin: Membership) -> None:
    refund, caller = refunds.request(order, order.client), as_(admin)
    path = f"{PATH}{refund.pk}/process/"
    password = refunds.with_password(admin)
    assert caller.post(path, {"password": password}, 400)["code"] == "idempotency_key_required"
    assert caller.post(path, {"password": "wrong"}, 403, idempotency_key="k")["code"] == "wrong_password"
    assert caller.post(path, {}, 400, idempotency_key="k")["errors"][0]["field"] == "password"
    assert caller.post(path, {"password": password}, 200, idempotency_key="k")["status"] == "executing"
    assert caller.post(path, {"password": password}, 409, idempotency_key="l")["code"] == "wrong_state"


def test_retry_wants_a_key(order: Order, admin: Membership) -> None:
    refund, caller = refunds.failed(order, admin), as_(admin)
    path = f"{PATH}{refund.pk}/retry/"
    assert caller.post(path, {}, 400)["code"] == "idempotency_key_required"
    assert caller.post(path, {}, 200, idempotency_key="k")["status"] == "executing"


def test_to_the_client_it_is_on_its_way_until_it_has_arrived(order: Order, admin: Membership) -> None:
    refund = refunds.failed(order, admin)
    seen, inside = as_(order.client).get(f"{PATH}{refund.pk}/"), as_(admin).get(f"{PATH}{refund.pk}/")
    assert (seen["status"], seen["failed_at"], seen["sources"][0]["status"]) == ("executing", None, "executing")
    assert seen["sources"][0]["code"] == ""
    assert (inside["status"], inside["sources"][0]["code"]) == ("failed", "not_refundable")
    assert "failed" not in json.dumps(seen["available_actions"])
    listed = {
        who.role: [as_(who).get(f"{PATH}?status={status}")["count"] for status in ("executing", "failed", "succeeded")]
        for who in (order.client, admin)
    }
    assert listed == {"client": [1, 0, 0], "admin": [0, 1, 0]}
    assert as_(order.client).get(f"{PATH}{refund.pk}/receipt/", 409)["code"] == "no_receipt"


def test_the_client_agrees_to_the_wallet(order: Order, client: Membership, support: Membership) -> None:
    row = as_(support).post(PATH, body(order, destination="wallet", ground="goodwill"), 201)
    assert row["consent_missing"] is True
    assert [note["verb"] for note in _told(client)][:1] == ["refund.request"]
    path = f"{PATH}{row['id']}/consent/"
    assert as_(client).post(path, {}, 200)["consent_missing"] is False
    assert as_(client).post(path, {}, 409)["code"] == "consent_given"


def _told(who: Membership) -> Any:
    run_jobs()
    return as_(who).get("/api/v1/notifications/")["results"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.001"}, "amount"),
        ({"amount": "x"}, "amount"),
        ({"amount": None}, "amount"),
        ({"reason": ""}, "reason"),
        ({"ground": "dispute"}, "ground"),
        ({"ground": "goodwill"}, "ground"),
        ({"destination": "card"}, "destination"),
        ({"order_id": 999_999}, "order_id"),
        ({"order_id": "x"}, "order_id"),
        ({"charge": 1}, "charge"),
    ],
)
def test_bad_bodies_name_the_field(order: Order, client: Membership, values: dict[str, Any], field: str) -> None:
    problem = as_(client).post(PATH, body(order, **values), 400)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Refund.objects.of(client.website).exists()


def test_more_than_is_left(order: Order, client: Membership) -> None:
    problem = as_(client).post(PATH, body(order, amount="32.01"), 409)
    assert (problem["code"], problem["context"]) == ("refund_too_large", {"refundable": "32.00", "currency": "USD"})


def test_who_sees_which(website: Website, order: Order, client: Membership, support: Membership) -> None:
    mine = refunds.request(order, client)
    other = refunds.request(refunds.card_order(accounts.membership(website)), support)
    foreign = _foreign()
    assert [row["id"] for row in as_(client).get(PATH)["results"]] == [mine.pk]
    assert [row["id"] for row in as_(support).get(PATH)["results"]] == [other.pk, mine.pk]
    as_(client).get(f"{PATH}{other.pk}/", 404)
    as_(support).get(f"{PATH}{foreign.pk}/", 404)
    as_(accounts.membership(website, "editor")).get(PATH, status=403)


def _foreign() -> Refund:
    stranger = accounts.membership(tenancy.website("beacon"))
    return refunds.request(refunds.card_order(stranger), stranger)


def test_narrowed_and_ordered(order: Order, client: Membership, admin: Membership) -> None:
    first, second = refunds.request(order, client, 1_000), refunds.approved(order, admin, 500)
    caller = as_(admin)

    def ids(**params: Any) -> list[int]:
        return [row["id"] for row in caller.send("GET", PATH, 200, query_params=params)["results"]]

    assert ids() == [second.pk, first.pk]
    assert ids(status="approved") == [second.pk]
    assert ids(order_id=order.pk) == [second.pk, first.pk]
    assert ids(order_id=order.pk + 1) == []
    assert ids(ordering="-amount") == [first.pk, second.pk]
    for wrong in ({"status": "open"}, {"order_id": "x"}, {"ordering": "id"}, {"page": "0"}, {"who": "me"}):
        assert caller.send("GET", PATH, 400, query_params=wrong)["errors"][0]["field"] == next(iter(wrong))


def test_a_stale_version_is_refused(order: Order, admin: Membership) -> None:
    refund, caller = refunds.request(order, order.client), as_(admin)
    caller.get(f"{PATH}{refund.pk}/")
    tag = caller.response.headers["ETag"]
    caller.post(f"{PATH}{refund.pk}/approve/", {}, 200, if_match=tag)
    caller.post(f"{PATH}{refund.pk}/cancel/", {"reason": "No."}, 412, if_match=tag)


def test_pages_cost_the_same(order: Order, admin: Membership, queries: Count) -> None:
    refunds.request(order, order.client, 100)
    caller = as_(admin)
    few = queries(lambda: caller.get(PATH))
    for _ in range(5):
        refunds.request(order, order.client, 100)
    assert queries(lambda: caller.get(PATH)) == few
