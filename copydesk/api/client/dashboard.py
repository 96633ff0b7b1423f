"""`/client-management/dashboard/`: a client's own orders and money."""

from __future__ import annotations

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can, Role
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber, between
from copydesk.api.lists import Cursor
from copydesk.api.reports import PeriodQuery, SeriesQuery
from copydesk.api.shape import shape
from copydesk.journal.models import Event
from copydesk.journal.queries import verbs_seen_by
from copydesk.orders.queries.activity import OrderActivity, order_activity, order_events
from copydesk.payments.queries.spending import ClientWallet, client_wallet
from copydesk.reports.clients import ClientAnalytics, ClientStats, client_analytics, client_stats


class ActivityFilter(between("at")):  # type: ignore[misc]
    """`verb` may be given several times."""

    order_id = WholeNumber("root_id", min_value=1, max_value=BIGGEST)
    verb = django_filters.MultipleChoiceFilter(
        choices=[(verb, verb) for verb in verbs_seen_by(Role.CLIENT)], distinct=False
    )


class ClientDashboard(Desk):
    needs = Can.VIEW_CLIENT_DESK
    queryset = Event.objects.none()

    @extend_schema(responses=shape(ClientStats))
    @action(detail=False, url_path="stats", query_class=PeriodQuery)
    def stats(self, request: Request) -> Response:
        """Orders by status, what is due next, what was spent in the period and in all."""
        return Response(client_stats(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(ClientAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """Orders and spend over time, by kind of service and subject; how long orders take and how well they go."""
        return Response(client_analytics(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(ClientWallet))
    @action(detail=False, url_path="wallet", query_class=PeriodQuery)
    def wallet(self, request: Request) -> Response:
        """The balance and its newest lines, top-ups, and what the period's money was spent on."""
        return Response(client_wallet(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(OrderActivity)(many=True))
    @action(detail=False, url_path="activity", filterset_class=ActivityFilter, pagination_class=Cursor)
    def activity(self, request: Request) -> Response:
        """What happened to the own orders, newest first: steps, files, messages, money."""
        return self.stream(order_events(self.actor), lambda events: order_activity(self.actor, events))
