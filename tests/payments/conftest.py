"""One website in scope, and its people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, tenancy


@pytest.fixture
def website(db: None) -> Iterator[Website]:
    row = tenancy.website()
    with website_scope(row.pk):
        yield row


@pytest.fixture
def client(website: Website) -> Membership:
    return accounts.membership(website)


@pytest.fixture
def writer(website: Website) -> Membership:
    return accounts.membership(website, "writer")
