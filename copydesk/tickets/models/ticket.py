"""A ticket and the table of its life."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.orders.models import Order
from copydesk.tenancy.models import OnWebsite, TenantQuerySet
from copydesk.tenancy.sql import holds, words

from .. import errors


class Status(models.TextChoices):
    NEW = "new"
    OPEN = "open"
    AWAITING_CLIENT = "awaiting_client"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(models.IntegerChoices):
    """Stored by rank, so that it sorts by it; named by word."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        return self.name.lower()


class Category(models.TextChoices):
    ORDER = "order"
    PAYMENT = "payment"
    REFUND = "refund"
    QUALITY = "quality"
    ACCOUNT = "account"
    TECHNICAL = "technical"
    OTHER = "other"


S = Status
RUNNING = frozenset({S.NEW, S.OPEN})
"""The clocks run."""
ACTIVE = RUNNING | {S.AWAITING_CLIENT}
UNCLOSED = ACTIVE | {S.RESOLVED}
REQUESTERS = (Role.CLIENT, Role.WRITER)
IS_ACTIVE = f"status IN ({words(ACTIVE)})"
UNASSIGNED = "assignee_id IS NULL"
ASSIGNED_TO = "assignee_id = %(member)s"
URGENT = f"priority >= {Priority.HIGH.value}"
OVERDUE = "due_at < %(at)s"
"""A clock that is neither met nor paused is past its due time."""
AT_RISK = "risk_at <= %(at)s AND due_at >= %(at)s"
"""Not overdue, and a clock has less than its share of time left."""
ABOUT = (Order.noun,)
"""What a ticket can be about."""


def own(ticket: Ticket, by: Actor) -> Refusal | None:
    if by.role in REQUESTERS and ticket.requester_id != by.membership_id:
        return errors.NotYours()
    return None


def unclaimed(ticket: Ticket, by: Actor) -> Refusal | None:
    if by.membership_id is None:
        return errors.NoAgent()
    if ticket.assignee_id is not None:
        return errors.AlreadyClaimed(assignee_id=ticket.assignee_id, assigned_at=ticket.assigned_at)
    return None


def unmerged(ticket: Ticket, by: Actor) -> Refusal | None:
    return None if ticket.merged_into_id is None else errors.Merged(merged_into_id=ticket.merged_into_id)


def reopenable(ticket: Ticket, by: Actor) -> Refusal | None:
    if refusal := own(ticket, by) or unmerged(ticket, by):
        return refusal
    if ticket.reopen_until is not None and ticket.reopen_until <= clock.now():
        return errors.ReopenWindowClosed()
    return None


def unrated(ticket: Ticket, by: Actor) -> Refusal | None:
    """A duplicate is rated as what it goes on as."""
    if refusal := own(ticket, by) or unmerged(ticket, by):
        return refusal
    return errors.AlreadyRated() if ticket.rating is not None else None


class TicketQuerySet(TenantQuerySet["Ticket"]):
    def visible_to(self, actor: OnWebsite) -> TicketQuerySet:
        """A client's and a writer's own; staff's all of the website; editors' none."""
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role in REQUESTERS:
            return rows.filter(requester_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()

    def matching(self, words: str) -> TicketQuerySet:
        """By number, or by words of the title and the public messages, the beginnings of words included."""
        return self.filter(pk__in=RawSQL("SELECT search_tickets(%s)", [words]))

    def active(self) -> TicketQuerySet:
        return self.filter(status__in=ACTIVE)

    def unassigned(self) -> TicketQuerySet:
        return self.active().filter(holds(UNASSIGNED))

    def overdue(self, at: dt.datetime) -> TicketQuerySet:
        return self.active().filter(holds(OVERDUE, at=at))

    def overdue_now(self, actor: Actor, *, overdue: bool) -> TicketQuerySet:
        """For a filter of staff's: those overdue now, or those not. Others know no clocks."""
        late = Q(status__in=ACTIVE, due_at__lt=clock.now())
        return self.filter(late if overdue else ~late) if actor.is_staff else self

    def at_risk_now(self, actor: Actor, *, at_risk: bool) -> TicketQuerySet:
        """As overdue_now."""
        now = clock.now()
        near = Q(status__in=ACTIVE, risk_at__lte=now, due_at__gte=now)
        return self.filter(near if at_risk else ~near) if actor.is_staff else self

    def held_by(self, actor: Actor, membership_id: int) -> TicketQuerySet:
        """For a filter of staff's, of any status."""
        return self.filter(assignee_id=membership_id) if actor.is_staff else self

    def held(self, actor: Actor, *, assigned: bool) -> TicketQuerySet:
        """As held_by: by anybody, or nobody."""
        return self.filter(assignee__isnull=not assigned) if actor.is_staff else self

    def at_risk(self, at: dt.datetime) -> TicketQuerySet:
        return self.active().filter(holds(AT_RISK, at=at))

    def pressing(self, at: dt.datetime) -> TicketQuerySet:
        """Overdue or at risk."""
        return self.active().filter(risk_at__lte=at)

    def about(self, kind: str, row_id: int) -> TicketQuerySet:
        return self.filter(about_type=kind, about_id=row_id)

    def to_escalate(self, at: dt.datetime) -> TicketQuerySet:
        return self.filter(escalate_at__lte=at)

    def to_close(self, at: dt.datetime) -> TicketQuerySet:
        return self.filter(status=S.RESOLVED, close_at__lte=at)


COUNTED = ("category", "priority", "status", "requester_role", "assignee")
"""By what figures of a period are broken down, read from the indexes alone."""


class Ticket(Journaled):
    """`requester` is a client or a writer, also where staff opened it. `about_type` and `about_id`: what it is about,
    checked when it was opened; there is no key, for what stands beside tickets can be a subject too.

    `policy_version` and `zone` are the terms of its clocks for as long as it lives. `due_at` and `risk_at` are the
    soonest of the clocks that run; `escalate_at` is when the next rule escalates it, `close_at` when it closes by
    itself. What the clocks have come to is kept beside them: `first_response_met` and `resolution_met` are false once
    breached, null while neither. `rests`: in turn when it ended and when it was reopened, for each time that it was.
    """

    noun: ClassVar[str] = "ticket"

    number = models.PositiveIntegerField()
    requester = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    requester_role = models.CharField(max_length=6, choices=[(role.value, role.value) for role in REQUESTERS])
    assignee = models.ForeignKey(Membership, models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=200)
    category = models.CharField(max_length=9, choices=Category.choices)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.MEDIUM)
    status = models.CharField(max_length=15, choices=Status.choices, default=S.NEW)
    about_type = models.CharField(max_length=40, blank=True)
    about_id = models.BigIntegerField(null=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    escalation_level = models.PositiveSmallIntegerField(default=0)

    policy_version = models.PositiveIntegerField()
    zone = models.CharField(max_length=64)
    due_at = models.DateTimeField(null=True)
    risk_at = models.DateTimeField(null=True)
    escalate_at = models.DateTimeField(null=True)
    close_at = models.DateTimeField(null=True)
    reopen_until = models.DateTimeField(null=True)
    first_response_at = models.DateTimeField(null=True)
    first_response_met = models.BooleanField(null=True)
    next_responses_met = models.PositiveSmallIntegerField(default=0)
    next_responses_breached = models.PositiveSmallIntegerField(default=0)
    resolution_met = models.BooleanField(null=True)

    opened_at = models.DateTimeField()
    last_message_at = models.DateTimeField()
    assigned_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    reopened_at = models.DateTimeField(null=True)
    rests = ArrayField(models.DateTimeField(), default=list)
    rating = models.PositiveSmallIntegerField(null=True)
    rating_comment = models.TextField(blank=True)
    rated_at = models.DateTimeField(null=True)

    objects: ClassVar[TicketQuerySet] = TicketQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "reply": step(UNCLOSED, None, Can.USE_TICKETS, own),
            "note": step(frozenset(Status), None, Can.WORK_TICKETS, stays=True),
            "claim": step(ACTIVE, None, Can.WORK_TICKETS, unclaimed, "assigned_at", stays=True),
            "assign": step(ACTIVE, None, Can.WORK_TICKETS, stays=True),
            "change": step(ACTIVE, None, Can.WORK_TICKETS, stays=True),
            "escalate": step(ACTIVE, None, Can.WORK_TICKETS, stays=True),
            "resolve": step(ACTIVE, S.RESOLVED, Can.WORK_TICKETS, None, "resolved_at"),
            "close": step(UNCLOSED, S.CLOSED, Can.USE_TICKETS, own, "closed_at"),
            "reopen": step({S.RESOLVED, S.CLOSED}, S.OPEN, Can.USE_TICKETS, reopenable, "reopened_at"),
            "rate": step({S.RESOLVED, S.CLOSED}, None, Can.RATE_TICKETS, unrated, "rated_at", stays=True),
            "merge": step(UNCLOSED, S.CLOSED, Can.WORK_TICKETS, None, "closed_at"),
            "absorb": step(UNCLOSED, None, Can.WORK_TICKETS, hidden=True),
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "number"], name="ticket_number_unique"),
            models.CheckConstraint(
                condition=Q(rating=None, rated_at=None) | Q(rating__gte=1, rating__lte=5, rated_at__isnull=False),
                name="ticket_rating_whole",
            ),
            models.CheckConstraint(
                condition=Q(about_type="", about_id=None) | (~Q(about_type="") & Q(about_id__isnull=False)),
                name="ticket_about_whole",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | (Q(status="closed") & ~Q(merged_into=F("id"))),
                name="ticket_merged_is_closed",
            ),
            models.CheckConstraint(condition=Q(priority__gte=1, priority__lte=4), name="ticket_priority_rank"),
        ]
        indexes = [
            models.Index(fields=["website", "-id"], name="ticket_newest"),
            models.Index(fields=["website", "requester", "-id"], name="ticket_by_requester"),
            models.Index(
                fields=["website", "-priority", "due_at"],
                name="ticket_work",
                condition=Q(status__in=sorted(ACTIVE)),
            ),
            models.Index(
                fields=["website", "assignee", "-priority"],
                name="ticket_by_assignee",
                condition=Q(status__in=sorted(ACTIVE)),
            ),
            models.Index(
                fields=["website", "about_type", "about_id"],
                name="ticket_by_subject",
                condition=Q(about_id__isnull=False),
            ),
            models.Index(
                fields=["website", "escalate_at"], name="ticket_to_escalate", condition=Q(escalate_at__isnull=False)
            ),
            models.Index(fields=["website", "close_at"], name="ticket_to_close", condition=Q(close_at__isnull=False)),
            models.Index(
                fields=["website", "opened_at"],
                name="ticket_by_opening",
                include=[
                    *COUNTED,
                    *("resolved_at", "merged_into", "first_response_at", "first_response_met", "next_responses_met"),
                    *("next_responses_breached", "resolution_met", "escalation_level", "closed_at", "reopened_at"),
                ],
            ),
            models.Index(
                fields=["website", "resolved_at"],
                name="ticket_by_resolution",
                include=[*COUNTED, "opened_at", "rating"],
                condition=Q(resolved_at__isnull=False),
            ),
            models.Index(
                fields=["website", "closed_at"],
                name="ticket_closed_unresolved",
                condition=Q(closed_at__isnull=False, resolved_at=None),
            ),
            models.Index(
                fields=["website", "reopened_at"],
                name="ticket_by_reopening",
                include=["rests"],
                condition=Q(reopened_at__isnull=False),
            ),
        ]

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return (
            self.requester_id if self.requester_role == Role.CLIENT else None,
            self.requester_id if self.requester_role == Role.WRITER else None,
        )
