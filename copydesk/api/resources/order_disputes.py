"""`/orders/disputes/`: what the sides say about an order, whose turn it is, and how it ends."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import JSONParser, MoneyField, OptionalReason
from copydesk.api.desk import Desk
from copydesk.api.resources.file_downloads import FileDesk
from copydesk.api.rows.disputes import DisputeFilter, VerdictBody, decision_of
from copydesk.api.rows.files import UploadParser
from copydesk.api.shape import shape
from copydesk.disputes import actions
from copydesk.disputes.models import (
    Dispute,
    Evidence,
    Party,
)
from copydesk.disputes.queries.rows import DisputeDetail, DisputeRow, dispute_detail, dispute_rows
from copydesk.disputes.queries.settlement import Settlement

ROW, DETAIL = shape(DisputeRow), shape(DisputeDetail)
ASKED = [(side.value, side.label) for side in (Party.CLIENT, Party.WRITER)]


class DisputeAnswer(serializers.Serializer[Any]):
    """`ask`, by staff: whose answer is awaited next."""

    text = serializers.CharField(max_length=10_000)
    ask = serializers.ChoiceField(choices=ASKED, required=False, allow_null=True)


class DisputeAnswerWithFiles(DisputeAnswer):
    """Several `files` in one request, together no larger than one may be."""

    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), required=False)


class DisputeResolution(VerdictBody):
    """`refund_amount`, of client_wins: all that was paid and not given back, where none is given."""

    refund_amount = MoneyField(required=False)


class DisputeDesk(Desk):
    """A client's and a writer's own; staff's all of the website."""

    model = Dispute
    queryset = Dispute.objects.none()
    needs = Can.VIEW_DISPUTES
    filterset_class = DisputeFilter
    sorts: ClassVar[dict[str, str]] = {"-opened_at": "-pk", "opened_at": "pk", "due_at": "due_at"}

    @extend_schema(operation_id="orders_disputes_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset().ids(), lambda ids: dispute_rows(self.actor, ids))

    @extend_schema(operation_id="orders_disputes_retrieve", responses=DETAIL)
    def retrieve(self, request: Request, pk: str) -> Response:
        """With all that both sides have said, and what was told of each stage when it was opened."""
        return self._detail(self.get_object())

    @extend_schema(
        request={"application/json": DisputeAnswer, "multipart/form-data": DisputeAnswerWithFiles}, responses=DETAIL
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="respond",
        needs=Can.ANSWER_DISPUTES,
        parser_classes=(JSONParser, UploadParser),
    )
    def respond(self, request: Request, pk: str) -> Response:
        """A statement, with files as evidence (multipart): immutable, hashed, timed. The answer of the side that is
        asked brings the dispute under review; what anybody says beside it changes nothing. 409 `asked_already`."""
        by_form = (request.content_type or "").startswith("multipart/")
        dispute, body = self.get_object(), self.payload(DisputeAnswerWithFiles if by_form else DisputeAnswer)
        ask = body.get("ask")
        actions.respond(
            dispute,
            by=self.actor,
            text=body["text"],
            uploads=body.get("files", ()),
            ask=Party(ask) if ask else None,
        )
        return self._detail(dispute)

    @extend_schema(request=OptionalReason, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="withdraw", needs=Can.OPEN_DISPUTES)
    def withdraw(self, request: Request, pk: str) -> Response:
        """By the side that opened it: the order goes back to where it was."""
        dispute, body = self.get_object(), self.payload(OptionalReason)
        return self._detail(actions.withdraw_dispute(dispute, by=self.actor, **body))

    @extend_schema(request=DisputeResolution, responses=shape(Settlement))
    @action(detail=True, methods=["post"], url_path="resolve", needs=Can.SETTLE_DISPUTES, moves_money=True)
    def resolve(self, request: Request, pk: str) -> Response:
        """Once it is under review; final. `preview` answers with what `apply` does, and changes nothing. 409
        `refund_too_large` with what is `refundable`."""
        dispute, body = self.get_object(), self.payload(DisputeResolution)
        return Response(actions.resolve_dispute(dispute, decision_of(body), by=self.actor, mode=body["mode"]))

    def _detail(self, dispute: Dispute) -> Response:
        return self.versioned(dispute, dispute_detail(self.actor, dispute))


class DisputeFileDesk(FileDesk):
    model = Evidence
    queryset = Evidence.objects.none()
    needs = Can.VIEW_DISPUTES
