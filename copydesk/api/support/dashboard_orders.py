"""`/support-management/dashboard/orders/`: orders that need the desk."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.queues import queue_pages
from copydesk.api.shape import shape
from copydesk.orders.models import Order
from copydesk.tickets.queries.orders import NEEDY_TABS, NeedyOrder, needing, needy_counts, needy_orders, needy_tabs


class NeedyOrderDesk(Desk):
    model = Order
    queryset = Order.objects.none()
    needs = Can.VIEW_SUPPORT_DESK

    @extend_schema(responses=shape(NeedyOrder)(many=True))
    @action(
        detail=False,
        url_path="orders",
        pagination_class=queue_pages(NEEDY_TABS),
        sorts={"client_deadline": "client_deadline", "placed_at": "placed_at", "number": "number"},
    )
    def orders(self, request: Request) -> Response:
        """Disputed ones, those with a payment issue that is not resolved, those with an open ticket about them: the
        nearest deadline first. An order may be in several tabs. No writer's pay."""
        website = self.actor.website
        rows = needing(self.get_queryset(), website).ids()
        tabs, counts = needy_tabs(website), needy_counts(website)
        return self.page(rows, lambda ids: needy_orders(self.actor, ids), tabs, counts)
