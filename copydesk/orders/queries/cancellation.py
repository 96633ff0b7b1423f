"""What a cancellation would cost whom: shown before it is confirmed, and then done exactly so."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from copydesk.core.money import share, to_decimal
from copydesk.payments.queries import earned_minor, refundable_minor

from ..models import Assignment, Cause, ExcusedTime, ExcuseKind, Order, Round, Status
from ..policies import OrderPolicy
from .deadlines import WHOLE, forfeited_share_bps

PAUSES = (ExcuseKind.HOLD, ExcuseKind.DISPUTE)


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Minor units. `forfeited` = what the website keeps, of which `writer` is the writer's; `refunded` goes back."""

    captured_minor: int
    forfeited_minor: int
    refunded_minor: int
    writer_minor: int


@dataclass(frozen=True, slots=True)
class CancellationRow:
    mode: Literal["preview", "apply"]
    paid: Decimal
    forfeited: Decimal
    refunded: Decimal
    currency: str


def cancellation_row(figures: Cancellation, mode: Literal["preview", "apply"], currency: str) -> CancellationRow:
    """As client and staff may both see it: without the writer's part."""
    return CancellationRow(
        mode=mode,
        paid=to_decimal(figures.captured_minor),
        forfeited=to_decimal(figures.forfeited_minor),
        refunded=to_decimal(figures.refunded_minor),
        currency=currency,
    )


def cancellation(order: Order, cause: Cause, at: dt.datetime) -> Cancellation:
    """Nothing is forfeited before a writer starts, or has earned its pay, or where the client is not the cause; then by
    the time left to the client's deadline, under the policy that the order was placed with. The writer's part is the
    share of its time that was worked, at most the agreed pay; none where the writer is the cause, or has earned its pay
    already, which falls as money goes back. Six queries at most."""
    captured = refundable_minor(order.website_id, order.reference)
    assignment = Assignment.objects.of(order.website_id).filter(order=order, ended_at=None).first()
    has_started = assignment is not None or bool(earned_minor(order.website_id, order.reference))
    if order.status == Status.UNPAID or not has_started:
        return Cancellation(captured, 0, captured, 0)
    forfeited = 0
    if cause == Cause.CLIENT:
        policy = OrderPolicy.of(order.website_id, order.policy_version)
        share_bps = forfeited_share_bps(policy, order.client_deadline - at)
        forfeited = min(captured, share(order.price_minor, share_bps, WHOLE))
    writer = 0
    if forfeited and assignment and not earned_minor(order.website_id, order.reference, assignment.writer_id):
        writer = min(assignment.pay_minor, _worked_part(order, assignment, forfeited, at))
    return Cancellation(captured, forfeited, captured - forfeited, writer)


def _worked_part(order: Order, assignment: Assignment, forfeited_minor: int, at: dt.datetime) -> int:
    """By time worked ÷ time allotted until it first hands something in; all of it once it has. While the order stood
    still nobody worked; other excused time is a gift, not a pause."""
    rounds = list(Round.objects.of(order.website_id).filter(assignment=assignment).order_by("number"))
    if any(row.submitted_at for row in rounds):
        return forfeited_minor
    asked_at, due_at = rounds[0].asked_at, rounds[-1].due_at
    stood_still = ExcusedTime.objects.of(order.website_id).filter(round__in=rounds, kind__in=PAUSES)
    paused = sum(((until or at) - since for since, until in stood_still.values_list("since", "until")), dt.timedelta())
    allotted = due_at - asked_at
    worked = min(max(at - asked_at - paused, dt.timedelta()), allotted)
    return share(forfeited_minor, worked // dt.timedelta(seconds=1), max(allotted // dt.timedelta(seconds=1), 1))
