"""Two websites never see each other: held twice, and each wall shown to hold alone.

The first world is asked, the second one's rows are added, the first is asked again: byte for byte the same. Foreign ids
answer as ids that never existed. Then the same with one wall only, and with a hole in that wall, which must be found.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
import time_machine
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from copydesk.orders.models import Order
from copydesk.orders.models.order import OrderQuerySet
from copydesk.tenancy.models import TenantQuerySet, Website
from tests import database
from tests.api.client import Caller
from tests.api.routes import Route, routes
from tests.api.test_permissions import MULTIPART, undone
from tests.api.world import API, ROLES, UNKNOWN, World, build, pair

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(minutes=5)
"""The moment of all the asking."""

ASKING = tuple(role for role in ROLES if role != "stranger")
# A superadmin is of all websites, a ticket is a secret of its own, and an own account names all its memberships.
APART = {"GET events/stream/", "GET writer-management/dashboard/order-requests/stream/", "GET auth/me/"}
BYPASSING = "app_bypassing"


@dataclass(frozen=True)
class Answers:
    before: dict[tuple[str, str], bytes]
    after: dict[tuple[str, str], bytes]
    foreign: dict[tuple[str, str], bytes]
    unknown: dict[tuple[str, str], bytes]

    @property
    def changed(self) -> list[tuple[str, str]]:
        """What the second website's rows have changed for the first."""
        return [key for key in self.before if self.before[key] != self.after[key]]

    @property
    def told_apart(self) -> list[tuple[str, str]]:
        """Where an id of the second website answers otherwise than one that never was."""
        return [key for key in self.foreign if self.foreign[key] != self.unknown[key]]


def ask_everything(about: str = "") -> Answers:
    """Of the routes whose path begins with `about`. In one transaction, undone at the end."""
    with undone(), time_machine.travel(NOON):
        atlas, boss, stranger = pair()
        callers = {role: atlas.caller(role) for role in ASKING}
        with time_machine.travel(LATER, tick=False):
            before = ask(callers, atlas, about)
        borealis = build("borealis", boss, stranger)
        with time_machine.travel(LATER, tick=False):
            return Answers(before, ask(callers, atlas, about), *ask_for(callers, borealis, about))


def asked(about: str) -> list[Route]:
    return [route for route in routes() if route.path.startswith(f"{API}{about}") and str(route) not in APART]


def ask(callers: dict[str, Caller], world: World, about: str) -> dict[tuple[str, str], bytes]:
    return {
        (str(route), role): answer(callers[role], "GET", world.fill(route.path))
        for route in asked(about)
        if route.method == "GET"
        for role in ASKING
    }


def ask_for(
    callers: dict[str, Caller], foreign: World, about: str
) -> tuple[dict[tuple[str, str], bytes], dict[tuple[str, str], bytes]]:
    """Every route with an id, reading or writing: with ids of `foreign`, and with ids that never were."""
    nowhere = World(foreign.website, {}, foreign.boss, foreign.stranger)
    nowhere.ids = {
        begin: tuple(UNKNOWN if isinstance(one, int) else one for one in ids) for begin, ids in foreign.ids.items()
    }
    told = []
    for world in (foreign, nowhere):
        answers = {}
        for route in asked(about):
            if "{id}" in route.path:
                multipart = route.path.removeprefix("/api/v1/") in MULTIPART
                for role in ASKING:
                    with undone():
                        body = answer(callers[role], route.method, world.fill(route.path), multipart=multipart)
                    answers[str(route), role] = re.sub(rb"\b\d+\b", b"#", body)
        told.append(answers)
    return told[0], told[1]


def answer(caller: Caller, method: str, path: str, *, multipart: bool = False) -> bytes:
    """Status, headers and body, without the request's id."""
    client = Client(headers={**caller._headers, "Idempotency-Key": "k"}, raise_request_exception=False)
    if multipart and method == "POST":
        response: Any = client.post(path, {"kind": "source"})
    elif method == "GET":
        response = client.get(path)
    else:
        response = client.generic(method, path, "{}", content_type="application/json")
    assert response.status_code < 500, f"{method} {path} {response.status_code}"
    body = b"".join(response.streaming_content) if response.streaming else response.content
    if response["Content-Type"].startswith("application/problem+json"):
        body = json.dumps({**json.loads(body), "request_id": ""}).encode()
    if response["Content-Type"] == "application/pdf":
        body = re.sub(rb"/ID\s*\[.*?\]", b"", body, flags=re.S)
    headers = {name: value for name, value in response.items() if name != "X-Request-Id"}
    return f"{response.status_code} {sorted(headers.items())} ".encode() + body


# The walls


@contextmanager
def as_superuser() -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.url_as("postgres"), autocommit=True) as superuser:
        yield superuser


@contextmanager
def without_policies() -> Iterator[None]:
    """The application's connection under a role that bypasses every policy; it exists in the tests' cluster only."""
    with as_superuser() as superuser:
        superuser.execute(
            f"DO $$ BEGIN CREATE ROLE {BYPASSING} LOGIN NOSUPERUSER BYPASSRLS INHERIT IN ROLE app;"
            " EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    settings = connection.settings_dict
    usual = settings["USER"]
    connection.close()
    settings["USER"] = BYPASSING
    try:
        yield
    finally:
        connection.close()
        settings["USER"] = usual


@contextmanager
def without_filters(rows: type[Any] = TenantQuerySet) -> Iterator[None]:
    """`.of()` filters nothing, for all models or for those of one query set."""

    def of(self: Any, website: Website | int) -> Any:
        unscoped = self.all()
        unscoped._hints = {**unscoped._hints, "website_id": website if isinstance(website, int) else website.pk}
        return unscoped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows, "of", of)
        yield


@contextmanager
def without_policy(table: str) -> Iterator[None]:
    with as_superuser() as superuser:
        superuser.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
        try:
            yield
        finally:
            superuser.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


@pytest.fixture
def walls(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[ExitStack]:
    """Enter what is to be taken away; all of it is put back. No transaction is open yet."""
    assert os.environ[database.CLUSTER]
    with django_db_blocker.unblock(), ExitStack() as stack:
        yield stack


def test_with_both_walls(walls: ExitStack) -> None:
    answers = ask_everything()
    assert not answers.changed
    assert not answers.told_apart
    assert len(answers.before) > 100
    assert sum(body.startswith(b"200") for body in answers.before.values()) > 70


def test_filters_alone(walls: ExitStack) -> None:
    walls.enter_context(without_policies())
    with undone(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user, (SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user)")
        assert cursor.fetchone() == (BYPASSING, True)
    answers = ask_everything()
    assert not answers.changed
    assert not answers.told_apart


def test_policies_alone(walls: ExitStack) -> None:
    walls.enter_context(without_filters())
    answers = ask_everything()
    assert not answers.changed
    assert not answers.told_apart


def test_a_filter_taken_away_is_noticed(walls: ExitStack) -> None:
    walls.enter_context(without_policies())
    walls.enter_context(without_filters(OrderQuerySet))
    answers = ask_everything("orders/")
    assert ("GET orders/", "admin") in answers.changed
    assert ("GET orders/{id}/", "admin") in answers.told_apart


def test_a_policy_taken_away_is_noticed(walls: ExitStack) -> None:
    walls.enter_context(without_filters())
    walls.enter_context(without_policy(Order._meta.db_table))
    answers = ask_everything("orders/")
    assert ("GET orders/", "admin") in answers.changed
    assert answers.told_apart
