"""Double entry. A posting is what goes into its account, negative: out of it. Those of a transfer sum to zero."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import TenantModel, TenantQuerySet


class AccountKind(models.TextChoices):
    """The chart of accounts: each figure of RULES §0 is the sum of one kind's postings."""

    MONEY_IN = "money_in"
    """Outside: what came through a provider (named), as a negative sum."""
    PAYOUTS = "payouts"
    """Outside: what went to writers."""
    WALLET = "wallet"
    """A client's."""
    EARNINGS = "earnings"
    """A writer's: earned and not paid out."""
    SALES = "sales"
    """Gross revenue: captured payments for orders and their adjustments."""
    REFUNDS = "refunds"
    """What was given back, as a negative sum; net = sales + refunds."""
    WRITER_COST = "writer_cost"
    """What writers earned, as a negative sum; margin = net + writer_cost."""
    FINES = "fines"
    """What was kept from writers as fines, less what was waived: no writer's cost, and no revenue from clients."""
    TIPS = "tips"
    """Tips on their way to writers, no revenue; what stays is the website's share."""


OWNED_KINDS = (AccountKind.WALLET, AccountKind.EARNINGS)


class LedgerAccount(TenantModel):
    """Only accounts with an owner keep a balance, by trigger: in a house account it would be a row all wait for."""

    kind = models.CharField(max_length=12, choices=AccountKind.choices)
    name = models.CharField(max_length=40, blank=True)
    owner = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    currency = models.CharField(max_length=3)
    balance_minor = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("website", "kind", "name", name="house_account_unique", condition=Q(owner=None)),
            models.UniqueConstraint(
                "website", "kind", "owner", name="owned_account_unique", condition=Q(owner__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(kind__in=OWNED_KINDS, owner__isnull=False, balance_minor__isnull=False)
                | (~Q(kind__in=OWNED_KINDS) & Q(owner=None, balance_minor=None)),
                name="account_owned_by_kind",
            ),
            models.CheckConstraint(
                condition=~Q(kind=AccountKind.WALLET) | Q(balance_minor__gte=0), name="wallet_never_negative"
            ),
        ]


class TransferPurpose(models.TextChoices):
    CAPTURE = "capture"
    REPAYMENT = "repayment"
    EARNING = "earning"
    PAYOUT = "payout"


class Transfer(TenantModel):
    """One movement, append-only. `subject` is the row that caused it, once per purpose; `reference` is what it was
    about in the business (an order). `lines` counts its postings, so that none can be added afterwards."""

    purpose = models.CharField(max_length=12, choices=TransferPurpose.choices)
    at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    lines = models.PositiveSmallIntegerField()
    subject_type = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    reference_type = models.CharField(max_length=20)
    reference_id = models.BigIntegerField()
    charge = models.ForeignKey("payments.Charge", models.PROTECT, null=True, related_name="transfers")
    reverses = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("website", "purpose", "subject_type", "subject_id", name="transfer_once"),
            models.CheckConstraint(condition=Q(lines__gte=2), name="transfer_two_lines"),
        ]
        indexes = [models.Index("website", "reference_type", "reference_id", name="transfer_by_reference")]


class PostingQuerySet(TenantQuerySet["Posting"]):
    def of_member(self, membership_id: int, kind: AccountKind) -> PostingQuerySet:
        return self.filter(account__owner_id=membership_id, account__kind=kind)


class Posting(TenantModel):
    """One line of a transfer, append-only. `at` is the transfer's, repeated for the index of the reports."""

    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="postings")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="postings", db_index=False)
    amount_minor = models.BigIntegerField()
    at = models.DateTimeField()

    objects: ClassVar[PostingQuerySet] = PostingQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="posting_not_zero")]
        indexes = [
            models.Index(F("account"), F("id"), name="posting_by_account"),
            models.Index("account", "at", include=["website", "amount_minor"], name="posting_by_time"),
        ]
