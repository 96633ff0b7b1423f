"""`/public/`: what a visitor of a website may read without a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.api.access import Public, called
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.filters import WholeNumber
from copydesk.api.shape import shape
from copydesk.orders.queries.catalog import Catalog, catalog
from copydesk.reviews.models import RATING_TARGETS, Review, Target
from copydesk.reviews.models.review import ReviewQuerySet
from copydesk.reviews.queries.public import (
    PublicRating,
    PublicReview,
    public_rating,
    public_rows,
    published_reviews,
)
from copydesk.tenancy.models import Website
from copydesk.tickets.models import Category, Faq
from copydesk.tickets.queries.faqs import FaqRow, faq_rows, published_faqs


class FaqFilter(django_filters.FilterSet):
    category = django_filters.MultipleChoiceFilter(choices=Category.choices, distinct=False)


class PublicReviewFilter(django_filters.FilterSet):
    target = django_filters.MultipleChoiceFilter(choices=Target.choices, distinct=False)
    rating = WholeNumber(min_value=1, max_value=5)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST, method="of_writer")

    def of_writer(self, rows: ReviewQuerySet, name: str, value: Any) -> ReviewQuerySet:
        return rows.filter(writer_id=value, target__in=RATING_TARGETS)


@dataclass(frozen=True, slots=True)
class PublicReviews:
    """A page, and beside it the rating of the website's reviews, whatever the page is narrowed to."""

    count: int
    next: str | None
    previous: str | None
    results: list[PublicReview]
    rating: PublicRating


class PublicDesk(Desk):
    permission_classes = (Public,)

    @extend_schema(responses=shape(Catalog))
    @action(detail=False, url_path="catalog")
    def catalog(self, request: Request) -> Response:
        """All that an order form needs: the website's choices and their prices."""
        return Response(catalog(self.website))

    @extend_schema(responses=shape(FaqRow)(many=True))
    @action(detail=False, url_path="faqs", filterset_class=FaqFilter, queryset=Faq.objects.none())
    def faqs(self, request: Request) -> Response:
        """Those that the desk has published, in its order."""
        return self.page(published_faqs(self.website), faq_rows)

    PAGED: ClassVar = [
        OpenApiParameter("page", {"type": "integer", "minimum": 1, "maximum": 1_000_000, "default": 1}),
        OpenApiParameter("page_size", {"type": "integer", "minimum": 1, "maximum": 100, "default": 25}),
    ]

    @extend_schema(operation_id="public_reviews", parameters=PAGED, filters=True, responses=shape(PublicReviews))
    @action(detail=False, url_path="reviews", filterset_class=PublicReviewFilter, queryset=Review.objects.none())
    def reviews(self, request: Request) -> Response:
        """What is published, the newest first. `rating` is of those that are not under review."""
        rows = published_reviews(self.website).order_by("-pk").ids()
        page = self.page(rows, lambda ids: public_rows(self.website, ids))
        page.data["rating"] = public_rating(self.website)
        return page

    @property
    def website(self) -> Website:
        website = called(self.request).caller.website
        assert website is not None
        return website
