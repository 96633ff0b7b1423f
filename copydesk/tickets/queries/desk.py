"""The desk's members, shifts and texts, as it reads them itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Field, IntegerField, QuerySet

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.numbers import Rate, rate
from copydesk.tenancy.sql import expression, select, words

from ..models import CannedReply, Category, Faq, Priority, Shift
from ..models.desk import ShiftQuerySet
from ..models.ticket import ACTIVE, AT_RISK, IS_ACTIVE, OVERDUE
from .agents import AgentLoad, Exclusion, agent_loads, desk_members
from .figures import PriorityCount
from .rows import Member, member_from

VERSION = """coalesce((
    SELECT p.version FROM tickets_supportprofile p
    WHERE p.website_id = %(website)s AND p.member_id = accounts_membership.id
), 0)"""
HAS = f"""(
    SELECT count(*) FROM tickets_ticket t
    WHERE t.website_id = %(website)s AND t.assignee_id = accounts_membership.id AND t.status IN ({words(ACTIVE)})
)"""  # noqa: S608 — put together from constants
HELD = f"""
SELECT assignee_id, priority, count(*), count(*) FILTER (WHERE {OVERDUE}), count(*) FILTER (WHERE {AT_RISK}),
       min(opened_at)
FROM tickets_ticket
WHERE website_id = %(website)s AND {IS_ACTIVE} AND assignee_id = ANY(%(ids)s)
GROUP BY assignee_id, priority
"""  # noqa: S608 — put together from constants
ON_SHIFT = """
SELECT member_id, (array_agg(ends_at ORDER BY starts_at) FILTER (WHERE starts_at <= %(at)s))[1],
       min(starts_at) FILTER (WHERE starts_at > %(at)s)
FROM tickets_shift WHERE website_id = %(website)s AND ends_at > %(at)s AND member_id = ANY(%(ids)s)
GROUP BY member_id
"""
AGENT = """(
    SELECT json_build_array(m.role, m.number, u.full_name)
    FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.website_id = %(website)s AND m.id = tickets_shift.member_id
)"""


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


class _Held(NamedTuple):
    """What HELD reads of an agent's tickets of one priority."""

    n: int
    overdue: int
    at_risk: int
    oldest: dt.datetime


def agents(actor: Actor) -> QuerySet[Membership]:
    """The active members of the desk, with their profile's `version`, 0 without one, and how many tickets are
    `active`."""
    return desk_members(actor.website).annotate(
        version=expression(VERSION, IntegerField(), website=actor.website.pk),
        active=expression(HAS, IntegerField(), website=actor.website.pk),
    )


def profile_rows(actor: Actor, ids: Sequence[int]) -> list[SupportProfileRow]:
    """Of `agents`. Two queries."""
    now, loads = clock.now(), _loads(actor)
    shifts = {member: at for member, *at in select(ON_SHIFT, website=actor.website.pk, at=now, ids=list(ids))}
    return [_profile(loads[member], *shifts.get(member, (None, None))) for member in ids]


def tracked_agents(actor: Actor, ids: Sequence[int]) -> list[TrackedAgent]:
    """Of `agents`. Two queries."""
    now, loads = clock.now(), _loads(actor)
    held: dict[int, dict[int, _Held]] = {member: {} for member in ids}
    for member, priority, *figures in select(HELD, website=actor.website.pk, at=now, ids=list(ids)):
        held[member][priority] = _Held(*figures)
    return [_tracked(loads[member], held[member]) for member in ids]


def shifts(actor: Actor) -> ShiftQuerySet:
    """Of active members and of others who had one, with what `shift_rows` reads."""
    return Shift.objects.visible_to(actor).annotate(agent=expression(AGENT, Field(), website=actor.website.pk))


def shift_rows(actor: Actor, found: Sequence[Any]) -> list[ShiftRow]:
    """Of `shifts`. No query."""
    now = clock.now()
    return [
        ShiftRow(
            id=shift.pk,
            member=member_from(actor, shift.member_id, *shift.agent),
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


def _profile(load: AgentLoad, until: dt.datetime | None, next_at: dt.datetime | None) -> SupportProfileRow:
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
        shift_until=until,
        next_shift_at=next_at,
    )


def _tracked(load: AgentLoad, held: Mapping[int, _Held]) -> TrackedAgent:
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
        by_priority=[PriorityCount(one.word, held[one].n if one in held else 0) for one in reversed(Priority)],
        overdue=sum(one.overdue for one in held.values()),
        at_risk=sum(one.at_risk for one in held.values()),
        oldest_opened_at=min((one.oldest for one in held.values()), default=None),
    )
