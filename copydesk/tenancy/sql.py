"""SQL text put together from constants, where an expression would cost more to put together than to run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection


def words(known: Collection[str]) -> str:
    """For `IN (…)`: codes of ours, of which none has a quote in it."""
    return ", ".join(f"'{word}'" for word in sorted(known))


def select(text: str, **values: Any) -> list[Sequence[Any]]:
    """One query. JSON comes as Python's."""
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        found: list[Sequence[Any]] = cursor.fetchall()
        return found
