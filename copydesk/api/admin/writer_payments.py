"""`/admin-management/writer-payments/`: payout batches, prepared by one person and approved by another."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.payments import actions, queries
from copydesk.payments.models import Payout, PayoutStatus
from copydesk.payments.queries import PayoutDetail, PayoutRow, StatementDetail, WriterShareRow


class PayoutNote(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class PayoutReason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class PayoutFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=PayoutStatus.choices)


class WriterPaymentDesk(Desk):
    model = Payout
    queryset = Payout.objects.none()
    needs = Can.PREPARE_PAYOUTS
    filterset_class = PayoutFilter

    @extend_schema(responses=shape(PayoutRow)(many=True))
    def list(self, request: Request) -> Response:
        """Newest first, with `counts` by status."""
        page = self.page(self.get_queryset(), queries.payout_rows)
        page.data["counts"] = queries.payout_counts(self.actor.website)
        return page

    @extend_schema(responses=shape(PayoutDetail))
    def retrieve(self, request: Request, pk: str) -> Response:
        """With the first writers' parts."""
        return self._detail(self.get_object())

    @extend_schema(request=None, responses={201: shape(PayoutDetail)})
    @action(detail=False, methods=["post"], url_path="prepare")
    def prepare(self, request: Request) -> Response:
        """Gathers what is payable now, for each writer with at least the threshold. 409 `nothing_payable`,
        `payout_open`."""
        return self._detail(actions.prepare_payout(self.actor.website, by=self.actor), 201)

    @extend_schema(request=PayoutNote, responses=shape(PayoutDetail))
    @action(detail=True, methods=["post"], url_path="approve", needs=Can.APPROVE_PAYOUTS)
    def approve(self, request: Request, pk: str) -> Response:
        """409 `same_person` for the one who prepared it."""
        return self._detail(actions.approve_payout(self.get_object(), by=self.actor, **self.payload(PayoutNote)))

    @extend_schema(request=PayoutNote, responses=shape(PayoutDetail))
    @action(detail=True, methods=["post"], url_path="pay", needs=Can.APPROVE_PAYOUTS, moves_money=True)
    def pay(self, request: Request, pk: str) -> Response:
        """Records that the money went out, and posts it."""
        return self._detail(actions.pay_payout(self.get_object(), by=self.actor, **self.payload(PayoutNote)))

    @extend_schema(request=PayoutReason, responses=shape(PayoutDetail))
    @action(detail=True, methods=["post"], url_path="cancel")
    def cancel(self, request: Request, pk: str) -> Response:
        """What it held is payable again."""
        return self._detail(actions.cancel_payout(self.get_object(), by=self.actor, **self.payload(PayoutReason)))

    @extend_schema(operation_id="writer_payments_statements_list", responses=shape(WriterShareRow)(many=True))
    @action(detail=True, url_path="statements", filterset_class=None)
    def statements(self, request: Request, pk: str) -> Response:
        """Each writer's part, page by page."""
        payout = self.get_object()
        return self.page(queries.payout_shares(payout).order_by("writer_id"), queries.share_rows, total=payout.writers)

    @extend_schema(responses=shape(StatementDetail))
    @action(detail=True, url_path=r"statements/(?P<writer_id>\d{1,18})")
    def statement(self, request: Request, pk: str, writer_id: str) -> Response:
        """One writer's statement: every line with its order."""
        return Response(queries.statement_of(self.get_object(), int(writer_id)))

    def _detail(self, payout: Payout, status: int = 200) -> Response:
        return self.versioned(payout, queries.payout_detail(payout, self.actor), status)
