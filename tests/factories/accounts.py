"""Accounts, members and their access tokens."""

import datetime as dt
import uuid

from copydesk.accounts.actions import add_member, open_account
from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, MembershipStatus, Token, TokenKind, User
from copydesk.accounts.permissions import Role
from copydesk.accounts.resolve import digest
from copydesk.core import clock
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope


def user(email: str = "someone@example.test", *, password: str | None = None, is_superadmin: bool = False) -> User:
    row = open_account(email, password, verified=True)
    if is_superadmin:
        row.is_superadmin = True
        row.save(update_fields=["is_superadmin"])
    return row


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
        account = account or user(email or f"{Role(role).value}{Membership.objects.of(of).count() + 1}@{of.slug}.test")
        row = add_member(of, account, Role(role))
        if status != MembershipStatus.ACTIVE:
            row.status = status
            row.save(update_fields=["status"])
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
