"""What a serving process asks of its environment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from copydesk.config.environment import payment_gateways, trusted_proxies


@pytest.mark.parametrize("module", ["copydesk.config.wsgi", "copydesk.config.stream"])
@pytest.mark.parametrize("key", ["", "short"])
def test_nothing_is_served_with_a_key_that_others_could_know(module: str, key: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        env={**os.environ, "COPYDESK_SECRET_KEY": key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "COPYDESK_SECRET_KEY" in done.stderr


ASK = """
import io
import copydesk.config.wsgi as wsgi
environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/api/v1/nothing/", "SERVER_NAME": "x", "SERVER_PORT": "80",
    "wsgi.url_scheme": "http", "REMOTE_ADDR": "10.0.0.5", "HTTP_X_FORWARDED_FOR": "203.0.113.9",
    "HTTP_X_FORWARDED_PROTO": "https", "wsgi.input": io.BytesIO()}
def get_response(self, request):
    print(request.META["REMOTE_ADDR"], request.scheme)
    raise SystemExit(0)
from django.core.handlers.wsgi import WSGIHandler
WSGIHandler.get_response = get_response
wsgi.application(environ, lambda *a: None)
"""


@pytest.mark.parametrize(
    ("proxies", "expected"),
    [("", "10.0.0.5 http"), ("10.0.0.0/24", "203.0.113.9 https"), ("192.0.2.1, 10.0.0.5", "203.0.113.9 https"),
     ("192.0.2.1", "10.0.0.5 http")],
)  # fmt: skip
def test_only_trusted_proxies_are_believed(proxies: str, expected: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, "COPYDESK_TRUSTED_PROXIES": proxies},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == expected, done.stderr


def test_proxies_are_read() -> None:
    read = [trusted_proxies({"COPYDESK_TRUSTED_PROXIES": given}) for given in ("", "a, b")]
    assert read == [[], ["a", "b"]]


STRIPE = {"COPYDESK_STRIPE_SECRET_KEY": "sk_test_1", "COPYDESK_STRIPE_WEBHOOK_SECRET": "whsec_1"}
CHOSEN = "COPYDESK_PAYMENT_PROVIDER"


def test_stripe_is_there_once_it_has_both_its_secrets() -> None:
    assert set(payment_gateways({})) == {"sandbox"}
    assert set(payment_gateways({**STRIPE, CHOSEN: "stripe"})) == {"sandbox", "stripe"}
    assert set(payment_gateways({**STRIPE, CHOSEN: "sandbox"})) == {"sandbox", "stripe"}
    assert set(payment_gateways({**STRIPE, CHOSEN: ""})) == {"sandbox", "stripe"}
    for missing in STRIPE:
        assert set(payment_gateways({**STRIPE, missing: ""})) == {"sandbox"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({CHOSEN: "stripe"}, "COPYDESK_STRIPE_SECRET_KEY"),
        ({CHOSEN: "stripe", **STRIPE, "COPYDESK_STRIPE_WEBHOOK_SECRET": ""}, "_WEBHOOK_SECRET"),
        ({CHOSEN: "strpie", **STRIPE}, "sandbox, stripe"),
    ],
)
def test_nothing_starts_with_a_provider_that_cannot_charge(given: dict[str, str], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        payment_gateways(given)
