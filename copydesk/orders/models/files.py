"""Files of an order: each upload is a new version, none is ever changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.files.models import File
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import TenantQuerySet

from .order import Order
from .work import Round


class FileKind(models.TextChoices):
    BRIEF = "brief"
    DRAFT = "draft"
    FINAL = "final"
    REVISION = "revision"
    SOURCE = "source"


WORK_KINDS = frozenset({FileKind.DRAFT, FileKind.FINAL, FileKind.REVISION})
"""What a writer makes. Final and revision are what is delivered."""


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

    objects: ClassVar[TenantQuerySet[OrderFile]] = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("website", "order", "kind", "name", "number", name="order_file_number_unique"),
        ]
        indexes = [models.Index("website", "order", "id", name="order_file_by_order")]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.order.parties
