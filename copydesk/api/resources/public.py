"""`/public/`: what a visitor of a website may read without a token."""

from __future__ import annotations

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.api.access import Public, called
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.orders.queries.catalog import Catalog, catalog
from copydesk.tenancy.models import Website
from copydesk.tickets.models import Category, Faq
from copydesk.tickets.queries.faqs import FaqRow, faq_rows, published_faqs


class FaqFilter(django_filters.FilterSet):
    category = django_filters.MultipleChoiceFilter(choices=Category.choices)


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

    @property
    def website(self) -> Website:
        website = called(self.request).caller.website
        assert website is not None
        return website
