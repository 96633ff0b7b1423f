"""One website in scope with a client, a writer and staff; the clock stands still."""

from tests.api.admin.conftest import admin, client, frozen, noon, queries, support, website, writer

__all__ = ["admin", "client", "frozen", "noon", "queries", "support", "website", "writer"]
