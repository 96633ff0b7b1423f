"""The database as it is served, with a clock beside it: what no execute wrapper sees (BEGIN, COMMIT) is timed here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from copydesk.tenancy.db.base import DatabaseWrapper as ServedWrapper


class DatabaseWrapper(ServedWrapper):
    """`seconds`: spent waiting for the database in the present request."""

    seconds = 0.0

    def _start_transaction_under_autocommit(self) -> None:
        with self.timed():
            super()._start_transaction_under_autocommit()

    def _commit(self) -> None:
        with self.timed():
            super()._commit()  # type: ignore[misc]

    def _rollback(self) -> None:
        with self.timed():
            super()._rollback()  # type: ignore[misc]

    @contextmanager
    def timed(self) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - started
