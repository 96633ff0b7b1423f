"""The process is killed while Stripe answers: Stripe has the money, nobody here knows. Repeated or not: one effect.

The process is switched to Stripe by environment variables alone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from copydesk.accounts.models import Membership
from copydesk.payments import queries
from copydesk.payments.models import Charge, Transfer
from copydesk.payments.queries import Drift
from copydesk.payments.tasks import resume
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, tenancy
from tests.factories.accounts import access_token
from tests.jobs import run_jobs
from tests.payments.stripe_stand_in import BANK_ASKS, SECRET_KEY, VISA, WEBHOOK_SECRET, StandIn
from tests.template import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
TOP_UP = "/api/v1/wallet/top-up/"
KEY = "killed"


def killed(stripe: StandIn, card: str) -> Membership:
    """Stripe has done what it was asked; its answer met nobody."""
    client = accounts.membership(tenancy.website())
    paying = subprocess.Popen(
        [sys.executable, "-m", "tests.payments.paying", access_token(client.user), client.website.slug, KEY, card],
        cwd=ROOT,
        env={
            **os.environ,
            "COPYDESK_PAYMENT_PROVIDER": "stripe",
            "COPYDESK_STRIPE_SECRET_KEY": SECRET_KEY,
            "COPYDESK_STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "COPYDESK_STRIPE_API_BASE": stripe.url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    def kill() -> None:
        stripe.before_answer = None
        paying.kill()
        paying.wait()

    stripe.before_answer = kill
    said, _ = paying.communicate()
    assert paying.returncode == -signal.SIGKILL, said
    return client


def found(client: Membership, stripe: StandIn) -> tuple[list[str], int, int, str]:
    """Charges, transfers, what Stripe has, and the wallet; the books are sound."""
    with website_scope(client.website_id):
        assert queries.drift(client.website) == Drift(0, 0)
        return (
            list(Charge.objects.of(client.website).values_list("status", flat=True)),
            Transfer.objects.of(client.website).count(),
            len(stripe.intents),
            str(queries.wallet(accounts.actor(client)).balance),
        )


def repeat(client: Membership, card: str, status: int) -> Any:
    return as_(client).post(TOP_UP, {"amount": "25.00", "payment_token": card}, status, idempotency_key=KEY)


def deliver(message: tuple[dict[str, str], bytes]) -> None:
    headers, body = message
    url = "/api/v1/payments/webhooks/stripe/"
    assert Client().post(url, body, content_type="application/json", headers=headers).status_code == 204


def test_repeated_with_its_key(stripe: StandIn, settings: Settings) -> None:
    client = killed(stripe, VISA)
    assert found(client, stripe) == (["pending"], 0, 1, "0.00")
    assert repeat(client, VISA, 409)["code"] == "request_in_flight"
    settings.IN_FLIGHT_SECONDS = 0
    charge = repeat(client, VISA, 200)
    assert charge["status"] == "captured"
    assert repeat(client, VISA, 200) == charge
    assert found(client, stripe) == (["captured"], 1, 1, "25.00")
    deliver(stripe.message("succeeded"))
    assert found(client, stripe) == (["captured"], 1, 1, "25.00")
    assert len({call.key for call in stripe.calls("POST")}) == 1


def test_told_by_stripe_and_then_repeated(stripe: StandIn, settings: Settings) -> None:
    client = killed(stripe, VISA)
    deliver(stripe.message("succeeded"))
    assert found(client, stripe) == (["captured"], 1, 1, "25.00")
    settings.IN_FLIGHT_SECONDS = 0
    assert repeat(client, VISA, 200)["status"] == "captured"
    assert found(client, stripe) == (["captured"], 1, 1, "25.00")
    assert len(stripe.calls("POST")) == 1


def test_never_repeated_and_found_by_the_clock(stripe: StandIn) -> None:
    client = killed(stripe, VISA)
    with website_scope(client.website_id):
        charge = Charge.objects.of(client.website).get()
        Charge.objects.of(client.website).update(next_lookup_at=charge.created_at)
        resume(client.website)
    run_jobs()
    assert found(client, stripe) == (["captured"], 1, 1, "25.00")


def test_the_bank_asks_and_the_repeated_request_hears_of_it(stripe: StandIn, settings: Settings) -> None:
    client = killed(stripe, BANK_ASKS)
    settings.IN_FLIGHT_SECONDS = 0
    action = repeat(client, BANK_ASKS, 202)["action"]
    assert action["client_secret"] == stripe.only_intent()["client_secret"]
    stripe.payer_confirms()
    deliver(stripe.message("succeeded"))
    assert found(client, stripe) == (["captured"], 1, 1, "25.00")
