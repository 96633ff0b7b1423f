"""Fixtures that packages of tests take into their conftest: a website in scope, its people, and the clock stopped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, tenancy

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def noon() -> dt.datetime:
    """Where the clock stands."""
    return NOON


@pytest.fixture
def frozen(noon: dt.datetime) -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(noon, tick=False) as traveller:
        yield traveller


@pytest.fixture
def website(db: None, frozen: time_machine.Coordinates) -> Iterator[Website]:
    row = tenancy.website()
    with website_scope(row.pk):
        yield row


@pytest.fixture
def client(website: Website) -> Membership:
    return accounts.membership(website)


@pytest.fixture
def support(website: Website) -> Membership:
    return accounts.membership(website, "support")
