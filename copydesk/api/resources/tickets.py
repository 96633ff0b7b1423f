"""`/tickets/`: opened by clients, writers and staff for them; read, answered, worked on."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber, between
from copydesk.api.shape import shape
from copydesk.tickets.actions.course import change_ticket
from copydesk.tickets.actions.opening import TicketForm, open_ticket
from copydesk.tickets.models import ABOUT, Category, Priority, Status, Ticket
from copydesk.tickets.models.ticket import TicketQuerySet
from copydesk.tickets.queries.rows import TicketRow, rows_of, ticket_row

ROW = shape(TicketRow)
PRIORITIES = [(one.word, one.word) for one in Priority]


def rank(word: str) -> Priority:
    return Priority[word.upper()]


class Opening(serializers.Serializer[Any]):
    """`priority` and `requester_id` (for whom it is opened) are staff's. `about_id`: of an order that the requester
    sees."""

    title = serializers.CharField(max_length=200)
    body = serializers.CharField(max_length=50_000, trim_whitespace=False)
    category = serializers.ChoiceField(choices=Category.choices, default=Category.OTHER)
    priority = serializers.ChoiceField(choices=PRIORITIES, required=False)
    requester_id = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False)
    about_type = serializers.ChoiceField(choices=[(one, one) for one in ABOUT], required=False)
    about_id = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False)


class TicketChange(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    priority = serializers.ChoiceField(choices=PRIORITIES, required=False)
    category = serializers.ChoiceField(choices=Category.choices, required=False)


class TicketFilter(between("opened_at")):  # type: ignore[misc]
    """`search` finds numbers, and beginnings of words in titles and public messages. `assignee_id`, `assigned`,
    `overdue` and `at_risk` are staff's to ask."""

    status = django_filters.MultipleChoiceFilter(choices=Status.choices, distinct=False)
    priority = django_filters.MultipleChoiceFilter(choices=PRIORITIES, method="by_priority", distinct=False)
    category = django_filters.MultipleChoiceFilter(choices=Category.choices, distinct=False)
    requester_id = WholeNumber(min_value=1, max_value=BIGGEST)
    assignee_id = WholeNumber(min_value=1, max_value=BIGGEST, method="by_assignee")
    assigned = BooleanFilter(method="by_assigned")
    overdue = BooleanFilter(method="by_overdue")
    at_risk = BooleanFilter(method="by_risk")
    about_id = WholeNumber(min_value=1, max_value=BIGGEST)
    search = django_filters.CharFilter(method="by_words", max_length=100)

    def by_priority(self, rows: TicketQuerySet, name: str, value: list[str]) -> TicketQuerySet:
        return rows.filter(priority__in=[rank(word) for word in value]) if value else rows

    def by_assignee(self, rows: TicketQuerySet, name: str, value: int) -> TicketQuerySet:
        return rows.held_by(self.request.actor, int(value))

    def by_assigned(self, rows: TicketQuerySet, name: str, value: bool) -> TicketQuerySet:  # noqa: FBT001
        return rows.held(self.request.actor, assigned=value)

    def by_overdue(self, rows: TicketQuerySet, name: str, value: bool) -> TicketQuerySet:  # noqa: FBT001
        return rows.overdue_now(self.request.actor, overdue=value)

    def by_risk(self, rows: TicketQuerySet, name: str, value: bool) -> TicketQuerySet:  # noqa: FBT001
        return rows.at_risk_now(self.request.actor, at_risk=value)

    def by_words(self, rows: TicketQuerySet, name: str, value: str) -> TicketQuerySet:
        return rows.matching(value)


class TicketDesk(Desk):
    """A client's and a writer's own; staff's all of the website."""

    model = Ticket
    queryset = Ticket.objects.none()
    needs: ClassVar[Any] = {"GET": Can.USE_TICKETS, "POST": Can.USE_TICKETS, "PATCH": Can.WORK_TICKETS}
    filterset_class: ClassVar[Any] = TicketFilter
    sorts: ClassVar[dict[str, str]] = {
        "opened_at": "opened_at",
        "last_message_at": "last_message_at",
        "priority": "priority",
        "number": "number",
        "due_at": "due_at",
    }

    @extend_schema(responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        """Newest first, where nothing else is asked."""
        return self.page(self.get_queryset().order_by("-pk").ids(), lambda ids: rows_of(self.actor, ids))

    @extend_schema(responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self.seen(self.get_object())

    @extend_schema(request=Opening, responses={201: ROW})
    def create(self, request: Request) -> Response:
        """Opens a ticket with its first public message. Contact details are not masked: requester and desk know each
        other."""
        body = self.payload(Opening)
        priority = body.pop("priority", None)
        form = TicketForm(priority=None if priority is None else rank(priority), **body)
        return self.seen(open_ticket(form, by=self.actor), 201)

    @extend_schema(request=TicketChange, responses=ROW)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Clocks that run get the targets of the new priority or category, counted from their own start."""
        ticket, body = self.get_object(), self.payload(TicketChange)
        priority = body.get("priority")
        change_ticket(
            ticket,
            priority=None if priority is None else rank(priority),
            category=body.get("category"),
            by=self.actor,
        )
        return self.seen(ticket)

    def seen(self, ticket: Ticket, status: int = 200) -> Response:
        """The ticket as the caller now sees it."""
        return self.versioned(ticket, ticket_row(self.actor, ticket), status)
