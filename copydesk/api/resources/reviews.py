"""`/reviews/`: of orders, writers and the website, by clients; `orders/{id}/review/` is the same review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.orders.models import Order
from copydesk.reviews.actions import appeal_review, report_review, review_website, submit_review
from copydesk.reviews.models import Ground, Review, ReviewStatus, Target
from copydesk.reviews.queries import AppealRow, ReportRow, ReviewRow, appeal_row, report_row, reportable, review_rows

ROW = shape(ReviewRow)


class ReviewBody(serializers.Serializer[Any]):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    target = serializers.ChoiceField(choices=Target.choices, default=Target.WRITER)
    text = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class NewReview(ReviewBody):
    """Without an order it is of the website."""

    order_id = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False, allow_null=True)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        given.setdefault("order_id", None)
        if given["order_id"] is None and given["target"] != Target.WEBSITE:
            raise Invalid({"order_id": "Say which order, or review the website."}, "required")
        return given


class ReportBody(serializers.Serializer[Any]):
    ground = serializers.ChoiceField(choices=Ground.choices)
    note = serializers.CharField(max_length=2_000, allow_blank=True, default="")


class AppealBody(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=5_000)


class ReviewFilter(django_filters.FilterSet):
    target = django_filters.ChoiceFilter(choices=Target.choices)
    status = django_filters.ChoiceFilter(choices=ReviewStatus.choices)
    rating = WholeNumber(min_value=1, max_value=5)
    order_id = WholeNumber(min_value=1, max_value=BIGGEST)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)


class ReviewDesk(Desk):
    """A client's own; a writer's published ones about itself, without the client; staff's all of the website."""

    model = Review
    queryset = Review.objects.none()
    needs: ClassVar[Can | Mapping[str, Can]] = {"GET": Can.VIEW_REVIEWS, "POST": Can.REVIEW_ORDERS}
    filterset_class = ReviewFilter
    sorts: ClassVar[dict[str, str]] = {"-submitted_at": "-pk", "submitted_at": "pk", "rating": "rating"}

    def get_queryset(self) -> Any:
        if self.action == "report" and not getattr(self, "swagger_fake_view", False):
            return reportable(self.actor).select_related("order", "client")
        return super().get_queryset().select_related("order", "client")

    @extend_schema(responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), lambda reviews: review_rows(self.actor, reviews))

    @extend_schema(responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._detail(self.get_object())

    @extend_schema(request=NewReview, responses={201: ROW})
    def create(self, request: Request) -> Response:
        """Once for each completed order, by its client; of the website also without one, once. Contact details in the
        text are removed, as `masked` tells. What looks like spam is `pending` until a moderator has seen it."""
        body = self.payload(NewReview)
        order_id = body.pop("order_id")
        if order_id is None:
            body.pop("target")
            return self._detail(review_website(by=self.actor, **body), 201)
        order = Order.objects.visible_to(self.actor).filter(pk=order_id).first()
        if order is None:
            raise Invalid({"order_id": "There is no such order."}, "not_found")
        return self._detail(submit_review(order, by=self.actor, **body), 201)

    @extend_schema(request=ReportBody, responses={201: shape(ReportRow)})
    @action(detail=True, methods=["post"], url_path="report", needs=Can.REPORT_REVIEWS)
    def report(self, request: Request, pk: str) -> Response:
        """Of any published review, once a member. It is hidden at once for illegal content, personal data and threats,
        else only if a moderator says so. 409 `already_reported`, `own_review`, `not_public`."""
        body = self.payload(ReportBody)
        return Response(report_row(report_review(self.get_object(), by=self.actor, **body)), status=201)

    @extend_schema(request=AppealBody, responses={201: shape(AppealRow)})
    @action(detail=True, methods=["post"], url_path="appeal", needs=Can.REVIEW_ORDERS)
    def appeal(self, request: Request, pk: str) -> Response:
        """By its author, of a rejection, once. 409 `already_appealed`, `appeal_too_late`."""
        appeal = appeal_review(self.get_object(), by=self.actor, **self.payload(AppealBody))
        return Response(appeal_row(self.actor, appeal), status=201)

    def _detail(self, review: Review, status: int = 200) -> Response:
        return self.versioned(review, review_rows(self.actor, [review])[0], status)
