"""Tickets that nobody has, and who could have them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.numbers import Rate, rate
from copydesk.tenancy.counts import Tab

from ..models.ticket import TicketQuerySet
from .agents import AgentLoad, Exclusion, agent_loads, best_agents
from .queue import queue_tabs
from .rows import TicketRow, rows_of

SHOWN = 3
HOUR = dt.timedelta(hours=1)
TABS = ("all", "high_priority", "overdue", "at_risk")


@dataclass(frozen=True, slots=True)
class Candidate:
    """`above`: of the rows above on this page, those whose first candidate it is; `spare`: what is left of its capacity
    with them and its `active` tickets."""

    agent_id: int
    label: str
    name: str
    active: int
    above: int
    spare: Rate


@dataclass(frozen=True, slots=True)
class Excluded:
    agent_id: int
    label: str
    name: str
    code: Exclusion


@dataclass(frozen=True, slots=True)
class UnassignedTicket:
    """`slack_hours` are left until the soonest of its clocks is due, less than none once it is past; null while none
    runs. `candidates`: the best three by their share of spare capacity; `excluded`: who of the desk gets none, as if
    the rows above had gone to their first candidates."""

    ticket: TicketRow
    slack_hours: float | None
    candidates: list[Candidate]
    excluded: list[Excluded]


def in_need(rows: TicketQuerySet) -> TicketQuerySet:
    """Unassigned and active: the highest priority first, then whose clock is due first, then the oldest."""
    return rows.unassigned().order_by("-priority", "due_at", "pk")


def tabs(actor: Actor) -> Mapping[str, Tab]:
    known = queue_tabs(actor)
    return {"all": Tab(), **{tab: known[tab] for tab in TABS if tab in known}}


def unassigned_rows(actor: Actor, ids: Sequence[int]) -> list[UnassignedTicket]:
    """Two queries: the tickets, and the desk's loads."""
    at = clock.now()
    loads = agent_loads(actor.website, at)
    above: Counter[int] = Counter()
    found = []
    for row in rows_of(actor, ids):
        now = [replace(load, active=load.active + above[load.member_id]) for load in loads]
        best = best_agents(now)
        found.append(
            UnassignedTicket(
                ticket=row,
                slack_hours=None if row.due_at is None else round((row.due_at - at) / HOUR, 2),
                candidates=[_candidate(load, above[load.member_id]) for load in best[:SHOWN]],
                excluded=[
                    Excluded(load.member_id, load.label, load.name, load.exclusion)
                    for load in now
                    if load.exclusion is not None
                ],
            )
        )
        above.update(load.member_id for load in best[:1])
    return found


def _candidate(load: AgentLoad, above: int) -> Candidate:
    return Candidate(
        agent_id=load.member_id,
        label=load.label,
        name=load.name,
        active=load.active - above,
        above=above,
        spare=rate(load.capacity - load.active, load.capacity),
    )
