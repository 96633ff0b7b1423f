"""`/notifications/`: what the caller has been told, and how it wants to be."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter
from copydesk.api.lists import Pages
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.notifications import actions, queries
from copydesk.notifications.actions import Choice
from copydesk.notifications.models import Group, Notification, NotificationQuerySet
from copydesk.notifications.queries import NotificationRow, Preferences, ReadAll


class NotificationFilter(django_filters.FilterSet):
    unread = BooleanFilter(method="by_unread")

    def by_unread(self, rows: NotificationQuerySet, name: str, value: bool) -> NotificationQuerySet:  # noqa: FBT001
        return rows.unread() if value else rows.read()


class ChoiceInput(serializers.Serializer[Any]):
    group = serializers.ChoiceField(Group.choices)
    in_app = serializers.BooleanField()
    email = serializers.BooleanField()


class ChoicesInput(serializers.Serializer[Any]):
    """Groups that are not named go back to the default."""

    preferences = ChoiceInput(many=True)


class PagesWithUnread(Pages):
    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described = super().get_paginated_response_schema(schema)
        described["properties"]["unread"] = {"type": "integer"}
        described["required"].append("unread")
        return described


class NotificationDesk(Desk):
    needs = Can.USE_ACCOUNT
    model = Notification
    queryset = Notification.objects.none()
    filterset_class = NotificationFilter
    pagination_class = PagesWithUnread

    @extend_schema(responses=shape(NotificationRow)(many=True))
    def list(self, request: Request) -> Response:
        """Newest first; beside the page, `unread` is how many are."""
        response = self.page(self.get_queryset(), queries.rows)
        response.data["unread"] = queries.unread(self.actor)
        return response

    @extend_schema(request=None, responses=shape(NotificationRow))
    @action(detail=True, methods=["post"], url_path="read", filterset_class=None)
    def read(self, request: Request, pk: str) -> Response:
        return Response(queries.row(actions.read(self.get_object())))

    @extend_schema(request=None, responses=shape(ReadAll))
    @action(detail=False, methods=["post"], url_path="read-all", filterset_class=None)
    def read_all(self, request: Request) -> Response:
        """Answers how many were unread."""
        return Response(ReadAll(actions.read_all(by=self.actor)))

    @extend_schema(responses=shape(Preferences))
    @action(detail=False, url_path="preferences", filterset_class=None)
    def preferences(self, request: Request) -> Response:
        """By group: in the application, by mail."""
        return Response(queries.preferences(self.actor))

    @extend_schema(request=ChoicesInput, responses=shape(Preferences))
    @preferences.mapping.put
    def choose(self, request: Request) -> Response:
        """Replaces them all."""
        chosen = [Choice(**one) for one in self.payload(ChoicesInput)["preferences"]]
        if len({one.group for one in chosen}) < len(chosen):
            raise Invalid({"preferences": "A group twice."})
        actions.choose(chosen, by=self.actor)
        return Response(queries.preferences(self.actor))
