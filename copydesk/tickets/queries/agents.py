"""The members of the desk, what they have to do, and how much more they can."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count

from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import Role
from copydesk.tenancy.models import Website

from ..models import Shift, SupportProfile, Ticket

DEFAULT_CAPACITY = 20
AGENTS = (Role.SUPPORT, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class AgentLoad:
    """`active` of `capacity` tickets. `on_duty`: available, and on a shift where the website plans shifts now."""

    member_id: int
    number: int
    role: str
    active: int
    capacity: int
    on_duty: bool

    @property
    def spare(self) -> float:
        """The share of the capacity that is left; negative where there is more than fits."""
        return (self.capacity - self.active) / self.capacity


def agent_loads(website: Website | int, at: dt.datetime) -> list[AgentLoad]:
    """All active members of the desk, by id. Admins are on duty only where they have a profile. Four queries."""
    members = Membership.objects.of(website).filter(role__in=AGENTS, status=MembershipStatus.ACTIVE).order_by("pk")
    profiles = {profile.member_id: profile for profile in SupportProfile.objects.of(website)}
    held = Ticket.objects.of(website).active().exclude(assignee=None).order_by().values("assignee_id")
    active = {row["assignee_id"]: row["n"] for row in held.annotate(n=Count("*"))}
    on_shift = set(Shift.objects.of(website).covering(at).values_list("member_id", flat=True))
    found = []
    for member in members:
        profile = profiles.get(member.pk)
        works = profile.available if profile else member.role == Role.SUPPORT
        found.append(
            AgentLoad(
                member_id=member.pk,
                number=member.number,
                role=member.role,
                active=active.get(member.pk, 0),
                capacity=profile.capacity if profile else DEFAULT_CAPACITY,
                on_duty=works and (not on_shift or member.pk in on_shift),
            )
        )
    return found


def best_agent(loads: list[AgentLoad]) -> AgentLoad | None:
    """On duty, with the highest share of spare capacity; of equals who has fewer tickets, then who is older here. None
    where nobody has room."""
    free = [load for load in loads if load.on_duty and load.spare > 0]
    return min(free, key=lambda load: (-load.spare, load.active, load.member_id), default=None)
