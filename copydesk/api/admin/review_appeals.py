"""`/admin-management/reviews/appeals/`: decided by another moderator than the one who rejected the review."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import Reason
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.reviews import actions
from copydesk.reviews.models import Appeal
from copydesk.reviews.queries import AppealRow, appeal_row

ROW = shape(AppealRow)


class ReviewAppealDesk(Desk):
    model = Appeal
    queryset = Appeal.objects.none()
    needs = Can.MODERATE_REVIEWS
    parent = "review"

    @extend_schema(request=Reason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="uphold")
    def uphold(self, request: Request, pk: str) -> Response:
        """The review stays rejected. 409 `same_moderator`."""
        return self._detail(actions.uphold_appeal(self.get_object(), by=self.actor, **self.payload(Reason)))

    @extend_schema(request=Reason, responses=ROW)
    @action(detail=True, methods=["post"], url_path="overturn")
    def overturn(self, request: Request, pk: str) -> Response:
        """The review is published. 409 `same_moderator`."""
        return self._detail(actions.overturn_appeal(self.get_object(), by=self.actor, **self.payload(Reason)))

    def _detail(self, appeal: Appeal) -> Response:
        return self.versioned(appeal, appeal_row(self.actor, appeal))
