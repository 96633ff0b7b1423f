"""Many at once: one decides, one review is written, one report counts."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.reviews import actions
from copydesk.reviews.models import Appeal, Decision, Ground, Report, Review, Target
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, reviews, tenancy, writers
from tests.factories.accounts import actor
from tests.payments.test_races import AT_ONCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def writer(client: Membership) -> Membership:
    return writers.writer(client.website).member


@pytest.fixture
def moderators(client: Membership) -> list[Membership]:
    return [accounts.membership(client.website, "admin") for _ in range(AT_ONCE)]


def again(review: Review) -> Review:
    return Review.objects.of(review.website_id).get(pk=review.pk)


def test_one_moderator_decides(client: Membership, writer: Membership, moderators: list[Membership]) -> None:
    review = reviews.pending_review(client, writer)

    def decide(number: int) -> None:
        act = (actions.approve_review, actions.reject_review)[number % 2]
        with transaction.atomic():
            act(again(review), by=actor(moderators[number]), reason="Seen.")

    results = Counter(at_once(client.website, decide))
    assert results["done"] == 1
    assert set(results) <= {"done", "wrong_state", "nothing_to_answer"}
    with website_scope(client.website_id):
        decision = Decision.objects.of(client.website).get()
        assert again(review).status == decision.after


def test_one_moderator_decides_an_appeal(client: Membership, writer: Membership, moderators: list[Membership]) -> None:
    appeal = reviews.open_appeal(client, writer, accounts.membership(client.website, "admin"))

    def decide(number: int) -> None:
        act = (actions.uphold_appeal, actions.overturn_appeal)[number % 2]
        with transaction.atomic():
            act(Appeal.objects.of(client.website).get(), by=actor(moderators[number]), reason="Seen.")

    assert at_once(client.website, decide) == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(client.website_id):
        assert again(appeal.review).status == (
            "approved" if Appeal.objects.of(client.website).get().status == "overturned" else "rejected"
        )


def test_one_review_of_an_order_and_one_of_the_website(client: Membership, writer: Membership) -> None:
    order = orders.completed_order(client, writer)

    def write(number: int) -> None:
        with transaction.atomic():
            if number % 2:
                actions.review_website(rating=4, text="", by=actor(client))
            else:
                actions.submit_review(order, target=Target.ORDER, rating=4, text="", by=actor(client))

    assert at_once(client.website, write) == ["already_reviewed"] * (AT_ONCE - 2) + ["done"] * 2
    with website_scope(client.website_id):
        assert Review.objects.of(client.website).count() == 2


def test_each_member_reports_once(client: Membership, writer: Membership) -> None:
    review = reviews.review(client, writer)
    crowd = [accounts.membership(client.website) for _ in range(AT_ONCE // 2)]

    def report(number: int) -> None:
        with transaction.atomic():
            actions.report_review(again(review), by=actor(crowd[number // 2]), ground=Ground.SPAM)

    assert at_once(client.website, report) == ["already_reported"] * (AT_ONCE // 2) + ["done"] * (AT_ONCE // 2)
    with website_scope(client.website_id):
        assert again(review).open_reports == Report.objects.of(client.website).count() == AT_ONCE // 2


def test_two_bulks_wait_for_each_other(client: Membership, writer: Membership, moderators: list[Membership]) -> None:
    ids = [reviews.pending_review(client, writer).pk for _ in range(4)]

    def decide(number: int) -> None:
        with transaction.atomic():
            order = ids if number % 2 else ids[::-1]
            actions.decide_reviews(order, "reject", by=actor(moderators[number]), mode="apply", reason="Spam.")

    assert at_once(client.website, decide) == ["done"] * AT_ONCE
    with website_scope(client.website_id):
        assert Decision.objects.of(client.website).count() == len(ids)


def test_the_lock_stands_in_the_statement(client: Membership, writer: Membership, moderators: list[Membership]) -> None:
    review = reviews.pending_review(client, writer)
    with website_scope(client.website_id), CaptureQueriesContext(connection) as seen:
        actions.approve_review(again(review), by=actor(moderators[0]), reason="Seen.")
    texts = [query["sql"] for query in seen.captured_queries]
    locked = next(at for at, text in enumerate(texts) if "FOR NO KEY UPDATE" in text and "reviews_review" in text)
    written = next(at for at, text in enumerate(texts) if text.startswith('UPDATE "reviews_review"'))
    assert locked < written
