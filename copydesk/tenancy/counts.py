"""How many rows there are, asked at once: of several query sets, or with a page of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.query import FlatValuesListIterable

from .sql import holds

TRUE = holds("true")


@dataclass(frozen=True, slots=True)
class Tab:
    """Those of the rows for which it holds; without a condition all of them. `apart`: of rows that grow with a website,
    to be counted by an index of its own; none of them is in a tab that is not."""

    condition: RawSQL | None = None
    apart: bool = False

    def __call__(self, rows: Any) -> Any:
        return rows if self.condition is None else rows.filter(self.condition)


def tab_counts(rows: QuerySet[Any], tabs: Mapping[str, Tab], most: int) -> dict[str, int]:
    """By name, how many of `rows` each has: those `apart` no further than to `most`; the others to the last, in one
    pass over the rows that are in none of those, which are few then on every website. One query."""
    return _counted(rows, tabs, most)[0]


def counted_tab(
    rows: QuerySet[Any], tabs: Mapping[str, Tab], asked: str, start: int, size: int, most: int
) -> tuple[dict[str, int], list[Any]]:
    """As tab_counts, and one page of the tab that is asked for: one query where `rows` are ids, or texts, each made by
    one column; two of models."""
    page = tabs[asked](rows)[start : start + size]
    if rows._iterable_class is FlatValuesListIterable:
        return _counted(rows, tabs, most, page)
    counts, _ = _counted(rows, tabs, most)
    return counts, list(page) if start < counts[asked] or counts[asked] == most else []


def _counted(
    rows: QuerySet[Any], tabs: Mapping[str, Tab], most: int, page: QuerySet[Any] | None = None
) -> tuple[dict[str, int], list[Any]]:
    try:
        # A condition is always there for the tabs' own to follow, and what it follows is in brackets.
        text, given = rows.filter(TRUE).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return dict.fromkeys(tabs, 0), []
    source, wanted, params = text.partition(" FROM ")[2], [], []
    rest, rest_params = source, list(given)
    for tab in tabs.values():
        condition = tab.condition or TRUE
        if tab.apart:
            only = f"SELECT FROM {source} AND ({condition.sql}) LIMIT {most}"
            wanted.append(f"(SELECT count(*) FROM ({only}) counted)")  # noqa: S608
            params += [*given, *condition.params]
            rest += f" AND NOT ({condition.sql})"
            rest_params += condition.params
        else:
            wanted.append(f"count(*) FILTER (WHERE {condition.sql})")
            params += condition.params
    if page is not None:
        shown, shown_params = page.query.sql_with_params()
        wanted.append(f"ARRAY(SELECT shown.it FROM ({shown}) shown(it))")  # noqa: S608 — a sort may need more columns
        params += shown_params
    text = f"SELECT {', '.join(wanted)}"
    if not all(tab.apart for tab in tabs.values()):
        text, params = f"{text} FROM {rest}", params + rest_params
    with connection.cursor() as cursor:
        cursor.execute(text, params)
        found = cursor.fetchone()
        return dict(zip(tabs, found, strict=False)), found[-1] if page is not None else []


def counted_page(rows: QuerySet[Any], start: int, size: int, most: int) -> tuple[list[Any], int]:
    """The models, or the ids, of one page of `rows`, and how many there are in all, no further than to `most`. One
    query; two beyond the last page."""
    try:
        text, params = rows.order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        return [], 0
    counted = f"SELECT count(*) FROM (SELECT FROM {text.partition(' FROM ')[2]} LIMIT {most}) counted"  # noqa: S608
    total = RawSQL(counted, params, IntegerField())  # noqa: S611 — our own text
    if rows._iterable_class is FlatValuesListIterable:
        found = list(rows.values_list("pk", total)[start : start + size])
        page, totals = [pk for pk, _ in found], [n for _, n in found]
    else:
        page = list(rows.annotate(counted=total)[start : start + size])
        totals = [row.counted for row in page]
    if totals or not start:
        return page, totals[0] if totals else 0
    return [], counted_page(rows, 0, 1, most)[1]
