"""Messages between the client, the writer and staff of one order."""

from __future__ import annotations

from collections.abc import Sequence

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Invalid
from copydesk.threads.actions import mark_read, open_thread, post_message
from copydesk.threads.models import Message
from copydesk.threads.queries import find_thread

from .. import errors
from ..models import Order, OrderFile
from ..queries.messages import takes_part


def write_message(order: Order, body: str, file_ids: Sequence[int] = (), *, by: Actor) -> Message:
    """Adds a message to the order's thread, with files that are on the order already. Own reading is up to date then.

    Raises Invalid (body, files), NotYours, ThreadClosed, and FileNotDelivered: a message is no way around delivery.
    """
    if not takes_part(by, order):
        raise errors.NotYours
    if order.archived_at is not None:
        raise errors.ThreadClosed
    attached = _attached(order, file_ids, by)
    thread = open_thread(by.website, root_type=Order.noun, root_id=order.pk)
    parties = (order.client_id, order.writer_id)
    message = post_message(thread, body, [row.file for row in attached], by=by, parties=parties)
    mark_read(thread, by=by)
    return message


def read_messages(order: Order, *, by: Actor, up_to: int | None = None) -> None:
    if not takes_part(by, order):
        raise errors.NotYours
    thread = find_thread(by, Order.noun, order.pk)
    if thread is not None:
        mark_read(thread, by=by, up_to=up_to)


def _attached(order: Order, file_ids: Sequence[int], by: Actor) -> list[OrderFile]:
    wanted = list(dict.fromkeys(file_ids))
    seen = OrderFile.objects.visible_to(by).filter(order=order).select_related("file", "round").in_bulk(wanted)
    missing = [file_id for file_id in wanted if file_id not in seen]
    if missing:
        raise Invalid({"file_ids": f"Not on this order: {', '.join(map(str, missing))}."}, "not_found")
    rows = [seen[file_id] for file_id in wanted]
    if by.role is not Role.CLIENT and any(row.awaits_delivery for row in rows):
        raise errors.FileNotDelivered
    return rows
