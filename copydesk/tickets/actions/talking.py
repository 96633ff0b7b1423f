"""What is said about a ticket: in public, or inside the desk. Two actions, two tables."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.files.base import File as Upload

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid, WrongState
from copydesk.files.actions import store_file
from copydesk.journal.actions import advance, lock_for
from copydesk.journal.models import details
from copydesk.tenancy.models import Website
from copydesk.threads.policies import MessagePolicy

from ..models import Note, Reply, Status, Ticket, TicketFile
from .clocks import keep_clocks
from .course import undone


def reply_to_ticket(
    ticket: Ticket, body: str, file_ids: Sequence[int] = (), *, by: Actor, then: Status | None = None
) -> Reply:
    """A public message. The requester's opens what was awaiting it, or resolved. The desk's leaves the ticket open, or
    awaiting the client where `then` says so; of a resolved one it is a word after the end.

    Raises Invalid (body, files, `then`), NotYours, WrongState."""
    if then is not None and not by.is_staff:
        raise Invalid({"then": "The desk says what it waits for."})
    text = checked(by.website, body)
    lock_for(ticket, "reply", by=by)
    files = _waiting(ticket, file_ids, by)
    reply = Reply.objects.of(by.website).create(
        ticket=ticket, author_id=by.membership_id, author_role=by.role, body=text, created_at=clock.now()
    )
    for file in files:
        file.reply = reply
        file.save(update_fields=["reply"])
    data = details(reply_id=reply.pk, files=len(files))
    target = _status_after(ticket, then, by)
    advance(ticket, "reply", by=by, to=target, data=data, last_message_at=reply.created_at, **undone(ticket, target))
    keep_clocks(ticket, by=by)
    return reply


def add_note(ticket: Ticket, body: str, file_ids: Sequence[int] = (), *, by: Actor) -> Note:
    """For the desk alone, in any state. Raises Invalid (body, files), Forbidden."""
    text = checked(by.website, body)
    lock_for(ticket, "note", by=by)
    files = _waiting(ticket, file_ids, by)
    note = Note.objects.of(by.website).create(
        ticket=ticket, author_id=by.membership_id, author_role=by.role, body=text, created_at=clock.now()
    )
    for file in files:
        file.note = note
        file.save(update_fields=["note"])
    advance(ticket, "note", by=by, data=details(note_id=note.pk, files=len(files)))
    return note


def add_ticket_file(ticket: Ticket, upload: Upload[bytes], *, by: Actor) -> TicketFile:
    """Keeps `upload` until its uploader sends it with a reply or a note. Who does not may see it: the uploader and the
    desk. Raises what files.actions.store_file does, NotYours, WrongState."""
    refusal = ticket.LIFECYCLE.refusal(ticket, "note" if by.is_staff else "reply", by)
    if refusal is not None:
        raise refusal
    file = store_file(upload, by=by)
    return TicketFile.objects.of(by.website).create(ticket=ticket, file=file, uploader_role=by.role)


def checked(website: Website, body: str) -> str:
    text = body.strip()
    most = MessagePolicy.of(website).max_length
    if not text:
        raise Invalid({"body": "Write something."}, "blank")
    if len(text) > most:
        raise Invalid({"body": f"At most {most} characters."}, "max_length")
    return text


def _waiting(ticket: Ticket, file_ids: Sequence[int], by: Actor) -> list[TicketFile]:
    """Own files of this ticket that were not sent yet."""
    wanted = list(dict.fromkeys(file_ids))
    if not wanted:
        return []
    most = MessagePolicy.of(by.website).max_attachments
    if len(wanted) > most:
        raise Invalid({"file_ids": f"At most {most} files."}, "max_length")
    rows = TicketFile.objects.of(by.website).waiting().filter(ticket=ticket, file__uploader_id=by.membership_id)
    found = rows.in_bulk(wanted)
    missing = [file_id for file_id in wanted if file_id not in found]
    if missing:
        raise Invalid({"file_ids": f"Not waiting to be sent: {', '.join(map(str, missing))}."}, "not_found")
    return [found[file_id] for file_id in wanted]


def _status_after(ticket: Ticket, then: Status | None, by: Actor) -> Status:
    status = Status(ticket.status)
    if not by.is_staff:
        return Status.OPEN if status in (Status.AWAITING_CLIENT, Status.RESOLVED) else status
    if ticket.status == Status.RESOLVED:
        if then is not None:
            raise WrongState("Reopen the ticket first.", status=ticket.status)
        return Status.RESOLVED
    return then or Status.OPEN
