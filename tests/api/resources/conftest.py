"""One website in scope at a time that stands still, with a client, a writer at work and support."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, tenancy, writers

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def website(db: None) -> Iterator[Website]:
    with time_machine.travel(NOON, tick=False):
        row = tenancy.website()
        with website_scope(row.pk):
            yield row


@pytest.fixture
def client(website: Website) -> Membership:
    return accounts.membership(website)


@pytest.fixture
def writer(website: Website) -> Membership:
    return writers.writer(website, pen_name="Quill").member


@pytest.fixture
def support(website: Website) -> Membership:
    return accounts.membership(website, "support")
