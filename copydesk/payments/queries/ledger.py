"""The lines of a wallet, and whether the books balance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.money import to_decimal
from copydesk.payments.models import AccountKind, Posting
from copydesk.payments.models.ledger import PostingQuerySet
from copydesk.tenancy.models import Website

from .charges import ReferenceRow


@dataclass(frozen=True, slots=True)
class Drift:
    """All zero in sound books. `accounts`: those whose kept balance is not the sum of its postings."""

    accounts: int
    postings_sum_minor: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One ledger line of the own account: `amount` in, negative out."""

    id: int
    at: datetime
    purpose: str
    amount: Decimal
    currency: str
    reference: ReferenceRow
    charge_id: int | None


def drift(website: Website) -> Drift:
    """One statement over all postings: for the health page and tests, not for a screen."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH sums AS (SELECT account_id, sum(amount_minor) AS total FROM payments_posting"
            "              WHERE website_id = %s GROUP BY account_id)"
            " SELECT count(*) FILTER (WHERE a.balance_minor <> coalesce(s.total, 0)), coalesce(sum(s.total), 0)::bigint"
            " FROM payments_ledgeraccount a LEFT JOIN sums s ON s.account_id = a.id WHERE a.website_id = %s",
            [website.pk, website.pk],
        )
        accounts, total = cursor.fetchone()
    return Drift(accounts, total)


def entries(actor: Actor) -> PostingQuerySet:
    """The lines of the actor's own account: a client's wallet, a writer's earnings."""
    kind = AccountKind.EARNINGS if actor.role is Role.WRITER else AccountKind.WALLET
    assert actor.membership_id is not None
    return Posting.objects.visible_to(actor).of_member(actor.membership_id, kind).select_related("transfer")


def entry_rows(postings: Iterable[Posting]) -> list[EntryRow]:
    return [
        EntryRow(
            id=posting.pk,
            at=posting.at,
            purpose=posting.transfer.purpose,
            amount=to_decimal(posting.amount_minor),
            currency=posting.transfer.currency,
            reference=ReferenceRow(posting.transfer.reference_type, posting.transfer.reference_id),
            charge_id=posting.transfer.charge_id,
        )
        for posting in postings
    ]
