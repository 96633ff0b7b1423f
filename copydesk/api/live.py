"""The way to the live stream, which another process serves: with a ticket, and with what is asked for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponseRedirect
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.request import Request

from copydesk.accounts.actor import Actor
from copydesk.accounts.tickets import issue_ticket

STREAM = "/api/v1/events/stream/"
LAST_EVENT_ID = OpenApiParameter("Last-Event-ID", OpenApiTypes.STR, OpenApiParameter.HEADER)
RESPONSES: dict[Any, Any] = {
    307: OpenApiResponse(description="To the stream itself, with a ticket: follow it (`curl -L`)."),
    (200, "text/event-stream"): OpenApiResponse(
        OpenApiTypes.STR, description="Each event's `data` is an activity, its `id` a place to resume from."
    ),
}


class ResumeQuery(serializers.Serializer[Any]):
    last_event_id = serializers.CharField(required=False, help_text="For clients that cannot send Last-Event-ID.")


def to_stream(request: Request, by: Actor, asked: dict[str, Any]) -> HttpResponseRedirect:
    """307; `asked` are the stream's own query parameters."""
    asked = {**asked, "ticket": issue_ticket(by).ticket}
    if place := request.headers.get("Last-Event-ID"):
        asked["last_event_id"] = place
    answer = HttpResponseRedirect(f"{settings.STREAM_URL}{STREAM}?{urlencode(asked)}")
    answer.status_code = 307
    answer["Cache-Control"] = "no-store"
    return answer
