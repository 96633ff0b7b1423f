"""Files of an order, as a role sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Max, Window

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Role

from ..models import FileKind, Order, OrderFile
from ..models.files import OrderFileQuerySet


@dataclass(frozen=True, slots=True)
class OrderFileRow:
    """`version` counts within kind and name; `is_latest` is the newest of them that the caller sees. `round` is the
    number of the piece of work; null for what is not a writer's work. Content: orders/files/{id}/download/."""

    id: int
    order_id: int
    kind: FileKind
    name: str
    version: int
    is_latest: bool
    round: int | None
    content_type: str
    size: int
    sha256: str
    uploaded_by: str
    is_own: bool
    created_at: dt.datetime


def order_files(actor: Actor, order: Order) -> OrderFileQuerySet:
    """All that `actor` sees of one order, newest first, with what their rows need."""
    rows = OrderFile.objects.visible_to(actor).filter(order=order)
    newest = Window(Max("number"), partition_by=["kind", "name"])
    return rows.select_related("file__uploader__writer_profile", "round").annotate(newest=newest).order_by("-id")


def order_file_rows(actor: Actor, files: Iterable[OrderFile]) -> list[OrderFileRow]:
    """Of files from `order_files`; no more queries."""
    return [_row(actor, file) for file in files]


def _row(actor: Actor, row: OrderFile) -> OrderFileRow:
    file = row.file
    newest: int = row.newest  # type: ignore[attr-defined]
    return OrderFileRow(
        id=row.pk,
        order_id=row.order_id,
        kind=FileKind(row.kind),
        name=row.name,
        version=row.number,
        is_latest=row.number == newest,
        round=row.round.number if row.round else None,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        uploaded_by=_uploader(actor, row),
        is_own=actor.membership_id is not None and file.uploader_id == actor.membership_id,
        created_at=row.created_at,
    )


def _uploader(actor: Actor, row: OrderFile) -> str:
    """A client's number, a writer's pen name, the desk's; a writer knows its own pen name alone, editors see roles."""
    uploader = row.file.uploader
    if row.uploader_role in STAFF or uploader is None:
        return "Support"
    role = row.uploader_role.title()
    if actor.role is Role.EDITOR:
        return role
    if row.uploader_role == Role.WRITER and (actor.role is not Role.WRITER or uploader.pk == actor.membership_id):
        return uploader.writer_profile.pen_name
    return f"{role} {uploader.number}"
