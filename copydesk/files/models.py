"""Immutable file versions: rows are only added, content is stored under its hash."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.tenancy.models import TenantModel, TenantQuerySet


class File(TenantModel):
    """One stored content and the name that it was given. Who may see it is decided by what it is attached to.

    `uploader` is null for a superadmin and for the system. `sha256` (hex) and `size` (bytes) are those of the stored
    bytes, after document metadata was taken out.
    """

    uploader = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    storage_key = models.CharField(max_length=120)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[TenantQuerySet[Any]] = TenantQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(size__gt=0), name="file_not_empty"),
            models.CheckConstraint(condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$"), name="file_sha256_hex"),
        ]
