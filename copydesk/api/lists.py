"""Pages, streams and queues: how rows become a list."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rest_framework.pagination import BasePagination
from rest_framework.request import Request

from copydesk.core.errors import Invalid
from copydesk.tenancy.counts import Tab, counted_page, counted_tab

COUNTED_TO = 10_000
Build = Callable[[Sequence[Any]], Sequence[Any]]
LINK = {"type": ["string", "null"], "format": "uri"}
PAGE_SIZE = {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}


class Pages(BasePagination):
    """`?page=&page_size=`; the count is exact to 10,000. Described here for the schema, done by `page()`."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        page = {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}
        return [parameter("page", page), parameter("page_size", PAGE_SIZE)]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        capped = {"type": "boolean", "description": "Present and true: there are more than `count`."}
        return _envelope(schema, count={"type": "integer"}, optional={"count_capped": capped})


class Cursor(BasePagination):
    """`?cursor=&page_size=`, newest first: for streams that only grow. Done by `stream()`."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [parameter("cursor", {"type": "string"}), parameter("page_size", PAGE_SIZE)]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return _envelope(schema, optional={})


def page(
    request: Request, rows: Any, build: Build, tabs: Mapping[str, Tab] | None = None, total: Any = None
) -> dict[str, Any]:
    """One page of ordered `rows`; of a queue of those of `?tab=` (the first where none is named), with what each tab
    has. `total`, of a queue by tab, where they are counted already."""
    number, size = _whole(request, "page", 1, 1_000_000), _whole(request, "page_size", 25, 100)
    start, most, found, beside = (number - 1) * size, COUNTED_TO + 1, None, {}
    if tabs is not None:
        asked = request.query_params.get("tab", next(iter(tabs)))
        if asked not in tabs:
            raise Invalid({"tab": f"Not one of: {', '.join(tabs)}."})
        if total is None:
            total, found = counted_tab(rows, tabs, asked, start, size, most)
        beside["counts"] = {name: min(n, COUNTED_TO) for name, n in total.items()}
        rows, total = tabs[asked](rows), total[asked]
    elif total is None:
        found, total = counted_page(rows, start, size, most)
    if found is None:
        found = list(rows[start : start + size]) if start < total or total > COUNTED_TO else []
    more = start + size < total if total <= COUNTED_TO else len(found) == size
    return {
        "count": min(total, COUNTED_TO),
        **({"count_capped": True} if total > COUNTED_TO else {}),
        "next": _link(request, page=number + 1) if more else None,
        "previous": _link(request, page=number - 1) if number > 1 else None,
        "results": build(found),
        **beside,
    }


def stream(request: Request, rows: Any, build: Build) -> dict[str, Any]:
    """One page of a stream, newest first, by primary key. One query beside those of `build`."""
    size = _whole(request, "page_size", 25, 100)
    newer_than, edge = _cursor(request)
    if edge is not None:
        rows = rows.filter(pk__gt=edge) if newer_than else rows.filter(pk__lt=edge)
    found = list(rows.order_by("pk" if newer_than else "-pk")[: size + 1])
    more, found = len(found) > size, found[:size]
    if newer_than:
        found.reverse()
    has_older = more or newer_than
    has_newer = more if newer_than else edge is not None
    return {
        "next": _link(request, cursor=_encode("older", found[-1].pk)) if found and has_older else None,
        "previous": _link(request, cursor=_encode("newer", found[0].pk)) if found and has_newer else None,
        "results": build(found),
    }


def ordered(request: Request, rows: Any, sorts: Mapping[str, str]) -> Any:
    """By `?ordering`, words of `sorts` joined by commas, `-` before a word for descending; last by primary key.

    Where nothing is asked: as the rows are ordered already, else by the first word."""
    asked = request.query_params.get("ordering")
    if not sorts or (asked is None and rows.query.order_by):
        return rows.order_by(*rows.query.order_by, "-pk")
    columns = []
    for word in (next(iter(sorts)) if asked is None else asked).split(","):
        column = sorts.get(word.removeprefix("-"))
        if column is None:
            raise Invalid({"ordering": f"Not one of: {', '.join(sorts)}."}, "unknown_ordering")
        columns.append(f"-{column}" if word.startswith("-") else column)
    return rows.order_by(*columns, "-pk" if columns[-1].startswith("-") else "pk")


def parameter(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _envelope(rows: dict[str, Any], optional: dict[str, Any], **first: dict[str, Any]) -> dict[str, Any]:
    properties = {**first, "next": LINK, "previous": LINK, "results": rows}
    return {"type": "object", "required": list(properties), "properties": {**properties, **optional}}


def _whole(request: Request, name: str, default: int, most: int) -> int:
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) <= 12 and 1 <= int(given) <= most):
        raise Invalid({name: f"A whole number from 1 to {most}."})
    return int(given)


def _cursor(request: Request) -> tuple[bool, int | None]:
    given = request.query_params.get("cursor")
    if given is None:
        return False, None
    try:
        kind, _, edge = base64.urlsafe_b64decode(given.encode()).decode().partition(":")
    except (binascii.Error, ValueError):
        kind = edge = ""
    if kind not in ("older", "newer") or not (edge.isascii() and edge.isdigit() and len(edge) < 19):
        raise Invalid({"cursor": "Not a cursor of this list."})
    return kind == "newer", int(edge)


def _encode(kind: str, edge: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{edge}".encode()).decode()


def _link(request: Request, **changed: Any) -> str:
    params = request.query_params.copy()
    for name, value in changed.items():
        params[name] = str(value)
    return request.build_absolute_uri(f"{request.path}?{params.urlencode()}")
