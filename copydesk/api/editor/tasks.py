"""`/editor-management/tasks/`: the queue of work to be edited, and the steps of a task."""

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
from copydesk.api.body import BIGGEST, Nothing, OptionalReason, Reason
from copydesk.api.desk import Desk
from copydesk.api.editor.filters import FREE_SORTS, FreeTaskFilter
from copydesk.api.filters import WholeNumber
from copydesk.api.lists import Pages
from copydesk.api.queues import queue_pages
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid, NotFound
from copydesk.editing.actions import reviews, tasks
from copydesk.editing.models import BEST_SCORE, AssignmentType, EditingTask, TaskStatus, Verdict
from copydesk.editing.policies import EditingPolicy
from copydesk.editing.queries.changes import ChangeRow, change_rows, changes, required_of
from copydesk.editing.queries.editors import claimant
from copydesk.editing.queries.tasks import (
    FREE_TABS,
    TABS,
    TaskDetail,
    TaskRow,
    free_tabs,
    shown,
    tabs,
    task_detail,
    task_rows,
    with_all,
)

DETAIL = shape(TaskDetail)
SEVERITIES = ("minor", "major", "critical")


def row_id(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=BIGGEST, **options)


class Claim(serializers.Serializer[Any]):
    """One of the two."""

    task_id = row_id(required=False)
    order_id = row_id(required=False)


class EditorAssignment(OptionalReason):
    """Without `editor_id`: to the least loaded editor who knows the subject and the paper type. With it, a reason
    exceeds the editor's limit."""

    editor_id = row_id(allow_null=True, default=None)


class HandOver(Reason):
    editor_id = row_id()


class FoundIssue(serializers.Serializer[Any]):
    """`criterion`: a code of the rubric."""

    criterion = serializers.CharField(max_length=40)
    severity = serializers.ChoiceField(choices=SEVERITIES, default=SEVERITIES[0])
    text = serializers.CharField(max_length=2_000)


class EditingReviewBody(serializers.Serializer[Any]):
    """Work that is returned needs `notes`, which the writer reads as the reason, and `changes_required`. `files`:
    ids of order files of this round that go with the review."""

    quality_score = serializers.IntegerField(min_value=0, max_value=BEST_SCORE)
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    notes = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    corrections = serializers.CharField(max_length=10_000, allow_blank=True, default="")
    issues = serializers.ListField(child=FoundIssue(), max_length=100, default=list)
    changes_required = serializers.ListField(child=serializers.CharField(max_length=500), max_length=50, default=list)
    files = serializers.ListField(child=row_id(), max_length=50, default=list)


class TaskFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(choices=TaskStatus.choices, distinct=False)
    assignment_type = django_filters.MultipleChoiceFilter(choices=AssignmentType.choices, distinct=False)
    editor_id = WholeNumber("editor_id", min_value=1, max_value=BIGGEST)
    order_id = WholeNumber("order_id", min_value=1, max_value=BIGGEST)


class TaskDesk(Desk):
    """An editor sees the open tasks, and its own closed ones; staff all. Each step answers with the task."""

    model = EditingTask
    queryset = EditingTask.objects.none()
    needs = Can.VIEW_EDITING
    filterset_class: ClassVar[Any] = TaskFilter
    pagination_class = queue_pages(TABS)

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return with_all(rows) if self.request.method in SAFE_METHODS else rows.select_related("order")

    @extend_schema(operation_id="editing_tasks_list", responses=shape(TaskRow)(many=True))
    def list(self, request: Request) -> Response:
        """Newest first, where nothing else is asked. `counts` are of the tabs, by the same filters."""
        rows = shown(super().get_queryset())
        return self.page(rows, lambda found: task_rows(self.actor, found), tabs())

    @extend_schema(operation_id="editing_tasks_retrieve", responses=DETAIL)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._detail(self.get_object())

    @extend_schema(responses=shape(TaskRow)(many=True))
    @action(
        detail=False,
        url_path="available_tasks",
        filterset_class=FreeTaskFilter,
        pagination_class=queue_pages(FREE_TABS),
        sorts=FREE_SORTS,
    )
    def available_tasks(self, request: Request) -> Response:
        """What may be claimed now: nobody has it, or a claim of it has run out. Not one's own writing."""
        policy = EditingPolicy.of(self.actor.website)
        own = claimant(self.actor, policy)
        rows = shown(super().get_queryset().free_to(self.actor.website.pk, own.writers))
        tabs = free_tabs(own, policy)
        return self.page(rows, lambda found: task_rows(self.actor, found, policy, own.standing), tabs)

    @extend_schema(request=Claim, responses=DETAIL)
    @action(detail=False, methods=["post"], url_path="claim", needs=Can.CLAIM_EDITING)
    def claim(self, request: Request) -> Response:
        """Exactly one editor gets it; the others are told who has it, and until when."""
        body = self.payload(Claim)
        if len(body) != 1:
            raise Invalid({"task_id": "Either task_id or order_id."})
        rows = super().get_queryset()
        if "order_id" in body:
            task = rows.open().filter(order_id=body["order_id"]).first()
        else:
            task = rows.filter(pk=body["task_id"]).first()
        if task is None:
            raise NotFound
        return self._after(tasks.claim(task, by=self.actor))

    @extend_schema(request=EditorAssignment, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="assign", needs=Can.ASSIGN_EDITING)
    def assign(self, request: Request, pk: str) -> Response:
        task, body = self.get_object(), self.payload(EditorAssignment)
        return self._after(tasks.assign(task, by=self.actor, **body))

    @extend_schema(request=Nothing, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="start", needs=Can.CLAIM_EDITING)
    def start(self, request: Request, pk: str) -> Response:
        task, _ = self.get_object(), self.payload(Nothing)
        return self._after(tasks.start(task, by=self.actor))

    @extend_schema(request=EditingReviewBody, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="submit", needs=Can.CLAIM_EDITING)
    def submit(self, request: Request, pk: str) -> Response:
        """Records the review, which is not changed any more; `complete` applies its verdict."""
        task, body = self.get_object(), self.payload(EditingReviewBody)
        return self._after(reviews.submit(task, by=self.actor, **body))

    @extend_schema(request=Nothing, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="complete", needs=Can.EDIT_WORK)
    def complete(self, request: Request, pk: str) -> Response:
        """Approved work goes to the client, returned work to its writer. Staff may do it in the editor's place."""
        task, _ = self.get_object(), self.payload(Nothing)
        return self._after(reviews.complete(task, by=self.actor))

    @extend_schema(request=Reason, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="reject", needs=Can.CLAIM_EDITING)
    def reject(self, request: Request, pk: str) -> Response:
        """An assigned task goes back to the queue."""
        task, body = self.get_object(), self.payload(Reason)
        return self._after(tasks.reject(task, by=self.actor, **body))

    @extend_schema(request=Reason, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="unclaim", needs=Can.CLAIM_EDITING)
    def unclaim(self, request: Request, pk: str) -> Response:
        """A claimed task goes back to the queue."""
        task, body = self.get_object(), self.payload(Reason)
        return self._after(tasks.unclaim(task, by=self.actor, **body))

    @extend_schema(request=HandOver, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="hand-over", needs=Can.EDIT_WORK)
    def hand_over(self, request: Request, pk: str) -> Response:
        """To another editor, by whoever has it, or by staff."""
        task, body = self.get_object(), self.payload(HandOver)
        return self._after(tasks.hand_over(task, body.pop("editor_id"), by=self.actor, **body))

    @extend_schema(operation_id="editing_task_changes", responses=shape(ChangeRow)(many=True))
    @action(detail=True, url_path="changes", needs=Can.VIEW_CHANGES, filterset_class=None, pagination_class=Pages)
    def changes(self, request: Request, pk: str) -> Response:
        """What the writer of returned work has to change, in the editor's order."""
        rows = required_of(changes(self.actor), self.get_object())
        return self.page(rows, lambda found: change_rows(self.actor, found))

    def _after(self, task: EditingTask) -> Response:
        """The task after the step; an editor who has given it back sees it among the open ones."""
        return self._detail(with_all(self.model.objects.of(task.website_id)).get(pk=task.pk))

    def _detail(self, task: Any) -> Response:
        return self.versioned(task, task_detail(self.actor, task))
