"""A website with a client, a writer and a desk; the clock stands still."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from tests.api.desk import atlas, client, clock, writer
from tests.api.writer_desk.conftest import queries
from tests.factories import accounts, tenancy

__all__ = ["atlas", "client", "clock", "queries", "writer"]


@pytest.fixture
def support(atlas: Website) -> Membership:
    return accounts.membership(atlas, "support")


@pytest.fixture
def support2(atlas: Website) -> Membership:
    return accounts.membership(atlas, "support")


@pytest.fixture
def admin(atlas: Website) -> Membership:
    return accounts.membership(atlas, "admin")


@pytest.fixture
def admin2(atlas: Website) -> Membership:
    return accounts.membership(atlas, "admin")


@pytest.fixture
def elsewhere(atlas: Website) -> Membership:
    """An agent of another website."""
    return accounts.membership(tenancy.website("borealis"), "support")
