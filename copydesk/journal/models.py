"""Everything that happens is one event, in the transaction of the change; and the first answers to retried requests."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

from django.db import models

from copydesk.accounts.models import User
from copydesk.tenancy.models import TenantModel, TenantQuerySet


class CurrentTransaction(models.Func):
    """The id of this transaction as a bigint: xid8 has no leakproof operators, so no index under the policies."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class EventQuerySet(TenantQuerySet["Event"]):
    def committed_before_all_running(self) -> EventQuerySet:
        """Events that no running transaction can still precede: read in (xid, id) order, none is ever missed."""
        return self.extra(where=["xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"])  # type: ignore[return-value]

    def after(self, xid: int, event_id: int) -> EventQuerySet:
        """Those that follow a place in commit order."""
        return self.extra(where=["(xid, journal_event.id) > (%s, %s)"], params=[xid, event_id])  # type: ignore[return-value]

    def until(self, xid: int, event_id: int) -> EventQuerySet:
        return self.extra(where=["(xid, journal_event.id) <= (%s, %s)"], params=[xid, event_id])  # type: ignore[return-value]

    def in_commit_order(self) -> EventQuerySet:
        return self.order_by("xid", "id")

    def about(self, root_type: str, root_id: int) -> EventQuerySet:
        return self.filter(root_type=root_type, root_id=root_id)


class Event(models.Model):
    """Append-only, by trigger. No foreign keys, so that none can take its rows along; ids only, no personal data, but
    for `reason` and `address`, which alone may be blanked, with their `salt`: `digest` keeps their proof, the chain
    stays whole, and without the salt nobody can find an address by trying all of them.

    `root` is what a timeline shows (the order of a file); `client_id` and `writer_id` are the parties that it concerns.
    `website_id` 0 is the platform.
    """

    id = models.BigAutoField(primary_key=True)
    xid = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)
    website_id = models.BigIntegerField()
    at = models.DateTimeField()
    user_id = models.BigIntegerField(null=True)
    member_id = models.BigIntegerField(null=True)
    role = models.CharField(max_length=10)
    impersonator_id = models.BigIntegerField(null=True)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    root_type = models.CharField(max_length=40)
    root_id = models.BigIntegerField()
    client_id = models.BigIntegerField(null=True)
    writer_id = models.BigIntegerField(null=True)
    before = models.CharField(max_length=20, blank=True)
    after = models.CharField(max_length=20, blank=True)
    data = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)
    reason = models.TextField(null=True)
    address = models.GenericIPAddressField(null=True)
    salt = models.BinaryField(max_length=16, null=True)
    digest = models.BinaryField(max_length=64, null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["website_id", "xid", "id"], name="event_commit_order"),
            models.Index(fields=["website_id", "root_type", "root_id", "id"], name="event_by_root"),
            models.Index(
                fields=["website_id", "client_id", "id"],
                name="event_by_client",
                condition=models.Q(client_id__isnull=False),
            ),
            models.Index(
                fields=["website_id", "writer_id", "id"],
                name="event_by_writer",
                condition=models.Q(writer_id__isnull=False),
            ),
        ]


class Seal(models.Model):
    """A batch of events in commit order, chained to the batch before by its hash."""

    id = models.BigAutoField(primary_key=True)
    website_id = models.BigIntegerField()
    number = models.PositiveIntegerField()
    last_xid = models.BigIntegerField()
    last_event_id = models.BigIntegerField()
    events = models.PositiveIntegerField()
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website_id", "number"], name="seal_number_unique")]


class Subject(Protocol):
    """What an event can be about: a Journaled row, or a membership."""

    @property
    def noun(self) -> str: ...

    @property
    def website_id(self) -> int: ...

    @property
    def pk(self) -> Any: ...

    @property
    def root(self) -> tuple[str, int]: ...

    @property
    def parties(self) -> tuple[int | None, int | None]: ...


class Head(models.Model):
    """Where a website's chain of seals ends: what it is compared with, so that a shortened one is found."""

    id = models.BigAutoField(primary_key=True)
    website_id = models.BigIntegerField()
    number = models.PositiveIntegerField()
    hash = models.BinaryField(max_length=32)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website_id"], name="head_website_unique")]


class Journaled(TenantModel):
    """A row whose changes are events. `version` counts them: it is the ETag."""

    version = models.PositiveIntegerField(default=1)

    noun: ClassVar[str]
    """The first half of its verbs: `order` in `order.pay`."""

    class Meta:
        abstract = True

    @property
    def root(self) -> tuple[str, int]:
        return self.noun, self.pk

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """(client, writer): memberships whom an event about this row concerns."""
        return getattr(self, "client_id", None), getattr(self, "writer_id", None)


class Remembered(TenantModel):
    """The first answer to a request with an `Idempotency-Key`; its row commits with the effect.

    `status` 0: in flight since `started_at` (only where money leaves the process between two commits).
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    started_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "user", "key"], name="remembered_key_unique")]
        indexes = [models.Index(fields=["started_at"], name="remembered_age")]


def details(**data: Any) -> dict[str, Any]:
    """Ids and numbers of an event, without those that are not there."""
    return {name: value for name, value in data.items() if value is not None}
