"""Tickets whose clocks press, and what the website promises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import holds

from ..clocks import Kind
from ..models.ticket import AT_RISK, OVERDUE, TicketQuerySet
from ..policies import DEFAULT_RULES, SlaPolicy
from .rows import TicketRow, rows_of

HOUR = dt.timedelta(hours=1)
TABS = ("all", "overdue", "at_risk", *(kind.value for kind in Kind))

PRESSED_BY = """(
    SELECT c.paused_since IS NULL AND c.risk_at <= %(at)s FROM tickets_clock c
    WHERE c.website_id = %(website)s AND c.ticket_id = tickets_ticket.id AND c.kind = %(kind)s AND c.met_at IS NULL
)"""
"""Of each kind one clock is open at most; an EXISTS is planned twice."""


@dataclass(frozen=True, slots=True)
class PressingTicket:
    """`pressing`: which of its clocks run and are overdue or at risk. `hours_left` until the soonest of them is due,
    less than none once it is past; hours as they pass."""

    ticket: TicketRow
    hours_left: float
    pressing: list[Kind]


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """Minutes of business time. An empty list admits all."""

    name: str
    priorities: list[str]
    categories: list[str]
    roles: list[str]
    first_response_minutes: int
    next_response_minutes: int
    resolution_minutes: int


@dataclass(frozen=True, slots=True)
class PolicyEscalation:
    """To `level`, so long after the due time of a `clock` that was not met."""

    level: int
    clock: Kind
    after_hours: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`weekday` 0 is Monday. Minutes of the website's day: 540 is 09:00."""

    weekday: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class PolicyInForce:
    """For tickets that are opened now; each keeps the version it began with. Of `rules` the first that admits a ticket
    decides. Without `hours` the desk is always open. At risk is a clock with less than `at_risk_share` of its target
    left."""

    version: int
    timezone: str
    rules: list[PolicyRule]
    escalations: list[PolicyEscalation]
    hours: list[OpeningHours]
    holidays: list[dt.date]
    at_risk_share: float
    reopen_days: int
    close_days: int


def tabs(actor: Actor) -> Mapping[str, Tab]:
    """Of tickets that press; the word of a clock: those of which that clock does."""
    at = clock.now()

    return {
        "all": Tab(),
        "overdue": Tab(holds(OVERDUE, at=at)),
        "at_risk": Tab(holds(AT_RISK, at=at)),
        **{kind.value: Tab(holds(PRESSED_BY, website=actor.website.pk, kind=kind, at=at)) for kind in Kind},
    }


def pressing(rows: TicketQuerySet) -> TicketQuerySet:
    """Overdue or at risk: the longest overdue first, then whose clock is due first."""
    return rows.pressing(clock.now()).order_by("due_at", "pk")


def pressing_rows(actor: Actor, ids: Sequence[int]) -> list[PressingTicket]:
    """Of tickets that press. One query."""
    at = clock.now()
    return [_pressing(row, at) for row in rows_of(actor, ids)]


def policy_in_force(website: Website) -> PolicyInForce:
    """One query."""
    policy = SlaPolicy.of(website)
    return PolicyInForce(
        version=policy.version,
        timezone=website.timezone,
        rules=[
            PolicyRule(
                name=rule.name,
                priorities=list(rule.priorities),
                categories=list(rule.categories),
                roles=list(rule.roles),
                first_response_minutes=rule.first_response_minutes,
                next_response_minutes=rule.next_response_minutes,
                resolution_minutes=rule.resolution_minutes,
            )
            for rule in dict.fromkeys((*policy.rules, *DEFAULT_RULES))
        ],
        escalations=[PolicyEscalation(one.level, Kind(one.clock), one.after_hours) for one in policy.escalations],
        hours=[OpeningHours(day, *interval) for day, intervals in enumerate(policy.week) for interval in intervals],
        holidays=[dt.date.fromisoformat(day) for day in policy.holidays],
        at_risk_share=policy.at_risk_bps / 10_000,
        reopen_days=policy.reopen_days,
        close_days=policy.close_days,
    )


def _pressing(row: TicketRow, at: dt.datetime) -> PressingTicket:
    assert row.due_at is not None
    kinds = {
        one.kind
        for one in row.clocks
        if one.met_at is None and one.paused_since is None and one.at_risk_at is not None and one.at_risk_at <= at
    }
    return PressingTicket(row, round((row.due_at - at) / HOUR, 2), [kind for kind in Kind if kind in kinds])
