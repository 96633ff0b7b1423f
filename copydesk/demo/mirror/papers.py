"""Mirrors the files and messages of an order: copydesk/files, copydesk/threads, copydesk/orders/actions/files.py."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.files.models import File
from copydesk.journal.models import details
from copydesk.orders.models.files import WORK_KINDS, OrderFile
from copydesk.threads.masking import Masked
from copydesk.threads.models import Message, ReadMark, Thread
from copydesk.threads.policies import MessagePolicy

from ..copy import Row, dumps
from ..stage import Case, Stage, step
from ..texts import CONTENTS

POLICY = MessagePolicy()


@lru_cache(maxsize=1_000)
def masked(body: str) -> Masked:
    return POLICY.mask(body)


def store_file(stage: Stage, content: str, *, by: Actor) -> Row:
    name, data = CONTENTS[content]
    sha256 = hashlib.sha256(data).hexdigest()
    key = f"{stage.website.pk}/{sha256[:2]}/{sha256}"
    stage.contents[key] = data
    return stage.send(
        File,
        uploader_id=by.membership_id,
        name=name,
        content_type="text/plain",
        size=len(data),
        sha256=sha256,
        storage_key=key,
        created_at=stage.now,
    )


@step
def add_file(stage: Stage, case: Case, *, kind: str, content: str, by: Actor) -> Row:
    order = case.order
    file = store_file(stage, content, by=by)
    number = 1 + sum((row.kind, row.name) == (kind, file.name) for row in case.files)
    of_a_round = kind in WORK_KINDS or by.role is Role.WRITER
    current = [row for row in case.rounds if row.closed_at is None][-1] if of_a_round else None
    row = stage.make(
        OrderFile,
        order_id=order.id,
        file_id=file.id,
        round_id=current.id if current else None,
        kind=kind,
        name=file.name,
        number=number,
        uploader_role=by.role.value,
        created_at=stage.now,
    )
    row.order = order
    case.files.append(row)
    stage.record("file.upload", row, by=by, data=details(kind=kind, version=number, size=file.size))
    return row


@step
def write_message(stage: Stage, case: Case, *, body: str, by: Actor) -> None:
    order = case.order
    if case.thread is None:
        case.thread = stage.send(Thread, root_type="order", root_id=order.id, created_at=stage.now)
    cleaned = masked(body)
    row = stage.send(
        Message,
        thread_id=case.thread.id,
        author_id=by.membership_id,
        author_role=by.role.value,
        body=cleaned.text,
        masked=dumps(cleaned.counts),
        created_at=stage.now,
    )
    row.thread = case.thread
    case.last_message = row
    stage.record(
        "message.post",
        row,
        by=by,
        data=details(attachments=0, masked=sum(cleaned.counts.values())),
        parties=(order.client_id, order.writer_id),
    )
    read_messages(stage, case, by=by)


@step
def read_messages(stage: Stage, case: Case, *, by: Actor) -> None:
    if case.thread is None or case.last_message is None or by.membership_id is None:
        return
    mark = case.read_marks.get(by.membership_id)
    if mark is None:
        mark = stage.make(ReadMark, thread_id=case.thread.id, member_id=by.membership_id)
        case.read_marks[by.membership_id] = mark
    mark.last_read_message_id = case.last_message.id
