"""A website in scope with a client and a writer at work; the clock stands still."""

from __future__ import annotations

import datetime as dt

import pytest

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from tests.factories import writers
from tests.standstill import client, frozen, website

__all__ = ["NOON", "client", "frozen", "website"]

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def noon() -> dt.datetime:
    return NOON


@pytest.fixture
def writer(website: Website) -> Membership:
    return writers.writer(website).member
