"""The process is killed between the commits of a payment. Repeated with its key, or never: one capture, paid once."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from pytest_django import Settings

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.payments import queries
from copydesk.payments.models import Charge, SandboxPayment, Transfer
from copydesk.payments.queries import Drift
from copydesk.payments.tasks import resume
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, orders, tenancy
from tests.factories.accounts import access_token
from tests.jobs import run_jobs
from tests.template import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"method": "card", "payment_token": "tok_ok"}
KEY = "killed"
PLACES = pytest.mark.parametrize(("where", "left"), [("asked", "pending"), ("captured", "captured")])


def killed(where: str) -> tuple[Membership, Order]:
    client = accounts.membership(tenancy.website())
    order = orders.unpaid_order(client)
    arguments = [where, access_token(client.user), client.website.slug, str(order.pk), KEY]
    done = subprocess.run(
        [sys.executable, "-m", "tests.orders.dying", *arguments], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    return client, order


def found(order: Order) -> tuple[str, list[str], int, int, int]:
    """The order, its charges, the transfers, what the provider has, and how often it was paid; the books are sound."""
    with website_scope(order.website_id):
        assert queries.drift(order.website) == Drift(0, 0)
        return (
            Order.objects.of(order.website).get(pk=order.pk).status,
            list(Charge.objects.of(order.website).values_list("status", flat=True)),
            Transfer.objects.of(order.website).count(),
            SandboxPayment.objects.filter(metadata__website=order.website_id).count(),
            Event.objects.of(order.website).filter(verb="order.pay").count(),
        )


@PLACES
def test_repeated_with_its_key(where: str, left: str, settings: Settings) -> None:
    client, order = killed(where)
    path = f"/api/v1/orders/{order.pk}/pay/"
    assert found(order) == ("unpaid", [left], int(left == "captured"), 1, 0)
    assert as_(client).post(path, BODY, 409, idempotency_key=KEY)["code"] == "request_in_flight"
    settings.IN_FLIGHT_SECONDS = 0
    paid = as_(client).post(path, BODY, 200, idempotency_key=KEY)
    assert (paid["charge"]["status"], paid["order"]["order"]["status"]) == ("captured", "available")
    run_jobs()
    assert found(order) == ("available", ["captured"], 1, 1, 1)
    assert as_(client).post(path, BODY, 200, idempotency_key=KEY) == paid
    assert as_(client).post(path, BODY, 409, idempotency_key="another")["code"] == "wrong_state"
    assert found(order) == ("available", ["captured"], 1, 1, 1)


@PLACES
def test_never_repeated_and_found_by_the_clock(where: str, left: str) -> None:
    _, order = killed(where)
    with website_scope(order.website_id):
        charge = Charge.objects.of(order.website).get()
        if left == "pending":
            Charge.objects.of(order.website).update(next_lookup_at=charge.created_at)
        resume(order.website)
    run_jobs()
    assert found(order) == ("available", ["captured"], 1, 1, 1)
