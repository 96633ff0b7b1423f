"""Movements between accounts. What a movement may be is held by the database, see migrations/ledger.sql."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Q

from copydesk.core import clock
from copydesk.journal.models import Journaled
from copydesk.payments.models import AccountKind, Charge, LedgerAccount, Posting, Reference, Transfer, TransferPurpose
from copydesk.payments.models.ledger import OWNED_KINDS
from copydesk.tenancy.models import Website


def account_of(website: Website, kind: AccountKind, *, owner_id: int | None = None, name: str = "") -> LedgerAccount:
    """The account, opened when it is first needed. One query, three the first time."""
    rows = LedgerAccount.objects.of(website).filter(kind=kind, owner_id=owner_id, name=name)
    found = rows.first()
    if found is None:
        new = LedgerAccount(
            website_id=website.pk,
            kind=kind,
            owner_id=owner_id,
            name=name,
            currency=website.currency,
            balance_minor=0 if kind in OWNED_KINDS else None,
        )
        LedgerAccount.objects.of(website).bulk_create([new], ignore_conflicts=True)
        found = rows.get()
    return found


def wallet_of(website: Website, member_id: int) -> LedgerAccount:
    return account_of(website, AccountKind.WALLET, owner_id=member_id)


def locked_account(account: LedgerAccount) -> LedgerAccount:
    """Read again under a lock: its balance stays as it is until the transaction ends."""
    return LedgerAccount.objects.of(account.website_id).filter(pk=account.pk).lock().get()


def lock_accounts(website: Website, *, writers: Collection[int], clients: Collection[int]) -> None:
    """Earnings of the writers before wallets of the clients, each in the order of their ids, as payouts go: of two who
    move the money of several members one waits for the other. What is missing is opened before, in that order too, and
    locked even where another has opened it meanwhile. Two queries, three where something is missing."""
    kinds = ((AccountKind.EARNINGS, writers), (AccountKind.WALLET, clients))
    owned = Q(kind=AccountKind.EARNINGS, owner_id__in=writers) | Q(kind=AccountKind.WALLET, owner_id__in=clients)
    rows = LedgerAccount.objects.of(website).filter(owned)
    known = set(rows.values_list("kind", "owner_id"))
    LedgerAccount.objects.of(website).bulk_create(
        (
            LedgerAccount(
                website_id=website.pk, kind=kind, owner_id=owner_id, currency=website.currency, balance_minor=0
            )
            for kind, owner_ids in kinds
            for owner_id in sorted(owner_ids)
            if (kind, owner_id) not in known
        ),
        ignore_conflicts=True,
    )
    list(rows.order_by("kind", "owner_id").lock())


def post(
    website: Website,
    purpose: TransferPurpose,
    lines: Sequence[tuple[LedgerAccount, int]],
    *,
    subject: Journaled,
    reference: Reference,
    charge: Charge | None = None,
    reverses: Transfer | None = None,
) -> Transfer:
    """One transfer about `subject`, of lines (account, minor units into it, negative: out of it) that sum to zero.

    Once per purpose and subject: a second one is an IntegrityError. Two queries.
    """
    at = clock.now()
    transfer = Transfer.objects.of(website).create(
        purpose=purpose,
        at=at,
        currency=website.currency,
        lines=len(lines),
        subject_type=subject.noun,
        subject_id=subject.pk,
        reference_type=reference.type,
        reference_id=reference.id,
        charge=charge,
        reverses=reverses,
    )
    Posting.objects.of(website).bulk_create(
        Posting(website_id=website.pk, transfer=transfer, account=account, amount_minor=amount, at=at)
        for account, amount in lines
    )
    return transfer
