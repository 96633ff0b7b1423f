"""Whatever is sent, no answer is a 500, undeclared, or of another shape than the OpenAPI schema says.

Each operation is asked as those whom the permission matrix admits, and as nobody: with the limits that the schema
names, met and missed, and with as many random cases as `--fuzz-examples` says. See docs/how-to/fuzz.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.core.signals import got_request_exception, request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.schemas import APIOperation

from copydesk.tenancy.scope import website_scope
from tests.api.fuzz import (
    Aim,
    Pick,
    aim,
    boundaries,
    label,
    open_to_all,
    operations,
    plain,
    reading,
    route,
    strategy,
    turn,
)
from tests.api.test_permissions import TABLE, undone
from tests.api.world import ROLES
from tests.jobs import run_jobs

NOON = "2026-03-02T12:00:00Z"
BOUNDARIES = 5
"""Times as many as random cases, where an operation has so many."""


class Desk:
    """Asks over WSGI; each request is undone, having shown all that its commit would."""

    def __init__(self, aim: Aim) -> None:
        self.aim = aim
        self.app = get_wsgi_application()
        self.failed: list[BaseException] = []

    def failing(self, **_: Any) -> None:
        if error := sys.exception():
            self.failed.append(error)

    def ask(self, case: Case, role: str, pick: Pick) -> Response:
        self.aim.take(case, pick)
        headers = self.aim.headers(case, self.aim.callers[role], pick)
        self.failed.clear()
        with undone():
            response = case.call(headers=headers, app=self.app)
            if self.failed:
                raise self.failed[0]
            assert not connection.needs_rollback, "the request left its transaction broken"
            if case.method != "GET" and response.status_code < 400:
                self._commit()
        case.validate_response(response, headers=headers)
        return response

    def _commit(self) -> None:
        """What the database checks at a commit, and what the workers then do."""
        with website_scope(self.aim.world.website.pk), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        run_jobs()


@pytest.fixture(scope="module")
def desk(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    signals = (request_started, request_finished)
    with django_db_blocker.unblock(), undone(), time_machine.travel(NOON, tick=False):
        made = Desk(aim())
        got_request_exception.connect(made.failing)
        for signal in signals:  # what Django's own test client does, too
            signal.disconnect(close_old_connections)
        yield made
        for signal in signals:
            signal.connect(close_old_connections)
        got_request_exception.disconnect(made.failing)


@pytest.fixture
def examples(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--fuzz-examples"))


def test_every_route_is_asked() -> None:
    assert {route(operation) for operation in operations()} == set(TABLE)


@pytest.mark.parametrize("operation", reading(), ids=label)
def test_what_is_read(operation: APIOperation, desk: Desk) -> None:
    """Everyone who is admitted gets what the schema says, and nobody may send a parameter that it does not name."""
    roles = admitted(operation, desk)

    def ask(number: int, **query: str) -> int:
        pick = turn(number)
        return desk.ask(plain(operation, query), pick(roles), pick).status_code

    there = [number for number in range(2 * len(roles)) if ask(number) in (200, 307)]
    assert there
    assert ask(there[0], unknown="1") == 400


@pytest.mark.parametrize("operation", operations(), ids=label)
def test_as_the_admitted(operation: APIOperation, desk: Desk, examples: int) -> None:
    roles = admitted(operation, desk)

    def ask(case: Case, number: int) -> None:
        pick = turn(number)
        desk.ask(case, pick(roles), pick)

    limits = boundaries(operation)
    apart = max(1, len(limits) // (BOUNDARIES * examples))
    for number, case in enumerate(limits[::apart]):
        ask(case, number)
    the_same_each_time(examples, given(case=strategy(operation), number=st.integers(0, 10_000))(ask))


@pytest.mark.parametrize("operation", [one for one in operations() if not open_to_all(one)], ids=label)
def test_as_nobody(operation: APIOperation, desk: Desk, examples: int) -> None:
    @given(case=strategy(operation))
    def ask(case: Case) -> None:
        assert desk.ask(case, "anonymous", turn(0)).status_code in (401, 404)

    the_same_each_time(examples, ask)


def admitted(operation: APIOperation, desk: Desk) -> list[str]:
    cells = dict(zip(ROLES, TABLE[route(operation)], strict=True))
    return [role for role in desk.aim.callers if cells[role] == "+"]


def the_same_each_time(examples: int, fuzz: Callable[[], None]) -> None:
    settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )(fuzz)()
