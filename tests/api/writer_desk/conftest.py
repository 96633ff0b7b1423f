"""A website with a client and a writer at work; the clock stands still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.desk import atlas, client, clock, writer

__all__ = ["atlas", "client", "clock", "writer"]


@pytest.fixture
def queries() -> Callable[[Callable[[], Any]], int]:
    """How many a call takes, with the one for its caller."""

    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as seen:
            call()
        found = [query["sql"] for query in seen.captured_queries]
        return sum(not sql.startswith(("SAVEPOINT", "RELEASE")) and "set_config" not in sql for sql in found)

    return count
