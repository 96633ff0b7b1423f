"""Accounts, members and their access tokens."""

import datetime as dt
import uuid

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, MembershipStatus, Token, TokenKind, User
from copydesk.accounts.permissions import Role
from copydesk.accounts.resolve import digest
from copydesk.core import clock
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope


def user(email: str = "someone@example.test", *, password: str | None = None, is_superadmin: bool = False) -> User:
    return User.objects.create_user(email, password, is_superadmin=is_superadmin)


def membership(
    of: Website,
    role: Role | str = Role.CLIENT,
    *,
    account: User | None = None,
    email: str = "",
    status: str = MembershipStatus.ACTIVE,
) -> Membership:
    """The next member of a website: `client1@atlas.test`, `writer2@atlas.test`, … numbered as they come."""
    with website_scope(of.pk):
        number = Membership.objects.of(of).count() + 1
        account = account or user(email or f"{Role(role).value}{number}@{of.slug}.test")
        row = Membership.objects.of(of).create(user=account, role=Role(role), status=status, number=number)
    row.website = of
    return row


def superadmin(email: str = "superadmin@copydesk.test") -> User:
    return user(email, is_superadmin=True)


def actor(who: Membership) -> Actor:
    """`who` as the `by=` of an action."""
    return Actor(website=who.website, role=Role(who.role), user_id=who.user_id, membership_id=who.pk)


def access_token(account: User) -> str:
    """A token that lives for an hour of the test's clock, without the cost of a login."""
    secret = uuid.uuid4().hex
    now = clock.now()
    Token.objects.create(
        user=account,
        kind=TokenKind.ACCESS,
        digest=digest(secret),
        family=uuid.uuid4(),
        created_at=now,
        expires_at=now + dt.timedelta(hours=1),
    )
    return secret
