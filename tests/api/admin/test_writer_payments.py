"""`/admin-management/writer-payments/` over HTTP."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event
from copydesk.payments.models import Payout, Transfer
from copydesk.payments.queries import payouts
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_, as_user
from tests.factories import accounts, payments, tenancy
from tests.factories.payments import ORDER

URL = "/api/v1/admin-management/writer-payments/"


@pytest.fixture
def atlas(db: None) -> Website:
    return tenancy.website()


@pytest.fixture
def one(atlas: Website) -> Membership:
    return accounts.membership(atlas, Role.ADMIN)


@pytest.fixture
def other(atlas: Website) -> Membership:
    return accounts.membership(atlas, Role.ADMIN)


@pytest.fixture
def writer(atlas: Website) -> Membership:
    member = accounts.membership(atlas, Role.WRITER)
    member.user.full_name = "Ada Lovelace"
    member.user.save()
    payments.earning(member, 6_000)
    return member


def traces(website: Website) -> tuple[object, ...]:
    with website_scope(website.pk):
        payouts = list(Payout.objects.of(website).values_list("status", "version"))
        return payouts, Transfer.objects.of(website).count(), Event.objects.of(website).count()


def prepared(by: Membership) -> int:
    payout: int = as_(by).post(f"{URL}prepare/", status=201)["payout"]["id"]
    return payout


def test_from_prepared_to_paid(atlas: Website, writer: Membership, one: Membership, other: Membership) -> None:
    payout = prepared(one)
    detail = as_(one).get(f"{URL}{payout}/")
    assert (detail["payout"]["total"], detail["payout"]["status"], detail["payout"]["currency"]) == (
        "60.00",
        "prepared",
        "USD",
    )
    assert [(row["writer_id"], row["full_name"], row["amount"], row["lines"]) for row in detail["statements"]] == [
        (writer.pk, "Ada Lovelace", "60.00", 1)
    ]
    assert {step["action"]: step["code"] for step in detail["available_actions"]} == {
        "approve": "same_person",
        "pay": "wrong_state",
        "cancel": None,
    }
    before = traces(atlas)
    assert as_(one).post(f"{URL}{payout}/approve/", status=409)["code"] == "same_person"
    assert as_(other).post(f"{URL}{payout}/pay/", status=409, idempotency_key="k")["code"] == "wrong_state"
    assert as_(other).post(f"{URL}prepare/", status=409)["code"] == "payout_open"
    assert as_(other).post(f"{URL}{payout}/cancel/", status=400)["errors"][0]["field"] == "reason"
    assert traces(atlas) == before
    assert as_(other).post(f"{URL}{payout}/approve/")["payout"]["approved_by"] == other.user_id
    assert as_(other).post(f"{URL}{payout}/pay/", status=400)["code"] == "idempotency_key_required"
    paid = as_(other).post(f"{URL}{payout}/pay/", idempotency_key="k")
    assert paid["payout"]["status"] == "paid"
    before = traces(atlas)
    assert as_(other).post(f"{URL}{payout}/pay/", idempotency_key="k") == paid
    assert as_(other).post(f"{URL}{payout}/pay/", status=409, idempotency_key="k2")["code"] == "wrong_state"
    assert traces(atlas) == before
    statement = as_(one).get(f"{URL}{payout}/statements/{writer.pk}/")
    assert [(line["amount"], line["kind"], line["reference"]) for line in statement["lines"]] == [
        ("60.00", "pay", {"type": ORDER.type, "id": ORDER.id})
    ]
    as_(one).get(f"{URL}{payout}/statements/{one.pk}/", 404)


def test_a_detail_shows_the_first_writers_and_the_list_all(
    writer: Membership, one: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    payout = prepared(one)
    shares = as_(one).get(f"{URL}{payout}/")["statements"]
    assert [row["writer_id"] for row in shares] == [writer.pk]

    monkeypatch.setattr(payouts, "SHOWN", 0)

    detail = as_(one).get(f"{URL}{payout}/")
    assert (detail["statements"], detail["payout"]["writers"]) == ([], 1)
    listed = as_(one).get(f"{URL}{payout}/statements/")
    assert (listed["results"], listed["count"]) == (shares, 1)
    as_(one).get(f"{URL}{payout + 1}/statements/", 404)


def test_a_cancelled_payout_gives_its_earnings_back(writer: Membership, one: Membership) -> None:
    payout = prepared(one)
    assert as_(one).post(f"{URL}{payout}/cancel/", {"reason": "Wrong"})["payout"]["status"] == "cancelled"
    assert prepared(one) != payout
    listed = as_(one).get(URL)
    assert [row["status"] for row in listed["results"]] == ["prepared", "cancelled"]
    assert listed["counts"] == {"prepared": 1, "approved": 0, "paid": 0, "cancelled": 1}
    assert as_(one).send("GET", URL, query_params={"status": "cancelled"})["count"] == 1
    as_(one).send("GET", URL, 400, query_params={"status": "lost"})


def test_nothing_payable(atlas: Website, one: Membership) -> None:
    problem = as_(one).post(f"{URL}prepare/", status=409)
    assert (problem["code"], problem["context"]) == ("nothing_payable", {"threshold": "50.00", "currency": "USD"})
    assert traces(atlas) == ([], 0, 0)


@pytest.mark.parametrize("role", [Role.CLIENT, Role.WRITER, Role.EDITOR, Role.SUPPORT])
def test_admins_alone(atlas: Website, writer: Membership, one: Membership, role: Role) -> None:
    payout = prepared(one)
    stranger = as_(accounts.membership(atlas, role))
    before = traces(atlas)
    stranger.get(URL, 403)
    stranger.get(f"{URL}{payout}/", 403)
    stranger.get(f"{URL}{payout}/statements/{writer.pk}/", 403)
    for step in ("prepare", f"{payout}/approve", f"{payout}/pay", f"{payout}/cancel"):
        stranger.post(f"{URL}{step}/", {"reason": "-"} if "cancel" in step else {}, 403, idempotency_key="k")
    assert traces(atlas) == before


def test_another_websites_payout_is_unknown(atlas: Website, writer: Membership, one: Membership) -> None:
    payout = prepared(one)
    stranger = as_(accounts.membership(tenancy.website("borealis"), Role.ADMIN))
    before = traces(atlas)
    stranger.get(f"{URL}{payout}/", 404)
    stranger.get(f"{URL}{payout}/statements/{writer.pk}/", 404)
    for step in ("approve", "pay", "cancel"):
        stranger.post(f"{URL}{payout}/{step}/", {"reason": "-"}, 404, idempotency_key="k")
    assert stranger.get(URL)["results"] == []
    assert traces(atlas) == before


def test_a_superadmin_may_be_the_other_person(atlas: Website, writer: Membership, one: Membership) -> None:
    payout = prepared(one)
    assert as_user(accounts.superadmin(), atlas).post(f"{URL}{payout}/approve/")["payout"]["status"] == "approved"


def test_a_stale_version_is_refused(atlas: Website, writer: Membership, one: Membership, other: Membership) -> None:
    payout = prepared(one)
    caller = as_(other)
    caller.get(f"{URL}{payout}/")
    tag = caller.response["ETag"]
    caller.post(f"{URL}{payout}/approve/", status=412, if_match='"payout-1-99"')
    caller.post(f"{URL}{payout}/approve/", if_match=tag)


def test_the_cost_is_flat(atlas: Website, writer: Membership, one: Membership) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as sent:
            as_(one).get(path)
        return len(sent)

    first = prepared(one)
    before = cost(f"{URL}{first}/"), cost(URL)
    as_(one).post(f"{URL}{first}/cancel/", {"reason": "More"})
    for number in range(3):
        payments.earning(accounts.membership(atlas, Role.WRITER), 9_000, order_id=100 + number)
    second = prepared(one)
    assert (cost(f"{URL}{second}/"), cost(URL)) == before
