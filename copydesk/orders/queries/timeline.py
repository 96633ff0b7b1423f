"""One order from its placement to now: every event, and the times between, without a gap."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Q

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.journal.queries import activity, visible_events
from copydesk.payments.models import PayoutStatement
from copydesk.tenancy.sql import holds

from ..models import Order, Status
from .rows import Party
from .turns import WAITING_ON

HOUR = dt.timedelta(hours=1)
ABOUT = f"""journal_event.id IN (
    WITH under AS MATERIALIZED (
        SELECT DISTINCT subject_type AS type, subject_id AS id FROM journal_event
        WHERE website_id = %(website)s AND root_type = '{Order.noun}' AND root_id = %(order)s
    )
    SELECT e.id FROM under u
    JOIN journal_event e ON e.website_id = %(website)s AND e.root_type = u.type AND e.root_id = u.id
    UNION ALL
    SELECT e.id FROM under u
    JOIN payments_earning n ON n.website_id = %(website)s AND n.reference_type = u.type AND n.reference_id = u.id
    JOIN payments_payoutline l ON l.website_id = n.website_id AND l.earning_id = n.id
    JOIN journal_event e
        ON e.website_id = l.website_id AND e.root_type = '{PayoutStatement.noun}' AND e.root_id = l.statement_id
)"""  # noqa: S608 — put together from constants
"""What stands under the order in the journal, under what itself stands there (its fines), and under the payouts in
which any of that was paid or collected."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """`number` counts from 1. `actor_label` is a role; `actor` is who it was, null for the system, for superadmins, and
    for whom the caller does not know. `writer` is the writer whom it concerned then, who may have been replaced since.
    `before` and `after` are statuses of the subject."""

    number: int
    id: int
    at: dt.datetime
    verb: str
    title: str
    actor_label: str
    actor: Party | None
    writer: Party | None
    subject_type: str
    subject_id: int
    before: str
    after: str
    reason: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TimelineStage:
    """A status, from the event that began it to the one that ended it; `until` is null of the present one. Of what is
    over, completed or cancelled, `waiting_on` is null, and so is `hours` of the present one. `disputed` counts as
    staff's, who lead it, whomever its dispute asked meanwhile."""

    status: Status
    since: dt.datetime
    until: dt.datetime | None
    hours: float | None
    waiting_on: str | None
    began_by: int
    """The id of the event."""


@dataclass(frozen=True, slots=True)
class TimeSpent:
    waiting_on: str
    hours: float


@dataclass(frozen=True, slots=True)
class OrderTimeline:
    """Entries and stages oldest first. `unbroken`: each status began where the last one ended, and the last is the
    order's; null for parties, who do not see every step. `spent`: how long it has waited on whom, the longest first;
    each the sum of its stages."""

    id: int
    number: int
    topic: str
    status: Status
    placed_at: dt.datetime
    client: Party | None
    writer: Party | None
    unbroken: bool | None
    spent: list[TimeSpent]
    stages: list[TimelineStage]
    entries: list[TimelineEntry]


def order_timeline(actor: Actor, order: Order) -> OrderTimeline:
    """Complete, as `actor` may see it. People as its role knows them. Two queries."""
    events = _events(actor, order)
    people = _people(actor, order, events)
    changes = [event for event in events if event.subject_type == Order.noun and event.before != event.after]
    stages = _stages(changes, clock.now())
    return OrderTimeline(
        id=order.pk,
        number=order.number,
        topic=order.topic,
        status=Status(order.status),
        placed_at=order.placed_at,
        client=people.get(order.client_id),
        writer=people.get(order.writer_id or 0),
        unbroken=_unbroken(order, changes) if actor.is_staff else None,
        spent=_spent(stages),
        stages=stages,
        entries=[_entry(actor.role, number, event, people) for number, event in enumerate(events, start=1)],
    )


def _events(actor: Actor, order: Order) -> list[Event]:
    about = holds(ABOUT, website=order.website_id, order=order.pk)
    return list(visible_events(actor).filter(about).order_by("pk"))


def _unbroken(order: Order, changes: Sequence[Event]) -> bool:
    joined = all(one.after == two.before for one, two in pairwise(changes))
    return bool(changes) and not changes[0].before and joined and changes[-1].after == order.status


def _stages(changes: Sequence[Event], now: dt.datetime) -> list[TimelineStage]:
    stages = []
    for event, following in zip(changes, [*changes[1:], None], strict=True):
        status = Status(event.after)
        until = following.at if following else None
        goes_on = until is not None or status in WAITING_ON
        stages.append(
            TimelineStage(
                status=status,
                since=event.at,
                until=until,
                hours=round(((until or now) - event.at) / HOUR, 2) if goes_on else None,
                waiting_on=WAITING_ON.get(status),
                began_by=event.pk,
            )
        )
    return stages


def _spent(stages: Iterable[TimelineStage]) -> list[TimeSpent]:
    hours: dict[str, float] = defaultdict(float)
    for stage in stages:
        if stage.waiting_on and stage.hours is not None:
            hours[stage.waiting_on] += stage.hours
    found = [TimeSpent(waiting_on, round(spent, 2)) for waiting_on, spent in hours.items()]
    return sorted(found, key=lambda one: (-one.hours, one.waiting_on))


def _people(actor: Actor, order: Order, events: Iterable[Event]) -> dict[int, Party]:
    """Those in it whom `actor` knows, by membership: staff everybody by name, parties themselves, and each other by pen
    name and client number."""
    named = {order.client_id, order.writer_id} | {one for event in events for one in (event.member_id, event.writer_id)}
    members = Membership.objects.of(actor.website).filter(pk__in=[one for one in named if one is not None])
    if not actor.is_staff:
        met = {Role.CLIENT: Role.WRITER, Role.WRITER: Role.CLIENT}.get(actor.role)
        members = members.filter(Q(pk=actor.membership_id) | Q(role=met))
    return {
        pk: Party(
            id=pk,
            label=pen_name or f"{role.title()} {number}",
            name=name if actor.is_staff or actor.membership_id == pk else None,
            email=email if actor.is_staff or actor.membership_id == pk else None,
        )
        for pk, role, number, name, email, pen_name in members.values_list(
            "pk", "role", "number", "user__full_name", "user__email", "writer_profile__pen_name"
        )
    }


def _entry(role: Role, number: int, event: Event, people: Mapping[int, Party]) -> TimelineEntry:
    one = activity(role, event)
    return TimelineEntry(
        number=number,
        id=one.id,
        at=one.at,
        verb=one.verb,
        title=one.title,
        actor_label=one.actor_label,
        actor=people.get(event.member_id or 0),
        writer=people.get(event.writer_id or 0),
        subject_type=one.subject_type,
        subject_id=one.subject_id,
        before=one.before,
        after=one.after,
        reason=one.reason,
        data=one.data,
    )
