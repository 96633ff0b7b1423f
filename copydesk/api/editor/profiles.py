"""`/editor-management/profiles/`: what editors know, how much each has and may have."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.reports import PeriodQuery
from copydesk.api.shape import shape
from copydesk.editing.actions.profiles import change_profile
from copydesk.editing.queries.editors import EditorRow, editor_rows, editors
from copydesk.editing.queries.workload import EditorStats, editor_stats

ROW = shape(EditorRow)


def codes() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=50, required=False, allow_empty=True
    )


class EditorChange(serializers.Serializer[Any]):
    """Subjects and paper types are codes of public/catalog/; without any an editor takes all. `task_limit`, by staff:
    null for the website's."""

    subjects = codes()
    paper_types = codes()
    available = serializers.BooleanField(required=False)
    task_limit = serializers.IntegerField(min_value=0, max_value=100, required=False, allow_null=True)


class ProfileDesk(Desk):
    """Editors see each other, to hand over; names are for staff."""

    model = Membership
    queryset = Membership.objects.none()
    needs = Can.VIEW_EDITING
    sorts: ClassVar[dict[str, str]] = {"number": "number"}

    def get_queryset(self) -> Any:
        return self.queryset.all() if getattr(self, "swagger_fake_view", False) else editors(self.actor)

    def get_object(self) -> Any:
        if self.request.method not in SAFE_METHODS:
            # The version is the profile's: it is read when nobody else can change it any more.
            self.get_queryset().filter(pk=int(self.kwargs["pk"])).lock().first()
        return super().get_object()

    @extend_schema(operation_id="editor_profiles_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), lambda members: editor_rows(self.actor, members))

    @extend_schema(operation_id="editor_profiles_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._shown(self.get_object())

    @extend_schema(operation_id="editor_profiles_change", request=EditorChange, responses=ROW)
    def partial_update(self, request: Request, pk: str) -> Response:
        """An editor its own, staff anybody's."""
        member = self.get_object()
        change_profile(member, by=self.actor, **self.payload(EditorChange))
        return self._shown(self.get_queryset().get(pk=member.pk))

    @extend_schema(responses=shape(EditorStats))
    @action(detail=False, url_path="dashboard_stats", needs=Can.VIEW_EDITOR_DESK, query_class=PeriodQuery)
    def dashboard_stats(self, request: Request) -> Response:
        """What the caller has, what it may claim, and what it has completed in the period."""
        return Response(editor_stats(self.actor, self.query()["period"]))

    def _shown(self, member: Any) -> Response:
        return self.versioned(member, editor_rows(self.actor, [member])[0])
