"""Service clocks, folded from what happened: a pure function, so that what is stored can be worked out again.

Three kinds: the first response (until the first public answer of a person), each next response (until the answer to the
oldest open question after that), the resolution. All stop while the client is awaited and while the ticket is resolved
or closed; a reopened ticket's go on. What is counted is business time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from .calendar import NOTHING, Calendar, add_business_time, business_time

WHOLE_BPS = 10_000


class Kind(StrEnum):
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class State(StrEnum):
    """`breached` stays, whatever comes after; a paused clock is neither met nor breached."""

    RUNNING = "running"
    AT_RISK = "at_risk"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Targets:
    """Business time for each kind."""

    first_response: dt.timedelta
    next_response: dt.timedelta
    resolution: dt.timedelta

    def of(self, kind: Kind) -> dt.timedelta:
        found: dt.timedelta = getattr(self, kind.value)
        return found


@dataclass(frozen=True, slots=True)
class Terms:
    """What a ticket's clocks were started with. `at_risk_bps`: at risk is what has less of its target left."""

    calendar: Calendar
    at_risk_bps: int


@dataclass(frozen=True, slots=True)
class Happening:
    """`runs`: the clocks run after it; `done`: the ticket is resolved after it. `asks`: a message of the requester;
    `answers`: a public reply by a person of the desk. `targets`: those from here on, None where they stay."""

    at: dt.datetime
    runs: bool
    done: bool = False
    asks: bool = False
    answers: bool = False
    targets: Targets | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A clock as it stands. `due_at` and `risk_at` are null while it is paused, and stay as they were once it is met or
    breached. `elapsed` and `paused` (of pauses that are over) are business time; `breached_at` is when the target was
    over."""

    kind: Kind
    number: int
    target: dt.timedelta
    started_at: dt.datetime
    due_at: dt.datetime | None
    risk_at: dt.datetime | None
    met_at: dt.datetime | None
    breached_at: dt.datetime | None
    paused_since: dt.datetime | None
    elapsed: dt.timedelta
    paused: dt.timedelta

    @property
    def runs(self) -> bool:
        return self.met_at is None and self.paused_since is None

    @property
    def met(self) -> bool | None:
        """False once it is breached, whatever comes after; None while neither."""
        if self.breached_at is not None:
            return False
        return None if self.met_at is None else True


def fold(terms: Terms, happenings: Sequence[Happening], at: dt.datetime) -> list[Reading]:
    """The clocks as of `at`: first response, resolution, and the next responses in their order.

    The first happening is the opening. Raises ValueError where there is none."""
    if not happenings or (targets := happenings[0].targets) is None:
        raise ValueError("A ticket's clocks begin with its opening, and its targets.")
    now = happenings[0].at
    clocks = [_started(terms, kind, 1, targets, now) for kind in (Kind.FIRST_RESPONSE, Kind.RESOLUTION)]
    for one in happenings:
        since, now = now, max(one.at, now)
        targets = one.targets or targets
        clocks = [_passed(terms, clock, since, now) for clock in clocks]
        if one.targets is not None:
            clocks = [_aimed(terms, clock, targets.of(clock.kind), now) for clock in clocks]
        if one.answers:
            clocks = [clock if clock.kind is Kind.RESOLUTION else _met(terms, clock, now) for clock in clocks]
        if one.asks and _asks_anew(clocks):
            number = sum(clock.kind is Kind.NEXT_RESPONSE for clock in clocks) + 1
            clocks.append(_started(terms, Kind.NEXT_RESPONSE, number, targets, now))
        clocks = [_settled(terms, clock, one, now) for clock in clocks]
    return [_passed(terms, clock, now, max(at, now)) for clock in clocks]


def state(
    at: dt.datetime,
    *,
    due_at: dt.datetime | None,
    risk_at: dt.datetime | None,
    met_at: dt.datetime | None,
    breached_at: dt.datetime | None,
) -> State:
    """Of one clock as of `at`, also where no job has looked since its due time."""
    if breached_at is not None or (met_at is None and due_at is not None and due_at < at):
        return State.BREACHED
    if met_at is not None:
        return State.MET
    if due_at is None:
        return State.PAUSED
    return State.AT_RISK if risk_at is not None and risk_at <= at else State.RUNNING


def _started(terms: Terms, kind: Kind, number: int, targets: Targets, at: dt.datetime) -> Reading:
    started = Reading(kind, number, targets.of(kind), at, None, None, None, None, None, NOTHING, NOTHING)
    return _due(terms, started, at)


def _due(terms: Terms, clock: Reading, at: dt.datetime) -> Reading:
    """With due times, of a clock that runs from `at`; a target that is over already is due now."""
    if clock.breached_at is not None:
        return clock
    left = clock.target - clock.elapsed
    share = clock.target * terms.at_risk_bps // WHOLE_BPS
    return replace(
        clock,
        due_at=add_business_time(terms.calendar, at, left),
        risk_at=add_business_time(terms.calendar, at, left - share),
    )


def _passed(terms: Terms, clock: Reading, since: dt.datetime, at: dt.datetime) -> Reading:
    """Time has passed from `since`, or the clock's start, to `at`."""
    if not clock.runs:
        return clock
    passed = business_time(terms.calendar, max(since, clock.started_at), at)
    breached = clock.breached_at
    if breached is None and clock.due_at is not None and clock.due_at < at:
        breached = clock.due_at
    return replace(clock, elapsed=clock.elapsed + passed, breached_at=breached)


def _aimed(terms: Terms, clock: Reading, target: dt.timedelta, at: dt.datetime) -> Reading:
    """Another target, for a clock that is neither met nor breached."""
    if clock.met_at is not None or clock.breached_at is not None or target == clock.target:
        return clock
    aimed = replace(clock, target=target)
    return aimed if clock.paused_since is not None else _due(terms, aimed, at)


def _met(terms: Terms, clock: Reading, at: dt.datetime) -> Reading:
    return clock if clock.met_at is not None else replace(_resumed(terms, clock, at), met_at=at)


def _resumed(terms: Terms, clock: Reading, at: dt.datetime) -> Reading:
    if clock.paused_since is None:
        return clock
    paused = clock.paused + business_time(terms.calendar, clock.paused_since, at)
    return replace(clock, paused=paused, paused_since=None)


def _asks_anew(clocks: Sequence[Reading]) -> bool:
    """Nothing is unanswered: before the first response, and while a question is open, another changes nothing."""
    return all(clock.kind is Kind.RESOLUTION or clock.met_at is not None for clock in clocks)


def _settled(terms: Terms, clock: Reading, one: Happening, at: dt.datetime) -> Reading:
    """Running, paused or met, as the ticket now stands."""
    if clock.kind is Kind.RESOLUTION:
        if one.done:
            return _met(terms, clock, at)
        if clock.met_at is not None and one.runs:
            clock = replace(clock, met_at=None, paused_since=clock.met_at)
    if clock.met_at is not None:
        return clock
    if one.runs and clock.paused_since is not None:
        return _due(terms, _resumed(terms, clock, at), at)
    if not one.runs and clock.paused_since is None:
        due = (clock.due_at, clock.risk_at) if clock.breached_at is not None else (None, None)
        return replace(clock, paused_since=at, due_at=due[0], risk_at=due[1])
    return clock
