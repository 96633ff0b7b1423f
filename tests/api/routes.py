"""Every route of the URLconf that is ours: (method, path) as CONTRACT writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

LIBRARY = "/api/v1/auth/app/"
WATCHED_APART = ("/healthz/", "/api/v1/schema/", "/api/v1/docs/", "/api/v1/auth/openapi.")
"""Answer without an account and say nothing of any website: tests/api/test_openapi.py."""


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    """With `{id}` for each parameter."""

    callback: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix('/api/v1/')}"

    @property
    def view_class(self) -> Any:
        return self.callback.cls

    def view(self) -> Any:
        """The view as it stands before a request of this route."""
        view = self.callback.cls(**self.callback.initkwargs)
        view.action_map = self.callback.actions
        return view


@cache
def routes() -> tuple[Route, ...]:
    found: dict[str, Route] = {}
    for path, callback in _views(get_resolver().url_patterns, "/"):
        for method in _methods(callback):
            route = Route(method.upper(), path, callback)
            if not path.startswith((LIBRARY, *WATCHED_APART)):
                found.setdefault(str(route), route)  # the first that matches answers
    return tuple(found[name] for name in sorted(found))


def _views(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + re.sub(r"^\^|\$$|\\Z", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"\(\?P<\w+>.*?\)(?=/|$)|<[\w:]+>", "{id}", path), pattern.callback


def _methods(callback: Any) -> list[str]:
    actions = getattr(callback, "actions", None) or {"get": ""}
    return [method for method in actions if method != "head"]
