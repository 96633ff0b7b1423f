"""One website in scope with a client, a writer and staff; the clock stands still."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from tests.factories import accounts, writers
from tests.standstill import NOON, client, frozen, noon, support, website

__all__ = ["NOON", "client", "frozen", "noon", "support", "website"]


@pytest.fixture
def writer(website: Website) -> Membership:
    return writers.writer(website, level="standard").member


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


@pytest.fixture
def support2(website: Website) -> Membership:
    return accounts.membership(website, "support")
