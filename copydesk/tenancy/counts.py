"""How many rows several query sets have, asked at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from .sql import holds

ALL = 2**31 - 1
TRUE = holds("true")


@dataclass(frozen=True, slots=True)
class Tab:
    """Those of the rows for which it holds; without a condition all of them. `apart`: of rows that grow with a website,
    to be counted by an index of its own."""

    condition: RawSQL | None = None
    apart: bool = False

    def __call__(self, rows: Any) -> Any:
        return rows if self.condition is None else rows.filter(self.condition)


def counts(sets: Mapping[str, QuerySet[Any]], most: int = ALL) -> dict[str, int]:
    """By name, none counted further than to `most`. One query."""
    texts: list[str] = []
    params: list[Any] = []
    for rows in sets.values():
        try:
            text, given = rows.order_by().values("pk")[:most].query.sql_with_params()
        except EmptyResultSet:
            text, given = "SELECT 1 WHERE false", ()
        texts.append(f"(SELECT count(*) FROM ({text}) counted)")  # noqa: S608 — as Django wrote it
        params += given
    return _counted(sets, f"SELECT {', '.join(texts)}", params)


def tab_counts(rows: QuerySet[Any], tabs: Mapping[str, Tab], most: int) -> dict[str, int]:
    """By name, how many of `rows` each has: those `apart` no further than to `most`; the others to the last, in one
    pass over the rows, which are few then on every website. One query."""
    try:
        # A condition is always there for the tabs' own to follow, and what it follows is in brackets.
        text, given = rows.filter(TRUE).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return dict.fromkeys(tabs, 0)
    source = text.partition(" FROM ")[2]
    wanted: list[str] = []
    params: list[Any] = []
    for tab in tabs.values():
        condition = tab.condition or TRUE
        if tab.apart:
            only = f"SELECT FROM {source} AND ({condition.sql}) LIMIT {most}"
            wanted.append(f"(SELECT count(*) FROM ({only}) counted)")  # noqa: S608
            params += given
        else:
            wanted.append(f"count(*) FILTER (WHERE {condition.sql})")
        params += condition.params
    if all(tab.apart for tab in tabs.values()):
        return _counted(tabs, f"SELECT {', '.join(wanted)}", params)
    return _counted(tabs, f"SELECT {', '.join(wanted)} FROM {source}", [*params, *given])  # noqa: S608


def _counted(names: Mapping[str, Any], text: str, params: list[Any]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        return dict(zip(names, cursor.fetchone(), strict=True))
