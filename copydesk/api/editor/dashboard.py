"""`/editor-management/dashboard/`: an editor's record over time, what happened, how much there is to do."""

from __future__ import annotations

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber, between
from copydesk.api.lists import Cursor
from copydesk.api.reports import SeriesQuery
from copydesk.api.shape import shape
from copydesk.editing.queries.activity import EDITING_VERBS, editing_events
from copydesk.editing.queries.workload import EditorWorkload, editor_workload
from copydesk.journal.models import Event
from copydesk.orders.queries.activity import OrderActivity, order_activity
from copydesk.reports.editors import EditorAnalytics, EditorPerformance, editor_analytics, editor_performance


class EditingActivityFilter(between("at")):  # type: ignore[misc]
    """`verb` may be given several times."""

    order_id = WholeNumber("root_id", min_value=1, max_value=BIGGEST)
    verb = django_filters.MultipleChoiceFilter(choices=[(verb, verb) for verb in EDITING_VERBS], distinct=False)


class EditorDashboard(Desk):
    needs = Can.VIEW_EDITOR_DESK
    queryset = Event.objects.none()

    @extend_schema(responses=shape(EditorPerformance))
    @action(detail=False, url_path="performance", query_class=SeriesQuery)
    def performance(self, request: Request) -> Response:
        """Reviewed, turnaround, quality score, approval rate and first-pass yield, and how they went."""
        return Response(editor_performance(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(EditorAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """Own tasks by status and by how they came, what is urgent and overdue, and completions over time."""
        return Response(editor_analytics(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(OrderActivity)(many=True))
    @action(detail=False, url_path="activity", filterset_class=EditingActivityFilter, pagination_class=Cursor)
    def activity(self, request: Request) -> Response:
        """Submissions, assignments and decisions, newest first: own acts, and those on orders that the editor has, has
        had, or may take."""
        return self.stream(editing_events(self.actor), lambda events: order_activity(self.actor, events))

    @extend_schema(responses=shape(EditorWorkload))
    @action(detail=False, url_path="workload")
    def workload(self, request: Request) -> Response:
        """What the editor has against what it may have; when each will be done by its own speed."""
        return Response(editor_workload(self.actor))
