"""`/orders/{id}/messages/`: the thread between client, writer and staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.core.errors import NotFound
from copydesk.orders.actions.messages import read_messages, write_message
from copydesk.orders.models import Order
from copydesk.orders.queries.messages import order_message_rows, order_messages, takes_part, unread_messages
from copydesk.threads.queries import MessageRow


class MessageBody(serializers.Serializer[Any]):
    """`file_ids`: files of this order that the sender sees."""

    body = serializers.CharField(allow_blank=True, trim_whitespace=False)
    file_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=BIGGEST), max_length=50, default=list
    )


class ReadBody(serializers.Serializer[Any]):
    """`up_to`: the last message that was read; all of them where it is left out."""

    up_to = serializers.IntegerField(min_value=1, max_value=BIGGEST, required=False)


@dataclass(frozen=True, slots=True)
class Unread:
    unread: int


class OrderMessageDesk(Desk):
    """For the order's client, the writer who has it, and staff; to others the thread is unknown."""

    model = Order
    queryset = Order.objects.none()
    needs = Can.WRITE_MESSAGES

    def get_object(self) -> Order:
        order: Order = super().get_object()
        if not takes_part(self.actor, order):
            raise NotFound
        return order

    @extend_schema(operation_id="orders_messages_list", responses=shape(MessageRow)(many=True))
    @action(detail=True, url_path="messages")
    def messages(self, request: Request, pk: str) -> Response:
        """Newest first."""
        order = self.get_object()
        rows = order_messages(self.actor, order)
        return self.page(rows, lambda messages: order_message_rows(self.actor, order, messages))

    @extend_schema(operation_id="orders_messages_create", request=MessageBody, responses={201: shape(MessageRow)})
    @messages.mapping.post
    def write(self, request: Request, pk: str) -> Response:
        """Contact details are removed, and `masked` in the answer says of what kind and how many. What was written
        before counts as read."""
        order, body = self.get_object(), self.payload(MessageBody)
        message = write_message(order, body["body"], body["file_ids"], by=self.actor)
        return Response(order_message_rows(self.actor, order, [message])[0], status=201)

    @extend_schema(request=ReadBody, responses=shape(Unread))
    @action(detail=True, methods=["post"], url_path="messages/read")
    def read(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(ReadBody)
        read_messages(order, by=self.actor, up_to=body.get("up_to"))
        return Response(Unread(unread_messages(self.actor, [order]).get(order.pk, 0)))
