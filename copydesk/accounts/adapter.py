"""Where the accounts library meets our own memberships, tokens and jobs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as library
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest

from copydesk.tenancy.jobs import defer

from . import actions
from .errors import TokenInvalid, TokenReused
from .models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up without a website: see POST auth/register/."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """By a job: no request waits for a mail server, and no mail is sent about what was undone."""
        request = library.request
        given = {"request": request, "email": email, "current_site": get_current_site(request), **context}
        mail = self.render_mail(template_prefix, email, given)
        defer("accounts.send_mail", to=email, subject=mail.subject, text=mail.body)

    def set_password(self, user: User, password: str) -> None:
        """Changed or reset: whoever was logged in with the old one is no longer."""
        super().set_password(user, password)
        actions.revoke_all(user)

    def logout(self, request: HttpRequest) -> None:
        if request.session.session_key:
            actions.revoke_family(actions.family_of_session(request.session.session_key))
        super().logout(request)


class UserSessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    def end_sessions(self, sessions: Iterable[Any]) -> None:
        for session in sessions:
            actions.revoke_family(actions.family_of_session(session.session_key))
        super().end_sessions(sessions)


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of second factors are encrypted by the application's key."""

    def encrypt(self, text: str) -> str:
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()


class TokenStrategy(SessionTokenStrategy):  # type: ignore[misc]
    """A login by the library's own flows (passkey, second factor) gives our tokens too, in `meta`."""

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        assert isinstance(request.user, User)
        family = actions.family_of_session(self.create_session_token(request))
        tokens = actions.issue_tokens(request.user, family)
        return {"access_token": tokens.access, "refresh_token": tokens.refresh, "expires_in": tokens.expires_in}

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        try:
            tokens = actions.refresh(refresh_token)
        except TokenInvalid:
            return None
        return None if isinstance(tokens, TokenReused) else (tokens.access, tokens.refresh)


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"mfa {settings.SECRET_KEY}".encode()).digest()))
