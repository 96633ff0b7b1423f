"""`/support-management/faqs/`: questions and answers, also those that are not published."""

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
from copydesk.tickets.actions.desk import change_faq, discard, write_faq
from copydesk.tickets.models import Category, Faq
from copydesk.tickets.queries.desk import DeskFaqRow, desk_faq_rows

ROW = shape(DeskFaqRow)


class FaqBody(serializers.Serializer[Any]):
    """In the order of `position`. Everybody reads it once it is published."""

    question = serializers.CharField(max_length=300)
    answer = serializers.CharField(max_length=20_000)
    category = serializers.ChoiceField(choices=Category.choices)
    position = serializers.IntegerField(min_value=0, max_value=32_767, default=0)
    is_published = serializers.BooleanField(default=False)


class DeskFaqFilter(django_filters.FilterSet):
    category = django_filters.MultipleChoiceFilter(choices=Category.choices, distinct=False)
    is_published = BooleanFilter()


class DeskFaqDesk(Desk):
    """The desk writes, changes and publishes them; an admin discards one for good."""

    model = Faq
    queryset = Faq.objects.none()
    needs: ClassVar[Any] = {
        "GET": Can.VIEW_SUPPORT_DESK,
        "POST": Can.WORK_TICKETS,
        "PATCH": Can.WORK_TICKETS,
        "DELETE": Can.MANAGE_DESK,
    }
    filterset_class: ClassVar[Any] = DeskFaqFilter
    sorts: ClassVar[dict[str, str]] = {"position": "position"}

    @extend_schema(operation_id="desk_faqs_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), desk_faq_rows)

    @extend_schema(operation_id="desk_faqs_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._seen(self.get_object())

    @extend_schema(operation_id="desk_faqs_create", request=FaqBody, responses={201: ROW})
    def create(self, request: Request) -> Response:
        return self._seen(write_faq(**self.payload(FaqBody), by=self.actor), 201)

    @extend_schema(operation_id="desk_faqs_change", request=FaqBody, responses=ROW)
    def partial_update(self, request: Request, pk: str) -> Response:
        """What is left out stays as it is."""
        row, body = self.get_object(), self.payload(FaqBody)
        return self._seen(change_faq(row, by=self.actor, **body))

    @extend_schema(operation_id="desk_faqs_discard", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        discard(self.get_object(), by=self.actor)
        return Response(status=204)

    def _seen(self, row: Faq, status: int = 200) -> Response:
        return self.versioned(row, desk_faq_rows([row])[0], status)
