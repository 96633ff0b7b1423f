"""`/editor-management/tasks/changes/`: what returned work has to change; the writer ticks, the editor confirms."""

from __future__ import annotations

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, Nothing
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.shape import shape
from copydesk.editing.actions import reviews
from copydesk.editing.models import ChangeStatus, RequiredChange
from copydesk.editing.queries.changes import ChangeRow, change_rows, changes

ROW = shape(ChangeRow)


class ChangeFilter(django_filters.FilterSet):
    order_id = WholeNumber("order_id", min_value=1, max_value=BIGGEST)
    status = django_filters.MultipleChoiceFilter(choices=ChangeStatus.choices, distinct=False)


class ChangeDesk(Desk):
    """A writer's own orders'; an editor's own, and those of orders that are in editing; staff's all."""

    model = RequiredChange
    queryset = RequiredChange.objects.none()
    needs = Can.VIEW_CHANGES
    filterset_class = ChangeFilter

    @extend_schema(operation_id="editing_changes_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(changes(self.actor), lambda found: change_rows(self.actor, found))

    @extend_schema(request=Nothing, responses=ROW)
    @action(detail=True, methods=["post"], url_path="tick", needs=Can.TICK_CHANGES)
    def tick(self, request: Request, pk: str) -> Response:
        required, _ = self.get_object(), self.payload(Nothing)
        return self._shown(reviews.tick(required, by=self.actor))

    @extend_schema(request=Nothing, responses=ROW)
    @action(detail=True, methods=["post"], url_path="confirm", needs=Can.CLAIM_EDITING)
    def confirm(self, request: Request, pk: str) -> Response:
        """By the editor who has the order's task now."""
        required, _ = self.get_object(), self.payload(Nothing)
        return self._shown(reviews.confirm(required, by=self.actor))

    def _shown(self, required: RequiredChange) -> Response:
        return self.versioned(required, change_rows(self.actor, [required.pk])[0])
