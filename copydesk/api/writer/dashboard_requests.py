"""`/writer-management/dashboard/order-requests/`: what became of the orders that a writer asked for."""

from __future__ import annotations

from typing import Any

import django_filters
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api import live
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber, between
from copydesk.api.lists import Pages
from copydesk.api.shape import shape
from copydesk.orders.models import Request, RequestStatus
from copydesk.orders.queries.tracking import DECISIONS, TrackedRequest, own_requests, request_counts, tracked_requests

COUNT = {"type": "integer"}


class CountedPages(Pages):
    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        envelope = super().get_paginated_response_schema(schema)
        names = ["all", *RequestStatus.values]
        counts = {"type": "object", "required": names, "properties": dict.fromkeys(names, COUNT)}
        envelope["required"].append("counts")
        envelope["properties"]["counts"] = counts
        return envelope


class TrackingFilter(between("requested_at")):  # type: ignore[misc]
    """`from` and `to` are about when it was asked for; `status` may be given several times."""

    status = django_filters.MultipleChoiceFilter(choices=RequestStatus.choices, distinct=False)
    order_id = WholeNumber("order_id", min_value=1, max_value=BIGGEST)


class OrderRequestDesk(Desk):
    model = Request
    queryset = Request.objects.none()
    needs = Can.VIEW_WRITER_DESK

    @extend_schema(responses=shape(TrackedRequest)(many=True))
    @action(
        detail=False,
        url_path="order-requests",
        filterset_class=TrackingFilter,
        pagination_class=CountedPages,
        sorts={"-requested_at": "-requested_at", "requested_at": "requested_at", "expires_at": "expires_at"},
    )
    def requests(self, request: HttpRequest) -> Response:
        """Own requests, newest first, each with its history. `counts` are of the same rows by status, whatever
        `status` is asked for: each is the `count` of the list with that status."""
        counts = request_counts(self._of_any_status(self.get_queryset()))
        asked = set(request.query_params.getlist("status")) or {"all"}
        answer = self.page(
            own_requests(self.actor),
            lambda found: tracked_requests(self.actor, found),
            total=sum(counts.get(status, 0) for status in asked),
        )
        answer.data["counts"] = counts
        return answer

    @extend_schema(parameters=[live.ResumeQuery, live.LAST_EVENT_ID], responses=live.RESPONSES)
    @action(detail=False, url_path="order-requests/stream", query_class=live.ResumeQuery)
    def decisions(self, request: HttpRequest) -> HttpResponseBase:
        """Server-sent events of own requests that are approved, rejected, expired or superseded, as they are
        committed; none is lost over a reconnect with `Last-Event-ID`. Served by `events/stream/`."""
        return live.to_stream(request, self.actor, {**self.query(), "verb": ",".join(DECISIONS)})

    def _of_any_status(self, rows: Any) -> Any:
        given = self.request.query_params.copy()
        given.pop("status", None)
        if not given:
            return rows
        return self.filterset_class(given, queryset=rows, request=self.request).qs
