"""Messages as a role sees them, and how many of them are new."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Role
from copydesk.tenancy.models import TenantQuerySet
from copydesk.tenancy.sql import select

from .models import Attachment, Message, ReadMark, Thread

UNREAD = """
FROM threads_thread t JOIN threads_message m ON m.website_id = t.website_id AND m.thread_id = t.id
LEFT JOIN threads_readmark r ON r.website_id = t.website_id AND r.thread_id = t.id AND r.member_id = %(member)s
WHERE t.website_id = %(website)s AND t.root_type = %(root_type)s
  AND m.author_id IS DISTINCT FROM %(member)s AND m.id > coalesce(r.last_read_message_id, 0)
"""
"""Messages of others that a member has not read."""
UNREAD_BY_ROOT = f"SELECT t.root_id, count(*) {UNREAD} AND t.root_id = ANY(%(roots)s) GROUP BY 1"


@dataclass(frozen=True, slots=True)
class Masked:
    """How much of what was taken out of a message. `kind`: email, phone, link, handle or word."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    id: int
    name: str
    content_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """`author_label` is a client's number, a writer's pen name or the desk's: never a name. `author_role` of staff is
    `support`, whoever wrote."""

    id: int
    created_at: datetime
    author_role: str
    author_label: str
    is_own: bool
    is_unread: bool
    body: str
    masked: list[Masked]
    attachments: list[AttachmentRow]


def thread_messages(actor: Actor, root_type: str, root_id: int) -> TenantQuerySet[Message]:
    """The messages of one root, with their authors; the caller has made sure that `actor` may see the root."""
    rows = Message.objects.of(actor.website).filter(thread__root_type=root_type, thread__root_id=root_id)
    return rows.select_related("author")


def message_rows(
    actor: Actor,
    messages: Sequence[Message],
    *,
    pen_names: Mapping[int, str],
    file_ids: Mapping[int, int] | None = None,
) -> list[MessageRow]:
    """Two queries: the attachments, and how far `actor` has read. `pen_names` by membership; `file_ids`: file → the id
    by which `actor` can download it, where that is another one."""
    attached: dict[int, list[AttachmentRow]] = {}
    rows = Attachment.objects.of(actor.website).filter(message__in=[m.pk for m in messages]).select_related("file")
    for row in rows.order_by("id"):
        file = row.file
        file_id = file.pk if file_ids is None else file_ids[file.pk]
        shown = AttachmentRow(file_id, file.name, file.content_type, file.size, file.sha256)
        attached.setdefault(row.message_id, []).append(shown)
    marks = ReadMark.objects.of(actor.website).filter(member_id=actor.membership_id or 0)
    read = dict(marks.filter(thread__in={m.thread_id for m in messages}).values_list("thread_id", "last_read_message"))
    return [
        MessageRow(
            id=message.pk,
            created_at=message.created_at,
            author_role=Role.SUPPORT if message.author_role in STAFF else message.author_role,
            author_label=author_label(message, pen_names),
            is_own=_is_own(actor, message),
            is_unread=not _is_own(actor, message)
            and actor.membership_id is not None
            and message.pk > read.get(message.thread_id, 0),
            body=message.body,
            masked=masked_list(message.masked),
            attachments=attached.get(message.pk, []),
        )
        for message in messages
    ]


def _is_own(actor: Actor, message: Message) -> bool:
    return actor.membership_id is not None and message.author_id == actor.membership_id


def author_label(message: Message, pen_names: Mapping[int, str]) -> str:
    author = message.author
    if message.author_role in STAFF or author is None:
        return "Support"
    if message.author_role == Role.WRITER:
        return pen_names.get(author.pk, f"Writer {author.number}")
    return f"{message.author_role.title()} {author.number}"


def masked_list(counts: Mapping[str, int]) -> list[Masked]:
    return [Masked(kind, count) for kind, count in sorted(counts.items())]


def unread(actor: Actor, root_type: str, root_ids: Sequence[int]) -> dict[int, int]:
    """By root, messages of others that `actor` has not read; roots without any are left out. One query at most.

    None for whoever is no member (a superadmin, the system): nothing is kept about their reading.
    """
    if actor.membership_id is None or not root_ids:
        return {}
    values = {"website": actor.website.pk, "member": actor.membership_id, "root_type": root_type, "roots": root_ids}
    found: Any = select(UNREAD_BY_ROOT, **values)
    return dict(found)


def find_thread(actor: Actor, root_type: str, root_id: int) -> Thread | None:
    return Thread.objects.of(actor.website).filter(root_type=root_type, root_id=root_id).first()
