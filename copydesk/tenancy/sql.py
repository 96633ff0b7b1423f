"""SQL text put together from constants, where an expression would cost more to put together than to run."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Field
from django.db.models.expressions import RawSQL

NAMED = re.compile(r"%\((\w+)\)s")


def words(known: Collection[str]) -> str:
    """For `IN (…)`: codes of ours, of which none has a quote in it."""
    return ", ".join(f"'{word}'" for word in sorted(known))


def moment(text: str | None) -> Any:
    """A time in JSON; `Any`, because the statement says whether there is one."""
    return None if text is None else dt.datetime.fromisoformat(text)


def select(text: str, **values: Any) -> list[Sequence[Any]]:
    """One query, by one plan that is kept for all websites, also where the request's others are planned each time
    (decision 0011): for what is found by an index on any website, by keys or in a period. Its joins are made in the
    order in which they are written. JSON comes as Python's."""
    with connection.one_plan() as cursor:  # type: ignore[attr-defined]
        cursor.execute(text, values)
        found: list[Sequence[Any]] = cursor.fetchall()
        return found


def expression(text: str, kind: Field[Any, Any], /, **values: Any) -> RawSQL:
    """Columns that are named without their table are the query set's own, whatever it is called in the statement."""
    return RawSQL(NAMED.sub("%s", text), [values[name] for name in NAMED.findall(text)], kind)  # noqa: S611 — constants


def holds(condition: str, /, **values: Any) -> RawSQL:
    """For `filter()`."""
    return expression(condition, BooleanField(), **values)
