"""What stands at the beginning: the first superadmin, and a website with all it needs."""

from __future__ import annotations

import re
import zoneinfo
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from copydesk.accounts import actions as accounts
from copydesk.accounts.actor import Actor
from copydesk.accounts.models import User
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.disputes.policies import DisputePolicy
from copydesk.editing.policies import EditingPolicy, Rubric
from copydesk.files.policies import FilePolicy
from copydesk.fines.policies import FinePolicy
from copydesk.journal.actions import record
from copydesk.orders.policies import OrderPolicy, PricingPolicy
from copydesk.payments.policies import PayoutPolicy
from copydesk.refunds.policies import RefundPolicy
from copydesk.reviews.policies import ReviewPolicy
from copydesk.tenancy.jobs import defer
from copydesk.tenancy.models import Website, WebsiteStatus
from copydesk.tenancy.policies import PolicyBase, store_policy
from copydesk.tenancy.scope import PLATFORM, across_websites, website_scope
from copydesk.threads.policies import MessagePolicy
from copydesk.tickets.policies import SlaPolicy
from copydesk.writers.policies import WriterPolicy

from .errors import EmailTaken

POLICIES: tuple[type[PolicyBase], ...] = (
    DisputePolicy,
    EditingPolicy,
    FilePolicy,
    FinePolicy,
    MessagePolicy,
    OrderPolicy,
    PayoutPolicy,
    PricingPolicy,
    RefundPolicy,
    ReviewPolicy,
    Rubric,
    SlaPolicy,
    WriterPolicy,
)
SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
CURRENCY = re.compile(r"[A-Z]{3}")
NOT_TWO_PLACES = frozenset({
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF"),
    *("XPF", "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "CLF", "UYW"),
})  # fmt: skip
"""Money has two decimal places everywhere in the system."""


@dataclass(frozen=True, slots=True)
class OfPlatform:
    """What an event of the platform, which is no website's, is about."""

    pk: int
    noun: str
    website_id: int = PLATFORM
    parties: ClassVar[tuple[int | None, int | None]] = (None, None)

    @property
    def root(self) -> tuple[str, int]:
        return self.noun, self.pk


def create_superadmin(email: str, password: str) -> User:
    """An account that stands above websites. Raises EmailTaken, and Invalid for a bad e-mail or a weak password."""
    email = email.strip().lower()
    check(email=email)
    accounts.check_strength(password, User(email=email))
    with website_scope(PLATFORM):
        if User.objects.filter(email=email).exists():
            raise EmailTaken
        user = accounts.open_account(email, password, verified=True)
        user.is_superadmin = True
        user.save(update_fields=["is_superadmin"])
        record("superadmin.create", OfPlatform(user.pk, "superadmin"), by=_platform())
    return user


def create_website(*, slug: str, name: str, currency: str, timezone: str, domain: str, admin_email: str) -> Website:
    """An active website with version 1 of its policies and its first admin, who is invited by mail. Raises Invalid with
    the fields."""
    domain, admin_email = domain.strip().lower(), admin_email.strip().lower()
    check(slug=slug, name=name, currency=currency, timezone=timezone, domain=domain, email=admin_email)
    with transaction.atomic():
        _refuse_taken(slug, domain)
        website = Website(
            id=_next_id(),
            slug=slug,
            name=name,
            domain=domain,
            status=WebsiteStatus.ACTIVE,
            currency=currency,
            timezone=timezone,
            created_at=clock.now(),
        )
        with website_scope(website.pk):
            website.save(force_insert=True)
            store_defaults(website)
            _invite_admin(website, admin_email)
        with website_scope(PLATFORM):
            record("website.create", OfPlatform(website.pk, "website"), by=Actor.system(website))
    return website


def store_defaults(website: Website) -> None:
    """Version 1 of every policy: today's defaults, so that a later release's change no website by themselves."""
    for policy in POLICIES:
        store_policy(website, policy.policy_name, as_data(policy()))


def as_data(policy: PolicyBase) -> dict[str, Any]:
    """As JSON, from which `parse` makes the same policy again."""
    data = asdict(policy)
    del data["version"]
    return data


def _invite_admin(website: Website, email: str) -> None:
    user = User.objects.filter(email=email).first() or accounts.open_account(email, None, verified=True)
    member = accounts.add_member(website, user, Role.ADMIN)
    record("member.invite", member, by=Actor.system(website))
    defer("platform.mail_invitation", website.pk, user_id=user.pk)


def check(**given: str) -> None:
    """Raises Invalid with every field that is wrong."""
    errors = {}
    if "slug" in given and not SLUG.fullmatch(given["slug"]):
        errors["slug"] = "Lower-case letters, digits and hyphens, at most 40."
    if "name" in given and not (given["name"].strip() and len(given["name"]) <= 120 and given["name"].isprintable()):
        errors["name"] = "1 to 120 printable characters."
    if "currency" in given and (not CURRENCY.fullmatch(given["currency"]) or given["currency"] in NOT_TWO_PLACES):
        errors["currency"] = "A currency of two decimal places, by its three capital letters."
    if "timezone" in given and given["timezone"] not in zoneinfo.available_timezones():
        errors["timezone"] = "Not a time zone, such as Europe/Helsinki."
    if given.get("domain") and not DOMAIN.fullmatch(given["domain"]):
        errors["domain"] = "Not a domain name."
    if "email" in given:
        try:
            validate_email(given["email"])
        except ValidationError:
            errors["email"] = "Not an e-mail address."
    if errors:
        raise Invalid(errors)


def _refuse_taken(slug: str, domain: str) -> None:
    with across_websites():
        slugs = Website.objects.filter(slug=slug).exists()
        domains = bool(domain) and Website.objects.filter(domain=domain).exists()
    taken = {name: "Taken by another website." for name, is_so in (("slug", slugs), ("domain", domains)) if is_so}
    if taken:
        raise Invalid(taken, "taken")


def _next_id() -> int:
    """Its row is written in its own scope, so its number is known before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('tenancy_website', 'id'))")
        return int(cursor.fetchone()[0])


def _platform() -> Actor:
    return Actor(Website(id=PLATFORM, slug="", name="Platform"), Role.SYSTEM)
