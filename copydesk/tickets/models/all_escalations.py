"""Escalations of tickets and of accounts as one list: a view over the two tables, whose ids come from one sequence."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.lifecycle import Lifecycle
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet

from .accounts import AccountEscalation
from .escalations import Escalation
from .ticket import Ticket


class EscalationKind(models.TextChoices):
    TICKET = "ticket"
    ACCOUNT = "account"


class RaisedStatus(models.TextChoices):
    """Of both kinds: a ticket's is open, acknowledged, resolved."""

    OPEN = "open"
    REQUESTED = "requested"
    ACKNOWLEDGED = "acknowledged"
    APPROVED = "approved"
    REJECTED = "rejected"
    RESOLVED = "resolved"


class AnyEscalationQuerySet(TenantQuerySet["AnyEscalation"]):
    def visible_to(self, actor: OnWebsite) -> AnyEscalationQuerySet:
        """Staff's alone."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        return rows if actor.is_staff else rows.none()

    def of_tickets(self) -> AnyEscalationQuerySet:
        return self.filter(kind=EscalationKind.TICKET)


class AnyEscalation(TenantModel):
    """To be read; what is changed is an Escalation or an AccountEscalation of the same id. `level`, `rule` and `target`
    are of tickets; `member`, `measure` and `until` of accounts, which may be asked for because of a `ticket`, too."""

    kind = models.CharField(max_length=7, choices=EscalationKind.choices)
    version = models.PositiveIntegerField()
    status = models.CharField(max_length=12)
    reason = models.TextField()
    requested_by = models.ForeignKey(Membership, models.DO_NOTHING, null=True, related_name="+")
    requested_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    ticket = models.ForeignKey(Ticket, models.DO_NOTHING, null=True, related_name="+")
    level = models.PositiveSmallIntegerField(null=True)
    rule = models.CharField(max_length=14)
    target = models.ForeignKey(Membership, models.DO_NOTHING, null=True, related_name="+")
    member = models.ForeignKey(Membership, models.DO_NOTHING, null=True, related_name="+")
    measure = models.CharField(max_length=9)
    until = models.DateTimeField(null=True)

    objects: ClassVar[AnyEscalationQuerySet] = AnyEscalationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        managed = False

    @property
    def table(self) -> type[Escalation | AccountEscalation]:
        return Escalation if self.kind == EscalationKind.TICKET else AccountEscalation

    @property
    def noun(self) -> str:
        return self.table.noun

    @property
    def root(self) -> tuple[str, int | None]:
        return (Ticket.noun, self.ticket_id) if self.table is Escalation else (Membership.noun, self.member_id)

    def over(self, at: dt.datetime) -> bool:
        return self.until is not None and self.until <= at

    @property
    def lifecycle(self) -> Lifecycle:
        return self.table.LIFECYCLE
