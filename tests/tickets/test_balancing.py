"""The plan that spreads tickets over the desk: cases counted by hand, and what holds for all."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.accounts.models import Membership
from copydesk.tenancy.models import Website
from copydesk.tickets.actions import course, desk, talking
from copydesk.tickets.actions.bulk import assign_tickets
from copydesk.tickets.models import Status, Ticket
from copydesk.tickets.queries.agents import AgentLoad, agent_loads
from copydesk.tickets.queries.balancing import MOST_MOVES, balancing_plan, fairness, movable, transfers
from tests.factories import accounts
from tests.factories.accounts import actor
from tests.factories.tickets import ticket
from tests.standstill import NOON

MINUTE = dt.timedelta(minutes=1)


def load(member: int, active: int, capacity: int = 10, *, on_duty: bool = True) -> AgentLoad:
    return AgentLoad(member, member, "support", "", active, capacity, available=on_duty, on_duty=on_duty)


def jain(loads: Sequence[AgentLoad], held: Counter[int] | None = None) -> Fraction | None:
    """Exactly."""
    now = {one.member_id: one.active if held is None else held[one.member_id] for one in loads}
    found = [Fraction(now[one.member_id], one.capacity) for one in loads if one.on_duty or now[one.member_id]]
    squares = sum(one * one for one in found)
    return Fraction(sum(found)) ** 2 / (len(found) * squares) if squares else None


def after(loads: Sequence[AgentLoad], moves: Sequence[tuple[int, int]]) -> Counter[int]:
    held = Counter({one.member_id: one.active for one in loads})
    for giver, taker in moves:
        held[giver] -= 1
        held[taker] += 1
    return held


@pytest.mark.parametrize(
    ("held", "index"),
    [
        ([], None),
        ([(0, 10), (0, 5)], None),
        ([(4, 10), (2, 5), (8, 20)], 1.0),
        ([(5, 10), (0, 10), (0, 10), (0, 10)], 0.25),
        ([(10, 10), (0, 10)], 0.5),
        ([(9, 10), (3, 10)], 0.8),  # 1.44 ÷ 2(.81 + .09)
    ],
)
def test_jains_index(held: list[tuple[int, int]], index: float | None) -> None:
    assert fairness(held) == (index if index is None else pytest.approx(index))


@pytest.mark.parametrize(
    ("loads", "free", "moves"),
    [
        ([], {}, []),
        ([load(1, 0), load(2, 0)], {}, []),
        # Four against none: two go.
        ([load(1, 4), load(2, 0)], {1: 4}, [(1, 2), (1, 2)]),
        # One more than the other is as fair as it gets.
        ([load(1, 3), load(2, 2)], {1: 3, 2: 2}, []),
        # By share of the capacity, not by number: 7 of 20 are less than 4 of 10, and one more would be too many.
        ([load(1, 4, 10), load(2, 7, 20)], {1: 4, 2: 7}, []),
        # 8 of 10 and 0 of 20. At 4 and 4 the loads are .4 and .2, at 3 and 5 they are .3 and .25, at 2 and 6 .2 and .3.
        ([load(1, 8, 10), load(2, 0, 20)], {1: 8}, [(1, 2)] * 5),
        # What may not be moved stays.
        ([load(1, 4), load(2, 0)], {1: 1}, [(1, 2)]),
        ([load(1, 4), load(2, 0)], {}, []),
        # Nothing to whoever is away; from there, yes.
        ([load(1, 4), load(2, 0, on_duty=False)], {1: 4}, []),
        ([load(1, 4, on_duty=False), load(2, 0)], {1: 4}, [(1, 2), (1, 2)]),
        # Whoever is away and has given all does not count: 1 against 0 becomes 1 alone, and 1 of 2 with 0 of 1 no more.
        ([load(1, 1, 2, on_duty=False), load(2, 0, 4)], {1: 1}, [(1, 2)]),
        # Nothing beyond the capacity: the second has 1 of 1.
        ([load(1, 9, 10), load(2, 1, 1)], {1: 9, 2: 1}, []),
        # One of one is more than the giver's .6.
        ([load(1, 6, 10), load(2, 0, 1)], {1: 6}, []),
        # The most laden gives first, and the emptier takes first; 6, 3, 0 → 3, 3, 3.
        ([load(1, 6), load(2, 3), load(3, 0)], {1: 6, 2: 3}, [(1, 3)] * 3),
        # The first has nothing to give, the next one does.
        ([load(1, 6), load(2, 4), load(3, 0)], {2: 4}, [(2, 3)] * 2),
        # Of equals the one with the lower id.
        ([load(1, 2), load(3, 0), load(2, 0)], {1: 2}, [(1, 3)]),
    ],
)
def test_by_hand(loads: list[AgentLoad], free: dict[int, int], moves: list[tuple[int, int]]) -> None:
    assert transfers(loads, free) == moves


DESKS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 25), st.booleans(), st.integers(0, 30)), max_size=7).map(
    lambda found: [(load(n, a, c, on_duty=on), min(a, f)) for n, (a, c, on, f) in enumerate(found, start=1)]
)


@given(DESKS)
def test_what_holds_for_all(desks: list[tuple[AgentLoad, int]]) -> None:
    loads, free = [one for one, _ in desks], {one.member_id: n for one, n in desks}
    moves = transfers(loads, free)
    held = after(loads, moves)
    by_id = {one.member_id: one for one in loads}
    gave, took = Counter(giver for giver, _ in moves), Counter(taker for _, taker in moves)

    assert held.total() == sum(one.active for one in loads)
    assert all(n <= free[member] for member, n in gave.items())
    assert all(by_id[member].on_duty and held[member] <= by_id[member].capacity for member in took)
    assert not set(gave) & set(took)
    assert moves == transfers(loads, free)

    before, now = jain(loads), jain(loads, held)
    if moves:
        assert before is not None
        assert now is not None
        assert now > before
    steps = [jain(loads, after(loads, moves[:n])) or Fraction(0) for n in range(len(moves) + 1)]
    assert steps == sorted(steps)

    # Where it ended, no further move of these kinds would have made it fairer.
    for giver in loads:
        for taker in loads:
            if (
                giver is not taker
                and giver.member_id not in took
                and taker.member_id not in gave
                and gave[giver.member_id] < free[giver.member_id]
                and taker.on_duty
                and held[taker.member_id] < taker.capacity
                and Fraction(held[taker.member_id] + 1, taker.capacity)
                < Fraction(held[giver.member_id], giver.capacity)
            ):
                further = jain(loads, after(loads, [*moves, (giver.member_id, taker.member_id)]))
                assert further is not None
                assert now is not None
                assert further <= now + Fraction(1, 10**8)


def test_there_is_an_end() -> None:
    loads = [load(1, 5_000, 500), *(load(n, 0, 500) for n in range(2, 40))]
    assert len(transfers(loads, {1: 5_000})) == MOST_MOVES
    assert transfers(loads, {1: 5_000}, 3) == [(1, 2), (1, 3), (1, 4)]


@pytest.mark.django_db
def test_what_can_be_moved(
    website: Website, client: Membership, support: Membership, support2: Membership, frozen: time_machine.Coordinates
) -> None:
    """First what nobody has answered, what the agent got last before the rest; never what is being answered."""
    by = actor(support)
    rows = {}
    for name in ("nobodys", "new", "newer", "answered", "awaiting", "resolved", "answering", "asked"):
        rows[name] = ticket(client)
        frozen.shift(MINUTE)
        if name != "nobodys":
            course.claim_ticket(rows[name], by=by)
    for name in ("answered", "asked"):
        talking.reply_to_ticket(rows[name], "Soon.", by=by)
    talking.reply_to_ticket(rows["awaiting"], "Which one?", by=by, then=Status.AWAITING_CLIENT)
    course.resolve_ticket(rows["resolved"], by=by)
    talking.add_ticket_file(rows["answering"], SimpleUploadedFile("a.txt", b"a"), by=by)
    talking.add_ticket_file(rows["asked"], SimpleUploadedFile("a.txt", b"a"), by=actor(client))
    assert set(movable(website)) == {rows[name] for name in ("new", "newer", "answered", "asked")}

    plan = balancing_plan(website, NOON)
    assert [(move.ticket.id, move.from_id, move.to_id) for move in plan.moves] == [
        (rows[name].pk, support.pk, support2.pk) for name in ("newer", "new", "asked")
    ]
    assert [(one.agent_id, one.movable, one.before.numerator, one.after.numerator) for one in plan.agents] == [
        (support.pk, 4, 6, 3),
        (support2.pk, 0, 0, 3),
    ]
    assert (plan.fairness_before, plan.fairness_after) == (0.5, 1.0)
    waiting = talking.add_ticket_file(rows["new"], SimpleUploadedFile("a.txt", b"a"), by=by)
    talking.reply_to_ticket(rows["new"], "Here.", [waiting.pk], by=by)
    assert rows["new"] in movable(website)


@pytest.mark.django_db
def test_an_empty_desk(website: Website) -> None:
    plan = balancing_plan(website, NOON)
    assert (plan.fairness_before, plan.fairness_after, plan.agents, plan.moves) == (None, None, [], [])


@pytest.mark.django_db
def test_another_websites_tickets_are_no_load(website: Website, client: Membership, support: Membership) -> None:
    course.claim_ticket(ticket(client), by=actor(support))
    plan = balancing_plan(website, NOON)
    assert (plan.fairness_before, plan.fairness_after, plan.moves) == (1.0, 1.0, [])


@pytest.mark.django_db
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 7), st.integers(1, 8), st.booleans()), min_size=2, max_size=4),
    st.lists(st.sampled_from([Status.OPEN, Status.AWAITING_CLIENT, Status.NEW]), min_size=28, max_size=28),
)
def test_applied_it_gives_the_loads_it_promised(
    website: Website,
    client: Membership,
    admin: Membership,
    desks: list[tuple[int, int, bool]],
    statuses: list[Status],
) -> None:
    boss = actor(admin)
    undone = transaction.atomic()
    undone.__enter__()
    try:
        said = iter(statuses)
        for active, capacity, available in desks:
            agent = accounts.membership(website, "support")
            desk.keep_profile(agent.pk, by=boss, capacity=capacity, available=available)
            for _ in range(active):
                row = ticket(client)
                course.assign_ticket(row, agent.pk, by=boss)
                if (status := next(said)) != Status.NEW:
                    talking.reply_to_ticket(row, "Yes.", by=boss, then=status)
        with CaptureQueriesContext(connection) as sent:
            plan = balancing_plan(website, NOON)
        assert len(sent) <= 3
        stayed = set(Ticket.objects.of(website).filter(status=Status.AWAITING_CLIENT).values_list("pk", flat=True))
        wanted = {move.ticket.id: move.to_id for move in plan.moves}
        assert not stayed & set(wanted)
        report = assign_tickets(list(wanted), wanted, by=boss, mode="apply")
        assert (report.applied, report.refused) == (len(plan.moves), 0)
        now = {one.member_id: one.active for one in agent_loads(website, NOON)}
        assert now == {one.agent_id: one.after.numerator for one in plan.agents}
        again = balancing_plan(website, NOON)
        assert again.fairness_before == plan.fairness_after
        assert (again.fairness_before or 0) >= (plan.fairness_before or 0)
    finally:
        transaction.set_rollback(True)
        undone.__exit__(None, None, None)
