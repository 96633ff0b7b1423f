"""What went wrong with a payment, as the desk works on it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.orders.models import Order
from copydesk.payments.models import Charge
from copydesk.tenancy.models import OnWebsite, TenantQuerySet

from .. import errors
from .ticket import Ticket


class IssueKind(models.TextChoices):
    FAILED_PAYMENT = "failed_payment"
    DOUBLE_CHARGE = "double_charge"
    WRONG_AMOUNT = "wrong_amount"
    MISSING_REFUND = "missing_refund"
    CHARGEBACK = "chargeback"
    OTHER = "other"


class IssueStatus(models.TextChoices):
    OPEN = "open"
    ESCALATED = "escalated"
    RESOLVED = "resolved"


UNRESOLVED = frozenset({IssueStatus.OPEN, IssueStatus.ESCALATED})


def approved_by_another(issue: PaymentIssue, by: Actor) -> Refusal | None:
    """An escalated one is resolved by an admin who did not open it."""
    if issue.status != IssueStatus.ESCALATED:
        return None
    same = by.membership_id == issue.opened_by_id
    return errors.ApprovalNeeded() if same or not by.can(Can.APPROVE_ESCALATIONS) else None


class PaymentIssueQuerySet(TenantQuerySet["PaymentIssue"]):
    def visible_to(self, actor: OnWebsite) -> PaymentIssueQuerySet:
        """Staff's alone."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        return rows if actor.is_staff else rows.none()


class PaymentIssue(Journaled):
    """No money moves by it: refunds and charges are their own records."""

    noun: ClassVar[str] = "payment_issue"

    client = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=14, choices=IssueKind.choices)
    description = models.TextField()
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="+")
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, related_name="+")
    ticket = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="+")
    opened_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    resolved_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=9, choices=IssueStatus.choices, default=IssueStatus.OPEN)
    opened_at = models.DateTimeField()
    escalated_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)

    objects: ClassVar[PaymentIssueQuerySet] = PaymentIssueQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "escalate": step({IssueStatus.OPEN}, IssueStatus.ESCALATED, Can.WORK_TICKETS, None, "escalated_at"),
            "resolve": step(UNRESOLVED, IssueStatus.RESOLVED, Can.WORK_TICKETS, approved_by_another, "resolved_at"),
        }
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(description=""), name="payment_issue_says_what"),
            models.CheckConstraint(
                condition=~Q(status="resolved") | ~Q(resolution=""), name="payment_issue_says_how_it_ended"
            ),
        ]
        indexes = [
            models.Index(fields=["website", "status", "-id"], name="payment_issue_by_status"),
            models.Index(fields=["website", "client", "-id"], name="payment_issue_by_client"),
        ]
