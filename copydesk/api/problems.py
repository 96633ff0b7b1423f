"""Errors as application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from copydesk.core.errors import Forbidden, Invalid, NotFound, Refusal

from .shape import dumps

log = structlog.get_logger()
CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Unprocessable",
    428: "Precondition required",
    429: "Too many requests",
    500: "Internal error",
}


class Replay(Exception):
    """A request answered before: the first answer, once more."""

    def __init__(self, status: int, body: str) -> None:
        self.status = status
        self.body = body
        super().__init__()


def problem(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    errors: list[dict[str, str]] | None = None,
    context: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "type": f"urn:copydesk:problem:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        "errors": errors or [],
        "context": context or {},
    }


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: undoes the transaction and says why. Null: not ours, a bug, answered as 500."""
    request_id: str = context["request"]._request.request_id
    if isinstance(error, Replay):
        import orjson

        return Response(orjson.loads(error.body), status=error.status, headers={"Idempotent-Replayed": "true"})
    if isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, PermissionDenied):
        error = Forbidden()
    headers: dict[str, str] = {}
    if isinstance(error, Refusal):
        errors = (
            [{"field": e.field, "code": e.code, "message": e.message} for e in error.errors]
            if isinstance(error, Invalid)
            else []
        )
        body = problem(error.status, error.code, error.detail, request_id, errors, error.context)
    elif isinstance(error, ValidationError):
        body = problem(400, "invalid", Invalid.message, request_id, list(_flatten("", error.detail)))
    elif isinstance(error, APIException):
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait))
        if auth := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = auth
        detail = error.detail
        code = detail.code if isinstance(detail, ErrorDetail) else "invalid"
        body = problem(error.status_code, code, str(detail), request_id)
    else:
        return None
    set_rollback()
    return Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)


def _flatten(field: str, detail: Any) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = name if name != "non_field_errors" else ""
            yield from _flatten(".".join(part for part in (field, str(own)) if part), inner)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, (dict, list))
            yield from _flatten(f"{field}.{index}" if nested else field, inner)
    else:
        yield {"field": field, "code": getattr(detail, "code", "invalid"), "message": str(detail)}


def _plain(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    body = problem(status, code, detail, getattr(request, "request_id", ""))
    return HttpResponse(dumps(body), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, 400, "malformed", "The request cannot be read.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _plain(request, 404, NotFound.code, NotFound.message)


def server_error(request: HttpRequest) -> HttpResponse:
    log.exception("internal error", request_id=getattr(request, "request_id", ""), path=request.path)
    return _plain(request, 500, "internal_error", "Something failed on our side; nothing was changed.")
