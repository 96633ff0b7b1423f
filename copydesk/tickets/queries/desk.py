"""The desk's members, shifts and texts, as it reads them itself."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.numbers import Rate, rate

from ..models import CannedReply, Category, Faq, Priority, Shift, SupportProfile, Ticket
from ..models.desk import ShiftQuerySet
from .agents import AgentLoad, Exclusion, agent_loads, desk_members
from .figures import PriorityCount
from .rows import Member, member_row


@dataclass(frozen=True, slots=True)
class SupportProfileRow:
    """`on_duty`: available, and on a shift where the website plans shifts now. `load`: active tickets ÷ capacity.
    `shift_until`: the end of the shift that runs; `next_shift_at`: the start of the next."""

    id: int
    role: str
    label: str
    name: str
    available: bool
    capacity: int
    active: int
    load: Rate
    on_duty: bool
    shift_until: dt.datetime | None
    next_shift_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class TrackedAgent:
    """Of the `active` tickets that the agent has, by priority, those overdue and at risk are as tickets/ lists them for
    its `assignee_id`. `spare`: the share of the capacity that is left, negative where there is more than fits.
    `exclusion`: why it gets no more tickets now, null where it can have another. `oldest_opened_at`: null without
    any."""

    id: int
    role: str
    label: str
    name: str
    on_duty: bool
    exclusion: Exclusion | None
    active: int
    capacity: int
    spare: float
    by_priority: list[PriorityCount]
    overdue: int
    at_risk: int
    oldest_opened_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class ShiftRow:
    id: int
    member: Member
    starts_at: dt.datetime
    ends_at: dt.datetime
    hours: float
    is_running: bool


@dataclass(frozen=True, slots=True)
class CannedReplyRow:
    """`category`: where it is offered first; null: everywhere."""

    id: int
    title: str
    body: str
    category: Category | None
    active: bool


@dataclass(frozen=True, slots=True)
class DeskFaqRow:
    """Everybody reads it at public/faqs/ once it is published."""

    id: int
    category: Category
    question: str
    answer: str
    position: int
    is_published: bool


def agents(actor: Actor) -> QuerySet[Membership]:
    """The active members of the desk, with their profile's `version`, 0 without one, and how many tickets are
    `active`."""
    profile = SupportProfile.objects.of(actor.website).filter(member=OuterRef("pk"))
    held = Ticket.objects.of(actor.website).active().filter(assignee=OuterRef("pk")).order_by().values("assignee")
    return desk_members(actor.website).annotate(
        version=Coalesce(Subquery(profile.values("version")), 0),
        active=Coalesce(Subquery(held.annotate(n=Count("*")).values("n")), 0),
    )


def profile_rows(actor: Actor, members: Sequence[Membership]) -> list[SupportProfileRow]:
    """Of `agents`. Two queries."""
    now, loads = clock.now(), _loads(actor)
    shifts: dict[int, list[Shift]] = defaultdict(list)
    ahead = Shift.objects.of(actor.website).filter(member__in=[member.pk for member in members], ends_at__gt=now)
    for shift in ahead.order_by("starts_at"):
        shifts[shift.member_id].append(shift)
    return [_profile(loads[member.pk], shifts[member.pk], now) for member in members]


def tracked_agents(actor: Actor, members: Sequence[Membership]) -> list[TrackedAgent]:
    """Of `agents`. Two queries."""
    now, loads = clock.now(), _loads(actor)
    tickets = Ticket.objects.of(actor.website).active().filter(assignee__in=[member.pk for member in members])
    held: dict[int, dict[int, Any]] = defaultdict(dict)
    found = (
        tickets.order_by()
        .values("assignee_id", "priority")
        .annotate(
            n=Count("pk"),
            overdue=Count("pk", filter=Q(pk__in=tickets.overdue(now).values("pk"))),
            at_risk=Count("pk", filter=Q(pk__in=tickets.at_risk(now).values("pk"))),
            oldest=Min("opened_at"),
        )
    )
    for row in found:
        held[row["assignee_id"]][row["priority"]] = row
    return [_tracked(loads[member.pk], held[member.pk]) for member in members]


def shifts(actor: Actor) -> ShiftQuerySet:
    """Of active members and of others who had one, with what `shift_rows` reads."""
    return Shift.objects.visible_to(actor).select_related("member__user")


def shift_rows(actor: Actor, found: Sequence[Shift]) -> list[ShiftRow]:
    """Of `shifts`. No query."""
    now = clock.now()
    return [
        ShiftRow(
            id=shift.pk,
            member=member_row(actor, shift.member, {}),
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            hours=round((shift.ends_at - shift.starts_at) / dt.timedelta(hours=1), 2),
            is_running=shift.starts_at <= now < shift.ends_at,
        )
        for shift in found
    ]


def canned_reply_rows(replies: Sequence[CannedReply]) -> list[CannedReplyRow]:
    return [
        CannedReplyRow(row.pk, row.title, row.body, Category(row.category) if row.category else None, row.active)
        for row in replies
    ]


def desk_faq_rows(faqs: Sequence[Faq]) -> list[DeskFaqRow]:
    return [
        DeskFaqRow(row.pk, Category(row.category), row.question, row.answer, row.position, row.is_published)
        for row in faqs
    ]


def _loads(actor: Actor) -> dict[int, AgentLoad]:
    return {load.member_id: load for load in agent_loads(actor.website, clock.now())}


def _profile(load: AgentLoad, shifts: Sequence[Shift], now: dt.datetime) -> SupportProfileRow:
    return SupportProfileRow(
        id=load.member_id,
        role=load.role,
        label=load.label,
        name=load.name,
        available=load.available,
        capacity=load.capacity,
        active=load.active,
        load=rate(load.active, load.capacity),
        on_duty=load.on_duty,
        shift_until=next((shift.ends_at for shift in shifts if shift.starts_at <= now), None),
        next_shift_at=next((shift.starts_at for shift in shifts if shift.starts_at > now), None),
    )


def _tracked(load: AgentLoad, held: dict[int, Any]) -> TrackedAgent:
    return TrackedAgent(
        id=load.member_id,
        role=load.role,
        label=load.label,
        name=load.name,
        on_duty=load.on_duty,
        exclusion=load.exclusion,
        active=load.active,
        capacity=load.capacity,
        spare=round(load.spare, 3),
        by_priority=[PriorityCount(one.word, held[one]["n"] if one in held else 0) for one in reversed(Priority)],
        overdue=sum(row["overdue"] for row in held.values()),
        at_risk=sum(row["at_risk"] for row in held.values()),
        oldest_opened_at=min((row["oldest"] for row in held.values()), default=None),
    )
