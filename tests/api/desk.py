"""Fixtures of the desks' tests: a website with a client and a writer at work; the clock stands still."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

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
