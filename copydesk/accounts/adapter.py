"""Where the accounts library meets our own memberships and tokens."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up without a website: see POST auth/register/."""
        return False


class TokenStrategy(SessionTokenStrategy):  # type: ignore[misc]
    """A login by the library's own flows (passkey, second factor) gives our access token too."""
