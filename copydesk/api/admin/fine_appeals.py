"""`/admin-management/fines/appeals/`: decided by another person than who fined, else granted by the clock."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.admin.fines import MANAGED, Forgiveness, forgiven
from copydesk.api.body import BIGGEST, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber, between
from copydesk.api.queues import queue_pages
from copydesk.fines import actions
from copydesk.fines.models import Appeal, AppealStatus
from copydesk.fines.policies import FineKind
from copydesk.fines.queries.queue import APPEAL_TABS, appeal_tabs
from copydesk.fines.queries.rows import appealed_rows, managed_rows


class AppealFilter(between("opened_at")):  # type: ignore[misc]
    status = django_filters.ChoiceFilter(choices=AppealStatus.choices)
    kind = django_filters.ChoiceFilter(field_name="fine__kind", choices=FineKind.choices)
    writer_id = WholeNumber(field_name="fine__writer_id", min_value=1, max_value=BIGGEST)


class FineAppealDesk(Desk):
    model = Appeal
    queryset = Appeal.objects.none()
    needs = Can.DECIDE_FINES
    parent = "fine"
    filterset_class = AppealFilter
    pagination_class = queue_pages(APPEAL_TABS)
    sorts: ClassVar[dict[str, str]] = {"due_at": "due_at", "opened_at": "opened_at"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("fine")

    @extend_schema(operation_id="admin_fines_appeals", responses=MANAGED(many=True))
    def list(self, request: Request) -> Response:
        """Each with its fine, that due first at the top."""
        return self.page(self.get_queryset().ids(), lambda ids: appealed_rows(self.actor, ids), appeal_tabs())

    @extend_schema(request=Forgiveness, responses=MANAGED)
    @action(detail=True, methods=["post"], url_path="approve")
    def approve(self, request: Request, pk: str) -> Response:
        """Waives the fine; with an `amount` only so much of it. 409 `same_person` for who issued it, or proposed what
        the clock issued."""
        return self._decided(
            actions.approve_appeal(self.get_object(), by=self.actor, **forgiven(self.payload(Forgiveness)))
        )

    @extend_schema(request=Reason, responses=MANAGED)
    @action(detail=True, methods=["post"], url_path="reject")
    def reject(self, request: Request, pk: str) -> Response:
        """The fine is upheld, and collected. 409 `same_person` for who issued it, or proposed what the clock issued."""
        return self._decided(actions.reject_appeal(self.get_object(), by=self.actor, **self.payload(Reason)))

    def _decided(self, appeal: Appeal) -> Response:
        return self.versioned(appeal.fine, managed_rows(self.actor, [appeal.fine_id])[0])
