"""A process that is killed between the two commits of a payment: `python -m tests.payments.dying TOKEN SLUG KEY`."""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from copydesk.payments.gateway import Outcome  # noqa: E402
from copydesk.payments.gateway.sandbox import SandboxGateway  # noqa: E402


class DyingGateway(SandboxGateway):
    """The provider has taken the money down; nobody here hears of it."""

    def charge(self, *values: Any, **named: Any) -> Outcome:
        super().charge(*values, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


if __name__ == "__main__":
    token, slug, key = sys.argv[1:]
    settings.PAYMENT_GATEWAYS = {"sandbox": "tests.payments.dying.DyingGateway"}
    Client().post(
        "/api/v1/wallet/top-up/",
        {"amount": "25.00", "payment_token": "tok_ok"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "X-Website": slug, "Idempotency-Key": key},
    )
    sys.exit("still alive")
