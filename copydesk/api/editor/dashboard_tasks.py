"""`/editor-management/dashboard/tasks/` and `available-tasks/`: what an editor has, and what it may have."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.editor.filters import FREE_SORTS, FreeTaskFilter, OwnTaskFilter
from copydesk.api.queues import queue_pages
from copydesk.api.shape import shape
from copydesk.editing.models import EditingTask
from copydesk.editing.policies import EditingPolicy
from copydesk.editing.queries.editors import claimant
from copydesk.editing.queries.tasks import FREE_TABS, OWN_TABS, TaskRow, free_tabs, own_tabs, shown, task_rows

ROW = shape(TaskRow)


class EditorTaskDashboard(Desk):
    model = EditingTask
    queryset = EditingTask.objects.none()
    needs = Can.VIEW_EDITOR_DESK

    @extend_schema(responses=ROW(many=True))
    @action(
        detail=False,
        url_path="tasks",
        filterset_class=OwnTaskFilter,
        pagination_class=queue_pages(OWN_TABS),
        sorts={"-opened_at": "id", "opened_at": "id", "deadline": "order__client_deadline"},
    )
    def tasks(self, request: Request) -> Response:
        """Own tasks, now and before, newest first."""
        rows = shown(EditingTask.objects.of(self.actor.website).had_by(self.actor.membership_id))
        return self.page(rows, lambda found: task_rows(self.actor, found), own_tabs())

    @extend_schema(responses=ROW(many=True))
    @action(
        detail=False,
        url_path="available-tasks",
        filterset_class=FreeTaskFilter,
        pagination_class=queue_pages(FREE_TABS),
        sorts=FREE_SORTS,
    )
    def available_tasks(self, request: Request) -> Response:
        """What the editor may claim now, the nearest deadline first. `fitting`: of kinds that it knows."""
        policy = EditingPolicy.of(self.actor.website)
        own = claimant(self.actor, policy)
        rows = shown(EditingTask.objects.of(self.actor.website).free_to(self.actor.website.pk, own.writers))
        tabs = free_tabs(own, policy)
        return self.page(rows, lambda found: task_rows(self.actor, found, policy, own.standing), tabs)
