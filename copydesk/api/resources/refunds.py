"""`/refunds/`: money of an order that goes back: asked for, decided, executed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.access import called
from copydesk.api.body import BIGGEST, MoneyField, Nothing, OptionalReason, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.schema import problems
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.core.money import to_minor
from copydesk.orders.models import Order
from copydesk.refunds import actions
from copydesk.refunds.models import NOBODYS, Ground, Refund, RefundDestination, RefundQuerySet, RefundStatus
from copydesk.refunds.queries.rows import RefundRow, refund_row, refund_rows
from copydesk.refunds.receipt import receipt_number, receipt_pdf

ROW = shape(RefundRow)
GROUNDS = [(ground.value, ground.label) for ground in Ground if ground not in NOBODYS]


class NewRefund(Reason):
    """`goodwill` is for staff to give: it does not lower the writer's pay. To the wallet only with the client's
    consent, which a client gives by asking for it."""

    order_id = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    amount = MoneyField(min_value=0)
    ground = serializers.ChoiceField(choices=GROUNDS, default=Ground.OTHER.value)
    destination = serializers.ChoiceField(choices=RefundDestination.choices, default=RefundDestination.ORIGINAL.value)

    def validate_amount(self, given: Any) -> Any:
        if not given:
            raise serializers.ValidationError("More than nothing.", "min_value")
        return given


class Confirmation(serializers.Serializer[Any]):
    """Your own password, again."""

    password = serializers.CharField(max_length=200, trim_whitespace=False)


class RefundFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=RefundStatus.choices, method="shown")
    order_id = WholeNumber(min_value=1, max_value=BIGGEST)

    def shown(self, rows: RefundQuerySet, name: str, status: str) -> RefundQuerySet:
        actor = called(self.request).actor
        assert actor is not None
        return rows.shown_as(status, actor)


class RefundDesk(Desk):
    """A client's own; staff's all of the website."""

    model = Refund
    queryset = Refund.objects.none()
    needs: ClassVar[Can | Mapping[str, Can]] = {"GET": Can.VIEW_REFUNDS, "POST": Can.REQUEST_REFUNDS}
    parent = "order"
    filterset_class = RefundFilter
    sorts: ClassVar[dict[str, str]] = {"-requested_at": "-pk", "requested_at": "pk", "amount": "amount_minor"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("order", "client")

    @extend_schema(responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset().ids(), lambda ids: refund_rows(self.actor, ids))

    @extend_schema(responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._detail(self.get_object())

    @extend_schema(request=NewRefund, responses={201: ROW})
    def create(self, request: Request) -> Response:
        """Claims its part of what was paid for the order, in proportion to what each payment has left: nobody else can
        be given it meanwhile. 409 `refund_too_large` with what is `refundable`, `order_disputed`."""
        body = self.payload(NewRefund)
        order = Order.objects.visible_to(self.actor).filter(pk=body.pop("order_id")).first()
        if order is None:
            raise Invalid({"order_id": "There is no such order."}, "not_found")
        amount_minor = to_minor(body.pop("amount"))
        return self._detail(actions.request_refund(order, amount_minor=amount_minor, by=self.actor, **body), 201)

    @extend_schema(request=OptionalReason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="approve", needs=Can.DECIDE_REFUNDS)
    def approve(self, request: Request, pk: str) -> Response:
        """409 `same_person` above the website's cap for who asked for it."""
        return self._detail(actions.approve_refund(self.get_object(), by=self.actor, **self.payload(OptionalReason)))

    @extend_schema(request=Reason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="reject", needs=Can.DECIDE_REFUNDS)
    def reject(self, request: Request, pk: str) -> Response:
        """The client reads the reason."""
        return self._detail(actions.reject_refund(self.get_object(), by=self.actor, **self.payload(Reason)))

    @extend_schema(request=Nothing, responses=ROW)
    @action(detail=True, methods=["post"], url_path="consent", needs=Can.CONSENT_TO_WALLET)
    def consent(self, request: Request, pk: str) -> Response:
        """The client agrees to be refunded to the wallet. 409 `consent_given` where there is nothing to agree to."""
        self.payload(Nothing)
        return self._detail(actions.consent_to_wallet(self.get_object(), by=self.actor))

    @extend_schema(request=Confirmation, responses=ROW)
    @action(
        detail=True,
        methods=["post"],
        url_path="process",
        needs=Can.EXECUTE_REFUNDS,
        moves_money=True,
        leaves_process=True,
    )
    def process(self, request: Request, pk: str) -> Response:
        """Gives the money back, and approves first where one person may do both: to the wallet at once, to a card as
        soon as the provider has done it (`executing` until then). 403 `wrong_password`; 409 `consent_missing`,
        `same_person`, `order_disputed`."""
        password, _ = self.payload(Confirmation)["password"], self.get_object()
        actions.confirm_identity(password, by=self.actor)
        # Read again: whoever decides while the password is checked makes another version of it.
        return self.one_commit(lambda: self._detail(actions.process_refund(self.get_object(), by=self.actor)))

    @extend_schema(request=OptionalReason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="retry", needs=Can.EXECUTE_REFUNDS, moves_money=True)
    def retry(self, request: Request, pk: str) -> Response:
        """What failed is asked of the provider again, under the same keys. 409 `refund_too_large` where others were
        refunded meanwhile."""
        return self._detail(actions.retry_refund(self.get_object(), by=self.actor, **self.payload(OptionalReason)))

    @extend_schema(request=Reason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="cancel")
    def cancel(self, request: Request, pk: str) -> Response:
        """By staff before it is executed, by its client before anybody has decided; by an admin also where the
        provider refuses it: the order has that money to give again. 409 `partly_refunded`."""
        return self._detail(actions.cancel_refund(self.get_object(), by=self.actor, **self.payload(Reason)))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY, **problems(409)})
    @action(detail=True, url_path="receipt", filterset_class=None)
    def receipt(self, request: Request, pk: str) -> HttpResponse:
        """As pdf; 409 `no_receipt` before it has succeeded."""
        refund, website = self.get_object(), self.actor.website
        content = receipt_pdf(website, refund)
        return HttpResponse(
            content,
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'attachment; filename="{receipt_number(website, refund)}.pdf"',
                "Cache-Control": "private, no-store",
            },
        )

    def _detail(self, refund: Refund, status: int = 200) -> Response:
        return self.versioned(refund, refund_row(self.actor, refund), status)
