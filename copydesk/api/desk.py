"""What every endpoint stands on: the caller, the rows it may see, lists, versions, bulk, retried requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django_filters import CharFilter
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.core.errors import Invalid, NotFound, Refusal, Stale
from copydesk.journal import idempotency
from copydesk.journal.actions import lock
from copydesk.journal.models import Journaled
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.scope import in_transaction, own_transaction

from . import lists, problems
from .access import called
from .body import fingerprint, mistyped
from .shape import dumps

KEY = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?")


class KeyRequired(Refusal):
    code = "idempotency_key_required"
    status = 400
    message = "A request that moves money needs an Idempotency-Key."


class Desk(GenericViewSet[Any]):
    """One section of one role's screens.

    `needs`: what a caller must be allowed, one permission or one for each HTTP method; without it nobody is admitted.
    `model`: what `get_queryset()` and `get_object()` are about. `sorts`: the words of `?ordering` and the columns they
    mean; the first is the default. `query_class`: the serializer of a report's query parameters.
    `leaves_process`: a write that calls a gateway between two commits, whose actions open their own transactions.
    `parent`: the foreign key to what actions lock before the row.
    `moves_money`: a POST needs an `Idempotency-Key`.

    All of these but `model` may be given to `@action(...)` too.
    """

    needs: ClassVar[Can | Mapping[str, Can] | None] = None
    model: ClassVar[type[models.Model]]
    filterset_class: ClassVar[Any] = None
    query_class: ClassVar[type[BaseSerializer[Any]] | None] = None
    sorts: ClassVar[Mapping[str, str]] = {}
    leaves_process: ClassVar[bool] = False
    moves_money: ClassVar[bool] = False
    honours_key: ClassVar[bool] = True
    parent: ClassVar[str] = ""
    filter_backends = (DjangoFilterBackend,)
    http_method_names = ("get", "post", "put", "patch", "delete", "head")
    pagination_class = lists.Pages
    lookup_value_regex = r"\d{1,18}"

    # The edge

    @classmethod
    def as_view(cls, actions: Any = None, **initkwargs: Any) -> Any:
        view = super().as_view(actions, **initkwargs)
        return idempotency.across_commits(view) if initkwargs.get("leaves_process", cls.leaves_process) else view

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self._read: set[str] = set()
        self._key: idempotency.Key | None = None
        if self.leaves_process and request.method not in SAFE_METHODS:
            return super().dispatch(request, *args, **kwargs)
        with in_transaction():
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        method = request.method or ""
        if method.lower() not in self.action_map:
            raise MethodNotAllowed(method)
        super().initial(request, *args, **kwargs)
        if method not in SAFE_METHODS:
            if not (request.content_type or "").startswith("multipart/"):
                _ = called(request).body  # bounded by DATA_UPLOAD_MAX_MEMORY_SIZE, and kept for the fingerprint
            _ = request.data
            self._refuse_unread()
        if method == "POST":
            self._recall(request)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method in SAFE_METHODS and response.status_code < 400:
            try:
                self._refuse_unread()
            except Invalid as refusal:
                response = self.handle_exception(refusal)
        elif self._key is not None:
            self._remember(response, self._key)
        return super().finalize_response(request, response, *args, **kwargs)

    @property
    def actor(self) -> Actor:
        actor = called(self.request).actor
        assert actor is not None
        return actor

    @property
    def key(self) -> str:
        """The request's `Idempotency-Key`, where `moves_money` makes certain that there is one."""
        assert self._key is not None
        return self._key.key

    def one_commit(self, act: Callable[[], Response]) -> Response:
        """Of a `leaves_process` action, the commit that is its effect, and keeps the answer: killed before or after it,
        a retry is told what was done."""
        with own_transaction():
            response = act()
            if self._key is not None:
                self._remember(response, self._key)
        return response

    # Rows

    def get_queryset(self) -> Any:
        rows = self.model.objects  # type: ignore[attr-defined]
        return rows.none() if getattr(self, "swagger_fake_view", False) else rows.visible_to(self.actor)

    def get_object(self) -> Any:
        """The row of the path, in the caller's sight, at the version that `If-Match` asks for. One query, three at
        most."""
        rows = self.get_queryset().filter(pk=int(self.kwargs["pk"]))
        wanted = None if self.request.method in SAFE_METHODS else self.request.headers.get("If-Match")
        with in_transaction():
            if wanted and self.parent and (row := rows.select_related(self.parent).first()):
                lock(getattr(row, self.parent))
            row = (rows if wanted is None else rows.lock()).first()
        if row is None:
            raise NotFound
        if wanted and not {"*", etag(row)} & {tag.strip() for tag in wanted.split(",")}:
            raise Stale
        return row

    def payload(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """The validated body; 400 with the fields. Unknown fields are refused by name; a PATCH may leave fields out."""
        partial = self.request.method == "PATCH"
        given = serializer(data=self.request.data, context=self.get_serializer_context(), partial=partial)
        if isinstance(self.request.data, Mapping):
            unknown = set(self.request.data) - set(given.fields)  # type: ignore[attr-defined]
            if unknown:
                raise Invalid(dict.fromkeys(sorted(unknown), "Unknown field."), "unknown_field")
        if not isinstance(self.request.data, QueryDict) and (errors := mistyped(given, self.request.data)):
            raise Invalid(errors)
        given.is_valid(raise_exception=True)
        return given.validated_data  # type: ignore[no-any-return]

    def query(self) -> dict[str, Any]:
        """The validated query parameters of a report."""
        assert self.query_class is not None
        # Not as a form, in which an empty field is none.
        given = self.query_class(data=self.request.query_params.dict(), context=self.get_serializer_context())
        self._read |= set(given.fields)  # type: ignore[attr-defined]
        given.is_valid(raise_exception=True)
        return given.validated_data  # type: ignore[no-any-return]

    def page(self, rows: Any, build: lists.Build, tabs: Mapping[str, Tab] | None = None, total: Any = None) -> Response:
        """One page of `rows`, filtered and ordered; `build` makes the answers' rows of the models, or of the ids. One
        query beside those of `build`, two of a queue of models. A queue has `tabs`: word → what narrows the rows.
        `total`, of a queue by tab, where the endpoint, which has no filters then, has counted it already."""
        self._read |= {"page", "page_size"} | ({"ordering"} if self.sorts else set()) | ({"tab"} if tabs else set())
        rows = lists.ordered(self.request, self.filter_queryset(rows), self.sorts)
        return Response(lists.page(self.request, rows, build, tabs, total))

    def stream(self, rows: Any, build: lists.Build) -> Response:
        """One page of a stream, newest first, by primary key. One query. Set `pagination_class = Cursor`."""
        self._read |= {"cursor", "page_size"}
        return Response(lists.stream(self.request, self.filter_queryset(rows), build))

    def filter_queryset(self, rows: Any) -> Any:
        known, said = getattr(self.filterset_class, "base_filters", {}), self.request.query_params
        self._read |= set(known)
        if empty := [name for name, one in known.items() if said.get(name) == "" and type(one) is not CharFilter]:
            raise Invalid(dict.fromkeys(empty, "Empty: leave it out, or say what."))
        return rows if known.keys().isdisjoint(said) else super().filter_queryset(rows)

    # Answers

    def versioned(self, row: Journaled, body: Any, status: int = 200) -> Response:
        """A detail's answer with its ETag."""
        return Response(body, status=status, headers={"ETag": etag(row)})

    def kept(self, refusal: Refusal) -> Response:
        """A refusal that leaves a record (a declined payment): answered, not raised, so that nothing is undone; and
        given again to a retry."""
        response = problems.refused(refusal, called(self.request).request_id)
        response.kept = True  # type: ignore[attr-defined]
        return response

    def passing(self, body: Any) -> Response:
        """202 with a secret in it: not kept. The same request again resumes by its key, and is answered anew."""
        response = Response(body, status=202, headers={"Cache-Control": "no-store"})
        response.passing = True  # type: ignore[attr-defined]
        return response

    # Inside

    def _refuse_unread(self) -> None:
        if unknown := [name for name in self.request.query_params if name not in self._read]:
            raise Invalid(dict.fromkeys(unknown, "Unknown parameter."), "unknown_parameter")

    def _recall(self, request: Request) -> None:
        given = request.headers.get("Idempotency-Key") if self.honours_key else None
        if given is None:
            if self.moves_money:
                raise KeyRequired
            return
        if not KEY.fullmatch(given):
            raise Invalid({"Idempotency-Key": "1 to 200 ASCII characters, no space at an end."})
        actor = called(request).actor
        if actor is None or actor.user_id is None:
            return
        key = idempotency.Key(actor.website.pk, actor.user_id, given, fingerprint(request))
        row = idempotency.begin(key) if self.leaves_process else idempotency.recall(key)
        if row is not None:
            raise problems.Replay(row.status, row.body)
        self._key = key

    def _remember(self, response: Response, key: idempotency.Key) -> None:
        if getattr(response, "passing", False):
            idempotency.reopen(key)
        elif response.status_code < 400 or getattr(response, "kept", False):
            idempotency.remember(key, response.status_code, dumps(getattr(response, "stored", response.data)).decode())
        elif self.leaves_process:
            idempotency.forget(key)


def etag(row: Journaled) -> str:
    return f'"{row.noun}-{row.pk}-{row.version}"'
