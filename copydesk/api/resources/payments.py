"""`/payments/`: charges, their receipts, and what providers tell us."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.access import Anyone, called
from copydesk.api.desk import Desk
from copydesk.api.schema import problems
from copydesk.api.shape import shape
from copydesk.payments import actions, queries
from copydesk.payments.models import Charge
from copydesk.payments.queries import ChargeRow
from copydesk.payments.receipt import receipt_number, receipt_pdf


class PaymentDesk(Desk):
    """A client sees the own charges, staff those of the website."""

    model = Charge
    queryset = Charge.objects.none()
    needs = Can.VIEW_OWN_CHARGES

    @extend_schema(responses=shape(ChargeRow))
    def retrieve(self, request: Request, pk: str) -> Response:
        """While `status` is pending or unknown the provider's answer is awaited: look again."""
        charge = self.get_object()
        return self.versioned(charge, queries.charge_row(charge))

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY, **problems(409)})
    @action(detail=True, url_path="receipt")
    def receipt(self, request: Request, pk: str) -> HttpResponse:
        """As pdf; 409 `no_receipt` for a charge that was not captured."""
        charge = self.get_object()
        website = self.actor.website
        name = f"{receipt_number(website, charge)}.pdf"
        return HttpResponse(
            receipt_pdf(website, charge),
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
        )

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("payer")


class WebhookDesk(Desk):
    honours_key = False

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        responses={204: None},
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER) for name in ("Stripe-Signature", "X-Sandbox-Signature")
        ],
    )
    @action(
        detail=False,
        methods=["post"],
        url_path=r"(?P<provider>[a-z0-9_]{1,20})",
        permission_classes=[Anyone],
        authentication_classes=[],
    )
    def receive(self, request: Request, provider: str) -> Response:
        """What a provider tells of a charge, by its signature; names no website. Not signed, too old or delivered
        before: 400 `webhook_refused`, and nothing changes."""
        edge = called(request)
        actions.receive_webhook(provider, edge.headers, edge.body)
        return Response(status=204)
