"""Cards through Stripe, over our endpoints and against a stand-in for Stripe's API: each end of a payment."""

from __future__ import annotations

import datetime as dt
import json
import logging
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import Settings

from copydesk.accounts.models import Membership
from copydesk.journal.models import Remembered
from copydesk.orders.models import Order
from copydesk.payments import actions, queries
from copydesk.payments.gateway.stripe import API_VERSION
from copydesk.payments.models import Charge, Transfer
from copydesk.payments.tasks import resume
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, orders, payments, tenancy, writers
from tests.jobs import run_jobs
from tests.payments.stripe_stand_in import (
    BANK_ASKS,
    EXPIRED,
    NO_FUNDS,
    SLOW,
    SLOW_BANK,
    UNANSWERED,
    UNHEARD,
    VISA,
    StandIn,
)

pytestmark = pytest.mark.django_db
NOON = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)
TOP_UP = "/api/v1/wallet/top-up/"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def payer(db: None) -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def order(payer: Membership, stripe: StandIn) -> Order:
    return unpaid_order(payer)


def unpaid_order(payer: Membership) -> Order:
    """To be paid with 32.00 USD."""
    order = orders.unpaid_order(payer)
    order.website, order.client = payer.website, payer
    return order


def pay(order: Order, card: str, status: int, key: str = "k1") -> Any:
    body = {"method": "card", "payment_token": card}
    return as_(order.client).post(f"/api/v1/orders/{order.pk}/pay/", body, status, idempotency_key=key)


def standing(order: Order) -> tuple[str, list[str], int]:
    """Of the order, of its charges; and how many transfers there are. The books are sound."""
    with website_scope(order.website_id):
        assert queries.drift(order.website) == queries.Drift(0, 0)
        charges = Charge.objects.of(order.website).about(order.reference).order_by("id")
        return (
            Order.objects.of(order.website).get(pk=order.pk).status,
            list(charges.values_list("status", flat=True)),
            Transfer.objects.of(order.website).count(),
        )


def charge_of(order: Order) -> Charge:
    with website_scope(order.website_id):
        return Charge.objects.of(order.website).about(order.reference).latest("id")


def deliver(message: tuple[dict[str, str], bytes], status: int = 204) -> None:
    headers, body = message
    answer = Client().post("/api/v1/payments/webhooks/stripe/", body, content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.content


def look_up(order: Order) -> None:
    with website_scope(order.website_id):
        Charge.objects.of(order.website).undecided().update(next_lookup_at=NOON - dt.timedelta(days=999))
        resume(order.website)
    run_jobs()


def test_a_good_card_pays_the_order(order: Order, stripe: StandIn) -> None:
    paid = pay(order, VISA, 200)
    assert (paid["charge"]["status"], paid["charge"]["action"]) == ("captured", None)
    assert paid["order"]["order"]["status"] == "available"
    charge = charge_of(order)
    (asked,) = stripe.calls("POST")
    assert (asked.path, asked.version, asked.key) == ("/v1/payment_intents", API_VERSION, str(charge.intent))
    assert asked.form == {
        "amount": "3200",
        "currency": "usd",
        "payment_method": VISA,
        "allowed_payment_method_types[0]": "card",
        "confirm": "true",
        "metadata[website]": str(order.website_id),
        "metadata[charge]": str(charge.pk),
        "metadata[intent]": str(charge.intent),
    }
    assert (charge.provider, charge.provider_reference) == ("stripe", stripe.only_intent()["id"])
    assert pay(order, VISA, 200) == paid
    assert len(stripe.heard) == 1
    assert standing(order) == ("available", ["captured"], 1)


@pytest.mark.parametrize(
    ("card", "code"),
    [(NO_FUNDS, "insufficient_funds"), (EXPIRED, "expired_card"), ("pm_of_nobody", "resource_missing")],
)
def test_a_declined_card_is_kept_with_its_code(order: Order, stripe: StandIn, card: str, code: str) -> None:
    problem = pay(order, card, 409)
    assert (problem["code"], problem["context"]["decline_code"]) == ("payment_declined", code)
    assert pay(order, card, 409) == problem
    assert len(stripe.heard) == 1
    assert standing(order) == ("unpaid", ["declined"], 0)
    assert charge_of(order).code == code
    pay(order, VISA, 200, key="another card")
    assert standing(order) == ("available", ["declined", "captured"], 1)


def test_a_bank_that_asks_its_client_answers_202_and_the_message_captures(order: Order, stripe: StandIn) -> None:
    charge = pay(order, BANK_ASKS, 202)["charge"]
    secret = stripe.only_intent()["client_secret"]
    assert (charge["status"], charge["action"]) == ("pending", {"type": "use_stripe_sdk", "client_secret": secret})
    assert standing(order) == ("unpaid", ["pending"], 0)
    assert pay(order, VISA, 409, key="another")["code"] == "charge_pending"
    assert as_(order.client).get(f"/api/v1/payments/{charge['id']}/")["action"] is None
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    run_jobs()
    assert standing(order) == ("available", ["captured"], 1)
    paid = pay(order, BANK_ASKS, 200)
    assert (paid["charge"]["id"], paid["charge"]["status"], paid["charge"]["action"]) == (
        charge["id"],
        "captured",
        None,
    )
    assert len(stripe.calls("POST")) == 1


def test_the_clients_secret_is_given_again_and_kept_nowhere(
    order: Order, stripe: StandIn, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        caller = as_(order.client)
        path, body = f"/api/v1/orders/{order.pk}/pay/", {"method": "card", "payment_token": BANK_ASKS}
        first = caller.post(path, body, 202, idempotency_key="k1")
        assert caller.response["Cache-Control"] == "no-store"
        again = caller.post(path, body, 202, idempotency_key="k1")
        assert "Idempotent-Replayed" not in caller.response
        run_jobs()
    assert again["charge"]["action"] == first["charge"]["action"]
    assert len(stripe.calls("POST")) == 1
    other = {"method": "card", "payment_token": VISA}
    assert caller.post(path, other, 422, idempotency_key="k1")["code"] == "idempotency_key_reused"
    secret = stripe.only_intent()["client_secret"]
    assert secret not in caplog.text
    assert not any(secret in text for text in capsys.readouterr())
    with website_scope(order.website_id), connection.cursor() as cursor:
        assert Remembered.objects.of(order.website).get().body == ""
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" AS row WHERE row::text LIKE %s', [f"%{secret}%"])
            assert cursor.fetchone() == (0,), table
        cursor.execute(
            "SELECT count(*) FROM payments_charge AS row WHERE row::text LIKE %s", [f"%{stripe.only_intent()['id']}%"]
        )
        assert cursor.fetchone() == (1,)


def test_a_wallet_waits_for_the_bank_alike(payer: Membership, stripe: StandIn) -> None:
    body = {"amount": "25.00", "payment_token": BANK_ASKS}
    charge = as_(payer).post(TOP_UP, body, 202, idempotency_key="k1")
    assert charge["action"]["client_secret"] == stripe.only_intent()["client_secret"]
    assert as_(payer).post(TOP_UP, body, 202, idempotency_key="k1")["action"] == charge["action"]
    stripe.payer_confirms()
    assert as_(payer).post(TOP_UP, body, 200, idempotency_key="k1")["status"] == "captured"
    assert as_(payer).get("/api/v1/wallet/")["balance"] == "25.00"
    deliver(stripe.message("succeeded"))
    assert as_(payer).get("/api/v1/wallet/")["balance"] == "25.00"


def test_differences_and_tips_wait_for_the_bank_alike(payer: Membership, stripe: StandIn) -> None:
    by_card = {"method": "card", "payment_token": BANK_ASKS}
    writer = writers.writer(payer.website).member
    order = orders.order_in_progress(payer, writer)
    order.website, order.client = payer.website, payer
    admin = as_(accounts.membership(payer.website, "admin"))
    proposed = admin.post(f"/api/v1/orders/{order.pk}/adjust/", {"pages": 4, "reason": "More"}, 201)["id"]
    accept = f"/api/v1/orders/adjustments/{proposed}/accept/"
    answer = as_(payer).post(accept, by_card, 202, idempotency_key="a")
    assert answer["charge"]["action"]["client_secret"] == stripe.only_intent()["client_secret"]
    assert answer["adjustment"]["status"] == "proposed"
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    run_jobs()
    answer = as_(payer).post(accept, by_card, 200, idempotency_key="a")
    assert (answer["charge"]["status"], answer["adjustment"]["status"]) == ("captured", "accepted")
    stripe.intents.clear()
    done = orders.completed_order(payer, writer)
    tip, body = f"/api/v1/orders/{done.pk}/tip/", {**by_card, "amount": "5.00"}
    action = as_(payer).post(tip, body, 202, idempotency_key="t")["charge"]["action"]
    assert action["client_secret"] == stripe.only_intent()["client_secret"]
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    run_jobs()
    assert as_(payer).post(tip, body, 200, idempotency_key="t")["charge"]["status"] == "captured"
    assert len(stripe.calls("POST")) == 2


def test_a_client_who_fails_at_the_bank_is_declined_and_pays_otherwise(order: Order, stripe: StandIn) -> None:
    pay(order, BANK_ASKS, 202)
    stripe.payer_fails()
    deliver(stripe.message("payment_failed"))
    assert standing(order) == ("unpaid", ["declined"], 0)
    assert charge_of(order).code == "payment_intent_authentication_failure"
    assert pay(order, BANK_ASKS, 409)["context"]["decline_code"] == "payment_intent_authentication_failure"
    pay(order, VISA, 200, key="k2")
    assert standing(order) == ("available", ["declined", "captured"], 1)


def test_a_lost_message_is_made_good_by_the_clock(order: Order, stripe: StandIn) -> None:
    pay(order, SLOW_BANK, 202)
    look_up(order)
    assert standing(order) == ("unpaid", ["pending"], 0)
    stripe.payer_confirms()
    look_up(order)
    assert standing(order) == ("available", ["captured"], 1)
    assert {call.path for call in stripe.calls("GET")} == {f"/v1/payment_intents/{stripe.only_intent()['id']}"}


def test_a_client_who_never_comes_back_blocks_the_order_for_half_an_hour(payer: Membership, stripe: StandIn) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        order = unpaid_order(payer)
        pay(order, BANK_ASKS, 202)
        time.shift(29 * MINUTE)
        look_up(order)
        assert standing(order) == ("unpaid", ["pending"], 0)
        time.shift(1 * MINUTE)
        look_up(order)
        assert standing(order) == ("unpaid", ["declined"], 0)
        assert (charge_of(order).code, stripe.only_intent()["status"]) == ("abandoned", "canceled")
        deliver(stripe.message("canceled"))
        assert standing(order) == ("unpaid", ["declined"], 0)
        stripe.intents.clear()
        pay(order, VISA, 200, key="k2")
        assert standing(order) == ("available", ["declined", "captured"], 1)


def test_a_client_who_comes_back_in_the_last_moment_has_paid(payer: Membership, stripe: StandIn) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        order = unpaid_order(payer)
        pay(order, BANK_ASKS, 202)
        time.shift(31 * MINUTE)
        # The bank is satisfied after we have looked, and before we withdraw.
        stripe.faults.append(json.dumps(stripe.only_intent()).encode())
        stripe.payer_confirms()
        look_up(order)
        assert standing(order) == ("available", ["captured"], 1)
        assert stripe.only_intent()["status"] == "succeeded"
        assert [call.path.rpartition("/")[2] for call in stripe.calls("POST")] == ["payment_intents", "cancel"]


@pytest.mark.parametrize("faults", [[UNANSWERED, UNANSWERED], [UNANSWERED, 409], [UNANSWERED, 500]])
def test_a_lost_answer_is_looked_up_and_never_asked_under_another_key(
    order: Order, stripe: StandIn, faults: list[Any]
) -> None:
    stripe.faults.extend(faults)
    charge = pay(order, VISA, 202)["charge"]
    assert (charge["status"], charge["action"]) == ("unknown", None)
    assert standing(order) == ("unpaid", ["unknown"], 0)
    assert pay(order, VISA, 409, key="k2")["code"] == "charge_pending"
    run_jobs()
    assert standing(order) == ("available", ["captured"], 1)
    assert {call.key for call in stripe.calls("POST")} == {str(charge_of(order).intent)}
    assert len(stripe.intents) == 1
    deliver(stripe.message("succeeded"))
    run_jobs()
    assert standing(order) == ("available", ["captured"], 1)


def test_an_answer_that_does_not_come_in_time_is_unknown(order: Order, stripe: StandIn, settings: Settings) -> None:
    settings.STRIPE_ANSWERS_WITHIN_SECONDS = 0.2
    stripe.faults.extend([SLOW, SLOW])
    assert pay(order, VISA, 202)["charge"]["status"] == "unknown"
    stripe.over.set()
    run_jobs()
    assert standing(order) == ("available", ["captured"], 1)
    assert len(stripe.intents) == 1


def test_one_lost_answer_is_asked_for_again_under_the_same_key(order: Order, stripe: StandIn) -> None:
    stripe.faults.append(UNANSWERED)
    pay(order, VISA, 200)
    assert [call.key for call in stripe.calls("POST")] == [str(charge_of(order).intent)] * 2
    assert len(stripe.intents) == 1
    assert standing(order) == ("available", ["captured"], 1)


@pytest.mark.parametrize("faults", [[UNHEARD, UNHEARD], [429], [401], [403], [503, 503], [b"<html>"]])
def test_what_stripe_never_had_fails_after_a_quarter_of_an_hour(
    payer: Membership, stripe: StandIn, capsys: pytest.CaptureFixture[str], faults: list[Any]
) -> None:
    with time_machine.travel(NOON, tick=False) as time:
        order = unpaid_order(payer)
        stripe.faults.extend(faults)
        assert pay(order, VISA, 202)["charge"]["status"] == "unknown"
        assert '"event": "stripe gave no answer"' in capsys.readouterr().out
        run_jobs()
        assert standing(order) == ("unpaid", ["unknown"], 0)
        time.shift(15 * MINUTE)
        look_up(order)
        assert standing(order) == ("unpaid", ["failed"], 0)
        pay(order, VISA, 200, key="k2")
        assert standing(order) == ("available", ["failed", "captured"], 1)
        assert len(stripe.intents) == 1


def test_a_lookup_reads_every_page_of_what_was_made_then(order: Order, stripe: StandIn) -> None:
    for mark in range(60):
        stripe.intent(3200, "usd", {"of": f"others {mark}"})
    stripe.faults.extend([UNANSWERED, UNANSWERED])
    pay(order, VISA, 202)
    for mark in range(140):
        stripe.intent(3200, "usd", {} if mark % 2 else {"intent": "others"})
    run_jobs()
    assert standing(order) == ("available", ["captured"], 1)
    assert len(stripe.calls("GET")) == 2


@pytest.mark.parametrize("change", [{"amount_received": 3199}, {"currency": "eur"}])
def test_another_amount_or_currency_is_never_taken_for_ours(
    order: Order, stripe: StandIn, change: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    stripe.faults.extend([UNANSWERED, UNANSWERED])
    pay(order, VISA, 202)
    stripe.only_intent().update(change)
    run_jobs()
    assert standing(order) == ("unpaid", ["unknown"], 0)
    assert '"event": "stripe has another amount"' in capsys.readouterr().out


def test_a_key_that_stripe_may_have_forgotten_is_not_used_again(payer: Membership, stripe: StandIn) -> None:
    """Cut off between the commits and repeated when it is too late: what Stripe has is looked for."""
    with time_machine.travel(NOON, tick=False) as time:
        charge = payments.pending_charge(payer, 3_200)
        marks = {"intent": str(charge.intent), "website": str(charge.website_id)}
        intent = stripe.intent(3200, "usd", marks)
        intent.update(status="succeeded", amount_received=3200)
        stripe.forget_keys()
        time.shift(dt.timedelta(days=2))
        with website_scope(payer.website_id):
            actions.run_charge(charge, VISA, by=accounts.actor(payer))
        assert (charge.status, charge.provider_reference) == ("captured", intent["id"])
        assert stripe.calls("POST") == []


def test_an_earlier_charge_goes_on_at_its_provider_when_another_is_chosen(
    order: Order, stripe: StandIn, settings: Settings
) -> None:
    pay(order, BANK_ASKS, 202)
    settings.PAYMENT_PROVIDER = "sandbox"
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    run_jobs()
    assert standing(order) == ("available", ["captured"], 1)
