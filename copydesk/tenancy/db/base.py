"""PostgreSQL, with the website's id sent in the same trip as BEGIN.

It leans on the hook that Django calls when `atomic` opens its outermost block; tests/tenancy/test_backend.py holds it.
"""

import datetime as dt
from typing import Any

import orjson
from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from psycopg.adapt import Loader

from copydesk.tenancy.scope import current_website_id, wide

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
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        connection.prepared_max = PREPARED
        connection.adapters.register_loader("timestamptz", UtcLoader)
        connection.adapters.register_loader("json", FastJsonLoader)
        return connection

    def _start_transaction_under_autocommit(self) -> None:
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
