"""The small world, loaded."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from copydesk.demo.world import load
from tests.database import url_as
from tests.demo.small import WORLD, Owner


@pytest.fixture
def owner() -> Iterator[Owner]:
    """As the owner of the tables, who sees all websites."""
    with psycopg.connect(url_as("app_owner"), autocommit=True) as connection:
        yield connection


@pytest.fixture
def loaded(owner: Owner) -> Owner:
    load(owner, WORLD)
    return owner
