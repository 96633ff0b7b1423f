"""`/wallet/`: a client's money, a writer's earnings and payouts; on the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import MoneyField
from copydesk.api.desk import Desk
from copydesk.api.lists import Cursor
from copydesk.api.rows.payments import charge_answer
from copydesk.api.shape import shape
from copydesk.core.money import to_minor
from copydesk.payments import actions, queries
from copydesk.payments.models import PayoutStatement, Posting
from copydesk.payments.queries import ChargeRow, EntryRow, StatementDetail, StatementRow, WalletRow


class TopUp(serializers.Serializer[Any]):
    amount = MoneyField(min_value=Decimal("1.00"), max_value=Decimal("10000.00"))
    payment_token = serializers.CharField(max_length=200, help_text="Of the card, from the provider.")


class WalletDesk(Desk):
    needs = Can.USE_WALLET
    queryset = Posting.objects.none()
    pagination_class: Any = None

    @extend_schema(responses=forced_singular_serializer(shape(WalletRow)))
    def list(self, request: Request) -> Response:
        """A client's money; of a writer, what is earned and where it stands."""
        return Response(queries.wallet(self.actor))

    @extend_schema(request=TopUp, responses={200: shape(ChargeRow), 202: shape(ChargeRow)})
    @action(
        detail=False,
        methods=["post"],
        url_path="top-up",
        needs=Can.TOP_UP_WALLET,
        leaves_process=True,
        moves_money=True,
    )
    def top_up(self, request: Request) -> Response:
        """By card. 409 `payment_declined` where the card is declined; 202 while the outcome is not known, and with
        `action` where the client must act first."""
        body = self.payload(TopUp)
        charge = actions.top_up(
            amount_minor=to_minor(body["amount"]),
            token=body["payment_token"],
            key=self.key,
            by=self.actor,
        )
        return charge_answer(self, charge, queries.charge_row(charge))

    @extend_schema(responses=shape(EntryRow)(many=True))
    @action(detail=False, url_path="entries", pagination_class=Cursor)
    def entries(self, request: Request) -> Response:
        """The ledger's lines of the own account, newest first: positive in, negative out."""
        return self.stream(queries.entries(self.actor), queries.entry_rows)


class OwnPayoutDesk(Desk):
    """A writer's statements, once they are paid."""

    model = PayoutStatement
    queryset = PayoutStatement.objects.none()
    needs = Can.VIEW_OWN_PAYOUTS

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("payout")

    @extend_schema(responses=shape(StatementRow)(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), queries.statement_rows)

    @extend_schema(responses=shape(StatementDetail))
    def retrieve(self, request: Request, pk: str) -> Response:
        """Each line with the order that it comes from."""
        return Response(queries.statement_detail(self.get_object()))
