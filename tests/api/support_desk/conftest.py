"""A website with a client, a writer and a desk; the clock stands still."""

from __future__ import annotations

from tests.api.support.conftest import (
    admin,
    atlas,
    client,
    clock,
    elsewhere,
    queries,
    support,
    support2,
    writer,
)

__all__ = ["admin", "atlas", "client", "clock", "elsewhere", "queries", "support", "support2", "writer"]
