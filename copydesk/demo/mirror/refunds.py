"""Mirrors copydesk/refunds/actions: what is asked for, decided and given back, and what it takes from writers' pay."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.money import share
from copydesk.journal.models import details
from copydesk.payments.models import ChargeStatus, RepaymentStatus
from copydesk.payments.models.charges import REPAYABLE
from copydesk.refunds.actions.pay import REASON
from copydesk.refunds.models import SPARING_PAY, Ground, Refund, RefundDestination, RefundPart, RefundStatus
from copydesk.refunds.policies import RefundPolicy
from copydesk.refunds.queries.pay import LOWERING

from ..copy import Row
from ..stage import Case, Planned, Stage, step
from . import money, repayments

POLICY = RefundPolicy()
WALLET = RefundDestination.WALLET.value
R = RepaymentStatus


@step
def request_refund(
    stage: Stage,
    case: Case,
    *,
    amount_minor: int,
    reason: str,
    by: Actor,
    ground: Ground,
    destination: str,
    verb: str = "request",
    decided: dict[str, Any] | None = None,
) -> Row:
    to_wallet = destination == WALLET
    planned = repayments.plan_repayments(stage, case, amount_minor, by=by, reason=reason, to_wallet=to_wallet)
    row = stage.make(
        Refund,
        order_id=case.order.id,
        client_id=case.order.client_id,
        amount_minor=amount_minor,
        currency=stage.website.currency,
        destination=destination,
        ground=ground.value,
        reason=reason,
        requested_by_id=by.user_id,
        requested_role=by.role.value,
        needs_another_person=amount_minor > POLICY.cap_minor,
        requested_at=stage.now,
        consented_at=stage.now if to_wallet and by.role is Role.CLIENT else None,
        **(decided or {}),
    )
    case.refunds[row.id] = (row, planned)
    for one in planned:
        stage.send(RefundPart, refund_id=row.id, repayment_id=one.repayment.id)
    stage.record(f"refund.{verb}", row, by=by, after=row.status, reason=reason, data=_facts(row))
    return row


@step
def grant_refund(stage: Stage, case: Case, amount_minor: int, *, by: Actor, reason: str, key: str) -> None:
    destination = RefundDestination.ORIGINAL.value
    row = request_refund(
        stage,
        case,
        amount_minor=amount_minor,
        reason=reason,
        by=by,
        ground=Ground.DISPUTE,
        destination=destination,
        verb="grant",
        decided={
            "key": key,
            "status": RefundStatus.EXECUTING.value,
            "approved_at": stage.now,
            "executed_at": stage.now,
            "decided_by_id": by.user_id,
            "decision": reason,
        },
    )
    _start(stage, row)


@step
def approve_refund(stage: Stage, refund: Row, *, by: Actor, reason: str = "") -> None:
    stage.advance(
        refund, "approve", by=by, reason=reason, data=_facts(refund), decided_by_id=by.user_id, decision=reason
    )


@step
def reject_refund(stage: Stage, refund: Row, *, by: Actor, reason: str) -> None:
    _release(stage, refund, "reject", by=by, reason=reason)


@step
def cancel_refund(stage: Stage, refund: Row, *, by: Actor, reason: str) -> None:
    _release(stage, refund, "cancel", by=by, reason=reason)


@step
def consent_to_wallet(stage: Stage, refund: Row, *, by: Actor) -> None:
    stage.advance(refund, "consent", by=by, data=_facts(refund))


@step
def process_refund(stage: Stage, refund: Row, *, by: Actor) -> None:
    if refund.status == RefundStatus.REQUESTED:
        approve_refund(stage, refund, by=by)
    stage.advance(refund, "process", by=by, data=_facts(refund))
    _start(stage, refund)


@step
def retry_refund(stage: Stage, refund: Row, *, by: Actor, reason: str = "") -> None:
    stage.advance(refund, "retry", by=by, reason=reason, data=_facts(refund), failed_at=None)
    for one in _known(stage, refund)[1]:
        if one.repayment.status == R.FAILED:
            repayments.retry_repayment(stage, one, by=by)


def follow_repayment(stage: Stage, event: Row) -> None:
    for case in filter(None, [stage.cases.get(event.root_id)]):
        for refund, planned in case.refunds.values():
            if any(one.repayment.id == event.subject_id for one in planned):
                _settle(stage, case, refund, planned)
                break
        else:
            lower_pay(stage, case)


def follow_order(stage: Stage, event: Row) -> None:
    lower_pay(stage, stage.cases[event.subject_id])


def _start(stage: Stage, refund: Row) -> None:
    case, planned = _known(stage, refund)
    money.wallet_of(stage, refund.client_id)
    for one in planned:
        repayments.start_repayment(stage, one)
    _settle(stage, case, refund, planned)


def _settle(stage: Stage, case: Case, refund: Row, planned: list[Planned]) -> None:
    states = {one.repayment.status: one.repayment for one in planned}
    if R.SUCCEEDED in states:
        lower_pay(stage, case)
    if refund.status == RefundStatus.EXECUTING and R.EXECUTING not in states:
        if failed := states.get(R.FAILED):
            stage.advance(refund, "fail", by=stage.system, data=_facts(refund) | details(code=failed.code))
        else:
            stage.website.last_refund_receipt += 1
            number = stage.website.last_refund_receipt
            stage.advance(refund, "succeed", by=stage.system, data=_facts(refund), receipt_number=number)


def pay_falls_by(case: Case, pay_minor: int, writer_id: int, *, with_pending: bool = False) -> int:
    """What is taken of pay for the money that has gone back, or has and will."""
    gone, owed = [R.SUCCEEDED], [R.FAILED]
    (gone if with_pending else owed).append(R.EXECUTING)
    paid: int = sum(
        each.charge.amount_minor
        for each in case.charges
        if each.charge.purpose in REPAYABLE and each.charge.status == ChargeStatus.CAPTURED
    )
    back, later, owing, last = 0, 0, 0, case.assignments[-1].writer_id
    for row in case.repayments:
        what = _what(case, row)
        if what == "change":
            paid -= row.amount_minor
        if row.status in gone and (what in ("refund", "later refund") or (what == "ending" and writer_id == last)):
            back += row.amount_minor
        if row.status in gone and what == "later refund":
            later += row.amount_minor
        if row.status in owed and what == "ending":
            owing += row.amount_minor
        if row.status in owed and what in ("change", "present"):
            back -= row.amount_minor
    if writer_id != last:
        back -= min(later, owing)
    return share(pay_minor, min(max(back, 0), paid), paid) if paid else 0


def lower_pay(stage: Stage, case: Case) -> None:
    for pay in case.pay.values():
        wanted = pay_falls_by(case, pay.row.amount_minor - pay.reduced_minor, pay.row.writer_id)
        if wanted > pay.lowered_minor:
            key = f"refunds:{case.order.id}:{wanted + pay.reduced_minor}"
            money.reduce_pay(stage, pay, wanted - pay.lowered_minor, key=key, by=stage.system, reason=REASON)


def _what(case: Case, row: Row) -> str:
    order = case.order
    for refund, planned in case.refunds.values():
        if any(one.repayment is row for one in planned):
            if refund.ground == Ground.DISPUTE:
                return "ending"
            if refund.ground in SPARING_PAY:
                return "goodwill"
            return "later refund" if order.cancelled_at and row.created_at >= order.cancelled_at else "refund"
    if order.cancelled_at and row.charge.captured_at <= order.cancelled_at <= row.created_at:
        return "ending" if order.cancel_cause in LOWERING else "present"
    return "change"


def _release(stage: Stage, refund: Row, name: str, *, by: Actor, reason: str) -> None:
    stage.advance(refund, name, by=by, reason=reason, data=_facts(refund), decided_by_id=by.user_id, decision=reason)
    for one in _known(stage, refund)[1]:
        repayments.cancel_repayment(stage, one)


def _known(stage: Stage, refund: Row) -> tuple[Case, list[Planned]]:
    case = stage.cases[refund.order_id]
    return case, case.refunds[refund.id][1]


def _facts(row: Row) -> dict[str, object]:
    return details(
        refund_id=row.id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        ground=row.ground,
        destination=row.destination,
    )
