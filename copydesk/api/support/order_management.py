"""`/support-management/order-management/`: the website's orders, which of them need support, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber, between
from copydesk.api.shape import shape
from copydesk.core.lifecycle import AvailableAction
from copydesk.orders.models import Order, Status
from copydesk.orders.models.order import OrderQuerySet
from copydesk.orders.queries.steps import Asked, available_actions
from copydesk.tickets.queries.orders import (
    Need,
    SupportOrder,
    SupportOrderRow,
    needing,
    support_order,
    support_order_rows,
)

ANY = "any"
NEEDS = [(one, one) for one in (ANY, *(need.value for need in Need))]
PATHS = {"edit_brief": "", "offer": "assign/"}
"""Of steps that are not called as their endpoint is."""


@dataclass(frozen=True, slots=True)
class OrderStep:
    """A step of the order, and the endpoint that takes it."""

    action: str
    allowed: bool
    code: str | None
    message: str | None
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class SupportOrderDetail:
    """`available_actions` are steps of the shared orders/{id}/."""

    support: SupportOrder
    available_actions: list[OrderStep]


class SupportOrderFilter(between("placed_at")):  # type: ignore[misc]
    """`needs`: for one of these reasons; `any` of them. `search` finds numbers and beginnings of the topic's words;
    `overdue` is the writer's."""

    status = django_filters.MultipleChoiceFilter(choices=Status.choices, distinct=False)
    needs = django_filters.MultipleChoiceFilter(choices=NEEDS, method="by_needs", distinct=False)
    client_id = WholeNumber(min_value=1, max_value=BIGGEST)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)
    search = django_filters.CharFilter(method="by_words", max_length=100)
    overdue = BooleanFilter(method="by_overdue")
    archived = BooleanFilter(field_name="archived_at", lookup_expr="isnull", exclude=True)

    def by_needs(self, rows: OrderQuerySet, name: str, value: list[str]) -> OrderQuerySet:
        if not value:
            return rows
        needs = [*Need] if ANY in value else [Need(one) for one in value]
        return needing(rows, self.request.actor.website, needs)

    def by_words(self, rows: OrderQuerySet, name: str, value: str) -> OrderQuerySet:
        return rows.matching(value)

    def by_overdue(self, rows: OrderQuerySet, name: str, value: bool) -> OrderQuerySet:  # noqa: FBT001
        return rows.overdue_now(value)


class OrderManagementDesk(Desk):
    """No writer's pay. Orders are worked on at the shared orders/{id}/…, to which the steps link."""

    model = Order
    queryset = Order.objects.none()
    needs = Can.VIEW_SUPPORT_DESK
    filterset_class: ClassVar[Any] = SupportOrderFilter
    sorts: ClassVar[dict[str, str]] = {
        "placed_at": "placed_at",
        "client_deadline": "client_deadline",
        "writer_deadline": "writer_due_at",
        "number": "number",
    }

    @extend_schema(operation_id="support_orders_list", responses=shape(SupportOrderRow)(many=True))
    def list(self, request: Request) -> Response:
        """Newest first, where nothing else is asked."""
        return self.page(self.get_queryset().order_by("-pk").ids(), lambda ids: support_order_rows(self.actor, ids))

    @extend_schema(operation_id="support_orders_retrieve", responses=shape(SupportOrderDetail))
    def retrieve(self, request: Request, pk: str) -> Response:
        order = self.get_object()
        asked = Asked(order, self.actor)
        steps = [_linked(order, step) for step in available_actions(asked)]
        return self.versioned(order, SupportOrderDetail(support_order(self.actor, asked), steps))


def _linked(order: Order, step: AvailableAction) -> OrderStep:
    path = PATHS.get(step.action, f"{step.action.replace('_', '-')}/")
    return OrderStep(
        action=step.action,
        allowed=step.allowed,
        code=step.code,
        message=step.message,
        method="POST" if path else "PATCH",
        path=reverse("orders-detail", args=[order.pk]) + path,
    )
