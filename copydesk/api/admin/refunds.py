"""`/admin-management/refunds/`: what waits to be decided or executed, what became of the others, and how that goes."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, BulkSerializer, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber, between
from copydesk.api.queues import queue_pages
from copydesk.api.reports import DashboardQuery, SeriesQuery
from copydesk.api.shape import shape
from copydesk.core.bulk import BulkReport
from copydesk.core.money import to_minor
from copydesk.refunds import actions
from copydesk.refunds.models import Ground, Refund, RefundDestination, RefundQuerySet, RefundStatus
from copydesk.refunds.queries.figures import RefundAnalytics, RefundDashboard, refund_analytics, refund_dashboard
from copydesk.refunds.queries.queue import TABS, pending
from copydesk.refunds.queries.rows import ManagedRefund, managed_rows

MANAGED = shape(ManagedRefund)
AMOUNT = {"min_value": 0, "max_digits": 12, "decimal_places": 2}


class BulkRefundDecision(BulkSerializer, Reason):
    """As the single action of that name. Executing asks for a password, one refund at a time."""

    action = serializers.ChoiceField(choices=list(actions.BY_NAME))


class PendingFilter(between("requested_at")):  # type: ignore[misc]
    ground = django_filters.MultipleChoiceFilter(choices=Ground.choices, distinct=False)
    destination = django_filters.ChoiceFilter(choices=RefundDestination.choices)
    client_id = WholeNumber(min_value=1, max_value=BIGGEST)
    order_id = WholeNumber(min_value=1, max_value=BIGGEST)
    amount_min = django_filters.NumberFilter(method="at_least", **AMOUNT)
    amount_max = django_filters.NumberFilter(method="at_most", **AMOUNT)
    needs_another_person = BooleanFilter()

    def at_least(self, rows: RefundQuerySet, name: str, value: Any) -> RefundQuerySet:
        return rows.filter(amount_minor__gte=to_minor(value))

    def at_most(self, rows: RefundQuerySet, name: str, value: Any) -> RefundQuerySet:
        return rows.filter(amount_minor__lte=to_minor(value))


class HistoryFilter(PendingFilter):
    status = django_filters.MultipleChoiceFilter(choices=RefundStatus.choices, distinct=False)


class RefundReportDesk(Desk):
    model = Refund
    queryset = Refund.objects.none()
    needs = Can.DECIDE_REFUNDS

    @extend_schema(operation_id="admin_refunds_dashboard", responses=shape(RefundDashboard))
    @action(detail=False, url_path="dashboard", query_class=DashboardQuery)
    def dashboard(self, request: Request) -> Response:
        """Refunds by status, what needs somebody now, the period's figures compared with those before, the newest."""
        return Response(refund_dashboard(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_refunds_analytics", responses=shape(RefundAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """What was asked for, decided and given back over time, how long it took, by ground, destination and who
        asked; and the share of what was captured that went back."""
        return Response(refund_analytics(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_refunds_pending", responses=MANAGED(many=True))
    @action(
        detail=False,
        url_path="pending",
        filterset_class=PendingFilter,
        pagination_class=queue_pages(tuple(TABS)),
        sorts={"requested_at": "requested_at", "amount": "amount_minor"},
    )
    def pending(self, request: Request) -> Response:
        """What is not through: to decide, to execute, on its way, failed; that asked for first at the top."""
        return self.page(pending(self.get_queryset()).ids(), lambda ids: managed_rows(self.actor, ids), TABS)

    @extend_schema(operation_id="admin_refunds_history", responses=MANAGED(many=True))
    @action(
        detail=False,
        url_path="history",
        filterset_class=HistoryFilter,
        sorts={"-requested_at": "-pk", "requested_at": "pk", "amount": "amount_minor"},
    )
    def history(self, request: Request) -> Response:
        """All that there ever were, newest first. `from` and `to` are about when they were asked for."""
        return self.page(self.get_queryset().ids(), lambda ids: managed_rows(self.actor, ids))

    @extend_schema(request=BulkRefundDecision, responses=shape(BulkReport))
    @action(detail=False, methods=["post"], url_path="bulk")
    def bulk(self, request: Request) -> Response:
        """Each refund as by the single action: what one refuses undoes no other."""
        body = self.payload(BulkRefundDecision)
        return Response(actions.decide_refunds(body.pop("ids"), body.pop("action"), by=self.actor, **body))
