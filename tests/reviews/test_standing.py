"""How writers are ranked: RULES §10, over the year before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.core.numbers import wilson_lower
from copydesk.orders.actions import delivery, staffing
from copydesk.reviews import tasks
from copydesk.reviews.models import Standing
from copydesk.reviews.queries import rank_factors
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def website(db: None, clock: time_machine.Coordinates) -> Iterator[Website]:
    row = tenancy.website()
    with website_scope(row.pk):
        yield row


@pytest.fixture
def client(website: Website) -> Membership:
    return accounts.membership(website)


def busy(client: Membership, completed: int, *, dropped: int = 0, rating: int | None = None) -> Membership:
    """A writer with so many outcomes, all in time and without a revision."""
    member = writers.writer(client.website, rating_milli=rating).member
    for _ in range(completed):
        orders.completed_order(client, member)
    for _ in range(dropped):
        staffing.release(orders.order_in_progress(client, member), by=actor(member), reason="Too much.")
    return member


def ranked(website: Website) -> dict[int, tuple[int | None, int]]:
    tasks.rank_writers(website)
    return {row.pk: (row.rank, row.ranked) for row in Standing.objects.of(website)}


def test_the_composite_weighs_bounds_of_rates(website: Website, client: Membership) -> None:
    member = busy(client, 6, dropped=2, rating=4_500)
    late = delivery.request_revision(orders.delivered_order(client, member), by=actor(client), reason="Longer.")
    assert late.writer_due_at is not None
    tasks.rank_writers(website)
    row = Standing.objects.of(website).get(pk=member.pk)
    assert (row.completed, row.outcomes, row.on_time, row.submitted) == (6, 8, 7, 7)
    assert (row.revised, row.delivered, row.rating_milli, row.computed_at) == (1, 7, 4_500, NOON)
    parts = 0.30 * 0.9 + 0.25 * wilson_lower(6, 8) + 0.25 * wilson_lower(7, 7) + 0.20 * wilson_lower(6, 7)
    assert row.composite == pytest.approx(parts, abs=1e-3)
    factors = {factor.name: factor for factor in rank_factors(row)}
    assert sum(factor.weight for factor in factors.values()) == 100
    assert sum(factor.weight * factor.value for factor in factors.values()) / 100 == pytest.approx(
        row.composite, abs=1e-4
    )
    shown = factors["revision"].rate
    assert shown is not None
    assert (shown.numerator, shown.denominator) == (1, 7)


@pytest.mark.parametrize(("mean", "value"), [(None, 0.5), (4_000, 0.8)])
def test_the_unrated_have_the_mean(website: Website, client: Membership, mean: int | None, value: float) -> None:
    if mean:
        writers.writer(website, rating_milli=mean)
    member = busy(client, 1)
    tasks.rank_writers(website)
    assert rank_factors(Standing.objects.of(website).get(pk=member.pk))[0].value == value


def test_best_first_and_unranked_under_five_outcomes(website: Website, client: Membership) -> None:
    best, good, poor, new = (
        busy(client, 8, rating=5_000),
        busy(client, 5, rating=5_000),
        busy(client, 2, dropped=3, rating=5_000),
        busy(client, 4, rating=5_000),
    )
    idle = writers.writer(website).member
    applied = writers.writer(website, status="applied")
    places = ranked(website)
    assert places == {best.pk: (1, 3), good.pk: (2, 3), poor.pk: (3, 3), new.pk: (None, 3), idle.pk: (None, 3)}
    assert applied.pk not in places


def test_equals_share_a_rank(website: Website, client: Membership) -> None:
    one, two, third = busy(client, 6), busy(client, 6), busy(client, 5)
    assert ranked(website) == {one.pk: (1, 3), two.pk: (1, 3), third.pk: (3, 3)}


def test_what_is_older_than_a_year_counts_no_more(
    website: Website, client: Membership, clock: time_machine.Coordinates
) -> None:
    member = busy(client, 5)
    clock.shift(364 * DAY)
    assert ranked(website)[member.pk] == (1, 1)
    clock.shift(2 * DAY)
    assert ranked(website)[member.pk] == (None, 0)


def test_another_websites_writers_are_not_among_them(website: Website, client: Membership) -> None:
    member = busy(client, 5)
    borealis = tenancy.website("borealis")
    with website_scope(borealis.pk):
        busy(accounts.membership(borealis), 7)
        tasks.rank_writers(borealis)
    assert ranked(website) == {member.pk: (1, 1)}
    with website_scope(borealis.pk):
        assert Standing.objects.of(borealis).count() == 1


def test_is_safe_to_run_twice_and_costs_the_same_for_many(website: Website, client: Membership) -> None:
    busy(client, 5)
    first = ranked(website)
    with CaptureQueriesContext(connection) as one:
        assert ranked(website) == first
    for _ in range(4):
        writers.writer(website)
    with CaptureQueriesContext(connection) as many:
        tasks.rank_writers(website)
    assert len(many) <= len(one)
