"""A website with a client, a writer and an editor at work; the clock stands still."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from tests.api.desk import atlas, client, clock, writer
from tests.api.writer_desk.conftest import queries
from tests.factories import accounts

__all__ = ["atlas", "client", "clock", "queries", "writer"]


@pytest.fixture
def editor(atlas: Website) -> Membership:
    return accounts.membership(atlas, "editor")


@pytest.fixture
def editor2(atlas: Website) -> Membership:
    return accounts.membership(atlas, "editor")


@pytest.fixture
def support(atlas: Website) -> Membership:
    return accounts.membership(atlas, "support")
