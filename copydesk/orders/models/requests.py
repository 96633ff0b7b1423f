"""A writer asks for an order."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.lifecycle import Lifecycle, step
from copydesk.journal.models import Journaled
from copydesk.tenancy.models import OnWebsite, TenantQuerySet

from .. import errors
from .order import Order, Status


class RequestStatus(models.TextChoices):
    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


R = RequestStatus
WAITING = (Status.AVAILABLE, Status.OFFERED, Status.ON_HOLD)
"""Where an order stands while the requests for it stay open."""


def asking_writer(request: Request, by: Actor) -> Refusal | None:
    if by.role is Role.WRITER and request.writer_id != by.membership_id:
        return errors.NotYours()
    return None


def in_time(request: Request, by: Actor) -> Refusal | None:
    return errors.RequestExpired() if request.expires_at <= clock.now() else None


class RequestQuerySet(TenantQuerySet["Request"]):
    def visible_to(self, actor: OnWebsite) -> RequestQuerySet:
        assert isinstance(actor, Actor)
        rows = self.of(actor.website)
        if actor.role is Role.WRITER:
            return rows.filter(writer_id=actor.membership_id)
        return rows if actor.is_staff else rows.none()

    def open(self) -> RequestQuerySet:
        return self.filter(status=R.REQUESTED)

    def for_order(self, order: Order) -> RequestQuerySet:
        return self.filter(order=order)

    def stale(self, at: dt.datetime) -> RequestQuerySet:
        """Open, but out of time, or for an order that waits for no writer any more."""
        return self.open().filter(Q(expires_at__lte=at) | ~Q(order__status__in=WAITING))


class Request(Journaled):
    """`bid_minor`: the pay that the writer asks for, where it differs from its level's."""

    noun: ClassVar[str] = "request"

    order = models.ForeignKey(Order, models.PROTECT, related_name="requests")
    writer = models.ForeignKey(Membership, models.PROTECT, related_name="+")
    message = models.TextField(blank=True)
    bid_minor = models.BigIntegerField(null=True)
    status = models.CharField(max_length=10, choices=RequestStatus.choices, default=RequestStatus.REQUESTED)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)

    objects: ClassVar[RequestQuerySet] = RequestQuerySet.as_manager()  # type: ignore[assignment]

    LIFECYCLE: ClassVar[Lifecycle] = Lifecycle(
        {
            "approve": step({R.REQUESTED}, R.APPROVED, Can.DECIDE_REQUESTS, in_time, "decided_at"),
            "reject": step({R.REQUESTED}, R.REJECTED, Can.DECIDE_REQUESTS, None, "decided_at"),
            "withdraw": step({R.REQUESTED}, R.WITHDRAWN, Can.REQUEST_ORDERS, asking_writer, "decided_at"),
            "expire": step({R.REQUESTED}, R.EXPIRED, Can.RUN_CLOCK, None, "decided_at", hidden=True),
            "supersede": step({R.REQUESTED}, R.SUPERSEDED, Can.RUN_CLOCK, None, "decided_at", hidden=True),
        }
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["website", "order", "writer"], name="request_one_open", condition=Q(status="requested")
            ),
            models.CheckConstraint(condition=Q(bid_minor=None) | Q(bid_minor__gt=0), name="request_bid_positive"),
        ]
        indexes = [
            models.Index(fields=["website", "writer", "status", "-id"], name="request_by_writer"),
            models.Index(fields=["expires_at"], name="request_expiry", condition=Q(status="requested")),
        ]

    @property
    def root(self) -> tuple[str, int]:
        return Order.noun, self.order_id

    @property
    def parties(self) -> tuple[int | None, int | None]:
        return None, self.writer_id
