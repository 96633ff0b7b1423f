"""/auth/: in and out. What else an account can do is the accounts library's own API, beside this under auth/app/v1/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts import actions, queries
from copydesk.accounts.errors import TokenReused
from copydesk.api.access import Anyone, HasAccount, Public, address_of, called
from copydesk.api.desk import Desk
from copydesk.api.schema import problems
from copydesk.api.shape import shape
from copydesk.platform.actions import join_website, register_client


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """`expires_in`: seconds that the access token lives."""

    access: str
    refresh: str
    expires_in: int
    user: queries.AccountRow
    memberships: list[queries.MembershipRow]


@dataclass(frozen=True, slots=True)
class Accepted:
    detail: str


@dataclass(frozen=True, slots=True)
class Joined:
    id: int
    website: queries.WebsiteOfMembership
    role: str


class PasswordField(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 200, "trim_whitespace": False, **options})


class Registration(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = PasswordField()
    full_name = serializers.CharField(max_length=150, default="", allow_blank=True)


class Join(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=500)


class Login(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    password = PasswordField()
    code = serializers.CharField(
        max_length=20, default="", allow_blank=True, help_text="Of the authenticator app, or a recovery code."
    )


class Refresh(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=200)


class AuthDesk(Desk):
    honours_key = False

    @extend_schema(request=Registration, responses={202: shape(Accepted), **problems(429)})
    @action(
        detail=False,
        methods=["post"],
        url_path="register",
        permission_classes=[Public],
        authentication_classes=[],
        leaves_process=True,
    )
    def register(self, request: Request) -> Response:
        """Opens an account and makes it a client of the website. The answer is the same for a known e-mail, whose owner
        is told by mail how to join."""
        body = self.payload(Registration)
        edge = called(request)
        website = edge.caller.website
        assert website is not None
        register_client(website, **body, request_id=edge.request_id, address=address_of(edge))
        return Response(Accepted("Look into your mail to go on."), status=202)

    @extend_schema(request=Join, responses={200: shape(Joined)})
    @action(detail=False, methods=["post"], url_path="join", permission_classes=[Public], authentication_classes=[])
    def join(self, request: Request) -> Response:
        """Makes a known account a client of the website, by the token that was mailed to it."""
        edge = called(request)
        website = edge.caller.website
        assert website is not None
        token = self.payload(Join)["token"]
        member = join_website(website, token, request_id=edge.request_id, address=address_of(edge))
        of = queries.WebsiteOfMembership(website.pk, website.slug, website.name)
        return Response(Joined(member.pk, of, member.role))

    @extend_schema(request=Login, responses={200: shape(LoggedIn), **problems(401, 429)})
    @action(
        detail=False,
        methods=["post"],
        url_path="login",
        permission_classes=[Anyone],
        authentication_classes=[],
        leaves_process=True,
    )
    def login(self, request: Request) -> Response:
        """401 `mfa_required` where a second factor is set and `code` is not sent."""
        user, tokens = actions.log_in(**self.payload(Login), address=address_of(called(request)))
        account, memberships = queries.account(user), queries.memberships(user.pk)
        return Response(LoggedIn(tokens.access, tokens.refresh, tokens.expires_in, account, memberships))

    @extend_schema(request=Refresh, responses={200: shape(actions.Tokens), **problems(401)})
    @action(detail=False, methods=["post"], url_path="refresh", permission_classes=[Anyone], authentication_classes=[])
    def refresh(self, request: Request) -> Response:
        """The next pair of tokens. A refresh token works once: used again, it ends everything that its login gave."""
        tokens = actions.refresh(self.payload(Refresh)["refresh"])
        return self.kept(tokens) if isinstance(tokens, TokenReused) else Response(tokens)

    @extend_schema(request=None, responses={204: None})
    @action(detail=False, methods=["post"], url_path="logout", permission_classes=[HasAccount])
    def logout(self, request: Request) -> Response:
        """Ends the login that gave this access token."""
        token_id = called(request).caller.token_id
        assert token_id is not None
        actions.log_out(token_id)
        return Response(status=204)

    @extend_schema(responses=shape(queries.Me))
    @action(detail=False, url_path="me", permission_classes=[HasAccount])
    def me(self, request: Request) -> Response:
        user_id = called(request).caller.user_id
        assert user_id is not None
        return Response(queries.me(user_id))
