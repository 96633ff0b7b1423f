"""The spam score: each signal, and what keeps it away; what is published at once and what is not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import product

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.reviews import actions, errors
from copydesk.reviews.models import Fragment, Review, Target
from copydesk.reviews.spam import Signal, SignalName, burst_of, poisson_tail, score_milli
from copydesk.reviews.wording import FRAGMENTS, fragments_of, words_of
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, reviews, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.reviews import LONG

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
WEEK_LATER = 8 * DAY


def found(review: Review) -> dict[str, tuple[float, dict[str, float]]]:
    return {one["name"]: (one["weight"], one["evidence"]) for one in review.signals}


@pytest.fixture
def known(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> Membership:
    """A client of some days, with a completed order."""
    orders.completed_order(client, writer)
    frozen.shift(WEEK_LATER)
    return client


def test_nothing_looks_like_spam(known: Membership, writer: Membership) -> None:
    review = reviews.review(known, writer, 2, text=LONG)
    assert (review.spam_milli, review.signals, review.verified) == (0, [], True)
    assert (review.status, review.visibility, review.waiting_since) == ("approved", "public", None)


def test_published_at_the_time_it_was_written(known: Membership, writer: Membership) -> None:
    order = orders.completed_order(known, writer)
    with time_machine.travel(clock.now(), tick=True):
        review = actions.submit_review(order, target=Target.ORDER, rating=5, text="", by=actor(known))
    assert review.approved_at == review.submitted_at


@pytest.mark.parametrize(("age", "weight"), [(HOUR, 0.25), (23 * HOUR, 0.25), (24 * HOUR, 0.1), (7 * DAY, None)])
def test_account_age(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates, age: dt.timedelta, weight: float | None
) -> None:
    frozen.shift(age)
    review = reviews.review(client, writer)
    expected = {} if weight is None else {"account_age": (weight, {"hours": age / HOUR})}
    assert found(review) == expected
    assert review.status == "approved"


def test_no_completed_order(website: Website, frozen: time_machine.Coordinates) -> None:
    client = accounts.membership(website)
    frozen.shift(WEEK_LATER)
    review = actions.review_website(rating=5, text="Nice.", by=actor(client))
    assert found(review) == {"no_completed_order": (0.4, {"completed_orders": 0})}
    assert (review.verified, review.status, review.spam_milli) == (False, "pending", 400)
    assert (review.order_id, review.writer_id, review.target, review.root) == (
        None,
        None,
        "website",
        ("review", review.pk),
    )


def test_the_unverified_wait_whatever_the_score(website: Website, frozen: time_machine.Coordinates) -> None:
    store_policy(website, "reviews", {"approve_below": 1000})
    client = accounts.membership(website)
    frozen.shift(WEEK_LATER)
    assert actions.review_website(rating=5, text="", by=actor(client)).status == "pending"


def test_the_website_is_reviewed_without_an_order_once(known: Membership) -> None:
    review = actions.review_website(rating=5, text="", by=actor(known))
    assert (review.verified, review.status) == (True, "approved")
    events = Event.objects.of(known.website).count()
    with pytest.raises(errors.AlreadyReviewed):
        actions.review_website(rating=1, text="", by=actor(known))
    assert (Review.objects.of(known.website).count(), Event.objects.of(known.website).count()) == (1, events)


def test_velocity_of_an_account(known: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    weights = [found(reviews.review(known, writer)).get("account_velocity", (None, {}))[0] for _ in range(7)]
    assert weights == [None, None, None, 0.3, 0.3, 0.3, 0.6]
    frozen.shift(DAY)
    assert "account_velocity" not in found(reviews.review(known, writer))


def test_velocity_of_an_address(website: Website, writer: Membership, frozen: time_machine.Coordinates) -> None:
    crowd = [accounts.membership(website) for _ in range(5)]
    done = [orders.completed_order(client, writer) for client in crowd]
    frozen.shift(WEEK_LATER)
    written = [
        actions.submit_review(
            order,
            target=Target.ORDER,
            rating=5,
            text="",
            by=replace(actor(client), address="192.0.2.7" if number < 4 else "192.0.2.8"),
        )
        for number, (client, order) in enumerate(zip(crowd, done, strict=True))
    ]
    assert [found(review) for review in written[:3]] == [{}] * 3
    assert found(written[3]) == {"address_velocity": (0.3, {"reviews_in_24h": 3})}
    assert (written[3].status, written[4].status) == ("pending", "approved")
    assert written[0].origin == written[1].origin != written[4].origin


def test_near_duplicates_are_found_by_their_fragments(
    website: Website, writer: Membership, known: Membership, frozen: time_machine.Coordinates
) -> None:
    first = reviews.review(known, writer, text=LONG)
    copy = reviews.review(known, writer, text=LONG.upper().replace(",", " -"))
    near = reviews.review(known, writer, text=LONG.replace("recent", "rather recent"))
    other = reviews.review(
        known, writer, text="My own words about this order, which nobody else has ever written down here."
    )
    assert found(copy) == {"near_duplicate": (0.6, {"review_id": first.pk, "similarity": 1.0})}
    assert found(near)["near_duplicate"][1]["similarity"] >= 0.6
    assert "near_duplicate" not in found(other)
    assert (copy.duplicate_of_id, near.duplicate_of_id, other.duplicate_of_id) == (first.pk, first.pk, None)
    assert Fragment.objects.of(website).filter(review=first).count() == FRAGMENTS == len(fragments_of(LONG))


def test_short_and_old_texts_are_alike_by_chance(
    known: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    for _ in range(2):
        assert found(reviews.review(known, writer, text="On time and on topic, thank you.")) == {}
    reviews.review(known, writer, text=LONG)
    frozen.shift(180 * DAY)
    assert found(reviews.review(known, writer, text=LONG)) == {}


def test_fragments_are_read_without_case_accents_and_punctuation() -> None:
    assert words_of("Très bien — c'est L'ÉTÉ!") == ["tres", "bien", "c", "est", "l", "ete"]
    assert fragments_of(LONG) == fragments_of(LONG.upper().replace(" ", " … "))
    assert fragments_of(" ".join("abcdefghijk")) == []
    assert len(fragments_of(" ".join("abcdefghijkl"))) == 10


@pytest.mark.parametrize(
    ("text", "weight", "removed"),
    [
        ("See https://example.com/me", 0.4, 1),
        ("See https://example.com/me or a@example.com", 0.6, 2),
        ("See page 12 of 2019", None, 0),
    ],
)
def test_contact_details(known: Membership, writer: Membership, text: str, weight: float | None, removed: int) -> None:
    review = reviews.review(known, writer, text=text)
    assert found(review) == ({} if weight is None else {"contact_details": (weight, {"removed": removed})})
    assert review.status == ("approved" if weight is None else "pending")


@pytest.mark.parametrize(
    ("rating", "text", "against"),
    [
        (5, "Terrible and sloppy.", True),
        (4, "Terrible and sloppy.", True),
        (3, "Terrible and sloppy.", False),
        (2, "Terrible and sloppy.", False),
        (1, "Excellent, perfect!", True),
        (1, "Excellent at first, then terrible.", False),
        (5, "Terrible.", False),
    ],
)
def test_text_against_stars(known: Membership, writer: Membership, rating: int, text: str, against: bool) -> None:
    review = reviews.review(known, writer, rating, text=text)
    assert ("text_against_stars" in found(review)) is against
    assert (review.status == "pending") is against


# Bursts


def crowd_of(website: Website, writer: Membership, many: int) -> list[Membership]:
    crowd = [accounts.membership(website) for _ in range(many)]
    for client in crowd:
        orders.completed_order(client, writer)
    return crowd


def test_a_burst_marks_all_its_members(website: Website, writer: Membership, frozen: time_machine.Coordinates) -> None:
    crowd = crowd_of(website, writer, 4)
    frozen.shift(WEEK_LATER)
    written = [reviews.review(client, writer, 1) for client in crowd[:2]]
    assert [review.status for review in written] == ["approved"] * 2
    third = reviews.review(crowd[2], writer, 2)
    assert third.status == "pending"
    assert found(third)["burst"][1] == {"low_reviews": 3, "expected": 0.011, "p": pytest.approx(2.27e-7, rel=0.01)}
    for review in written:
        review.refresh_from_db()
        assert found(review) == found(third)
        assert (review.spam_milli, review.status, review.visibility) == (500, "approved", "public")
        assert review.waiting_since is not None
    assert Event.objects.of(website).filter(verb="review.suspect").count() == 2
    reviews.review(crowd[3], writer, 1)
    assert Event.objects.of(website).filter(verb="review.suspect").count() == 2


def test_a_burst_costs_the_same_however_long(
    website: Website, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    crowd = [(client, orders.completed_order(client, writer)) for client in crowd_of(website, writer, 10)]
    frozen.shift(WEEK_LATER)
    costs = []
    for client, order in crowd:
        with CaptureQueriesContext(connection) as seen:
            actions.submit_review(order, target=Target.ORDER, rating=1, text="", by=actor(client))
        costs.append(len(seen))
    assert costs[9] == costs[4]
    assert Event.objects.of(website).filter(verb="review.suspect").count() == 2


def test_the_rejected_of_a_burst_stay_as_they_are(
    website: Website, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    crowd = crowd_of(website, writer, 3)
    frozen.shift(WEEK_LATER)
    rejected = reviews.review(crowd[0], writer, 1, text=reviews.CONTACT)
    actions.reject_review(rejected, by=actor(admin), reason="Advertising.")
    other = reviews.review(crowd[1], writer, 1)
    reviews.review(crowd[2], writer, 1)
    rejected.refresh_from_db()
    other.refresh_from_db()
    assert ("burst" in found(rejected), "burst" in found(other)) == (False, True)


def test_what_is_no_burst(website: Website, writer: Membership, frozen: time_machine.Coordinates) -> None:
    crowd = crowd_of(website, writer, 3)
    frozen.shift(WEEK_LATER)
    other = writers.writer(website, pen_name="Nib").member
    of = [(writer, 2, Target.WRITER), (writer, 1, Target.ORDER)]
    near_misses = [(writer, 3, Target.WRITER), (other, 1, Target.WRITER), (writer, 1, Target.WEBSITE)]
    for client, (who, rating, target) in zip(crowd * 2, [*of, *near_misses], strict=False):
        assert "burst" not in found(reviews.review(client, who, rating, target=target))
    frozen.shift(DAY)
    assert "burst" not in found(reviews.review(crowd[0], writer, 1))


def test_a_day_is_the_websites(website: Website, writer: Membership, frozen: time_machine.Coordinates) -> None:
    """New York: its day begins at 05:00 UTC."""
    website.timezone = "America/New_York"
    website.save(update_fields=["timezone"])
    crowd = crowd_of(website, writer, 3)
    for client in crowd:
        client.website = website
    frozen.move_to(dt.datetime(2026, 3, 20, 3, 30, tzinfo=dt.UTC))
    reviews.review(crowd[0], writer, 1)
    frozen.move_to(dt.datetime(2026, 3, 20, 4, 30, tzinfo=dt.UTC))
    reviews.review(crowd[1], writer, 1)
    assert "burst" not in found(reviews.review(crowd[2], writer, 1))
    assert "burst" in found(reviews.review(crowd[0], writer, 1))


def test_who_often_has_low_reviews_may_have_more() -> None:
    assert burst_of(3, 0) is not None
    assert burst_of(2, 0) is None
    assert burst_of(3, 8) is None
    assert burst_of(6, 30) is not None


def test_poisson_tail() -> None:
    assert poisson_tail(1, 0.5) == pytest.approx(0.393469, rel=1e-5)
    assert poisson_tail(3, 2.0) == pytest.approx(0.323324, rel=1e-5)
    assert poisson_tail(10, 0.1) == pytest.approx(2.5e-17, rel=0.1)


def test_each_signal_takes_of_what_is_left() -> None:
    one, two = Signal(SignalName.BURST, 0.5, {}), Signal(SignalName.NEAR_DUPLICATE, 0.6, {})
    assert [score_milli(of) for of in ([], [one], [one, two])] == [0, 500, 800]


def test_moderators_are_alerted_over_the_limit(known: Membership, writer: Membership) -> None:
    reviews.review(known, writer, text=LONG)
    mild, worse = (reviews.review(known, writer, text=f"{LONG}{end}") for end in ("", " Write to a@example.com now."))
    assert (mild.spam_milli, worse.spam_milli) == (600, 760)
    assert mild.status == worse.status == "pending"
    alerts = Event.objects.of(known.website).filter(verb="review.alert")
    assert [(event.subject_id, event.role, event.data) for event in alerts] == [
        (worse.pk, "system", {"spam_milli": 760})
    ]


def test_another_websites_reviews_are_no_evidence(website: Website, writer: Membership, known: Membership) -> None:
    other = tenancy.website("borealis")
    with website_scope(other.pk):
        theirs = writers.writer(other).member
        for _ in range(3):
            reviews.review(accounts.membership(other), theirs, 1, text=LONG)
    assert found(reviews.review(known, writer, 1, text=LONG)) == {}


def test_costs_the_same_among_many(known: Membership, writer: Membership, website: Website) -> None:
    done = [orders.completed_order(known, writer) for _ in range(2)]

    def cost(number: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            actions.submit_review(done[number], target=Target.ORDER, rating=5, text=LONG, by=actor(known))
        return len(seen)

    first = cost(0)
    for number, client in product(range(2), [accounts.membership(website) for _ in range(3)]):
        reviews.review(client, writer, 1 + number, text=LONG)
    assert cost(1) <= first + 1  # an alert instead of the approval, its reactions
