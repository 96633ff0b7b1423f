"""The stream's process as it is started in production, over a real socket."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
import sys
import time

import pytest

from copydesk.config.stream import PATH
from tests.factories import accounts, tenancy


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.mark.django_db(transaction=True)
def test_it_serves_and_stops_at_once_although_streams_are_open() -> None:
    member = accounts.membership(tenancy.website())
    token = accounts.access_token(member.user)
    port = free_port()
    command = ["-m", "uvicorn", "copydesk.config.stream:application", "--port", str(port)]
    # psycopg waits up to five seconds for a statement that it has cancelled, and other tests take both cores meanwhile.
    command += ["--timeout-graceful-shutdown", "25"]
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert process.stdout is not None
        started = next(line for line in process.stdout if "Uvicorn running" in line)
        assert str(port) in started
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=40)
        client.request("GET", PATH, headers={"Authorization": f"Bearer {token}", "X-Website": "atlas"})
        answer = client.getresponse()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
        assert answer.readline().startswith(b"retry: ")
        told = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert b"data:" not in answer.read(), "ended in good order"
        out, _ = process.communicate(timeout=40)
        assert time.monotonic() - told < 25
        assert "Application shutdown complete" in out
    finally:
        process.kill()
        process.wait()
