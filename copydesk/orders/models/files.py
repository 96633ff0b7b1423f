"""Files of an order: each upload is a new version, none is ever changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Role
from copydesk.core import clock
from copydesk.files.models import File
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import OnWebsite, TenantQuerySet
from copydesk.threads.models import Attachment

from .order import Order
from .work import Round


class FileKind(models.TextChoices):
    BRIEF = "brief"
    DRAFT = "draft"
    FINAL = "final"
    REVISION = "revision"
    SOURCE = "source"


WORK_KINDS = frozenset({FileKind.DRAFT, FileKind.FINAL, FileKind.REVISION})
"""What a writer makes."""
DELIVERED_KINDS = frozenset({FileKind.FINAL, FileKind.REVISION})
"""What a client gets when the round is delivered, with the writer's sources; a draft is never delivered."""


class OrderFileQuerySet(TenantQuerySet["OrderFile"]):
    def visible_to(self, actor: OnWebsite) -> OrderFileQuerySet:
        """Of the orders that the actor may see. A client: what is not a writer's work, rounds once delivered, drafts
        that were sent in a message. A writer who has the order: all; one who does not have it yet: the brief."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website).filter(order__in=Order.objects.visible_to(actor))
        if actor.role is Role.CLIENT:
            return rows.filter(shown_to_client(actor))
        if actor.role is Role.WRITER:
            return rows.filter(Q(order__writer_id=actor.membership_id) | given_by_client())
        return rows


def given_by_client() -> Q:
    return Q(kind__in=(FileKind.BRIEF, FileKind.SOURCE), round=None, uploader_role__in=(Role.CLIENT, *STAFF))


def shown_to_client(actor: Actor) -> Q:
    sent = Attachment.objects.of(actor.website).filter(file_id=OuterRef("file_id"))
    delivered = Q(round__delivered_at__isnull=False) & ~Q(kind=FileKind.DRAFT)
    return given_by_client() | delivered | Q(Exists(sent))


class OrderFile(Journaled):
    """One version of a file of an order, counted by kind and name. Append-only.

    `round` is the piece of work that it belongs to; null for what is not a writer's work.
    """

    noun: ClassVar[str] = "file"

    order = models.ForeignKey(Order, models.PROTECT, related_name="files")
    file = models.OneToOneField(File, models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, models.PROTECT, null=True, related_name="files")
    kind = models.CharField(max_length=8, choices=FileKind.choices)
    name = models.CharField(max_length=255)
    number = models.PositiveIntegerField()
    uploader_role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[OrderFileQuerySet] = OrderFileQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint("website", "order", "kind", "name", "number", name="order_file_number_unique"),
        ]
        indexes = [models.Index("website", "order", "id", name="order_file_by_order")]

    @property
    def awaits_delivery(self) -> bool:
        """Part of a round that the client has not got yet; a draft is not. Reads the round."""
        return self.round is not None and self.round.delivered_at is None and self.kind != FileKind.DRAFT

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """The client hears of a writer's work when it is delivered, not of its versions."""
        client_id, writer_id = self.order.parties
        return None if self.round_id else client_id, writer_id
