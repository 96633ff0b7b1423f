"""The live stream's door: another process serves it, to whom the caller is sent with a ticket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.accounts.tickets import Ticket, issue_ticket
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.journal.models import Event
from copydesk.journal.verbs import VERBS


class StreamQuery(serializers.Serializer[Any]):
    verb = serializers.CharField(required=False, help_text="Only these, comma between them.")
    last_event_id = serializers.CharField(required=False, help_text="For clients that cannot send Last-Event-ID.")

    def validate_verb(self, value: str) -> str:
        if any(verb not in VERBS for verb in value.split(",")):
            raise serializers.ValidationError("Not a verb of the journal.")
        return value


class EventDesk(Desk):
    needs = Can.USE_ACCOUNT
    model = Event
    queryset = Event.objects.none()

    @extend_schema(
        parameters=[
            StreamQuery,
            OpenApiParameter("Last-Event-ID", OpenApiTypes.STR, OpenApiParameter.HEADER),
        ],
        responses={
            307: OpenApiResponse(description="To the stream itself, with a ticket: follow it (`curl -L`)."),
            (200, "text/event-stream"): OpenApiResponse(
                OpenApiTypes.STR, description="Each event's `data` is an activity, its `id` a place to resume from."
            ),
        },
    )
    @action(detail=False, url_path="stream", query_class=StreamQuery)
    def live(self, request: Request) -> HttpResponseBase:
        """Server-sent events of what the caller may see, as they are committed; none is lost over a reconnect."""
        asked = dict(self.query())
        asked["ticket"] = issue_ticket(self.actor).ticket
        if place := request.headers.get("Last-Event-ID"):
            asked["last_event_id"] = place
        answer = HttpResponseRedirect(f"{settings.STREAM_URL}{request.path}?{urlencode(asked)}")
        answer.status_code = 307
        answer["Cache-Control"] = "no-store"
        return answer

    @extend_schema(request=None, responses={201: shape(Ticket)})
    @action(detail=False, methods=["post"])
    def ticket(self, request: Request) -> Response:
        """A ticket for `events/stream/?ticket=`: for 60 seconds, once."""
        return Response(issue_ticket(self.actor), status=201)
