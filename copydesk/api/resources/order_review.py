"""`/orders/{id}/review/`: the one review of an order; as `/reviews/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.resources.reviews import ROW, ReviewBody
from copydesk.core.errors import NotFound
from copydesk.orders.models import Order
from copydesk.reviews.actions import submit_review
from copydesk.reviews.models import Review
from copydesk.reviews.queries import review_rows


class OrderReviewDesk(Desk):
    model = Order
    queryset = Order.objects.none()
    needs: ClassVar[Can | Mapping[str, Can]] = {"GET": Can.VIEW_REVIEWS, "POST": Can.REVIEW_ORDERS}

    @extend_schema(operation_id="orders_review_retrieve", responses=ROW)
    @action(detail=True, url_path="review")
    def review(self, request: Request, pk: str) -> Response:
        order = self.get_object()
        rows = Review.objects.visible_to(self.actor).select_related("order", "client")
        review = rows.filter(order=order).first()
        if review is None:
            raise NotFound
        return self.versioned(review, review_rows(self.actor, [review])[0])

    @extend_schema(operation_id="orders_review_create", request=ReviewBody, responses={201: ROW})
    @review.mapping.post
    def write(self, request: Request, pk: str) -> Response:
        """As POST reviews/ with this order."""
        order, body = self.get_object(), self.payload(ReviewBody)
        review = submit_review(order, by=self.actor, **body)
        return self.versioned(review, review_rows(self.actor, [review])[0], 201)
