"""Payment issues as the desk reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.core.lifecycle import AvailableAction

from ..models import IssueKind, IssueStatus, PaymentIssue
from .around import Around, ChargeName, OrderName, RecordStep, TicketName, around
from .rows import Member


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


def issue_rows(actor: Actor, issues: Sequence[PaymentIssue]) -> list[PaymentIssueRow]:
    """For staff. One query: people, what they are about, their history."""
    people = (pk for row in issues for pk in (row.client_id, row.opened_by_id, row.resolved_by_id))
    orders, charges = (row.order_id for row in issues), (row.charge_id for row in issues)
    known = around(actor, issues, people, orders, charges)
    return [_row(actor, issue, known) for issue in issues]


def _row(actor: Actor, issue: PaymentIssue, known: Around) -> PaymentIssueRow:
    return PaymentIssueRow(
        id=issue.pk,
        kind=IssueKind(issue.kind),
        status=IssueStatus(issue.status),
        description=issue.description,
        client=known.people[issue.client_id],
        order=known.orders.get(issue.order_id),
        charge=known.charges.get(issue.charge_id),
        ticket=known.tickets.get(issue.ticket_id),
        opened_by=known.people.get(issue.opened_by_id),
        opened_at=issue.opened_at,
        escalated_at=issue.escalated_at,
        resolved_by=known.people.get(issue.resolved_by_id),
        resolved_at=issue.resolved_at,
        resolution=issue.resolution,
        history=known.steps.get(issue.pk, []),
        available_actions=PaymentIssue.LIFECYCLE.available(issue, actor),
    )
