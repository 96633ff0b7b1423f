"""The database as it is served, with a clock beside it: what no execute wrapper sees (BEGIN, COMMIT) is timed here."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from copydesk.accounts import resolve
from copydesk.tenancy.db.base import DatabaseWrapper as ServedWrapper


class DatabaseWrapper(ServedWrapper):
    """`queries`: statements of the present request, without BEGIN and COMMIT and without the one that resolves the
    token. `seconds`: spent waiting for the database, all of them counted."""

    queries = 0
    seconds = 0.0

    def noted(self, execute: Callable[..., Any], statement: Any, params: Any, many: Any, context: Any) -> Any:
        """An execute wrapper."""
        self.queries += statement != resolve.SQL
        with self._timed():
            return execute(statement, params, many, context)

    def _start_transaction_under_autocommit(self) -> None:
        with self._timed():
            super()._start_transaction_under_autocommit()

    def _commit(self) -> None:
        with self._timed():
            super()._commit()  # type: ignore[misc]

    def _rollback(self) -> None:
        with self._timed():
            super()._rollback()  # type: ignore[misc]

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - started
