"""Token, website and role in one statement, before the transaction opens.

The function in the database (SECURITY DEFINER, migration accounts 0002) sees what no policy lets the application see.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from copydesk.core import clock
from copydesk.tenancy.models import Website

from .actor import Actor
from .permissions import Role

SQL = "SELECT * FROM resolve_caller(%s::bytea, %s::text, %s::text, %s::timestamptz)"


@dataclass(frozen=True, slots=True)
class Caller:
    """`website` null: none was named, or none that the caller may know of (`website_known` false)."""

    user_id: int | None
    token_id: int | None
    is_superadmin: bool
    website: Website | None
    website_named: bool
    membership_id: int | None
    role: Role | None
    suspended: bool
    admitted: bool
    lacks_totp: bool

    def actor(self, request_id: str = "", address: str | None = None) -> Actor | None:
        if self.website is None or self.role is None:
            return None
        return Actor(
            website=self.website,
            role=self.role,
            user_id=self.user_id,
            membership_id=self.membership_id,
            token_id=self.token_id,
            request_id=request_id,
            address=address,
            admitted=self.admitted,
        )


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def resolve(token: str | None, slug: str | None, host: str | None) -> Caller:
    """One prepared statement. The website: the slug, else the host, else the only membership."""
    with connection.cursor() as cursor:
        cursor.execute(SQL, [digest(token) if token else None, slug, host, clock.now()])
        return caller_of(cursor.fetchone())


def caller_of(row: Sequence[Any]) -> Caller:
    """From a row of resolve_caller()."""
    (
        user_id,
        token_id,
        is_superadmin,
        website_named,
        website_id,
        website_slug,
        website_name,
        website_domain,
        website_status,
        currency,
        timezone,
        requires_staff_totp,
        membership_id,
        role,
        member_status,
        has_totp,
        admitted,
    ) = row
    website = None
    if website_id is not None:
        website = Website(
            id=website_id,
            slug=website_slug,
            name=website_name,
            domain=website_domain,
            status=website_status,
            currency=currency,
            timezone=timezone,
            requires_staff_totp=requires_staff_totp,
        )
    known_role = Role(role) if role else None
    staff = known_role in (Role.SUPPORT, Role.ADMIN, Role.SUPERADMIN)
    return Caller(
        user_id=user_id,
        token_id=token_id,
        is_superadmin=bool(is_superadmin),
        website=website,
        website_named=bool(website_named),
        membership_id=membership_id,
        role=known_role,
        suspended=member_status == "suspended",
        admitted=admitted is not False,
        lacks_totp=bool(website and requires_staff_totp and staff and not has_totp),
    )
