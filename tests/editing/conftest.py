"""One website in scope with a client, a writer, two editors and staff; the clock stands still."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from tests.factories import accounts, writers
from tests.standstill import NOON, client, frozen, noon, support, website

__all__ = ["NOON", "client", "frozen", "noon", "support", "website"]


@pytest.fixture
def writer(website: Website) -> Membership:
    return writers.writer(website, level="expert").member


@pytest.fixture
def editor(website: Website) -> Membership:
    return accounts.membership(website, "editor")


@pytest.fixture
def editor2(website: Website) -> Membership:
    return accounts.membership(website, "editor")
