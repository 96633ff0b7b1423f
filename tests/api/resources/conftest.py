"""One website in scope at a time that stands still, with a client, a writer at work and support."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from tests.api.writer_desk.conftest import queries
from tests.factories import writers
from tests.standstill import NOON, client, frozen, noon, support, website

__all__ = ["NOON", "client", "frozen", "noon", "queries", "support", "website"]


@pytest.fixture
def writer(website: Website) -> Membership:
    return writers.writer(website, pen_name="Quill").member
