"""What an outcome does: to the order, the client's money, the writer's pay and fines, and in the ledger."""

from __future__ import annotations

import datetime as dt
import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.db.models import Q

from copydesk.core.money import to_decimal
from copydesk.fines.policies import FineKind
from copydesk.orders.models import Status
from copydesk.payments.models import (
    AccountKind,
    Destination,
    Method,
    Posting,
    Reference,
    RepaymentStatus,
    TransferPurpose,
)
from copydesk.payments.models.ledger import PostingQuerySet
from copydesk.refunds.models import Refund, RefundPart
from copydesk.tenancy.models import Website

from ..models import DisputeStatus, Outcome, Remedy, Verdict


@dataclass(frozen=True, slots=True)
class SettledOrder:
    """`before` is where it stood when it was disputed. `round`: the number of the new piece of work, null without."""

    id: int
    number: int
    before: Status
    after: Status
    client_deadline: dt.datetime
    writer_removed: bool
    round: int | None


@dataclass(frozen=True, slots=True)
class SettledSource:
    """A part of the refund, back to where it came from. `is_posted`: at once; what goes by card is posted, and lowers
    pay that was earned, when the provider has given it back."""

    charge_id: int
    method: Method
    destination: Destination
    amount: Decimal
    is_posted: bool


@dataclass(frozen=True, slots=True)
class SettledRefund:
    """`kept`: what the website keeps of what was paid."""

    amount: Decimal
    kept: Decimal
    sources: list[SettledSource]


@dataclass(frozen=True, slots=True)
class SettledPay:
    """`agreed` for the order; `before` is what was earned, or, of work that was not completed, would have been; `after`
    what is left of it; `change` = after − before. `posted`: what is earned, or taken back, at once."""

    agreed: Decimal
    before: Decimal
    after: Decimal
    change: Decimal
    posted: Decimal
    is_earned: bool


@dataclass(frozen=True, slots=True)
class VoidedFine:
    """`amount`: what the writer is given back of it."""

    id: int
    kind: FineKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ProposedFine:
    """By the policy, because the outcome ends a late round through the writer's cause; the writer sees it before it is
    issued."""

    kind: FineKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """Into the account, below zero: out of it. All lines of a settlement sum to zero."""

    purpose: TransferPurpose
    account: AccountKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Settlement:
    """A preview says what `apply` does, field by field. `cancelled_refunds`: requests that waited, which this
    decides."""

    mode: Literal["preview", "apply"]
    dispute_id: int
    status: DisputeStatus
    outcome: Outcome
    verdict: Verdict
    remedy: Remedy
    currency: str
    order: SettledOrder
    refund: SettledRefund
    writer_pay: SettledPay
    cancelled_refunds: list[int]
    fines_voided: list[VoidedFine]
    fines_proposed: list[ProposedFine]
    postings: list[LedgerLine]


def posting_ids(website: Website, about: Sequence[Reference]) -> set[int]:
    """Of all that was ever posted about these. One query."""
    return set(_about(website, about).values_list("pk", flat=True))


def lines_since(website: Website, about: Sequence[Reference], known: set[int]) -> list[LedgerLine]:
    """What was posted about them beyond `known`, in that order. One query."""
    found = _about(website, about).exclude(pk__in=known).order_by("pk")
    return [
        LedgerLine(TransferPurpose(purpose), AccountKind(kind), to_decimal(amount))
        for purpose, kind, amount in found.values_list("transfer__purpose", "account__kind", "amount_minor")
    ]


def sources_of(refund: Refund) -> list[SettledSource]:
    """One query."""
    parts = RefundPart.objects.of(refund.website_id).filter(refund=refund).order_by("repayment__charge_id")
    found = parts.values_list(
        "repayment__charge_id",
        "repayment__charge__method",
        "repayment__destination",
        "repayment__amount_minor",
        "repayment__status",
    )
    return [
        SettledSource(charge, Method(method), Destination(to), to_decimal(amount), status == RepaymentStatus.SUCCEEDED)
        for charge, method, to, amount, status in found
    ]


def _about(website: Website, about: Sequence[Reference]) -> PostingQuerySet:
    one = (Q(transfer__reference_type=each.type, transfer__reference_id=each.id) for each in about)
    return Posting.objects.of(website).filter(functools.reduce(operator.or_, one))
