"""`/fines/` over HTTP: who sees which, bodies, appeals."""

from __future__ import annotations

from typing import Any

import pytest

from copydesk.accounts.models import Membership
from copydesk.fines.models import Fine
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website
from tests.api.client import as_
from tests.factories import accounts, fines, orders, tenancy, writers

PATH = "/api/v1/fines/"


@pytest.fixture
def writer(website: Website) -> Membership:
    return writers.writer(website, level="standard").member


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


@pytest.fixture
def order(client: Membership, writer: Membership, admin: Membership) -> Order:
    """In progress, for 14.40."""
    return orders.order_in_progress(client, writer, admin)


def body(order: Order, **values: Any) -> dict[str, Any]:
    return {"order_id": order.pk, "kind": "quality", "amount": "3.00", "reason": "Sources are missing.", **values}


def test_proposed_issued_appealed(order: Order, writer: Membership, support: Membership, admin: Membership) -> None:
    row = as_(support).post(PATH, body(order), 201)
    assert (row["status"], row["amount"], row["left"], row["pay"], row["source"]) == (
        "proposed", "3.00", "3.00", "14.40", "manual",
    )  # fmt: skip
    path = f"{PATH}{row['id']}/"
    assert as_(admin).post(f"{path}issue/", {}, 200)["status"] == "issued"
    seen = as_(writer).get(path)
    assert [one["action"] for one in seen["available_actions"] if one["allowed"]] == ["appeal"]
    row = as_(writer).post(f"{path}appeal/", {"text": "All five are there."}, 201)
    assert (row["status"], row["appeal"]["status"], row["appeal"]["text"]) == (
        "appealed",
        "open",
        "All five are there.",
    )
    assert as_(writer).post(f"{path}appeal/", {"text": "Again."}, 409)["code"] == "wrong_state"


def test_a_share_and_a_cap(order: Order, support: Membership) -> None:
    row = as_(support).post(PATH, {**body(order, share_bps=6_000), "amount": None}, 400)
    given = body(order, share_bps=6_000)
    del given["amount"]
    row = as_(support).post(PATH, given, 201)
    assert (row["amount"], row["excess"], row["share"]) == ("7.20", "1.44", 0.6)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "x"}, "amount"),
        ({"kind": "x"}, "kind"),
        ({"reason": ""}, "reason"),
        ({"order_id": 999_999}, "order_id"),
        ({"order_id": "x"}, "order_id"),
        ({"share_bps": 1}, "share_bps"),
        ({"share_bps": 10_001}, "share_bps"),
        ({"writer_id": 0}, "writer_id"),
        ({"other": 1}, "other"),
    ],
)
def test_bad_bodies_name_the_field(order: Order, support: Membership, values: dict[str, Any], field: str) -> None:
    problem = as_(support).post(PATH, body(order, **values), 400)
    assert [error["field"] for error in problem["errors"]] == [field]
    assert not Fine.objects.of(order.website_id).exists()


def test_neither_order_nor_writer(support: Membership) -> None:
    given = {"kind": "other", "amount": "1.00", "reason": "No."}
    assert as_(support).post(PATH, given, 400)["errors"][0]["field"] == "order_id"


def test_an_order_that_nobody_has_written(client: Membership, support: Membership) -> None:
    assert as_(support).post(PATH, body(orders.available_order(client)), 409)["code"] == "nothing_to_fine"


def test_who_sees_which(
    website: Website, order: Order, client: Membership, writer: Membership, admin: Membership
) -> None:
    mine = fines.issued(order, admin)
    other = fines.proposed(orders.order_in_progress(client, writers.writer(website, level="standard").member), admin)
    stranger = accounts.membership(tenancy.website("beacon"))
    quill = writers.writer(stranger.website, level="standard").member
    foreign = fines.proposed(orders.order_in_progress(stranger, quill), accounts.membership(stranger.website, "admin"))
    assert [row["id"] for row in as_(writer).get(PATH)["results"]] == [mine.pk]
    assert [row["id"] for row in as_(admin).get(PATH)["results"]] == [other.pk, mine.pk]
    as_(writer).get(f"{PATH}{other.pk}/", 404)
    as_(writer).post(f"{PATH}{other.pk}/appeal/", {"text": "No."}, 404)
    as_(admin).get(f"{PATH}{foreign.pk}/", 404)
    as_(client).get(PATH, 403)
    assert client.user.email not in str(as_(writer).get(PATH))


def test_narrowed(order: Order, writer: Membership, admin: Membership) -> None:
    first, second = fines.issued(order, admin, 100), fines.proposed(order, admin, 200, kind="privacy")
    for params, wanted in (
        ({}, [second, first]),
        ({"status": "issued"}, [first]),
        ({"kind": "privacy"}, [second]),
        ({"order_id": order.pk}, [second, first]),
        ({"writer_id": writer.pk + 1}, []),
        ({"ordering": "amount"}, [first, second]),
    ):
        rows = as_(admin).send("GET", PATH, 200, query_params=params)["results"]
        assert [row["id"] for row in rows] == [fine.pk for fine in wanted], params
    for wrong in ({"status": "x"}, {"kind": "x"}, {"order_id": "x"}, {"ordering": "x"}, {"me": 1}):
        assert as_(admin).send("GET", PATH, 400, query_params=wrong)["errors"][0]["field"] == next(iter(wrong))


def test_the_writers_earnings_say_it(order: Order, writer: Membership, admin: Membership) -> None:
    fine = fines.issued(order, admin)
    as_(admin).post(
        f"/api/v1/admin-management/fines/{fine.pk}/waive/", {"reason": "Sick.", "amount": "1.00"}, 200,
        idempotency_key="k",
    )  # fmt: skip
    found = as_(writer).get("/api/v1/writer-management/dashboard/earnings/")
    kinds = {row["kind"]: row["amount"] for row in found["by_kind"] if row["count"]}
    assert kinds == {"fine": "-3.00", "waiver": "1.00"}
    assert (found["fines"]["current"], found["earned"]["current"], found["balance"]) == ("2.00", "-2.00", "-2.00")
