"""`/orders/{id}/files/` and `/orders/files/{id}/download/`: immutable versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can, Role
from copydesk.api.desk import Desk
from copydesk.api.resources.file_downloads import FileDesk
from copydesk.api.rows.files import UploadParser
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.editing.actions import reviews
from copydesk.orders.actions.files import add_file
from copydesk.orders.models import FileKind, Order, OrderFile
from copydesk.orders.queries.files import OrderFileRow, order_file_rows, order_files

ROW = shape(OrderFileRow)


class Upload(serializers.Serializer[Any]):
    """Clients add brief and source; writers, and the editor who has the order's task, draft, final and revision; staff
    any."""

    file = serializers.FileField(allow_empty_file=True)
    kind = serializers.ChoiceField(choices=FileKind.choices)


class OrderFilesDesk(Desk):
    """The brief is seen by whoever sees the order; work by the client once its round is delivered, drafts when sent in
    a message. A writer who has the order sees all of it, one who no longer has it nothing."""

    model = Order
    queryset = Order.objects.none()
    needs: ClassVar[Can | Mapping[str, Can]] = {"GET": Can.VIEW_ORDERS, "POST": Can.UPLOAD_FILES}
    parser_classes = (UploadParser,)

    @extend_schema(operation_id="orders_files_list", responses=ROW(many=True))
    @action(detail=True, url_path="files")
    def files(self, request: Request, pk: str) -> Response:
        """Newest first, all versions."""
        order = self.get_object()
        rows = order_files(self.actor, order)
        return self.page(rows, lambda files: order_file_rows(self.actor, files))

    @extend_schema(operation_id="orders_files_create", request={"multipart/form-data": Upload}, responses={201: ROW})
    @files.mapping.post
    def upload(self, request: Request, pk: str) -> Response:
        """Adds a version. Types and size as the website allows; what documents say about their authors is taken out,
        `sha256` is of what was kept."""
        order, body = self.get_object(), self.payload(Upload)
        if len(request.FILES.getlist("file")) > 1:
            raise Invalid({"file": "One file a request."})
        add = reviews.add_file if self.actor.role is Role.EDITOR else add_file
        added = add(order, body["file"], FileKind(body["kind"]), by=self.actor)
        (row,) = order_file_rows(self.actor, order_files(self.actor, order).filter(pk=added.pk))
        return Response(row, status=201)


class OrderFileDesk(FileDesk):
    model = OrderFile
    queryset = OrderFile.objects.none()
    needs = Can.VIEW_ORDERS
