"""Money asked of a client, and money given back. Payments know payer, amount and purpose, not what was bought."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, NamedTuple, Self

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import TenantModel, TenantQuerySet


class Reference(NamedTuple):
    """What money is for, in the words of a higher domain: ("order", 17)."""

    type: str
    id: int


@dataclass(frozen=True, slots=True)
class ClientAction:
    """What the payer must do before the provider takes the money: `type` is the provider's word for it.

    Who holds `client_secret` may act on the payment: it is given to the payer, and neither stored nor logged.
    """

    type: str
    client_secret: str = field(repr=False)


class Purpose(models.TextChoices):
    ORDER = "order"
    ADJUSTMENT = "adjustment"
    TIP = "tip"
    TOP_UP = "top_up"


REPAYABLE = (Purpose.ORDER, Purpose.ADJUSTMENT)
"""What repay() gives back in proportion: payments for the thing itself."""


class Method(models.TextChoices):
    WALLET = "wallet"
    CARD = "card"


class ChargeStatus(models.TextChoices):
    """`unknown`: the provider was asked and its answer was lost; looked up, never asked again under another key."""

    PENDING = "pending"
    UNKNOWN = "unknown"
    CAPTURED = "captured"
    DECLINED = "declined"
    FAILED = "failed"


UNDECIDED = (ChargeStatus.PENDING, ChargeStatus.UNKNOWN)


class ChargeQuerySet(TenantQuerySet["Charge"]):
    def visible_to(self, actor: Actor) -> Self:  # type: ignore[override]
        rows = super().visible_to(actor)
        if actor.is_staff or actor.is_system:
            return rows
        return rows.filter(payer_id=actor.membership_id) if actor.role is Role.CLIENT else rows.none()

    def about(self, reference: Reference) -> Self:
        return self.filter(reference_type=reference.type, reference_id=reference.id)

    def captured(self) -> Self:
        return self.filter(status=ChargeStatus.CAPTURED)

    def repayable(self) -> Self:
        return self.captured().filter(purpose__in=REPAYABLE)

    def undecided(self) -> Self:
        return self.filter(status__in=UNDECIDED)

    def due_for_lookup(self, at: datetime) -> Self:
        return self.undecided().filter(next_lookup_at__lte=at)


class Charge(Journaled):
    """`key` makes a repeated request find this row; `intent` is our key at the provider, one for the whole life.

    `lines` is what a receipt shows: [{"label", "amount_minor"}]. `repaid_minor`, kept by trigger, is the sum of the
    repayments that neither failed nor were cancelled. `action` is no column: only the request that has just asked the
    provider knows it.
    """

    noun = "charge"
    action: ClientAction | None = None
    LIFECYCLE = Lifecycle(
        {
            "capture": step(
                {*UNDECIDED, ChargeStatus.DECLINED, ChargeStatus.FAILED},
                ChargeStatus.CAPTURED,
                Can.SETTLE_MONEY,
                None,
                "captured_at",
                hidden=True,
            ),
            "decline": step(UNDECIDED, ChargeStatus.DECLINED, Can.SETTLE_MONEY, hidden=True),
            "fail": step(UNDECIDED, ChargeStatus.FAILED, Can.SETTLE_MONEY, hidden=True),
            "lose_answer": step({ChargeStatus.PENDING}, ChargeStatus.UNKNOWN, Can.SETTLE_MONEY, hidden=True),
        }
    )

    payer = models.ForeignKey(Membership, models.PROTECT, related_name="charges")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    method = models.CharField(max_length=6, choices=Method.choices)
    status = models.CharField(max_length=10, choices=ChargeStatus.choices, default=ChargeStatus.PENDING)
    amount_minor = models.BigIntegerField()
    repaid_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    reference_type = models.CharField(max_length=20)
    reference_id = models.BigIntegerField()
    lines = models.JSONField(default=list)
    key = models.CharField(max_length=200)
    intent = models.UUIDField(default=uuid.uuid4)
    provider = models.CharField(max_length=20, blank=True)
    provider_reference = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    captured_at = models.DateTimeField(null=True)
    lookups = models.PositiveSmallIntegerField(default=0)
    next_lookup_at = models.DateTimeField(null=True)

    objects: ClassVar[ChargeQuerySet] = ChargeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "website", "payer", "purpose", "reference_type", "reference_id", "key", name="charge_key_unique"
            ),
            models.UniqueConstraint("intent", name="charge_intent_unique"),
            models.UniqueConstraint(
                "website",
                "purpose",
                "reference_type",
                "reference_id",
                name="charge_one_undecided",
                condition=Q(status__in=UNDECIDED),
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="charge_positive"),
            models.CheckConstraint(
                condition=Q(repaid_minor=0)
                | Q(status=ChargeStatus.CAPTURED, repaid_minor__gt=0, repaid_minor__lte=F("amount_minor")),
                name="charge_repaid_within_captured",
            ),
        ]
        indexes = [
            models.Index("website", "reference_type", "reference_id", name="charge_by_reference"),
            models.Index("website", "next_lookup_at", name="charge_to_look_up", condition=Q(status__in=UNDECIDED)),
        ]

    @property
    def reference(self) -> Reference:
        return Reference(self.reference_type, self.reference_id)

    @property
    def root(self) -> tuple[str, int]:
        return self.reference

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.payer_id, None

    @property
    def undecided(self) -> bool:
        return self.status in UNDECIDED

    @property
    def has_receipt(self) -> bool:
        return self.status == ChargeStatus.CAPTURED

    @property
    def refundable_minor(self) -> int:
        return self.amount_minor - self.repaid_minor if self.status == ChargeStatus.CAPTURED else 0


class RepaymentStatus(models.TextChoices):
    """`planned`: claimed of its charge, and nothing leaves before somebody has decided."""

    PLANNED = "planned"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Destination(models.TextChoices):
    CARD = "card"
    WALLET = "wallet"


class RepaymentQuerySet(TenantQuerySet["Repayment"]):
    def due(self, at: datetime) -> Self:
        return self.filter(status=RepaymentStatus.EXECUTING, next_attempt_at__lte=at)


class Repayment(Journaled):
    """Money of one charge that is to go back, on its way or gone. A retry keeps `intent`, its key at the provider."""

    noun = "repayment"
    LIFECYCLE = Lifecycle(
        {
            "start": step({RepaymentStatus.PLANNED}, RepaymentStatus.EXECUTING, Can.SETTLE_MONEY, hidden=True),
            "cancel": step({RepaymentStatus.PLANNED}, RepaymentStatus.CANCELLED, Can.SETTLE_MONEY, hidden=True),
            "succeed": step(
                {RepaymentStatus.EXECUTING},
                RepaymentStatus.SUCCEEDED,
                Can.SETTLE_MONEY,
                None,
                "succeeded_at",
                hidden=True,
            ),
            "fail": step({RepaymentStatus.EXECUTING}, RepaymentStatus.FAILED, Can.SETTLE_MONEY, hidden=True),
            "retry": step({RepaymentStatus.FAILED}, RepaymentStatus.EXECUTING, Can.RETRY_REPAYMENTS),
        }
    )

    charge = models.ForeignKey(Charge, models.PROTECT, related_name="repayments")
    amount_minor = models.BigIntegerField()
    destination = models.CharField(max_length=6, choices=Destination.choices)
    status = models.CharField(max_length=10, choices=RepaymentStatus.choices, default=RepaymentStatus.EXECUTING)
    intent = models.UUIDField(default=uuid.uuid4)
    provider_reference = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=clock.now)
    succeeded_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)

    objects: ClassVar[RepaymentQuerySet] = RepaymentQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint("intent", name="repayment_intent_unique"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="repayment_positive"),
        ]
        indexes = [
            models.Index(
                "website", "next_attempt_at", name="repayment_due", condition=Q(status=RepaymentStatus.EXECUTING)
            ),
            models.Index("website", "charge", name="repayment_planned", condition=Q(status=RepaymentStatus.PLANNED)),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return self.charge.reference

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.charge.payer_id, None


class Webhook(TenantModel):
    """A provider's message that was taken in, in the transaction of its effect: a second delivery is refused."""

    provider = models.CharField(max_length=20)
    message_id = models.CharField(max_length=100)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint("provider", "message_id", name="webhook_once")]
