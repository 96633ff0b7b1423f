"""The live stream's door: another process serves it, to whom the caller is sent with a ticket."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.accounts.tickets import Ticket, issue_ticket
from copydesk.api import live
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.journal.models import Event
from copydesk.journal.verbs import VERBS


class StreamQuery(live.ResumeQuery):
    verb = serializers.CharField(required=False, help_text="Only these, comma between them.")

    def validate_verb(self, value: str) -> str:
        if any(verb not in VERBS for verb in value.split(",")):
            raise serializers.ValidationError("Not a verb of the journal.")
        return value


class EventDesk(Desk):
    needs = Can.USE_ACCOUNT
    model = Event
    queryset = Event.objects.none()

    @extend_schema(parameters=[StreamQuery, live.LAST_EVENT_ID], responses=live.RESPONSES)
    @action(detail=False, url_path="stream", query_class=StreamQuery)
    def live(self, request: Request) -> HttpResponseBase:
        """Server-sent events of what the caller may see, as they are committed; none is lost over a reconnect."""
        return live.to_stream(request, self.actor, self.query())

    @extend_schema(request=None, responses={201: shape(Ticket)})
    @action(detail=False, methods=["post"])
    def ticket(self, request: Request) -> Response:
        """A ticket for `events/stream/?ticket=`: for 60 seconds, once."""
        return Response(issue_ticket(self.actor), status=201)
