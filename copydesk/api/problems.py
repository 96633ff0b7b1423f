"""Errors as application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from copydesk.core.errors import Forbidden, Invalid, NotFound, Refusal

from .shape import dumps

log = structlog.get_logger()
CONTENT_TYPE = "application/problem+json"
CODES = {400: "malformed", 405: "method_not_allowed", 415: "unsupported_media_type"}


class Replay(Exception):
    """A request answered before: the first answer, once more."""

    def __init__(self, status: int, body: str) -> None:
        self.status = status
        self.body = body
        super().__init__()


class TooLarge(Refusal):
    code = "too_large"
    status = 413
    message = "The request's body is too large."


class Unstorable(Refusal):
    """What no field refused and no column can hold: a number too large, a character that text cannot have."""

    code = "invalid"
    status = 400
    message = "A value in the request is out of range."


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
        "title": HTTPStatus(status).phrase,
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
        return Response(
            orjson.loads(error.body),
            status=error.status,
            headers={"Idempotent-Replayed": "true"},
            content_type=CONTENT_TYPE if error.status >= 400 else None,
        )
    refusal = _refusal(error)
    headers: dict[str, str] = {}
    if refusal is not None:
        if wait := refusal.context.get("retry_after"):
            headers["Retry-After"] = str(wait)
        response = refused(refusal, request_id, headers)
    elif isinstance(error, exceptions.ValidationError):
        body = problem(400, "invalid", Invalid.message, request_id, errors=list(_flatten("", error.detail)))
        response = Response(body, status=400, content_type=CONTENT_TYPE)
    elif isinstance(error, exceptions.APIException):
        if auth := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = auth
        code = CODES.get(error.status_code) or str(getattr(error.detail, "code", error.default_code))
        body = problem(error.status_code, code, str(error.detail), request_id)
        response = Response(body, status=error.status_code, headers=headers, content_type=CONTENT_TYPE)
    else:
        return None
    if not getattr(context["view"], "leaves_process", False):
        set_rollback()
    return response


def refused(refusal: Refusal, request_id: str, headers: dict[str, str] | None = None) -> Response:
    found = refusal.errors if isinstance(refusal, Invalid) else ()
    errors = [{"field": e.field, "code": e.code, "message": e.message} for e in found]
    if refusal.status == 401:
        headers = {"WWW-Authenticate": 'Bearer realm="copydesk"', **(headers or {})}
    body = problem(refusal.status, refusal.code, refusal.detail, request_id, errors=errors, context=refusal.context)
    return Response(body, status=refusal.status, headers=headers, content_type=CONTENT_TYPE)


def _refusal(error: Exception) -> Refusal | None:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return NotFound()
    if isinstance(error, PermissionDenied):
        return Forbidden()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, (DataError, SuspiciousOperation)):
        return Unstorable()
    return None


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


def plain(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    """For answers given outside DRF's views."""
    body = problem(status, code, detail, getattr(request, "request_id", ""))
    return HttpResponse(dumps(body), status=status, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return plain(request, 413, TooLarge.code, TooLarge.message)
    return plain(request, 400, "malformed", "The request cannot be read.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain(request, 403, Forbidden.code, Forbidden.message)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return plain(request, 404, NotFound.code, NotFound.message)


def server_error(request: HttpRequest) -> HttpResponse:
    request_id = getattr(request, "request_id", "")
    # Django calls this inside its own handler of the exception.
    log.exception("internal error", request_id=request_id, path=request.path)  # noqa: LOG004
    return plain(request, 500, "internal_error", "Something failed on our side; nothing was changed.")
