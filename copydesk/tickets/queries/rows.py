"""Tickets, and what is said in them, as each role sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Role
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.orders.models import Order
from copydesk.tenancy.sql import select

from ..models import Category, Escalation, EscalationStatus, Note, Priority, Reply, Status, Ticket, TicketFile
from ..models.ticket import REQUESTERS
from .clocks import CLOCK, ClockRow, clock_rows

TICKETS = f"""
SELECT t.id, t.number, t.title, t.category, t.priority, t.status, t.requester_id, t.assignee_id, t.about_type,
       t.about_id, t.merged_into_id, t.escalation_level, t.due_at, t.opened_at, t.last_message_at, t.assigned_at,
       t.resolved_at, t.closed_at, t.reopen_until, t.rating, t.rating_comment, t.rated_at,
       r.role, r.number, ru.full_name, rw.pen_name, a.role, a.number, au.full_name, o.number,
       CASE WHEN %(inside)s THEN ARRAY(
           SELECT {CLOCK} FROM tickets_clock c WHERE c.website_id = t.website_id AND c.ticket_id = t.id
       ) END
FROM tickets_ticket t
JOIN accounts_membership r ON r.website_id = t.website_id AND r.id = t.requester_id
JOIN accounts_user ru ON ru.id = r.user_id
LEFT JOIN writers_writer rw ON rw.website_id = t.website_id AND rw.id = r.id
LEFT JOIN accounts_membership a ON a.website_id = t.website_id AND a.id = t.assignee_id
LEFT JOIN accounts_user au ON au.id = a.user_id
LEFT JOIN orders_order o ON o.website_id = t.website_id AND o.id = t.about_id AND t.about_type = '{Order.noun}'
WHERE t.website_id = %(website)s AND t.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 — put together from constants
"""The columns of _Ticket."""

PEOPLE = """
SELECT m.id, m.role, m.number, u.full_name, w.pen_name
FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
LEFT JOIN writers_writer w ON w.website_id = m.website_id AND w.id = m.id
WHERE m.website_id = %(website)s AND m.id = ANY(%(people)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Member:
    """A client is "Client 12", a writer its pen name, the desk's are "Support 3" and "Admin 1"; `name` is null but for
    staff."""

    id: int
    role: str
    label: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a ticket is about; `number` is null where it has none."""

    type: str
    id: int
    number: int | None


@dataclass(frozen=True, slots=True)
class TicketRow:
    """`assignee`, `escalation_level` and `clocks` are the desk's: null and none for the requester. `due_at`: the
    soonest of the clocks that run. `priority` is a word, and sorts by its rank. `reopen_until`: null unless closed."""

    id: int
    number: int
    title: str
    category: Category
    priority: str
    status: Status
    requester: Member
    assignee: Member | None
    about: Subject | None
    merged_into_id: int | None
    escalation_level: int | None
    due_at: dt.datetime | None
    clocks: list[ClockRow]
    opened_at: dt.datetime
    last_message_at: dt.datetime
    assigned_at: dt.datetime | None
    resolved_at: dt.datetime | None
    closed_at: dt.datetime | None
    reopen_until: dt.datetime | None
    rating: int | None
    rating_comment: str
    rated_at: dt.datetime | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class TicketFileRow:
    """`sent`: with a message; else it waits for one. Content: tickets/files/{id}/download/."""

    id: int
    ticket_id: int
    name: str
    content_type: str
    size: int
    sha256: str
    sent: bool
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """A public message. `ticket_id` is another where it was written in a duplicate that was merged. `author` is a
    client's number, a writer's pen name or "Support", for staff with the agent's number."""

    id: int
    ticket_id: int
    created_at: dt.datetime
    author_role: str
    author: str
    is_own: bool
    body: str
    files: list[TicketFileRow]


@dataclass(frozen=True, slots=True)
class TicketNote:
    """An internal note: the desk's alone."""

    id: int
    ticket_id: int
    created_at: dt.datetime
    author_role: str
    author: str
    is_own: bool
    body: str
    files: list[TicketFileRow]


@dataclass(frozen=True, slots=True)
class EscalationRow:
    """`rule` names the clock whose breach it follows; empty where a person escalated. People are membership ids."""

    id: int
    ticket_id: int
    level: int
    status: EscalationStatus
    reason: str
    rule: str
    target_id: int | None
    escalated_by_id: int | None
    escalated_at: dt.datetime
    acknowledged_by_id: int | None
    acknowledged_at: dt.datetime | None
    resolved_by_id: int | None
    resolved_at: dt.datetime | None
    available_actions: list[AvailableAction]


def rows_of(actor: Actor, ids: Sequence[int]) -> list[TicketRow]:
    """One query: tickets, their people, subjects, clocks. As SQL text, and not as models: of what a list of tickets
    took, expressions and models were most."""
    found = select(TICKETS, website=actor.website.pk, ids=list(ids), inside=actor.is_staff)
    known = {row[0]: _row(actor, _Ticket(*row)) for row in found}
    return [known[pk] for pk in ids]


def ticket_row(actor: Actor, ticket: Ticket) -> TicketRow:
    return rows_of(actor, [ticket.pk])[0]


def message_rows(actor: Actor, replies: Sequence[Reply]) -> list[TicketMessage]:
    """Of replies with `author__writer_profile` selected. One query: files."""
    ids = [reply.pk for reply in replies]
    files: dict[int, list[TicketFileRow]] = {}
    for file in TicketFile.objects.of(actor.website).filter(reply__in=ids).select_related("file").order_by("id"):
        files.setdefault(file.reply_id or 0, []).append(file_row(file))
    return [
        TicketMessage(
            id=reply.pk,
            ticket_id=reply.ticket_id,
            created_at=reply.created_at,
            author_role=_role(reply, actor),
            author=_author(reply, actor),
            is_own=_is_own(reply, actor),
            body=reply.body,
            files=files.get(reply.pk, []),
        )
        for reply in replies
    ]


def note_rows(actor: Actor, notes: Sequence[Note]) -> list[TicketNote]:
    """Of notes with `author` selected, for staff alone. One query."""
    assert actor.is_staff
    ids = [note.pk for note in notes]
    files: dict[int, list[TicketFileRow]] = {}
    for file in TicketFile.objects.of(actor.website).filter(note__in=ids).select_related("file").order_by("id"):
        files.setdefault(file.note_id or 0, []).append(file_row(file))
    return [
        TicketNote(
            id=note.pk,
            ticket_id=note.ticket_id,
            created_at=note.created_at,
            author_role=note.author_role,
            author=_author(note, actor),
            is_own=_is_own(note, actor),
            body=note.body,
            files=files.get(note.pk, []),
        )
        for note in notes
    ]


def escalation_row(actor: Actor, row: Escalation) -> EscalationRow:
    return EscalationRow(
        id=row.pk,
        ticket_id=row.ticket_id,
        level=row.level,
        status=EscalationStatus(row.status),
        reason=row.reason,
        rule=row.rule,
        target_id=row.target_id,
        escalated_by_id=row.escalated_by_id,
        escalated_at=row.escalated_at,
        acknowledged_by_id=row.acknowledged_by_id,
        acknowledged_at=row.acknowledged_at,
        resolved_by_id=row.resolved_by_id,
        resolved_at=row.resolved_at,
        available_actions=Escalation.LIFECYCLE.available(row, actor),
    )


def file_row(row: TicketFile) -> TicketFileRow:
    """Of a row with `file` selected."""
    return TicketFileRow(
        id=row.pk,
        ticket_id=row.ticket_id,
        name=row.file.name,
        content_type=row.file.content_type,
        size=row.file.size,
        sha256=row.file.sha256,
        sent=row.reply_id is not None or row.note_id is not None,
        created_at=row.created_at,
    )


class _Ticket(NamedTuple):
    """A ticket as its LIFECYCLE asks for it, its people, the number of what it is about, and its clocks, which are the
    desk's."""

    id: int
    number: int
    title: str
    category: str
    priority: int
    status: str
    requester_id: int
    assignee_id: int | None
    about_type: str
    about_id: int | None
    merged_into_id: int | None
    escalation_level: int
    due_at: dt.datetime | None
    opened_at: dt.datetime
    last_message_at: dt.datetime
    assigned_at: dt.datetime | None
    resolved_at: dt.datetime | None
    closed_at: dt.datetime | None
    reopen_until: dt.datetime | None
    rating: int | None
    rating_comment: str
    rated_at: dt.datetime | None
    requester_role: str
    requester_number: int
    requester_name: str
    pen_name: str | None
    assignee_role: str
    assignee_number: int
    assignee_name: str
    about_number: int | None
    clocks: Sequence[Sequence[Any]] | None


def _row(actor: Actor, row: _Ticket) -> TicketRow:
    inside = actor.is_staff
    return TicketRow(
        id=row.id,
        number=row.number,
        title=row.title,
        category=Category(row.category),
        priority=Priority(row.priority).word,
        status=Status(row.status),
        requester=member_from(
            actor, row.requester_id, row.requester_role, row.requester_number, row.requester_name, row.pen_name
        ),
        assignee=None
        if row.assignee_id is None or not inside
        else member_from(actor, row.assignee_id, row.assignee_role, row.assignee_number, row.assignee_name),
        about=None if row.about_id is None else Subject(row.about_type, row.about_id, row.about_number),
        merged_into_id=row.merged_into_id,
        escalation_level=row.escalation_level if inside else None,
        due_at=row.due_at if inside else None,
        clocks=clock_rows(row.clocks or (), clock.now()),
        opened_at=row.opened_at,
        last_message_at=row.last_message_at,
        assigned_at=row.assigned_at if inside else None,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        reopen_until=row.reopen_until,
        rating=row.rating,
        rating_comment=row.rating_comment,
        rated_at=row.rated_at,
        available_actions=Ticket.LIFECYCLE.available(row, actor),
    )


def member_from(actor: Actor, pk: int, role: str, number: int, full_name: str, pen_name: str | None = None) -> Member:
    return Member(pk, role, pen_name or f"{role.title()} {number}", full_name if actor.is_staff else None)


def _is_own(message: Reply | Note, actor: Actor) -> bool:
    return actor.membership_id is not None and message.author_id == actor.membership_id


def _role(reply: Reply, actor: Actor) -> str:
    return Role.SUPPORT if reply.author_role in STAFF and not actor.is_staff else reply.author_role


def _author(message: Reply | Note, actor: Actor) -> str:
    author = message.author
    if message.author_role in STAFF and (actor.role in REQUESTERS or author is None):
        return "Support"
    assert author is not None
    writer = getattr(author, "writer_profile", None) if message.author_role == Role.WRITER else None
    return writer.pen_name if writer else f"{message.author_role.title()} {author.number}"
