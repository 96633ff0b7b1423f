"""`/public/reviews/`: what is published, to everybody, with nobody's name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from copydesk.accounts.models import Membership
from copydesk.reviews import actions
from copydesk.reviews.models import Ground, Target
from copydesk.tenancy.models import Website
from tests.api.client import anonymous, as_
from tests.factories import accounts, reviews, tenancy, writers
from tests.factories.accounts import actor
from tests.tickets.conftest import admin

__all__ = ["admin"]
PATH = "/api/v1/public/reviews/"


@pytest.fixture
def crowd(website: Website) -> list[Membership]:
    return [accounts.membership(website) for _ in range(6)]


def read(website: Website, **params: Any) -> Any:
    return anonymous(website).get(PATH, **params)


def test_is_what_is_published_and_counts_what_is_rated(
    website: Website, writer: Membership, admin: Membership, crowd: list[Membership], noon: dt.datetime
) -> None:
    good = reviews.review(crowd[0], writer, 4, text="On time.")
    doubted = reviews.flagged_review(crowd[1], writer, admin)
    reviews.flagged_review(crowd[2], writer, admin, Ground.THREATS)
    reviews.pending_review(crowd[3], writer)
    reviews.rejected_review(crowd[4], writer, admin)
    hidden = reviews.review(crowd[5], writer, 5)
    until = noon + dt.timedelta(days=1)
    actions.shadow_review(hidden, by=actor(admin), until=until, reason="Spam.")
    found = read(website)
    assert [(row["id"], row["under_review"]) for row in found["results"]] == [(doubted.pk, True), (good.pk, False)]
    assert found["results"][1] == {
        "id": good.pk,
        "target": "writer",
        "rating": 4,
        "text": "On time.",
        "verified": True,
        "under_review": False,
        "writer": found["results"][0]["writer"],
        "submitted_at": "2026-03-02T12:00:00+00:00",
    }
    by_stars = [{"stars": stars, "reviews": int(stars == 4)} for stars in (5, 4, 3, 2, 1)]
    assert found["rating"] == {"mean": 4.0, "reviews": 1, "by_stars": by_stars}


def test_names_no_writer_where_the_website_is_reviewed(client: Membership, writer: Membership) -> None:
    reviews.review(client, writer, target=Target.WEBSITE)
    assert read(client.website)["results"][0]["writer"] is None
    assert read(client.website, writer_id=writer.pk)["count"] == 0


def test_of_nothing(website: Website) -> None:
    found = read(website)
    assert (found["count"], found["rating"]["mean"], found["rating"]["reviews"]) == (0, None, 0)


def test_narrows(website: Website, writer: Membership, crowd: list[Membership]) -> None:
    other = writers.writer(website, pen_name="Nib").member
    low, high = reviews.review(crowd[0], writer, 2), reviews.review(crowd[1], other, 5, target=Target.ORDER)
    for params, expected in (
        ({"rating": 2}, [low.pk]),
        ({"target": "order"}, [high.pk]),
        ({"writer_id": writer.pk}, [low.pk]),
        ({"page_size": 1}, [high.pk]),
    ):
        found = read(website, **params)
        assert [row["id"] for row in found["results"]] == expected
        assert found["rating"]["reviews"] == 2
    for params in ({"rating": "x"}, {"target": "x"}, {"writer_id": 0}, {"page": 0}, {"colour": "red"}):
        assert anonymous(website).get(PATH, 400, **params)["errors"][0]["field"] == next(iter(params))


def test_is_the_websites_own(client: Membership, writer: Membership) -> None:
    reviews.review(client, writer)
    borealis = tenancy.website("borealis")
    assert read(borealis)["count"] == 0
    assert as_(accounts.membership(borealis)).get(PATH)["rating"]["reviews"] == 0


def test_costs_the_same_for_many(
    website: Website, writer: Membership, crowd: list[Membership], queries: Callable[[Callable[[], Any]], int]
) -> None:
    reviews.review(crowd[0], writer)
    one = queries(lambda: read(website))
    for author in crowd[1:]:
        reviews.review(author, writer, 5)
    assert queries(lambda: read(website)) == one <= 5
