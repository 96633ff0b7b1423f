"""`/support-management/workload-tracker/`: what each agent has, and how much more it can."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.api.support.support_profiles import AgentFilter
from copydesk.tickets.queries.desk import TrackedAgent, agents, tracked_agents

ROW = shape(TrackedAgent)


class WorkloadTrackerDesk(Desk):
    """The active members of the desk, by membership id."""

    model = Membership
    queryset = Membership.objects.none()
    needs = Can.VIEW_SUPPORT_DESK
    filterset_class: ClassVar[Any] = AgentFilter
    sorts: ClassVar[dict[str, str]] = {"number": "number", "active": "active"}

    def get_queryset(self) -> Any:
        return self.queryset.all() if getattr(self, "swagger_fake_view", False) else agents(self.actor)

    @extend_schema(operation_id="workload_tracker_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        ids = self.get_queryset().values_list("pk", flat=True)
        return self.page(ids, lambda found: tracked_agents(self.actor, found))

    @extend_schema(operation_id="workload_tracker_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(tracked_agents(self.actor, [self.get_object().pk])[0])
