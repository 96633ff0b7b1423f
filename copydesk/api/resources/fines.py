"""`/fines/`: of writers; proposed by staff or by the clock, issued, appealed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, MoneyField, OptionalReason, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.core.money import to_minor
from copydesk.fines import actions
from copydesk.fines.models import Fine, FineStatus
from copydesk.fines.policies import WHOLE_BPS, FineKind
from copydesk.fines.queries.rows import FineRow, fine_row, fine_rows
from copydesk.orders.models import Order

ROW = shape(FineRow)


class NewFine(Reason):
    """For an order (of who has it or had it last, unless a writer is named), or of a writer for no order. `amount`, or
    `share_bps` of the writer's pay; without either what the policy says of the kind."""

    kind = serializers.ChoiceField(choices=FineKind.choices)
    order_id = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False)
    writer_id = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False)
    amount = MoneyField(min_value=0, required=False)
    share_bps = serializers.IntegerField(min_value=1, max_value=WHOLE_BPS, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if not {"order_id", "writer_id"} & set(given):
            raise Invalid({"order_id": "Say which order, or which writer."}, "required")
        if {"amount", "share_bps"} <= set(given):
            raise Invalid({"share_bps": "Either an amount or a share."})
        if given.get("amount") == 0:
            raise Invalid({"amount": "More than nothing."}, "min_value")
        return given


class AppealText(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5_000)


class FineFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=FineStatus.choices)
    kind = django_filters.ChoiceFilter(choices=FineKind.choices)
    order_id = WholeNumber(min_value=1, max_value=BIGGEST)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)


class FineDesk(Desk):
    """A writer's own; staff's all of the website."""

    model = Fine
    queryset = Fine.objects.none()
    needs: ClassVar[Can | Mapping[str, Can]] = {"GET": Can.VIEW_FINES, "POST": Can.PROPOSE_FINES}
    filterset_class = FineFilter
    sorts: ClassVar[dict[str, str]] = {"-proposed_at": "-pk", "proposed_at": "pk", "amount": "amount_minor"}

    @extend_schema(responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset().ids(), lambda ids: fine_rows(self.actor, ids))

    @extend_schema(responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._detail(self.get_object())

    @extend_schema(request=NewFine, responses={201: ROW})
    def create(self, request: Request) -> Response:
        """Proposed: the writer sees it, and it is issued a day later, or at once by issue/. All fines for one writer's
        time on an order come to no more than half of its pay: the excess is recorded, not charged. 409
        `nothing_to_fine` where nobody has written the order."""
        body = self.payload(NewFine)
        order_id, amount, order = body.pop("order_id", None), body.pop("amount", None), None
        if order_id is not None:
            order = Order.objects.visible_to(self.actor).filter(pk=order_id).first()
            if order is None:
                raise Invalid({"order_id": "There is no such order."}, "not_found")
        amount_minor = None if amount is None else to_minor(amount)
        return self._detail(actions.propose_fine(order=order, amount_minor=amount_minor, by=self.actor, **body), 201)

    @extend_schema(request=OptionalReason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="issue", needs=Can.DECIDE_FINES)
    def issue(self, request: Request, pk: str) -> Response:
        """At once: kept from the next payout; the writer may appeal."""
        return self._detail(actions.issue_fine(self.get_object(), by=self.actor, **self.payload(OptionalReason)))

    @extend_schema(request=AppealText, responses={201: ROW})
    @action(detail=True, methods=["post"], url_path="appeal", needs=Can.APPEAL_FINES)
    def appeal(self, request: Request, pk: str) -> Response:
        """By the fined writer, once, within 30 days; not collected meanwhile, and waived by itself where nobody decides
        within a week. 409 `already_appealed`, `appeal_too_late`."""
        fine = self.get_object()
        actions.appeal_fine(fine, by=self.actor, **self.payload(AppealText))
        return self._detail(fine, 201)

    def _detail(self, fine: Fine, status: int = 200) -> Response:
        return self.versioned(fine, fine_row(self.actor, fine), status)
