"""`/support-management/dashboard/tickets/` and `queue/`: all tickets, and those that wait for somebody."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, InstantFilter
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber, between
from copydesk.api.queues import queue_pages
from copydesk.api.rows.tickets import QueueFilter
from copydesk.api.shape import shape
from copydesk.tickets.models import Status, Ticket
from copydesk.tickets.queries.queue import LIST_TABS, QUEUE_TABS, list_tabs, queue_tabs
from copydesk.tickets.queries.rows import TicketRow, rows_of

ROW = shape(TicketRow)
SORTS = {
    "priority": "priority",
    "due_at": "due_at",
    "opened_at": "opened_at",
    "last_message_at": "last_message_at",
    "number": "number",
}


class DeskTicketFilter(QueueFilter, between("opened_at")):  # type: ignore[misc]
    """By what the desk's figures count: `from` and `to` are about the opening, `resolved_from` and `resolved_to` about
    the resolution. `status`, `priority` and `category` may be given several times."""

    status = django_filters.MultipleChoiceFilter(choices=Status.choices, distinct=False)
    assignee = WholeNumber("assignee_id", min_value=1, max_value=BIGGEST)
    assigned = BooleanFilter("assignee", "isnull", exclude=True)
    resolved_from = InstantFilter("resolved_at", "gte", help_text="As `from`.")
    resolved_to = InstantFilter("resolved_at", "lt", help_text="As `to`.")


class SupportTicketDesk(Desk):
    model = Ticket
    queryset = Ticket.objects.none()
    needs = Can.VIEW_SUPPORT_DESK

    @extend_schema(responses=ROW(many=True))
    @action(
        detail=False,
        url_path="tickets",
        filterset_class=DeskTicketFilter,
        pagination_class=queue_pages(LIST_TABS),
        sorts=SORTS,
    )
    def tickets(self, request: Request) -> Response:
        """Newest first, where nothing else is asked. `active`: new, open or awaiting the client; `recent`: resolved or
        closed. Priorities sort by their rank."""
        return self._shown(self.get_queryset().order_by("-pk"), list_tabs())

    @extend_schema(responses=ROW(many=True))
    @action(
        detail=False,
        url_path="queue",
        filterset_class=QueueFilter,
        pagination_class=queue_pages(QUEUE_TABS),
        sorts=SORTS,
    )
    def queue(self, request: Request) -> Response:
        """Active tickets: the highest priority first, then the one that is due next. `mine` are the caller's;
        `high_priority` has critical ones, too."""
        return self._shown(self.get_queryset().active().order_by("-priority", "due_at"), queue_tabs(self.actor))

    def _shown(self, rows: Any, tabs: Any) -> Response:
        return self.page(rows.ids(), lambda ids: rows_of(self.actor, ids), tabs)
