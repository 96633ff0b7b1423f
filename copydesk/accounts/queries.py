"""An account and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.db import connection

from .models import User


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: int
    email: str
    full_name: str
    is_superadmin: bool


@dataclass(frozen=True, slots=True)
class WebsiteOfMembership:
    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class MembershipRow:
    id: int
    website: WebsiteOfMembership
    role: str
    status: str


@dataclass(frozen=True, slots=True)
class Me:
    user: AccountRow
    memberships: list[MembershipRow]
    has_second_factor: bool


def me(user_id: int) -> Me:
    """Three queries."""
    factors = Authenticator.objects.filter(user_id=user_id).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return Me(account(User.objects.get(pk=user_id)), memberships(user_id), factors.exists())


def account(user: User) -> AccountRow:
    return AccountRow(user.pk, user.email, user.full_name, user.is_superadmin)


def memberships(user_id: int) -> list[MembershipRow]:
    """Over all websites, by slug: read by a function of the database, for no website's scope shows them. One query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, website_id, slug, name, role, status FROM memberships_of(%s)", [user_id])
        return [
            MembershipRow(membership_id, WebsiteOfMembership(website_id, slug, name), role, status)
            for membership_id, website_id, slug, name, role, status in cursor.fetchall()
        ]
