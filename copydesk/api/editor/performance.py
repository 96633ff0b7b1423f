"""`/editor-management/performance/`: an editor's own record."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.reports import PeriodQuery
from copydesk.api.shape import shape
from copydesk.editing.models import EditingTask
from copydesk.reports.editors import EditorRecord, editor_record


class PerformanceDesk(Desk):
    needs = Can.VIEW_EDITOR_DESK
    queryset = EditingTask.objects.none()
    query_class = PeriodQuery
    pagination_class: Any = None

    @extend_schema(
        operation_id="editor_performance_retrieve", responses=forced_singular_serializer(shape(EditorRecord))
    )
    def list(self, request: Request) -> Response:
        """What was reviewed in the period, how fast and how well, by kind of work."""
        return Response(editor_record(self.actor, self.query()["period"]))
