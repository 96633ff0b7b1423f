"""The thread of an order: who is in it, and what it says to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.tenancy.models import TenantQuerySet
from copydesk.threads.models import Message
from copydesk.threads.queries import MessageRow, author_ids, message_rows, thread_messages, unread

from ..models import Order, OrderFile
from .files import pen_names


def takes_part(actor: Actor, order: Order) -> bool:
    """The client, the writer who has the order, staff. Editors answer by returning the work, not by writing."""
    if actor.role is Role.CLIENT:
        return order.client_id == actor.membership_id
    if actor.role is Role.WRITER:
        return order.writer_id == actor.membership_id
    return actor.is_staff


def order_messages(actor: Actor, order: Order) -> TenantQuerySet[Message]:
    """The messages as rows to page; none for whoever takes no part."""
    rows = thread_messages(actor, Order.noun, order.pk)
    return rows if takes_part(actor, order) else rows.none()


def order_message_rows(actor: Actor, order: Order, messages: Sequence[Message]) -> list[MessageRow]:
    """Four queries: attachments and their ids on the order, pen names, how far was read."""
    files = OrderFile.objects.of(actor.website).filter(order=order).values_list("file_id", "id")
    names = pen_names(actor, author_ids(messages))
    return message_rows(actor, messages, pen_names=names, file_ids=dict(files))


def unread_rows(actor: Actor, orders: Sequence[Order]) -> QuerySet[Any, Any]:
    """{"root": order, "unread"}, of the threads that `actor` takes part in."""
    return unread(actor, Order.noun, [order.pk for order in orders if takes_part(actor, order)])


def unread_messages(actor: Actor, orders: Sequence[Order]) -> dict[int, int]:
    """By order; those without any are left out. One query."""
    return {row["root"]: row["unread"] for row in unread_rows(actor, orders)}
