"""What the desk keeps for itself: who works how much and when, words that are used again, answers for everybody."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import TenantQuerySet

from .ticket import Category


class SupportProfile(Journaled):
    """How many active tickets an agent has at most; without one, DEFAULT_CAPACITY. Not `available`: gets no more."""

    noun: ClassVar[str] = "support_profile"

    member = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    capacity = models.PositiveSmallIntegerField()
    available = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "member"], name="support_profile_unique"),
            models.CheckConstraint(condition=Q(capacity__gte=1), name="support_profile_capacity"),
        ]


class ShiftQuerySet(TenantQuerySet["Shift"]):
    def running(self, running: bool) -> ShiftQuerySet:  # noqa: FBT001
        """For a filter: those that cover now, or those that do not."""
        now = Q(starts_at__lte=clock.now(), ends_at__gt=clock.now())
        return self.filter(now if running else ~now)

    def between(self, since: dt.datetime, until: dt.datetime) -> ShiftQuerySet:
        """That touch this time."""
        return self.filter(starts_at__lt=until, ends_at__gt=since)


class Shift(Journaled):
    """When an agent is on duty, from `starts_at` to before `ends_at`. Those of one agent do not overlap."""

    noun: ClassVar[str] = "shift"

    member = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects: ClassVar[ShiftQuerySet] = ShiftQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_forward")]
        indexes = [
            models.Index(fields=["website", "member", "starts_at"], name="shift_by_member"),
            models.Index(fields=["website", "ends_at"], name="shift_by_end"),
        ]


class CannedReplyQuerySet(TenantQuerySet["CannedReply"]):
    def offered_in(self, category: str) -> CannedReplyQuerySet:
        return self.filter(category__in=["", category])


class CannedReply(Journaled):
    """A text for replies. `category`: where it is offered first; empty: everywhere."""

    noun: ClassVar[str] = "canned_reply"

    title = models.CharField(max_length=200)
    body = models.TextField()
    category = models.CharField(max_length=9, choices=Category.choices, blank=True)
    active = models.BooleanField(default=True)

    objects: ClassVar[CannedReplyQuerySet] = CannedReplyQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "title"], name="canned_reply_title_unique"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(body=""), name="canned_reply_not_empty"),
        ]


class FaqQuerySet(TenantQuerySet["Faq"]):
    def published(self) -> FaqQuerySet:
        return self.filter(is_published=True)


class Faq(Journaled):
    """A question and its answer, for everybody once published; in the order of `position`."""

    noun: ClassVar[str] = "faq"

    question = models.CharField(max_length=300)
    answer = models.TextField()
    category = models.CharField(max_length=9, choices=Category.choices)
    position = models.PositiveSmallIntegerField(default=0)
    is_published = models.BooleanField(default=False)

    objects: ClassVar[FaqQuerySet] = FaqQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(question="") & ~Q(answer=""), name="faq_not_empty"),
        ]
        indexes = [models.Index(fields=["website", "position", "id"], name="faq_by_position")]
