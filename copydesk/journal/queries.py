"""Views over the journal: what a caller may see of what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core.money import to_decimal
from copydesk.tenancy.sql import holds

from .models import Event, EventQuerySet
from .verbs import VERBS, shown_reason


@dataclass(frozen=True, slots=True)
class Activity:
    """`actor_label` is a role, never a name: the parties do not know each other."""

    id: int
    at: datetime
    verb: str
    title: str
    actor_label: str
    subject_type: str
    subject_id: int
    root_type: str
    root_id: int
    before: str
    after: str
    reason: str | None
    data: dict[str, Any]


def verbs_seen_by(role: Role) -> list[str]:
    return [name for name, verb in VERBS.items() if role in verb.see]


def visible_events(actor: Actor) -> EventQuerySet:
    """Events of the actor's website that its role may see; parties see only what concerns them."""
    seen = holds("verb = ANY(%(verbs)s)", verbs=verbs_seen_by(actor.role))  # one parameter, not one for each verb
    rows = Event.objects.visible_to(actor).filter(seen)
    if actor.role is Role.CLIENT:
        return rows.filter(client_id=actor.membership_id)
    if actor.role is Role.WRITER:
        return rows.filter(writer_id=actor.membership_id)
    return rows


def timeline(actor: Actor, root_type: str, root_id: int) -> list[Activity]:
    """Everything about one thing, oldest first, as `actor` may see it. One query."""
    events = visible_events(actor).about(root_type, root_id).order_by("id")
    return [activity(actor.role, event) for event in events]


def activity(role: Role, event: Event) -> Activity:
    """Amounts as everywhere outside: what is recorded as `amount_minor` 1250 is `amount` "12.50"."""
    verb = VERBS[event.verb]
    data = {name: value for name, value in event.data.items() if name not in verb.hide.get(role, ())}
    return Activity(
        id=event.pk,
        at=event.at,
        verb=event.verb,
        title=verb.title,
        actor_label=event.role,
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        root_type=event.root_type,
        root_id=event.root_id,
        before=event.before,
        after=event.after,
        reason=shown_reason(role, event.verb, event.reason),
        data={n.replace("_minor", ""): str(to_decimal(v)) if "_minor" in n else v for n, v in data.items()},
    )
