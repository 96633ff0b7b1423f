"""Who fits an order: the factors, the score, and every exclusion, each by a writer who would fit but for it."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import Role
from copydesk.orders.models import Assignment, Offer, Order, Round
from copydesk.orders.policies import OrderPolicy
from copydesk.orders.queries.match import Facts, facts
from copydesk.orders.queries.score import CandidateRow, Factors, candidates, factors, score
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers.actions import choose_writer
from copydesk.writers.models import ChoiceKind, Writer, WriterStatus
from copydesk.writers.policies import WriterPolicy
from tests.factories.accounts import actor, membership
from tests.factories.requests import order
from tests.factories.tenancy import website
from tests.factories.writers import writer

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def known(**values: Any) -> Facts:
    return Facts(
        **{
            "writer_id": 1,
            "pen_name": "Quill",
            "level": "expert",
            "status": "approved",
            "rating_milli": None,
            "suspended": False,
            "on_leave": False,
            "active": 0,
            "overdue": 0,
            "completed": 0,
            "dropped": 0,
            "rounds_on_time": 0,
            "rounds_submitted": 0,
            "choice": None,
            "declined": False,
            "knows_subject": False,
            "knows_paper_type": False,
            "open_requests": 0,
            "has_requested": False,
            **values,
        }
    )


def test_the_weights_are_those_of_the_rules() -> None:
    assert dict(OrderPolicy().match_weights) == {
        "subject": 30,
        "past_performance": 25,
        "paper_type": 15,
        "level": 10,
        "rating": 10,
        "spare_capacity": 10,
    }


def test_the_score_is_the_mean_of_the_factors_by_weight() -> None:
    parts = Factors(subject=1, past_performance=0.8, paper_type=0, level=0.5, rating=0.9, spare_capacity=0.4)
    assert score(parts, dict(OrderPolicy().match_weights)) == pytest.approx(0.30 + 0.20 + 0 + 0.05 + 0.09 + 0.04)


def test_a_perfect_writer_scores_one_and_the_worst_nothing() -> None:
    weights = dict(OrderPolicy().match_weights)
    assert score(Factors(1, 1, 1, 1, 1, 1), weights) == 1
    assert score(Factors(0, 0, 0, 0, 0, 0), weights) == 0


def test_factors_of_a_new_writer_are_neutral() -> None:
    parts = factors(known(), WriterPolicy(), None)
    assert parts == Factors(subject=0, past_performance=0.5, paper_type=0, level=1, rating=0.5, spare_capacity=1)


def test_factors_of_a_known_writer() -> None:
    row = known(
        level="standard",
        rating_milli=4_500,
        active=4,
        completed=5,
        dropped=1,
        rounds_on_time=4,
        rounds_submitted=8,
        knows_subject=True,
        knows_paper_type=True,
    )
    assert factors(row, WriterPolicy(), 3.0) == Factors(
        subject=1, past_performance=0.625, paper_type=1, level=0.5, rating=0.9, spare_capacity=0.6
    )


def test_an_unrated_writer_has_the_mean_of_the_website() -> None:
    assert factors(known(), WriterPolicy(), 4.0).rating == 0.8


def test_capacity_exceeded_is_no_negative_factor() -> None:
    assert factors(known(active=12), WriterPolicy(), None).spare_capacity == 0


@pytest.fixture
def atlas(db: None) -> Iterator[Website]:
    with time_machine.travel(NOW, tick=False):
        site = website()
        with website_scope(site.pk):
            yield site


@pytest.fixture
def client(atlas: Website) -> Membership:
    return membership(atlas, Role.CLIENT)


def excluded(wanted: Order) -> dict[int, list[str]]:
    return {row.writer_id: row.match.exclusions for row in candidates(wanted).excluded}


def test_writers_come_best_first(atlas: Website, client: Membership) -> None:
    plain = writer(atlas)
    subject = writer(atlas, subjects=("history",))
    both = writer(atlas, subjects=("history",), paper_types=("essay",))
    found = candidates(order(client))
    assert [row.writer_id for row in found.recommended] == [both.pk, subject.pk, plain.pk]
    assert (found.recommended_count, found.excluded_count, found.excluded) == (3, 0, [])
    assert found.recommended[0] == CandidateRow(
        writer_id=both.pk,
        pen_name=both.pen_name,
        level="expert",
        active_orders=0,
        favourite=False,
        match=found.recommended[0].match,
    )
    assert found.recommended[0].match.score == 0.825


def test_a_favourite_of_the_client_is_told(atlas: Website, client: Membership) -> None:
    row = writer(atlas)
    choose_writer(row, ChoiceKind.FAVOUR, by=actor(client))
    assert candidates(order(client)).recommended[0].favourite


def test_each_exclusion_has_its_code(atlas: Website, client: Membership) -> None:
    wanted = order(client, level_rank=3)
    suspended = writer(atlas, status=WriterStatus.SUSPENDED, suspended_until=NOW + HOUR)
    closed = writer(membership(atlas, Role.WRITER, status=MembershipStatus.SUSPENDED))
    on_leave = writer(atlas, status=WriterStatus.ON_LEAVE, leave_from=NOW - HOUR, leave_until=NOW + HOUR)
    unqualified = writer(atlas, level="junior")
    blocked, declined, dropped, late, full = (writer(atlas) for _ in range(5))
    choose_writer(blocked, ChoiceKind.BLOCK, by=actor(client))
    declines(wanted, declined)
    drops(wanted, dropped)
    order(client, status="in_progress", writer=late.member, writer_due_at=NOW)
    for _ in range(10):
        order(client, status="in_progress", writer=full.member, writer_due_at=NOW + HOUR)
    assert excluded(wanted) == {
        suspended.pk: ["suspended"],
        closed.pk: ["suspended"],
        on_leave.pk: ["on_leave"],
        unqualified.pk: ["not_qualified"],
        blocked.pk: ["blocked_by_client"],
        declined.pk: ["declined_this_order"],
        dropped.pk: ["declined_this_order"],
        late.pk: ["has_overdue_order"],
        full.pk: ["over_capacity"],
    }


def test_exclusions_end_where_their_ground_does(atlas: Website, client: Membership) -> None:
    wanted = order(client, level_rank=2)
    lifted = writer(atlas, status=WriterStatus.SUSPENDED, suspended_until=NOW)
    returned = writer(atlas, status=WriterStatus.ON_LEAVE, leave_from=NOW - HOUR, leave_until=NOW)
    planned = writer(atlas, leave_from=NOW + HOUR, leave_until=NOW + 2 * HOUR)
    qualified = writer(atlas, level="junior")
    blocked, declined, punctual, busy, delivered = (writer(atlas) for _ in range(5))
    choose_writer(blocked, ChoiceKind.BLOCK, by=actor(membership(atlas, Role.CLIENT)))
    declines(order(client), declined)
    order(client, status="in_progress", writer=punctual.member, writer_due_at=NOW + HOUR)
    for _ in range(9):
        order(client, status="on_hold", writer=busy.member)
    for _ in range(10):
        order(client, status="delivered", writer=delivered.member)
    found = candidates(wanted)
    assert found.excluded == []
    everyone = {lifted, returned, planned, qualified, blocked, declined, punctual, busy, delivered}
    assert {row.writer_id for row in found.recommended} == {row.pk for row in everyone}


def test_a_leave_that_has_begun_excludes_before_the_clock_has_turned(atlas: Website, client: Membership) -> None:
    row = writer(atlas, leave_from=NOW, leave_until=NOW + HOUR)
    assert excluded(order(client)) == {row.pk: ["on_leave"]}


def test_only_admitted_writers_of_the_website_are_candidates(atlas: Website, client: Membership) -> None:
    writer(atlas, status=WriterStatus.APPLIED)
    writer(atlas, status=WriterStatus.REJECTED)
    writer(website("borealis"))
    found = candidates(order(client))
    assert (found.recommended_count, found.excluded_count) == (0, 0)


def test_past_performance_counts_a_year_of_assignments_and_rounds(atlas: Website, client: Membership) -> None:
    row = writer(atlas)
    works(client, row, outcome="completed", submitted=NOW - 10 * HOUR, due=NOW - 9 * HOUR)
    works(client, row, outcome="completed", submitted=NOW - 10 * HOUR, due=NOW - 11 * HOUR)
    works(client, row, outcome="completed", submitted=NOW - 10 * HOUR, due=NOW - 11 * HOUR, excused=2 * HOUR)
    works(client, row, outcome="released", cause="writer")
    works(client, row, outcome="released", cause="client")
    works(client, row, outcome="cancelled", cause="writer")
    works(client, row, outcome="cancelled", cause="client")
    works(client, row, outcome="completed", started=NOW - dt.timedelta(days=366), submitted=NOW, due=NOW)
    found = facts(order(client))[0]
    assert (found.completed, found.dropped, found.rounds_on_time, found.rounds_submitted) == (3, 2, 2, 3)


def test_the_number_of_queries_does_not_grow(atlas: Website, client: Membership) -> None:
    wanted = order(client)
    numbers = []
    for _ in range(2):
        for _ in range(3):
            works(client, writer(atlas, subjects=("history",)), outcome="completed")
        with CaptureQueriesContext(connection) as captured:
            candidates(wanted)
        numbers.append(len(captured))
    assert numbers == [3, 3]


def declines(wanted: Order, by: Writer) -> None:
    Offer.objects.of(wanted.website_id).create(
        order=wanted,
        writer=by.member,
        pay_minor=1,
        offered_at=NOW,
        expires_at=NOW + HOUR,
        answered_at=NOW,
        outcome="declined",
    )


def drops(wanted: Order, by: Writer) -> None:
    _assignment(wanted, by, outcome="released", cause="writer", started_at=NOW - HOUR, ended_at=NOW)


def works(
    client: Membership,
    by: Writer,
    *,
    outcome: str,
    cause: str = "",
    started: dt.datetime = NOW - 20 * HOUR,
    submitted: dt.datetime | None = None,
    due: dt.datetime = NOW,
    excused: dt.timedelta = dt.timedelta(),
) -> None:
    worked = order(client, status="completed", writer=by.member)
    assignment = _assignment(worked, by, outcome=outcome, cause=cause, started_at=started, ended_at=NOW)
    Round.objects.of(worked.website_id).create(
        order=worked,
        assignment=assignment,
        number=1,
        kind="first",
        asked_at=started,
        due_at=due,
        excused=excused,
        submitted_at=submitted,
        closed_at=None if submitted else NOW,
    )


def _assignment(on: Order, by: Writer, **values: Any) -> Assignment:
    return Assignment.objects.of(on.website_id).create(
        order=on, writer=by.member, pay_minor=1, tip_share_bps=10_000, policy_version=0, **values
    )
