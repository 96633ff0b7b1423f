"""`/tickets/{id}/files/` and `/tickets/files/{id}/download/`: what is sent with a reply or a note."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.resources.file_downloads import FileDesk
from copydesk.api.rows.files import UploadParser
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.tickets.actions.talking import add_ticket_file
from copydesk.tickets.models import Ticket, TicketFile
from copydesk.tickets.queries.rows import TicketFileRow, file_row


class TicketUpload(serializers.Serializer[Any]):
    file = serializers.FileField(allow_empty_file=True)


class TicketFilesDesk(Desk):
    model = Ticket
    queryset = Ticket.objects.none()
    needs = Can.USE_TICKETS
    parser_classes = (UploadParser,)

    @extend_schema(request={"multipart/form-data": TicketUpload}, responses={201: shape(TicketFileRow)})
    @action(detail=True, methods=["post"], url_path="files")
    def upload(self, request: Request, pk: str) -> Response:
        """Waits until its uploader sends it with a reply or a note: until then only the uploader and the desk see
        it, and what is sent with a note only the desk."""
        ticket, body = self.get_object(), self.payload(TicketUpload)
        if len(request.FILES.getlist("file")) > 1:
            raise Invalid({"file": "One file a request."})
        return Response(file_row(add_ticket_file(ticket, body["file"], by=self.actor)), status=201)


class TicketFileDesk(FileDesk):
    model = TicketFile
    queryset = TicketFile.objects.none()
    needs = Can.USE_TICKETS
