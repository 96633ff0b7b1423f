"""One website in scope; the clock stands still."""

from tests.standstill import frozen, noon, website

__all__ = ["frozen", "noon", "website"]
