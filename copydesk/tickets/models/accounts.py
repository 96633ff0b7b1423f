"""A measure against an account, asked for by the desk and decided by another person."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import OnWebsite, TenantQuerySet

from .. import errors
from .ticket import Ticket


class Measure(models.TextChoices):
    SUSPEND = "suspend"
    PROBATION = "probation"
    BLACKLIST = "blacklist"


class AccountEscalationStatus(models.TextChoices):
    REQUESTED = "requested"
    ACKNOWLEDGED = "acknowledged"
    APPROVED = "approved"
    REJECTED = "rejected"
    RESOLVED = "resolved"


A = AccountEscalationStatus
UNDECIDED = frozenset({A.REQUESTED, A.ACKNOWLEDGED})


def another_person(escalation: AccountEscalation, by: Actor) -> Refusal | None:
    same = by.membership_id is not None and by.membership_id == escalation.requested_by_id
    return errors.SamePerson() if same else None


class AccountEscalationQuerySet(TenantQuerySet["AccountEscalation"]):
    def visible_to(self, actor: OnWebsite) -> AccountEscalationQuerySet:
        """Staff's alone."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        return rows if actor.is_staff else rows.none()

    def undecided(self) -> AccountEscalationQuerySet:
        return self.filter(status__in=UNDECIDED)


class AccountEscalation(Journaled):
    """`until`: the measure's end, null for a blacklisting. `requested_by` and `decided_by` are never one person: by the
    database too; both are null for a superadmin."""

    noun: ClassVar[str] = "account_escalation"

    member = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    measure = models.CharField(max_length=9, choices=Measure.choices)
    reason = models.TextField()
    until = models.DateTimeField(null=True)
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="+")
    requested_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=12, choices=AccountEscalationStatus.choices, default=A.REQUESTED)
    requested_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    objects: ClassVar[AccountEscalationQuerySet] = AccountEscalationQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "acknowledge": step({A.REQUESTED}, A.ACKNOWLEDGED, Can.WORK_TICKETS, None, "acknowledged_at"),
            "approve": step(UNDECIDED, A.APPROVED, Can.APPROVE_ESCALATIONS, another_person, "decided_at"),
            "reject": step(UNDECIDED, A.REJECTED, Can.APPROVE_ESCALATIONS, another_person, "decided_at"),
            "resolve": step({A.APPROVED}, A.RESOLVED, Can.WORK_TICKETS, None, "resolved_at"),
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "member", "measure"],
                name="account_escalation_one_undecided",
                condition=Q(status__in=sorted(UNDECIDED)),
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | Q(requested_by=None) | ~Q(decided_by=F("requested_by")),
                name="account_escalation_two_people",
            ),
            models.CheckConstraint(
                condition=Q(measure="blacklist", until=None) | (~Q(measure="blacklist") & Q(until__isnull=False)),
                name="account_escalation_end",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="account_escalation_says_why"),
        ]
        indexes = [models.Index(fields=["website", "status", "-id"], name="account_escalation_by_status")]

    @property
    def root(self) -> tuple[str, int]:
        return Membership.noun, self.member_id
