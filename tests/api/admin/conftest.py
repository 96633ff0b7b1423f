"""One website in scope with a client, a writer and staff; the clock stands still."""

from __future__ import annotations

from tests.api.writer_desk.conftest import queries
from tests.orders.conftest import writer2
from tests.standstill import client, frozen, noon, support, website
from tests.tickets.conftest import admin, support2, writer

__all__ = ["admin", "client", "frozen", "noon", "queries", "support", "support2", "website", "writer", "writer2"]
