"""Who calls: settled once, before the transaction; and what the endpoint needs."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, cast

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can, Role
from copydesk.accounts.resolve import Caller, resolve
from copydesk.core.errors import Forbidden, NotFound, Refusal
from copydesk.tenancy import scope

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
OWN_ROWS = (Role.CLIENT, Role.WRITER)
"""Who reads little more than its own, be the website small or large."""
SLUG = re.compile(r"[A-Za-z0-9_-]{1,40}")


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


class TotpRequired(Forbidden):
    code = "mfa_enrolment_required"
    message = "This website asks its staff for a second factor: set one up first."


class NotAdmitted(Forbidden):
    code = "writer_not_approved"
    message = "Your application has not been approved."


class Called(HttpRequest):
    """What the middleware has put on a request."""

    request_id: str
    caller: Caller
    actor: Actor | None


def called(request: Request) -> Called:
    return cast(Called, request._request)


class CallerMiddleware:
    """Resolves token and website in one statement, and lets the coming transaction work for that website."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, given: HttpRequest) -> HttpResponse:
        request = cast(Called, given)
        named = request.headers.get("X-Request-Id", "")
        request.request_id = named if REQUEST_ID.fullmatch(named) else uuid.uuid4().hex
        response = self._settled(request) if request.path.startswith("/api/v1/") else self.get_response(request)
        response["X-Request-Id"] = request.request_id
        return response

    def _settled(self, request: Called) -> HttpResponse:
        try:
            host = request.get_host().partition(":")[0]
        except DisallowedHost:
            host = ""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        slug = request.headers.get("X-Website")
        if slug is not None and not SLUG.fullmatch(slug):
            slug = ""
        request.caller = resolve(token.strip() if scheme.lower() == "bearer" else None, slug, host)
        request.actor = request.caller.actor(request.request_id, address_of(request))
        before = scope.current_website_id()
        wide = request.method in SAFE_METHODS and request.caller.role not in (None, *OWN_ROWS)
        scope.enter(request.caller.website.pk if request.caller.website else None, wide=wide)
        try:
            return self.get_response(request)
        finally:
            scope.enter(before)


def address_of(request: HttpRequest) -> str | None:
    """Of the peer; behind a proxy the server is told to trust, the server has put the client's there."""
    return request.META.get("REMOTE_ADDR") or None


class CallerAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        if "Authorization" not in request.headers:
            return None
        caller = called(request).caller
        if caller.user_id is None:
            raise AuthenticationFailed("The access token is unknown or has expired.", code="token_invalid")
        return caller, "token"

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="copydesk"'


class Anyone(BasePermission):
    """No token, no website."""


class Public(BasePermission):
    """No token, but a website."""

    def has_permission(self, request: Request, view: Any) -> bool:
        require_website(called(request).caller)
        return True


class HasAccount(BasePermission):
    """A token, no website."""

    def has_permission(self, request: Request, view: Any) -> bool:
        require_account(request)
        return True


class Needs(BasePermission):
    """A member of the website whose role has what the endpoint `needs`. Without `needs` it admits nobody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        require_account(request)
        admit(called(request).caller, needed_for(view.needs, request.method or ""))
        return True


def admit(caller: Caller, needs: Can | None) -> Actor:
    """The member that `caller` is, when its role has what is needed; else raises why not."""
    require_website(caller)
    actor = caller.actor()
    if actor is None:
        raise WebsiteNotFound
    if caller.suspended:
        raise MemberSuspended
    if caller.lacks_totp:
        raise TotpRequired
    if needs is None or not actor.can(needs):
        raise Forbidden if caller.admitted else NotAdmitted
    return actor


def needed_for(needs: Can | Mapping[str, Can] | None, method: str) -> Can | None:
    """`needs` is one permission, or one for each HTTP method where they differ."""
    if isinstance(needs, Mapping):
        return needs.get("GET" if method == "HEAD" else method)
    return needs


def require_account(request: Request) -> None:
    if called(request).caller.user_id is None:
        raise NotAuthenticated


def require_website(caller: Caller) -> None:
    if caller.website is None:
        raise WebsiteNotFound if caller.website_named else WebsiteRequired
