"""Websites, the base of every table that belongs to one, and their versioned policies."""

from __future__ import annotations

from typing import Any, Protocol, Self, TypeVar

from django.db import models
from django.db.models.functions import Lower

from .scope import crossing

M = TypeVar("M", bound=models.Model)


class WebsiteStatus(models.TextChoices):
    PROVISIONING = "provisioning"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    PENDING_DELETION = "pending_deletion"
    PURGED = "purged"


class Website(models.Model):
    """A branded website. Under its own policy: a website's scope sees that website's row only."""

    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=120)
    domain = models.CharField(max_length=253, blank=True)
    status = models.CharField(max_length=20, choices=WebsiteStatus.choices, default=WebsiteStatus.PROVISIONING)
    currency = models.CharField(max_length=3)
    timezone = models.CharField(max_length=64)
    requires_staff_totp = models.BooleanField(default=False)
    last_order_number = models.PositiveIntegerField(default=0)
    last_ticket_number = models.PositiveIntegerField(default=0)
    last_refund_receipt = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug"], name="website_slug_unique"),
            models.UniqueConstraint(Lower("domain"), name="website_domain_unique", condition=~models.Q(domain="")),
        ]

    def __str__(self) -> str:
        return self.slug


class OnWebsite(Protocol):
    @property
    def website(self) -> Website: ...


class UnscopedQuery(RuntimeError):
    """A cross-website read outside `across_websites()`."""


class TenantQuerySet(models.QuerySet[M]):
    """Queries start at `.of()`, `.visible_to()` or `.across_tenants()`: tenancy is said aloud."""

    _hints: dict[str, Any]

    def of(self, website: Website | int) -> Self:
        website_id = website if isinstance(website, int) else website.pk
        scoped = self.filter(website_id=website_id)
        scoped._hints = {**scoped._hints, "website_id": website_id}
        return scoped

    def visible_to(self, actor: OnWebsite) -> Self:
        """What the actor's role may see; domains narrow it further."""
        return self.of(actor.website)

    def across_tenants(self) -> Self:
        if not crossing():
            raise UnscopedQuery("across_tenants() outside across_websites()")
        return self.all()

    def ids(self) -> models.QuerySet[M, int]:
        """For a list whose rows one statement reads by them."""
        return self.values_list("pk", flat=True)

    def create(self, **values: Any) -> M:
        """Fills in the website that `.of()` named."""
        if "website" not in values and "website_id" in self._hints:
            values["website_id"] = self._hints["website_id"]
        return super().create(**values)

    def lock(self) -> Self:
        return self.select_for_update(no_key=True, of=("self",))


class TenantModel(models.Model):
    """A row of one website: row-level security and composite keys are put on by `SecureTables` in its migration."""

    website = models.ForeignKey(Website, models.PROTECT, related_name="+", db_index=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True


class Policy(TenantModel):
    """One version of one of a website's policies: rows are only added. Parsed by the domain that owns `name`."""

    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["website", "name", "version"], name="policy_version_unique")]
