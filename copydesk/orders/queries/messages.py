"""The thread of an order: who is in it, and what it says to whom."""

from __future__ import annotations

from collections.abc import Sequence

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.tenancy.models import TenantQuerySet
from copydesk.threads.models import Message
from copydesk.threads.queries import MessageRow, message_rows, thread_messages, unread

from ..models import Order, OrderFile


def takes_part(actor: Actor, order: Order) -> bool:
    """The client, the writer who has the order, staff. Editors answer by returning the work, not by writing."""
    if actor.role is Role.CLIENT:
        return order.client_id == actor.membership_id
    if actor.role is Role.WRITER:
        return order.writer_id == actor.membership_id
    return actor.is_staff


def order_messages(actor: Actor, order: Order) -> TenantQuerySet[Message]:
    """The messages as rows to page, with their writers' profiles; none for whoever takes no part."""
    rows = thread_messages(actor, Order.noun, order.pk).select_related("author__writer_profile")
    return rows if takes_part(actor, order) else rows.none()


def order_message_rows(actor: Actor, order: Order, messages: Sequence[Message]) -> list[MessageRow]:
    """Three queries: attachments and their ids on the order, how far was read. Of messages that come without their
    writers' profiles, one more for each."""
    files = OrderFile.objects.of(actor.website).filter(order=order).values_list("file_id", "id")
    return message_rows(actor, messages, pen_names=_pen_names(actor, messages), file_ids=dict(files))


def _pen_names(actor: Actor, messages: Sequence[Message]) -> dict[int, str]:
    """By membership; a writer knows its own alone."""
    writers = [row.author for row in messages if row.author is not None and row.author_role == Role.WRITER]
    return {
        writer.pk: writer.writer_profile.pen_name
        for writer in writers
        if actor.role is not Role.WRITER or writer.pk == actor.membership_id
    }


def unread_messages(actor: Actor, orders: Sequence[Order]) -> dict[int, int]:
    """By order, of the threads that `actor` takes part in; those without any are left out. One query at most."""
    return unread(actor, Order.noun, [order.pk for order in orders if takes_part(actor, order)])
