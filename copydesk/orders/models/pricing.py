"""What an order costs, line by line, and agreed changes to it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Can, Role
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.payments.models import Charge
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet

from .. import errors
from .order import Order


class AdjustmentStatus(models.TextChoices):
    PROPOSED = "proposed"
    AWAITING_PAYMENT = "awaiting_payment"
    ACCEPTED = "accepted"
    DECLINED = "declined"


A = AdjustmentStatus
OPEN_ADJUSTMENTS = frozenset({A.PROPOSED, A.AWAITING_PAYMENT})


class Side(models.TextChoices):
    CLIENT = "client"
    STAFF = "staff"

    @property
    def other(self) -> Side:
        return Side.CLIENT if self is Side.STAFF else Side.STAFF


def side_of(by: Actor) -> Side:
    return Side.STAFF if by.role in STAFF else Side.CLIENT


def other_side(adjustment: Adjustment, by: Actor) -> Refusal | None:
    """The side that did not propose accepts; what is agreed but unpaid waits for the client."""
    if by.role is Role.SYSTEM:
        return None
    if by.role is Role.CLIENT and adjustment.order.client_id != by.membership_id:
        return errors.NotYours()
    waits_for = Side.CLIENT if adjustment.status == A.AWAITING_PAYMENT else Side(adjustment.proposed_by).other
    return None if side_of(by) == waits_for else errors.NotYourDecision()


def either_side(adjustment: Adjustment, by: Actor) -> Refusal | None:
    """To decline a proposal, or to take back one's own."""
    if by.role is Role.CLIENT and adjustment.order.client_id != by.membership_id:
        return errors.NotYours()
    return None


class AdjustmentQuerySet(TenantQuerySet["Adjustment"]):
    def visible_to(self, actor: OnWebsite) -> AdjustmentQuerySet:
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.CLIENT:
            return rows.filter(order__client_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()

    def open(self) -> AdjustmentQuerySet:
        return self.filter(status__in=OPEN_ADJUSTMENTS)


class Adjustment(Journaled):
    """New pages, slides or deadline (null: as they are), at a difference in price fixed when proposed."""

    noun: ClassVar[str] = "adjustment"

    order = models.ForeignKey(Order, models.PROTECT, related_name="adjustments")
    proposed_by = models.CharField(max_length=6, choices=Side.choices)
    status = models.CharField(max_length=16, choices=AdjustmentStatus.choices, default=AdjustmentStatus.PROPOSED)
    pages = models.PositiveIntegerField(null=True)
    slides = models.PositiveIntegerField(null=True)
    client_deadline = models.DateTimeField(null=True)
    difference_minor = models.BigIntegerField()
    charge = models.ForeignKey(Charge, models.PROTECT, related_name="+", null=True)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[AdjustmentQuerySet] = AdjustmentQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "agree": step({A.PROPOSED}, A.AWAITING_PAYMENT, Can.ADJUST_ORDERS, other_side, hidden=True),
            "accept": step(OPEN_ADJUSTMENTS, A.ACCEPTED, Can.ADJUST_ORDERS, other_side, "decided_at"),
            "decline": step(OPEN_ADJUSTMENTS, A.DECLINED, Can.ADJUST_ORDERS, either_side, "decided_at"),
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "order"],
                name="adjustment_one_open",
                condition=Q(status__in=["proposed", "awaiting_payment"]),
            )
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.order.client_id, None


class PriceLine(TenantModel):
    """One line of the price: `quantity` of something, in all `amount_minor`."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="price_lines")
    adjustment = models.ForeignKey(Adjustment, models.PROTECT, related_name="+", null=True)
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12)
    code = models.CharField(max_length=40)
    label = models.CharField(max_length=120)
    quantity = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "order", "position"], name="price_line_position_unique")
        ]
