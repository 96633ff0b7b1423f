"""The life of members: what becomes of an account in a website, recorded."""

from __future__ import annotations

from typing import Any

from copydesk.accounts import actions as accounts
from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.journal.actions import record
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import in_transaction
from copydesk.writers.actions import open_profile, refuse_contact_details, require_free_pen_name


def register_client(
    website: Website, *, email: str, password: str, full_name: str, request_id: str, address: str | None
) -> None:
    """Answers nothing, for a known e-mail as for a new one. Raises Invalid, TooManyAttempts."""
    accounts.check_registration(email, password, full_name, address)
    with in_transaction():
        member = accounts.register(website, email=email, password=password, full_name=full_name)
        if member is not None:
            record("member.register", member, by=_self(member, request_id, address))


def register_writer(
    website: Website,
    *,
    email: str,
    password: str,
    full_name: str,
    request_id: str,
    address: str | None,
    **profile: Any,
) -> None:
    """Applies as a writer: an account, its membership that is yet to be admitted, its profile. Answers nothing, for a
    known e-mail (whose owner joins by mail and then applies) as for a new one. Raises Invalid, TooManyAttempts."""
    accounts.check_registration(email, password, full_name, address)
    with in_transaction():
        require_free_pen_name(website, profile["pen_name"])
        refuse_contact_details(pen_name=profile["pen_name"], bio=profile.get("bio", ""))
        member = accounts.register(website, email=email, password=password, full_name=full_name, role=Role.WRITER)
        if member is not None:
            by = _self(member, request_id, address)
            record("member.register", member, by=by)
            open_profile(member, by=by, **profile)


def join_website(website: Website, token: str, *, request_id: str, address: str | None) -> Membership:
    """Raises LinkInvalid."""
    member, joined = accounts.join(website, token)
    if joined:
        record("member.join", member, by=_self(member, request_id, address))
    return member


def _self(member: Membership, request_id: str, address: str | None) -> Actor:
    return Actor(
        website=member.website,
        role=Role(member.role),
        user_id=member.user_id,
        membership_id=member.pk,
        request_id=request_id,
        address=address,
        admitted=member.admitted,
    )
