"""One website in scope with a client, two writers, an admin and support; the clock stands still."""

from tests.orders.conftest import admin, writer, writer2
from tests.standstill import client, frozen, noon, support, website

__all__ = ["admin", "client", "frozen", "noon", "support", "website", "writer", "writer2"]
