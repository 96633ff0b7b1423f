"""What a writer has earned: one row for each reason, with its transfer."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import TenantModel, TenantQuerySet

from .charges import Charge, Reference
from .payouts import STANDING


class EarningKind(models.TextChoices):
    PAY = "pay"
    TIP = "tip"
    FORFEIT = "forfeit"
    """The writer's share of an order that was cancelled after a start."""
    REDUCTION = "reduction"
    FINE = "fine"
    """Kept from what was earned."""
    WAIVER = "waiver"
    """Of a fine, given back."""


class EarningState(models.TextChoices):
    """Where the money stands: `pending` in the dispute window, `held` by a dispute, then payable, and paid out."""

    PENDING = "pending"
    HELD = "held"
    PAYABLE = "payable"
    IN_PAYOUT = "in_payout"
    PAID = "paid"


STATE = """(
    SELECT CASE WHEN p.status = 'paid' THEN 'paid' WHEN p.status IS NOT NULL THEN 'in_payout'
                WHEN EXISTS (
                    SELECT 1 FROM payments_earninghold h
                    WHERE h.website_id = payments_earning.website_id AND h.released_at IS NULL
                      AND h.reference_type = payments_earning.reference_type
                      AND h.reference_id = payments_earning.reference_id
                ) THEN 'held'
                WHEN payments_earning.payable_at > %s THEN 'pending' ELSE 'payable' END
    FROM (SELECT 1) one
    LEFT JOIN (
        payments_payoutline l
        JOIN payments_payoutstatement s ON s.id = l.statement_id
        JOIN payments_payout p ON p.id = s.payout_id AND p.status <> 'cancelled'
    ) ON l.earning_id = payments_earning.id
)"""


class EarningHold(TenantModel):
    """While one is open nothing that was earned for its reference is paid out: the order is disputed."""

    reference_type = models.CharField(max_length=20)
    reference_id = models.BigIntegerField()
    held_at = models.DateTimeField(default=clock.now)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "reference_type", "reference_id"],
                name="earning_hold_one_open",
                condition=Q(released_at=None),
            )
        ]


class EarningQuerySet(TenantQuerySet["Earning"]):
    def visible_to(self, actor: Actor) -> Self:  # type: ignore[override]
        rows = super().visible_to(actor)
        if actor.is_staff or actor.is_system:
            return rows
        return rows.filter(writer_id=actor.membership_id) if actor.role is Role.WRITER else rows.none()

    def about(self, reference: Reference) -> Self:
        return self.filter(reference_type=reference.type, reference_id=reference.id)

    def payable(self, at: datetime) -> Self:
        """Past the dispute window, in no payout but cancelled ones, and not held."""
        rows = self.filter(payable_at__lte=at).exclude(lines__statement__payout__status__in=STANDING)
        return rows.exclude(self._has_hold())

    def with_state(self, at: datetime) -> Self:
        """Each with its `state` at that time."""
        return self.annotate(state=RawSQL(STATE, [at], models.CharField()))  # noqa: S611 — a constant

    def held(self) -> Self:
        return self.filter(self._has_hold())

    def _has_hold(self) -> models.Exists:
        holds = EarningHold.objects.of(self._hints["website_id"])
        return models.Exists(
            holds.filter(
                reference_type=models.OuterRef("reference_type"),
                reference_id=models.OuterRef("reference_id"),
                released_at=None,
            )
        )


class Earning(Journaled):
    """Append-only. A reduction is a row of its own, negative, so that it also reaches what was paid out already; so are
    a fine, and what is waived of it.

    `key` holds that the same thing is not earned twice.
    """

    noun = "earning"

    writer = models.ForeignKey(Membership, models.PROTECT, related_name="earnings", db_index=False)
    kind = models.CharField(max_length=10, choices=EarningKind.choices)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reference_type = models.CharField(max_length=20)
    reference_id = models.BigIntegerField()
    key = models.CharField(max_length=100)
    charge = models.ForeignKey(Charge, models.PROTECT, null=True, related_name="+")
    reduces = models.ForeignKey("self", models.PROTECT, null=True, related_name="reductions")
    payable_at = models.DateTimeField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[EarningQuerySet] = EarningQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint("website", "key", name="earning_once"),
            models.CheckConstraint(
                condition=Q(kind=EarningKind.REDUCTION, amount_minor__lt=0, reduces__isnull=False)
                | Q(kind=EarningKind.FINE, amount_minor__lt=0, reduces=None)
                | Q(kind=EarningKind.WAIVER, amount_minor__gt=0, reduces__isnull=False)
                | (
                    ~Q(kind__in=[EarningKind.REDUCTION, EarningKind.FINE, EarningKind.WAIVER])
                    & Q(amount_minor__gt=0, reduces=None)
                ),
                name="earning_sign_by_kind",
            ),
        ]
        indexes = [
            models.Index("website", "writer", "payable_at", name="earning_by_writer"),
            models.Index("website", "reference_type", "reference_id", name="earning_by_reference"),
            models.Index(F("website"), F("payable_at"), name="earning_payable"),
            models.Index("website", "writer", "created_at", name="earning_by_time"),
            models.Index(F("website"), F("writer"), F("id").desc(), name="earning_newest"),
        ]

    @property
    def reference(self) -> Reference:
        return Reference(self.reference_type, self.reference_id)

    @property
    def root(self) -> tuple[str, int]:
        return self.reference
