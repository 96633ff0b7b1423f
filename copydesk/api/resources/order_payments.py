"""Clients pay: `/orders/{id}/pay/`, `/orders/{id}/tip/`, `/orders/adjustments/{id}/accept/`.

Captured: 200. Declined: 409 `payment_declined`, kept. Not known yet: 202, with the charge to look up; where the client
must act first (confirm at the bank), with `charge.action`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import MoneyField, OptionalReason
from copydesk.api.desk import Desk
from copydesk.api.resources.orders import OrderDesk
from copydesk.api.rows.payments import charge_answer
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.core.money import to_minor
from copydesk.orders.actions import adjustments, payment
from copydesk.orders.models import Adjustment
from copydesk.orders.queries.rows import AdjustmentRow, OrderDetail, adjustment_row, order_detail
from copydesk.payments.models import Charge, Method
from copydesk.payments.queries import ChargeRow, charge_row
from copydesk.tenancy.scope import in_transaction


@dataclass(frozen=True, slots=True)
class OrderPayment:
    """`charge.status` pending or unknown: the outcome is not known yet; look at payments/{id}/."""

    charge: ChargeRow
    order: OrderDetail


@dataclass(frozen=True, slots=True)
class AdjustmentAnswer:
    """`charge` is null where nothing was paid."""

    charge: ChargeRow | None
    adjustment: AdjustmentRow


class Payment(serializers.Serializer[Any]):
    """`payment_token` stands for a card, and is needed for one."""

    method = serializers.ChoiceField(choices=Method.choices)
    payment_token = serializers.CharField(max_length=200, default="")

    def validate(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("method") == Method.CARD and not body["payment_token"]:
            raise Invalid({"payment_token": "A card is paid with by its token."}, "required")
        return body


class Tip(Payment):
    amount = MoneyField(min_value=1)


class Acceptance(Payment):
    """How the client pays a difference; nothing where there is none, or by staff."""

    method = serializers.ChoiceField(choices=Method.choices, default="")


PAID = {200: shape(OrderPayment), 202: shape(OrderPayment)}


class OrderPaymentDesk(OrderDesk):
    filterset_class = None

    @extend_schema(request=Payment, responses=PAID)
    @action(
        detail=True,
        methods=["post"],
        url_path="pay",
        needs=Can.PAY_ORDERS,
        leaves_process=True,
        moves_money=True,
    )
    def pay(self, request: Request, pk: str) -> Response:
        """The whole price, by wallet or card."""
        body = self.payload(Payment)
        charge = payment.pay_order(
            int(pk), method=body["method"], token=body["payment_token"], key=self.key, by=self.actor
        )
        return self._paid(charge)

    @extend_schema(request=Tip, responses=PAID)
    @action(
        detail=True,
        methods=["post"],
        url_path="tip",
        needs=Can.TIP_WRITERS,
        leaves_process=True,
        moves_money=True,
    )
    def tip(self, request: Request, pk: str) -> Response:
        """Thanks to the writer."""
        body = self.payload(Tip)
        charge = payment.tip(
            int(pk),
            amount_minor=to_minor(body["amount"]),
            method=body["method"],
            token=body["payment_token"],
            key=self.key,
            by=self.actor,
        )
        return self._paid(charge)

    def _paid(self, charge: Charge) -> Response:
        with in_transaction():
            order = self.get_queryset().get(pk=charge.reference_id)
            body = OrderPayment(charge_row(charge), order_detail(self.actor, order))
        return charge_answer(self, charge, body)


class AdjustmentDesk(Desk):
    """Client and staff see them in the order."""

    model = Adjustment
    queryset = Adjustment.objects.none()
    needs: ClassVar = Can.ADJUST_ORDERS
    parent = "order"

    @extend_schema(request=Acceptance, responses={200: shape(AdjustmentAnswer), 202: shape(AdjustmentAnswer)})
    @action(detail=True, methods=["post"], url_path="accept", leaves_process=True, moves_money=True)
    def accept(self, request: Request, pk: str) -> Response:
        """The side that did not propose. A client pays what there is to pay; by staff it then waits for the client."""
        body = self.payload(Acceptance)
        charge = payment.accept_adjustment(
            int(pk), method=body["method"], token=body["payment_token"], key=self.key, by=self.actor
        )
        with in_transaction():
            row = adjustment_row(self.actor, self.get_queryset().select_related("order").get(pk=int(pk)))
        if charge is None:
            return Response(AdjustmentAnswer(None, row))
        return charge_answer(self, charge, AdjustmentAnswer(charge_row(charge), row))

    @extend_schema(request=OptionalReason, responses=shape(AdjustmentRow))
    @action(detail=True, methods=["post"], url_path="decline")
    def decline(self, request: Request, pk: str) -> Response:
        """The other side's proposal is refused, or one's own taken back."""
        adjustment, body = self.get_object(), self.payload(OptionalReason)
        return Response(adjustment_row(self.actor, adjustments.decline_adjustment(adjustment, by=self.actor, **body)))
