"""`/orders/{id}/request/`, `/orders/{id}/requests/`, `/orders/requests/{id}/…/`: writers ask, staff decide."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import MoneyField, Nothing, OptionalReason, Reason
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.core.money import CENT, to_minor
from copydesk.orders.actions import requests as asking
from copydesk.orders.models import Order, Request, RequestStatus
from copydesk.orders.queries.requests import RequestRow, request_rows
from copydesk.orders.queries.score import Candidates, candidates


class Asking(serializers.Serializer[Any]):
    """`bid`: the pay wanted, where it is not that of the writer's level."""

    message = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    bid = MoneyField(min_value=CENT, allow_null=True, default=None)


class RequestFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(choices=RequestStatus.choices, distinct=False)


class AskingDesk(Desk):
    """What is asked for one order."""

    model = Order

    @extend_schema(request=Asking, responses={201: shape(RequestRow)})
    @action(detail=True, methods=["post"], url_path="request", needs=Can.REQUEST_ORDERS)
    def ask(self, request: HttpRequest, pk: str) -> Response:
        order, body = self.get_object(), self.payload(Asking)
        bid = body.pop("bid")
        asked = asking.request_order(order, by=self.actor, bid_minor=None if bid is None else to_minor(bid), **body)
        return self.versioned(asked, request_rows(self.actor, order, [asked])[0], 201)

    @extend_schema(responses=shape(RequestRow)(many=True))
    @action(
        detail=True,
        url_path="requests",
        needs=Can.VIEW_REQUESTS,
        filterset_class=RequestFilter,
        sorts={"requested_at": "requested_at", "expires_at": "expires_at", "bid": "bid_minor"},
    )
    def requests(self, request: HttpRequest, pk: str) -> Response:
        """Staff: all of them, with the match of each writer. A writer: its own."""
        order = self.get_object()
        rows = Request.objects.visible_to(self.actor).for_order(order)
        return self.page(rows, lambda found: request_rows(self.actor, order, found))

    @extend_schema(responses=shape(Candidates))
    @action(detail=True, url_path="candidates", needs=Can.DECIDE_REQUESTS)
    def candidates(self, request: HttpRequest, pk: str) -> Response:
        """Every writer of the website: who fits best, and who is excluded and why."""
        return Response(candidates(self.get_object()))


class RequestDesk(Desk):
    """The decisions about one request."""

    model = Request
    needs = Can.VIEW_REQUESTS
    parent = "order"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("order")

    @extend_schema(responses=shape(RequestRow))
    def retrieve(self, request: HttpRequest, pk: str) -> Response:
        return self.answer(self.get_object())

    @extend_schema(request=OptionalReason, responses=shape(RequestRow))
    @action(detail=True, methods=["post"], url_path="approve", needs=Can.DECIDE_REQUESTS)
    def approve(self, request: HttpRequest, pk: str) -> Response:
        """The writer starts at once; the order's other requests are superseded. A reason lets it exceed its
        level's limits."""
        asked, body = self.get_object(), self.payload(OptionalReason)
        return self.answer(asking.approve_request(asked, by=self.actor, **body))

    @extend_schema(request=Reason, responses=shape(RequestRow))
    @action(detail=True, methods=["post"], url_path="reject", needs=Can.DECIDE_REQUESTS)
    def reject(self, request: HttpRequest, pk: str) -> Response:
        asked, body = self.get_object(), self.payload(Reason)
        return self.answer(asking.reject_request(asked, by=self.actor, **body))

    @extend_schema(request=Nothing, responses=shape(RequestRow))
    @action(detail=True, methods=["post"], url_path="withdraw", needs=Can.REQUEST_ORDERS)
    def withdraw(self, request: HttpRequest, pk: str) -> Response:
        asked, _ = self.get_object(), self.payload(Nothing)
        return self.answer(asking.withdraw_request(asked, by=self.actor))

    def answer(self, asked: Request) -> Response:
        return self.versioned(asked, request_rows(self.actor, asked.order, [asked])[0])
