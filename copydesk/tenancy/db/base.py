"""PostgreSQL, with the website's id sent in the same trip as BEGIN.

It leans on the hook that Django calls when `atomic` opens its outermost block; tests/tenancy/test_backend.py holds it.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from psycopg.adapt import Loader
from psycopg.pq import TransactionStatus

from copydesk.tenancy.scope import current_website_id, wide

KEPT = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL join_collapse_limit = 1"
ANEW = "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL join_collapse_limit = 8"
PREPARED = 500
"""Statements that a connection keeps prepared. The API has more than psycopg's hundred: the last ones drove out those
that come again, which were then planned anew."""


class UtcLoader(Loader):
    """As Django's, three times as fast. The session is in UTC; `timezone` says so to Django."""

    timezone = dt.UTC

    def load(self, data: Any) -> dt.datetime:
        return dt.datetime.fromisoformat(str(data, "ascii"))


class FastJsonLoader(Loader):
    def load(self, data: Any) -> Any:
        return orjson.loads(data)


class DatabaseWrapper(PostgresWrapper):
    plans_kept = False
    """Set back by the next statement that is planned anew, not at once: often there is none."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepared_max = PREPARED
        connection.adapters.register_loader("timestamptz", UtcLoader)
        connection.adapters.register_loader("json", FastJsonLoader)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        if self.plans_kept:
            self.plans_kept = False
            if self.connection.info.transaction_status == TransactionStatus.INTRANS:
                self.connection.execute(ANEW, prepare=False)
        return super().create_cursor(name)

    @contextmanager
    def one_plan(self) -> Iterator[Any]:
        """A cursor whose statements keep one plan for all websites, also where the others are planned each time."""
        kept, self.plans_kept = self.plans_kept, False
        with self.cursor() as cursor:
            if wide():
                if not kept:
                    self.connection.execute(KEPT, prepare=False)
                yield cursor
                self.plans_kept = True
            else:
                yield cursor

    def _start_transaction_under_autocommit(self) -> None:
        self.plans_kept = False
        website_id = current_website_id()
        if website_id is None:
            self._set_autocommit(autocommit=False)  # type: ignore[attr-defined]
            return
        # Several statements in one trip take no parameters: the literal is an int, and nothing else.
        begin = f"BEGIN; SELECT set_config('app.website_id', '{int(website_id)}', true)"
        if wide():
            begin += ", set_config('plan_cache_mode', 'force_custom_plan', true)"
        with self.wrap_database_errors:
            self.connection.execute(begin, prepare=False)
