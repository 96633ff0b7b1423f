"""`/admin-management/tickets/`: what nobody has, who has how much, and giving it out, many at once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, BulkSerializer, OptionalReason
from copydesk.api.desk import Desk
from copydesk.api.queues import queue_pages
from copydesk.api.rows.tickets import QueueFilter
from copydesk.api.shape import shape
from copydesk.core import clock
from copydesk.core.bulk import BulkReport
from copydesk.core.errors import Invalid
from copydesk.tickets.actions.bulk import assign_tickets
from copydesk.tickets.models import Ticket
from copydesk.tickets.queries.assignment import TABS, UnassignedTicket, in_need, tabs, unassigned_rows
from copydesk.tickets.queries.balancing import BalancingPlan, balancing_plan

EITHER = "Either ids and agent_id, or assignments."


def row_id(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=BIGGEST, **options)


class AgentAssignment(serializers.Serializer[Any]):
    """A ticket, and the member of the desk that gets it; null: nobody."""

    id = row_id()
    agent_id = row_id(allow_null=True)


class BulkAssignment(BulkSerializer, OptionalReason):
    """Either `ids`, and `agent_id` for all of them, or `assignments`, each ticket with its own."""

    ids = serializers.ListField(child=row_id(), min_length=1, max_length=500, required=False)
    agent_id = row_id(allow_null=True, required=False)
    assignments = serializers.ListField(child=AgentAssignment(), min_length=1, max_length=500, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """→ {"ids", "wanted", "mode", "reason"}."""
        each = given.pop("assignments", None)
        if each is not None:
            if "ids" in given or "agent_id" in given:
                raise Invalid({"assignments": EITHER})
            given["ids"] = [one["id"] for one in each]
            given["wanted"] = {one["id"]: one["agent_id"] for one in each}
            if len(given["wanted"]) < len(each):
                raise Invalid({"assignments": "A ticket stands here twice."})
            return given
        if missing := [name for name in ("ids", "agent_id") if name not in given]:
            raise Invalid(dict.fromkeys(missing, EITHER), "required")
        given["wanted"] = dict.fromkeys(given["ids"], given.pop("agent_id"))
        return given


class TicketAssignmentDesk(Desk):
    model = Ticket
    queryset = Ticket.objects.none()
    needs = Can.MANAGE_DESK

    @extend_schema(responses=shape(UnassignedTicket)(many=True))
    @action(
        detail=False,
        url_path="assignment-queue",
        filterset_class=QueueFilter,
        pagination_class=queue_pages(TABS),
        sorts={"priority": "priority", "due_at": "due_at", "opened_at": "opened_at"},
    )
    def assignment_queue(self, request: Request) -> Response:
        """Active tickets that nobody has: the highest priority first, then whose clock is due first; each with who of
        the desk could have it, and why the others get none."""
        rows = in_need(self.get_queryset()).ids()
        return self.page(rows, lambda ids: unassigned_rows(self.actor, ids), tabs(self.actor))

    @extend_schema(responses=shape(BalancingPlan))
    @action(detail=False, url_path="workload-balancing")
    def workload_balancing(self, request: Request) -> Response:
        """Which tickets to give from whom to whom. Nothing is changed: bulk-assign applies it."""
        return Response(balancing_plan(self.actor.website, clock.now()))

    @extend_schema(request=BulkAssignment, responses=shape(BulkReport))
    @action(detail=False, methods=["post"], url_path="bulk-assign")
    def bulk_assign(self, request: Request) -> Response:
        """Each ticket as by `tickets/{id}/assign/`: what one refuses undoes no other."""
        body = self.payload(BulkAssignment)
        return Response(assign_tickets(body.pop("ids"), body.pop("wanted"), by=self.actor, **body))
