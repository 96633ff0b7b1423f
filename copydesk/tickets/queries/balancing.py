"""Work spread over the desk: which tickets to give to whom, so that each has the same share of what it can have."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import BooleanField

from copydesk.core.numbers import Rate, rate
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import expression, holds, select, words

from ..models import Priority, Status, Ticket
from ..models.messages import WAITING
from ..models.ticket import RUNNING, TicketQuerySet
from .agents import AgentLoad, Exclusion, agent_loads

MOST_MOVES = 500
"""As many as one call of bulk-assign takes."""
LEAST_GAIN = 1e-9
"""In fairness: less is the arithmetic's own noise."""
MOVABLE = f"""status IN ({words(RUNNING)}) AND assignee_id IS NOT NULL AND NOT EXISTS (
    SELECT FROM tickets_ticketfile d JOIN files_file f ON f.website_id = d.website_id AND f.id = d.file_id
    WHERE d.website_id = %(website)s AND d.ticket_id = tickets_ticket.id
      AND f.uploader_id = tickets_ticket.assignee_id AND {WAITING}
)"""
ANSWERED = f"status <> '{Status.NEW}'"
MOVED = """
SELECT id, number, title, priority, status, due_at FROM tickets_ticket
WHERE website_id = %(website)s AND id = ANY(%(ids)s)
"""


@dataclass(frozen=True, slots=True)
class AgentBalance:
    """`before` and `after`: active tickets ÷ capacity. `movable` of its tickets could go to another; `exclusion`: why
    it gets none, null where it could."""

    agent_id: int
    label: str
    name: str
    exclusion: Exclusion | None
    movable: int
    before: Rate
    after: Rate


@dataclass(frozen=True, slots=True)
class MovedTicket:
    id: int
    number: int
    title: str
    priority: str
    status: Status
    due_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Move:
    """`from_id` and `to_id` are members of the desk."""

    ticket: MovedTicket
    from_id: int
    to_id: int


@dataclass(frozen=True, slots=True)
class BalancingPlan:
    """Fairness is Jain's index over the loads (active tickets ÷ capacity) of whoever is on duty or has tickets: 1 where
    all are alike, 1/n where one of n has everything, null where nobody has anything. R. Jain, D. Chiu, W. Hawe, "A
    Quantitative Measure of Fairness and Discrimination for Resource Allocation in Shared Computer Systems", DEC
    TR-301, 1984. Who is not on duty and has given all away no longer counts.

    No single further move would raise it, unless there are as many moves as one call of bulk-assign takes. `moves`, as
    {"assignments": [{"id": ticket.id, "agent_id": to_id}]}, is what bulk-assign applies.
    """

    fairness_before: float | None
    fairness_after: float | None
    agents: list[AgentBalance]
    moves: list[Move]


def balancing_plan(website: Website, at: dt.datetime) -> BalancingPlan:
    """Nothing is changed. The same tickets and agents give the same plan. Three queries."""
    loads = agent_loads(website, at)
    free = _in_giving_order(website)
    steps = transfers(loads, {member: len(tickets) for member, tickets in free.items()})
    before = {load.member_id: load.active for load in loads}
    after = dict(before)
    queues = {member: iter(tickets) for member, tickets in free.items()}
    moves = [(next(queues[giver]), giver, taker) for giver, taker in steps]
    for _, giver, taker in moves:
        after[giver] -= 1
        after[taker] += 1
    tickets = _moved(website, [pk for pk, _, _ in moves])
    return BalancingPlan(
        fairness_before=_shown(_fairness(loads, before)),
        fairness_after=_shown(_fairness(loads, after)),
        agents=[
            AgentBalance(
                agent_id=load.member_id,
                label=load.label,
                name=load.name,
                exclusion=load.exclusion,
                movable=len(free.get(load.member_id, ())),
                before=rate(load.active, load.capacity),
                after=rate(after[load.member_id], load.capacity),
            )
            for load in loads
        ],
        moves=[Move(tickets[pk], giver, taker) for pk, giver, taker in moves],
    )


def movable(website: Website) -> TicketQuerySet:
    """Tickets that somebody has and another could go on with: none whose client is awaited, none for which its agent
    has files ready that are not sent yet, and is in the middle of an answer."""
    return Ticket.objects.of(website).filter(holds(MOVABLE, website=website.pk))


def shares(load: AgentLoad, active: int) -> bool:
    """Whoever is away without tickets is no part of the balance."""
    return load.on_duty or active > 0


def fairness(held: Iterable[tuple[int, int]]) -> float | None:
    """Jain's index of (tickets, capacity)."""
    found = [tickets / capacity for tickets, capacity in held]
    return _jain(math.fsum(found), math.fsum(load * load for load in found), len(found))


def transfers(loads: Sequence[AgentLoad], free: Mapping[int, int], most: int = MOST_MOVES) -> list[tuple[int, int]]:
    """(giver, taker) of each move, in their order; `free`: how many tickets a member could give.

    Whoever has the highest load gives one to whom it makes the whole fairest, as long as that makes it fairer; else the
    next one does. Nobody is given more than its capacity, or more than the giver had of its own; who has given does not
    take, nor the other way round. At most `most` moves, each of which looks at every pair once.
    """
    sharing = {load.member_id: load for load in loads if shares(load, load.active)}
    held = {member: load.active for member, load in sharing.items()}
    left = {member: free.get(member, 0) for member in sharing}
    givers: set[int] = set()
    takers: set[int] = set()
    found: list[tuple[int, int]] = []
    while len(found) < most:
        giving = [member for member in held if left[member] and member not in takers]
        taking = [member for member in held if sharing[member].on_duty and member not in givers]
        step = _next(sharing, held, giving, taking)
        if step is None:
            break
        giver, taker = step
        held[giver] -= 1
        left[giver] -= 1
        held[taker] += 1
        givers.add(giver)
        takers.add(taker)
        found.append(step)
    return found


def _next(
    loads: Mapping[int, AgentLoad], held: Mapping[int, int], giving: Sequence[int], taking: Sequence[int]
) -> tuple[int, int] | None:
    """The next move, if one makes it fairer."""
    capacity = {member: one.capacity for member, one in loads.items()}
    load = {member: tickets / capacity[member] for member, tickets in held.items()}
    total, squares = math.fsum(load.values()), math.fsum(one * one for one in load.values())
    n = sum(shares(one, held[member]) for member, one in loads.items())
    now = _jain(total, squares, n) or 0.0
    for giver in sorted(giving, key=lambda member: (-load[member], member)):
        lighter = (held[giver] - 1) / capacity[giver]
        left = n if shares(loads[giver], held[giver] - 1) else n - 1
        best: tuple[float, int] | None = None
        for taker in taking:
            heavier = (held[taker] + 1) / capacity[taker]
            if taker == giver or held[taker] >= capacity[taker] or heavier >= load[giver]:
                continue
            new_total = total - load[giver] - load[taker] + lighter + heavier
            new_squares = squares - load[giver] ** 2 - load[taker] ** 2 + lighter**2 + heavier**2
            gained = _jain(new_total, new_squares, left) or 0.0
            if best is None or gained > best[0] + LEAST_GAIN:
                best = gained, taker
        if best is not None and best[0] > now + LEAST_GAIN:
            return giver, best[1]
    return None


def _in_giving_order(website: Website) -> dict[int, list[int]]:
    """Member → its movable tickets: first what nobody has answered yet, then what it has had for the shortest time. One
    query."""
    rows = movable(website).order_by(expression(ANSWERED, BooleanField()), "-assigned_at", "-pk")
    found: dict[int, list[int]] = {}
    for member, pk in rows.values_list("assignee_id", "pk"):
        found.setdefault(member or 0, []).append(pk)
    return found


def _moved(website: Website, ids: Sequence[int]) -> dict[int, MovedTicket]:
    """By id. One query, where there are any."""
    found = select(MOVED, website=website.pk, ids=ids) if ids else ()
    return {
        pk: MovedTicket(pk, number, title, Priority(priority).word, Status(status), due_at)
        for pk, number, title, priority, status, due_at in found
    }


def _fairness(loads: Sequence[AgentLoad], held: Mapping[int, int]) -> float | None:
    found = ((load, held[load.member_id]) for load in loads)
    return fairness((active, load.capacity) for load, active in found if shares(load, active))


def _jain(total: float, squares: float, n: int) -> float | None:
    return total * total / (n * squares) if squares else None


def _shown(index: float | None) -> float | None:
    return None if index is None else round(index, 4)
