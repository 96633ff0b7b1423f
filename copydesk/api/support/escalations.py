"""`/support-management/escalations/`: tickets that somebody higher has to look at, and measures asked for against
accounts."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, InstantField, Nothing, OptionalReason, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber, between
from copydesk.api.shape import shape
from copydesk.tickets import errors
from copydesk.tickets.actions import escalating, issues
from copydesk.tickets.models import AccountEscalation, AnyEscalation, Escalation, EscalationKind, Measure, RaisedStatus
from copydesk.tickets.queries.escalations import RaisedEscalation, changeable, escalation_rows

ROW = shape(RaisedEscalation)


class MeasureRequest(Reason):
    """Against a client or a writer. `until`: its end, but of a blacklisting, which has none."""

    member_id = serializers.IntegerField(min_value=1, max_value=BIGGEST)
    measure = serializers.ChoiceField(choices=Measure.choices)
    until = InstantField(required=False)
    ticket_id = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False)


class EscalationFilter(between("requested_at")):  # type: ignore[misc]
    """`level` and `target_id` are of tickets, `measure` and `member_id` of accounts."""

    kind = django_filters.MultipleChoiceFilter(choices=EscalationKind.choices, distinct=False)
    status = django_filters.MultipleChoiceFilter(choices=RaisedStatus.choices, distinct=False)
    level = WholeNumber(min_value=1, max_value=9)
    measure = django_filters.MultipleChoiceFilter(choices=Measure.choices, distinct=False)
    ticket_id = WholeNumber(min_value=1, max_value=BIGGEST)
    target_id = WholeNumber(min_value=1, max_value=BIGGEST)
    member_id = WholeNumber(min_value=1, max_value=BIGGEST)


class EscalationDesk(Desk):
    """Of tickets and of accounts, told by `kind`; their ids are of one row of numbers, so that an id means one
    escalation. Each step answers with the escalation as it now is."""

    model = AnyEscalation
    queryset = AnyEscalation.objects.none()
    needs: ClassVar[Any] = {"GET": Can.VIEW_SUPPORT_DESK, "POST": Can.WORK_TICKETS}
    filterset_class: ClassVar[Any] = EscalationFilter
    sorts: ClassVar[dict[str, str]] = {"requested_at": "requested_at", "level": "level"}

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset.all()
        if self.request.method in SAFE_METHODS:
            return AnyEscalation.objects.visible_to(self.actor)
        return changeable(self.actor, int(self.kwargs["pk"]))

    @extend_schema(operation_id="support_escalations_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        """Newest first, where nothing else is asked."""
        return self.page(self.get_queryset().order_by("-pk"), lambda rows: escalation_rows(self.actor, rows))

    @extend_schema(operation_id="support_escalations_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._seen(self.get_object())

    @extend_schema(operation_id="support_escalations_create", request=MeasureRequest, responses={201: ROW})
    def create(self, request: Request) -> Response:
        """Asks for a measure against an account; nothing changes until another person approves. Tickets are escalated
        at tickets/{id}/escalate/."""
        body = self.payload(MeasureRequest)
        asked = issues.request_measure(body.pop("member_id"), Measure(body.pop("measure")), by=self.actor, **body)
        return self._after(asked, 201)

    @extend_schema(request=Nothing, responses=ROW)
    @action(detail=True, methods=["post"], url_path="acknowledge")
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Somebody looks at it."""
        row, _ = self.get_object(), self.payload(Nothing)
        if isinstance(row, AccountEscalation):
            return self._after(issues.acknowledge_measure(row, by=self.actor))
        return self._after(escalating.acknowledge_escalation(row, by=self.actor))

    @extend_schema(request=OptionalReason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="approve", needs=Can.APPROVE_ESCALATIONS)
    def approve(self, request: Request, pk: str) -> Response:
        """Of an account, by another person than who asked."""
        row, body = self._of_account(), self.payload(OptionalReason)
        return self._after(issues.approve_measure(row, by=self.actor, **body))

    @extend_schema(request=Reason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="reject", needs=Can.APPROVE_ESCALATIONS)
    def reject(self, request: Request, pk: str) -> Response:
        """As approve."""
        row, body = self._of_account(), self.payload(Reason)
        return self._after(issues.reject_measure(row, by=self.actor, **body))

    @extend_schema(request=Reason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="resolve")
    def resolve(self, request: Request, pk: str) -> Response:
        """The matter is closed. Of an account, by an admin: what was approved holds no more."""
        row, body = self.get_object(), self.payload(Reason)
        if isinstance(row, AccountEscalation):
            return self._after(issues.resolve_measure(row, by=self.actor, **body))
        return self._after(escalating.resolve_escalation(row, by=self.actor, **body))

    def _of_account(self) -> AccountEscalation:
        row = self.get_object()
        if not isinstance(row, AccountEscalation):
            raise errors.NothingToDecide
        return row

    def _after(self, row: Escalation | AccountEscalation, status: int = 200) -> Response:
        return self._seen(AnyEscalation.objects.visible_to(self.actor).get(pk=row.pk), status)

    def _seen(self, row: Any, status: int = 200) -> Response:
        return self.versioned(row, escalation_rows(self.actor, [row])[0], status)
