"""Writing and reading messages."""

from __future__ import annotations

from collections.abc import Sequence

from copydesk.accounts.actor import Actor
from copydesk.core.errors import Invalid
from copydesk.files.models import File
from copydesk.journal.actions import record
from copydesk.journal.models import details
from copydesk.tenancy.models import Website

from .models import Attachment, Message, ReadMark, Thread
from .policies import MessagePolicy


def open_thread(website: Website, *, root_type: str, root_id: int) -> Thread:
    """The thread about (type, id), made at first use."""
    thread, _ = Thread.objects.of(website).get_or_create(root_type=root_type, root_id=root_id)
    return thread


def post_message(
    thread: Thread,
    body: str,
    attachments: Sequence[File] = (),
    *,
    by: Actor,
    parties: tuple[int | None, int | None],
) -> Message:
    """Adds a message, with contact details masked; `message.masked` says how many of which kind. `parties`: the client
    and the writer whom it concerns. The caller has made sure that `by` may see the thread and the files.

    Raises Invalid for a body that is empty or too long.
    """
    policy = MessagePolicy.of(thread.website_id)
    text = body.strip()
    if not text:
        raise Invalid({"body": "Write something."}, "blank")
    if len(text) > policy.max_length:
        raise Invalid({"body": f"At most {policy.max_length} characters."}, "max_length")
    if len(attachments) > policy.max_attachments:
        raise Invalid({"attachments": f"At most {policy.max_attachments} files."}, "max_length")
    cleaned = policy.mask(text)
    Thread.objects.of(thread.website_id).filter(pk=thread.pk).lock().get()
    message = Message.objects.of(thread.website_id).create(
        thread=thread,
        author_id=by.membership_id,
        author_role=by.role,
        body=cleaned.text,
        masked=cleaned.counts,
    )
    for file in attachments:
        Attachment.objects.of(thread.website_id).create(message=message, file=file)
    record(
        "message.post",
        message,
        by=by,
        data=details(attachments=len(attachments), masked=sum(cleaned.counts.values())),
        parties=parties,
    )
    return message


def mark_read(thread: Thread, *, by: Actor, up_to: int | None = None) -> None:
    """`by` has read the thread to message `up_to`, or to its end. Never goes back. Nothing for whoever is no member.

    No event: who has read what is no change of anything.
    """
    if by.membership_id is None:
        return
    messages = Message.objects.of(thread.website_id).filter(thread=thread)
    if up_to is not None:
        messages = messages.filter(pk__lte=up_to)
    last = messages.order_by("-pk").first()
    if last is None:
        return
    marks = ReadMark.objects.of(thread.website_id)
    mark, _ = marks.get_or_create(thread=thread, member_id=by.membership_id, defaults={"last_read_message": last})
    marks.filter(pk=mark.pk, last_read_message_id__lt=last.pk).update(last_read_message=last)
