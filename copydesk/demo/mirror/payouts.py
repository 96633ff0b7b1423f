"""Mirrors copydesk/payments/actions/payouts.py. Sent as prepared, as triggers demand, then moved on."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.payments.models import (
    AccountKind,
    Payout,
    PayoutLine,
    PayoutStatement,
    PayoutStatus,
    Reference,
    TransferPurpose,
)
from copydesk.payments.policies import PayoutPolicy

from ..copy import Row
from ..stage import Stage, step
from . import money

THRESHOLD = PayoutPolicy().threshold_minor


@dataclass(slots=True)
class Batch:
    payout: Row
    statements: list[Row]
    taken: list[Row]


@step
def prepare_payout(stage: Stage, *, by: Actor) -> Batch | None:
    """None where nobody has the threshold: the action refuses then."""
    books = stage.books
    by_writer: defaultdict[int, list[Row]] = defaultdict(list)
    for earning in books.earnings:
        if earning.payable_at <= stage.now and not _is_held(stage, earning):
            by_writer[earning.writer_id].append(earning)
    sums = {writer_id: sum(row.amount_minor for row in by_writer[writer_id]) for writer_id in sorted(by_writer)}
    paid = {writer_id: total for writer_id, total in sums.items() if total >= THRESHOLD}
    if not paid:
        return None
    payout = stage.send(
        Payout,
        status=PayoutStatus.PREPARED.value,
        currency=stage.website.currency,
        total_minor=sum(paid.values()),
        writers=len(paid),
        prepared_by_id=by.user_id,
        prepared_at=stage.now,
    )
    statements = [
        stage.send(PayoutStatement, payout_id=payout.id, writer_id=writer_id, amount_minor=total)
        for writer_id, total in paid.items()
    ]
    taken = [(statement, earning) for statement in statements for earning in by_writer[statement.writer_id]]
    for statement, earning in taken:
        stage.send(PayoutLine, statement_id=statement.id, earning_id=earning.id)
    stage.loader.flush()
    ids = {earning.id for _, earning in taken}
    books.earnings = [row for row in books.earnings if row.id not in ids]
    stage.record("payout.prepare", payout, by=by, after=payout.status, data=_facts(payout))
    return Batch(payout, statements, [earning for _, earning in taken])


@step
def approve_payout(stage: Stage, batch: Batch, *, by: Actor) -> None:
    stage.advance(batch.payout, "approve", by=by, data=_facts(batch.payout), approved_by_id=by.user_id)
    stage.loader.update(batch.payout, "version", "status", "approved_by_id", "approved_at")


@step
def pay_payout(stage: Stage, batch: Batch, *, by: Actor) -> None:
    payout = batch.payout
    stage.books.paying = {earning.id for earning in batch.taken}
    stage.advance(payout, "pay", by=by, data=_facts(payout), paid_by_id=by.user_id)
    stage.loader.update(payout, "version", "status", "paid_by_id", "paid_at")
    out = money.account_of(stage, AccountKind.PAYOUTS)
    for statement in batch.statements:
        earnings = money.account_of(stage, AccountKind.EARNINGS, owner_id=statement.writer_id)
        money.post(
            stage,
            TransferPurpose.PAYOUT,
            [(earnings, -statement.amount_minor), (out, statement.amount_minor)],
            subject=statement,
            reference=Reference("payout", payout.id),
        )
        data = {"payout_id": payout.id, "amount_minor": statement.amount_minor, "currency": payout.currency}
        stage.record("payout_statement.pay", statement, by=by, data=data)


@step
def cancel_payout(stage: Stage, batch: Batch, *, by: Actor, reason: str) -> None:
    stage.advance(batch.payout, "cancel", by=by, reason=reason, data=_facts(batch.payout))
    stage.loader.update(batch.payout, "version", "status", "cancelled_at")
    stage.books.earnings = sorted([*stage.books.earnings, *batch.taken], key=lambda row: row.id)


def held(stage: Stage, batch: Batch) -> bool:
    """One of its orders is in dispute, or one of its fines appealed: neither approved nor paid."""
    return any(_is_held(stage, earning) for earning in batch.taken)


def _is_held(stage: Stage, earning: Row) -> bool:
    key = earning.reference_id if earning.reference_type == "order" else tuple(earning.reference)
    return key in stage.books.held


def _facts(payout: Row) -> dict[str, Any]:
    return {
        "payout_id": payout.id,
        "total_minor": payout.total_minor,
        "currency": payout.currency,
        "writers": payout.writers,
    }
