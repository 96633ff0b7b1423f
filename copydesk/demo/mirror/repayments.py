"""Mirrors copydesk/payments/actions/repayments.py: money that is claimed, given back, or refused."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core.money import split
from copydesk.payments.actions.repayments import FIRST_RETRY
from copydesk.payments.gateway.sandbox import REPAYABLE_AFTER, UNSETTLED
from copydesk.payments.models import (
    AccountKind,
    ChargeStatus,
    Destination,
    Method,
    Purpose,
    Repayment,
    RepaymentStatus,
    SandboxRefund,
    TransferPurpose,
)

from ..copy import Row
from ..stage import Case, Paid, Planned, Stage
from .money import PROVIDER, account_of, post, wallet_of


def repay(stage: Stage, case: Case, amount_minor: int, *, by: Actor, reason: str) -> None:
    """Of the charges for the thing itself, in proportion to what each has left."""
    for paid, part in _shares(case, amount_minor):
        row = _claim(stage, case, paid, part, RepaymentStatus.EXECUTING)
        stage.record("repayment.create", row, by=by, after=row.status, reason=reason, data=_claimed(row))
        _send(stage, paid, row)


def plan_repayments(
    stage: Stage, case: Case, amount_minor: int, *, by: Actor, reason: str, to_wallet: bool
) -> list[Planned]:
    planned = [
        Planned(paid, _claim(stage, case, paid, part, RepaymentStatus.PLANNED, to_wallet=to_wallet))
        for paid, part in _shares(case, amount_minor)
    ]
    for one in planned:
        row = one.repayment
        stage.record("repayment.plan", row, by=by, after=row.status, reason=reason, data=_claimed(row))
    return planned


def start_repayment(stage: Stage, planned: Planned) -> None:
    row = planned.repayment
    first = stage.now + FIRST_RETRY if row.destination == Destination.CARD else None
    stage.advance(row, "start", by=stage.system, data=_claimed(row), next_attempt_at=first)
    _send(stage, planned.paid, row)


def retry_repayment(stage: Stage, planned: Planned, *, by: Actor) -> None:
    row = planned.repayment
    planned.paid.repaid_minor += row.amount_minor
    stage.advance(row, "retry", by=by, attempts=0, code="", next_attempt_at=stage.now + FIRST_RETRY)
    stage.jobs.append(lambda: _execute(stage, planned.paid, row))


def cancel_repayment(stage: Stage, planned: Planned) -> None:
    row = planned.repayment
    planned.paid.repaid_minor -= row.amount_minor
    stage.advance(row, "cancel", by=stage.system, data=_claimed(row))


def _shares(case: Case, amount_minor: int) -> list[tuple[Paid, int]]:
    paid = [
        each
        for each in case.charges
        if each.charge.purpose in (Purpose.ORDER, Purpose.ADJUSTMENT) and each.charge.status == ChargeStatus.CAPTURED
    ]
    parts = split(amount_minor, [each.refundable_minor for each in paid])
    return [(each, part) for each, part in zip(paid, parts, strict=True) if part]


def _claim(
    stage: Stage, case: Case, paid: Paid, amount_minor: int, status: RepaymentStatus, *, to_wallet: bool = False
) -> Row:
    card = paid.charge.method == Method.CARD and not to_wallet
    row = stage.make(
        Repayment,
        charge_id=paid.charge.id,
        amount_minor=amount_minor,
        destination=(Destination.CARD if card else Destination.WALLET).value,
        status=status.value,
        intent=stage.uuid(),
        created_at=stage.now,
        next_attempt_at=stage.now + FIRST_RETRY if card and status == RepaymentStatus.EXECUTING else None,
    )
    row.charge = paid.charge
    paid.repaid_minor += amount_minor
    case.repayments.append(row)
    return row


def _send(stage: Stage, paid: Paid, row: Row) -> None:
    if row.destination == Destination.CARD:
        stage.jobs.append(lambda: _execute(stage, paid, row))
    else:
        _succeed(stage, paid, row, "", wallet_of(stage, paid.charge.payer_id))


def _execute(stage: Stage, paid: Paid, row: Row) -> None:
    charged = paid.charge
    if paid.token == UNSETTLED and stage.now < charged.created_at + REPAYABLE_AFTER:
        code = "not_refundable"
        paid.repaid_minor -= row.amount_minor
        facts = {**_claimed(row), "code": code}
        stage.advance(row, "fail", by=stage.system, data=facts, code=code, next_attempt_at=None)
        return
    told = str(stage.uuid())
    refund = stage.loader.sheets[SandboxRefund].make(
        key=row.intent,
        reference=told,
        payment_id=charged.intent,
        amount_minor=row.amount_minor,
        created_at=stage.now,
    )
    stage.loader.send(refund)
    _succeed(stage, paid, row, told, account_of(stage, AccountKind.MONEY_IN, name=PROVIDER))


def _succeed(stage: Stage, paid: Paid, row: Row, told: str, back_to: Row) -> None:
    facts = _claimed(row)
    stage.advance(row, "succeed", by=stage.system, provider_reference=told, next_attempt_at=None, data=facts)
    post(
        stage,
        TransferPurpose.REPAYMENT,
        [(account_of(stage, AccountKind.REFUNDS), -row.amount_minor), (back_to, row.amount_minor)],
        subject=row,
        reference=paid.charge.reference,
        charge_id=paid.charge.id,
        reverses_id=paid.transfer_id,
    )


def _claimed(row: Row) -> dict[str, Any]:
    return {
        "repayment_id": row.id,
        "charge_id": row.charge_id,
        "amount_minor": row.amount_minor,
        "currency": row.charge.currency,
        "destination": row.destination,
    }
