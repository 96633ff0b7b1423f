"""What every endpoint stands on: the caller, the rows it may see, lists, versions, retried requests."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, TypeVar

from django.db import models, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.pagination import BasePagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.core.errors import Invalid, NotFound, Refusal, Stale
from copydesk.journal import idempotency
from copydesk.journal.models import Journaled

from .problems import Replay
from .shape import dumps

R = TypeVar("R", bound=Journaled)
COUNTED_TO = 10_000


class KeyRequired(Refusal):
    code = "idempotency_key_required"
    status = 400
    message = "A request that moves money needs an Idempotency-Key."


class Pages(BasePagination):
    """`?page=&page_size=`; the count is exact to 10,000."""

    names = ("page", "page_size")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            _parameter("page", {"type": "integer", "minimum": 1, "default": 1}),
            _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}),
        ]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        links = {"type": "string", "format": "uri", "nullable": True}
        properties = {
            "count": {"type": "integer"},
            "count_capped": {"type": "boolean", "description": "Present and true: there are more than `count`."},
            "next": links,
            "previous": links,
            "results": schema,
        }
        return {"type": "object", "required": ["count", "next", "previous", "results"], "properties": properties}


class Cursor(Pages):
    """`?cursor=&page_size=`, newest first: for streams that only grow."""

    names = ("cursor", "page_size")

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [_parameter("cursor", {"type": "string"}), super().get_schema_operation_parameters(view)[1]]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        links = {"type": "string", "format": "uri", "nullable": True}
        properties = {"next": links, "previous": links, "results": schema}
        return {"type": "object", "required": ["next", "previous", "results"], "properties": properties}


class Desk(GenericViewSet[Any]):
    """One section of one role's screens. `needs` is what a caller must be allowed; without it nobody is admitted.

    `leaves_process`: the action calls a gateway between two commits and opens its own transactions.
    `moves_money`: an `Idempotency-Key` is required. `query_class`: the serializer of a report's query parameters.
    `sorts`: the words of `?ordering` and the columns they mean; the first is the default.
    """

    needs: ClassVar[Can | None] = None
    model: ClassVar[type[models.Model]]
    filterset_class: ClassVar[Any] = None
    query_class: ClassVar[type[BaseSerializer[Any]] | None] = None
    sorts: ClassVar[Mapping[str, str]] = {}
    leaves_process: ClassVar[bool] = False
    moves_money: ClassVar[bool] = False
    bulk: ClassVar[bool] = False
    filter_backends = (DjangoFilterBackend,)
    pagination_class = Pages
    lookup_value_regex = r"\d{1,18}"

    # The edge

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        view = super().as_view(actions, **initkwargs)
        handlers = [getattr(cls, name) for name in (actions or {}).values()]
        leaves = initkwargs.get("leaves_process", cls.leaves_process)
        if leaves or any(getattr(handler, "leaves_process", False) for handler in handlers):
            return transaction.non_atomic_requests(view)
        return view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("GET", "HEAD"):
            self._refuse_unknown(request)
        elif request.query_params:
            raise Invalid({name: "Unknown parameter." for name in request.query_params}, "unknown_parameter")
        if request.method == "POST":
            self._recall(request)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Any:
        key = getattr(self, "_key", None)
        if key is not None and "Idempotent-Replayed" not in response.headers:
            self._remember(request, response, key)
        return super().finalize_response(request, response, *args, **kwargs)

    @property
    def actor(self) -> Actor:
        return self.request._request.actor  # type: ignore[no-any-return, union-attr]

    # Rows

    def get_queryset(self) -> Any:
        return self.model.objects.visible_to(self.actor)  # type: ignore[attr-defined]

    def get_object(self) -> Any:
        row = self.get_queryset().filter(pk=int(self.kwargs["pk"])).first()
        if row is None:
            raise NotFound()
        self._refuse_stale(row)
        return row

    def payload(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The validated body; raises 400 with the fields. Unknown fields are refused by name."""
        given = serializer(data=self.request.data, context=self.get_serializer_context())
        if isinstance(self.request.data, Mapping):
            unknown = set(self.request.data) - set(given.fields)  # type: ignore[attr-defined]
            if unknown:
                raise Invalid({name: "Unknown field." for name in sorted(unknown)}, "unknown_field")
        given.is_valid(raise_exception=True)
        return given.validated_data  # type: ignore[no-any-return]

    def query(self) -> dict[str, Any]:
        """The validated query parameters of a report."""
        assert self.query_class is not None
        given = self.query_class(data=self.request.query_params, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        return given.validated_data  # type: ignore[no-any-return]

    def page(self, rows: Any, build: Callable[[Sequence[Any]], Sequence[Any]], **beside: Any) -> Response:
        """One page of `rows`, filtered, ordered by `?ordering` and last by primary key; `build` makes the answers' rows.

        Two queries beside those of `build`.
        """
        rows = self._sorted(self.filter_queryset(rows))
        number, size = self._whole("page", 1, 1_000_000), self._whole("page_size", 25, 100)
        count = rows.order_by()[: COUNTED_TO + 1].count()
        start = (number - 1) * size
        found = list(rows[start : start + size]) if start < count or count > COUNTED_TO else []
        more = start + size < count if count <= COUNTED_TO else len(found) == size
        body: dict[str, Any] = {
            "count": min(count, COUNTED_TO),
            **({"count_capped": True} if count > COUNTED_TO else {}),
            "next": self._link(page=number + 1) if more else None,
            "previous": self._link(page=number - 1) if number > 1 else None,
            "results": build(found),
            **beside,
        }
        return Response(body)

    def stream(self, rows: Any, build: Callable[[Sequence[Any]], Sequence[Any]]) -> Response:
        """One page of a stream, newest first, by primary key. One query."""
        rows = self.filter_queryset(rows)
        size = self._whole("page_size", 25, 100)
        backwards, edge = self._cursor()
        if edge is not None:
            rows = rows.filter(pk__gt=edge) if backwards else rows.filter(pk__lt=edge)
        found = list(rows.order_by("pk" if backwards else "-pk")[: size + 1])
        more, found = len(found) > size, found[:size]
        if backwards:
            found.reverse()
        older = more or backwards
        newer = more if backwards else edge is not None
        return Response(
            {
                "next": self._link(cursor=_encode("b", found[-1].pk)) if found and older else None,
                "previous": self._link(cursor=_encode("a", found[0].pk)) if found and newer else None,
                "results": build(found),
            }
        )

    def versioned(self, row: Journaled, body: Any, status: int = 200) -> Response:
        """A detail's answer with its ETag."""
        return Response(body, status=status, headers={"ETag": etag(row)})

    def locked_transaction(self) -> AbstractContextManager[None]:
        return nullcontext() if transaction.get_connection().in_atomic_block else transaction.atomic()

    # Inside

    def _refuse_stale(self, row: Any) -> None:
        wanted = self.request.headers.get("If-Match")
        if wanted and self.request.method not in ("GET", "HEAD") and isinstance(row, Journaled):
            if wanted.strip() not in ("*", etag(row)):
                raise Stale()

    def _refuse_unknown(self, request: Request) -> None:
        allowed: set[str] = set()
        if self._lists():
            allowed |= set(self.pagination_class.names)
            if self.sorts:
                allowed.add("ordering")
            if self.filterset_class is not None:
                allowed |= set(self.filterset_class.get_filters())
        if self.query_class is not None:
            allowed |= set(self.query_class().fields)  # type: ignore[attr-defined]
        unknown = [name for name in request.query_params if name not in allowed]
        if unknown:
            raise Invalid({name: "Unknown parameter." for name in unknown}, "unknown_parameter")

    def _lists(self) -> bool:
        return self.action != "retrieve" and not self.detail or "filterset_class" in vars(self) or "sorts" in vars(self)

    def _sorted(self, rows: Any) -> Any:
        if not self.sorts:
            return rows if rows.ordered else rows.order_by("-pk")
        asked = self.request.query_params.get("ordering") or next(iter(self.sorts))
        columns = []
        for word in asked.split(","):
            column = self.sorts.get(word.removeprefix("-"))
            if column is None:
                known = ", ".join(self.sorts)
                raise Invalid({"ordering": f"Not one of: {known}."}, "unknown_ordering")
            columns.append(f"-{column}" if word.startswith("-") else column)
        return rows.order_by(*columns, "-pk" if columns[-1].startswith("-") else "pk")

    def _whole(self, name: str, default: int, most: int) -> int:
        given = self.request.query_params.get(name)
        if given is None:
            return default
        if not given.isascii() or not given.isdigit() or not 1 <= int(given[:12]) <= most or len(given) > 12:
            raise Invalid({name: f"A whole number from 1 to {most}."})
        return int(given)

    def _cursor(self) -> tuple[bool, int | None]:
        given = self.request.query_params.get("cursor")
        if given is None:
            return False, None
        try:
            kind, _, edge = base64.urlsafe_b64decode(given.encode()).decode().partition(":")
            if kind in ("a", "b") and edge.isascii() and edge.isdigit() and len(edge) < 19:
                return kind == "a", int(edge)
        except (binascii.Error, ValueError):
            pass
        raise Invalid({"cursor": "Not a cursor of this list."})

    def _link(self, **changed: Any) -> str:
        params = self.request.query_params.copy()
        for name, value in changed.items():
            params[name] = str(value)
        return self.request.build_absolute_uri(f"{self.request.path}?{params.urlencode()}")

    # Retried requests

    def _recall(self, request: Request) -> None:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            if self.moves_money:
                raise KeyRequired()
            return
        if not 1 <= len(key) <= 200:
            raise Invalid({"Idempotency-Key": "1 to 200 characters."})
        actor = self.request._request.actor  # type: ignore[union-attr]
        if actor is None or actor.user_id is None:
            return
        fingerprint = idempotency.fingerprint("POST", request.get_full_path(), request._request.body)
        find = idempotency.begin if self.leaves_process else idempotency.recall
        with self.locked_transaction():
            row = find(actor.website.pk, actor.user_id, key, fingerprint)
        if row is not None:
            raise Replay(row.status, row.body)
        self._key = (actor.website.pk, actor.user_id, key, fingerprint)

    def _remember(self, request: Request, response: Response, key: tuple[int, int, str, bytes]) -> None:
        failed = response.content_type == "application/problem+json" and not getattr(response, "kept", False)
        with self.locked_transaction():
            if not failed:
                idempotency.remember(*key, status=response.status_code, body=dumps(response.data).decode())
            elif self.leaves_process:
                idempotency.forget(*key[:3])


def etag(row: Journaled) -> str:
    return f'"{row.noun}-{row.pk}-{row.version}"'


def _encode(kind: str, edge: int) -> str:
    return base64.urlsafe_b64encode(f"{kind}:{edge}".encode()).decode()


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def open_to(*permissions: type[BasePermission]) -> list[type[BasePermission]]:
    return list(permissions)
