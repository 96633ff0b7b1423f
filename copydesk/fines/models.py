"""Fines of writers, and their appeals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.orders.models import Assignment, Order
from copydesk.payments.models import Reference
from copydesk.tenancy.models import OnWebsite, TenantQuerySet

from . import errors
from .policies import FineKind


class FineStatus(models.TextChoices):
    PROPOSED = "proposed"
    ISSUED = "issued"
    APPEALED = "appealed"
    UPHELD = "upheld"
    REDUCED = "reduced"
    SETTLED = "settled"
    WAIVED = "waived"
    VOIDED = "voided"


class Source(models.TextChoices):
    MANUAL = "manual"
    AUTOMATIC = "automatic"


class AppealStatus(models.TextChoices):
    OPEN = "open"
    APPROVED = "approved"
    """Waived, whole or in part."""
    REJECTED = "rejected"
    LAPSED = "lapsed"
    """Nobody decided in time: waived by itself."""
    CLOSED = "closed"
    """The fine was voided meanwhile."""


S, A = FineStatus, AppealStatus
COLLECTED = (S.ISSUED, S.UPHELD, S.REDUCED)
"""Kept from the next payout."""


def appealable(fine: Fine, by: Actor) -> Refusal | None:
    if by.role is Role.WRITER and fine.writer_id != by.membership_id:
        return errors.NotYourFine()
    if fine.appealed_at is not None:
        return errors.AlreadyAppealed()
    if fine.appeal_until is None or fine.appeal_until <= clock.now():
        return errors.AppealTooLate()
    return None


class FineQuerySet(TenantQuerySet["Fine"]):
    def visible_to(self, actor: OnWebsite) -> FineQuerySet:
        """A writer's own; staff's all of the website; nobody else's."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.WRITER:
            return rows.filter(writer_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()


class Fine(Journaled):
    """Of a writer, mostly for an order, then for one time on it (`assignment`). `amount_minor` is what is charged,
    `excess_minor` what the cap has cut off, `waived_minor` what is forgiven of the amount. `late_minutes` and
    `share_bps` say how it was worked out; of the pay, `pay_minor`. `policy_version` was in force when the writer
    started. It is issued by itself at `issue_at`."""

    noun: ClassVar[str] = "fine"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "issue": step({S.PROPOSED}, S.ISSUED, Can.DECIDE_FINES, None, "issued_at"),
            "fall_due": step({S.PROPOSED}, S.ISSUED, Can.RUN_CLOCK, None, "issued_at", hidden=True),
            "appeal": step({S.ISSUED, S.REDUCED, S.SETTLED}, S.APPEALED, Can.APPEAL_FINES, appealable, "appealed_at"),
            "uphold": step({S.APPEALED}, S.UPHELD, Can.DECIDE_FINES, hidden=True),
            "waive": step({*COLLECTED, S.SETTLED}, None, Can.DECIDE_FINES, None, "waived_at"),
            "void": step(set(S) - {S.VOIDED}, S.VOIDED, Can.DECIDE_FINES, None, "voided_at"),
            "forgive": step({S.APPEALED}, None, Can.DECIDE_FINES, None, "waived_at", hidden=True),
            "lapse": step({S.APPEALED}, S.WAIVED, Can.RUN_CLOCK, None, "waived_at", hidden=True),
            "settle": step(COLLECTED, S.SETTLED, Can.SETTLE_MONEY, hidden=True),
        }
    )

    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, models.PROTECT, null=True, related_name="+")
    assignment = models.ForeignKey(Assignment, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20, choices=FineKind.choices)
    source = models.CharField(max_length=9, choices=Source.choices)
    status = models.CharField(max_length=8, choices=FineStatus.choices, default=S.PROPOSED)
    reason = models.TextField()
    policy_version = models.PositiveIntegerField()
    late_minutes = models.PositiveIntegerField(null=True)
    share_bps = models.PositiveIntegerField(null=True)
    pay_minor = models.BigIntegerField(null=True)
    amount_minor = models.BigIntegerField()
    excess_minor = models.BigIntegerField(default=0)
    waived_minor = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    issued_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    """Null where the clock did."""
    proposed_at = models.DateTimeField(default=clock.now)
    issue_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    appeal_until = models.DateTimeField(null=True)
    appealed_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    """The first time, where it was appealed after it."""
    waived_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    objects: ClassVar[FineQuerySet] = FineQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "order", "kind"],
                name="fine_one_automatic",
                condition=Q(source=Source.AUTOMATIC) & ~Q(status=S.VOIDED),
            ),
            models.CheckConstraint(condition=Q(amount_minor__gte=0, excess_minor__gte=0), name="fine_not_negative"),
            models.CheckConstraint(
                condition=Q(waived_minor__gte=0, waived_minor__lte=F("amount_minor")), name="fine_waived_within"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="fine_says_why"),
            models.CheckConstraint(
                condition=Q(source=Source.MANUAL) | Q(order__isnull=False, assignment__isnull=False),
                name="fine_automatic_of_order",
            ),
            models.CheckConstraint(
                condition=Q(status=S.VOIDED, voided_at__isnull=False) | (~Q(status=S.VOIDED) & Q(voided_at=None)),
                name="fine_voided_for_good",
            ),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="fine_newest"),
            models.Index(fields=["website", "writer", "-id"], name="fine_by_writer"),
            models.Index(fields=["website", "order"], name="fine_by_order"),
            models.Index(fields=["website", "status"], name="fine_by_status"),
            models.Index(fields=["website", "issue_at"], name="fine_proposed", condition=Q(status=S.PROPOSED)),
            models.Index(fields=["website", "proposed_at"], name="fine_by_proposal"),
            models.Index(fields=["website", "issued_at"], name="fine_by_issue", condition=Q(issued_at__isnull=False)),
            models.Index(fields=["website", "waived_at"], name="fine_by_waiver", condition=Q(waived_at__isnull=False)),
            models.Index(fields=["website", "voided_at"], name="fine_by_voiding", condition=Q(voided_at__isnull=False)),
            models.Index(
                fields=["website", "settled_at"], name="fine_by_settlement", condition=Q(settled_at__isnull=False)
            ),
        ]

    @property
    def left_minor(self) -> int:
        return self.amount_minor - self.waived_minor

    @property
    def reference(self) -> Reference:
        """What payments know it by."""
        return Reference(self.noun, self.pk)

    @property
    def root(self) -> tuple[str, int]:
        return (Order.noun, self.order_id) if self.order_id else (self.noun, self.pk)

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """None of the client's business."""
        return None, self.writer_id


def another_person(appeal: Appeal, by: Actor) -> Refusal | None:
    """Than who issued it; where the clock has, than who proposed it."""
    issuer = appeal.fine.issued_by_id or appeal.fine.proposed_by_id
    return errors.SameIssuer() if by.user_id is not None and by.user_id == issuer else None


class AppealQuerySet(TenantQuerySet["Appeal"]):
    def visible_to(self, actor: OnWebsite) -> AppealQuerySet:
        """As their fines."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.WRITER:
            return rows.filter(fine__writer_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()


class Appeal(Journaled):
    """A writer's, of a fine, once. `waived_minor`: what was forgiven by it. Undecided at `due_at` it is granted."""

    noun: ClassVar[str] = "fine_appeal"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "approve": step({A.OPEN}, A.APPROVED, Can.DECIDE_FINES, another_person, "decided_at"),
            "reject": step({A.OPEN}, A.REJECTED, Can.DECIDE_FINES, another_person, "decided_at"),
            "lapse": step({A.OPEN}, A.LAPSED, Can.RUN_CLOCK, None, "decided_at", hidden=True),
            "close": step({A.OPEN}, A.CLOSED, Can.RUN_CLOCK, None, "decided_at", hidden=True),
        }
    )

    fine = models.OneToOneField(Fine, models.PROTECT, related_name="the_appeal")
    text = models.TextField()
    status = models.CharField(max_length=8, choices=AppealStatus.choices, default=A.OPEN)
    answer = models.TextField(blank=True)
    waived_minor = models.BigIntegerField(default=0)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField(default=clock.now)
    due_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[AppealQuerySet] = AppealQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=A.OPEN, decided_at=None) | (~Q(status=A.OPEN) & Q(decided_at__isnull=False)),
                name="fine_appeal_decided",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="fine_appeal_says_why"),
        ]
        indexes = [
            models.Index(fields=["website", "due_at"], name="fine_appeal_open", condition=Q(status=A.OPEN)),
            models.Index(fields=["website", "opened_at"], name="fine_appeal_by_time"),
            models.Index(
                fields=["website", "decided_at"], name="fine_appeal_by_decision", condition=Q(decided_at__isnull=False)
            ),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return self.fine.root

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.fine.parties
