"""Payouts: a batch, in it one statement a writer, in that one line an earning."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.payments.errors import SamePerson
from copydesk.tenancy.models import TenantModel, TenantQuerySet


class PayoutStatus(models.TextChoices):
    PREPARED = "prepared"
    APPROVED = "approved"
    PAID = "paid"
    CANCELLED = "cancelled"


STANDING = (PayoutStatus.PREPARED, PayoutStatus.APPROVED, PayoutStatus.PAID)
"""An earning in a payout of these is taken."""


def by_another_person(payout: Payout, by: Actor) -> Refusal | None:
    return SamePerson() if payout.prepared_by_id == by.user_id else None


class Payout(Journaled):
    """A batch. Its lines are fixed when it is prepared: cancel it and prepare another one to change them."""

    noun = "payout"
    LIFECYCLE = Lifecycle(
        {
            "approve": step(
                {PayoutStatus.PREPARED}, PayoutStatus.APPROVED, Can.APPROVE_PAYOUTS, by_another_person, "approved_at"
            ),
            "pay": step({PayoutStatus.APPROVED}, PayoutStatus.PAID, Can.APPROVE_PAYOUTS, None, "paid_at"),
            "cancel": step(
                {PayoutStatus.PREPARED, PayoutStatus.APPROVED},
                PayoutStatus.CANCELLED,
                Can.PREPARE_PAYOUTS,
                None,
                "cancelled_at",
            ),
        }
    )

    status = models.CharField(max_length=10, choices=PayoutStatus.choices, default=PayoutStatus.PREPARED)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    writers = models.PositiveIntegerField()
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    paid_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    prepared_at = models.DateTimeField(default=clock.now)
    approved_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("website", name="payout_one_prepared", condition=Q(status=PayoutStatus.PREPARED)),
            models.CheckConstraint(condition=Q(total_minor__gt=0), name="payout_positive"),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=models.F("prepared_by")), name="payout_two_people"
            ),
        ]
        indexes = [models.Index("website", "status", name="payout_by_status")]


class PayoutStatementQuerySet(TenantQuerySet["PayoutStatement"]):
    def visible_to(self, actor: Actor) -> Self:  # type: ignore[override]
        """A writer sees own statements once they are paid."""
        rows = super().visible_to(actor)
        if actor.is_staff or actor.is_system:
            return rows
        if actor.role is not Role.WRITER:
            return rows.none()
        return rows.filter(writer_id=actor.membership_id, payout__status=PayoutStatus.PAID)


class PayoutStatement(Journaled):
    """What one writer gets in one payout, append-only."""

    noun = "payout_statement"

    payout = models.ForeignKey(Payout, models.PROTECT, related_name="statements", db_index=False)
    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()

    objects: ClassVar[PayoutStatementQuerySet] = PayoutStatementQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint("payout", "writer", name="statement_one_a_writer"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="statement_positive"),
        ]


class PayoutLine(TenantModel):
    """One earning in a statement, append-only; an earning stands in one payout that is not cancelled, by trigger."""

    statement = models.ForeignKey(PayoutStatement, models.PROTECT, related_name="lines")
    earning = models.ForeignKey("payments.Earning", models.PROTECT, related_name="lines")
