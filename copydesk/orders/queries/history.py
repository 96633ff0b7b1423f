"""Everything that happened to one order."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.money import to_decimal
from copydesk.journal.queries import Activity, timeline
from copydesk.payments.models import Charge

from ..models import Order, Round, RoundKind
from .files import OrderFileRow, order_file_rows, order_files


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A piece of work after the first: asked for by the client, by staff, or returned by an editor (`kind`)."""

    number: int
    kind: str
    requested_at: dt.datetime
    due_at: dt.datetime
    severity: str
    cause: str
    reason: str
    changes_required: list[str]
    submitted_at: dt.datetime | None
    delivered_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class PaymentRow:
    id: int
    purpose: str
    method: str
    status: str
    amount: Decimal
    currency: str
    created_at: dt.datetime
    captured_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """Complete, oldest first. Payments are for client and staff to see; returns by an editor are not the client's."""

    activity: list[Activity]
    revisions: list[RevisionRow]
    files: list[OrderFileRow]
    payments: list[PaymentRow]


def order_history(actor: Actor, order: Order) -> OrderHistory:
    """Four queries."""
    return OrderHistory(
        activity=timeline(actor, Order.noun, order.pk),
        revisions=_revisions(actor, order),
        files=order_file_rows(actor, order_files(actor, order).order_by("id")),
        payments=_payments(actor, order),
    )


def _revisions(actor: Actor, order: Order) -> list[RevisionRow]:
    rounds = Round.objects.of(order.website_id).filter(order=order).exclude(kind=RoundKind.FIRST).order_by("number")
    if actor.role is Role.CLIENT:
        rounds = rounds.filter(kind=RoundKind.REVISION)
    return [
        RevisionRow(
            number=number,
            kind=row.kind,
            requested_at=row.asked_at,
            due_at=row.due_with_excuse,
            severity=row.severity,
            cause=row.cause,
            reason=row.reason,
            changes_required=list(row.changes_required),
            submitted_at=row.submitted_at,
            delivered_at=row.delivered_at,
        )
        for number, row in enumerate(rounds, start=1)
    ]


def _payments(actor: Actor, order: Order) -> list[PaymentRow]:
    if not (actor.role is Role.CLIENT or actor.is_staff):
        return []
    charges = Charge.objects.of(order.website_id).about(order.reference).order_by("id")
    return [
        PaymentRow(
            id=charge.pk,
            purpose=charge.purpose,
            method=charge.method,
            status=charge.status,
            amount=to_decimal(charge.amount_minor),
            currency=charge.currency,
            created_at=charge.created_at,
            captured_at=charge.captured_at,
        )
        for charge in charges
    ]
