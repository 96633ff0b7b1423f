"""A refund: a decision to give back money of an order, and the repayments that do it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership, User
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Refusal, WrongState
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.orders.models import Order
from copydesk.orders.models import Status as OrderStatus
from copydesk.payments.models import Repayment, RepaymentStatus
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet

from . import errors


class RefundStatus(models.TextChoices):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXECUTING = "executing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Ground(models.TextChoices):
    """Why money goes back. Each but the last two lowers the writer's pay in the same proportion (RULES §2)."""

    QUALITY = "quality"
    LATENESS = "lateness"
    NOT_DELIVERED = "not_delivered"
    WRONG_CHARGE = "wrong_charge"
    DISPUTE = "dispute"
    """By a dispute's outcome, and by nothing else."""
    OTHER = "other"
    GOODWILL = "goodwill"
    """The website's present, which staff alone make."""
    SETTLEMENT = "settlement"
    """What a cancellation or an agreed change gave back, and the provider refused. It does to pay what they do."""


class RefundDestination(models.TextChoices):
    ORIGINAL = "original"
    WALLET = "wallet"


S = RefundStatus
SPARING_PAY = (Ground.GOODWILL, Ground.SETTLEMENT)
NOBODYS = (Ground.DISPUTE, Ground.SETTLEMENT)
"""What nobody asks for: it follows from what was decided about the order."""
WAITING = (S.REQUESTED, S.APPROVED)
"""Somebody is to decide or to execute; its repayments are planned."""
OPEN = (*WAITING, S.EXECUTING, S.FAILED)
DECIDED_AT = Greatest("approved_at", "rejected_at", "cancelled_at")


def undisputed(refund: Refund, by: Actor) -> Refusal | None:
    return errors.OrderDisputed() if refund.order.status == OrderStatus.DISPUTED else None


def another_person(refund: Refund, by: Actor) -> Refusal | None:
    if refund.needs_another_person and refund.requested_by_id == by.user_id:
        return errors.AnotherPerson()
    return undisputed(refund, by)


def processable(refund: Refund, by: Actor) -> Refusal | None:
    """What is only asked for is approved by it, where one person may do both."""
    if refund.destination == RefundDestination.WALLET and refund.consented_at is None:
        return errors.ConsentMissing()
    return another_person(refund, by) if refund.status == S.REQUESTED else undisputed(refund, by)


def cancellable(refund: Refund, by: Actor) -> Refusal | None:
    """A client takes back what nobody has decided about yet; who decides gives up what the provider refuses whole."""
    if by.role is Role.CLIENT and refund.status != S.REQUESTED:
        return WrongState()
    if refund.status != S.FAILED:
        return None
    if not by.can(Can.DECIDE_REFUNDS):
        return Forbidden()
    return errors.PartlyRefunded() if refund.is_partly_through else None


def consent_wanted(refund: Refund, by: Actor) -> Refusal | None:
    wanted = refund.destination == RefundDestination.WALLET and refund.consented_at is None
    return None if wanted else errors.ConsentGiven()


class RefundQuerySet(TenantQuerySet["Refund"]):
    def visible_to(self, actor: OnWebsite) -> RefundQuerySet:
        """A client's own; staff's all of the website; nobody else's."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.CLIENT:
            return rows.filter(client_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()

    def shown_as(self, status: str, actor: Actor) -> RefundQuerySet:
        """To a client what failed is on its way: to try again is staff's."""
        if actor.is_staff:
            return self.filter(status=status)
        return self.filter(status__in={S.EXECUTING: [S.EXECUTING, S.FAILED], S.FAILED: []}.get(S(status), [status]))


class Refund(Journaled):
    """`requested_by` is null where the clock granted it; `needs_another_person`: it is above the cap of when it was
    asked for. `key` makes a grant happen once. `consented_at`: when the client agreed to be refunded to the wallet.
    `receipt_number` counts without gaps within the website, from its success on. `decision` is the reason of who
    approved, rejected or cancelled."""

    noun: ClassVar[str] = "refund"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "approve": step({S.REQUESTED}, S.APPROVED, Can.DECIDE_REFUNDS, another_person, "approved_at"),
            "reject": step({S.REQUESTED}, S.REJECTED, Can.DECIDE_REFUNDS, None, "rejected_at"),
            "consent": step(WAITING, None, Can.CONSENT_TO_WALLET, consent_wanted, "consented_at", stays=True),
            "process": step(WAITING, S.EXECUTING, Can.EXECUTE_REFUNDS, processable, "executed_at"),
            "succeed": step({S.EXECUTING}, S.SUCCEEDED, Can.SETTLE_MONEY, None, "succeeded_at", hidden=True),
            "fail": step({S.EXECUTING}, S.FAILED, Can.SETTLE_MONEY, None, "failed_at", hidden=True),
            "retry": step({S.FAILED}, S.EXECUTING, Can.EXECUTE_REFUNDS, undisputed, "executed_at"),
            "cancel": step({*WAITING, S.FAILED}, S.CANCELLED, Can.REQUEST_REFUNDS, cancellable, "cancelled_at"),
        }
    )

    order = models.ForeignKey(Order, models.PROTECT, related_name="+")
    client = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    destination = models.CharField(max_length=8, choices=RefundDestination.choices)
    ground = models.CharField(max_length=13, choices=Ground.choices)
    reason = models.TextField()
    status = models.CharField(max_length=9, choices=RefundStatus.choices, default=S.REQUESTED)
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    requested_role = models.CharField(max_length=10)
    needs_another_person = models.BooleanField()
    key = models.CharField(max_length=60, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decision = models.TextField(blank=True)
    receipt_number = models.PositiveIntegerField(null=True)
    requested_at = models.DateTimeField(default=clock.now)
    consented_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    rejected_at = models.DateTimeField(null=True)
    executed_at = models.DateTimeField(null=True)
    """Of the last try."""
    succeeded_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)

    objects: ClassVar[RefundQuerySet] = RefundQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="refund_positive"),
            models.CheckConstraint(condition=~Q(reason=""), name="refund_says_why"),
            models.UniqueConstraint(fields=["website", "key"], name="refund_key_unique", condition=~Q(key="")),
            models.UniqueConstraint(fields=["website", "receipt_number"], name="refund_receipt_unique"),
            models.CheckConstraint(
                condition=Q(status=S.SUCCEEDED, receipt_number__isnull=False, succeeded_at__isnull=False)
                | (~Q(status=S.SUCCEEDED) & Q(receipt_number=None, succeeded_at=None)),
                name="refund_receipt_of_success",
            ),
            models.CheckConstraint(
                condition=Q(destination=RefundDestination.WALLET, consented_at__isnull=False)
                | Q(destination=RefundDestination.ORIGINAL, consented_at=None)
                | ~Q(status__in=[S.EXECUTING, S.SUCCEEDED, S.FAILED]),
                name="refund_wallet_by_consent",
            ),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="refund_newest"),
            models.Index(fields=["website", "client", "-id"], name="refund_by_client"),
            models.Index(fields=["website", "order"], name="refund_by_order"),
            models.Index(fields=["website", "status", "-id"], name="refund_by_status"),
            models.Index(F("website"), F("requested_at"), name="refund_open", condition=Q(status__in=OPEN)),
            models.Index(fields=["website", "requested_at"], name="refund_by_request"),
            models.Index("website", DECIDED_AT, name="refund_by_decision"),
            models.Index(
                fields=["website", "succeeded_at"], name="refund_by_success", condition=Q(succeeded_at__isnull=False)
            ),
        ]

    @property
    def is_partly_through(self) -> bool:
        """One query."""
        through = Repayment.objects.of(self.website_id).filter(status=RepaymentStatus.SUCCEEDED)
        return RefundPart.objects.of(self.website_id).filter(refund=self, repayment__in=through).exists()

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """None of the writer's business, who hears what it does to the pay."""
        return self.client_id, None


class RefundPart(TenantModel):
    """A repayment that a refund is made of, one for each source; append-only."""

    refund = models.ForeignKey(Refund, models.PROTECT, related_name="parts", db_index=False)
    repayment = models.OneToOneField(Repayment, models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["refund", "repayment"], name="part_by_refund")]
