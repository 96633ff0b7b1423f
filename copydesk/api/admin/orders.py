"""`/admin-management/orders/`: where the website's orders stand, which of them need somebody, how a period went."""

from __future__ import annotations

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.queues import queue_pages
from copydesk.api.reports import DashboardQuery, SeriesQuery
from copydesk.api.shape import shape
from copydesk.orders.models import OPEN, Order
from copydesk.orders.queries import assignment
from copydesk.orders.queries.attention import OVERDUE_TABS, STUCK_TABS, attention
from copydesk.orders.queries.late import OverdueOrder, overdue_orders, overdue_rows
from copydesk.orders.queries.stuck import StuckOrder, stuck_orders, stuck_rows
from copydesk.reports.orders import OrderAnalytics, OrderDashboard, order_analytics, order_dashboard

STATUSES = [(status.value, status.label) for status in sorted(OPEN)]


class OrderQueueFilter(django_filters.FilterSet):
    """`subject`, `paper_type`, `academic_level` and `work_type` are codes of the website's catalog."""

    subject = django_filters.CharFilter(max_length=40)
    paper_type = django_filters.CharFilter(max_length=40)
    academic_level = django_filters.CharFilter(max_length=40)
    work_type = django_filters.CharFilter(max_length=40)
    client_id = WholeNumber(min_value=1, max_value=BIGGEST)


class WrittenQueueFilter(OrderQueueFilter):
    """`status` may be given several times."""

    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)
    status = django_filters.MultipleChoiceFilter(choices=STATUSES, distinct=False)


class OrderReportDesk(Desk):
    model = Order
    queryset = Order.objects.none()
    needs = Can.STEER_ORDERS

    @extend_schema(operation_id="admin_orders_dashboard", responses=shape(OrderDashboard))
    @action(detail=False, url_path="dashboard", query_class=DashboardQuery)
    def dashboard(self, request: Request) -> Response:
        """Orders by status, what needs somebody now, the period's figures and revenue compared with those before, what
        is due first, the newest."""
        return Response(order_dashboard(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_orders_analytics", responses=shape(OrderAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """Placed, paid, delivered, completed and cancelled over time, with what was booked; by status, work type,
        subject, level and cause of cancellation; how long each step took; completion, on-time and revision rates."""
        return Response(order_analytics(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_orders_assignment_queue", responses=shape(assignment.UnassignedOrder)(many=True))
    @action(
        detail=False,
        url_path="assignment-queue",
        filterset_class=OrderQueueFilter,
        pagination_class=queue_pages(assignment.TABS),
        sorts={
            "slack": "start_by",
            "client_deadline": "client_deadline",
            "paid_at": "paid_at",
            "price": "price_minor",
        },
    )
    def assignment_queue(self, request: Request) -> Response:
        """Available orders, the least slack first; each with the five writers who fit it best, the factors of their
        scores, and how many others are excluded for which reason."""
        queue = assignment.AssignmentQueue(self.actor)
        return self.page(queue.orders.ids(), queue.rows, queue.tabs)

    @extend_schema(operation_id="admin_orders_overdue", responses=shape(OverdueOrder)(many=True))
    @action(
        detail=False,
        url_path="overdue",
        filterset_class=WrittenQueueFilter,
        pagination_class=queue_pages(OVERDUE_TABS),
        sorts={"writer_deadline": "writer_due_at", "client_deadline": "client_deadline", "price": "price_minor"},
    )
    def overdue(self, request: Request) -> Response:
        """Orders whose round is not submitted though the writer's due time, with excused time, has passed: the longest
        late first, in bands. `client_overdue` apart: the client's deadline has passed, nothing was ever delivered, and
        it may be anybody's turn."""
        asked = attention(self.actor.website)
        for_client = request.query_params.get("tab") == "client_overdue"
        rows = overdue_orders(self.actor, asked, for_client=for_client).ids()
        return self.page(rows, lambda ids: overdue_rows(self.actor, asked, ids), asked.overdue_tabs())

    @extend_schema(operation_id="admin_orders_stuck", responses=shape(StuckOrder)(many=True))
    @action(
        detail=False,
        url_path="stuck",
        filterset_class=WrittenQueueFilter,
        pagination_class=queue_pages(STUCK_TABS),
        sorts={"progress_at": "progress_at", "client_deadline": "client_deadline", "price": "price_minor"},
    )
    def stuck(self, request: Request) -> Response:
        """Open orders about which the party whose turn it is has done nothing for longer than orders stand in that
        status: whom they wait for, since when, and what could be done. The longest at rest first."""
        asked = attention(self.actor.website)
        rows = stuck_orders(self.actor, asked).ids()
        return self.page(rows, lambda ids: stuck_rows(self.actor, asked, ids), asked.stuck_tabs())
