"""What the benchmark's server has more than the real one: a header that tells what a request cost, and a floor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts import resolve
from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk

from .db.base import DatabaseWrapper

COST = "X-Bench"
FLOOR = "/api/v1/bench/floor/"
ONE_ROW = "SELECT number FROM accounts_membership WHERE website_id = %s AND id = %s"


class Meter:
    """The outermost middleware: `X-Bench: queries, seconds in all, seconds in the database`.

    Queries are all statements of a request but BEGIN, COMMIT and the one that resolves the token; the seconds are of
    all statements, those too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        database = cast(DatabaseWrapper, connections[DEFAULT_DB_ALIAS])
        database.seconds = 0.0
        queries = 0

        def noted(execute: Callable[..., Any], statement: Any, params: Any, many: Any, context: Any) -> Any:
            nonlocal queries
            queries += statement != resolve.SQL
            with database.timed():
                return execute(statement, params, many, context)

        started = time.perf_counter()
        with connection.execute_wrapper(noted):
            response = self.get_response(request)
        response[COST] = f"{queries} {time.perf_counter() - started:.6f} {database.seconds:.6f}"
        return response


class Floor(Desk):
    """The least that an endpoint can do: the caller is admitted, and one prepared statement reads one row."""

    needs = Can.USE_ACCOUNT

    def list(self, request: Request) -> Response:
        with connection.cursor() as cursor:
            cursor.execute(ONE_ROW, [self.actor.website.pk, self.actor.membership_id])
            row = cursor.fetchone()
        return Response({"number": row[0] if row else None})


floor = path(FLOOR.removeprefix("/"), Floor.as_view({"get": "list"}))
