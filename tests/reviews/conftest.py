"""One website in scope with a client, a writer and an admin; the clock stands still."""

from tests.standstill import client, frozen, noon, website
from tests.tickets.conftest import admin, writer

__all__ = ["admin", "client", "frozen", "noon", "website", "writer"]
