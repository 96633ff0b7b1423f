"""A fine is proposed: by staff, or by the clock of a round that was late."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, Sum

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Invalid
from copydesk.core.money import share
from copydesk.journal.actions import lock, record
from copydesk.journal.models import details
from copydesk.orders.models import Assignment, Cause, Order, Round

from .. import errors
from ..models import Fine, FineStatus, Source
from ..policies import MINUTE, WHOLE_BPS, FineKind, FinePolicy, policy_at

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
REASONS = {
    FineKind.LATE_SUBMISSION: "Submitted {minutes} minutes late.",
    FineKind.DROPPED_LATE: "Ended {minutes} minutes after it was due, with nothing handed in.",
}


def propose_fine(
    *,
    kind: FineKind,
    reason: str,
    by: Actor,
    order: Order | None = None,
    writer_id: int | None = None,
    amount_minor: int | None = None,
    share_bps: int | None = None,
) -> Fine:
    """Of who has an order or had it last, or of a writer for no order. An amount, or a share of the pay; where neither
    is said the policy's tariff. Raises Forbidden, NothingToFine, Invalid for what does not fit together."""
    if not by.can(Can.PROPOSE_FINES):
        raise Forbidden
    assignment = None
    if order is not None:
        lock(order)
        assignment = _assignment(order, writer_id)
        writer_id = assignment.writer_id
    elif writer_id is None or not Membership.objects.of(by.website).filter(pk=writer_id, role=Role.WRITER).exists():
        raise Invalid({"writer_id": "No such writer."}, "not_found")
    policy = FinePolicy.of(by.website) if assignment is None else policy_at(by.website, assignment.started_at)
    if amount_minor is None and share_bps is None:
        tariff = policy.tariffs.get(kind)
        if tariff is None:
            raise Invalid({"amount": "Say how much: the policy does not."}, "required")
        amount_minor, share_bps = tariff.amount_minor, tariff.share_bps
    if share_bps is not None and assignment is None:
        raise Invalid({"order_id": "A share is one of an order's pay."}, "required")
    return _propose(
        policy,
        by=by,
        kind=kind,
        source=Source.MANUAL,
        reason=reason,
        writer_id=writer_id,
        order=order,
        assignment=assignment,
        wanted_minor=amount_minor,
        share_bps=share_bps,
    )


def judge_order(order: Order, *, by: Actor) -> list[Fine]:
    """By the clock: of rounds that were submitted late, or were their writer's last and ended through its cause after
    they were due, whoever ended them; with their excused time. Once an order and kind; a voided one stands for what
    had ended when it was voided. Safe to repeat."""
    lock(order)
    proposed: list[Fine] = []
    rounds = Round.objects.of(order.website_id).filter(order=order).select_related("assignment").order_by("number")
    last = {row.assignment_id: row.number for row in rounds}
    for row in rounds:
        kind, at = _ended(row, is_last=last[row.assignment_id] == row.number)
        if kind is None or at is None or at <= row.due_with_excuse:
            continue
        known = Fine.objects.of(order.website_id).filter(order=order, kind=kind, source=Source.AUTOMATIC)
        if known.filter(~Q(status=FineStatus.VOIDED) | Q(voided_at__gte=at)).exists():
            continue
        policy = policy_at(order.website_id, row.assignment.started_at)
        if not policy.automatic or not row.assignment.pay_minor:
            continue
        late = at - row.due_with_excuse
        minutes = -(-late // MINUTE)
        proposed.append(
            _propose(
                policy,
                by=by,
                kind=kind,
                source=Source.AUTOMATIC,
                reason=REASONS[kind].format(minutes=minutes),
                writer_id=row.assignment.writer_id,
                order=order,
                assignment=row.assignment,
                share_bps=policy.band(late).share_bps,
                late_minutes=minutes,
            )
        )
    return proposed


def _ended(row: Round, *, is_last: bool) -> tuple[FineKind | None, dt.datetime | None]:
    """A new deadline ends a round before the writer's last: that is no drop, though the writer may drop it later."""
    if row.submitted_at is not None:
        return FineKind.LATE_SUBMISSION, row.submitted_at
    if is_last and row.closed_at is not None and row.assignment.cause == Cause.WRITER:
        return FineKind.DROPPED_LATE, row.closed_at
    return None, None


def _assignment(order: Order, writer_id: int | None) -> Assignment:
    rows = Assignment.objects.of(order.website_id).filter(order=order)
    if writer_id is not None:
        rows = rows.filter(writer_id=writer_id)
    found = rows.order_by("-started_at", "-id").first()
    if found is None:
        raise errors.NothingToFine
    return found


def _propose(
    policy: FinePolicy,
    *,
    by: Actor,
    kind: FineKind,
    source: Source,
    reason: str,
    writer_id: int,
    order: Order | None,
    assignment: Assignment | None,
    wanted_minor: int | None = None,
    share_bps: int | None = None,
    late_minutes: int | None = None,
) -> Fine:
    now, pay = clock.now(), assignment.pay_minor if assignment else None
    if wanted_minor is None:
        wanted_minor = share(pay or 0, share_bps or 0, WHOLE_BPS)
    amount = wanted_minor
    if assignment is not None:
        amount = min(wanted_minor, max(policy.cap_minor(assignment.pay_minor) - _charged(assignment), 0))
    fine = Fine.objects.of(by.website).create(
        writer_id=writer_id,
        kind=kind,
        source=source,
        reason=reason,
        late_minutes=late_minutes,
        order=order,
        assignment=assignment,
        policy_version=policy.version,
        share_bps=share_bps,
        pay_minor=pay,
        amount_minor=amount,
        excess_minor=wanted_minor - amount,
        currency=by.website.currency,
        proposed_by_id=by.user_id,
        proposed_at=now,
        issue_at=now + policy.notice_hours * HOUR,
    )
    record("fine.propose", fine, by=by, after=fine.status, reason=fine.reason, data=facts(fine))
    return fine


def _charged(assignment: Assignment) -> int:
    """What the writer's other fines for it come to."""
    others = Fine.objects.of(assignment.website_id).filter(assignment=assignment).exclude(status=FineStatus.VOIDED)
    sums = others.aggregate(amount=Sum("amount_minor", default=0), waived=Sum("waived_minor", default=0))
    return int(sums["amount"] - sums["waived"])


def facts(fine: Fine, **more: Any) -> dict[str, Any]:
    return details(
        fine_id=fine.pk,
        kind=fine.kind,
        source=fine.source,
        amount_minor=fine.amount_minor,
        currency=fine.currency,
        **more,
    )
