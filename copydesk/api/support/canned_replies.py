"""`/support-management/canned-replies/`: texts for replies, that are used again."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter
from copydesk.api.shape import shape
from copydesk.tickets.actions.desk import change_canned_reply, discard, write_canned_reply
from copydesk.tickets.models import CannedReply, Category
from copydesk.tickets.models.desk import CannedReplyQuerySet
from copydesk.tickets.queries.desk import CannedReplyRow, canned_reply_rows

ROW = shape(CannedReplyRow)


class CannedReplyBody(serializers.Serializer[Any]):
    """`category`: where it is offered first; null: everywhere. Titles are unique. Not `active`: kept, not offered."""

    title = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=20_000)
    category = serializers.ChoiceField(choices=Category.choices, allow_null=True, default=None)
    active = serializers.BooleanField(default=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        return {name: "" if value is None else value for name, value in given.items()}


class CannedReplyFilter(django_filters.FilterSet):
    """`for_category`: those of one category, and those that are offered everywhere."""

    category = django_filters.MultipleChoiceFilter(choices=Category.choices, distinct=False)
    for_category = django_filters.ChoiceFilter(choices=Category.choices, method="by_use")
    active = BooleanFilter()

    def by_use(self, rows: CannedReplyQuerySet, name: str, value: str) -> CannedReplyQuerySet:
        return rows.offered_in(value)


class CannedReplyDesk(Desk):
    """The desk writes and changes them; an admin discards one for good."""

    model = CannedReply
    queryset = CannedReply.objects.none()
    needs: ClassVar[Any] = {
        "GET": Can.VIEW_SUPPORT_DESK,
        "POST": Can.WORK_TICKETS,
        "PATCH": Can.WORK_TICKETS,
        "DELETE": Can.MANAGE_DESK,
    }
    filterset_class: ClassVar[Any] = CannedReplyFilter
    sorts: ClassVar[dict[str, str]] = {"title": "title"}

    @extend_schema(operation_id="canned_replies_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), canned_reply_rows)

    @extend_schema(operation_id="canned_replies_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._seen(self.get_object())

    @extend_schema(operation_id="canned_replies_create", request=CannedReplyBody, responses={201: ROW})
    def create(self, request: Request) -> Response:
        return self._seen(write_canned_reply(**self.payload(CannedReplyBody), by=self.actor), 201)

    @extend_schema(operation_id="canned_replies_change", request=CannedReplyBody, responses=ROW)
    def partial_update(self, request: Request, pk: str) -> Response:
        """What is left out stays as it is."""
        row, body = self.get_object(), self.payload(CannedReplyBody)
        return self._seen(change_canned_reply(row, by=self.actor, **body))

    @extend_schema(operation_id="canned_replies_discard", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        discard(self.get_object(), by=self.actor)
        return Response(status=204)

    def _seen(self, row: CannedReply, status: int = 200) -> Response:
        return self.versioned(row, canned_reply_rows([row])[0], status)
