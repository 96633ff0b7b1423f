"""`{id}/download/` of the rows that have a file: of orders, tickets, disputes."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from copydesk.api.desk import Desk
from copydesk.api.rows.files import download


class FileDesk(Desk):
    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("file")

    @extend_schema(responses={(200, "*/*"): OpenApiTypes.BINARY, 304: OpenApiResponse()})
    @action(detail=True, url_path="download")
    def download(self, request: Request, pk: str) -> HttpResponseBase:
        """The content, as an attachment. The ETag is its sha256."""
        return download(request, self.get_object().file)
