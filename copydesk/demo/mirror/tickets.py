"""Mirrors copydesk/tickets/actions: opening, talking, course and escalating."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.files.models import File
from copydesk.journal.models import details
from copydesk.tickets.actions.clocks import next_escalation
from copydesk.tickets.actions.opening import TicketForm
from copydesk.tickets.models import Category, Escalation, Note, Priority, Reply, Status, Ticket, TicketFile
from copydesk.tickets.models.ticket import RUNNING

from ..copy import Row
from ..crew import Member
from ..stage import Enquiry, Stage, step
from ..texts import CONTENTS
from .clocks import POLICY, happened, keep_clocks, readings


@step
def open_ticket(stage: Stage, form: TicketForm, *, by: Actor) -> Row:
    requester = stage.member(form.requester_id if by.is_staff else by.membership_id)
    stage.website.last_ticket_number += 1
    ticket = stage.make(
        Ticket,
        number=stage.website.last_ticket_number,
        requester_id=requester.id,
        requester_role=requester.actor.role.value,
        title=form.title,
        category=form.category.value,
        priority=int(form.priority or Priority.MEDIUM),
        status=Status.NEW.value,
        about_type=form.about_type,
        about_id=form.about_id,
        policy_version=POLICY.version,
        zone=stage.website.timezone,
        opened_at=stage.now,
        last_message_at=stage.now,
    )
    stage.tickets[ticket.id] = Enquiry(ticket)
    _say(stage, Reply, ticket, form.body, by)
    data = details(
        number=ticket.number,
        priority=ticket.priority,
        category=ticket.category,
        policy_version=POLICY.version,
        about_type=form.about_type or None,
        about_id=form.about_id,
    )
    stage.record("ticket.open", ticket, by=by, after=ticket.status, data=data)
    happened(stage, ticket, by=by, aimed=True)
    keep_clocks(stage, ticket, by=by)
    return ticket


@step
def add_ticket_file(stage: Stage, ticket: Row, *, content: str, by: Actor) -> Row:
    name, data = CONTENTS[content]
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"{stage.website.pk}/{sha256[:2]}/{sha256}"
    stage.contents[key] = data
    file = stage.send(
        File,
        uploader_id=by.membership_id,
        name=name,
        content_type="text/plain",
        size=len(data),
        sha256=sha256,
        storage_key=key,
        created_at=stage.now,
    )
    row = stage.make(
        TicketFile, ticket_id=ticket.id, file_id=file.id, uploader_role=by.role.value, created_at=stage.now
    )
    stage.tickets[ticket.id].files.append(row)
    return row


@step
def reply_to_ticket(
    stage: Stage, ticket: Row, body: str, files: Sequence[Row] = (), *, by: Actor, then: Status | None = None
) -> Row:
    reply = _say(stage, Reply, ticket, body, by)
    for file in files:
        file.reply_id = reply.id
    target = _status_after(ticket, then, by)
    data = details(reply_id=reply.id, files=len(files))
    changes = {"last_message_at": stage.now, **_undone(stage, ticket, target)}
    stage.advance(ticket, "reply", by=by, to=target.value, data=data, **changes)
    happened(stage, ticket, by=by, said=True)
    keep_clocks(stage, ticket, by=by)
    return reply


@step
def add_note(stage: Stage, ticket: Row, body: str, files: Sequence[Row] = (), *, by: Actor) -> Row:
    note = _say(stage, Note, ticket, body, by)
    for file in files:
        file.note_id = note.id
    stage.advance(ticket, "note", by=by, data=details(note_id=note.id, files=len(files)))
    return note


@step
def claim_ticket(stage: Stage, ticket: Row, *, by: Actor) -> None:
    data = details(assignee_id=by.membership_id)
    stage.advance(ticket, "claim", by=by, data=data, assignee_id=by.membership_id)


@step
def assign_ticket(stage: Stage, ticket: Row, assignee: Member | None, *, by: Actor, reason: str = "") -> None:
    assignee_id = assignee.id if assignee else None
    data = details(assignee_id=assignee_id, assignee_before_id=ticket.assignee_id)
    assigned_at = stage.now if assignee else None
    stage.advance(ticket, "assign", by=by, reason=reason, data=data, assignee_id=assignee_id, assigned_at=assigned_at)


@step
def change_ticket(
    stage: Stage, ticket: Row, *, by: Actor, priority: Priority | None = None, category: Category | None = None
) -> None:
    new: dict[str, Any] = {"priority": int(priority or ticket.priority), "category": str(category or ticket.category)}
    if new == {"priority": ticket.priority, "category": ticket.category}:
        return
    before = details(priority_before=ticket.priority, category_before=ticket.category)
    stage.advance(ticket, "change", by=by, data=new | before, **new)
    happened(stage, ticket, by=by, aimed=True)
    keep_clocks(stage, ticket, by=by)


@step
def resolve_ticket(stage: Stage, ticket: Row, *, by: Actor, reason: str = "") -> None:
    close_at = stage.now + dt.timedelta(days=POLICY.close_days)
    stage.advance(ticket, "resolve", by=by, reason=reason, close_at=close_at)
    happened(stage, ticket, by=by)
    keep_clocks(stage, ticket, by=by)


@step
def close_ticket(stage: Stage, ticket: Row, *, by: Actor, reason: str = "") -> None:
    stage.advance(ticket, "close", by=by, reason=reason, **_closing(stage))
    happened(stage, ticket, by=by)
    keep_clocks(stage, ticket, by=by)


@step
def close_resolved(stage: Stage, ticket: Row, *, by: Actor) -> None:
    close_ticket(stage, ticket, by=by)


@step
def reopen_ticket(stage: Stage, ticket: Row, *, by: Actor, reason: str = "") -> None:
    stage.advance(
        ticket, "reopen", by=by, reason=reason, closed_at=None, reopen_until=None, **_reopening(stage, ticket)
    )
    happened(stage, ticket, by=by)
    keep_clocks(stage, ticket, by=by)


@step
def rate_ticket(stage: Stage, ticket: Row, rating: int, *, by: Actor, comment: str = "") -> None:
    stage.advance(ticket, "rate", by=by, data=details(rating=rating), rating=rating, rating_comment=comment)


@step
def merge_ticket(stage: Stage, ticket: Row, into: Row, *, by: Actor) -> None:
    stage.tickets[into.id].absorbed = True
    asks = ticket.status in RUNNING
    stage.advance(ticket, "merge", by=by, data=details(into_id=into.id), merged_into_id=into.id, **_closing(stage))
    happened(stage, ticket, by=by)
    target = Status.OPEN if asks and into.status not in RUNNING else Status(into.status)
    data = details(merged_id=ticket.id, asks=int(asks))
    last = max(into.last_message_at, ticket.last_message_at)
    changes = {"last_message_at": last, **_undone(stage, into, target)}
    stage.advance(into, "absorb", by=by, to=target.value, data=data, **changes)
    happened(stage, into, by=by, asks=asks)
    for row in (ticket, into):
        keep_clocks(stage, row, by=by)


@step
def escalate_ticket(
    stage: Stage, ticket: Row, *, by: Actor, reason: str, level: int | None = None, target_id: Member | None = None
) -> Row:
    level = ticket.escalation_level + 1 if level is None else level
    return _escalate(stage, ticket, level, by=by, reason=reason, target=target_id)


@step
def escalate_by_rule(stage: Stage, ticket: Row, *, by: Actor) -> None:
    found = readings(stage, stage.tickets[ticket.id])
    ahead = next_escalation(ticket, found, POLICY)  # type: ignore[arg-type]
    while ahead is not None and ahead[0] <= stage.now:
        _escalate(stage, ticket, ahead[1], by=by, rule=ahead[2])
        ahead = next_escalation(ticket, found, POLICY)  # type: ignore[arg-type]


@step
def acknowledge_escalation(stage: Stage, escalation: Row, *, by: Actor) -> None:
    stage.advance(escalation, "acknowledge", by=by, acknowledged_by_id=by.membership_id)


@step
def resolve_escalation(stage: Stage, escalation: Row, *, by: Actor, reason: str) -> None:
    stage.advance(escalation, "resolve", by=by, reason=reason, resolved_by_id=by.membership_id)


def _escalate(
    stage: Stage,
    ticket: Row,
    level: int,
    *,
    by: Actor,
    reason: str = "",
    rule: str = "",
    target: Member | None = None,
) -> Row:
    target_id = target.id if target else None
    row = stage.make(
        Escalation,
        ticket_id=ticket.id,
        level=level,
        reason=reason,
        rule=str(rule),
        target_id=target_id,
        escalated_by_id=by.membership_id,
        escalated_at=stage.now,
    )
    row.ticket = ticket
    stage.tickets[ticket.id].escalations.append(row)
    data = details(escalation_id=row.id, level=level, target_id=target_id, clock=str(rule) or None)
    stage.advance(ticket, "escalate", by=by, reason=reason, data=data, escalation_level=level)
    keep_clocks(stage, ticket, by=by)
    return row


def _say(stage: Stage, model: type[Reply | Note], ticket: Row, body: str, by: Actor) -> Row:
    return stage.send(
        model,
        ticket_id=ticket.id,
        author_id=by.membership_id,
        author_role=by.role.value,
        body=body,
        created_at=stage.now,
    )


def _status_after(ticket: Row, then: Status | None, by: Actor) -> Status:
    status = Status(ticket.status)
    if not by.is_staff:
        return Status.OPEN if status in (Status.AWAITING_CLIENT, Status.RESOLVED) else status
    return status if status == Status.RESOLVED else then or Status.OPEN


def _undone(stage: Stage, ticket: Row, target: Status) -> dict[str, Any]:
    if ticket.status != Status.RESOLVED or target == Status.RESOLVED:
        return {}
    return _reopening(stage, ticket)


def _reopening(stage: Stage, ticket: Row) -> dict[str, Any]:
    rests = [*ticket.rests, ticket.resolved_at or ticket.closed_at, stage.now]
    return {"resolved_at": None, "close_at": None, "reopened_at": stage.now, "rests": rests}


def _closing(stage: Stage) -> dict[str, Any]:
    return {"close_at": None, "reopen_until": stage.now + dt.timedelta(days=POLICY.reopen_days)}
