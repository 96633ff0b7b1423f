"""What a serving process asks of its environment."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from copydesk.config.environment import trusted_proxies


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
