"""Service clocks as stored: what clocks.fold() makes of a ticket's events, kept for queues and figures."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from copydesk.tenancy.models import TenantModel, TenantQuerySet

from ..clocks import Kind
from .ticket import Ticket


class ClockQuerySet(TenantQuerySet["Clock"]):
    def past_due(self, at: dt.datetime) -> ClockQuerySet:
        """Of running ones, and not yet marked."""
        return self.filter(met_at=None, breached_at=None, due_at__lt=at)

    def unwarned(self, at: dt.datetime) -> ClockQuerySet:
        """At risk, and nobody was warned; what is breached has been told."""
        return self.filter(met_at=None, breached_at=None, warned_at=None, risk_at__lte=at)


class Clock(TenantModel):
    """`number` counts the next responses. Durations are seconds of business time. `due_at` is null while it is paused;
    `warned_at`: when its being at risk was told, which is no part of the fold."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="clocks", db_index=False)
    kind = models.CharField(max_length=14, choices=[(kind.value, kind.value) for kind in Kind])
    number = models.PositiveIntegerField()
    target_seconds = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    risk_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    paused_since = models.DateTimeField(null=True)
    paused_seconds = models.PositiveBigIntegerField()
    warned_at = models.DateTimeField(null=True)

    objects: ClassVar[ClockQuerySet] = ClockQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "ticket", "kind", "number"], name="ticket_clock_unique"),
            models.UniqueConstraint(
                fields=["website", "ticket", "kind"], name="ticket_clock_one_open", condition=Q(met_at=None)
            ),
            models.CheckConstraint(condition=Q(met_at=None) | Q(paused_since=None), name="ticket_clock_met_not_paused"),
        ]
        indexes = [
            models.Index(
                fields=["website", "due_at"],
                name="ticket_clock_running",
                condition=Q(met_at=None, breached_at=None, due_at__isnull=False),
            ),
            models.Index(
                fields=["website", "risk_at"],
                name="ticket_clock_unwarned",
                condition=Q(met_at=None, breached_at=None, warned_at=None, risk_at__isnull=False),
            ),
            models.Index(fields=["website", "kind", "started_at"], name="ticket_clock_by_start"),
        ]
