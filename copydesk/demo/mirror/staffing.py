"""Mirrors copydesk/orders/actions/staffing.py and requests.py: who works on an order."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.journal.models import details
from copydesk.orders.models import Assignment, Cause, Offer, Round, RoundKind, Status
from copydesk.orders.queries import deadlines

from ..copy import Row
from ..crew import Member, level_of
from ..stage import Case, Stage, step
from .placement import POLICY


@step
def assign(stage: Stage, case: Case, writer: Member, *, by: Actor, offer: bool = False, reason: str = "") -> None:
    if offer:
        _offer(stage, case, writer, by=by, reason=reason)
        return
    changes = starting(stage, case, writer)
    stage.advance(case.order, "assign", by=by, reason=reason, data=details(writer_id=writer.id), **changes)
    start_assignment(stage, case, writer)


@step
def accept_offer(stage: Stage, case: Case, *, by: Actor) -> None:
    writer = stage.member(by.membership_id)
    stage.advance(case.order, "accept", by=by, **starting(stage, case, writer))
    answer_offer(stage, case, "accepted")
    start_assignment(stage, case, writer)


@step
def decline_offer(stage: Stage, case: Case, *, by: Actor, reason: str = "") -> None:
    stage.advance(case.order, "decline", by=by, reason=reason, offered_to_id=None, offer_expires_at=None)
    answer_offer(stage, case, "declined")


@step
def expire_offer(stage: Stage, case: Case, *, by: Actor) -> None:
    stage.advance(case.order, "expire_offer", by=by, offered_to_id=None, offer_expires_at=None)
    answer_offer(stage, case, "expired")


@step
def take(stage: Stage, case: Case, *, by: Actor) -> None:
    writer = stage.member(by.membership_id)
    stage.advance(case.order, "take", by=by, **starting(stage, case, writer))
    start_assignment(stage, case, writer)


@step
def release(stage: Stage, case: Case, *, by: Actor, cause: Cause | None = None, reason: str) -> None:
    order = case.order
    cause = Cause.WRITER if by.role is Role.WRITER else cause or Cause.STAFF
    offered = order.status == Status.OFFERED
    stage.advance(
        order,
        "release",
        by=by,
        reason=reason,
        data=details(cause=cause.value, writer_id=order.writer_id or order.offered_to_id),
        writer_id=None,
        writer_due_at=None,
        offered_to_id=None,
        offer_expires_at=None,
    )
    if offered:
        answer_offer(stage, case, "withdrawn")
    else:
        end_assignment(stage, case, "released", cause)


@step
def reassign(stage: Stage, case: Case, writer: Member, *, by: Actor, cause: Cause = Cause.STAFF, reason: str) -> None:
    former = case.order.writer_id
    end_assignment(stage, case, "reassigned", cause)
    data = details(cause=cause.value, writer_id=writer.id, former_writer_id=former)
    stage.advance(case.order, "reassign", by=by, reason=reason, data=data, **starting(stage, case, writer))
    start_assignment(stage, case, writer)


def start_assignment(stage: Stage, case: Case, writer: Member, pay_minor: int | None = None) -> None:
    order = case.order
    level = level_of(writer)
    pay = level.pay_minor(pages=order.pages, price_minor=order.price_minor) if pay_minor is None else pay_minor
    assignment = stage.make(
        Assignment,
        order_id=order.id,
        writer_id=writer.id,
        pay_minor=min(pay, order.price_minor),
        tip_share_bps=level.tip_share_bps,
        policy_version=0,
        started_at=stage.now,
    )
    case.assignments.append(assignment)
    writer.cases[order.id] = case
    for request in case.requests:
        if request.status == "requested":
            stage.advance(request, "supersede", by=stage.system)
    open_round(stage, case, RoundKind.FIRST, order.writer_due_at)


def open_round(stage: Stage, case: Case, kind: RoundKind, due_at: dt.datetime, **about: object) -> Row:
    row = stage.make(
        Round,
        order_id=case.order.id,
        assignment_id=case.assignment.id,
        number=len(case.rounds) + 1,
        kind=kind.value,
        asked_at=stage.now,
        due_at=due_at,
        **about,
    )
    case.rounds.append(row)
    return row


def reopen_assignment(case: Case) -> None:
    row = case.assignment
    if row.ended_at is not None:
        row.ended_at, row.outcome, row.cause = None, "", ""


def end_assignment(stage: Stage, case: Case, outcome: str, cause: Cause) -> Row:
    if current := case.round:
        stage.change(current, closed_at=stage.now)
    row = case.assignment
    row.ended_at, row.outcome, row.cause = stage.now, outcome, cause.value
    return row


def starting(stage: Stage, case: Case, writer: Member) -> dict[str, Any]:
    assert case.order.client_deadline > stage.now
    return {
        "writer_id": writer.id,
        "offered_to_id": None,
        "offer_expires_at": None,
        "writer_due_at": deadlines.writer_due(POLICY, stage.now, case.order.client_deadline),
    }


def _offer(stage: Stage, case: Case, writer: Member, *, by: Actor, reason: str) -> None:
    order = case.order
    expires_at = stage.now + dt.timedelta(hours=POLICY.offer_hours)
    stage.advance(order, "offer", by=by, reason=reason, offered_to_id=writer.id, offer_expires_at=expires_at)
    row = stage.make(
        Offer,
        order_id=order.id,
        writer_id=writer.id,
        pay_minor=level_of(writer).pay_minor(pages=order.pages, price_minor=order.price_minor),
        beyond_limits=bool(reason),
        offered_at=stage.now,
        expires_at=expires_at,
    )
    case.offers.append(row)


def answer_offer(stage: Stage, case: Case, outcome: str) -> None:
    row = case.offers[-1]
    row.outcome, row.answered_at = outcome, stage.now
