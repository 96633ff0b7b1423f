"""What is stored of the clocks is what the journal says, whatever happens to a ticket, and in whatever order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.journal.models import Event
from copydesk.tenancy.models import Website
from copydesk.tickets import tasks
from copydesk.tickets.actions import course, escalating, talking
from copydesk.tickets.models import Category, Clock, Priority, Status, Ticket
from copydesk.tickets.queries.clocks import clock_row, readings
from tests.factories.accounts import actor
from tests.factories.tickets import OFFICE_WEEK, sla, ticket
from tests.standstill import NOON

pytestmark = pytest.mark.django_db

STORED = [
    *("kind", "number", "target_seconds", "started_at", "due_at", "risk_at", "met_at", "breached_at"),
    *("paused_since", "paused_seconds"),
]


def stored(row: Ticket) -> list[tuple[Any, ...]]:
    return sorted(Clock.objects.of(row.website_id).filter(ticket=row).values_list(*STORED))


def recomputed(row: Ticket) -> list[tuple[Any, ...]]:
    found = [clock_row(row, reading) for reading in readings(row, clock.now())]
    return sorted(tuple(getattr(one, name) for name in STORED) for one in found)


KEPT = [
    *("due_at", "risk_at", "first_response_at", "first_response_met", "next_responses_met", "next_responses_breached"),
    "resolution_met",
]


def kept(row: Ticket) -> list[Any]:
    return [getattr(row, name) for name in KEPT]


def counted(row: Ticket) -> list[Any]:
    """What KEPT has to be, by the stored clocks."""
    clocks = list(Clock.objects.of(row.website_id).filter(ticket=row).order_by("kind", "number"))
    running = [one for one in clocks if one.met_at is None and one.paused_since is None]
    outcomes: dict[str, list[bool | None]] = {"first_response": [], "next_response": [], "resolution": []}
    for one in clocks:
        outcomes[one.kind].append(False if one.breached_at else True if one.met_at else None)
    ((first,), following, (resolution,)) = outcomes.values()
    return [
        min((one.due_at for one in running if one.due_at), default=None),
        min((one.risk_at for one in running if one.risk_at), default=None),
        clocks[0].met_at,
        *(first, following.count(True), following.count(False), resolution),
    ]


def events(row: Ticket, verb: str) -> list[dict[str, Any]]:
    return [e.data for e in Event.objects.of(row.website_id).filter(root_id=row.pk, verb=verb).order_by("id")]


def deeds(client: Actor, agent: Actor) -> dict[str, Callable[[Ticket], object]]:
    return {
        "ask": lambda row: talking.reply_to_ticket(row, "Well?", by=client),
        "answer": lambda row: talking.reply_to_ticket(row, "So.", by=agent),
        "await": lambda row: talking.reply_to_ticket(row, "And you?", by=agent, then=Status.AWAITING_CLIENT),
        "note": lambda row: talking.add_note(row, "Hm.", by=agent),
        "claim": lambda row: course.claim_ticket(row, by=agent),
        "critical": lambda row: course.change_ticket(row, priority=Priority.CRITICAL, by=agent),
        "low": lambda row: course.change_ticket(row, priority=Priority.LOW, by=agent),
        "refund": lambda row: course.change_ticket(row, category=Category.REFUND, by=agent),
        "escalate": lambda row: escalating.escalate_ticket(row, reason="Grave", by=agent),
        "resolve": lambda row: course.resolve_ticket(row, by=agent),
        "close": lambda row: course.close_ticket(row, by=agent, reason="Spam"),
        "reopen": lambda row: course.reopen_ticket(row, by=client),
        "rate": lambda row: course.rate_ticket(row, 4, by=client),
        "absorb": lambda row: course.merge_ticket(ticket(row.requester), row.pk, by=agent),
        "absorb quietly": lambda row: course.merge_ticket(answered(row.requester, agent), row.pk, by=agent),
    }


def answered(client: Membership, agent: Actor) -> Ticket:
    row = ticket(client)
    talking.reply_to_ticket(row, "And you?", by=agent, then=Status.AWAITING_CLIENT)
    return row


def sweeps(website: Website) -> None:
    for sweep in (tasks.watch_breaches, tasks.watch_risks, tasks.escalate, tasks.close_resolved):
        sweep(website)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(sorted(deeds(None, None))),  # type: ignore[arg-type]
        st.integers(0, 300),
        st.booleans(),
    ),
    max_size=8,
)


@pytest.fixture
def rules(website: Website) -> None:
    """Refunds and critical tickets have their own targets; the office has a lunch break."""
    every = {"first_response_minutes": 60, "next_response_minutes": 40, "resolution_minutes": 180}
    sla(
        website,
        rules=[
            {**every, "name": "refunds", "resolution_minutes": 90, "categories": ["refund"]},
            {"name": "critical", "first_response_minutes": 15, "next_response_minutes": 15, "resolution_minutes": 30,
             "priorities": ["critical"]},
            {**every, "name": "others"},
        ],
        week=OFFICE_WEEK,
    )  # fmt: skip


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(life=STEPS)
def test_recomputed_is_stored(
    rules: None,
    website: Website,
    client: Membership,
    support: Membership,
    life: list[tuple[str, int, bool]],
) -> None:
    """After each step, refused or done, at any distance, with or without the sweeps between."""
    act = deeds(actor(client), actor(support))
    now = NOON + dt.timedelta(hours=2)
    with time_machine.travel(now, tick=False) as traveller:
        row = ticket(client)
        for what, minutes, swept in life:
            now += dt.timedelta(minutes=minutes)
            traveller.move_to(now, tick=False)
            before = stored(row)
            if swept:
                sweeps(website)
                assert stored(row) == recomputed(row)
                again = (stored(row), Event.objects.of(website).count())
                sweeps(website)
                assert (stored(row), Event.objects.of(website).count()) == again
                before = stored(row)
            try:
                act[what](row)
            except Refusal:
                assert stored(row) == before
            row = Ticket.objects.of(website).get(pk=row.pk)
            if what not in ("note", "claim", "rate"):
                moved = stored(row) != before
                assert not moved or stored(row) == recomputed(row)
            assert kept(row) == counted(row)
        now += dt.timedelta(days=3)
        traveller.move_to(now, tick=False)
        sweeps(website)
        row = Ticket.objects.of(website).get(pk=row.pk)
        assert stored(row) == recomputed(row)
        assert kept(row) == counted(row)
        breached = [one for one in stored(row) if one[7] is not None]
        assert len(events(row, "ticket.breach")) == len(breached)


def test_a_policy_edit_leaves_running_clocks_alone(
    website: Website, client: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    row = ticket(client)
    due = Clock.objects.of(website).get(ticket=row, kind="resolution").due_at
    sla(website, week=OFFICE_WEEK)
    frozen.move_to(NOON + dt.timedelta(hours=1))
    talking.reply_to_ticket(row, "So.", by=actor(support))
    talking.reply_to_ticket(row, "Well?", by=actor(client))
    assert Clock.objects.of(website).get(ticket=row, kind="resolution").due_at == due == NOON + dt.timedelta(hours=24)
    assert Clock.objects.of(website).get(ticket=row, kind="next_response").target_seconds == 12 * 3600
    newer = ticket(client)
    assert (row.policy_version, newer.policy_version) == (0, 1)
    assert Clock.objects.of(website).get(ticket=newer, kind="resolution").target_seconds == 3 * 3600
    assert stored(row) == recomputed(row)


def test_the_websites_zone_is_kept_too(
    website: Website, client: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    sla(website, week=OFFICE_WEEK)
    row = ticket(client)  # 07:00 in New York: the office opens at 14:00 UTC
    due = Clock.objects.of(website).get(ticket=row, kind="first_response").due_at
    assert due == NOON + dt.timedelta(hours=3)
    Website.objects.filter(pk=website.pk).update(timezone="Europe/Helsinki")
    assert stored(row) == recomputed(row)


@pytest.mark.parametrize(("priority", "hours"), [("CRITICAL", 1), ("HIGH", 4), ("MEDIUM", 24), ("LOW", 72)])
def test_the_targets_of_the_rules(
    website: Website, client: Membership, support: Membership, priority: str, hours: int
) -> None:
    row = ticket(client, by=support, priority=Priority[priority])
    found = dict(Clock.objects.of(website).filter(ticket=row).values_list("kind", "target_seconds"))
    assert found == {"first_response": hours * 1800, "resolution": hours * 3600}
