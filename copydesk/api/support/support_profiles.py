"""`/support-management/support-profiles/`: the members of the desk, how much each may have, who is there."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.tickets.actions.desk import keep_profile
from copydesk.tickets.queries.agents import AGENTS
from copydesk.tickets.queries.desk import SupportProfileRow, agents, profile_rows

ROW = shape(SupportProfileRow)
ROLES = [(role.value, role.value) for role in AGENTS]


class SupportProfileChange(serializers.Serializer[Any]):
    """An agent changes its own `available`; an admin anybody's, and the `capacity`."""

    available = serializers.BooleanField(required=False)
    capacity = serializers.IntegerField(min_value=1, max_value=500, required=False)


class AgentFilter(django_filters.FilterSet):
    role = django_filters.MultipleChoiceFilter(choices=ROLES, distinct=False)


class SupportProfileDesk(Desk):
    """Ids are of memberships. Members join and leave by their role: a profile is made at its first change."""

    model = Membership
    queryset = Membership.objects.none()
    needs: ClassVar[Any] = {"GET": Can.VIEW_SUPPORT_DESK, "PATCH": Can.WORK_TICKETS}
    filterset_class: ClassVar[Any] = AgentFilter
    sorts: ClassVar[dict[str, str]] = {"number": "number", "active": "active"}

    def get_queryset(self) -> Any:
        return self.queryset.all() if getattr(self, "swagger_fake_view", False) else agents(self.actor)

    def get_object(self) -> Any:
        if self.request.method not in SAFE_METHODS:
            # The version is the profile's: it is read when nobody else can change it any more.
            self.get_queryset().filter(pk=int(self.kwargs["pk"])).lock().first()
        return super().get_object()

    @extend_schema(operation_id="support_profiles_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        ids = self.get_queryset().values_list("pk", flat=True)
        return self.page(ids, lambda found: profile_rows(self.actor, found))

    @extend_schema(operation_id="support_profiles_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._seen(self.get_object())

    @extend_schema(operation_id="support_profiles_change", request=SupportProfileChange, responses=ROW)
    def partial_update(self, request: Request, pk: str) -> Response:
        """What is left out stays as it is."""
        member, body = self.get_object(), self.payload(SupportProfileChange)
        keep_profile(member.pk, by=self.actor, **body)
        return self._seen(self.get_queryset().get(pk=member.pk))

    def _seen(self, member: Any) -> Response:
        return self.versioned(member, profile_rows(self.actor, [member.pk])[0])
