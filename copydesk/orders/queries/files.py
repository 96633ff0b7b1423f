"""Files of an order, as a role sees them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Max

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Role
from copydesk.writers import queries as writers

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
    return rows.select_related("file__uploader", "round").order_by("-id")


def order_file_rows(actor: Actor, order: Order, rows: Sequence[OrderFile]) -> list[OrderFileRow]:
    """Of files from `order_files`. Two queries: which versions are the latest, and pen names."""
    uploaders = {row.file.uploader_id for row in rows if row.uploader_role == Role.WRITER and row.file.uploader_id}
    names = pen_names(actor, uploaders)
    versions = OrderFile.objects.visible_to(actor).filter(order=order).order_by()
    latest = set(versions.values("kind", "name").annotate(last=Max("number")).values_list("kind", "name", "last"))
    return [_row(actor, row, names, is_latest=(row.kind, row.name, row.number) in latest) for row in rows]


def _row(actor: Actor, row: OrderFile, names: dict[int, str], *, is_latest: bool) -> OrderFileRow:
    file = row.file
    return OrderFileRow(
        id=row.pk,
        order_id=row.order_id,
        kind=FileKind(row.kind),
        name=row.name,
        version=row.number,
        is_latest=is_latest,
        round=row.round.number if row.round else None,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        uploaded_by=_uploader(actor, row, names),
        is_own=actor.membership_id is not None and file.uploader_id == actor.membership_id,
        created_at=row.created_at,
    )


def _uploader(actor: Actor, row: OrderFile, names: dict[int, str]) -> str:
    """A client's number, a writer's pen name, the desk's; editors see roles alone."""
    uploader = row.file.uploader
    if row.uploader_role in STAFF or uploader is None:
        return "Support"
    role = row.uploader_role.title()
    return names.get(uploader.pk, role if actor.role is Role.EDITOR else f"{role} {uploader.number}")


def pen_names(actor: Actor, writer_ids: Iterable[int]) -> dict[int, str]:
    """By membership; a writer sees its own only, an editor none. One query at most."""
    wanted = set(writer_ids)
    if actor.role is Role.WRITER:
        wanted &= {actor.membership_id or 0}
    if not wanted or actor.role is Role.EDITOR:
        return {}
    return writers.pen_names(actor.website, wanted)
