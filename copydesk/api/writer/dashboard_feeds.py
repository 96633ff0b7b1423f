"""`/writer-management/dashboard/calendar/feed…/`: a calendar program subscribes by a secret that can be taken back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.access import Anyone, called, require_website
from copydesk.api.body import Nothing
from copydesk.api.desk import Desk
from copydesk.api.schema import problems
from copydesk.api.shape import shape
from copydesk.api.writer.dashboard_calendar import calendar_answer
from copydesk.core.errors import NotFound
from copydesk.orders.queries.feed import feed_entries
from copydesk.tenancy import scope
from copydesk.writers import actions
from copydesk.writers.models import CalendarFeed
from copydesk.writers.queries import CalendarFeedRow, calendar_feed_owner, calendar_feed_rows

ROW = shape(CalendarFeedRow)
ONE = r"calendar/feeds/(?P<pk>\d{1,18})"
SECRET = r"[A-Za-z0-9_-]{20,100}"  # noqa: S105 — what secrets look like


class NewFeed(serializers.Serializer[Any]):
    """`name` is for the writer to tell its feeds apart."""

    name = serializers.CharField(max_length=60, allow_blank=True, default="")


class FeedDesk(Desk):
    model = CalendarFeed
    queryset = CalendarFeed.objects.none()
    needs = Can.VIEW_WRITER_DESK

    @extend_schema(responses=ROW(many=True))
    @action(detail=False, url_path="calendar/feeds")
    def feeds(self, request: Request) -> Response:
        """The feeds that are open, newest first; without their secrets, which nobody has but the subscriber."""
        return self.page(self.get_queryset().order_by("-id"), calendar_feed_rows)

    @extend_schema(request=NewFeed, responses={201: ROW})
    @feeds.mapping.post
    def open(self, request: Request) -> Response:
        """A new feed. Its `url` is shown this once; 409 `too_many_feeds` beyond five."""
        feed, secret = actions.open_calendar_feed(by=self.actor, **self.payload(NewFeed))
        return self._shown_once(feed, secret, 201)

    @extend_schema(request=Nothing, responses=ROW)
    @action(detail=False, methods=["post"], url_path=f"{ONE}/rotate")
    def rotate(self, request: Request, pk: str) -> Response:
        """A new secret for it, shown this once; the old one opens nothing from now on."""
        feed, _ = self.get_object(), self.payload(Nothing)
        return self._shown_once(feed, actions.rotate_calendar_feed(feed, by=self.actor), 200)

    @extend_schema(responses={204: None})
    @action(detail=False, methods=["delete"], url_path=ONE)
    def revoke(self, request: Request, pk: str) -> Response:
        """From now on its secret is as unknown as one that never was."""
        actions.revoke_calendar_feed(self.get_object(), by=self.actor)
        return Response(status=204)

    @extend_schema(
        parameters=[
            OpenApiParameter("token", OpenApiTypes.STR, OpenApiParameter.PATH, description="The feed's secret."),
            OpenApiParameter("If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER),
        ],
        responses={
            (200, "text/calendar"): OpenApiTypes.STR,
            304: OpenApiResponse(description="As it was read before."),
            **problems(404),
        },
    )
    @action(
        detail=False,
        url_path=f"calendar/feed/(?P<token>{SECRET})",
        permission_classes=[Anyone],
        authentication_classes=[],
    )
    def feed(self, request: Request, token: str) -> HttpResponse:
        """The writer's open work as iCalendar, one event a piece of work at its due time; what was handed in, and as
        `CANCELLED` what has left the writer, for 30 days more. 500 events at most. No `Authorization`: the secret
        says whose it is. 404 for one that is unknown or revoked, or whose writer is suspended; and where the request
        names another website."""
        caller, owner = called(request).caller, calendar_feed_owner(token)
        if caller.website_named:
            require_website(caller)
        if owner is None or (caller.website_named and caller.website != owner.website):
            raise NotFound
        scope.enter(owner.website.pk)
        return calendar_answer(request, owner.website, feed_entries(owner))

    def _shown_once(self, feed: CalendarFeed, secret: str, status: int) -> Response:
        """What is kept for a retry of the request has no secret in it."""
        [row] = calendar_feed_rows([feed])
        place = self.request.path.partition("feeds/")[0]
        url = self.request.build_absolute_uri(f"{place}feed/{secret}/")
        response = Response(replace(row, url=url), status=status, headers={"Cache-Control": "no-store"})
        response.stored = row  # type: ignore[attr-defined]
        return response
