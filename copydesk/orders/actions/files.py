"""Files come onto an order."""

from __future__ import annotations

from django.core.files.base import File as Upload
from django.db.models import Max

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Role
from copydesk.files.actions import store_file
from copydesk.files.names import clean_name
from copydesk.journal.actions import lock, record
from copydesk.journal.models import details
from copydesk.threads.masking import REMOVED
from copydesk.threads.policies import MessagePolicy

from .. import errors
from ..models import WORK_KINDS, WRITING, FileKind, Order, OrderFile, Round, Status

KINDS_OF: dict[Role, frozenset[FileKind]] = {
    Role.CLIENT: frozenset({FileKind.BRIEF, FileKind.SOURCE}),
    Role.WRITER: WORK_KINDS | {FileKind.SOURCE},
    Role.EDITOR: WORK_KINDS,
    **dict.fromkeys(STAFF, frozenset(FileKind)),
}


def add_file(order: Order, upload: Upload[bytes], kind: FileKind, *, by: Actor) -> OrderFile:
    """Keeps `upload` as the next version of its kind and name. The caller has made sure that `by` may see the order.

    A writer's files belong to the round that is being written, an editor's to the one that was handed in, and staff's
    work to whichever was last. Raises what files.actions.store_file does, FileKindNotAllowed, NotYours, UploadsClosed,
    FilesLocked.
    """
    _round_for(order, kind, by)
    file = store_file(upload, by=by, name=_masked(upload.name or "", by))
    lock(order)
    round_ = _round_for(order, kind, by)
    same = OrderFile.objects.of(order.website_id).filter(order=order, kind=kind, name=file.name)
    last = same.aggregate(last=Max("number"))["last"] or 0
    row = OrderFile.objects.of(order.website_id).create(
        order=order,
        file=file,
        round=round_,
        kind=kind,
        name=file.name,
        number=last + 1,
        uploader_role=by.role,
    )
    row.order, row.file = order, file
    record("file.upload", row, by=by, data=details(kind=kind, version=row.number, size=file.size))
    return row


def _round_for(order: Order, kind: FileKind, by: Actor) -> Round | None:
    """The piece of work that the file belongs to; refuses what may not come now."""
    if kind not in KINDS_OF.get(by.role, frozenset()):
        raise errors.FileKindNotAllowed(allowed=sorted(KINDS_OF.get(by.role, frozenset())))
    if by.role is Role.WRITER and order.writer_id != by.membership_id:
        raise errors.NotYours
    if order.archived_at is not None or order.status == Status.CANCELLED:
        raise errors.UploadsClosed
    if kind not in WORK_KINDS and by.role is not Role.WRITER:
        return None
    if (by.role is Role.WRITER and order.status not in WRITING) or (
        by.role is Role.EDITOR and order.status != Status.EDITING
    ):
        raise errors.UploadsClosed
    rounds = Round.objects.of(order.website_id).filter(order=order, closed_at=None)
    last = rounds.order_by("-number").first()
    if last is None:
        raise errors.UploadsClosed
    if last.passed_at is not None:
        raise errors.FilesLocked
    return last


def _masked(given: str, by: Actor) -> str:
    """A name is read by the other side too: contact details go, the extension stays."""
    stem, dot, extension = clean_name(given).rpartition(".")
    if not dot:
        return given
    policy = MessagePolicy.of(by.website)
    left = policy.mask(stem.replace("_", " "))
    return f"{left.text if left.counts else stem}.{extension}".replace(REMOVED, "removed")
