"""What Stripe tells us: signed, fresh, once, about a payment of ours; in any order, and at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.payments import queries
from copydesk.payments.models import Charge, Transfer, Webhook
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, tenancy
from tests.jobs import queued, run_jobs
from tests.payments.stripe_stand_in import BANK_ASKS, SLOW_BANK, VISA, StandIn

URL = "/api/v1/payments/webhooks/stripe/"
TOP_UP = "/api/v1/wallet/top-up/"
Message = tuple[dict[str, str], bytes]

pytestmark = pytest.mark.django_db


@pytest.fixture
def payer(db: None) -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def waiting(payer: Membership, stripe: StandIn) -> Charge:
    """A top-up of 25.00 USD that waits for its payer."""
    body = {"amount": "25.00", "payment_token": BANK_ASKS}
    charge = as_(payer).post(TOP_UP, body, 202, idempotency_key="k1")
    return fresh(payer, charge["id"])


def fresh(payer: Membership, charge_id: int) -> Charge:
    with website_scope(payer.website_id):
        return Charge.objects.of(payer.website).select_related("payer", "website").get(pk=charge_id)


def deliver(message: Message, status: int = 204) -> Any:
    headers, body = message
    answer = Client().post(URL, body, content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.content
    return answer.json() if answer.content else None


def standing(charge: Charge) -> tuple[Any, ...]:
    """All that a message could change: status, code, version, transfers, events, messages, jobs."""
    with website_scope(charge.website_id):
        website = charge.website
        assert queries.drift(website) == queries.Drift(0, 0)
        row = Charge.objects.of(website).get(pk=charge.pk)
        counts = [model.objects.of(website).count() for model in (Transfer, Event, Webhook)]
        return (row.status, row.code, row.version, *counts, len(queued()))


def refused(charge: Charge, message: Message) -> None:
    before = standing(charge)
    assert deliver(message, 400)["code"] == "webhook_refused"
    assert standing(charge) == before


def test_a_message_captures_and_names_no_website(payer: Membership, waiting: Charge, stripe: StandIn) -> None:
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    assert standing(waiting)[0] == "captured"
    assert as_(payer).get("/api/v1/wallet/")["balance"] == "25.00"
    with website_scope(waiting.website_id):
        event = Event.objects.of(waiting.website).get(verb="charge.capture")
    assert (event.role, event.member_id) == ("system", None)


def test_a_message_delivered_before_is_refused(waiting: Charge, stripe: StandIn) -> None:
    stripe.payer_confirms()
    message = stripe.message("succeeded", event="evt_1")
    deliver(message)
    refused(waiting, message)
    refused(waiting, stripe.message("succeeded", event="evt_1", metadata=stripe.only_intent()["metadata"]))


def test_the_same_news_under_another_id_changes_nothing(waiting: Charge, stripe: StandIn) -> None:
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    status, code, version, transfers, events, messages, jobs = standing(waiting)
    deliver(stripe.message("succeeded"))
    assert standing(waiting) == (status, code, version, transfers, events, messages + 1, jobs)


def test_older_news_after_newer_changes_nothing(waiting: Charge, stripe: StandIn) -> None:
    asked = stripe.message("requires_action")
    processing = stripe.message("processing", status="processing")
    stripe.payer_fails()
    failed = stripe.message("payment_failed")
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    before = standing(waiting)
    for late in (asked, processing, failed):
        deliver(late)
        assert standing(waiting)[:5] == before[:5]


def test_a_second_attempt_of_the_payer_captures_after_a_failed_one(waiting: Charge, stripe: StandIn) -> None:
    asked = stripe.message("requires_action")
    stripe.payer_fails()
    deliver(stripe.message("payment_failed"))
    assert standing(waiting)[:2] == ("declined", "payment_intent_authentication_failure")
    deliver(asked)
    assert standing(waiting)[0] == "declined"
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    assert (standing(waiting)[0], standing(waiting)[3]) == ("captured", 1)


def test_a_bank_that_takes_its_time(payer: Membership, stripe: StandIn) -> None:
    row = as_(payer).post(TOP_UP, {"amount": "25.00", "payment_token": SLOW_BANK}, 202, idempotency_key="k1")
    assert (row["status"], row["action"]) == ("pending", None)
    charge = fresh(payer, row["id"])
    deliver(stripe.message("processing"))
    assert standing(charge)[0] == "pending"
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    assert standing(charge)[0] == "captured"


def test_a_payment_that_was_withdrawn_is_declined(waiting: Charge, stripe: StandIn) -> None:
    deliver(stripe.message("canceled", status="canceled", cancellation_reason="fraudulent"))
    assert standing(waiting)[:2] == ("declined", "fraudulent")


def test_only_what_is_signed_with_our_secret_lately_is_believed(
    waiting: Charge, stripe: StandIn, settings: Settings
) -> None:
    stripe.payer_confirms()
    headers, body = stripe.message("succeeded")
    good = headers["Stripe-Signature"]
    stamp = good.partition(",")[0]
    for bad in ("", "nonsense", "t=1", "v1=00", "t=,v1=", f"{stamp},v1=", f"{stamp},v0=00", f"{stamp},v1=ä", "t=ä"):
        refused(waiting, ({"Stripe-Signature": bad}, body))
    refused(waiting, ({}, body))
    refused(waiting, (headers, body.replace(b"2500", b"2400")))
    refused(waiting, (headers, body + b" "))
    refused(waiting, stripe.message("succeeded", secret="whsec_of_another_endpoint"))
    refused(waiting, stripe.message("succeeded", age=301))
    refused(waiting, ({"X-Sandbox-Signature": good}, body))
    settings.STRIPE_WEBHOOK_SECRET = ""
    refused(waiting, (stripe.signed(body, secret=""), body))
    settings.STRIPE_WEBHOOK_SECRET = "whsec_standin"
    deliver((headers, body))
    assert standing(waiting)[0] == "captured"


@pytest.mark.parametrize("body", [b'{"id": "evt_1"}', b'{"object": "v2.core.event", "id": "evt_1"}', b'{"type": "x"}'])
def test_a_signed_message_that_is_no_event_is_refused(waiting: Charge, stripe: StandIn, body: bytes) -> None:
    refused(waiting, (stripe.signed(body), body))


@pytest.mark.parametrize(
    "kind", ["created", "amount_capturable_updated", "partially_funded", "succeeded_", "payment_intent.succeeded"]
)
def test_events_that_we_do_not_ask_for_are_refused(waiting: Charge, stripe: StandIn, kind: str) -> None:
    stripe.payer_confirms()
    refused(waiting, stripe.message(kind))


FOREIGN: dict[str, Callable[[Charge], dict[str, Any]]] = {
    "no marks": lambda charge: {"metadata": {}},
    "another's marks": lambda charge: {"metadata": {"website": "example.com", "intent": "17"}},
    "no website": lambda charge: {"metadata": {"intent": str(charge.intent)}},
    "a website that is not": lambda charge: marks(charge, website="987654321"),
    "a website that cannot be": lambda charge: marks(charge, website="9" * 30),
    "the platform": lambda charge: marks(charge, website="0"),
    "below": lambda charge: marks(charge, website="-1"),
    "no intent": lambda charge: marks(charge, intent=""),
    "an intent that is not": lambda charge: marks(charge, intent="00000000-0000-4000-8000-000000000000"),
    "another payment with our marks": lambda charge: {"id": "pi_of_another"},
    "less received": lambda charge: {"amount_received": 2499},
    "more received": lambda charge: {"amount_received": 2501},
    "another currency": lambda charge: {"currency": "eur"},
}


def marks(charge: Charge, **values: str) -> dict[str, Any]:
    return {"metadata": {"website": str(charge.website_id), "intent": str(charge.intent), **values}}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_payment_that_is_not_ours_is_refused(waiting: Charge, stripe: StandIn, name: str) -> None:
    stripe.payer_confirms()
    refused(waiting, stripe.message("succeeded", **FOREIGN[name](waiting)))
    deliver(stripe.message("succeeded"))
    assert standing(waiting)[0] == "captured"


def test_a_message_reaches_no_other_website(waiting: Charge, stripe: StandIn) -> None:
    other = tenancy.website("borealis")
    accounts.membership(other)
    stripe.payer_confirms()
    refused(waiting, stripe.message("succeeded", **marks(waiting, website=str(other.pk))))


def test_a_charge_of_another_provider_is_not_reached(payer: Membership, stripe: StandIn, settings: Settings) -> None:
    settings.PAYMENT_PROVIDER = "sandbox"
    row = as_(payer).post(TOP_UP, {"amount": "25.00", "payment_token": "tok_late"}, 202, idempotency_key="k1")
    charge = fresh(payer, row["id"])
    stripe.intent(2500, "usd", marks(charge)["metadata"])
    stripe.payer_confirms()
    refused(charge, stripe.message("succeeded"))


def test_without_its_keys_there_is_no_stripe(waiting: Charge, stripe: StandIn, settings: Settings) -> None:
    stripe.payer_confirms()
    settings.PAYMENT_GATEWAYS = {"sandbox": settings.PAYMENT_GATEWAYS["sandbox"]}
    before = standing(waiting)
    deliver(stripe.message("succeeded"), 404)
    assert standing(waiting) == before


def test_junk_is_refused(waiting: Charge, stripe: StandIn) -> None:
    before = standing(waiting)
    for body in (b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": "\xff"}'):
        deliver(({"Stripe-Signature": "t=1,v1=00"}, body), 400)
    for body in (b"", b"{", b'{"id": "\xff"}'):
        deliver((stripe.signed(body), body), 400)
    assert standing(waiting) == before


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_before_our_own_second_commit(payer: Membership, stripe: StandIn) -> None:
    """Stripe tells of the payment while we still wait for the answer: captured once, and the answer says so."""
    codes: list[int] = []

    def tell() -> None:
        headers, body = stripe.message("succeeded")
        codes.append(Client().post(URL, body, content_type="application/json", headers=headers).status_code)
        connection.close()

    stripe.before_answer = tell
    row = as_(payer).post(TOP_UP, {"amount": "25.00", "payment_token": VISA}, 200, idempotency_key="k1")
    assert (codes, row["status"]) == ([204], "captured")
    run_jobs()
    charge = fresh(payer, row["id"])
    status, _, _, transfers, *_ = standing(charge)
    assert (status, transfers) == ("captured", 1)
    with website_scope(payer.website_id):
        assert Event.objects.of(payer.website).filter(verb="charge.capture").count() == 1
    assert as_(payer).get("/api/v1/wallet/")["balance"] == "25.00"
