"""What a member has been told, and how each wants to be told."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.tenancy.models import TenantModel, TenantQuerySet


class Group(models.TextChoices):
    """What a preference is about."""

    ORDERS = "orders"
    REQUESTS = "requests"
    MESSAGES = "messages"
    TICKETS = "tickets"
    MONEY = "money"
    MEMBERSHIP = "membership"


class NotificationQuerySet(TenantQuerySet["Notification"]):
    def visible_to(self, actor: Actor) -> NotificationQuerySet:  # type: ignore[override]
        """The actor's own, shown in the application; a superadmin is no member and has none."""
        return self.of(actor.website).filter(member_id=actor.membership_id, shown=True)

    def unread(self) -> NotificationQuerySet:
        return self.filter(read_at=None)

    def read(self) -> NotificationQuerySet:
        return self.exclude(read_at=None)


class Notification(TenantModel):
    """One member is told of one event, once. `shown` in the application, or only mailed; `title` holds no name of
    anybody. No foreign key to the event: the journal outlives whoever reads it."""

    member = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    event_id = models.BigIntegerField()
    verb = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    root_type = models.CharField(max_length=40)
    root_id = models.BigIntegerField()
    shown = models.BooleanField()
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    objects: ClassVar[NotificationQuerySet] = NotificationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["website", "event_id", "member"], name="notification_event_unique")
        ]
        indexes: ClassVar = [
            models.Index(fields=["website", "member", "-id"], name="notification_list", condition=models.Q(shown=True)),
            models.Index(
                fields=["website", "member"],
                name="notification_unread",
                condition=models.Q(shown=True, read_at__isnull=True),
            ),
        ]


class Preference(TenantModel):
    """Where a member wants to hear of a group, as far as it is not the default."""

    member = models.ForeignKey(Membership, models.CASCADE, related_name="+")
    group = models.CharField(max_length=20, choices=Group.choices)
    in_app = models.BooleanField()
    email = models.BooleanField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["website", "member", "group"], name="preference_group_unique")
        ]
