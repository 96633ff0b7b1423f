"""The thread of an order over HTTP: who is in it, what is masked, what is unread."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.journal.models import Event
from copydesk.orders.actions import delivery, staffing
from copydesk.orders.models import Order
from copydesk.orders.queries.messages import unread_messages
from copydesk.tenancy.policies import store_policy
from copydesk.threads.models import Attachment, Message, ReadMark
from tests.api.client import Caller, anonymous, as_, as_user
from tests.api.resources.conftest import NOON
from tests.factories import accounts, files, orders, tenancy, writers
from tests.factories.accounts import actor


@pytest.fixture
def order(client: Membership, writer: Membership) -> Order:
    return orders.order_in_progress(client, writer)


def path(order: Order) -> str:
    return f"/api/v1/orders/{order.pk}/messages/"


def say(who: Membership | Caller, order: Order, body: str, *file_ids: int, status: int = 201) -> Any:
    caller = who if isinstance(who, Caller) else as_(who)
    return caller.post(path(order), {"body": body, "file_ids": list(file_ids)}, status)


def heard(who: Membership, order: Order) -> list[tuple[str, str, bool, bool]]:
    """Oldest first: who said what, was it I, is it new to me."""
    rows = as_(who).get(path(order))["results"]
    return [(r["author_label"], r["body"], r["is_own"], r["is_unread"]) for r in reversed(rows)]


def unread(who: Membership, order: Order) -> int:
    return unread_messages(actor(who), [order]).get(order.pk, 0)


def test_a_message_answers_with_what_was_kept(client: Membership, order: Order) -> None:
    row = say(client, order, "  Mail me: a@example.com or b@example.com, or call +1 555 123 4567.  ")
    assert row == {
        "id": row["id"],
        "created_at": row["created_at"],
        "author_role": "client",
        "author_label": f"Client {client.number}",
        "is_own": True,
        "is_unread": False,
        "body": "Mail me: [removed] or [removed], or call [removed].",
        "masked": [{"kind": "email", "count": 2}, {"kind": "phone", "count": 1}],
        "attachments": [],
    }
    assert dt.datetime.fromisoformat(row["created_at"]) == NOON
    kept = Message.objects.of(order.website_id).get()
    assert kept.body == row["body"]
    assert "example.com" not in str(vars(kept))


def test_each_role_reads_labels_and_no_names(
    client: Membership, writer: Membership, support: Membership, order: Order
) -> None:
    admin = accounts.membership(order.website, "admin")
    say(client, order, "Hello")
    say(writer, order, "Hi")
    say(support, order, "Welcome")
    say(admin, order, "All well?")
    say(as_user(accounts.superadmin(), order.website), order, "Checking")
    said = [f"Client {client.number}", "Quill", "Support", "Support", "Support"]
    for who in (client, writer, support, admin):
        assert [label for label, *_ in heard(who, order)] == said
    rows = as_(client).get(path(order))["results"]
    assert [row["author_role"] for row in rows] == ["support", "support", "support", "writer", "client"]
    assert "@" not in str(rows)


def test_unread_is_counted_to_the_message(client: Membership, writer: Membership, order: Order) -> None:
    third = accounts.membership(order.website, "support")
    say(client, order, "one")
    say(client, order, "two")
    assert [unread(who, order) for who in (client, writer, third)] == [0, 2, 2]
    last = say(writer, order, "three")
    assert [unread(who, order) for who in (client, writer, third)] == [1, 0, 3]
    say(third, order, "four")
    assert heard(client, order) == [
        (f"Client {client.number}", "one", True, False),
        (f"Client {client.number}", "two", True, False),
        ("Quill", "three", False, True),
        ("Support", "four", False, True),
    ]
    assert unread(client, order) == 2, "looking is not reading"
    assert as_(client).post(path(order) + "read/", {"up_to": last["id"]}) == {"unread": 1}
    assert as_(client).post(path(order) + "read/") == {"unread": 0}
    assert as_(client).post(path(order) + "read/", {"up_to": 1}) == {"unread": 0}, "never back"
    assert ReadMark.objects.of(order.website_id).filter(member=client).count() == 1


def test_reading_an_empty_thread_changes_nothing(client: Membership, order: Order) -> None:
    assert as_(client).post(path(order) + "read/") == {"unread": 0}
    assert not ReadMark.objects.of(order.website_id).exists()


def test_unread_of_many_orders_is_one_query(client: Membership, writer: Membership, order: Order) -> None:
    other = accounts.membership(order.website)
    second = orders.available_order(other)
    say(client, order, "one")
    say(other, second, "two")
    with CaptureQueriesContext(connection) as queries:
        counts = unread_messages(actor(accounts.membership(order.website, "admin")), [order, second])
    assert counts == {order.pk: 1, second.pk: 1}
    assert len([q for q in queries if "threads_message" in q["sql"]]) == 1
    assert unread_messages(actor(writer), [order, second]) == {order.pk: 1}, "of own threads only"


def test_a_message_is_an_event_of_its_order(client: Membership, writer: Membership, order: Order) -> None:
    row = say(client, order, "Call +1 555 123 4567")
    event = Event.objects.of(order.website_id).get(verb="message.post")
    assert (event.subject_type, event.subject_id) == ("message", row["id"])
    assert (event.root_type, event.root_id) == ("order", order.pk)
    assert (event.client_id, event.writer_id, event.member_id) == (client.pk, writer.pk, client.pk)
    assert event.data == {"attachments": 0, "masked": 1}


def test_messages_are_never_changed(client: Membership, order: Order) -> None:
    say(client, order, "one")
    for rows in (Message.objects.of(order.website_id), Attachment.objects.of(order.website_id)):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Message.objects.of(order.website_id).update(body="other")


def test_files_of_the_order_are_attached(client: Membership, writer: Membership, order: Order) -> None:
    added = as_(client).upload(
        f"/api/v1/orders/{order.pk}/files/", {"kind": "brief", "file": files.upload("task.txt", b"task")}, 201
    )
    row = say(client, order, "See the file.", added["id"], added["id"])
    assert row["attachments"] == [
        {"id": added["id"], "name": "task.txt", "content_type": "text/plain", "size": 4, "sha256": added["sha256"]}
    ]
    assert as_(writer).get(path(order))["results"][0]["attachments"] == row["attachments"]


def test_a_draft_reaches_the_client_by_message_and_final_work_by_delivery_only(
    client: Membership, writer: Membership, support: Membership, order: Order
) -> None:
    draft, final = (orders.work_file(order, writer, kind) for kind in ("draft", "final"))
    download = f"/api/v1/orders/files/{draft.pk}/download/"
    assert say(writer, order, "Done", final.pk, status=409)["code"] == "file_not_delivered"
    assert say(support, order, "Done", final.pk, status=409)["code"] == "file_not_delivered"
    assert not Message.objects.of(order.website_id).exists()
    as_(client).get(download, 404)
    say(writer, order, "A first look", draft.pk)
    rows = as_(client).get(f"/api/v1/orders/{order.pk}/files/")["results"]
    assert [row["id"] for row in rows] == [draft.pk]
    delivery.submit(order, by=actor(writer))
    say(writer, order, "Delivered", final.pk)


def test_a_file_that_the_sender_does_not_see_is_unknown(client: Membership, writer: Membership, order: Order) -> None:
    final = orders.work_file(order, writer)
    other = orders.order_in_progress(accounts.membership(order.website), writer)
    elsewhere = orders.work_file(other, writer)
    for who, file_id in ((client, final.pk), (writer, elsewhere.pk), (client, 999_999)):
        answer = say(who, order, "See", file_id, status=400)
        assert answer["errors"] == [
            {"field": "file_ids", "code": "not_found", "message": f"Not on this order: {file_id}."}
        ]
    assert not Message.objects.of(order.website_id).exists()


def test_only_parties_take_part(client: Membership, writer: Membership, support: Membership, order: Order) -> None:
    say(client, order, "Secret")
    bystander = writers.writer(order.website, pen_name="Nib").member
    neighbour = accounts.membership(order.website)
    stranger = accounts.membership(tenancy.website("borealis"), "admin")
    unknown = as_(client).get("/api/v1/orders/999999/messages/", 404)
    for who in (bystander, neighbour, stranger):
        answer = as_(who).get(path(order), 404)
        assert {**answer, "request_id": ""} == {**unknown, "request_id": ""}
        say(who, order, "Hello", status=404)
        as_(who).post(path(order) + "read/", status=404)
    editor = accounts.membership(order.website, Role.EDITOR)
    as_(editor).get(path(order), 403)
    say(editor, order, "Hello", status=403)
    anonymous(order.website).get(path(order), 401)
    assert Message.objects.of(order.website_id).count() == 1
    assert Event.objects.of(order.website_id).filter(verb="message.post").count() == 1


def test_an_open_order_shows_no_thread_to_writers(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client)
    say(client, order, "For support only")
    as_(writer).get(path(order), 404)
    assert as_(writer).get(f"/api/v1/orders/{order.pk}/files/")["count"] == 0


def test_a_removed_writer_loses_the_thread_and_the_next_one_reads_it(
    client: Membership, writer: Membership, support: Membership, order: Order
) -> None:
    say(writer, order, "I start now")
    other = writers.writer(order.website, pen_name="Nib").member
    staffing.reassign(order, other.pk, by=actor(support), reason="Ill", cause="writer")
    as_(writer).get(path(order), 404)
    say(writer, order, "Still here?", status=404)
    assert heard(other, order) == [(f"Writer {writer.number}", "I start now", False, True)]


def test_an_archived_order_is_silent(client: Membership, order: Order) -> None:
    Order.objects.of(order.website_id).filter(pk=order.pk).update(archived_at=NOON)
    assert say(client, order, "Hello", status=409)["code"] == "thread_closed"
    assert as_(client).get(path(order))["count"] == 0


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"body": ""}, "body"),
        ({"body": " \n\t "}, "body"),
        ({"body": "x" * 10_001}, "body"),
        ({"body": None}, "body"),
        ({"body": ["x"]}, "body"),
        ({"body": "nul \0"}, "body"),
        ({"body": "x", "file_ids": "1"}, "file_ids"),
        ({"body": "x", "file_ids": [0]}, "file_ids.0"),
        ({"body": "x", "file_ids": [2**70]}, "file_ids.0"),
        ({"body": "x", "author": 1}, "author"),
    ],
)
def test_bad_bodies_are_refused_and_leave_nothing(client: Membership, order: Order, body: Any, field: str) -> None:
    answer = as_(client).post(path(order), body, 400)
    assert field in [error["field"] for error in answer["errors"]]
    assert not Message.objects.of(order.website_id).exists()


def test_the_longest_body_passes(client: Membership, order: Order) -> None:
    assert len(say(client, order, "x" * 10_000)["body"]) == 10_000


def test_a_website_has_its_own_words(client: Membership, order: Order) -> None:
    store_policy(order.website, "messages", {"masked_words": ["paypal"], "max_length": 40})
    row = say(client, order, "Use PayPal instead")
    assert (row["body"], row["masked"]) == ("Use [removed] instead", [{"kind": "word", "count": 1}])
    as_(client).post(path(order), {"body": "x" * 41}, 400)


def test_a_retried_message_is_kept_once(client: Membership, order: Order) -> None:
    caller = as_(client)
    for _ in range(2):
        caller.post(path(order), {"body": "once"}, 201, idempotency_key="m1")
    assert Message.objects.of(order.website_id).count() == 1


def test_the_list_pages_and_costs_the_same(client: Membership, writer: Membership, order: Order) -> None:
    caller = as_(writer)
    costs = []
    for more in (2, 10):
        for number in range(more):
            say(client, order, f"{number}")
        with CaptureQueriesContext(connection) as queries:
            caller.get(path(order))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12
    page = caller.get(path(order), page_size=5, page=3)
    assert (page["count"], [row["body"] for row in page["results"]]) == (12, ["1", "0"])
    assert caller.get(path(order), 400, page="x")["errors"][0]["field"] == "page"
    assert caller.get(path(order), 400, verb="x")["errors"][0]["field"] == "verb"
