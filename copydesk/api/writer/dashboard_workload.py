"""`/writer-management/dashboard/workload/`: how much a writer has, and how much more it can take."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.schema import problems
from copydesk.api.shape import shape
from copydesk.orders.models import Order
from copydesk.orders.queries.workload import Workload, workload


class WorkloadQuery(serializers.Serializer[Any]):
    order_id = serializers.IntegerField(
        min_value=1, max_value=BIGGEST, required=False, help_text="An order that is open or offered to you: take it?"
    )


class WorkloadDesk(Desk):
    needs = Can.VIEW_WRITER_DESK
    queryset = Order.objects.none()

    @extend_schema(responses={200: shape(Workload), **problems(404)})
    @action(detail=False, url_path="workload", query_class=WorkloadQuery)
    def workload(self, request: Request) -> Response:
        """Current work against capacity, throughput and the limit recommended for it. With `order_id` also how things
        would stand with that order: 404 for one out of sight, 400 for one that waits for no writer."""
        return Response(workload(self.actor, self.query().get("order_id")))
