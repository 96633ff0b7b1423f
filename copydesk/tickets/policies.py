"""What a website promises about its tickets. Defaults are those of RULES.md."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from copydesk.core.errors import Invalid
from copydesk.tenancy.policies import PolicyBase

from .calendar import Calendar, Interval
from .clocks import Kind, Targets, Terms
from .promises import wrong

HOUR = 60


@dataclass(frozen=True, slots=True)
class SlaRule:
    """Targets in minutes of business time, for tickets that meet every condition; an empty one admits all.

    `priorities` low, medium, high, critical; `categories` and `roles` of the requester by their codes.
    """

    name: str
    first_response_minutes: int
    next_response_minutes: int
    resolution_minutes: int
    priorities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    def admits(self, priority: str, category: str, role: str) -> bool:
        wanted = ((self.priorities, priority), (self.categories, category), (self.roles, role))
        return all(not known or one in known for known, one in wanted)

    @property
    def targets(self) -> Targets:
        minutes = (self.first_response_minutes, self.next_response_minutes, self.resolution_minutes)
        return Targets(*(dt.timedelta(minutes=one) for one in minutes))


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """To `level`, so long after the clock's due time in which it was not met. Hours as they pass, open or not."""

    level: int
    clock: str
    after_hours: int = 0


def _default(priority: str, hours: int) -> SlaRule:
    """Half of the time to resolution for each answer."""
    return SlaRule(priority, hours * HOUR // 2, hours * HOUR // 2, hours * HOUR, priorities=(priority,))


DEFAULT_RULES = (_default("critical", 1), _default("high", 4), _default("medium", 24), _default("low", 72))


@dataclass(frozen=True)
class SlaPolicy(PolicyBase):
    """`rules` in order, the first that admits a ticket decides; behind them stand DEFAULT_RULES.

    `week`: for Monday to Sunday the intervals in which the desk is open, in minutes of the website's day (540 is 09:00,
    1440 the day's end); empty: always open. `holidays` are ISO dates. At risk is a clock with less than
    `at_risk_bps` of its target left (2500 = 25 %).
    """

    policy_name: ClassVar[str] = "sla"

    rules: tuple[SlaRule, ...] = DEFAULT_RULES
    escalations: tuple[EscalationRule, ...] = (
        EscalationRule(1, Kind.FIRST_RESPONSE),
        EscalationRule(1, Kind.RESOLUTION),
        EscalationRule(2, Kind.RESOLUTION, after_hours=24),
    )
    week: tuple[tuple[Interval, ...], ...] = ()
    holidays: tuple[str, ...] = ()
    at_risk_bps: int = 2_500
    reopen_days: int = 7
    close_days: int = 7
    """A resolved ticket closes by itself after so many days."""
    assigns_automatically: bool = False
    """A new ticket goes to whoever of the desk has the most room."""

    def targets(self, priority: str, category: str, role: str) -> Targets:
        return next(rule.targets for rule in (*self.rules, *DEFAULT_RULES) if rule.admits(priority, category, role))

    def terms(self, zone: str) -> Terms:
        days = frozenset(dt.date.fromisoformat(day) for day in self.holidays)
        return Terms(Calendar(zone, self.week, days), self.at_risk_bps)

    @classmethod
    def check(cls, data: Mapping[str, Any]) -> None:
        if errors := wrong(data, max(rule.resolution_minutes for rule in DEFAULT_RULES)):
            raise Invalid(errors)

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        typed: dict[str, Any] = {}
        if "rules" in data:
            typed["rules"] = tuple(_rule(one) for one in data["rules"])
        if "escalations" in data:
            typed["escalations"] = tuple(EscalationRule(**one) for one in data["escalations"])
        if "week" in data:
            typed["week"] = tuple(tuple((opens, closes) for opens, closes in day) for day in data["week"])
        if "holidays" in data:
            typed["holidays"] = tuple(data["holidays"])
        return super().parse({**data, **typed}, version)


def _rule(data: Mapping[str, Any]) -> SlaRule:
    lists = {name: tuple(data[name]) for name in ("priorities", "categories", "roles") if name in data}
    return SlaRule(**{**data, **lists})
