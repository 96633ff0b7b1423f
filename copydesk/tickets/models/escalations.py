"""A ticket that somebody higher has to look at: one row a level."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import OnWebsite, TenantQuerySet

from .ticket import Ticket


class EscalationStatus(models.TextChoices):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


E = EscalationStatus


class EscalationQuerySet(TenantQuerySet["Escalation"]):
    def visible_to(self, actor: OnWebsite) -> EscalationQuerySet:
        """Staff's alone."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        return rows if actor.is_staff else rows.none()


class Escalation(Journaled):
    """`target`: whom it is put before; null: whoever of the desk. `rule` names the clock whose breach it follows; empty
    where a person escalated. Who did what, and when, is in its events too."""

    noun: ClassVar[str] = "ticket_escalation"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="escalations")
    level = models.PositiveSmallIntegerField()
    reason = models.TextField(blank=True)
    rule = models.CharField(max_length=14, blank=True)
    target = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    escalated_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    acknowledged_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    resolved_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=12, choices=EscalationStatus.choices, default=E.OPEN)
    escalated_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    objects: ClassVar[EscalationQuerySet] = EscalationQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "acknowledge": step({E.OPEN}, E.ACKNOWLEDGED, Can.WORK_TICKETS, None, "acknowledged_at"),
            "resolve": step({E.OPEN, E.ACKNOWLEDGED}, E.RESOLVED, Can.WORK_TICKETS, None, "resolved_at"),
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "ticket", "level"], name="ticket_escalation_level_unique"),
            models.CheckConstraint(condition=Q(level__gte=1), name="ticket_escalation_level_positive"),
            models.CheckConstraint(condition=~Q(reason="") | ~Q(rule=""), name="ticket_escalation_says_why"),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="ticket_escalation_newest", include=["status"]),
            models.Index(
                fields=["website", "status", "-id"],
                name="ticket_escalation_open",
                condition=~Q(status="resolved"),
            ),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Ticket.noun, self.ticket_id
