"""Service clocks, pure: tables worked out by hand, and sequences compared with a clock that counts every minute."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.tickets.calendar import Calendar, business_time
from copydesk.tickets.clocks import Happening, Kind, Reading, State, Targets, Terms, fold, state
from tests.tickets.test_calendar import HOLIDAY, NEW_YORK, OFFICE, local, span

HIGH = Targets(span("2:00"), span("2:00"), span("4:00"))
LOW = Targets(span("36:00"), span("36:00"), span("72:00"))
ALWAYS_OPEN = Terms(Calendar(NEW_YORK), 2_500)
IN_HOURS = Terms(Calendar(NEW_YORK, OFFICE, HOLIDAY), 2_500)


def at(text: str) -> dt.datetime:
    """Of 2 March 2026 (a Monday), or with its date."""
    return local(text if len(text) > 5 else f"2026-03-02 {text}").astimezone(dt.UTC)


def opened(when: str, targets: Targets = HIGH) -> Happening:
    return Happening(at(when), runs=True, targets=targets)


def asked(when: str) -> Happening:
    return Happening(at(when), runs=True, asks=True)


def answered(when: str, *, awaiting: bool = False) -> Happening:
    return Happening(at(when), runs=not awaiting, answers=True)


def changed(when: str, targets: Targets) -> Happening:
    return Happening(at(when), runs=True, targets=targets)


def resolved(when: str) -> Happening:
    return Happening(at(when), runs=False, done=True)


def closed(when: str) -> Happening:
    return Happening(at(when), runs=False)


def reopened(when: str) -> Happening:
    return Happening(at(when), runs=True)


def read(terms: Terms, now: str, *happenings: Happening) -> dict[str, Reading]:
    """first, resolution, next 1, next 2, …"""
    first, resolution, *others = fold(terms, happenings, at(now))
    assert (first.kind, resolution.kind) == (Kind.FIRST_RESPONSE, Kind.RESOLUTION)
    return {"first": first, "resolution": resolution, **{f"next {one.number}": one for one in others}}


def states(terms: Terms, now: str, *happenings: Happening) -> dict[str, str]:
    return {
        name: state(at(now), due_at=one.due_at, risk_at=one.risk_at, met_at=one.met_at, breached_at=one.breached_at)
        for name, one in read(terms, now, *happenings).items()
    }


def test_a_ticket_that_nobody_answers() -> None:
    alone = (opened("09:00"),)
    clocks = read(ALWAYS_OPEN, "09:00", *alone)
    assert (clocks["first"].due_at, clocks["first"].risk_at) == (at("11:00"), at("10:30"))
    assert (clocks["resolution"].due_at, clocks["resolution"].risk_at) == (at("13:00"), at("12:00"))
    assert states(ALWAYS_OPEN, "10:29", *alone) == {"first": State.RUNNING, "resolution": State.RUNNING}
    assert states(ALWAYS_OPEN, "10:30", *alone) == {"first": State.AT_RISK, "resolution": State.RUNNING}
    assert states(ALWAYS_OPEN, "11:00", *alone) == {"first": State.AT_RISK, "resolution": State.RUNNING}
    assert states(ALWAYS_OPEN, "11:01", *alone) == {"first": State.BREACHED, "resolution": State.RUNNING}
    assert read(ALWAYS_OPEN, "11:00", *alone)["first"].breached_at is None
    assert read(ALWAYS_OPEN, "15:00", *alone)["first"].breached_at == at("11:00")


@pytest.mark.parametrize(("when", "expected"), [("11:00", State.MET), ("11:01", State.BREACHED)])
def test_the_first_answer_ends_the_first_clock(when: str, expected: State) -> None:
    found = read(ALWAYS_OPEN, "20:00", opened("09:00"), answered(when))["first"]
    assert (found.met_at, found.elapsed) == (at(when), at(when) - at("09:00"))
    assert states(ALWAYS_OPEN, "20:00", opened("09:00"), answered(when))["first"] == expected


def test_each_next_answer_has_its_own_clock_from_the_oldest_open_question() -> None:
    life = (
        opened("09:00"),
        asked("09:20"),  # before the first answer: one clock for both
        answered("10:00"),
        asked("10:30"),
        asked("11:30"),
        answered("12:00"),
        answered("12:10"),
        asked("12:20"),
    )
    clocks = read(ALWAYS_OPEN, "12:30", *life)
    assert {name: (one.started_at, one.due_at, one.met_at) for name, one in clocks.items()} == {
        "first": (at("09:00"), at("11:00"), at("10:00")),
        "resolution": (at("09:00"), at("13:00"), None),
        "next 1": (at("10:30"), at("12:30"), at("12:00")),
        "next 2": (at("12:20"), at("14:20"), None),
    }


def test_the_clock_stops_while_the_client_is_awaited() -> None:
    life = (opened("09:00"), answered("10:00", awaiting=True))
    waiting = read(ALWAYS_OPEN, "16:00", *life)["resolution"]
    assert (waiting.due_at, waiting.paused_since, waiting.paused, waiting.elapsed) == (
        None, at("10:00"), span("0:00"), span("1:00"),
    )  # fmt: skip
    assert states(ALWAYS_OPEN, "2026-03-20 10:00", *life)["resolution"] == State.PAUSED
    back = read(ALWAYS_OPEN, "16:00", *life, asked("16:00"))["resolution"]
    assert (back.due_at, back.risk_at, back.paused_since) == (at("19:00"), at("18:00"), None)


@pytest.mark.parametrize(
    ("about", "awaited", "back", "due", "paused"),
    [
        # High, opened on Monday at 09:00, answered at `awaited`: 4 hours of the office to resolution.
        ("inside hours", "10:00", "11:00", "2026-03-02 15:00", "1:00"),
        ("over the lunch break", "11:00", "14:00", "2026-03-02 16:00", "2:00"),
        ("within the lunch break", "12:00", "12:45", "2026-03-02 14:00", "0:00"),
        ("from hours to the evening", "11:00", "20:00", "2026-03-03 11:00", "5:00"),
        ("over a night", "11:00", "2026-03-03 10:00", "2026-03-03 12:00", "6:00"),
        ("over a night and the holiday", "11:00", "2026-03-05 10:00", "2026-03-05 12:00", "13:00"),
        ("over a weekend", "11:00", "2026-03-09 09:00", "2026-03-09 11:00", "26:00"),
        ("back at the weekend, before opening", "11:00", "2026-03-08 15:00", "2026-03-09 11:00", "26:00"),
    ],
)
def test_a_pause_moves_the_due_time_by_open_time_only(
    about: str, awaited: str, back: str, due: str, paused: str
) -> None:
    happened = (opened("09:00"), answered(awaited, awaiting=True), asked(back))
    found = read(IN_HOURS, back, *happened)["resolution"]
    assert (found.due_at, found.paused) == (at(due), span(paused))


def test_outside_hours_no_time_passes() -> None:
    # Friday 16:00: one hour is left, then a weekend with the change of clocks.
    found = read(IN_HOURS, "2026-03-06 16:00", opened("2026-03-06 16:00"))
    assert found["first"].due_at == at("2026-03-09 10:00")
    assert found["resolution"].due_at == at("2026-03-09 12:00")
    assert read(IN_HOURS, "2026-03-08 23:00", opened("2026-03-06 16:00"))["first"].elapsed == span("1:00")


def test_another_priority_moves_the_due_time_from_the_same_start() -> None:
    life = (opened("09:00", LOW), changed("10:00", HIGH))
    assert read(ALWAYS_OPEN, "10:00", *life)["resolution"].due_at == at("13:00")
    assert read(ALWAYS_OPEN, "10:00", opened("09:00"), changed("10:00", LOW))["first"].due_at == at("2026-03-03 21:00")


def test_a_target_that_is_over_already_is_due_at_the_change() -> None:
    life = (opened("09:00", LOW), changed("15:00", HIGH))
    assert read(ALWAYS_OPEN, "15:00", *life)["resolution"].due_at == at("15:00")
    assert read(ALWAYS_OPEN, "16:00", *life)["resolution"].breached_at == at("15:00")


def test_a_change_while_paused_counts_from_the_return() -> None:
    life = (
        opened("09:00", LOW),
        answered("10:00", awaiting=True),
        Happening(at("11:00"), runs=False, targets=HIGH),
        asked("12:00"),
    )
    found = read(ALWAYS_OPEN, "12:00", *life)["resolution"]
    assert (found.target, found.due_at) == (HIGH.resolution, at("15:00"))


def test_a_breach_stays() -> None:
    late = (opened("09:00"), answered("12:00"), resolved("14:00"))
    assert states(ALWAYS_OPEN, "14:00", *late) == {"first": State.BREACHED, "resolution": State.BREACHED}
    again = (*late, reopened("15:00"), changed("15:10", LOW), answered("15:20", awaiting=True))
    found = read(ALWAYS_OPEN, "16:00", *again)["resolution"]
    assert (found.breached_at, found.due_at) == (at("13:00"), at("13:00"))


def test_a_reopened_ticket_goes_on_where_it_stopped() -> None:
    life = (opened("09:00"), answered("10:00"), resolved("11:00"))
    done = read(ALWAYS_OPEN, "20:00", *life)["resolution"]
    assert (done.met_at, done.elapsed, done.due_at) == (at("11:00"), span("2:00"), at("13:00"))
    back = read(ALWAYS_OPEN, "20:00", *life, closed("12:00"), reopened("20:00"))["resolution"]
    assert (back.met_at, back.due_at, back.paused) == (None, at("22:00"), span("9:00"))


def test_what_was_never_answered_is_left_out() -> None:
    life = (opened("09:00"), resolved("10:00"))
    assert states(ALWAYS_OPEN, "2026-03-20 09:00", *life) == {"first": State.PAUSED, "resolution": State.MET}
    unsolved = (opened("09:00"), closed("10:00"))
    assert set(states(ALWAYS_OPEN, "2026-03-20 09:00", *unsolved).values()) == {State.PAUSED}


def test_nothing_happened() -> None:
    with pytest.raises(ValueError, match="opening"):
        fold(ALWAYS_OPEN, [], at("09:00"))


# A clock that counts every minute, and knows nothing of due times


@dataclass
class Counter:
    kind: Kind
    target: int
    started: int
    elapsed: int = 0
    met: int | None = None
    breached: int | None = None
    running: bool = True
    seen: list[int] = field(default_factory=list)


def counted(terms: Terms, happenings: list[Happening], minutes: int) -> list[tuple[Kind, int, bool, bool]]:
    """(kind, minutes run, met, breached) by counting."""
    start = happenings[0].at
    clocks: list[Counter] = []
    targets = happenings[0].targets
    status_runs = False
    for minute in range(minutes + 1):
        now = start + dt.timedelta(minutes=minute)
        for one in (one for one in happenings if one.at == now):
            targets = one.targets or targets
            assert targets is not None
            if minute == 0 and not clocks:
                clocks = [
                    Counter(kind, int(targets.of(kind).total_seconds() // 60), 0)
                    for kind in (Kind.FIRST_RESPONSE, Kind.RESOLUTION)
                ]
            for clock in clocks:
                if one.targets is not None and clock.met is None and clock.breached is None:
                    clock.target = int(one.targets.of(clock.kind).total_seconds() // 60)
                if one.answers and clock.kind is not Kind.RESOLUTION and clock.met is None:
                    clock.met = minute
            if one.asks and all(clock.met is not None for clock in clocks if clock.kind is not Kind.RESOLUTION):
                clocks.append(Counter(Kind.NEXT_RESPONSE, int(targets.next_response.total_seconds() // 60), minute))
            resolution = clocks[1]
            if one.done and resolution.met is None:
                resolution.met = minute
            elif one.runs and resolution.met is not None:
                resolution.met = None
            status_runs = one.runs
        if minute == minutes:
            break
        open_now = bool(business_time(terms.calendar, now, now + dt.timedelta(minutes=1)))
        for clock in clocks:
            if clock.met is None and status_runs:
                if clock.elapsed >= clock.target and clock.breached is None:
                    clock.breached = minute
                clock.elapsed += open_now
    return [(clock.kind, clock.elapsed, clock.met is not None, clock.breached is not None) for clock in clocks]


SHORT = Targets(span("1:00"), span("0:40"), span("3:00"))
SHORTER = Targets(span("0:30"), span("0:20"), span("1:10"))
LUNCHES = Terms(Calendar(NEW_YORK, ((((540, 570), (600, 660), (690, 720))),) * 7), 2_500)


@st.composite
def lives(draw: st.DrawFn) -> list[Happening]:
    """What the actions allow, from Monday 08:30 on, within five hours."""
    now, found, status = at("08:30"), [Happening(at("08:30"), runs=True, targets=SHORT)], "open"
    for _ in range(draw(st.integers(0, 9))):
        now += dt.timedelta(minutes=draw(st.integers(0, 60)))
        does = {
            "open": ("ask", "answer", "await", "resolve", "close", "shorter", "longer"),
            "awaiting": ("ask", "answer", "await", "resolve", "close", "shorter"),
            "resolved": ("ask", "answer", "close", "reopen"),
            "closed": ("reopen",),
        }[status]
        what = draw(st.sampled_from(does))
        if what == "answer":
            status = "resolved" if status == "resolved" else "open"
        elif what in ("ask", "await", "resolve", "close", "reopen"):
            status = {"ask": "open", "await": "awaiting", "resolve": "resolved", "close": "closed", "reopen": "open"}[
                what
            ]
        found.append(
            Happening(
                now,
                runs=status == "open",
                done=status == "resolved",
                asks=what == "ask",
                answers=what in ("answer", "await"),
                targets={"shorter": SHORTER, "longer": SHORT}.get(what),
            )
        )
    return found


@given(st.sampled_from((ALWAYS_OPEN, LUNCHES)), lives(), st.integers(0, 240))
def test_as_a_clock_that_counts_every_minute(terms: Terms, happenings: list[Happening], after: int) -> None:
    now = happenings[-1].at + dt.timedelta(minutes=after)
    minutes = int((now - happenings[0].at).total_seconds() // 60)
    found = [
        (one.kind, int(one.elapsed.total_seconds() // 60), one.met_at is not None, one.breached_at is not None)
        for one in fold(terms, happenings, now)
    ]
    assert found == counted(terms, happenings, minutes)


@given(st.sampled_from((ALWAYS_OPEN, LUNCHES, IN_HOURS)), lives(), st.integers(0, 240))
def test_target_and_pauses_make_the_due_time(terms: Terms, happenings: list[Happening], after: int) -> None:
    """Of a clock with one target all along: from its start to its due time is the target and what was paused."""
    once = [one if n == 0 else Happening(one.at, one.runs, one.done, one.asks, one.answers)
            for n, one in enumerate(happenings)]  # fmt: skip
    for one in fold(terms, once, happenings[-1].at + dt.timedelta(minutes=after)):
        if one.due_at is not None and one.breached_at is None:
            assert business_time(terms.calendar, one.started_at, one.due_at) == one.target + one.paused


@given(st.sampled_from((ALWAYS_OPEN, LUNCHES)), lives(), st.data())
def test_a_breach_is_never_taken_back(terms: Terms, happenings: list[Happening], data: st.DataObject) -> None:
    """What was breached at a moment stays so, with the same time, whatever happened later."""
    moment = data.draw(st.sampled_from([one.at for one in happenings]))
    before = [one for one in happenings if one.at <= moment]
    for earlier, later in zip(fold(terms, before, moment), fold(terms, happenings, happenings[-1].at), strict=False):
        if earlier.breached_at is not None:
            assert later.breached_at == earlier.breached_at
