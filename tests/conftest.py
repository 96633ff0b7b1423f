"""What every test stands on. The database's own making is in tests/database.py."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connections
from django.test import TransactionTestCase
from hypothesis import settings
from pytest_django import DjangoDbBlocker

from tests import database

# The same examples every time: what passes once passes again.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")

# Hashes of passwords are slow on purpose; tests need them right, not slow.
Argon2PasswordHasher.time_cost = 1
Argon2PasswordHasher.memory_cost = 8
Argon2PasswordHasher.parallelism = 1


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-examples", type=int, default=3, help="random cases an operation (docs/how-to/fuzz.md)")


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Instead of pytest-django's own: tests connect as the role `app`, which may neither create nor migrate."""
    database.create_database()
    pristine = database.Pristine.read()

    def undo_commits(_: TransactionTestCase) -> None:
        pristine.restore()

    # Django's own flushes with TRUNCATE, to which the role `app` has no right.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", undo_commits)
        yield
    with django_db_blocker.unblock():
        connections.close_all()
