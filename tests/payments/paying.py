"""A process of its own that fills a wallet by card over HTTP: `python -m tests.payments.paying TOKEN SLUG KEY CARD`."""

import sys

import django

django.setup()

from django.test import Client  # noqa: E402

if __name__ == "__main__":
    token, slug, key, card = sys.argv[1:]
    Client().post(
        "/api/v1/wallet/top-up/",
        {"amount": "25.00", "payment_token": card},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "X-Website": slug, "Idempotency-Key": key},
    )
    sys.exit("still alive")
