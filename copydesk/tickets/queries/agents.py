"""The members of the desk, what they have to do, and how much more they can."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from copydesk.accounts.models import Membership, MembershipQuerySet, MembershipStatus
from copydesk.accounts.permissions import Role
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select, words

from ..models.ticket import IS_ACTIVE

DEFAULT_CAPACITY = 20
AGENTS = (Role.SUPPORT, Role.ADMIN)


LOADS = f"""
SELECT m.id, m.number, m.role, u.full_name, coalesce(t.n, 0), coalesce(p.capacity, {DEFAULT_CAPACITY}),
       coalesce(p.available, m.role = '{Role.SUPPORT}'), s.member_id IS NOT NULL
FROM accounts_membership m
JOIN accounts_user u ON u.id = m.user_id
LEFT JOIN tickets_supportprofile p ON p.website_id = m.website_id AND p.member_id = m.id
LEFT JOIN (
    SELECT DISTINCT member_id FROM tickets_shift
    WHERE website_id = %(website)s AND starts_at <= %(at)s AND ends_at > %(at)s
) s ON s.member_id = m.id
LEFT JOIN (
    SELECT assignee_id, count(*) AS n FROM tickets_ticket
    WHERE website_id = %(website)s AND assignee_id IS NOT NULL AND {IS_ACTIVE}
    GROUP BY assignee_id
) t ON t.assignee_id = m.id
WHERE m.website_id = %(website)s AND m.role IN ({words(AGENTS)}) AND m.status = '{MembershipStatus.ACTIVE}'
ORDER BY m.id
"""  # noqa: S608 — put together from constants


class Exclusion(StrEnum):
    """Why an agent gets no more tickets now."""

    UNAVAILABLE = "unavailable"
    """By its profile; an admin without one, too."""
    OFF_DUTY = "off_duty"
    """Others are on a shift now."""
    FULL = "full"


@dataclass(frozen=True, slots=True)
class AgentLoad:
    """`active` of `capacity` tickets. `on_duty`: `available`, and on a shift where the website plans shifts now."""

    member_id: int
    number: int
    role: str
    name: str
    active: int
    capacity: int
    available: bool
    on_duty: bool

    @property
    def label(self) -> str:
        return f"{self.role.title()} {self.number}"

    @property
    def spare(self) -> float:
        """The share of the capacity that is left; negative where there is more than fits."""
        return (self.capacity - self.active) / self.capacity

    @property
    def exclusion(self) -> Exclusion | None:
        """None: it can have another ticket."""
        if not self.available:
            return Exclusion.UNAVAILABLE
        if not self.on_duty:
            return Exclusion.OFF_DUTY
        return Exclusion.FULL if self.active >= self.capacity else None


def desk_members(website: Website) -> MembershipQuerySet:
    """Who can have tickets, and be put in charge of what is escalated."""
    return Membership.objects.of(website).filter(role__in=AGENTS, status=MembershipStatus.ACTIVE)


def agent_loads(website: Website, at: dt.datetime) -> list[AgentLoad]:
    """All active members of the desk, by id. Admins are available only where they have a profile. One query."""
    rows = select(LOADS, website=website.pk, at=at)
    planned = any(on_shift for *_, on_shift in rows)
    return [
        AgentLoad(member_id, number, role, name, active, capacity, available, available and (on_shift or not planned))
        for member_id, number, role, name, active, capacity, available, on_shift in rows
    ]


def best_agents(loads: Sequence[AgentLoad]) -> list[AgentLoad]:
    """Who can have another ticket: the highest share of spare capacity first; of equals who has fewer tickets, then who
    is older here."""
    free = [load for load in loads if load.exclusion is None]
    return sorted(free, key=lambda load: (-load.spare, load.active, load.member_id))


def best_agent(loads: Sequence[AgentLoad]) -> AgentLoad | None:
    """None where nobody has room."""
    return next(iter(best_agents(loads)), None)
