"""Ratings, and what staffing needs to know of writers."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.permissions import Role
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers import actions, queries
from copydesk.writers.models import ChoiceKind, Writer, WriterStatus
from copydesk.writers.policies import WriterPolicy
from copydesk.writers.queries import Candidate
from tests.factories.accounts import actor, membership
from tests.factories.tenancy import website
from tests.factories.writers import writer

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_without_reviews_the_rating_is_the_mean_of_the_website() -> None:
    assert queries.bayes_rating(4.2, []) == pytest.approx(4.2)


def test_the_rating_weighs_reviews_against_ten_of_the_mean() -> None:
    assert queries.bayes_rating(4.0, [(1.0, 5.0), (0.5, 2.0)]) == pytest.approx((40 + 5 + 1) / 11.5)


def test_a_review_counts_half_as_much_every_180_days() -> None:
    assert [queries.rating_weight(days) for days in (0, 180, 360)] == pytest.approx([1, 0.5, 0.25])


@pytest.fixture
def atlas(db: None) -> Website:
    return website()


@pytest.fixture
def client(atlas: Website) -> Membership:
    return membership(atlas, Role.CLIENT)


def candidates(client: Membership, rank: int = 2) -> dict[int, Candidate]:
    with website_scope(client.website_id), time_machine.travel(NOW, tick=False):
        found = queries.candidates(
            client.website,
            client_id=client.pk,
            subject="history",
            paper_type="essay",
            academic_rank=rank,
            policy=WriterPolicy(),
        )
    return {row.writer_id: row for row in found}


def test_candidates_tell_what_fits(atlas: Website, client: Membership) -> None:
    fits = writer(atlas, subjects=("history", "law"), paper_types=("essay",), rating_milli=4_500)
    other = writer(atlas, subjects=("essay",), paper_types=("history",), level="junior")
    found = candidates(client)
    assert (found[fits.pk].subject, found[fits.pk].paper_type, found[fits.pk].level_fit) == (True, True, 1.0)
    assert (found[fits.pk].rating, found[fits.pk].excluded) == (4.5, ())
    assert (found[other.pk].subject, found[other.pk].paper_type, found[other.pk].level_fit) == (False, False, 0.25)
    assert (found[other.pk].rating, found[other.pk].excluded) == (None, ())


def test_each_exclusion_has_its_code(atlas: Website, client: Membership) -> None:
    suspended = writer(atlas, status=WriterStatus.SUSPENDED, suspended_until=NOW + HOUR)
    closed = writer(membership(atlas, Role.WRITER, status=MembershipStatus.SUSPENDED))
    on_leave = writer(atlas, status=WriterStatus.ON_LEAVE, leave_from=NOW - HOUR, leave_until=NOW + HOUR)
    unqualified = writer(atlas, level="junior")
    blocked = writer(atlas)
    with website_scope(atlas.pk):
        actions.choose_writer(blocked, ChoiceKind.BLOCK, by=actor(client))
    found = candidates(client, rank=3)
    assert found[suspended.pk].excluded == ("suspended",)
    assert found[closed.pk].excluded == ("suspended",)
    assert found[on_leave.pk].excluded == ("on_leave",)
    assert found[unqualified.pk].excluded == ("not_qualified",)
    assert found[blocked.pk].excluded == ("blocked_by_client",)


def test_exclusions_are_exact_between_two_runs_of_the_clock(atlas: Website, client: Membership) -> None:
    lifted = writer(atlas, status=WriterStatus.SUSPENDED, suspended_until=NOW)
    returned = writer(atlas, status=WriterStatus.ON_LEAVE, leave_from=NOW - HOUR, leave_until=NOW)
    begun = writer(atlas, leave_from=NOW, leave_until=NOW + HOUR)
    later = writer(atlas, leave_from=NOW + HOUR, leave_until=NOW + 2 * HOUR)
    found = candidates(client)
    assert [found[row.pk].excluded for row in (lifted, returned, begun, later)] == [(), (), ("on_leave",), ()]


def test_another_clients_choices_do_not_count(atlas: Website, client: Membership) -> None:
    chosen = writer(atlas)
    with website_scope(atlas.pk):
        actions.choose_writer(chosen, ChoiceKind.BLOCK, by=actor(membership(atlas, Role.CLIENT)))
        assert not queries.has_blocked(atlas, client_id=client.pk, writer_id=chosen.pk)
        actions.choose_writer(chosen, ChoiceKind.FAVOUR, by=actor(client))
    assert (candidates(client)[chosen.pk].favoured, candidates(client)[chosen.pk].excluded) == (True, ())


def test_only_the_admitted_of_this_website_are_candidates(atlas: Website, client: Membership) -> None:
    writer(atlas, status=WriterStatus.APPLIED)
    writer(atlas, status=WriterStatus.REJECTED)
    writer(website("borealis"))
    only = writer(atlas)
    assert list(candidates(client)) == [only.pk]


def test_candidates_are_one_query(atlas: Website, client: Membership) -> None:
    for _ in range(3):
        writer(atlas, subjects=("history",))
    with website_scope(atlas.pk), CaptureQueriesContext(connection) as captured:
        found = queries.candidates(
            atlas,
            client_id=client.pk,
            subject="history",
            paper_type="essay",
            academic_rank=1,
            policy=WriterPolicy(),
        )
    assert len(found) == 3
    assert len(captured) == 1


def test_the_mean_rating_is_of_rated_writers(atlas: Website) -> None:
    with website_scope(atlas.pk):
        assert queries.mean_rating(atlas) is None
        writer(atlas, rating_milli=4_000)
        rated = writer(atlas)
        writer(atlas)
        actions.keep_rating(atlas, rated.pk, 5_000)
        assert queries.mean_rating(atlas) == pytest.approx(4.5)


def test_completed_orders_are_kept_as_they_happen(atlas: Website) -> None:
    row = writer(atlas)
    with website_scope(atlas.pk):
        actions.count_completed(atlas, row.pk)
        actions.count_completed(atlas, row.pk)
        actions.count_completed(atlas, row.pk, -1)
        assert Writer.objects.of(atlas).get(pk=row.pk).completed_orders == 1


def test_pen_names_come_in_one_query(atlas: Website) -> None:
    one, two = writer(atlas), writer(atlas)
    with website_scope(atlas.pk), CaptureQueriesContext(connection) as captured:
        assert queries.pen_names(atlas, [one.pk, two.pk]) == {one.pk: one.pen_name, two.pk: two.pen_name}
    assert len(captured) == 1
