"""Ratings, blocks and names."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers import actions, queries
from copydesk.writers.models import ChoiceKind, Writer
from tests.factories.accounts import actor, membership
from tests.factories.tenancy import website
from tests.factories.writers import writer


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


def test_another_clients_choices_do_not_count(atlas: Website, client: Membership) -> None:
    chosen = writer(atlas)
    with website_scope(atlas.pk):
        actions.choose_writer(chosen, ChoiceKind.BLOCK, by=actor(membership(atlas, Role.CLIENT)))
        assert not queries.has_blocked(atlas, client_id=client.pk, writer_id=chosen.pk)
        actions.choose_writer(chosen, ChoiceKind.FAVOUR, by=actor(client))
        assert not queries.has_blocked(atlas, client_id=client.pk, writer_id=chosen.pk)
        actions.choose_writer(chosen, ChoiceKind.BLOCK, by=actor(client))
        assert queries.has_blocked(atlas, client_id=client.pk, writer_id=chosen.pk)


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
        assert Writer.objects.of(atlas).get(pk=row.pk).completed_orders == 2


def test_pen_names_come_in_one_query(atlas: Website) -> None:
    one, two = writer(atlas), writer(atlas)
    with website_scope(atlas.pk), CaptureQueriesContext(connection) as captured:
        assert queries.pen_names(atlas, [one.pk, two.pk]) == {one.pk: one.pen_name, two.pk: two.pen_name}
    assert len(captured) == 1
