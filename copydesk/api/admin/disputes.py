"""`/admin-management/disputes/`: what is to be decided, many decisions at once, and how that goes."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, BulkSerializer
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.queues import queue_pages
from copydesk.api.reports import DashboardQuery, SeriesQuery
from copydesk.api.rows.disputes import DisputeFilter, VerdictBody, decision_of
from copydesk.api.shape import shape
from copydesk.core import clock
from copydesk.core.bulk import BulkReport
from copydesk.disputes.actions import resolve_disputes
from copydesk.disputes.models import Dispute
from copydesk.disputes.queries.figures import DisputeAnalytics, DisputeDashboard, dispute_analytics, dispute_dashboard
from copydesk.disputes.queries.queue import TABS, ManagedDispute, managed_rows, pending, queue_tabs
from copydesk.orders.models import DisputeReason

MANAGED = shape(ManagedDispute)


class PendingDisputeFilter(DisputeFilter):
    client_id = WholeNumber(min_value=1, max_value=BIGGEST)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)


class BulkDisputeResolution(VerdictBody, BulkSerializer):
    """One decision about disputes of one `reason`; each refund is the whole. The website's cap is below 500."""

    reason = serializers.ChoiceField(choices=DisputeReason.choices)


class DisputeReportDesk(Desk):
    model = Dispute
    queryset = Dispute.objects.none()
    needs = Can.SETTLE_DISPUTES

    @extend_schema(operation_id="admin_disputes_dashboard", responses=shape(DisputeDashboard))
    @action(detail=False, url_path="dashboard", query_class=DashboardQuery)
    def dashboard(self, request: Request) -> Response:
        """Disputes by status, what needs somebody now, the period's figures compared with those before, the newest."""
        return Response(dispute_dashboard(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_disputes_analytics", responses=shape(DisputeAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """What was opened and how it ended over time, by reason, outcome and who opened it; how long each stage took,
        and how often it ended in silence."""
        return Response(dispute_analytics(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_disputes_pending", responses=MANAGED(many=True))
    @action(
        detail=False,
        url_path="pending",
        filterset_class=PendingDisputeFilter,
        pagination_class=queue_pages(tuple(TABS)),
        sorts={"due_at": "due_at", "opened_at": "opened_at"},
    )
    def pending(self, request: Request) -> Response:
        """What is open, by its due time; with the order's money. Decided at orders/disputes/{id}/resolve/."""
        rows = pending(self.get_queryset()).ids()
        return self.page(rows, lambda ids: managed_rows(self.actor, ids), queue_tabs(clock.now()))

    @extend_schema(request=BulkDisputeResolution, responses=shape(BulkReport))
    @action(detail=False, methods=["post"], url_path="bulk-resolve", moves_money=True)
    def bulk_resolve(self, request: Request) -> Response:
        """Each dispute as by orders/disputes/{id}/resolve/: what one refuses undoes no other."""
        body = self.payload(BulkDisputeResolution)
        decision = decision_of(body)
        reason = DisputeReason(body["reason"])
        return Response(resolve_disputes(body["ids"], reason, decision, by=self.actor, mode=body["mode"]))
