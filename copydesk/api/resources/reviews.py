"""`/reviews/`: of orders, writers and the website, by clients; `orders/{id}/review/` is the same review."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.orders.models import Order
from copydesk.reviews.actions import submit_review
from copydesk.reviews.models import Review, ReviewStatus, Target
from copydesk.reviews.queries import ReviewRow, review_rows

ROW = shape(ReviewRow)


class ReviewBody(serializers.Serializer[Any]):
    rating = serializers.IntegerField(min_value=1, max_value=5)
    target = serializers.ChoiceField(choices=Target.choices, default=Target.WRITER)
    text = serializers.CharField(max_length=5_000, allow_blank=True, default="")


class ReviewOfOrder(ReviewBody):
    order_id = serializers.IntegerField(min_value=1, max_value=BIGGEST)


class ReviewFilter(django_filters.FilterSet):
    target = django_filters.ChoiceFilter(choices=Target.choices)
    status = django_filters.ChoiceFilter(choices=ReviewStatus.choices)
    rating = django_filters.NumberFilter(min_value=1, max_value=5)
    order_id = django_filters.NumberFilter(min_value=1, max_value=BIGGEST)
    writer_id = django_filters.NumberFilter(min_value=1, max_value=BIGGEST)


class ReviewDesk(Desk):
    """A client's own; a writer's about itself, without the client; staff's all of the website."""

    model = Review
    queryset = Review.objects.none()
    needs: ClassVar[Can | Mapping[str, Can]] = {"GET": Can.VIEW_REVIEWS, "POST": Can.REVIEW_ORDERS}
    filterset_class = ReviewFilter
    sorts: ClassVar[dict[str, str]] = {"-submitted_at": "-pk", "submitted_at": "pk", "rating": "rating"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("order", "client")

    @extend_schema(responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), lambda reviews: review_rows(self.actor, reviews))

    @extend_schema(responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        review = self.get_object()
        return self.versioned(review, review_rows(self.actor, [review])[0])

    @extend_schema(request=ReviewOfOrder, responses={201: ROW})
    def create(self, request: Request) -> Response:
        """Once for each completed order, by its client. Contact details in the text are removed, as `masked` tells."""
        body = self.payload(ReviewOfOrder)
        order_id = body.pop("order_id")
        order = Order.objects.visible_to(self.actor).filter(pk=order_id).first()
        if order is None:
            raise Invalid({"order_id": "There is no such order."}, "not_found")
        review = submit_review(order, by=self.actor, **body)
        return self.versioned(review, review_rows(self.actor, [review])[0], 201)
