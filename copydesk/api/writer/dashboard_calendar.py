"""`/writer-management/dashboard/calendar/`: what a writer has to hand in, and when."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.reports import DayOrInstant
from copydesk.api.shape import shape
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.core.period import Compare, Granularity, Period, day_start
from copydesk.orders.calendar_file import CONTENT_TYPE, calendar_file
from copydesk.orders.models import Order
from copydesk.orders.queries.feed import Entry, due_entries
from copydesk.orders.queries.schedule import WriterCalendar, writer_calendar
from copydesk.tenancy.models import Website

DEFAULT_DAYS = 35
MOST_DAYS = 366


class CalendarQuery(serializers.Serializer[Any]):
    """Validates to {"period": Period}, of days. The present week and the four after it, where nothing is asked."""

    def get_fields(self) -> dict[str, Any]:
        about = "A date, that day's start in the website's zone, or a date-time with its offset."
        since = f"{about} Monday of the present week where left out."
        until = f"As `from`; not in the window. {DEFAULT_DAYS} days after it where left out, {MOST_DAYS} at most."
        return {
            "from": DayOrInstant(required=False, help_text=since),
            "to": DayOrInstant(required=False, help_text=until),
        }

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        name = self.context["view"].actor.website.timezone
        zone = ZoneInfo(name)
        today = clock.now().astimezone(zone).date()
        since = given.get("from") or day_start(today - dt.timedelta(days=today.weekday()), name)
        first = since.astimezone(zone).date()
        until = given.get("to") or day_start(first + dt.timedelta(days=DEFAULT_DAYS), name)
        if since >= until:
            raise Invalid({"to": "Not after `from`."})
        if until > day_start(first + dt.timedelta(days=MOST_DAYS), name):
            raise Invalid({"to": f"More than {MOST_DAYS} days after `from`."})
        return {"period": Period(since, until, name, Granularity.DAY, Compare.NONE)}


class CalendarDesk(Desk):
    needs = Can.VIEW_WRITER_DESK
    queryset = Order.objects.none()

    @extend_schema(responses=shape(WriterCalendar))
    @action(detail=False, url_path="calendar", query_class=CalendarQuery)
    def calendar(self, request: Request) -> Response:
        """Open work by the day it is due, without gaps; what is overdue, due soon, on hold, or too much to be done."""
        return Response(writer_calendar(self.actor, self.query()["period"]))

    @extend_schema(
        responses={(200, "text/calendar"): OpenApiTypes.STR, 304: OpenApiResponse(description="As it was read before.")}
    )
    @action(detail=False, url_path="calendar/export", query_class=CalendarQuery)
    def export(self, request: Request) -> HttpResponse:
        """What the calendar's `days` hold, as an iCalendar file: one event an order, at its due time, under the same
        UID as in a feed."""
        entries = due_entries(self.actor, self.query()["period"])
        answer = calendar_answer(request, self.actor.website, entries)
        answer["Content-Disposition"] = 'attachment; filename="work-due.ics"'
        return answer


def calendar_answer(request: Request, website: Website, entries: Iterable[Entry]) -> HttpResponse:
    """An iCalendar file; 304 to whoever has it already. Its hash is the ETag."""
    content = calendar_file(website, entries)
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    known = {one.strip().removeprefix("W/") for one in request.headers.get("If-None-Match", "").split(",")}
    if known & {tag, "*"}:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(content, content_type=CONTENT_TYPE, headers=headers)
