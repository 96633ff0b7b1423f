"""The one clock: every rule about time asks it, and tests stop it."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
