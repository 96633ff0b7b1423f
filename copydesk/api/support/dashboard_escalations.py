"""`/support-management/dashboard/escalations/`: tickets that somebody higher has to look at."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.queues import queue_pages
from copydesk.api.shape import shape
from copydesk.tickets.clocks import Kind
from copydesk.tickets.models import AnyEscalation
from copydesk.tickets.models.all_escalations import AnyEscalationQuerySet
from copydesk.tickets.queries.escalations import (
    TICKET_TABS,
    RaisedEscalation,
    escalation_rows,
    ticket_tabs,
)

BY_HAND = "by_hand"
RULES = [(one, one) for one in (BY_HAND, *(kind.value for kind in Kind))]


class EscalatedTicketFilter(django_filters.FilterSet):
    """`rule`: the clock whose breach it follows, or `by_hand` where a person escalated."""

    level = WholeNumber(min_value=1, max_value=9)
    rule = django_filters.ChoiceFilter(choices=RULES, method="by_rule")

    def by_rule(self, rows: AnyEscalationQuerySet, name: str, value: str) -> AnyEscalationQuerySet:
        return rows.filter(rule="" if value == BY_HAND else value)


class EscalatedTicketDesk(Desk):
    model = AnyEscalation
    queryset = AnyEscalation.objects.none()
    needs = Can.VIEW_SUPPORT_DESK

    def get_queryset(self) -> Any:
        return super().get_queryset().of_tickets()

    @extend_schema(responses=shape(RaisedEscalation)(many=True))
    @action(
        detail=False,
        url_path="escalations",
        filterset_class=EscalatedTicketFilter,
        pagination_class=queue_pages(TICKET_TABS),
        sorts={"level": "level", "requested_at": "requested_at", "priority": "ticket__priority"},
    )
    def escalations(self, request: Request) -> Response:
        """The highest level first, then the oldest; each with its reason, or the rule that it follows, and what was
        done about it. A ticket is here once for each level that it has reached."""
        rows = self.get_queryset().order_by("-level", "requested_at")
        return self.page(rows, lambda found: escalation_rows(self.actor, found), ticket_tabs())
