"""Notifications as their member reads them, and how each wants to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import STAFF, Role
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.tickets.models import Ticket

from .models import Group, Notification, Preference
from .reactions import ASSIGNEE


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """`root_type` and `root_id` say what it is about; `event_id` which event of the journal it tells of."""

    id: int
    event_id: int
    verb: str
    title: str
    root_type: str
    root_id: int
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Channels:
    in_app: bool
    email: bool


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    group: str
    in_app: bool
    email: bool


@dataclass(frozen=True, slots=True)
class Preferences:
    preferences: list[PreferenceRow]


@dataclass(frozen=True, slots=True)
class ReadAll:
    read: int


def row(notification: Notification) -> NotificationRow:
    return NotificationRow(
        id=notification.pk,
        event_id=notification.event_id,
        verb=notification.verb,
        title=notification.title,
        root_type=notification.root_type,
        root_id=notification.root_id,
        created_at=notification.created_at,
        read_at=notification.read_at,
    )


def rows(notifications: Iterable[Notification]) -> list[NotificationRow]:
    return [row(notification) for notification in notifications]


def unread(actor: Actor) -> int:
    """One query."""
    return Notification.objects.visible_to(actor).unread().count()


def default(role: Role) -> Channels:
    """Clients and writers by mail too; staff, who have their queues, only in the application."""
    return Channels(in_app=True, email=role not in STAFF)


def preferences(actor: Actor) -> Preferences:
    """One row a group. One query."""
    chosen = channels_of(actor.website.pk, [actor.membership_id or 0])
    fallback = default(actor.role)
    found = [(group, chosen.get((actor.membership_id or 0, group), fallback)) for group in Group]
    return Preferences([PreferenceRow(group.value, one.in_app, one.email) for group, one in found])


def channels_of(website_id: int, members: Iterable[int]) -> Mapping[tuple[int, str], Channels]:
    """What members have chosen, by (membership, group). One query."""
    chosen = Preference.objects.of(website_id).filter(member_id__in=list(members))
    return {(one.member_id, one.group): Channels(one.in_app, one.email) for one in chosen}


def named_in(website_id: int, event: Event) -> Mapping[str, Any]:
    """Members by what an event's data call them, and who now has the ticket that it is about. One query at most."""
    if event.root_type != Ticket.noun:
        return dict(event.data)
    assignee_id = Ticket.objects.of(website_id).filter(pk=event.root_id).values_list("assignee_id", flat=True).first()
    return {**event.data, ASSIGNEE: assignee_id}


def name_of(website_id: int, root_type: str, root_id: int) -> str:
    """How a title calls what it is about. One query at most."""
    number = root_id
    if root_type == Order.noun:
        number = Order.objects.of(website_id).filter(pk=root_id).values_list("number", flat=True).first() or root_id
    elif root_type == Ticket.noun:
        number = Ticket.objects.of(website_id).filter(pk=root_id).values_list("number", flat=True).first() or root_id
    return f"{root_type.replace('_', ' ').capitalize()} {number}"
