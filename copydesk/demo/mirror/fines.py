"""Mirrors copydesk/fines/actions: what is proposed, issued, appealed, forgiven, voided and settled."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core.money import share
from copydesk.fines.actions.appeals import LAPSED
from copydesk.fines.actions.proposing import REASONS
from copydesk.fines.models import COLLECTED, Appeal, Fine, FineStatus, Source
from copydesk.fines.policies import MINUTE, WHOLE_BPS, FineKind, FinePolicy
from copydesk.journal.models import details
from copydesk.orders.models import Cause
from copydesk.payments.models import EarningHold, Reference

from ..copy import Row
from ..stage import Case, Earned, Stage, step
from . import money

POLICY = FinePolicy()
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
S = FineStatus


@dataclass(slots=True)
class Fined:
    """A fine, its appeal, what was kept of it, and whether that was paid out."""

    row: Row
    appeal: Row | None = None
    kept: Earned | None = None
    hold: Row | None = None
    paid: bool = False

    @property
    def left_minor(self) -> int:
        return int(self.row.amount_minor - self.row.waived_minor)


@step
def propose_fine(stage: Stage, case: Case, *, kind: FineKind, amount_minor: int, reason: str, by: Actor) -> Row:
    return _propose(
        stage,
        case,
        case.assignments[-1],
        kind=kind,
        source=Source.MANUAL,
        reason=reason,
        wanted_minor=amount_minor,
        share_bps=None,
        by=by,
    ).row


def judge(stage: Stage, event: Row) -> None:
    judge_order(stage, stage.cases[event.subject_id])


def judge_order(stage: Stage, case: Case) -> None:
    last = {row.assignment_id: row for row in case.rounds}
    for row in case.rounds:
        assignment = next(each for each in case.assignments if each.id == row.assignment_id)
        kind, at = _ended(row, assignment, is_last=last[row.assignment_id] is row)
        if kind is None or at is None or at <= row.due_with_excuse or not assignment.pay_minor:
            continue
        known = (fined.row for fined in stage.books.fines.values() if fined.row.order_id == case.order.id)
        automatic = (fine for fine in known if fine.kind == kind and fine.source == Source.AUTOMATIC)
        if any(fine.voided_at is None or fine.voided_at >= at for fine in automatic):
            continue
        late = at - row.due_with_excuse
        minutes = -(-late // MINUTE)
        fined = _propose(
            stage,
            case,
            assignment,
            kind=kind,
            source=Source.AUTOMATIC,
            reason=REASONS[kind].format(minutes=minutes),
            share_bps=POLICY.band(late).share_bps,
            late_minutes=minutes,
            by=stage.system,
        )
        stage.fined(fined.row)


@step
def issue_fine(stage: Stage, fine: Row, *, by: Actor) -> None:
    name = "fall_due" if by.is_system else "issue"
    fined = stage.books.fines[fine.id]
    until = stage.now + POLICY.appeal_days * DAY
    stage.advance(fine, name, by=by, data=_facts(fine), issued_by_id=by.user_id, appeal_until=until)
    if fined.left_minor:
        fined.kept = money.keep_fine(
            stage, writer_id=fine.writer_id, amount_minor=fined.left_minor, reference=_reference(fine), by=by
        )
    _settle(stage, fined)


@step
def appeal_fine(stage: Stage, fine: Row, *, by: Actor, text: str) -> Row:
    stage.advance(fine, "appeal", by=by, reason=text, data=_facts(fine))
    stage.books.held.add(("fine", fine.id))
    hold = stage.make(EarningHold, reference_type="fine", reference_id=fine.id, held_at=stage.now)
    appeal = stage.make(
        Appeal, fine_id=fine.id, text=text, opened_at=stage.now, due_at=stage.now + POLICY.decide_days * DAY
    )
    appeal.fine = fine
    fined = stage.books.fines[fine.id]
    fined.appeal, fined.hold = appeal, hold
    return appeal


@step
def approve_appeal(stage: Stage, appeal: Row, *, by: Actor, reason: str, amount_minor: int | None = None) -> None:
    fine = appeal.fine
    before = fine.waived_minor
    _forgive(stage, fine, "forgive", by=by, reason=reason, amount_minor=amount_minor)
    waived = fine.waived_minor - before
    stage.advance(
        appeal,
        "approve",
        by=by,
        reason=reason,
        data=_facts(fine, waived_minor=waived),
        waived_minor=waived,
        answer=reason,
        decided_by_id=by.user_id,
    )


@step
def reject_appeal(stage: Stage, appeal: Row, *, by: Actor, reason: str) -> None:
    fine = appeal.fine
    stage.advance(appeal, "reject", by=by, reason=reason, data=_facts(fine), answer=reason, decided_by_id=by.user_id)
    stage.advance(fine, "uphold", by=by, reason=reason, data=_facts(fine))
    _release(stage, fine)
    _settle(stage, stage.books.fines[fine.id])


@step
def lapse_appeal(stage: Stage, appeal: Row, *, by: Actor) -> None:
    fine = appeal.fine
    waived = fine.amount_minor - fine.waived_minor
    stage.advance(appeal, "lapse", by=by, data=_facts(fine, waived_minor=waived), waived_minor=waived)
    _forgive(stage, fine, "lapse", by=by, reason=LAPSED, amount_minor=None)


@step
def waive_fine(stage: Stage, fine: Row, *, by: Actor, reason: str, amount_minor: int | None = None) -> None:
    _forgive(stage, fine, "waive", by=by, reason=reason, amount_minor=amount_minor)


@step
def void_fine(stage: Stage, fine: Row, *, by: Actor, reason: str) -> None:
    fined = stage.books.fines[fine.id]
    left, charged = fined.left_minor, fine.issued_at is not None
    stage.advance(fine, "void", by=by, reason=reason, data=_facts(fine, waived_minor=left if charged else 0))
    if charged and left:
        _give_back(stage, fined, left, key=f"fine:{fine.id}:void", by=by, reason=reason)
    _release(stage, fine)
    if fined.appeal and fined.appeal.status == "open":
        stage.advance(fined.appeal, "close", by=stage.system)


def follow_payout(stage: Stage, event: Row) -> None:
    for fined in stage.books.fines.values():
        if fined.kept and fined.kept.row.id in stage.books.paying:
            fined.paid = True
            if fined.row.status in COLLECTED:
                _settle(stage, fined)


def _propose(
    stage: Stage,
    case: Case,
    assignment: Row,
    *,
    kind: FineKind,
    source: Source,
    reason: str,
    share_bps: int | None,
    by: Actor,
    wanted_minor: int | None = None,
    late_minutes: int | None = None,
) -> Fined:
    pay = assignment.pay_minor
    wanted = share(pay, share_bps or 0, WHOLE_BPS) if wanted_minor is None else wanted_minor
    charged = sum(
        fined.left_minor
        for fined in stage.books.fines.values()
        if fined.row.assignment_id == assignment.id and fined.row.status != S.VOIDED
    )
    amount = min(wanted, max(POLICY.cap_minor(pay) - charged, 0))
    row = stage.make(
        Fine,
        writer_id=assignment.writer_id,
        order_id=case.order.id,
        assignment_id=assignment.id,
        kind=kind.value,
        source=source.value,
        reason=reason,
        policy_version=0,
        late_minutes=late_minutes,
        share_bps=share_bps,
        pay_minor=pay,
        amount_minor=amount,
        excess_minor=wanted - amount,
        currency=stage.website.currency,
        proposed_by_id=by.user_id,
        proposed_at=stage.now,
        issue_at=stage.now + POLICY.notice_hours * HOUR,
    )
    stage.books.fines[row.id] = Fined(row)
    stage.record("fine.propose", row, by=by, after=row.status, reason=reason, data=_facts(row))
    return stage.books.fines[row.id]


def _ended(row: Row, assignment: Row, *, is_last: bool) -> tuple[FineKind | None, dt.datetime | None]:
    if row.submitted_at is not None:
        return FineKind.LATE_SUBMISSION, row.submitted_at
    if is_last and row.closed_at is not None and assignment.cause == Cause.WRITER:
        return FineKind.DROPPED_LATE, row.closed_at
    return None, None


def _forgive(stage: Stage, fine: Row, name: str, *, by: Actor, reason: str, amount_minor: int | None) -> None:
    fined = stage.books.fines[fine.id]
    amount = fined.left_minor if amount_minor is None else amount_minor
    waived = fine.waived_minor + amount
    rest = S.SETTLED if fine.status == S.SETTLED else S.REDUCED
    target = S.WAIVED if waived == fine.amount_minor else rest
    data = _facts(fine, waived_minor=amount)
    stage.advance(fine, name, by=by, to=target.value, reason=reason, data=data, waived_minor=waived)
    if amount:
        _give_back(stage, fined, amount, key=f"fine:{fine.id}:waived:{waived}", by=by, reason=reason)
    _release(stage, fine)
    if fine.status != S.WAIVED:
        _settle(stage, fined)


def _settle(stage: Stage, fined: Fined) -> None:
    fine = fined.row
    if (fined.paid or not fined.left_minor) and fine.status in COLLECTED:
        stage.advance(fine, "settle", by=stage.system, data=_facts(fine), settled_at=fine.settled_at or stage.now)


def _give_back(stage: Stage, fined: Fined, amount_minor: int, *, key: str, by: Actor, reason: str) -> None:
    assert fined.kept is not None
    money.waive_fine(stage, fined.kept, amount_minor, key=key, by=by, reason=reason)


def _release(stage: Stage, fine: Row) -> None:
    fined = stage.books.fines[fine.id]
    stage.books.held.discard(("fine", fine.id))
    if fined.hold and fined.hold.released_at is None:
        fined.hold.released_at = stage.now


def _reference(fine: Row) -> Reference:
    return Reference("fine", fine.id)


def _facts(fine: Row, **more: Any) -> dict[str, Any]:
    return details(
        fine_id=fine.id,
        kind=fine.kind,
        source=fine.source,
        amount_minor=fine.amount_minor,
        currency=fine.currency,
        **more,
    )
