"""`/support-management/payment-issues/`: what went wrong with clients' payments."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber, between
from copydesk.api.shape import shape
from copydesk.tickets.actions import issues
from copydesk.tickets.models import IssueKind, IssueStatus, PaymentIssue
from copydesk.tickets.queries.issues import PaymentIssueRow, issue_rows

ROW = shape(PaymentIssueRow)


def row_id(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=BIGGEST, **options)


class IssueReport(serializers.Serializer[Any]):
    """Order, charge and ticket are the client's own."""

    client_id = row_id()
    kind = serializers.ChoiceField(choices=IssueKind.choices)
    description = serializers.CharField(max_length=5_000)
    order_id = row_id(required=False)
    charge_id = row_id(required=False)
    ticket_id = row_id(required=False)


class Resolution(serializers.Serializer[Any]):
    resolution = serializers.CharField(max_length=2_000)


class PaymentIssueFilter(between("opened_at")):  # type: ignore[misc]
    status = django_filters.MultipleChoiceFilter(choices=IssueStatus.choices, distinct=False)
    kind = django_filters.MultipleChoiceFilter(choices=IssueKind.choices, distinct=False)
    client_id = WholeNumber(min_value=1, max_value=BIGGEST)
    order_id = WholeNumber(min_value=1, max_value=BIGGEST)
    charge_id = WholeNumber(min_value=1, max_value=BIGGEST)
    ticket_id = WholeNumber(min_value=1, max_value=BIGGEST)


class PaymentIssueDesk(Desk):
    """No money moves by them: charges and refunds are their own records."""

    model = PaymentIssue
    queryset = PaymentIssue.objects.none()
    needs: ClassVar[Any] = {"GET": Can.VIEW_SUPPORT_DESK, "POST": Can.WORK_TICKETS}
    filterset_class: ClassVar[Any] = PaymentIssueFilter
    sorts: ClassVar[dict[str, str]] = {"opened_at": "opened_at"}

    @extend_schema(operation_id="support_payment_issues_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        """Newest first, where nothing else is asked."""
        return self.page(self.get_queryset().order_by("-pk"), lambda found: issue_rows(self.actor, found))

    @extend_schema(operation_id="support_payment_issues_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._seen(self.get_object())

    @extend_schema(operation_id="support_payment_issues_create", request=IssueReport, responses={201: ROW})
    def create(self, request: Request) -> Response:
        body = self.payload(IssueReport)
        client_id, kind = body.pop("client_id"), IssueKind(body.pop("kind"))
        opened = issues.open_issue(client_id, kind, body.pop("description"), by=self.actor, **body)
        return self._seen(opened, 201)

    @extend_schema(request=Reason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="escalate")
    def escalate(self, request: Request, pk: str) -> Response:
        """From now on an admin resolves it, and another one than who opened it."""
        issue, body = self.get_object(), self.payload(Reason)
        return self._seen(issues.escalate_issue(issue, by=self.actor, **body))

    @extend_schema(request=Resolution, responses=ROW)
    @action(detail=True, methods=["post"], url_path="resolve")
    def resolve(self, request: Request, pk: str) -> Response:
        issue, body = self.get_object(), self.payload(Resolution)
        return self._seen(issues.resolve_issue(issue, body["resolution"], by=self.actor))

    def _seen(self, issue: PaymentIssue, status: int = 200) -> Response:
        return self.versioned(issue, issue_rows(self.actor, [issue])[0], status)
