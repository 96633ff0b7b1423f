"""Accounts are opened, join websites, log in and out. What a membership means for a website is recorded above, in
`platform`; this package knows no journal."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.tenancy.jobs import defer
from copydesk.tenancy.models import Website

from . import limits
from .errors import CredentialsInvalid, LinkInvalid, MfaCodeInvalid, MfaRequired, TokenInvalid, TokenReused
from .models import Membership, MembershipStatus, Token, TokenKind, User
from .permissions import Role
from .resolve import digest

JOIN_SALT = "copydesk.join"
JOIN_SECONDS = 7 * 86400
NO_PASSWORD = UNUSABLE_PASSWORD_PREFIX
"""What an unknown e-mail is checked against: as slow as a real one, and never right."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """`expires_in`: seconds that the access token lives."""

    access: str
    refresh: str
    expires_in: int


def open_account(email: str, password: str | None, *, full_name: str = "", verified: bool = False) -> User:
    """A new account. `verified`: whoever opens it vouches for the e-mail (an invitation, the first superadmin)."""
    user = User.objects.create_user(email, password, full_name=full_name)
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    return user


def add_member(website: Website, user: User, role: Role, *, admitted: bool = True) -> Membership:
    """The website's next member. Holds the website's row, so that no two get one number."""
    Website.objects.select_for_update(no_key=True).get(pk=website.pk)
    members = Membership.objects.of(website)
    number = (members.aggregate(last=Max("number"))["last"] or 0) + 1
    return members.create(user=user, role=role, number=number, admitted=admitted)


def set_standing(member: Membership, status: MembershipStatus) -> None:
    """Of a locked one. Who is suspended logs in, and is refused on this website. Whoever stands above records it."""
    Membership.objects.of(member.website_id).filter(pk=member.pk).update(status=status)
    member.refresh_from_db(fields=["status"], from_queryset=Membership.objects.of(member.website_id))


def check_registration(email: str, password: str, full_name: str, address: str | None) -> None:
    """Raises TooManyAttempts, and Invalid for a weak password. Outside a transaction, so that attempts count."""
    limits.spend("register from", address or "", most=20, seconds=3600)
    limits.spend("register", email.lower(), most=5, seconds=3600)
    check_strength(password, User(email=email.lower(), full_name=full_name))


def register(
    website: Website, *, email: str, password: str, full_name: str, role: Role = Role.CLIENT
) -> Membership | None:
    """A client of `website`, or a writer who is yet to be admitted; None for a known e-mail, whose owner is told by
    mail how to join. Both cost the same."""
    email = email.lower()
    hashed = make_password(password)
    user, opened = User.objects.get_or_create(email=email, defaults={"full_name": full_name, "password": hashed})
    if not opened:
        defer("accounts.mail_known_account", website.pk, user_id=user.pk, role=role)
        return None
    EmailAddress.objects.create(user=user, email=email, primary=True, verified=False)
    defer("accounts.mail_welcome", website.pk, user_id=user.pk)
    return add_member(website, user, role, admitted=role is Role.CLIENT)


def join_link(website: Website, user: User, role: Role) -> str:
    return signing.dumps([website.pk, user.pk, role], salt=JOIN_SALT)


def join(website: Website, token: str) -> tuple[Membership, bool]:
    """The account that a join link was mailed to is a member of `website`, in the role that it registered for (a writer
    is yet to be admitted), and whether it has just become one. Raises LinkInvalid."""
    try:
        website_id, user_id, role = signing.loads(token, salt=JOIN_SALT, max_age=JOIN_SECONDS)
    except signing.BadSignature as error:
        raise LinkInvalid from error
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if website_id != website.pk or user is None:
        raise LinkInvalid
    Website.objects.select_for_update(no_key=True).get(pk=website.pk)
    known = Membership.objects.of(website).filter(user=user).first()
    if known:
        return known, False
    return add_member(website, user, Role(role), admitted=role == Role.CLIENT), True


def check_strength(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": " ".join(error.messages)}, "password_too_weak") from error


def log_in(*, email: str, password: str, code: str, address: str | None) -> tuple[User, Tokens]:
    """Raises CredentialsInvalid, the same and after the same work for an unknown e-mail; MfaRequired, MfaCodeInvalid,
    TooManyAttempts. Opens its own transactions."""
    email = email.lower()
    limits.spend("log in from", address or "", most=60, seconds=300)
    limits.spend("log in", email, most=10, seconds=300)
    user = User.objects.filter(email=email, is_active=True).first()
    if not check_password(password, user.password if user else NO_PASSWORD) or user is None:
        raise CredentialsInvalid
    check_second_factor(user, code)
    limits.give_back("log in", email)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(last_login=clock.now())
        return user, issue_tokens(user, uuid.uuid4())


def confirm_password(user_id: int, password: str) -> bool:
    """Whether it is the password of a logged-in account: asked again before money leaves. Raises TooManyAttempts. To be
    called outside a transaction."""
    limits.spend("confirm", str(user_id), most=10, seconds=300)
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if not check_password(password, user.password if user else NO_PASSWORD):
        return False
    limits.give_back("confirm", str(user_id))
    return True


def check_second_factor(user: User, code: str) -> None:
    """Nothing for an account without one. Takes a code of its authenticator app, or a recovery code, once."""
    factors = {factor.type: factor for factor in Authenticator.objects.filter(user=user)}
    if not {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN} & factors.keys():
        return
    if not code:
        raise MfaRequired
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        if kind in factors and factors[kind].wrap().validate_code(code):
            factors[kind].record_usage()
            return
    raise MfaCodeInvalid


def issue_tokens(user: User, family: uuid.UUID) -> Tokens:
    """An access and a refresh token; what one login gives is one family."""
    return Tokens(
        access=_issue(user, TokenKind.ACCESS, family, settings.ACCESS_TOKEN_SECONDS),
        refresh=_issue(user, TokenKind.REFRESH, family, settings.REFRESH_TOKEN_SECONDS),
        expires_in=settings.ACCESS_TOKEN_SECONDS,
    )


def refresh(secret: str) -> Tokens | TokenReused:
    """The next pair; the old refresh token is used up. One that was used before ends its family: that is returned, not
    raised, so that it is not undone. Raises TokenInvalid."""
    tokens = Token.objects.select_related("user").select_for_update(of=("self",))
    known = tokens.filter(digest=digest(secret), kind=TokenKind.REFRESH, expires_at__gt=clock.now()).first()
    if known is None or not known.user.is_active:
        raise TokenInvalid
    if known.used_at is not None:
        revoke_family(known.family)
        return TokenReused()
    known.used_at = clock.now()
    known.save(update_fields=["used_at"])
    Token.objects.filter(family=known.family, kind=TokenKind.ACCESS).delete()
    return issue_tokens(known.user, known.family)


def log_out(token_id: int) -> None:
    """Ends the login that gave this access token."""
    family = Token.objects.filter(pk=token_id).values_list("family", flat=True).first()
    if family is not None:
        revoke_family(family)


def revoke_family(family: uuid.UUID) -> None:
    Token.objects.filter(family=family).delete()


def revoke_all(user: User) -> None:
    Token.objects.filter(user=user).delete()


def family_of_session(session_key: str) -> uuid.UUID:
    """A login by the accounts library's own flows: its session and our tokens end together."""
    return uuid.uuid5(uuid.NAMESPACE_OID, session_key)


def _issue(user: User, kind: TokenKind, family: uuid.UUID, seconds: int) -> str:
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    expires_at = now + dt.timedelta(seconds=seconds)
    Token.objects.create(
        user=user, kind=kind, digest=digest(secret), family=family, created_at=now, expires_at=expires_at
    )
    return secret
