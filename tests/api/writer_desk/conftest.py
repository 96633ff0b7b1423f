"""A website with a client and a writer at work; the clock stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from tests.factories import accounts, tenancy
from tests.factories.writers import writer as new_writer
from tests.reports.conftest import NOON


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def atlas(db: None) -> Website:
    return tenancy.website()


@pytest.fixture
def client(atlas: Website) -> Membership:
    return accounts.membership(atlas)


@pytest.fixture
def writer(atlas: Website) -> Membership:
    return new_writer(atlas).member


@pytest.fixture
def queries() -> Callable[[Callable[[], Any]], int]:
    """How many a call takes, with the one for its caller."""

    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as seen:
            call()
        found = [query["sql"] for query in seen.captured_queries]
        return sum(not sql.startswith(("SAVEPOINT", "RELEASE")) and "set_config" not in sql for sql in found)

    return count
