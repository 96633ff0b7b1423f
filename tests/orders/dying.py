"""A process that is killed in the middle of paying an order: `python -m tests.orders.dying WHERE TOKEN SLUG ORDER KEY`.

WHERE is `asked`: the provider has the money and nobody here knows; or `captured`: the books say so, the order does not.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.test import Client  # noqa: E402

from copydesk.orders.actions import payment  # noqa: E402


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    where, token, slug, order_id, key = sys.argv[1:]
    if where == "asked":
        settings.PAYMENT_GATEWAYS = {"sandbox": "tests.payments.dying.DyingGateway"}
    else:
        payment.apply_capture = die
    Client().post(
        f"/api/v1/orders/{order_id}/pay/",
        {"method": "card", "payment_token": "tok_ok"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "X-Website": slug, "Idempotency-Key": key},
    )
    sys.exit("still alive")
