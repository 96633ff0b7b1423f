"""What the OpenAPI schema says of every operation, beside what the endpoint says itself."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from rest_framework.permissions import SAFE_METHODS

from copydesk.journal.models import Journaled

from .access import SLUG, Anyone, HasAccount, Public
from .desk import KEY
from .lists import Cursor, parameter
from .problems import CONTENT_TYPE
from .shape import dumps

TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `code` is a stable word; `errors` name the fields of a 400.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors", "context"],
    "properties": {
        **dict.fromkeys(("type", "title", "detail", "code", "request_id"), TEXT),
        "status": {"type": "integer"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": dict.fromkeys(("field", "code", "message"), TEXT),
            },
        },
        "context": {"type": "object", "additionalProperties": {}},
    },
}


def problems(*statuses: int) -> dict[Any, Any]:
    """For `responses=` of an endpoint that refuses with more than its kind does."""
    return {(status, CONTENT_TYPE): OpenApiTypes.OBJECT for status in statuses}


class CallerScheme(OpenApiAuthenticationExtension):
    target_class = "copydesk.api.access.CallerAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "The `access` token that auth/login/ gives."}


class Schema(AutoSchema):
    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        known = {(one["in"], one["name"]) for one in operation.get("parameters", [])}
        added = [one for one in self._parameters() if (one["in"], one["name"]) not in known]
        if added:
            operation["parameters"] = [*operation.get("parameters", []), *added]
        refused = {"content": {CONTENT_TYPE: {"schema": self._problem().ref}}}
        responses = operation["responses"]
        for status in self._refusals(operation):
            responses[str(status)] = {**refused, "description": HTTPStatus(status).phrase}
        operation["responses"] = dict(sorted(responses.items()))
        return operation

    def get_auth(self) -> list[dict[str, Any]]:
        return [*super().get_auth(), *([{}] if self._kind & {Anyone, Public} else [])]

    def get_override_parameters(self) -> list[Any]:
        query = getattr(self.view, "query_class", None)
        return [query] if query is not None and self.method in SAFE_METHODS else []

    view: Any

    def get_paginated_name(self, serializer_name: str) -> str:
        pages = self.view.pagination_class
        if issubclass(pages, Cursor):
            return f"{serializer_name}Stream"
        if hasattr(pages, "tabs"):  # queues of the same rows have tabs of their own
            return f"{self.get_operation_id().title().replace('_', '')}Page"
        return f"{serializer_name}Page"

    @property
    def _kind(self) -> set[type]:
        return {type(permission) for permission in self.view.get_permissions()}

    @property
    def _takes_key(self) -> bool:
        of_website = not self._kind & {Anyone, Public, HasAccount}
        return self.method == "POST" and of_website and getattr(self.view, "honours_key", False)

    @property
    def _takes_version(self) -> bool:
        model = getattr(self.view, "model", None)
        writes = self.method not in SAFE_METHODS and getattr(self.view, "detail", False)
        return bool(writes and model is not None and issubclass(model, Journaled))

    def _parameters(self) -> list[dict[str, Any]]:
        found = []
        if not self._kind & {Anyone, HasAccount}:
            about = "The website's slug; else its own domain or the account's only membership says."
            found.append(_header("X-Website", about, pattern=SLUG.pattern))
        if self._takes_key:
            about = "A retry under the same key is answered as the first time, for 30 days."
            found.append(_header("Idempotency-Key", about, required=self.view.moves_money, pattern=KEY.pattern))
        if self._takes_version:
            found.append(_header("If-Match", "The ETag that was read: 412 when the row has changed since."))
        sorts = getattr(self.view, "sorts", None)
        if sorts and self._is_list_view():
            names = dict.fromkeys(name.removeprefix("-") for name in sorts)
            words = [word for name in names for word in (name, f"-{name}")]
            about = f"Words joined by commas; `-` turns one round. Default: {next(iter(sorts))}."
            schema = {"type": "array", "items": {"type": "string", "enum": words}}
            found.append({**parameter("ordering", schema, about), "style": "form", "explode": False})
        return found

    def _refusals(self, operation: dict[str, Any]) -> set[int]:
        """What endpoints of this kind refuse with; `problems(…)` of the endpoint itself stand in `operation`."""
        statuses = {400} | {int(status) for status, one in operation["responses"].items() if _is_problem(one)}
        statuses |= {404} if "{" in self.path else set()
        if not self._kind & {Anyone, Public}:
            statuses.add(401)
        if not self._kind & {Anyone, HasAccount}:
            statuses.add(404)
        if not self._kind & {Anyone, Public, HasAccount}:
            statuses |= {403} if self.method in SAFE_METHODS else {403, 409}
        if "requestBody" in operation:
            statuses |= {413, 415}
        return statuses | ({422} if self._takes_key else set()) | ({412} if self._takes_version else set())

    def _problem(self) -> ResolvedComponent:
        component = ResolvedComponent(name="Problem", type=ResolvedComponent.SCHEMA, object="Problem", schema=PROBLEM)
        self.registry.register_on_missing(component)
        return component


@cache
def document() -> bytes:
    return dumps(SchemaGenerator().get_schema(request=None, public=True))


def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(document(), content_type="application/vnd.oai.openapi+json")


def _header(name: str, description: str, *, required: bool = False, pattern: str = "") -> dict[str, Any]:
    schema = {**TEXT, "pattern": f"^{pattern}$"} if pattern else TEXT
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": description}


def _is_problem(response: dict[str, Any]) -> bool:
    return CONTENT_TYPE in response.get("content", {})
