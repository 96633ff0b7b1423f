"""Who calls: settled once, before the transaction; and what the endpoint needs."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.accounts.resolve import Caller, resolve
from copydesk.core.errors import Forbidden, NotFound, Refusal
from copydesk.tenancy import scope

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class WebsiteRequired(Refusal):
    code = "website_required"
    status = 400
    message = "Name the website: header X-Website, or its own domain."


class WebsiteNotFound(NotFound):
    code = "website_not_found"
    message = "There is no such website."


class MemberSuspended(Forbidden):
    code = "member_suspended"
    message = "Your membership of this website is suspended."


class NotAdmitted(Forbidden):
    code = "writer_not_approved"
    message = "Your application has not been approved."


class TotpRequired(Forbidden):
    code = "mfa_enrolment_required"
    message = "This website asks its staff for a second factor: set one up first."


class CallerMiddleware:
    """Resolves token and website in one statement, and lets the coming transaction work for that website."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        before = scope.current_website_id()
        if request.path.startswith("/api/v1/"):
            scheme, _, token = request.headers.get("Authorization", "").partition(" ")
            bearer = token.strip() if scheme.lower() == "bearer" else None
            caller = resolve(bearer, request.headers.get("X-Website"), request.get_host().partition(":")[0])
            request.caller = caller  # type: ignore[attr-defined]
            request.actor = caller.actor(request_id, address_of(request))  # type: ignore[attr-defined]
            scope.enter(caller.website.pk if caller.website else None)
        try:
            response = self.get_response(request)
        finally:
            scope.enter(before)
        response["X-Request-Id"] = request_id
        return response


def address_of(request: HttpRequest) -> str | None:
    """Of the peer; behind a proxy the server is told to trust, the server has put the client's there."""
    return request.META.get("REMOTE_ADDR") or None


class CallerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        if "Authorization" not in request.headers:
            return None
        caller: Caller = request._request.caller
        if caller.user_id is None:
            raise AuthenticationFailed(code="token_invalid")
        return caller, "token"

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="copydesk"'


class Anyone(BasePermission):
    """No token, no website."""


class Public(BasePermission):
    """No token, but a website."""

    def has_permission(self, request: Request, view: Any) -> bool:
        require_website(request._request.caller)
        return True


class HasAccount(BasePermission):
    """A token, no website."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return require_account(request)


class Needs(BasePermission):
    """A member of the website whose role has what the endpoint `needs`. Without `needs` it admits nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        require_account(request)
        admit(request._request.caller, view.needs)
        return True


def admit(caller: Caller, needs: Can | None) -> Actor:
    """The member that `caller` is, when its role has what is needed; else raises why not."""
    require_website(caller)
    actor = caller.actor()
    if actor is None:
        raise WebsiteNotFound()
    if caller.suspended:
        raise MemberSuspended()
    if caller.lacks_totp:
        raise TotpRequired()
    if needs is None or not actor.can(needs):
        raise Forbidden() if caller.admitted else NotAdmitted()
    return actor


def require_account(request: Request) -> bool:
    if request._request.caller.user_id is None:
        raise NotAuthenticated()
    return True


def require_website(caller: Caller) -> None:
    if caller.website is None:
        raise WebsiteNotFound() if caller.website_named else WebsiteRequired()
