"""`/support-management/dashboard/`: where the desk stands, how it went, how much an agent has."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.reports import DashboardQuery, PeriodQuery, SeriesQuery
from copydesk.api.schema import problems
from copydesk.api.shape import shape
from copydesk.core.errors import Forbidden, Invalid
from copydesk.reports.support import (
    AgentWorkload,
    SupportAnalytics,
    SupportDashboard,
    agent_workload,
    support_analytics,
    support_dashboard,
)
from copydesk.tickets.models import Ticket


class AgentQuery(PeriodQuery):
    agent = serializers.IntegerField(
        min_value=1, max_value=BIGGEST, required=False, help_text="Another member of the desk: for an admin."
    )

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        return {**super().validate(given), "agent_id": given.get("agent", self.context["view"].actor.membership_id)}


class SupportDesk(Desk):
    needs = Can.VIEW_SUPPORT_DESK
    queryset = Ticket.objects.none()
    query_class = DashboardQuery
    pagination_class: Any = None

    @extend_schema(
        operation_id="support_dashboard_retrieve", responses=forced_singular_serializer(shape(SupportDashboard))
    )
    def list(self, request: Request) -> Response:
        """What waits for the desk now, the period's figures compared with those before, and the newest tickets."""
        return Response(support_dashboard(self.actor, self.query()["period"]))

    @extend_schema(responses={200: shape(AgentWorkload), **problems(404)})
    @action(detail=False, url_path="workload", query_class=AgentQuery)
    def workload(self, request: Request) -> Response:
        """What the caller has against its capacity, and how it has done in the period; an admin may name an `agent`,
        and a superadmin, who has no tickets, has to."""
        asked = self.query()
        if (agent_id := asked["agent_id"]) is None:
            raise Invalid({"agent": "Say whose: you have no tickets."})
        if agent_id != self.actor.membership_id and not self.actor.can(Can.MANAGE_DESK):
            raise Forbidden
        return Response(agent_workload(self.actor, asked["period"], agent_id))

    @extend_schema(responses=shape(SupportAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """Opened and resolved over time, how long tickets took, by category and priority; satisfaction."""
        return Response(support_analytics(self.actor, self.query()["period"]))
