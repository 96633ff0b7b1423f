"""Threads of messages between roles. What a thread is about is known by its root alone: (type, id)."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.files.models import File
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import TenantModel, TenantQuerySet


class Thread(TenantModel):
    """One a root. Who may read and write it is decided by who may see the root."""

    root_type = models.CharField(max_length=40)
    root_id = models.BigIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[TenantQuerySet[Any]] = TenantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint("website", "root_type", "root_id", name="thread_root_unique")]


class Message(Journaled):
    """Append-only. `body` is what was left after masking, the original is kept nowhere; `masked` counts by kind.

    `author` is null for a superadmin and for the system. Messages of a thread are written one after the other, so that
    ids are their order and one id marks all that was read.
    """

    noun = "message"

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="messages", db_index=False)
    author = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    author_role = models.CharField(max_length=10)
    body = models.TextField()
    masked = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[TenantQuerySet[Any]] = TenantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(body=""), name="message_not_empty")]
        indexes = [models.Index("website", "thread", "id", name="message_by_thread")]

    @property
    def root(self) -> tuple[str, int]:
        return self.thread.root_type, self.thread.root_id


class Attachment(TenantModel):
    """A file that a message carries. Append-only."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="attachments")
    file = models.ForeignKey(File, models.PROTECT, related_name="+")

    objects: ClassVar[TenantQuerySet[Any]] = TenantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint("message", "file", name="attachment_unique")]


class ReadMark(TenantModel):
    """How far a member has read a thread."""

    thread = models.ForeignKey(Thread, models.CASCADE, related_name="+", db_index=False)
    member = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    last_read_message = models.ForeignKey(Message, models.PROTECT, related_name="+")

    objects: ClassVar[TenantQuerySet[Any]] = TenantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.UniqueConstraint("thread", "member", name="read_mark_unique")]
