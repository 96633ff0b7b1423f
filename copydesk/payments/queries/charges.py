"""Charges as their payer and staff see them, and what was paid for something."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from copydesk.core.money import to_decimal
from copydesk.payments.models import Charge, ClientAction, Reference
from copydesk.tenancy.models import Website


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """What the money is for: an order, an adjustment, a wallet."""

    type: str
    id: int


@dataclass(frozen=True, slots=True)
class ReceiptLineRow:
    label: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """`status` pending or unknown: the provider's answer is awaited, look again. `code` says why it was declined.

    `action`, only in the answer to the payment itself: what the payer must do now, by the provider's own means. The
    same request with the same Idempotency-Key gives it again.
    """

    id: int
    purpose: str
    method: str
    status: str
    code: str
    amount: Decimal
    repaid: Decimal
    currency: str
    reference: ReferenceRow
    lines: list[ReceiptLineRow]
    created_at: datetime
    captured_at: datetime | None
    has_receipt: bool
    action: ClientAction | None


def charge_row(charge: Charge) -> ChargeRow:
    return ChargeRow(
        id=charge.pk,
        purpose=charge.purpose,
        method=charge.method,
        status=charge.status,
        code=charge.code,
        amount=to_decimal(charge.amount_minor),
        repaid=to_decimal(charge.repaid_minor),
        currency=charge.currency,
        reference=ReferenceRow(*charge.reference),
        lines=[ReceiptLineRow(line["label"], to_decimal(line["amount_minor"])) for line in charge.lines],
        created_at=charge.created_at,
        captured_at=charge.captured_at,
        has_receipt=charge.has_receipt,
        action=charge.action,
    )


def charge_rows(charges: Iterable[Charge]) -> list[ChargeRow]:
    return [charge_row(charge) for charge in charges]


def refundable_minor(website: Website | int, reference: Reference) -> int:
    """What is left of what a client paid for one thing, tips apart. One query. To act on it, call `repay`, which asks
    again under lock."""
    found = Charge.objects.of(website).about(reference).repayable()
    sums = found.aggregate(captured=Sum("amount_minor", default=0), repaid=Sum("repaid_minor", default=0))
    left: int = sums["captured"] - sums["repaid"]
    return left
