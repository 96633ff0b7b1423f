"""A measure against an account, asked for by the desk and decided by another person."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.core import clock
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
    """A measure holds while it is approved."""

    REQUESTED = "requested"
    ACKNOWLEDGED = "acknowledged"
    APPROVED = "approved"
    REJECTED = "rejected"
    RESOLVED = "resolved"


A = AccountEscalationStatus
UNDECIDED = frozenset({A.REQUESTED, A.ACKNOWLEDGED})


def another_person(escalation: AccountEscalation, by: Actor) -> Refusal | None:
    """What a superadmin asked for, a member decides."""
    return errors.SamePerson() if by.membership_id == escalation.requested_by_id else None


def timely(escalation: AccountEscalation, by: Actor) -> Refusal | None:
    return errors.MeasureOver() if escalation.over(clock.now()) else another_person(escalation, by)


class AccountEscalationQuerySet(TenantQuerySet["AccountEscalation"]):
    def visible_to(self, actor: OnWebsite) -> AccountEscalationQuerySet:
        """Staff's alone."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        return rows if actor.is_staff else rows.none()

    def undecided(self) -> AccountEscalationQuerySet:
        return self.filter(status__in=UNDECIDED)

    def holding(self) -> AccountEscalationQuerySet:
        return self.filter(status=A.APPROVED)

    def to_lift(self, at: dt.datetime) -> AccountEscalationQuerySet:
        return self.holding().filter(until__lte=at)


class AccountEscalation(Journaled):
    """`until`: the measure's end, null for a blacklisting. `requested_by` and `decided_by` are never one person: by the
    database too. Null is a superadmin.

    A client's suspension, and anybody's blacklisting, suspend the membership; a writer's suspension is that of its
    profile; a probation takes nothing away, and is the desk's to know.
    """

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
            "approve": step(UNDECIDED, A.APPROVED, Can.APPROVE_ESCALATIONS, timely, "decided_at"),
            "reject": step(UNDECIDED, A.REJECTED, Can.APPROVE_ESCALATIONS, another_person, "decided_at"),
            "resolve": step({A.APPROVED}, A.RESOLVED, Can.APPROVE_ESCALATIONS, None, "resolved_at"),
            "lift": step({A.APPROVED}, A.RESOLVED, Can.RUN_CLOCK, None, "resolved_at", hidden=True),
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
        indexes = [
            models.Index(fields=["website", "-id"], name="account_escalation_newest"),
            models.Index(fields=["website", "status", "-id"], name="account_escalation_by_status"),
            models.Index(
                fields=["website", "until"], name="account_escalation_to_lift", condition=Q(status="approved")
            ),
            models.Index(fields=["website", "member", "-id"], name="account_escalation_by_member"),
        ]

    def over(self, at: dt.datetime) -> bool:
        return self.until is not None and self.until <= at

    @property
    def root(self) -> tuple[str, int]:
        return Membership.noun, self.member_id
