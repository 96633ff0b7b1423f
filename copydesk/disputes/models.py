"""A dispute about an order: what both sides say, whose turn it is until when, and what was decided."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core.errors import Forbidden, Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.files.models import File
from copydesk.journal.models import Journaled
from copydesk.orders.models import DisputeReason, Order
from copydesk.orders.models import Status as OrderStatus
from copydesk.tenancy.models import OnWebsite, TenantModel, TenantQuerySet
from copydesk.tenancy.sql import words

from . import errors


class DisputeStatus(models.TextChoices):
    OPEN = "open"
    """Staff opened it, and have not said yet whom they ask."""
    AWAITING_WRITER = "awaiting_writer"
    AWAITING_CLIENT = "awaiting_client"
    UNDER_REVIEW = "under_review"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Party(models.TextChoices):
    CLIENT = "client"
    WRITER = "writer"
    STAFF = "staff"


class Verdict(models.TextChoices):
    """Who is right."""

    CLIENT = "client"
    WRITER = "writer"
    NEITHER = "neither"


class Remedy(models.TextChoices):
    """What is done about it."""

    NONE = "none"
    REFUND = "refund"
    NEW_DEADLINE = "new_deadline"
    NEW_WRITER = "new_writer"


class Outcome(models.TextChoices):
    """What a person decides between: each has its remedy, and a verdict or a choice of verdicts."""

    WRITER_WINS = "writer_wins"
    CLIENT_WINS = "client_wins"
    EXTEND_DEADLINE = "extend_deadline"
    REASSIGN = "reassign"


class OnSilence(models.TextChoices):
    """What follows where the one whose turn it is lets its time pass."""

    ASKS_WRITER = "asks_writer"
    REVIEW = "review"
    """Decided without its answer."""
    EXPIRES = "expires"
    """The dispute ends, and the order goes back to where it was."""
    REMINDS = "reminds"
    """Staff are reminded, and again after as many hours."""


class Ending(models.TextChoices):
    """How a stage ended."""

    ANSWERED = "answered"
    ASKED = "asked"
    SILENCE = "silence"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


S, V, R = DisputeStatus, Verdict, Remedy
AWAITING = {Party.WRITER: S.AWAITING_WRITER, Party.CLIENT: S.AWAITING_CLIENT}
ACTIVE = (S.OPEN, *AWAITING.values(), S.UNDER_REVIEW)
IS_ACTIVE = f"status IN ({words(ACTIVE)})"
TURNS = {S.OPEN: Party.STAFF, **{at: side for side, at in AWAITING.items()}, S.UNDER_REVIEW: Party.STAFF}
"""Whose turn it is."""
REMEDIES = {
    Outcome.WRITER_WINS: R.NONE,
    Outcome.CLIENT_WINS: R.REFUND,
    Outcome.EXTEND_DEADLINE: R.NEW_DEADLINE,
    Outcome.REASSIGN: R.NEW_WRITER,
}
OUTCOMES = {remedy: outcome for outcome, remedy in REMEDIES.items()}
VERDICTS = {
    Outcome.WRITER_WINS: (V.WRITER,),
    Outcome.CLIENT_WINS: (V.CLIENT,),
    Outcome.EXTEND_DEADLINE: (V.NEITHER, V.CLIENT, V.WRITER),
    Outcome.REASSIGN: (V.CLIENT, V.NEITHER, V.WRITER),
}
"""The first where none is given."""
IS_UPHELD = f"verdict <> '' AND verdict = CASE opener WHEN '{Party.WRITER}' THEN '{V.WRITER}' ELSE '{V.CLIENT}' END"
"""Decided for whoever opened it; of staff's own, for the client."""


def side_of(by: Actor) -> Party:
    return Party(by.role.value) if by.role in (Role.CLIENT, Role.WRITER) else Party.STAFF


def party(dispute: Dispute, by: Actor) -> Refusal | None:
    own = {Role.CLIENT: dispute.client_id, Role.WRITER: dispute.writer_id}
    return Forbidden() if by.role in own and own[by.role] != by.membership_id else None


def opening_side(dispute: Dispute, by: Actor) -> Refusal | None:
    return party(dispute, by) or (None if side_of(by) == dispute.opener else errors.NotYours())


class DisputeQuerySet(TenantQuerySet["Dispute"]):
    def visible_to(self, actor: OnWebsite) -> DisputeQuerySet:
        """The two parties' own; staff's all of the website; editors' none."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.CLIENT:
            return rows.filter(client_id=actor.membership_id)
        if actor.role is Role.WRITER:
            return rows.filter(writer_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()

    def active(self) -> DisputeQuerySet:
        return self.filter(status__in=ACTIVE)

    def due(self, at: dt.datetime) -> DisputeQuerySet:
        return self.active().filter(due_at__lte=at)

    def in_turn_of(self, side: Party, its: bool = True) -> DisputeQuerySet:  # noqa: FBT001, FBT002
        """Those that wait for that side, or those that do not."""
        turns = [status for status, turn in TURNS.items() if turn == side]
        return self.filter(status__in=turns) if its else self.exclude(status__in=turns)


class Dispute(Journaled):
    """`client` and `writer` are the order's when it was opened, `order_from` where the order stood. `opened_by` and
    `resolved_by` are null for a superadmin.

    `due_at` is the present stage's, and `on_silence` what follows then; `reminders` counts how often staff let it pass.
    `refund_minor`: what goes back to the client; `pay_change_minor`: of what the writer has earned, or would have,
    below zero. A closed one is final, by the database.
    """

    noun: ClassVar[str] = "dispute"

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "respond": step(ACTIVE, None, Can.ANSWER_DISPUTES, party),
            "withdraw": step(ACTIVE, S.WITHDRAWN, Can.OPEN_DISPUTES, opening_side, "closed_at"),
            "resolve": step({S.UNDER_REVIEW}, S.RESOLVED, Can.SETTLE_DISPUTES, None, "closed_at"),
            "forward": step({S.OPEN}, None, Can.RUN_CLOCK, hidden=True),
            "lapse": step(AWAITING.values(), S.UNDER_REVIEW, Can.RUN_CLOCK, hidden=True),
            "expire": step(AWAITING.values(), S.EXPIRED, Can.RUN_CLOCK, None, "closed_at", hidden=True),
            "remind": step({S.UNDER_REVIEW}, None, Can.RUN_CLOCK, stays=True, hidden=True),
        }
    )

    order = models.ForeignKey(Order, models.PROTECT, related_name="+")
    client = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    order_from = models.CharField(max_length=12, choices=OrderStatus.choices)
    opener = models.CharField(max_length=6, choices=Party.choices)
    opened_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=20, choices=DisputeReason.choices)
    status = models.CharField(max_length=15, choices=DisputeStatus.choices, default=S.OPEN)
    policy_version = models.PositiveIntegerField()
    due_at = models.DateTimeField(null=True)
    on_silence = models.CharField(max_length=11, choices=OnSilence.choices, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    verdict = models.CharField(max_length=7, choices=Verdict.choices, blank=True)
    remedy = models.CharField(max_length=12, choices=Remedy.choices, blank=True)
    refund_minor = models.BigIntegerField(default=0)
    pay_change_minor = models.BigIntegerField(default=0)
    new_deadline = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    resolved_by = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar[DisputeQuerySet] = DisputeQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "order"], name="dispute_one_active", condition=Q(status__in=ACTIVE)
            ),
            models.CheckConstraint(
                condition=(Q(status__in=ACTIVE, closed_at=None, due_at__isnull=False) & ~Q(on_silence=""))
                | (~Q(status__in=ACTIVE) & Q(closed_at__isnull=False, due_at=None, on_silence="")),
                name="dispute_active_is_due",
            ),
            models.CheckConstraint(
                condition=(Q(status=S.RESOLVED) & ~Q(verdict="") & ~Q(remedy="") & ~Q(note=""))
                | (~Q(status=S.RESOLVED) & Q(verdict="", remedy="", note="", resolved_by=None)),
                name="dispute_resolved_by_verdict",
            ),
            models.CheckConstraint(
                condition=Q(refund_minor__gte=0) & (Q(remedy=R.REFUND) | Q(refund_minor=0)),
                name="dispute_refund_by_remedy",
            ),
            models.CheckConstraint(condition=Q(pay_change_minor__lte=0), name="dispute_pay_falls"),
            models.CheckConstraint(
                condition=Q(new_deadline=None) | Q(remedy__in=[R.NEW_DEADLINE, R.NEW_WRITER]),
                name="dispute_deadline_by_remedy",
            ),
            models.CheckConstraint(
                condition=~Q(remedy=R.NEW_DEADLINE) | Q(new_deadline__isnull=False), name="dispute_deadline_is_named"
            ),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="dispute_newest"),
            models.Index(fields=["website", "order", "-id"], name="dispute_by_order"),
            models.Index(fields=["website", "client", "-id"], name="dispute_by_client"),
            models.Index(fields=["website", "writer", "-id"], name="dispute_by_writer"),
            models.Index(fields=["website", "due_at"], name="dispute_due", condition=Q(status__in=ACTIVE)),
            models.Index(fields=["website", "opened_at"], name="dispute_by_time", include=["reason", "opener"]),
            models.Index(
                fields=["website", "closed_at"],
                name="dispute_by_end",
                condition=Q(closed_at__isnull=False),
                include=["status", "verdict", "remedy", "refund_minor", "reason", "opener", "opened_at"],
            ),
            models.Index(
                fields=["website", "writer", "closed_at"],
                name="dispute_decided_by_writer",
                condition=Q(status=S.RESOLVED),
                include=["verdict"],
            ),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id


class Stage(TenantModel):
    """Of a dispute, while it waited for one side; `ended_by` is empty while it lasts, `due_at` as it was told first."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="stages")
    status = models.CharField(max_length=15, choices=[(status.value, status.label) for status in ACTIVE])
    since = models.DateTimeField()
    due_at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=9, choices=Ending.choices, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "dispute"], name="stage_one_open", condition=Q(until=None)),
            models.CheckConstraint(
                condition=Q(until=None, ended_by="") | (Q(until__isnull=False) & ~Q(ended_by="")),
                name="stage_says_how_it_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["website", "dispute", "id"], name="stage_by_dispute"),
            models.Index(
                fields=["website", "until"],
                name="stage_by_end",
                condition=Q(until__isnull=False),
                include=["status", "since", "ended_by"],
            ),
        ]


class Statement(TenantModel):
    """What a side says, append-only; contact details are masked, as in messages, and counted in `masked`. `sha256` is
    of what it says, who says it when, and the hashes of its files: see `queries.proof`."""

    dispute = models.ForeignKey(Dispute, models.PROTECT, related_name="statements")
    number = models.PositiveIntegerField()
    side = models.CharField(max_length=6, choices=Party.choices)
    author = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    masked = models.JSONField(default=dict)
    stage = models.CharField(max_length=15, choices=DisputeStatus.choices)
    stated_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "dispute", "number"], name="statement_number_unique"),
            models.CheckConstraint(condition=~Q(text=""), name="statement_says_something"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="statement_sha256_hex"),
        ]


class EvidenceQuerySet(TenantQuerySet["Evidence"]):
    def visible_to(self, actor: OnWebsite) -> EvidenceQuerySet:
        """Of the disputes that the actor sees: both sides see both sides'."""
        disputes = Dispute.objects.visible_to(actor)
        return self.of(actor.website).filter(statement__dispute__in=disputes)


class Evidence(TenantModel):
    """A file of a statement; append-only, as the file is."""

    statement = models.ForeignKey(Statement, models.PROTECT, related_name="evidence")
    file = models.OneToOneField(File, models.PROTECT, related_name="+")

    objects: ClassVar[EvidenceQuerySet] = EvidenceQuerySet.as_manager()  # type: ignore[assignment]
