"""`/orders/`: quote, place, list, read, change the brief; and everything that happened."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.access import Public, called
from copydesk.api.body import BIGGEST, InstantField
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber
from copydesk.api.shape import shape
from copydesk.orders.actions import placement
from copydesk.orders.models import Order, Status
from copydesk.orders.models.order import OrderQuerySet
from copydesk.orders.queries.history import OrderHistory, order_history
from copydesk.orders.queries.pricing import Quote
from copydesk.orders.queries.rows import OrderDetail, OrderRow, order_detail, order_rows


def member_id(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=BIGGEST, **options)


class PriceForm(serializers.Serializer[Any]):
    """What decides the price. Codes are those of public/catalog/."""

    paper_type = serializers.CharField(max_length=40)
    subject = serializers.CharField(max_length=40)
    academic_level = serializers.CharField(max_length=40)
    work_type = serializers.CharField(max_length=40, default="writing")
    pages = serializers.IntegerField(min_value=0, max_value=500, default=0)
    slides = serializers.IntegerField(min_value=0, max_value=500, default=0)
    spacing = serializers.CharField(max_length=20, default="double")
    client_deadline = InstantField()
    extras = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20, default=list)


class Form(PriceForm):
    """An order form. Staff name the client that they place it for."""

    topic = serializers.CharField(max_length=300)
    instructions = serializers.CharField(max_length=20_000, allow_blank=True, default="")
    preferred_writer_id = member_id(allow_null=True, default=None)
    requires_editing = serializers.BooleanField(allow_null=True, default=None)


class PlacedForm(Form):
    client_id = member_id(required=False)


class QuoteForm(Form):
    """As an order; what does not decide the price may be left out."""

    topic = serializers.CharField(max_length=300, required=False)


class OrderFilter(django_filters.FilterSet):
    """`search` finds numbers and beginnings of the topic's words; `overdue` is the writer's."""

    status = django_filters.MultipleChoiceFilter(choices=Status.choices, distinct=False)
    client_id = WholeNumber(min_value=1, max_value=BIGGEST)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)
    subject = django_filters.CharFilter(max_length=40)
    paper_type = django_filters.CharFilter(max_length=40)
    search = django_filters.CharFilter(method="by_words", max_length=100)
    overdue = BooleanFilter(method="by_overdue")
    archived = BooleanFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    def by_words(self, rows: OrderQuerySet, name: str, value: str) -> OrderQuerySet:
        return rows.matching(value)

    def by_overdue(self, rows: OrderQuerySet, name: str, value: bool) -> OrderQuerySet:  # noqa: FBT001
        return rows.overdue_now(value)


class OrderDesk(Desk):
    """A client's own; a writer's own, offered and open; editors' what is in editing; staff's all of the website."""

    model = Order
    queryset = Order.objects.none()
    needs: ClassVar = {"GET": Can.VIEW_ORDERS, "POST": Can.PLACE_ORDERS, "PATCH": Can.EDIT_BRIEF}
    filterset_class: ClassVar[Any] = OrderFilter
    sorts: ClassVar[dict[str, str]] = {
        "placed_at": "placed_at",
        "client_deadline": "client_deadline",
        "writer_deadline": "writer_due_at",
        "number": "number",
    }

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("client__user", "website")

    @extend_schema(responses=shape(OrderRow)(many=True))
    def list(self, request: Request) -> Response:
        """Newest first, where nothing else is asked."""
        return self.page(self.get_queryset().order_by("-pk"), lambda orders: order_rows(self.actor, orders))

    @extend_schema(responses=shape(OrderDetail))
    def retrieve(self, request: Request, pk: str) -> Response:
        return self.detailed(self.get_object())

    @extend_schema(request=PlacedForm, responses={201: shape(OrderDetail)})
    def create(self, request: Request) -> Response:
        """Places an order. Its price is fixed now; it waits for its payment."""
        body = self.payload(PlacedForm)
        client_id = body.pop("client_id", None)
        order = placement.place_order(placement.OrderForm(**body), by=self.actor, client_id=client_id)
        return self.detailed(self.get_queryset().get(pk=order.pk), 201)

    @extend_schema(request=Form, responses=shape(OrderDetail))
    def partial_update(self, request: Request, pk: str) -> Response:
        """Changes the brief while the order is unpaid; fields left out stay as they are."""
        order = self.get_object()
        changed = self.payload(Form)
        placement.edit_brief(order, changed, by=self.actor)
        return self.detailed(order)

    @extend_schema(request=QuoteForm, responses=shape(Quote))
    @action(detail=False, methods=["post"], url_path="quote", permission_classes=[Public])
    def quote(self, request: Request) -> Response:
        """Price lines and total of an order placed now, and when a writer would have to deliver. Changes nothing."""
        website = called(request).caller.website
        assert website is not None
        body = self.payload(QuoteForm)
        form = placement.OrderForm(**{"topic": "", **body})
        return Response(placement.quote_order(website, form, form.client_deadline))

    @extend_schema(responses=shape(OrderHistory))
    @action(detail=True, url_path="history", filterset_class=None)
    def history(self, request: Request, pk: str) -> Response:
        return Response(order_history(self.actor, self.get_object()))

    def detailed(self, order: Order, status: int = 200) -> Response:
        return self.versioned(order, order_detail(self.actor, order), status)
