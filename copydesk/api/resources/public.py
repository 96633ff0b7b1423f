"""`/public/`: what a visitor of a website may read without a token."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.api.access import Public, called
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.orders.queries.catalog import Catalog, catalog


class PublicDesk(Desk):
    permission_classes = (Public,)

    @extend_schema(responses=shape(Catalog))
    @action(detail=False, url_path="catalog")
    def catalog(self, request: Request) -> Response:
        """All that an order form needs: the website's choices and their prices."""
        website = called(request).caller.website
        assert website is not None
        return Response(catalog(website))
