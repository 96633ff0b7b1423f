"""`/tickets/{id}/…/`: the steps of a ticket's life, one endpoint a step. Public replies and internal notes are two
tables, two actions, and two endpoints each."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, Nothing, OptionalReason, Reason
from copydesk.api.resources.tickets import ROW, TicketDesk
from copydesk.api.shape import shape
from copydesk.tickets.actions import course, escalating, talking
from copydesk.tickets.models import Note, Reply, Status
from copydesk.tickets.queries.rows import (
    EscalationRow,
    TicketMessage,
    TicketNote,
    escalation_row,
    message_rows,
    note_rows,
)


def member_id(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=BIGGEST, **options)


class NoteBody(serializers.Serializer[Any]):
    """`file_ids`: own files of this ticket that wait to be sent."""

    body = serializers.CharField(max_length=50_000, trim_whitespace=False)
    file_ids = serializers.ListField(child=member_id(), max_length=50, default=list)


class ReplyBody(NoteBody):
    """`then`, by staff: open (the default) or awaiting_client, whose answer the clocks wait for."""

    then = serializers.ChoiceField(choices=[Status.OPEN.value, Status.AWAITING_CLIENT.value], required=False)


class TicketAssignment(OptionalReason):
    """Null: to nobody. Left out: to whoever of the desk on duty has the highest share of spare capacity."""

    assignee_id = member_id(allow_null=True, required=False)


class TicketEscalation(Reason):
    """Without `level` the next one. `target_id`: the member of the desk before whom it is put."""

    level = serializers.IntegerField(min_value=1, max_value=9, required=False)
    target_id = member_id(required=False)


class TicketRating(serializers.Serializer[Any]):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    comment = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class Merging(serializers.Serializer[Any]):
    """Of the same requester's."""

    into_id = member_id()


class TicketStepDesk(TicketDesk):
    """Each answers with the ticket as the caller now sees it, but for what is written, which answers with itself."""

    filterset_class = None

    @extend_schema(request=TicketAssignment, responses=ROW)
    @action(detail=True, methods=["post"], url_path="assign", needs=Can.WORK_TICKETS)
    def assign(self, request: Request, pk: str) -> Response:
        """409 `nobody_free` where nobody is named and nobody has room."""
        ticket, body = self.get_object(), self.payload(TicketAssignment)
        assign = course.assign_ticket if "assignee_id" in body else course.assign_to_best
        return self.seen(assign(ticket, by=self.actor, **body))

    @extend_schema(request=Nothing, responses=ROW)
    @action(detail=True, methods=["post"], url_path="claim", needs=Can.WORK_TICKETS)
    def claim(self, request: Request, pk: str) -> Response:
        """Of agents who claim at once one has it; the others get 409 `already_claimed`, with who holds it."""
        ticket, _ = self.get_object(), self.payload(Nothing)
        return self.seen(course.claim_ticket(ticket, by=self.actor))

    @extend_schema(request=ReplyBody, responses={201: shape(TicketMessage)})
    @action(detail=True, methods=["post"], url_path="reply")
    def reply(self, request: Request, pk: str) -> Response:
        """A public message: the requester reads it. The requester's own reopens what was resolved."""
        ticket, body = self.get_object(), self.payload(ReplyBody)
        then = body.pop("then", None)
        reply = talking.reply_to_ticket(ticket, by=self.actor, then=None if then is None else Status(then), **body)
        return Response(message_rows(self.actor, [reply])[0], status=201)

    @extend_schema(request=NoteBody, responses={201: shape(TicketNote)})
    @action(detail=True, methods=["post"], url_path="note", needs=Can.WORK_TICKETS)
    def note(self, request: Request, pk: str) -> Response:
        """An internal note: no client and no writer ever reads it."""
        ticket, body = self.get_object(), self.payload(NoteBody)
        note = talking.add_note(ticket, by=self.actor, **body)
        return Response(note_rows(self.actor, [note])[0], status=201)

    @extend_schema(request=TicketEscalation, responses={201: shape(EscalationRow)})
    @action(detail=True, methods=["post"], url_path="escalate", needs=Can.WORK_TICKETS)
    def escalate(self, request: Request, pk: str) -> Response:
        ticket, body = self.get_object(), self.payload(TicketEscalation)
        row = escalating.escalate_ticket(ticket, by=self.actor, **body)
        return Response(escalation_row(self.actor, row), status=201)

    @extend_schema(request=OptionalReason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="resolve", needs=Can.WORK_TICKETS)
    def resolve(self, request: Request, pk: str) -> Response:
        """The requester reads the reason."""
        ticket, body = self.get_object(), self.payload(OptionalReason)
        return self.seen(course.resolve_ticket(ticket, by=self.actor, **body))

    @extend_schema(request=OptionalReason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="close")
    def close(self, request: Request, pk: str) -> Response:
        """Staff give a reason for one that is not resolved."""
        ticket, body = self.get_object(), self.payload(OptionalReason)
        return self.seen(course.close_ticket(ticket, by=self.actor, **body))

    @extend_schema(request=OptionalReason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="reopen")
    def reopen(self, request: Request, pk: str) -> Response:
        ticket, body = self.get_object(), self.payload(OptionalReason)
        return self.seen(course.reopen_ticket(ticket, by=self.actor, **body))

    @extend_schema(request=TicketRating, responses=ROW)
    @action(detail=True, methods=["post"], url_path="rate", needs=Can.RATE_TICKETS)
    def rate(self, request: Request, pk: str) -> Response:
        """By the requester, once, when it is resolved."""
        ticket, body = self.get_object(), self.payload(TicketRating)
        return self.seen(course.rate_ticket(ticket, by=self.actor, **body))

    @extend_schema(request=Merging, responses=ROW)
    @action(detail=True, methods=["post"], url_path="merge", needs=Can.WORK_TICKETS)
    def merge(self, request: Request, pk: str) -> Response:
        """Closes a duplicate; its messages are read in the other ticket."""
        ticket, body = self.get_object(), self.payload(Merging)
        return self.seen(course.merge_ticket(ticket, by=self.actor, **body))

    @extend_schema(responses=shape(TicketMessage)(many=True))
    @action(detail=True, url_path="messages", sorts={})
    def messages(self, request: Request, pk: str) -> Response:
        """Public messages, newest first, with those of duplicates merged into it. Never notes."""
        rows = (
            Reply.objects.of(self.actor.website).in_thread(self.get_object()).select_related("author__writer_profile")
        )
        return self.page(rows, lambda replies: message_rows(self.actor, replies))

    @extend_schema(responses=shape(TicketNote)(many=True))
    @action(detail=True, url_path="notes", needs=Can.WORK_TICKETS, sorts={})
    def notes(self, request: Request, pk: str) -> Response:
        """Internal notes, newest first."""
        rows = Note.objects.visible_to(self.actor).in_thread(self.get_object()).select_related("author")
        return self.page(rows, lambda notes: note_rows(self.actor, notes))
