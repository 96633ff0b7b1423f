"""What is said about a ticket. A reply is read by the requester, a note never: they are two tables, and no row of one
can become a row of the other."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.files.models import File
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet
from copydesk.tenancy.sql import holds

from .ticket import REQUESTERS, Ticket, TicketQuerySet

ROLES = [(role.value, role.value) for role in Role]
WAITING = "reply_id IS NULL AND note_id IS NULL"


def thread_of(ticket: Ticket) -> TicketQuerySet:
    """The ticket and those that were merged into it."""
    return Ticket.objects.of(ticket.website_id).filter(Q(pk=ticket.pk) | Q(merged_into=ticket))


class ReplyQuerySet(TenantQuerySet["Reply"]):
    def in_thread(self, ticket: Ticket) -> ReplyQuerySet:
        return self.filter(ticket__in=thread_of(ticket))


class NoteQuerySet(TenantQuerySet["Note"]):
    def visible_to(self, actor: OnWebsite) -> NoteQuerySet:
        """Staff's alone."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        return rows if actor.is_staff else rows.none()

    def in_thread(self, ticket: Ticket) -> NoteQuerySet:
        return self.filter(ticket__in=thread_of(ticket))


class Reply(TenantModel):
    """A public message. Append-only. `author` is null for a superadmin. Contact details stay: the requester and the
    desk know each other."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    author_role = models.CharField(max_length=10, choices=ROLES)
    body = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[ReplyQuerySet] = ReplyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="ticket_reply_not_empty")]
        indexes = [models.Index(fields=["website", "ticket", "id"], name="ticket_reply_by_ticket")]


class Note(TenantModel):
    """An internal message of the desk. Append-only."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", db_index=False)
    author = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    author_role = models.CharField(max_length=10, choices=ROLES)
    body = models.TextField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[NoteQuerySet] = NoteQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(body=""), name="ticket_note_not_empty")]
        indexes = [models.Index(fields=["website", "ticket", "id"], name="ticket_note_by_ticket")]


class TicketFileQuerySet(TenantQuerySet["TicketFile"]):
    def visible_to(self, actor: OnWebsite) -> TicketFileQuerySet:
        """The requester's: those of public messages, and what it has added itself; staff's: all."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role in REQUESTERS:
            own = rows.filter(ticket__requester_id=actor.membership_id, note=None)
            return own.filter(Q(reply__isnull=False) | Q(file__uploader_id=actor.membership_id))
        return rows if actor.is_staff else rows.none()

    def waiting(self) -> TicketFileQuerySet:
        """Added, and not sent with a message yet."""
        return self.filter(holds(WAITING))


class TicketFile(TenantModel):
    """A file of a ticket, sent with one reply or one note, or with none yet."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+", db_index=False)
    file = models.ForeignKey(File, models.PROTECT, related_name="+")
    uploader_role = models.CharField(max_length=10, choices=ROLES)
    reply = models.ForeignKey(Reply, models.PROTECT, null=True, related_name="files")
    note = models.ForeignKey(Note, models.PROTECT, null=True, related_name="files")
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[TicketFileQuerySet] = TicketFileQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(reply=None) | Q(note=None), name="ticket_file_reply_or_note"),
            models.CheckConstraint(
                condition=Q(note=None) | ~Q(uploader_role__in=[role.value for role in REQUESTERS]),
                name="ticket_file_of_note_by_staff",
            ),
        ]
        indexes = [models.Index(fields=["website", "ticket", "id"], name="ticket_file_by_ticket")]
