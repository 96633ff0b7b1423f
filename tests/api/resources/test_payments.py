"""`/payments/` and `/wallet/` over HTTP: each card, retried requests, receipts, webhooks, other people's money."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pypdf import PdfReader

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event
from copydesk.payments.gateway.sandbox import webhook_about
from copydesk.payments.models import Charge, SandboxPayment, Transfer
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import anonymous, as_
from tests.factories import accounts, payments, tenancy
from tests.jobs import run_jobs

TOP_UP = "/api/v1/wallet/top-up/"
WALLET = "/api/v1/wallet/"
ENTRIES = "/api/v1/wallet/entries/"


def charge_url(charge_id: int, end: str = "") -> str:
    return f"/api/v1/payments/{charge_id}/{end}"


@pytest.fixture
def atlas(db: None) -> Website:
    return tenancy.website()


@pytest.fixture
def client(atlas: Website) -> Membership:
    return accounts.membership(atlas)


def traces(website: Website) -> tuple[int, int, int, int]:
    """Charges, transfers, events; and what the provider has."""
    with website_scope(website.pk):
        rows = [model.objects.of(website).count() for model in (Charge, Transfer, Event)]
    return (*rows, SandboxPayment.objects.filter(metadata__website=website.pk).count())  # type: ignore[return-value]


def top_up(who: Membership, token: str = "tok_ok", amount: str = "25.00", key: str = "k1", status: int = 200) -> Any:
    return as_(who).post(TOP_UP, {"amount": amount, "payment_token": token}, status, idempotency_key=key)


def test_a_top_up_fills_the_wallet_once_for_a_key(client: Membership) -> None:
    charge = top_up(client)
    assert (charge["status"], charge["amount"], charge["currency"]) == ("captured", "25.00", "USD")
    assert as_(client).get(WALLET) == {
        "balance": "25.00",
        "currency": "USD",
        "pending": None,
        "held": None,
        "payable": None,
        "in_payout": None,
        "paid": None,
    }
    before = traces(client.website)
    caller = as_(client)
    again = caller.post(TOP_UP, {"amount": "25.00", "payment_token": "tok_ok"}, 200, idempotency_key="k1")
    assert again == charge
    assert caller.response["Idempotent-Replayed"] == "true"
    top_up(client, amount="26.00", status=422)
    assert traces(client.website) == before
    assert top_up(client, key="k2")["id"] != charge["id"]
    assert as_(client).get(WALLET)["balance"] == "50.00"


def test_a_declined_top_up_is_kept_and_given_again(client: Membership) -> None:
    problem = top_up(client, "tok_declined", status=409)
    assert (problem["code"], problem["context"]["decline_code"]) == ("payment_declined", "card_declined")
    charge = as_(client).get(charge_url(problem["context"]["charge_id"]))
    assert (charge["status"], charge["code"], charge["has_receipt"]) == ("declined", "card_declined", False)
    before = traces(client.website)
    assert top_up(client, "tok_declined", status=409)["context"] == problem["context"]
    assert traces(client.website) == before
    assert as_(client).get(WALLET)["balance"] == "0.00"


def test_an_unknown_outcome_is_202_and_found_later(client: Membership) -> None:
    charge = top_up(client, "tok_timeout", status=202)
    assert charge["status"] == "unknown"
    assert top_up(client, key="k2", status=409)["code"] == "charge_pending"
    run_jobs()
    assert as_(client).get(charge_url(charge["id"]))["status"] == "captured"
    assert as_(client).get(WALLET)["balance"] == "25.00"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "amount"),
        ({"amount": "0.99", "payment_token": "tok_ok"}, "amount"),
        ({"amount": "10000.01", "payment_token": "tok_ok"}, "amount"),
        ({"amount": "1.005", "payment_token": "tok_ok"}, "amount"),
        ({"amount": "NaN", "payment_token": "tok_ok"}, "amount"),
        ({"amount": "1e3", "payment_token": ""}, "payment_token"),
        ({"amount": "5.00", "payment_token": "x" * 201}, "payment_token"),
        ({"amount": "5.00", "payment_token": "tok\u0000"}, "payment_token"),
        ({"amount": "5.00", "payment_token": "tok_ok", "currency": "EUR"}, "currency"),
    ],
)
def test_bad_input_names_the_field_and_charges_nothing(client: Membership, body: dict[str, Any], field: str) -> None:
    before = traces(client.website)
    problem = as_(client).post(TOP_UP, body, 400, idempotency_key="k")
    assert field in [error["field"] for error in problem["errors"]]
    assert traces(client.website) == before


def test_money_does_not_move_without_a_key(client: Membership) -> None:
    before = traces(client.website)
    problem = as_(client).post(TOP_UP, {"amount": "5.00", "payment_token": "tok_ok"}, 400)
    assert problem["code"] == "idempotency_key_required"
    assert traces(client.website) == before


@pytest.mark.parametrize("role", [Role.WRITER, Role.EDITOR, Role.SUPPORT, Role.ADMIN])
def test_only_clients_fill_a_wallet(atlas: Website, role: Role) -> None:
    member = accounts.membership(atlas, role)
    before = traces(atlas)
    top_up(member, status=403)
    assert traces(atlas) == before


def test_a_client_sees_the_own_charges_staff_the_websites(atlas: Website, client: Membership) -> None:
    charge = payments.captured_charge(client, 12_345, lines=[{"label": "Essay, 3 pages", "amount_minor": 12_345}])
    seen = as_(client).get(charge_url(charge.pk))
    assert (seen["amount"], seen["repaid"], seen["reference"]) == ("123.45", "0.00", {"type": "thing", "id": 17})
    assert seen["lines"] == [{"label": "Essay, 3 pages", "amount": "123.45"}]
    assert "provider" not in str(seen)
    for role in (Role.SUPPORT, Role.ADMIN):
        assert as_(accounts.membership(atlas, role)).get(charge_url(charge.pk)) == seen
    for end in ("", "receipt/"):
        as_(accounts.membership(atlas)).get(charge_url(charge.pk, end), 404)
        as_(accounts.membership(atlas, Role.WRITER)).get(charge_url(charge.pk, end), 403)
        as_(accounts.membership(tenancy.website(f"b{end[:3]}"), Role.ADMIN)).get(charge_url(charge.pk, end), 404)
        as_(client).get(charge_url(charge.pk + 1_000, end), 404)
        anonymous(atlas).get(charge_url(charge.pk, end), 401)


def test_the_receipt(atlas: Website, client: Membership) -> None:
    with time_machine.travel(dt.datetime(2026, 5, 2, 1, 30, tzinfo=dt.UTC), tick=False):
        charge = payments.captured_charge(
            client,
            12_345,
            lines=[{"label": "Essay <b>& more", "amount_minor": 10_000}, {"label": "Urgency", "amount_minor": 2_345}],
        )
        caller = as_(client)
        caller.get(charge_url(charge.pk, "receipt/"))
    answer = caller.response
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="ATLAS-{charge.pk:06d}.pdf"'
    text = PdfReader(io.BytesIO(answer.content)).pages[0].extract_text()
    for words in ("Atlas", f"ATLAS-{charge.pk:06d}", "Essay <b>& more", "23.45", "123.45 USD", "2026-05-01 21:30 EDT"):
        assert words in text
    assert client.user.email not in text


def test_no_receipt_for_what_was_not_captured(client: Membership) -> None:
    charge = payments.captured_charge(client, token="tok_declined")
    assert as_(client).get(charge_url(charge.pk, "receipt/"), 409)["code"] == "no_receipt"


def test_entries_are_the_lines_of_the_own_account(client: Membership) -> None:
    other = accounts.membership(client.website)
    payments.filled_wallet(other, 900)
    first, second = top_up(client, key="a"), top_up(client, amount="3.00", key="b")
    rows = as_(client).get(ENTRIES)["results"]
    assert [(row["amount"], row["purpose"], row["charge_id"]) for row in rows] == [
        ("3.00", "capture", second["id"]),
        ("25.00", "capture", first["id"]),
    ]
    page = as_(client).get(ENTRIES, page_size=1)
    assert page["results"] == rows[:1]
    assert page["next"]
    assert as_(client).get(ENTRIES, 400, cursor="x")["errors"][0]["field"] == "cursor"


def test_the_cost_of_the_entries_is_flat(client: Membership) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as sent:
            as_(client).get(ENTRIES)
        return len(sent)

    payments.filled_wallet(client, 1)
    before = cost()
    for _ in range(5):
        payments.filled_wallet(client, 1)
    assert cost() == before


def test_a_writers_wallet_and_payouts(atlas: Website) -> None:
    writer = accounts.membership(atlas, Role.WRITER)
    one, other = (accounts.membership(atlas, Role.ADMIN) for _ in range(2))
    payments.earning(writer, 6_000)
    payments.earning(writer, 1_000, order_id=18, days=14)
    assert as_(writer).get(WALLET) == {
        "balance": "70.00",
        "currency": "USD",
        "pending": "10.00",
        "held": "0.00",
        "payable": "60.00",
        "in_payout": "0.00",
        "paid": "0.00",
    }
    batches = "/api/v1/admin-management/writer-payments/"
    payout = as_(one).post(f"{batches}prepare/", status=201)["payout"]["id"]
    own = "/api/v1/wallet/payouts/"
    assert as_(writer).get(own)["results"] == []
    as_(other).post(f"{batches}{payout}/approve/")
    as_(other).post(f"{batches}{payout}/pay/", idempotency_key="pay")
    (row,) = as_(writer).get(own)["results"]
    assert (row["amount"], row["status"]) == ("60.00", "paid")
    detail = as_(writer).get(f"{own}{row['id']}/")
    assert [(line["amount"], line["reference"]["id"]) for line in detail["lines"]] == [("60.00", 17)]
    assert as_(writer).get(WALLET)["paid"] == "60.00"
    assert [line["amount"] for line in as_(writer).get(ENTRIES)["results"]] == ["-60.00", "10.00", "60.00"]
    as_(accounts.membership(atlas, Role.WRITER)).get(f"{own}{row['id']}/", 404)
    as_(accounts.membership(atlas)).get(own, 403)


def post_webhook(headers: dict[str, str], body: bytes, status: int, provider: str = "sandbox") -> Any:
    answer = Client().post(
        f"/api/v1/payments/webhooks/{provider}/", body, content_type="application/json", headers=headers
    )
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def test_a_webhook_captures_without_a_token_or_a_website(client: Membership) -> None:
    charge = payments.captured_charge(client, token="tok_late")
    headers, body = webhook_about(charge.intent)
    before = traces(client.website)
    for bad in ({}, {"X-Sandbox-Signature": "t=1,v1=2"}):
        assert post_webhook(bad, body, 400)["code"] == "webhook_refused"
    post_webhook({}, b"{", 400)
    assert traces(client.website) == before
    post_webhook(headers, body, 204)
    assert as_(client).get(charge_url(charge.pk))["status"] == "captured"
    before = traces(client.website)
    assert post_webhook(headers, body, 400)["code"] == "webhook_refused"
    assert traces(client.website) == before
    post_webhook(headers, body, 404, "nobody")
