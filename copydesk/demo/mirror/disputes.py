"""Mirrors copydesk/disputes/actions: what the sides say, whose turn it is, and how a dispute is settled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.disputes.actions.grounds import without_ground
from copydesk.disputes.actions.settling import CAUSES, GOES_TO, Decision
from copydesk.disputes.actions.stages import HOUR, order_turn
from copydesk.disputes.actions.stating import OTHER
from copydesk.disputes.models import (
    ACTIVE,
    AWAITING,
    TURNS,
    Dispute,
    DisputeStatus,
    Ending,
    Evidence,
    OnSilence,
    Party,
    Remedy,
    Statement,
    Verdict,
    side_of,
)
from copydesk.disputes.models import Stage as DisputeStage
from copydesk.disputes.policies import DisputePolicy
from copydesk.disputes.queries.proof import proof
from copydesk.disputes.queries.stages import declared
from copydesk.fines.policies import FineKind
from copydesk.journal.models import details
from copydesk.orders.models import DisputeReason
from copydesk.orders.policies import OrderPolicy
from copydesk.payments.models import AccountKind
from copydesk.payments.models.charges import REPAYABLE

from ..copy import Row, dumps
from ..stage import Case, Earned, Stage, step
from . import course, fines, money, refunds
from .papers import masked, store_file

POLICY = DisputePolicy()
ORDERS = OrderPolicy()
S = DisputeStatus


@step
def open_dispute(stage: Stage, case: Case, *, by: Actor, reason: str, statement: str) -> Row:
    opener = side_of(by)
    first = S.OPEN if opener == Party.STAFF else AWAITING[OTHER[opener]]
    said = masked(statement).text
    course.dispute(stage, case, by=by, dispute_reason=reason, statement=said, turn=order_turn(first))
    order = case.order
    row = stage.make(
        Dispute,
        order_id=order.id,
        client_id=order.client_id,
        writer_id=order.writer_id,
        order_from=order.held_from,
        opener=opener.value,
        opened_by_id=by.membership_id,
        reason=reason,
        policy_version=0,
        opened_at=stage.now,
    )
    row.order = order
    vars(row).update(_times(stage, row, S.OPEN))
    case.disputes.append(row)
    stated = _state(stage, case, row, statement, by=by)
    stage.record("dispute.open", row, by=by, after=row.status, data=_facts(row, stated))
    if first == S.OPEN:
        _begin(stage, case, row)
    else:
        _move(stage, case, row, "forward", first, Ending.ASKED, by=stage.system)
    return row


@step
def respond_to_dispute(
    stage: Stage, case: Case, row: Row, *, by: Actor, text: str, contents: Sequence[str] = (), ask: Party | None = None
) -> None:
    side, status = side_of(by), S(row.status)
    said = _state(stage, case, row, text, by=by, contents=contents)
    data = _facts(row, said, asked=ask.value if ask else None)
    if ask is not None:
        _move(stage, case, row, "respond", AWAITING[ask], Ending.ASKED, by=by, data=data)
    elif side == TURNS[status] and side != Party.STAFF:
        _move(stage, case, row, "respond", S.UNDER_REVIEW, Ending.ANSWERED, by=by, data=data)
    else:
        stage.advance(row, "respond", by=by, to=status.value, data=data)


@step
def withdraw_dispute(stage: Stage, case: Case, row: Row, *, by: Actor, reason: str = "") -> None:
    _move(stage, case, row, "withdraw", S.WITHDRAWN, Ending.WITHDRAWN, by=by, reason=reason, data=_facts(row))
    course.settle_dispute(stage, case, by=stage.system)


@step
def keep_time(stage: Stage, case: Case, row: Row, *, by: Actor) -> None:
    data = _facts(row, silent=TURNS[S(row.status)].value)
    match OnSilence(row.on_silence):
        case OnSilence.ASKS_WRITER:
            _move(stage, case, row, "forward", S.AWAITING_WRITER, Ending.SILENCE, by=by, data=data)
        case OnSilence.REVIEW:
            _move(stage, case, row, "lapse", S.UNDER_REVIEW, Ending.SILENCE, by=by, data=data)
        case OnSilence.EXPIRES:
            _move(stage, case, row, "expire", S.EXPIRED, Ending.SILENCE, by=by, data=data)
            course.settle_dispute(stage, case, by=by)
        case OnSilence.REMINDS:
            again = _times(stage, row, S.UNDER_REVIEW) | {"reminders": row.reminders + 1}
            stage.advance(row, "remind", by=by, data=data, **again)


@step
def resolve_dispute(stage: Stage, case: Case, row: Row, decision: Decision, *, by: Actor) -> None:
    money.account_of(stage, AccountKind.EARNINGS, owner_id=row.writer_id)
    money.wallet_of(stage, row.client_id)
    pay = _earned(case, row)
    own = [one for one in case.assignments if one.writer_id == row.writer_id]
    agreed = own[-1].pay_minor
    before = pay.left_minor if pay else _unrefunded(case, row, agreed)
    after, amount, note = before, 0, decision.note
    if decision.remedy is Remedy.REFUND:
        paid = _left(case)
        amount = paid if decision.refund_minor is None else decision.refund_minor
        _go(stage, case, row, decision, by=by, forfeited_minor=paid - amount)
        if amount:
            refunds.grant_refund(stage, case, amount, by=by, reason=note, key=f"dispute:{row.id}")
        after = _after(case, row, agreed, pay, whole=amount == paid)
        if after and not pay:
            case.pay[row.writer_id] = money.earn(
                stage,
                writer_id=row.writer_id,
                amount_minor=agreed,
                reference=case.order.reference,
                payable_at=stage.now + dt.timedelta(days=ORDERS.dispute_days),
                by=by,
                known=case.pay.get(row.writer_id),
            )
            refunds.lower_pay(stage, case)
    else:
        _go(stage, case, row, decision, by=by)
        if decision.remedy is Remedy.NEW_WRITER and (decision.found is Verdict.CLIENT or not pay):
            after = 0
            if pay and before:
                money.reduce_pay(stage, pay, before, key=f"dispute:{row.id}", by=by, reason=note)
    kinds = without_ground(DisputeReason(row.reason), decision.found, decision.remedy)
    for fined in list(stage.books.fines.values()):
        fine = fined.row
        is_own = (fine.order_id, fine.writer_id) == (row.order_id, row.writer_id)
        if is_own and fine.kind in kinds and fine.status != "voided":
            fines.void_fine(stage, fine, by=by, reason=note)
    fines.judge_order(stage, case)
    data = details(
        dispute_id=row.id,
        outcome=decision.outcome.value,
        verdict=decision.found.value,
        refund_minor=amount or None,
        pay_change_minor=after - before or None,
    )
    _move(
        stage,
        case,
        row,
        "resolve",
        S.RESOLVED,
        Ending.RESOLVED,
        by=by,
        reason=note,
        data=data,
        verdict=decision.found.value,
        remedy=decision.remedy.value,
        refund_minor=amount,
        pay_change_minor=after - before,
        new_deadline=decision.new_deadline,
        note=note,
        resolved_by_id=by.membership_id,
    )


def _go(stage: Stage, case: Case, row: Row, decision: Decision, *, by: Actor, forfeited_minor: int = 0) -> None:
    groundless = without_ground(DisputeReason(row.reason), decision.found, decision.remedy)
    course.settle_dispute(
        stage,
        case,
        by=by,
        reason=decision.note,
        to=GOES_TO[decision.remedy],
        cause=CAUSES[decision.found],
        new_deadline=decision.new_deadline,
        forfeited_minor=forfeited_minor,
        lateness_excused=FineKind.LATE_SUBMISSION in groundless,
    )


def _earned(case: Case, row: Row) -> Earned | None:
    pay = case.pay.get(row.writer_id)
    return pay if pay and pay.left_minor else None


def _left(case: Case) -> int:
    return sum(paid.refundable_minor for paid in case.charges if paid.charge.purpose in REPAYABLE)


def _unrefunded(case: Case, row: Row, pay_minor: int) -> int:
    return pay_minor - refunds.pay_falls_by(case, pay_minor, row.writer_id, with_pending=True)


def _after(case: Case, row: Row, agreed: int, pay: Earned | None, *, whole: bool) -> int:
    if pay is None:
        return 0 if whole else _unrefunded(case, row, agreed)
    base: int = pay.row.amount_minor - pay.reduced_minor
    return min(_unrefunded(case, row, base), base - pay.lowered_minor)


def _move(
    stage: Stage, case: Case, row: Row, name: str, to: DisputeStatus, how: Ending, *, by: Actor, **more: Any
) -> None:
    stage.advance(row, name, by=by, to=to.value, **_times(stage, row, to), **more)
    for known in case.stages:
        if known.dispute_id == row.id and known.until is None:
            known.until, known.ended_by = stage.now, how.value
    if to in ACTIVE:
        course.wait_for(stage, case, order_turn(to))
        _begin(stage, case, row)


def _begin(stage: Stage, case: Case, row: Row) -> None:
    begun = stage.make(DisputeStage, dispute_id=row.id, status=row.status, since=stage.now, due_at=row.due_at)
    case.stages.append(begun)


def _times(stage: Stage, row: Row, status: DisputeStatus) -> dict[str, Any]:
    if status not in ACTIVE:
        return {"due_at": None, "on_silence": ""}
    told = declared(POLICY, status, Party(row.opener))
    return {"due_at": stage.now + told.hours * HOUR, "on_silence": told.on_silence.value, "reminders": 0}


def _state(stage: Stage, case: Case, row: Row, text: str, *, by: Actor, contents: Sequence[str] = ()) -> Row:
    said, side = masked(text), side_of(by)
    files = [store_file(stage, content, by=by) for content in contents]
    number = case.statements[row.id] = case.statements.get(row.id, 0) + 1
    hashes = [(file.name, file.sha256) for file in files]
    statement = stage.send(
        Statement,
        dispute_id=row.id,
        number=number,
        side=side.value,
        author_id=by.membership_id,
        text=said.text,
        masked=dumps(said.counts),
        stage=row.status,
        stated_at=stage.now,
        sha256=proof(row.id, number, side, said.text, stage.now, hashes),
    )
    for file in files:
        stage.send(Evidence, statement_id=statement.id, file_id=file.id)
    return statement


def _facts(row: Row, said: Row | None = None, **more: Any) -> dict[str, Any]:
    return details(dispute_id=row.id, reason_code=row.reason, statement=said.number if said else None, **more)
