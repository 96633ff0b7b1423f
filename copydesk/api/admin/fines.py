"""`/admin-management/fines/`: what is proposed or appealed, what is forgiven or voided, and how that goes."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, BulkSerializer, MoneyField, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber, between
from copydesk.api.queues import queue_pages
from copydesk.api.reports import DashboardQuery, SeriesQuery
from copydesk.api.shape import shape
from copydesk.core.bulk import BulkReport
from copydesk.core.money import to_minor
from copydesk.fines import actions
from copydesk.fines.models import Fine, Source
from copydesk.fines.policies import FineKind
from copydesk.fines.queries.figures import FineAnalytics, FineDashboard, fine_analytics, fine_dashboard
from copydesk.fines.queries.queue import TABS, pending
from copydesk.fines.queries.rows import ManagedFine, managed_rows

MANAGED = shape(ManagedFine)


class Forgiveness(Reason):
    """`amount`: the part that is forgiven; without it all that is left."""

    amount = MoneyField(min_value=0, required=False, allow_null=True)


class BulkFineDecision(BulkSerializer, Reason):
    """As the single action of that name; waives all that is left."""

    action = serializers.ChoiceField(choices=list(actions.BY_NAME))


class PendingFineFilter(between("proposed_at")):  # type: ignore[misc]
    kind = django_filters.MultipleChoiceFilter(choices=FineKind.choices, distinct=False)
    source = django_filters.ChoiceFilter(choices=Source.choices)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)
    order_id = WholeNumber(min_value=1, max_value=BIGGEST)


def forgiven(body: dict[str, Any]) -> dict[str, Any]:
    amount = body.pop("amount", None)
    return {**body, "amount_minor": None if amount is None else to_minor(amount)}


class FineReportDesk(Desk):
    model = Fine
    queryset = Fine.objects.none()
    needs = Can.DECIDE_FINES

    @extend_schema(operation_id="admin_fines_dashboard", responses=shape(FineDashboard))
    @action(detail=False, url_path="dashboard", query_class=DashboardQuery)
    def dashboard(self, request: Request) -> Response:
        """Fines by status, what needs somebody now, the period's figures compared with those before, the newest."""
        return Response(fine_dashboard(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_fines_analytics", responses=shape(FineAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """What was proposed, issued, forgiven, voided and collected over time, by kind and source; how appeals went."""
        return Response(fine_analytics(self.actor, self.query()["period"]))

    @extend_schema(operation_id="admin_fines_pending", responses=MANAGED(many=True))
    @action(
        detail=False,
        url_path="pending",
        filterset_class=PendingFineFilter,
        pagination_class=queue_pages(tuple(TABS)),
        sorts={"issue_at": "issue_at", "proposed_at": "proposed_at", "amount": "amount_minor"},
    )
    def pending(self, request: Request) -> Response:
        """Proposed ones, which the clock issues, and appealed ones; that proposed first at the top."""
        return self.page(pending(self.get_queryset()).ids(), lambda ids: managed_rows(self.actor, ids), TABS)

    @extend_schema(request=Forgiveness, responses=MANAGED)
    @action(detail=True, methods=["post"], url_path="waive", moves_money=True)
    def waive(self, request: Request, pk: str) -> Response:
        """It was right and is forgiven, whole or in part; also after it was collected: then it comes with the next
        payout. 409 `waiver_too_large`."""
        return self._detail(actions.waive_fine(self.get_object(), by=self.actor, **forgiven(self.payload(Forgiveness))))

    @extend_schema(request=Reason, responses=MANAGED)
    @action(detail=True, methods=["post"], url_path="void", moves_money=True)
    def void(self, request: Request, pk: str) -> Response:
        """It should not exist: whole, for good, and out of every statistic."""
        return self._detail(actions.void_fine(self.get_object(), by=self.actor, **self.payload(Reason)))

    @extend_schema(request=BulkFineDecision, responses=shape(BulkReport))
    @action(detail=False, methods=["post"], url_path="bulk", moves_money=True)
    def bulk(self, request: Request) -> Response:
        """Each fine as by the single action: what one refuses undoes no other."""
        body = self.payload(BulkFineDecision)
        return Response(actions.decide_fines(body.pop("ids"), body.pop("action"), by=self.actor, **body))

    def _detail(self, fine: Fine) -> Response:
        return self.versioned(fine, managed_rows(self.actor, [fine.pk])[0])
