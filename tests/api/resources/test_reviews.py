"""Reviews over HTTP: who writes, who reads, what of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.reviews.actions import shadow_review
from copydesk.reviews.models import Review
from copydesk.tenancy.scope import website_scope
from tests.api.client import anonymous, as_, as_user
from tests.factories import accounts, orders, reviews, tenancy, writers
from tests.factories.accounts import actor
from tests.jobs import queued


@pytest.fixture
def order(client: Membership, writer: Membership) -> Order:
    return orders.completed_order(client, writer)


def path(order: Order) -> str:
    return f"/api/v1/orders/{order.pk}/review/"


def test_a_client_reviews_a_completed_order(client: Membership, writer: Membership, order: Order) -> None:
    caller = as_(client)
    row = caller.post(path(order), {"rating": 5, "text": " Great! See page 12. "}, 201)
    assert row == {
        "id": row["id"],
        "order_id": order.pk,
        "order_number": order.number,
        "target": "writer",
        "rating": 5,
        "text": "Great! See page 12.",
        "masked": [],
        "verified": True,
        "status": "approved",
        "visibility": "public",
        "rejected_for": "",
        "client": f"Client {client.number}",
        "client_id": client.pk,
        "writer": "Quill",
        "writer_id": writer.pk,
        "submitted_at": row["submitted_at"],
        "approved_at": row["submitted_at"],
        "rejected_at": None,
        "available_actions": [
            {"action": "report", "allowed": False, "code": "own_review", "message": "You wrote this review yourself."},
            {
                "action": "appeal",
                "allowed": False,
                "code": "wrong_state",
                "message": "'appeal' is not possible while the status is 'approved'.",
            },
        ],
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
            ("review.publish", "system", "pending", "approved"),
        )
    ]
    approved = events.get(verb="review.publish")
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
    actions = [{"action": "report", "allowed": True, "code": None, "message": None}]
    assert own == {**row, "client": None, "client_id": None, "available_actions": actions}
    assert as_(accounts.membership(order.website, "support")).get(url) == {**row, "available_actions": actions}
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


# Spam, reports, appeals


def test_what_looks_like_spam_waits_without_contact_details(client: Membership, order: Order) -> None:
    row = as_(client).post(path(order), {"rating": 5, "text": "Great! Write me: a@example.com"}, 201)
    assert (row["text"], row["masked"]) == ("Great! Write me: [removed]", [{"kind": "email", "count": 1}])
    assert (row["status"], row["approved_at"]) == ("pending", None)
    assert "signals" not in row


def test_the_website_is_reviewed_without_an_order(client: Membership) -> None:
    row = as_(client).post("/api/v1/reviews/", {"rating": 4, "target": "website"}, 201)
    assert (row["order_id"], row["order_number"], row["writer"], row["verified"]) == (None, None, None, False)
    assert row["status"] == "pending"
    assert as_(client).post("/api/v1/reviews/", {"rating": 4, "target": "website"}, 409)["code"] == "already_reviewed"
    for target in ("order", "writer"):
        problem = as_(client).post("/api/v1/reviews/", {"rating": 4, "target": target}, 400)
        assert problem["errors"][0]["field"] == "order_id"


def test_a_member_reports_what_is_published(client: Membership, writer: Membership, order: Order) -> None:
    row = as_(client).post(path(order), {"rating": 1, "text": "Late."}, 201)
    url, body = f"/api/v1/reviews/{row['id']}/report/", {"ground": "not_true", "note": "It was early."}
    report = as_(writer).post(url, body, 201)
    assert report == {**body, "id": report["id"], "review_id": row["id"], "reported_at": report["reported_at"]}
    assert as_(writer).post(url, body, 409)["code"] == "already_reported"
    assert as_(client).post(url, body, 409)["code"] == "own_review"
    as_(accounts.membership(order.website)).post(url, {"ground": "threats"}, 201)
    assert as_(client).get(f"/api/v1/reviews/{row['id']}/")["visibility"] == "removed"
    as_(accounts.membership(order.website)).post(url, body, 404)
    as_(accounts.membership(order.website, "support")).post(url, body, 409)
    as_(accounts.membership(order.website, "admin")).post(url, body, 403)


def test_an_author_is_told_the_same_of_a_shadowed_review(client: Membership, order: Order) -> None:
    admin = accounts.membership(order.website, "admin")
    row = as_(client).post(path(order), {"rating": 1, "text": "Late."}, 201)
    with website_scope(order.website_id):
        review = Review.objects.of(order.website).get(pk=row["id"])
        shadow_review(review, by=actor(admin), reason="Spam.", until=clock.now() + dt.timedelta(days=1))
    assert as_(client).get(f"/api/v1/reviews/{row['id']}/")["visibility"] == "public"
    assert as_(client).post(f"/api/v1/reviews/{row['id']}/report/", {"ground": "not_true"}, 409)["code"] == "own_review"


def test_a_rejection_is_appealed_with_its_reason_known(client: Membership, writer: Membership) -> None:
    admin = accounts.membership(client.website, "admin")
    rejected = reviews.rejected_review(client, writer, admin)
    url = f"/api/v1/reviews/{rejected.pk}/"
    row = as_(client).get(url)
    assert (row["status"], row["rejected_for"]) == ("rejected", "Advertising.")
    assert {one["action"]: one["allowed"] for one in row["available_actions"]} == {"report": False, "appeal": True}
    appeal = as_(client).post(f"{url}appeal/", {"text": "No, it is not."}, 201)
    assert (appeal["status"], appeal["answer"], appeal["text"]) == ("open", "", "No, it is not.")
    assert as_(client).post(f"{url}appeal/", {"text": "Once more."}, 409)["code"] == "already_appealed"
    as_(accounts.membership(client.website)).post(f"{url}appeal/", {"text": "Mine?"}, 404)


@pytest.mark.parametrize(
    ("step", "body", "field"),
    [
        ("report", {}, "ground"),
        ("report", {"ground": "ugly"}, "ground"),
        ("report", {"ground": "spam", "note": "x" * 2_001}, "note"),
        ("report", {"ground": "spam", "more": 1}, "more"),
        ("appeal", {}, "text"),
        ("appeal", {"text": " "}, "text"),
        ("appeal", {"text": "x" * 5_001}, "text"),
        ("appeal", {"text": 7}, "text"),
    ],
)
def test_bad_bodies(client: Membership, order: Order, step: str, body: dict[str, Any], field: str) -> None:
    row = as_(client).post(path(order), {"rating": 1}, 201)
    problem = as_(client).post(f"/api/v1/reviews/{row['id']}/{step}/", body, 400)
    assert problem["errors"][0]["field"] == field


def test_its_author_is_not_told_of_a_shadow(client: Membership, writer: Membership) -> None:
    admin = accounts.membership(client.website, "admin")
    review = reviews.review(client, writer)
    with website_scope(client.website_id):
        until = review.submitted_at + dt.timedelta(days=3)
        shadow_review(review, by=accounts.actor(admin), until=until, reason="One of many.")
    assert as_(client).get(f"/api/v1/reviews/{review.pk}/")["visibility"] == "public"
    assert as_(admin).get(f"/api/v1/reviews/{review.pk}/")["visibility"] == "shadowed"
    as_(writer).get(f"/api/v1/reviews/{review.pk}/", 404)
