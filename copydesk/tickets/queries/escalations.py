"""Escalations of tickets and of accounts, as the desk reads them: one list over both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from copydesk.accounts.actor import Actor
from copydesk.core.lifecycle import AvailableAction
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.sql import holds

from ..models import (
    AccountEscalation,
    AnyEscalation,
    Escalation,
    EscalationKind,
    EscalationStatus,
    Measure,
    RaisedStatus,
)
from .around import Around, RecordStep, TicketName, around
from .rows import Member

TICKET_TABS = tuple(status.value for status in EscalationStatus)


@dataclass(frozen=True, slots=True)
class RaisedEscalation:
    """`id` means one row, of whatever `kind`. Of a ticket: `level`, `rule` (the clock whose breach it follows, empty
    where a person escalated), `target` (whom it is put before; null: whoever of the desk). Of an account: the `member`,
    the `measure` asked for and its end; `ticket` is what it was asked for because of. `requested_by` is null for a
    superadmin and the clock."""

    id: int
    kind: EscalationKind
    status: RaisedStatus
    reason: str
    ticket: TicketName | None
    level: int | None
    rule: str
    target: Member | None
    member: Member | None
    measure: Measure | None
    until: dt.datetime | None
    requested_by: Member | None
    requested_at: dt.datetime
    acknowledged_at: dt.datetime | None
    decided_at: dt.datetime | None
    resolved_at: dt.datetime | None
    history: list[RecordStep]
    available_actions: list[AvailableAction]


def ticket_tabs() -> Mapping[str, Tab]:
    """Of those of tickets: word → what narrows them."""
    return {one.value: Tab(holds(f"tickets_anyescalation.status = '{one}'"), apart=True) for one in EscalationStatus}


def changeable(actor: Actor, escalation_id: int) -> QuerySet[Escalation] | QuerySet[AccountEscalation]:
    """The table that has this row; where neither has it, one in which it is not found. One query."""
    accounts = AccountEscalation.objects.visible_to(actor)
    return accounts if accounts.filter(pk=escalation_id).exists() else Escalation.objects.visible_to(actor)


def escalation_rows(actor: Actor, rows: Sequence[AnyEscalation]) -> list[RaisedEscalation]:
    """For staff. One query: people, tickets, their history."""
    people = (pk for row in rows for pk in (row.member_id, row.target_id, row.requested_by_id))
    known = around(actor, rows, people)
    return [_row(actor, row, known) for row in rows]


def _row(actor: Actor, row: AnyEscalation, known: Around) -> RaisedEscalation:
    return RaisedEscalation(
        id=row.pk,
        kind=EscalationKind(row.kind),
        status=RaisedStatus(row.status),
        reason=row.reason,
        ticket=known.tickets.get(row.ticket_id),
        level=row.level,
        rule=row.rule,
        target=known.people.get(row.target_id),
        member=known.people.get(row.member_id),
        measure=Measure(row.measure) if row.measure else None,
        until=row.until,
        requested_by=known.people.get(row.requested_by_id),
        requested_at=row.requested_at,
        acknowledged_at=row.acknowledged_at,
        decided_at=row.decided_at,
        resolved_at=row.resolved_at,
        history=known.steps.get(row.pk, []),
        available_actions=row.lifecycle.available(row, actor),
    )
