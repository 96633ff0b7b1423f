"""`/writer-management/dashboard/`: what a writer has earned, how well it works, where it stands, what may be next."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.filters import between
from copydesk.api.lists import Cursor, Pages, parameter
from copydesk.api.reports import SeriesQuery
from copydesk.api.shape import shape
from copydesk.orders.queries.queue import TABS, QueueCapacity, QueueRow, WriterQueue
from copydesk.payments.models import Earning, EarningKind, EarningState
from copydesk.reports.badges import WriterBadges, writer_badges
from copydesk.reports.earnings import EarningLine, WriterEarnings, earning_lines, own_earnings, writer_earnings
from copydesk.reports.level import WriterLevel, writer_level
from copydesk.reports.performance import WriterPerformance, writer_performance

BOOLEAN = {"type": "boolean"}
WHOLE = {"type": "integer", "minimum": 0}


class EarningFilter(between("created_at")):  # type: ignore[misc]
    """`kind` and `state` may be given several times: `pending` and `held` together are the pending total."""

    kind = django_filters.MultipleChoiceFilter(choices=EarningKind.choices, distinct=False)
    state = django_filters.MultipleChoiceFilter(choices=EarningState.choices, distinct=False)


class QueueFilter(django_filters.FilterSet):
    subject = django_filters.CharFilter(max_length=40)
    paper_type = django_filters.CharFilter(max_length=40)


class WriterQueuePages(Pages):
    """Pages of one tab; `counts` of all tabs, and `capacity`, stand beside the rows."""

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        tab = {"type": "string", "enum": [*TABS], "default": TABS[0]}
        return [parameter("tab", tab), *super().get_schema_operation_parameters(view)]

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        envelope = super().get_paginated_response_schema(schema)
        beside: dict[str, dict[str, Any]] = {
            "counts": dict.fromkeys(TABS, WHOLE),
            "capacity": {one.name: BOOLEAN if one.type == "bool" else WHOLE for one in fields(QueueCapacity)},
        }
        for name, parts in beside.items():
            envelope["properties"][name] = {"type": "object", "required": [*parts], "properties": parts}
        envelope["required"] += beside
        return envelope


class WriterDashboard(Desk):
    needs = Can.VIEW_WRITER_DESK
    queryset = Earning.objects.none()

    @extend_schema(responses=shape(WriterEarnings))
    @action(detail=False, url_path="earnings", query_class=SeriesQuery)
    def earnings(self, request: Request) -> Response:
        """What was earned and paid out in the period, and where all that is not paid out stands now."""
        return Response(writer_earnings(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(EarningLine)(many=True))
    @action(detail=False, url_path="earnings/lines", filterset_class=EarningFilter, pagination_class=Cursor)
    def earning_lines(self, request: Request) -> Response:
        """The list behind the totals of earnings/, newest first: each with its order, and where it stands."""
        return self.stream(own_earnings(self.actor), lambda found: earning_lines(self.actor, found))

    @extend_schema(responses=shape(WriterPerformance))
    @action(detail=False, url_path="performance", query_class=SeriesQuery)
    def performance(self, request: Request) -> Response:
        """Completed orders, rates and rating in the period, and how they went."""
        return Response(writer_performance(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(QueueRow)(many=True))
    @action(
        detail=False,
        url_path="queue",
        filterset_class=QueueFilter,
        pagination_class=WriterQueuePages,
        sorts={"-match": "fit", "match": "fit", "deadline": "client_deadline"},
    )
    def queue(self, request: Request) -> Response:
        """What may be next: orders to take or to ask for, best match first; requests and offers that wait for an
        answer; orders of clients who prefer the writer. `capacity` says how many more it may have and ask for."""
        queue = WriterQueue(self.actor)
        answer = self.page(queue.orders, queue.rows, queue.tabs)
        answer.data["capacity"] = queue.capacity
        return answer

    @extend_schema(responses=shape(WriterBadges))
    @action(detail=False, url_path="badges")
    def badges(self, request: Request) -> Response:
        """Those earned, with when; those to be had, with how far it is."""
        return Response(writer_badges(self.actor))

    @extend_schema(responses=shape(WriterLevel))
    @action(detail=False, url_path="level")
    def level(self, request: Request) -> Response:
        """What the level allows and pays, what is missing for the next one, and the rank on the website."""
        return Response(writer_level(self.actor))
