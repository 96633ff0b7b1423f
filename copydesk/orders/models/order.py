"""An order and the table of its life."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.payments.models import Charge, Reference
from copydesk.tenancy.models import OnWebsite, TenantQuerySet
from copydesk.writers.models import Choice, ChoiceKind

from .. import errors


class Status(models.TextChoices):
    UNPAID = "unpaid"
    AVAILABLE = "available"
    OFFERED = "offered"
    IN_PROGRESS = "in_progress"
    EDITING = "editing"
    DELIVERED = "delivered"
    REVISION = "revision"
    COMPLETED = "completed"
    ON_HOLD = "on_hold"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"


S = Status
OPEN = frozenset(Status) - {S.COMPLETED, S.CANCELLED}
ASSIGNED = frozenset({S.IN_PROGRESS, S.EDITING, S.REVISION, S.ON_HOLD})
"""What fills a writer's capacity."""
WRITING = frozenset({S.IN_PROGRESS, S.REVISION})
"""The current round is not submitted."""
UNDELIVERED = frozenset({S.AVAILABLE, S.OFFERED, S.IN_PROGRESS, S.EDITING, S.ON_HOLD, S.DISPUTED, S.REVISION})
"""Paid, and not with the client: where nothing was ever delivered, the client's deadline runs."""
ENTERED = {
    S.UNPAID: "placed_at",
    S.AVAILABLE: "paid_at",
    S.OFFERED: "offered_at",
    S.EDITING: "submitted_at",
    S.DELIVERED: "delivered_at",
    S.ON_HOLD: "held_at",
    S.DISPUTED: "disputed_at",
}
"""Of open orders a time that is never after the last progress: for an index, which leaves few to ask the journal for.
Of the others `assigned_at`."""
PERIODICAL: tuple[tuple[str, list[str], Q | None], ...] = (
    ("placed_at", ["status", "work_type", "subject", "academic_level"], None),
    ("paid_at", ["placed_at"], Q(paid_at__isnull=False)),
    ("assigned_at", ["paid_at", "delivered_at"], Q(assigned_at__isnull=False)),
    ("delivered_at", ["assigned_at", "disputed_at", "id"], Q(delivered_at__isnull=False)),
    (
        "completed_at",
        ["status", "delivered_at", "work_type", "subject", "academic_level"],
        Q(completed_at__isnull=False),
    ),
    ("cancelled_at", ["cancel_cause"], Q(cancelled_at__isnull=False)),
)
"""A period's figures are read from an index by each instant, with what they count by."""


class Cause(models.TextChoices):
    """Whose cause it was that an assignment or an order ended, or a round was needed."""

    CLIENT = "client"
    WRITER = "writer"
    STAFF = "staff"
    SYSTEM = "system"


class DisputeReason(models.TextChoices):
    QUALITY_ISSUE = "quality_issue"
    MISSED_INSTRUCTIONS = "missed_instructions"
    LATE_DELIVERY = "late_delivery"
    WRONG_FILE = "wrong_file"
    PLAGIARISM = "plagiarism"
    CONDUCT_ISSUE = "conduct_issue"
    PAYMENT_ISSUE = "payment_issue"
    OTHER = "other"


def own_client(order: Order, by: Actor) -> Refusal | None:
    if by.role is Role.CLIENT and order.client_id != by.membership_id:
        return errors.NotYours()
    return None


def own_writer(order: Order, by: Actor) -> Refusal | None:
    if by.role is Role.WRITER and order.writer_id != by.membership_id:
        return errors.NotYours()
    return None


def offered_writer(order: Order, by: Actor) -> Refusal | None:
    if order.offered_to_id != by.membership_id:
        return errors.NotYours()
    if order.offer_expires_at is not None and order.offer_expires_at <= clock.now():
        return errors.OfferExpired()
    return None


def releasing_party(order: Order, by: Actor) -> Refusal | None:
    """A writer drops what it has; an offer it declines."""
    if by.role is Role.WRITER and order.status == S.OFFERED:
        return errors.NotYours("Decline the offer instead.")
    return own_writer(order, by)


def within_revision_window(order: Order, by: Actor) -> Refusal | None:
    if by.role is Role.CLIENT:
        if order.client_id != by.membership_id:
            return errors.NotYours()
        if order.revision_until is None or order.revision_until <= clock.now():
            return errors.RevisionWindowClosed()
    return None


def disputing_party(order: Order, by: Actor) -> Refusal | None:
    if refusal := own_client(order, by) or own_writer(order, by):
        return refusal
    if order.status == S.COMPLETED and (order.dispute_until is None or order.dispute_until <= clock.now()):
        return errors.DisputeWindowClosed()
    return None


def cancelling_party(order: Order, by: Actor) -> Refusal | None:
    if by.role is not Role.CLIENT:
        return None
    if order.client_id != by.membership_id:
        return errors.NotYours()
    return None if order.status == S.UNPAID else errors.ClientCannotCancel()


def adjusting_party(order: Order, by: Actor) -> Refusal | None:
    """Pay is earned at the first completion, so nothing that changes it comes after."""
    return own_client(order, by) or (errors.CompletedBefore() if order.completed_at else None)


def not_archived(order: Order, by: Actor) -> Refusal | None:
    return errors.AlreadyArchived() if order.archived_at else None


def tipping_client(order: Order, by: Actor) -> Refusal | None:
    return own_client(order, by) or (None if order.writer_id else errors.NotYours("There is no writer to tip."))


def _clients_who(kind: ChoiceKind, actor: Actor) -> QuerySet[Choice, Any]:
    """The clients who have blocked this writer, or prefer it."""
    choices = Choice.objects.of(actor.website).filter(writer_id=actor.membership_id, kind=kind)
    return choices.values("client_id")


def _open_to(actor: Actor) -> Q:
    return Q(status=S.AVAILABLE) & ~Q(client__in=_clients_who(ChoiceKind.BLOCK, actor))


class OrderQuerySet(TenantQuerySet["Order"]):
    def visible_to(self, actor: OnWebsite) -> OrderQuerySet:
        """A client's own; a writer's assigned, offered, asked for, and those open to it; an editor's those in editing;
        staff's all of the website."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.CLIENT:
            return rows.filter(client_id=actor.membership_id)
        if actor.role is Role.WRITER:
            own = Q(writer_id=actor.membership_id) | Q(offered_to_id=actor.membership_id)
            return rows.filter(own | _open_to(actor))
        if actor.role is Role.EDITOR:
            return rows.filter(status=S.EDITING)
        return rows

    def matching(self, words: str) -> OrderQuerySet:
        """By number, or by words of the topic, the beginnings of words included."""
        return self.filter(pk__in=RawSQL("SELECT search_orders(%s)", [words]))

    def overdue_now(self, overdue: bool) -> OrderQuerySet:  # noqa: FBT001
        """For a filter: those whose due time, with excused time, has passed and whose round is not submitted, or those
        not."""
        late = Q(status__in=WRITING, writer_due_at__lte=clock.now())
        return self.filter(late if overdue else ~late)

    def unpaid_since(self, at: dt.datetime) -> OrderQuerySet:
        return self.filter(status=S.UNPAID, expires_at__lte=at)

    def offers_expired(self, at: dt.datetime) -> OrderQuerySet:
        return self.filter(status=S.OFFERED, offer_expires_at__lte=at)

    def approvable(self, at: dt.datetime) -> OrderQuerySet:
        return self.filter(status=S.DELIVERED, approve_at__lte=at)

    def archivable(self, before: dt.datetime) -> OrderQuerySet:
        return self.filter(archived_at=None).filter(
            Q(status=S.COMPLETED, completed_at__lte=before) | Q(status=S.CANCELLED, cancelled_at__lte=before)
        )


class Order(Journaled):
    """`writer` is who has it or had it last to the end; `offered_to` whom it is offered to.

    `writer_due_at` is the due time of the current round with its excused time, null while nobody writes.
    `price_minor` is the sum of the price lines. `held_from` is where a held or disputed order stood,
    `dispute_turn` the party whose statement a disputed one waits for, `client` or `writer`; staff where blank.
    """

    noun: ClassVar[str] = "order"

    number = models.PositiveIntegerField()
    client = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+", null=True)
    offered_to = models.ForeignKey(Membership, models.PROTECT, related_name="+", null=True)
    preferred_writer = models.ForeignKey(Membership, models.PROTECT, related_name="+", null=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.UNPAID)
    held_from = models.CharField(max_length=12, choices=Status.choices, blank=True)
    dispute_turn = models.CharField(max_length=6, blank=True)

    topic = models.CharField(max_length=300)
    instructions = models.TextField()
    paper_type = models.CharField(max_length=40)
    subject = models.CharField(max_length=40)
    academic_level = models.CharField(max_length=40)
    level_rank = models.PositiveSmallIntegerField()
    work_type = models.CharField(max_length=40)
    pages = models.PositiveIntegerField()
    slides = models.PositiveIntegerField()
    spacing = models.CharField(max_length=20)
    extras = models.JSONField(default=list)

    price_minor = models.BigIntegerField()
    pricing_version = models.PositiveIntegerField()
    policy_version = models.PositiveIntegerField()
    wants_editing = models.BooleanField(null=True)
    editing = models.BooleanField(null=True)
    editing_reason = models.CharField(max_length=40, blank=True)

    client_deadline = models.DateTimeField()
    writer_due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    offer_expires_at = models.DateTimeField(null=True)
    revision_until = models.DateTimeField(null=True)
    approve_at = models.DateTimeField(null=True)
    dispute_until = models.DateTimeField(null=True)

    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    offered_at = models.DateTimeField(null=True)
    assigned_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    """The first delivery; later ones are on their rounds."""
    completed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    disputed_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)
    cancel_cause = models.CharField(max_length=6, choices=Cause.choices, blank=True)
    charge = models.ForeignKey(Charge, models.PROTECT, related_name="+", null=True)
    """The charge that paid it."""
    forfeited_minor = models.BigIntegerField(default=0)

    objects: ClassVar[OrderQuerySet] = OrderQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "edit_brief": step({S.UNPAID}, None, Can.EDIT_BRIEF, own_client, stays=True),
            "pay": step({S.UNPAID}, S.AVAILABLE, Can.PAY_ORDERS, own_client, "paid_at"),
            "expire": step({S.UNPAID}, S.CANCELLED, Can.RUN_CLOCK, None, "cancelled_at", hidden=True),
            "assign": step({S.AVAILABLE}, S.IN_PROGRESS, Can.ASSIGN_WRITERS, None, "assigned_at"),
            "offer": step({S.AVAILABLE}, S.OFFERED, Can.ASSIGN_WRITERS, None, "offered_at"),
            "accept": step({S.OFFERED}, S.IN_PROGRESS, Can.ANSWER_OFFERS, offered_writer, "assigned_at"),
            "decline": step({S.OFFERED}, S.AVAILABLE, Can.ANSWER_OFFERS, offered_writer),
            "expire_offer": step({S.OFFERED}, S.AVAILABLE, Can.RUN_CLOCK, hidden=True),
            "take": step({S.AVAILABLE}, S.IN_PROGRESS, Can.TAKE_ORDERS, None, "assigned_at"),
            "request": step({S.AVAILABLE}, None, Can.REQUEST_ORDERS, stays=True),
            "approve_request": step(
                {S.AVAILABLE}, S.IN_PROGRESS, Can.DECIDE_REQUESTS, None, "assigned_at", hidden=True
            ),
            "submit": step(WRITING, None, Can.SUBMIT_WORK, own_writer, "submitted_at"),
            "return": step({S.EDITING}, S.IN_PROGRESS, Can.EDIT_WORK),
            "pass": step({S.EDITING}, S.DELIVERED, Can.EDIT_WORK),
            "request_revision": step(
                {S.DELIVERED, S.COMPLETED}, S.REVISION, Can.REQUEST_REVISION, within_revision_window
            ),
            "approve": step({S.DELIVERED}, S.COMPLETED, Can.APPROVE_WORK, own_client),
            "release": step({S.IN_PROGRESS, S.REVISION, S.OFFERED}, S.AVAILABLE, Can.RELEASE_ORDERS, releasing_party),
            "reassign": step(WRITING, S.IN_PROGRESS, Can.ASSIGN_WRITERS, None, "assigned_at"),
            "hold": step(
                {S.AVAILABLE, S.IN_PROGRESS, S.EDITING, S.REVISION}, S.ON_HOLD, Can.HOLD_ORDERS, None, "held_at"
            ),
            "resume": step({S.ON_HOLD}, None, Can.HOLD_ORDERS),
            "dispute": step(
                {S.IN_PROGRESS, S.DELIVERED, S.REVISION, S.COMPLETED},
                S.DISPUTED,
                Can.OPEN_DISPUTES,
                disputing_party,
                "disputed_at",
            ),
            "settle": step({S.DISPUTED}, None, Can.SETTLE_DISPUTES, hidden=True),
            "cancel": step(OPEN - {S.DISPUTED}, S.CANCELLED, Can.CANCEL_ORDERS, cancelling_party, "cancelled_at"),
            "adjust": step(
                {S.AVAILABLE, S.OFFERED, S.IN_PROGRESS, S.REVISION},
                None,
                Can.ADJUST_ORDERS,
                adjusting_party,
                stays=True,
            ),
            "extend_deadline": step(
                {S.AVAILABLE, S.OFFERED, S.IN_PROGRESS, S.EDITING, S.REVISION, S.ON_HOLD},
                None,
                Can.EXTEND_DEADLINES,
                stays=True,
            ),
            "tip": step({S.DELIVERED, S.COMPLETED}, None, Can.TIP_WRITERS, tipping_client, stays=True),
            "archive": step(
                {S.COMPLETED, S.CANCELLED}, None, Can.ARCHIVE_ORDERS, not_archived, "archived_at", stays=True
            ),
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "number"], name="order_number_unique"),
            models.CheckConstraint(condition=Q(pages__gt=0) | Q(slides__gt=0), name="order_has_work"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="order_price_not_negative"),
            models.CheckConstraint(
                condition=Q(forfeited_minor__gte=0, forfeited_minor__lte=F("price_minor")),
                name="order_forfeiture_bounds",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["in_progress", "editing", "delivered", "revision", "completed"])
                | Q(writer__isnull=False),
                name="order_work_has_writer",
            ),
            models.CheckConstraint(
                condition=Q(status="offered", offered_to__isnull=False) | (~Q(status="offered") & Q(offered_to=None)),
                name="order_offer_has_writer",
            ),
            models.CheckConstraint(condition=Q(dispute_turn="") | Q(status="disputed"), name="order_dispute_turn"),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="order_newest"),
            models.Index(fields=["website", "client", "-id"], name="order_by_client"),
            models.Index(fields=["website", "writer", "status", "-id"], name="order_by_writer"),
            models.Index(fields=["website", "status", "-id"], name="order_by_status"),
            models.Index(
                fields=["website", "writer_due_at"],
                name="order_due",
                include=["assigned_at", "status"],
                condition=Q(status__in=["in_progress", "revision"]),
            ),
            models.Index(
                "website",
                "status",
                Case(*(When(status=status, then=column) for status, column in ENTERED.items()), default="assigned_at"),
                name="order_entered",
                condition=~Q(status__in=["completed", "cancelled"]),
            ),
            models.Index(fields=["website", "writer"], name="order_load", condition=Q(status__in=sorted(ASSIGNED))),
            models.Index(
                fields=["website", "client_deadline"],
                name="order_client_due",
                condition=Q(status__in=sorted(UNDELIVERED), delivered_at=None),
            ),
            *(
                models.Index(fields=["website", column], name=f"order_{column}", include=also, condition=there)
                for column, also, there in PERIODICAL
            ),
            models.Index(fields=["expires_at"], name="order_unpaid", condition=Q(status="unpaid")),
            models.Index(fields=["offer_expires_at"], name="order_offer", condition=Q(status="offered")),
            models.Index(fields=["approve_at"], name="order_approvable", condition=Q(status="delivered")),
        ]

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return self.client_id, self.writer_id or self.offered_to_id

    @property
    def reference(self) -> Reference:
        """What payments know an order by."""
        return Reference(self.noun, self.pk)

    @property
    def adjustable(self) -> bool:
        return self.status in self.LIFECYCLE["adjust"].sources and self.completed_at is None

    def is_overdue(self, at: dt.datetime) -> bool:
        return self.status in WRITING and self.writer_due_at is not None and self.writer_due_at <= at
