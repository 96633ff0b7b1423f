"""The process is killed after the provider took the money and before we wrote so. Repeated with its key: one effect."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from pytest_django import Settings

from copydesk.payments import queries
from copydesk.payments.models import Charge, SandboxPayment, Transfer
from copydesk.payments.queries import Drift
from copydesk.payments.tasks import resume
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, tenancy
from tests.factories.accounts import access_token
from tests.jobs import run_jobs
from tests.template import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
BODY = {"amount": "25.00", "payment_token": "tok_ok"}
KEY = "killed"


@pytest.fixture
def client() -> accounts.Membership:
    member = accounts.membership(tenancy.website())
    arguments = [access_token(member.user), member.website.slug, KEY]
    killed = subprocess.run(
        [sys.executable, "-m", "tests.payments.dying", *arguments],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    return member


def found(client: accounts.Membership) -> tuple[list[str], int, int, str]:
    """Charges, transfers, what the provider has, and the wallet; the books are sound."""
    with website_scope(client.website.pk):
        assert queries.drift(client.website) == Drift(0, 0)
        return (
            list(Charge.objects.of(client.website).values_list("status", flat=True)),
            Transfer.objects.of(client.website).count(),
            SandboxPayment.objects.filter(metadata__website=client.website.pk).count(),
            str(queries.wallet(accounts.actor(client)).balance),
        )


def test_repeated_with_its_key(client: accounts.Membership, settings: Settings) -> None:
    assert found(client) == (["pending"], 0, 1, "0.00")
    assert as_(client).post("/api/v1/wallet/top-up/", BODY, 409, idempotency_key=KEY)["code"] == "request_in_flight"
    settings.IN_FLIGHT_SECONDS = 0
    charge = as_(client).post("/api/v1/wallet/top-up/", BODY, 200, idempotency_key=KEY)
    assert charge["status"] == "captured"
    assert found(client) == (["captured"], 1, 1, "25.00")
    assert as_(client).post("/api/v1/wallet/top-up/", BODY, 200, idempotency_key=KEY) == charge
    assert found(client) == (["captured"], 1, 1, "25.00")


def test_never_repeated_and_found_by_the_clock(client: accounts.Membership) -> None:
    with website_scope(client.website.pk):
        charge = Charge.objects.of(client.website).get()
        Charge.objects.of(client.website).update(next_lookup_at=charge.created_at)
        resume(client.website)
    assert "payments.look_up_charge" in run_jobs()
    assert found(client) == (["captured"], 1, 1, "25.00")
