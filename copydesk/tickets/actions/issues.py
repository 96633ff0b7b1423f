"""Payment issues and escalations of accounts: the desk asks, and where it matters another person decides."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actions import set_standing
from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Invalid
from copydesk.journal.actions import advance, lock, record
from copydesk.journal.models import details
from copydesk.orders.models import Order
from copydesk.payments.models import Charge
from copydesk.writers.actions import reinstate_writer, suspend_writer
from copydesk.writers.models import Writer

from .. import errors
from ..models import AccountEscalation, AccountEscalationStatus, IssueKind, Measure, PaymentIssue, Ticket
from ..models.ticket import REQUESTERS


def request_measure(
    member_id: int,
    measure: Measure,
    *,
    by: Actor,
    reason: str,
    until: dt.datetime | None = None,
    ticket_id: int | None = None,
) -> AccountEscalation:
    """Against a client or a writer; changes nothing until another person approves. `until` for all but a blacklisting.

    Raises Forbidden, Invalid, MeasurePending."""
    if not by.can(Can.WORK_TICKETS):
        raise Forbidden
    _refuse_end(measure, until)
    rows = Membership.objects.of(by.website).filter(role__in=REQUESTERS, pk=member_id)
    # Locked, so that of two that ask at once for the same one is told of the other.
    member = rows.lock().first()
    if member is None:
        raise Invalid({"member_id": "No such client or writer."}, "not_found")
    if ticket_id is not None and not Ticket.objects.visible_to(by).filter(pk=ticket_id).exists():
        raise Invalid({"ticket_id": "There is no such ticket."}, "not_found")
    found = AccountEscalation.objects.of(by.website)
    if found.undecided().filter(member=member, measure=measure).exists():
        raise errors.MeasurePending
    escalation = found.create(
        member=member,
        measure=measure,
        reason=reason,
        until=until,
        ticket_id=ticket_id,
        requested_by_id=by.membership_id,
        requested_at=clock.now(),
    )
    data = details(measure=str(measure), ticket_id=ticket_id)
    record("account_escalation.request", escalation, by=by, after=escalation.status, reason=reason, data=data)
    return escalation


def acknowledge_measure(escalation: AccountEscalation, *, by: Actor) -> AccountEscalation:
    return advance(escalation, "acknowledge", by=by)


def approve_measure(escalation: AccountEscalation, *, by: Actor, reason: str = "") -> AccountEscalation:
    """By another person than who asked; it holds at once. Raises SamePerson, MeasureOver, and what suspend_writer
    does."""
    advance(escalation, "approve", by=by, reason=reason, decided_by_id=by.membership_id)
    member = _held(escalation)
    writer = _writer(escalation)
    if writer is not None and escalation.until is not None:
        until = max(escalation.until, lock(writer).suspended_until or escalation.until)
        suspend_writer(writer, by=by, until=until, reason=escalation.reason)
    elif escalation.measure != Measure.PROBATION and member.status == MembershipStatus.ACTIVE:
        set_standing(member, MembershipStatus.SUSPENDED)
        record("member.suspend", member, by=by, data=details(escalation_id=escalation.pk))
    return escalation


def reject_measure(escalation: AccountEscalation, *, by: Actor, reason: str) -> AccountEscalation:
    return advance(escalation, "reject", by=by, reason=reason, decided_by_id=by.membership_id)


def resolve_measure(escalation: AccountEscalation, *, by: Actor, reason: str = "") -> AccountEscalation:
    """By hand, before its end or without one: it holds no more."""
    advance(escalation, "resolve", by=by, reason=reason)
    writer = _writer(escalation)
    if writer is not None and lock(writer).suspended_until == escalation.until:
        reinstate_writer(writer, by=by, reason=reason)
    _readmit(escalation, by=by)
    return escalation


def lift_measure(escalation: AccountEscalation, *, by: Actor) -> None:
    """By the clock, at its end. Safe to run twice."""
    lock(escalation)
    if escalation.status == AccountEscalationStatus.APPROVED and escalation.over(clock.now()):
        advance(escalation, "lift", by=by)
        _readmit(escalation, by=by)


def open_issue(
    client_id: int,
    kind: IssueKind,
    description: str,
    *,
    by: Actor,
    order_id: int | None = None,
    charge_id: int | None = None,
    ticket_id: int | None = None,
) -> PaymentIssue:
    """About a client's payment. Raises Forbidden, and Invalid for what is not that client's."""
    if not by.can(Can.WORK_TICKETS):
        raise Forbidden
    clients = Membership.objects.of(by.website).filter(role=Role.CLIENT)
    known: dict[str, tuple[int | None, Any]] = {
        "client_id": (client_id, clients),
        "order_id": (order_id, Order.objects.of(by.website).filter(client_id=client_id)),
        "charge_id": (charge_id, Charge.objects.of(by.website).filter(payer_id=client_id)),
        "ticket_id": (ticket_id, Ticket.objects.of(by.website).filter(requester_id=client_id)),
    }
    for field, (row_id, rows) in known.items():
        if row_id is not None and not rows.filter(pk=row_id).exists():
            raise Invalid({field: "No such client, or not this client's."}, "not_found")
    if not description.strip():
        raise Invalid({"description": "Say what went wrong."}, "blank")
    issue = PaymentIssue.objects.of(by.website).create(
        client_id=client_id,
        kind=kind,
        description=description.strip(),
        order_id=order_id,
        charge_id=charge_id,
        ticket_id=ticket_id,
        opened_by_id=by.membership_id,
        opened_at=clock.now(),
    )
    data = details(kind=str(kind), order_id=order_id, charge_id=charge_id, ticket_id=ticket_id)
    record("payment_issue.open", issue, by=by, after=issue.status, data=data)
    return issue


def escalate_issue(issue: PaymentIssue, *, by: Actor, reason: str) -> PaymentIssue:
    return advance(issue, "escalate", by=by, reason=reason)


def resolve_issue(issue: PaymentIssue, resolution: str, *, by: Actor) -> PaymentIssue:
    """An escalated one by an admin who did not open it. Raises ApprovalNeeded, Invalid."""
    if not resolution.strip():
        raise Invalid({"resolution": "Say how it ended."}, "blank")
    return advance(issue, "resolve", by=by, resolution=resolution.strip(), resolved_by_id=by.membership_id)


def _held(escalation: AccountEscalation) -> Membership:
    """Locked: what bars one member is decided one after the other."""
    return Membership.objects.of(escalation.website_id).lock().get(pk=escalation.member_id)


def _writer(escalation: AccountEscalation) -> Writer | None:
    """Whose profile the measure suspends; that ends by the writers' own clock."""
    if escalation.measure != Measure.SUSPEND:
        return None
    return Writer.objects.of(escalation.website_id).filter(pk=escalation.member_id).first()


def _readmit(escalation: AccountEscalation, *, by: Actor) -> None:
    """Where it barred the member, and nothing else does."""
    member = _held(escalation)
    writes = Writer.objects.of(escalation.website_id).filter(pk=member.pk).exists()
    bars = [Measure.BLACKLIST] if writes else [Measure.SUSPEND, Measure.BLACKLIST]
    barring = AccountEscalation.objects.of(escalation.website_id).holding().filter(member=member, measure__in=bars)
    if escalation.measure not in bars or member.status == MembershipStatus.ACTIVE or barring.exists():
        return
    set_standing(member, MembershipStatus.ACTIVE)
    record("member.readmit", member, by=by, data=details(escalation_id=escalation.pk))


def _refuse_end(measure: Measure, until: dt.datetime | None) -> None:
    if measure == Measure.BLACKLIST and until is not None:
        raise Invalid({"until": "A blacklisting has no end."})
    if measure != Measure.BLACKLIST and until is None:
        raise Invalid({"until": "Say how long."})
    if until is not None and until <= clock.now():
        raise Invalid({"until": "Must lie in the future."})
