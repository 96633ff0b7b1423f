"""Reviews over HTTP: who writes, who reads, what of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.reviews.models import Review
from tests.api.client import anonymous, as_, as_user
from tests.factories import accounts, orders, tenancy, writers
from tests.jobs import queued


@pytest.fixture
def order(client: Membership, writer: Membership) -> Order:
    return orders.completed_order(client, writer)


def path(order: Order) -> str:
    return f"/api/v1/orders/{order.pk}/review/"


def test_a_client_reviews_a_completed_order(client: Membership, writer: Membership, order: Order) -> None:
    caller = as_(client)
    row = caller.post(path(order), {"rating": 5, "text": " Great! Write me: a@example.com "}, 201)
    assert row == {
        "id": row["id"],
        "order_id": order.pk,
        "order_number": order.number,
        "target": "writer",
        "rating": 5,
        "text": "Great! Write me: [removed]",
        "masked": [{"kind": "email", "count": 1}],
        "status": "approved",
        "client": f"Client {client.number}",
        "client_id": client.pk,
        "writer": "Quill",
        "writer_id": writer.pk,
        "submitted_at": row["submitted_at"],
        "approved_at": row["submitted_at"],
        "available_actions": [],
    }
    assert caller.response["ETag"]
    assert as_(client).get(path(order)) == as_(client).get(f"/api/v1/reviews/{row['id']}/") == row
    assert as_(client).get("/api/v1/reviews/")["results"] == [row]


def test_it_is_written_and_approved_in_the_journal(client: Membership, writer: Membership, order: Order) -> None:
    as_(client).post(path(order), {"rating": 4}, 201)
    review = Review.objects.of(order.website_id).get()
    events = Event.objects.of(order.website_id).filter(subject_type="review").order_by("id")
    assert [(e.verb, e.role, e.before, e.after, e.root_id, e.client_id, e.writer_id, e.data) for e in events] == [
        (verb, role, before, after, order.pk, client.pk, writer.pk, {"target": "writer", "rating": 4})
        for verb, role, before, after in (
            ("review.submit", "client", "", "pending"),
            ("review.approve", "system", "pending", "approved"),
        )
    ]
    approved = events.get(verb="review.approve")
    assert ("reviews.rate_writer", {"website_id": order.website_id, "event_id": approved.pk}) in queued("reviews")
    assert review.version == 2


def test_both_paths_are_one_action(client: Membership, order: Order) -> None:
    row = as_(client).post("/api/v1/reviews/", {"order_id": order.pk, "rating": 3, "target": "order"}, 201)
    assert (row["target"], row["order_id"]) == ("order", order.pk)
    for url, body in ((path(order), {"rating": 1}), ("/api/v1/reviews/", {"order_id": order.pk, "rating": 1})):
        assert as_(client).post(url, body, 409)["code"] == "already_reviewed"
    assert Review.objects.of(order.website_id).get().rating == 3


def test_the_database_holds_one_review_an_order(client: Membership, order: Order) -> None:
    as_(client).post(path(order), {"rating": 4}, 201)
    review = Review.objects.of(order.website_id).get()
    review.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        review.save(force_insert=True)


def test_only_completed_orders_are_reviewed(client: Membership, writer: Membership) -> None:
    order = orders.delivered_order(client, writer)
    events = Event.objects.of(order.website_id).count()
    assert as_(client).post(path(order), {"rating": 5}, 409)["code"] == "order_not_completed"
    assert not Review.objects.of(order.website_id).exists()
    assert Event.objects.of(order.website_id).count() == events


def test_only_its_client_reviews(client: Membership, writer: Membership, order: Order) -> None:
    for role in (Role.EDITOR, Role.SUPPORT, Role.ADMIN):
        as_(accounts.membership(order.website, role)).post(path(order), {"rating": 1}, 403)
    as_(writer).post(path(order), {"rating": 5}, 403)
    as_user(accounts.superadmin(), order.website).post(path(order), {"rating": 5}, 403)
    anonymous(order.website).post(path(order), {"rating": 5}, 401)
    neighbour = accounts.membership(order.website)
    stranger = accounts.membership(tenancy.website("borealis"))
    for who in (neighbour, stranger):
        as_(who).post(path(order), {"rating": 1}, 404)
        answers = [
            as_(who).post("/api/v1/reviews/", {"order_id": order_id, "rating": 1}, 400)
            for order_id in (order.pk, 999_999)
        ]
        assert {**answers[0], "request_id": ""} == {**answers[1], "request_id": ""}
        assert answers[0]["errors"][0]["field"] == "order_id"
    assert not Review.objects.of(order.website_id).exists()


def test_each_role_reads_its_part(client: Membership, writer: Membership, order: Order) -> None:
    row = as_(client).post(path(order), {"rating": 2, "text": "Late."}, 201)
    url = f"/api/v1/reviews/{row['id']}/"
    own = as_(writer).get(url)
    assert own == {**row, "client": None, "client_id": None}
    assert as_(accounts.membership(order.website, "support")).get(url) == row
    other_writer = writers.writer(order.website, pen_name="Nib").member
    neighbour = accounts.membership(order.website)
    editor = accounts.membership(order.website, "editor")
    stranger = accounts.membership(tenancy.website("borealis"), "admin")
    unknown = as_(client).get("/api/v1/reviews/999999/", 404)
    for who in (other_writer, neighbour, editor, stranger):
        answer = as_(who).get(url, 404)
        assert {**answer, "request_id": ""} == {**unknown, "request_id": ""}
        assert as_(who).get("/api/v1/reviews/")["count"] == 0
        as_(who).get(path(order), 404)


def test_a_review_of_the_website_is_not_the_writers(client: Membership, writer: Membership, order: Order) -> None:
    as_(client).post(path(order), {"rating": 1, "target": "website"}, 201)
    as_(writer).get(path(order), 404)
    assert as_(writer).get("/api/v1/reviews/")["count"] == 0
    events = Event.objects.of(order.website_id).filter(subject_type="review")
    assert {event.writer_id for event in events} == {None}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "rating"),
        ({"rating": 0}, "rating"),
        ({"rating": 6}, "rating"),
        ({"rating": 4.5}, "rating"),
        ({"rating": "five"}, "rating"),
        ({"rating": 5, "target": "editor"}, "target"),
        ({"rating": 5, "text": "x" * 5_001}, "text"),
        ({"rating": 5, "text": ["x"]}, "text"),
        ({"rating": 5, "status": "approved"}, "status"),
    ],
)
def test_bad_bodies_are_refused(client: Membership, order: Order, body: Any, field: str) -> None:
    answer = as_(client).post(path(order), body, 400)
    assert [error["field"] for error in answer["errors"]] == [field]
    assert not Review.objects.of(order.website_id).exists()


def test_the_list_is_filtered_and_ordered(client: Membership, writer: Membership, order: Order) -> None:
    as_(client).post(path(order), {"rating": 2}, 201)
    other = accounts.membership(order.website)
    second = orders.completed_order(other, writer)
    as_(other).post(path(second), {"rating": 5, "target": "order"}, 201)
    admin = as_(accounts.membership(order.website, "admin"))

    def ratings(**params: Any) -> list[int]:
        return [row["rating"] for row in admin.get("/api/v1/reviews/", **params)["results"]]

    assert ratings() == [5, 2]
    assert ratings(ordering="rating") == [2, 5]
    assert ratings(target="order") == [5]
    assert ratings(rating=2) == [2]
    assert ratings(order_id=second.pk) == [5]
    assert ratings(writer_id=writer.pk) == [5, 2]
    for params in ({"rating": "x"}, {"target": "x"}, {"ordering": "text"}, {"colour": "red"}):
        assert admin.get("/api/v1/reviews/", 400, **params)["errors"][0]["field"] == next(iter(params))
