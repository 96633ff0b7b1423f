"""Payouts and their statements. Names of writers are for staff alone; a writer knows the own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.core.errors import NotFound
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.payments.models import Payout, PayoutLine, PayoutStatement, PayoutStatus
from copydesk.tenancy.models import Website

from .charges import ReferenceRow

SHOWN = 25
# Counted for the rows that are shown, not for all.
LINES = "SELECT count(*) FROM payments_payoutline l WHERE l.statement_id = payments_payoutstatement.id"


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """`prepared_by`, `approved_by`, `paid_by` are accounts."""

    id: int
    status: str
    total: Decimal
    currency: str
    writers: int
    prepared_by: int
    approved_by: int | None
    paid_by: int | None
    prepared_at: datetime
    approved_at: datetime | None
    paid_at: datetime | None
    cancelled_at: datetime | None


@dataclass(frozen=True, slots=True)
class WriterShareRow:
    """One writer's part of a payout. `number` is the member's on this website."""

    statement_id: int
    writer_id: int
    number: int
    full_name: str
    amount: Decimal
    lines: int


@dataclass(frozen=True, slots=True)
class PayoutDetail:
    """`statements` are the first ones: `payout.writers` says how many there are, statements/ has them all."""

    payout: PayoutRow
    statements: list[WriterShareRow]
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class StatementRow:
    id: int
    payout_id: int
    writer_id: int
    amount: Decimal
    currency: str
    status: str
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class StatementLineRow:
    """`kind` pay, tip, forfeit or reduction (negative); `reference` is the order that it comes from."""

    earning_id: int
    kind: str
    amount: Decimal
    reference: ReferenceRow
    earned_at: datetime


@dataclass(frozen=True, slots=True)
class StatementDetail:
    statement: StatementRow
    lines: list[StatementLineRow]


def payout_row(payout: Payout) -> PayoutRow:
    return PayoutRow(
        id=payout.pk,
        status=payout.status,
        total=to_decimal(payout.total_minor),
        currency=payout.currency,
        writers=payout.writers,
        prepared_by=payout.prepared_by_id,
        approved_by=payout.approved_by_id,
        paid_by=payout.paid_by_id,
        prepared_at=payout.prepared_at,
        approved_at=payout.approved_at,
        paid_at=payout.paid_at,
        cancelled_at=payout.cancelled_at,
    )


def payout_rows(payouts: Iterable[Payout]) -> list[PayoutRow]:
    return [payout_row(payout) for payout in payouts]


def payout_counts(website: Website) -> dict[str, int]:
    """Payouts by status, each status named. One query."""
    found = Payout.objects.of(website).values("status").annotate(n=Count("*")).values_list("status", "n")
    return {**dict.fromkeys(PayoutStatus.values, 0), **dict(found)}


def payout_detail(payout: Payout, by: Actor) -> PayoutDetail:
    """One query."""
    first = share_rows(payout_shares(payout).order_by("writer_id")[:SHOWN])
    return PayoutDetail(payout_row(payout), first, Payout.LIFECYCLE.available(payout, by))


def payout_shares(payout: Payout) -> QuerySet[PayoutStatement, Any]:
    """Each writer's part, to be paged."""
    lines = RawSQL(LINES, [], IntegerField())  # noqa: S611 — a constant
    rows = PayoutStatement.objects.of(payout.website_id).filter(payout=payout).annotate(n=lines)
    return rows.values_list("pk", "writer_id", "writer__number", "writer__user__full_name", "amount_minor", "n")


def share_rows(found: Iterable[Any]) -> list[WriterShareRow]:
    """Of `payout_shares`."""
    return [
        WriterShareRow(pk, writer_id, number, full_name, to_decimal(minor), lines)
        for pk, writer_id, number, full_name, minor, lines in found
    ]


def statement_row(statement: PayoutStatement) -> StatementRow:
    return StatementRow(
        id=statement.pk,
        payout_id=statement.payout_id,
        writer_id=statement.writer_id,
        amount=to_decimal(statement.amount_minor),
        currency=statement.payout.currency,
        status=statement.payout.status,
        paid_at=statement.payout.paid_at,
    )


def statement_of(payout: Payout, writer_id: int) -> StatementDetail:
    """Raises NotFound for a writer who gets nothing in it. Two queries."""
    rows = PayoutStatement.objects.of(payout.website_id).filter(payout=payout, writer_id=writer_id)
    statement = rows.select_related("payout").first()
    if statement is None:
        raise NotFound
    return statement_detail(statement)


def statement_rows(statements: Iterable[PayoutStatement]) -> list[StatementRow]:
    """Of statements with their `payout` selected."""
    return [statement_row(statement) for statement in statements]


def statement_detail(statement: PayoutStatement) -> StatementDetail:
    """Each line with the order it comes from; they sum to the statement. One query."""
    lines = PayoutLine.objects.of(statement.website_id).filter(statement=statement).select_related("earning")
    return StatementDetail(
        statement_row(statement),
        [
            StatementLineRow(
                earning_id=line.earning_id,
                kind=line.earning.kind,
                amount=to_decimal(line.earning.amount_minor),
                reference=ReferenceRow(*line.earning.reference),
                earned_at=line.earning.created_at,
            )
            for line in lines.order_by("id")
        ],
    )
