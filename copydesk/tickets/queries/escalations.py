"""Escalations of tickets and of accounts, as the desk reads them: one list over both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.lifecycle import AvailableAction
from copydesk.writers.queries import pen_names

from ..models import (
    AccountEscalation,
    AnyEscalation,
    Escalation,
    EscalationKind,
    EscalationStatus,
    Measure,
    Priority,
    RaisedStatus,
    Status,
    Ticket,
)
from ..models.all_escalations import AnyEscalationQuerySet
from .rows import Member, member_row
from .steps import RecordStep, steps_of

Tab = Callable[[AnyEscalationQuerySet], AnyEscalationQuerySet]
TICKET_TABS = tuple(status.value for status in EscalationStatus)


@dataclass(frozen=True, slots=True)
class TicketName:
    id: int
    number: int
    title: str
    priority: str
    status: Status


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


def all_escalations(actor: Actor) -> AnyEscalationQuerySet:
    """What the actor sees, with what `escalation_rows` reads."""
    people = ("member__user", "target__user", "requested_by__user")
    return AnyEscalation.objects.visible_to(actor).select_related("ticket", *people)


def ticket_tabs() -> Mapping[str, Tab]:
    """Of those of tickets: word → what narrows them."""
    return {
        "open": lambda rows: rows.filter(status=EscalationStatus.OPEN),
        "acknowledged": lambda rows: rows.filter(status=EscalationStatus.ACKNOWLEDGED),
        "resolved": lambda rows: rows.filter(status=EscalationStatus.RESOLVED),
    }


def changeable(actor: Actor, escalation_id: int) -> QuerySet[Escalation] | QuerySet[AccountEscalation]:
    """The table that has this row; where neither has it, one in which it is not found. One query."""
    accounts = AccountEscalation.objects.visible_to(actor)
    return accounts if accounts.filter(pk=escalation_id).exists() else Escalation.objects.visible_to(actor)


def escalation_rows(actor: Actor, rows: Sequence[AnyEscalation]) -> list[RaisedEscalation]:
    """Of rows from `all_escalations`. Two queries: their history, and pen names."""
    steps = steps_of(actor, rows)
    writers = {row.member.pk for row in rows if row.member is not None and row.member.role == Role.WRITER}
    names = pen_names(actor.website, writers) if writers else {}
    return [_row(actor, row, names, steps[row.pk]) for row in rows]


def ticket_name(ticket: Ticket) -> TicketName:
    return TicketName(ticket.pk, ticket.number, ticket.title, Priority(ticket.priority).word, Status(ticket.status))


def person(actor: Actor, member: Membership | None, names: Mapping[int, str]) -> Member | None:
    return None if member is None else member_row(actor, member, names)


def _row(actor: Actor, row: AnyEscalation, names: Mapping[int, str], history: list[RecordStep]) -> RaisedEscalation:
    return RaisedEscalation(
        id=row.pk,
        kind=EscalationKind(row.kind),
        status=RaisedStatus(row.status),
        reason=row.reason,
        ticket=None if row.ticket is None else ticket_name(row.ticket),
        level=row.level,
        rule=row.rule,
        target=person(actor, row.target, names),
        member=person(actor, row.member, names),
        measure=Measure(row.measure) if row.measure else None,
        until=row.until,
        requested_by=person(actor, row.requested_by, names),
        requested_at=row.requested_at,
        acknowledged_at=row.acknowledged_at,
        decided_at=row.decided_at,
        resolved_at=row.resolved_at,
        history=history,
        available_actions=row.lifecycle.available(row, actor),
    )
