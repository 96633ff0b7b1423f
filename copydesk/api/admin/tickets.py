"""`/admin-management/tickets/`: the desk as a whole: where it stands, how it keeps its promises, how it went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber
from copydesk.api.reports import DashboardQuery, SeriesQuery, UncomparedQuery
from copydesk.api.rows.tickets import QueueFilter
from copydesk.api.shape import shape
from copydesk.reports.tickets import (
    SlaFigures,
    TicketAnalytics,
    TicketDashboard,
    sla_figures,
    ticket_analytics,
    ticket_dashboard,
)
from copydesk.tickets.models import Ticket
from copydesk.tickets.queries.sla import TABS, PressingTicket, pressing, pressing_rows, tabs


class PressingFilter(QueueFilter):
    """`priority` and `category` may be given several times."""

    assignee = WholeNumber("assignee_id", min_value=1, max_value=BIGGEST)
    assigned = BooleanFilter("assignee", "isnull", exclude=True)


@dataclass(frozen=True, slots=True)
class SlaMonitoring:
    """A page of the queue, and beside it how well the website keeps its promises."""

    count: int
    next: str | None
    previous: str | None
    counts: dict[str, int]
    results: list[PressingTicket]
    sla: SlaFigures


class TicketReportDesk(Desk):
    model = Ticket
    queryset = Ticket.objects.none()
    needs = Can.MANAGE_DESK

    @extend_schema(operation_id="admin_tickets_dashboard", responses=shape(TicketDashboard))
    @action(detail=False, url_path="dashboard", query_class=DashboardQuery)
    def dashboard(self, request: Request) -> Response:
        """Tickets by status, what needs somebody now, the period's figures compared with those before, the newest."""
        return Response(ticket_dashboard(self.actor, self.query()["period"]))

    PAGED: ClassVar = [
        OpenApiParameter("tab", enum=TABS, default=TABS[0]),
        OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}),
        OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}),
    ]

    @extend_schema(operation_id="admin_tickets_sla", parameters=PAGED, filters=True, responses=shape(SlaMonitoring))
    @action(detail=False, url_path="sla-monitoring", query_class=UncomparedQuery, filterset_class=PressingFilter)
    def sla_monitoring(self, request: Request) -> Response:
        """Active tickets that are overdue or at risk, whose clock is due first at the top; `first_response`,
        `next_response` and `resolution` are those of which that clock presses. Beside them the attainment of the
        tickets opened in the period, and the policy in force."""
        asked = self.query()
        rows = pressing(self.get_queryset()).ids()
        page = self.page(rows, lambda ids: pressing_rows(self.actor, ids), tabs(self.actor))
        page.data["sla"] = sla_figures(self.actor, asked["period"])
        return page

    @extend_schema(operation_id="admin_tickets_analytics", responses=shape(TicketAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """Opened, resolved and waiting over time, how long tickets took, by category, priority, requester and agent;
        satisfaction, escalations, reopenings."""
        return Response(ticket_analytics(self.actor, self.query()["period"]))
