"""Payment issues as the desk reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from copydesk.accounts.actor import Actor
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.payments.models import Charge, ChargeStatus

from ..models import IssueKind, IssueStatus, PaymentIssue
from ..models.issues import PaymentIssueQuerySet
from .escalations import TicketName, person, ticket_name
from .rows import Member, member_row
from .steps import RecordStep, steps_of


@dataclass(frozen=True, slots=True)
class OrderName:
    id: int
    number: int


@dataclass(frozen=True, slots=True)
class ChargeName:
    """In full at payments/{id}/."""

    id: int
    status: ChargeStatus
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentIssueRow:
    """`opened_by` and `resolved_by` are null for a superadmin, the latter also while it is not resolved."""

    id: int
    kind: IssueKind
    status: IssueStatus
    description: str
    client: Member
    order: OrderName | None
    charge: ChargeName | None
    ticket: TicketName | None
    opened_by: Member | None
    opened_at: dt.datetime
    escalated_at: dt.datetime | None
    resolved_by: Member | None
    resolved_at: dt.datetime | None
    resolution: str
    history: list[RecordStep]
    available_actions: list[AvailableAction]


def payment_issues(actor: Actor) -> PaymentIssueQuerySet:
    """What the actor sees, with what `issue_rows` reads."""
    people = ("client__user", "opened_by__user", "resolved_by__user")
    return PaymentIssue.objects.visible_to(actor).select_related("order", "charge", "ticket", *people)


def issue_rows(actor: Actor, issues: Sequence[PaymentIssue]) -> list[PaymentIssueRow]:
    """Of issues from `payment_issues`. One query: their history."""
    steps = steps_of(actor, issues)
    return [_row(actor, issue, steps[issue.pk]) for issue in issues]


def _row(actor: Actor, issue: PaymentIssue, history: list[RecordStep]) -> PaymentIssueRow:
    return PaymentIssueRow(
        id=issue.pk,
        kind=IssueKind(issue.kind),
        status=IssueStatus(issue.status),
        description=issue.description,
        client=member_row(actor, issue.client, {}),
        order=None if issue.order is None else OrderName(issue.order.pk, issue.order.number),
        charge=None if issue.charge is None else _charge(issue.charge),
        ticket=None if issue.ticket is None else ticket_name(issue.ticket),
        opened_by=person(actor, issue.opened_by, {}),
        opened_at=issue.opened_at,
        escalated_at=issue.escalated_at,
        resolved_by=person(actor, issue.resolved_by, {}),
        resolved_at=issue.resolved_at,
        resolution=issue.resolution,
        history=history,
        available_actions=PaymentIssue.LIFECYCLE.available(issue, actor),
    )


def _charge(charge: Charge) -> ChargeName:
    return ChargeName(charge.pk, ChargeStatus(charge.status), to_decimal(charge.amount_minor), charge.currency)
