"""A writer's time on an order, and the pieces of work in it."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.models import Membership
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import TenantModel

from .order import Cause, Order


class Offer(TenantModel):
    """An order shown to one writer, who accepts, declines or lets it expire. Open while `outcome` is empty."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="offers")
    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    pay_minor = models.BigIntegerField()
    beyond_limits = models.BooleanField(default=False)
    """Staff gave a reason to exceed the writer's limits: they do not stand in the way of its acceptance."""
    offered_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "order"], name="offer_one_open", condition=Q(outcome="")),
        ]
        indexes = [models.Index(fields=["website", "writer", "-id"], name="offer_by_writer")]


class Assignment(TenantModel):
    """One writer's time on an order. Pay is fixed when it starts, by the level of the writer."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="assignments")
    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    pay_minor = models.BigIntegerField()
    tip_share_bps = models.PositiveIntegerField()
    policy_version = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, blank=True)
    """completed, released, reassigned, cancelled; empty while it lasts."""
    cause = models.CharField(max_length=6, choices=Cause.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "order"], name="assignment_one_current", condition=Q(ended_at=None)
            ),
            models.CheckConstraint(condition=Q(pay_minor__gte=0), name="assignment_pay_not_negative"),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="assignment_end_has_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["website", "writer", "-started_at"], name="assignment_by_writer"),
            models.Index(fields=["website", "writer", "ended_at"], name="assignment_by_end"),
            models.Index(
                fields=["website", "ended_at"],
                name="assignment_failed",
                include=["outcome"],
                condition=Q(cause="writer", outcome__in=["released", "reassigned", "cancelled"]),
            ),
        ]


class RoundKind(models.TextChoices):
    FIRST = "first"
    RETURN = "return"
    REVISION = "revision"


class Round(Journaled):
    """One piece of work: the first delivery, each return by an editor, each revision. Numbered within its order.

    `excused` is time that is no fault of the writer; `due_at` is without it. Only one round of an order is open.
    """

    noun: ClassVar[str] = "round"

    order = models.ForeignKey(Order, models.PROTECT, related_name="rounds")
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="rounds")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=RoundKind.choices)
    cause = models.CharField(max_length=6, choices=Cause.choices, blank=True)
    """Whose cause a return or revision was; empty for the first."""
    severity = models.CharField(max_length=8, blank=True)
    reason = models.TextField(blank=True)
    changes_required = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    excused = models.DurationField(default=dt.timedelta)
    submitted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    passed_at = models.DateTimeField(null=True)
    """When it passed editing: from then on its files are locked."""
    closed_at = models.DateTimeField(null=True)
    """When it stopped being the current one without a submission: the writer was removed, the order cancelled."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "order", "number"], name="round_number_unique"),
            models.UniqueConstraint(
                fields=["website", "order"], name="round_one_open", condition=Q(submitted_at=None, closed_at=None)
            ),
        ]
        indexes = [
            models.Index(
                fields=["website", "submitted_at"],
                name="round_submitted",
                include=["due_at", "excused"],
                condition=Q(submitted_at__isnull=False),
            ),
            models.Index(
                fields=["website", "asked_at"],
                name="round_revised",
                include=["order"],
                condition=Q(kind="revision", cause="writer"),
            ),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.order.parties

    @property
    def due_with_excuse(self) -> dt.datetime:
        return self.due_at + self.excused


class ExcuseKind(models.TextChoices):
    HOLD = "hold"
    DISPUTE = "dispute"
    SHORTENED = "shortened"
    GRANTED = "granted"


class ExcusedTime(TenantModel):
    """An interval that is no fault of the writer, pointing to the event that made it. Open while `until` is null."""

    round = models.ForeignKey(Round, models.PROTECT, related_name="excuses")
    kind = models.CharField(max_length=10, choices=ExcuseKind.choices)
    event_id = models.BigIntegerField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("since")), name="excuse_forward"),
        ]
