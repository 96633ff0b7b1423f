"""What happens to orders, as a stream."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event, EventQuerySet
from copydesk.journal.queries import activity, visible_events

from ..models import Order


@dataclass(frozen=True, slots=True)
class ActivityOrder:
    id: int
    number: int
    topic: str


@dataclass(frozen=True, slots=True)
class OrderActivity:
    """`before` and `after` are statuses, empty where none changed. `actor_label` is a role, never a name."""

    id: int
    at: dt.datetime
    verb: str
    title: str
    actor_label: str
    order: ActivityOrder
    before: str
    after: str
    reason: str | None


def followed_events(actor: Actor) -> EventQuerySet:
    """What `actor` may follow as it happens: an editor its own acts, and the orders that it sees."""
    rows = visible_events(actor)
    if actor.role is not Role.EDITOR:
        return rows
    seen = Order.objects.visible_to(actor).values("pk")
    return rows.filter(Q(member_id=actor.membership_id) | Q(root_type=Order.noun, root_id__in=seen))


def order_events(actor: Actor) -> EventQuerySet:
    """Events about orders that `actor` may see, to page through."""
    return followed_events(actor).filter(root_type=Order.noun)


def order_activity(actor: Actor, events: Sequence[Event]) -> list[OrderActivity]:
    """Rows of a page. One query."""
    ids = {event.root_id for event in events}
    found = Order.objects.of(actor.website).filter(pk__in=ids).values_list("pk", "number", "topic")
    orders = {pk: ActivityOrder(pk, number, topic) for pk, number, topic in found}
    seen = [activity(actor.role, event) for event in events]
    return [
        OrderActivity(
            id=one.id,
            at=one.at,
            verb=one.verb,
            title=one.title,
            actor_label=one.actor_label,
            order=orders[one.root_id],
            before=one.before,
            after=one.after,
            reason=one.reason,
        )
        for one in seen
    ]
