"""What reviews do to a writer's rating: RULES §10, to the thousandth of a star."""

from __future__ import annotations

import datetime as dt

import time_machine

from copydesk.accounts.models import Membership
from copydesk.reviews import actions, queries
from copydesk.reviews.models import Review, Target
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import Writer
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.jobs import run_jobs


def reviewed(website: Website, writer: Membership, rating: int, target: Target = Target.WRITER) -> Review:
    client = accounts.membership(website)
    order = orders.completed_order(client, writer)
    return actions.submit_review(order, target=target, rating=rating, text="", by=actor(client))


def rating(writer: Membership) -> int | None:
    return Writer.objects.of(writer.website_id).get(pk=writer.pk).rating_milli


def test_a_rating_is_weighed_against_the_mean_and_by_age(website: Website, frozen: time_machine.Coordinates) -> None:
    one, two = (writers.writer(website).member for _ in range(2))
    reviewed(website, one, 5)
    frozen.shift(dt.timedelta(days=180))
    reviewed(website, one, 2, Target.ORDER)
    reviewed(website, two, 5)
    run_jobs()
    # The mean is 4; the old review counts a half: (10·4 + .5·5 + 1·2) ÷ 11.5 and (10·4 + 1·5) ÷ 11.
    assert (rating(one), rating(two)) == (3870, 4091)


def test_a_review_of_the_website_rates_no_writer(website: Website) -> None:
    writer = writers.writer(website).member
    reviewed(website, writer, 1, Target.WEBSITE)
    run_jobs()
    assert rating(writer) is None
    assert queries.writer_ratings(website, [writer.pk]) == {}


def test_another_website_counts_for_nothing(website: Website) -> None:
    other = tenancy.website("borealis")
    with website_scope(other.pk):
        reviewed(other, writers.writer(other).member, 1)
    writer = writers.writer(website).member
    reviewed(website, writer, 4)
    assert queries.writer_ratings(website, [writer.pk]) == {writer.pk: 4000}


def test_the_clock_lets_old_reviews_fade(website: Website, frozen: time_machine.Coordinates) -> None:
    one, two = (writers.writer(website).member for _ in range(2))
    reviewed(website, one, 5)
    reviewed(website, two, 3)
    run_jobs()
    assert (rating(one), rating(two)) == (4091, 3909)
    frozen.shift(dt.timedelta(days=360))
    for _ in range(2):
        actions.rate_writers(website)
        # (10·4 + .25·5) ÷ 10.25
        assert (rating(one), rating(two)) == (4024, 3976)
