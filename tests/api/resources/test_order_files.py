"""Files of an order over HTTP: who adds what, who sees what, when."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.files.models import File
from copydesk.journal.models import Event
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.errors import NoFile
from copydesk.orders.models import Order, OrderFile
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.api.client import anonymous, as_, as_user
from tests.api.resources.conftest import NOON
from tests.factories import accounts, files, orders, tenancy, writers
from tests.factories.accounts import actor


def path(order: Order) -> str:
    return f"/api/v1/orders/{order.pk}/files/"


def add(who: Membership, order: Order, kind: str, name: str = "essay.txt", content: bytes = b"text", status: int = 201):
    return as_(who).upload(path(order), {"kind": kind, "file": files.upload(name, content)}, status)


def seen(who: Membership, order: Order) -> list[tuple[str, str, int]]:
    rows = as_(who).get(path(order))["results"]
    return sorted((row["kind"], row["name"], row["version"]) for row in rows)


def test_an_upload_answers_with_its_version(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    first = add(writer, order, "final", content=b"one")
    assert first == {
        "id": first["id"],
        "order_id": order.pk,
        "kind": "final",
        "name": "essay.txt",
        "version": 1,
        "is_latest": True,
        "round": 1,
        "content_type": "text/plain",
        "size": 3,
        "sha256": hashlib.sha256(b"one").hexdigest(),
        "uploaded_by": "Quill",
        "is_own": True,
        "created_at": first["created_at"],
    }
    assert dt.datetime.fromisoformat(first["created_at"]) == NOON
    second = add(writer, order, "final", content=b"two")
    draft = add(writer, order, "draft", content=b"two")
    assert (second["version"], draft["version"]) == (2, 1)
    rows = as_(writer).get(path(order))
    assert rows["count"] == 3
    assert [(r["id"], r["is_latest"]) for r in rows["results"]] == [
        (draft["id"], True),
        (second["id"], True),
        (first["id"], False),
    ]


def test_each_upload_is_an_event_of_its_order(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    brief = add(client, order, "brief")
    work = add(writer, order, "final")
    events = Event.objects.of(order.website_id).filter(verb="file.upload").order_by("id")
    found = [(e.subject_id, e.root_type, e.root_id, e.client_id, e.writer_id, e.data) for e in events]
    assert found == [
        (brief["id"], "order", order.pk, client.pk, writer.pk, {"kind": "brief", "version": 1, "size": 4}),
        (work["id"], "order", order.pk, None, writer.pk, {"kind": "final", "version": 1, "size": 4}),
    ]


def test_a_client_sees_work_when_it_is_delivered(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.order_in_progress(client, writer, requires_editing=True)
    add(client, order, "brief", "task.txt")
    for kind in ("draft", "final", "source"):
        add(writer, order, kind)
    brief = [("brief", "task.txt", 1)]
    work = [("final", "essay.txt", 1), ("source", "essay.txt", 1)]
    assert seen(client, order) == brief
    assert seen(writer, order) == seen(support, order) == sorted([*brief, *work, ("draft", "essay.txt", 1)])
    editor = accounts.membership(order.website, "editor")
    as_(editor).get(path(order), 404)
    delivery.submit(order, by=actor(writer))
    assert seen(client, order) == brief
    assert len(seen(editor, order)) == 4
    delivery.pass_work(order, by=actor(editor))
    assert seen(client, order) == sorted([*brief, *work])


def test_a_revision_is_seen_after_its_own_delivery(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    add(writer, order, "final")
    delivery.submit(order, by=actor(writer))
    delivery.request_revision(order, by=actor(client), reason="More sources.")
    assert add(writer, order, "revision")["round"] == 2
    assert seen(client, order) == [("final", "essay.txt", 1)]
    delivery.submit(order, by=actor(writer))
    assert seen(client, order) == [("final", "essay.txt", 1), ("revision", "essay.txt", 1)]


def test_a_draft_is_not_enough_to_submit(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    add(writer, order, "draft")
    with pytest.raises(NoFile):
        delivery.submit(order, by=actor(writer))


def test_an_open_order_shows_its_brief_alone(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.available_order(client)
    add(client, order, "brief", "task.txt")
    add(client, order, "source", "book.txt")
    assert seen(writer, order) == [("brief", "task.txt", 1), ("source", "book.txt", 1)]
    staffing.assign(order, writer.pk, by=actor(support))
    add(writer, order, "draft")
    staffing.release(order, by=actor(support), reason="Ill", cause="writer")
    other = writers.writer(order.website, pen_name="Nib").member
    assert seen(other, order) == [("brief", "task.txt", 1), ("source", "book.txt", 1)]


def test_a_removed_writer_sees_no_file_and_adds_none(
    client: Membership, writer: Membership, support: Membership
) -> None:
    order = orders.order_in_progress(client, writer)
    file_id = add(writer, order, "draft")["id"]
    other = writers.writer(order.website, pen_name="Nib").member
    staffing.reassign(order, other.pk, by=actor(support), reason="Ill", cause="writer")
    as_(writer).get(path(order), 404)
    as_(writer).get(f"/api/v1/orders/files/{file_id}/download/", 404)
    add(writer, order, "final", status=404)
    assert seen(other, order) == [("draft", "essay.txt", 1)]
    assert as_(other).get(path(order))["results"][0]["uploaded_by"] == f"Writer {writer.number}"


@pytest.mark.parametrize("kind", ["draft", "final", "revision"])
def test_a_client_adds_no_work(client: Membership, writer: Membership, kind: str) -> None:
    order = orders.order_in_progress(client, writer)
    assert add(client, order, kind, status=403)["code"] == "file_kind_not_allowed"
    assert not File.objects.of(order.website_id).exists()


def test_a_writer_adds_no_brief(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    assert add(writer, order, "brief", status=403)["code"] == "file_kind_not_allowed"


def test_a_writer_adds_nothing_to_an_open_order(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client)
    assert add(writer, order, "draft", status=403)["code"] == "not_yours"


def test_work_waits_for_a_round(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.delivered_order(client, writer)
    assert add(writer, order, "final", "late.txt", status=409)["code"] == "uploads_closed"
    open_order = orders.available_order(accounts.membership(order.website))
    assert add(support, open_order, "final", status=409)["code"] == "uploads_closed"
    assert add(support, order, "final", "mended.txt")["round"] == 1
    assert ("final", "mended.txt", 1) in seen(client, order)


def test_a_cancelled_order_takes_no_file(client: Membership) -> None:
    order = orders.unpaid_order(client)
    course.cancel(order, by=actor(client), reason="No need.")
    assert add(client, order, "brief", status=409)["code"] == "uploads_closed"


def test_a_superadmin_adds_and_reads(client: Membership, website: Website) -> None:
    order = orders.available_order(client)
    root = as_user(accounts.superadmin(), website)
    row = root.upload(path(order), {"kind": "brief", "file": files.upload()}, 201)
    assert (row["uploaded_by"], row["is_own"]) == ("Support", False)
    assert File.objects.of(website).get().uploader_id is None
    assert seen(client, order) == [("brief", "notes.txt", 1)]


def test_download_streams_the_kept_bytes(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    file_id = add(client, order, "brief", "T\u00e2che \u8ad6.txt", b"a text")["id"]
    caller = as_(writer)
    response = caller.get(f"/api/v1/orders/files/{file_id}/download/")
    assert b"".join(response.streaming_content) == b"a text"
    sha256 = hashlib.sha256(b"a text").hexdigest()
    assert response["ETag"] == f'"{sha256}"'
    assert response["Content-Type"] == "text/plain"
    assert response["Content-Length"] == "6"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''T%C3%A2che%20%E8%AB%96.txt"
    again = caller._client.get(
        f"/api/v1/orders/files/{file_id}/download/", headers={**caller._headers, "If-None-Match": f'"{sha256}"'}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_an_undelivered_file_is_unknown_to_the_client(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    file_id = add(writer, order, "final")["id"]
    hidden = as_(client).get(f"/api/v1/orders/files/{file_id}/download/", 404)
    unknown = as_(client).get("/api/v1/orders/files/999999/download/", 404)
    assert {**hidden, "request_id": ""} == {**unknown, "request_id": ""}
    delivery.submit(order, by=actor(writer))
    as_(client).get(f"/api/v1/orders/files/{file_id}/download/")


def test_foreign_ids_answer_as_unknown_ones(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    file_id = add(client, order, "brief")["id"]
    other = tenancy.website("borealis")
    stranger = accounts.membership(other, "admin")
    neighbour = accounts.membership(order.website)
    for who in (stranger, neighbour):
        for foreign, unknown in (
            (path(order), "/api/v1/orders/999999/files/"),
            (f"/api/v1/orders/files/{file_id}/download/", "/api/v1/orders/files/999999/download/"),
        ):
            answers = [as_(who).get(p, 404) for p in (foreign, unknown)]
            assert {**answers[0], "request_id": ""} == {**answers[1], "request_id": ""}
        add(who, order, "brief", status=404)
    assert OrderFile.objects.of(order.website_id).count() == 1
    anonymous(order.website).get(path(order), 401)
    anonymous(order.website).get(f"/api/v1/orders/files/{file_id}/download/", 401)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({}, 400, "invalid", "file"),
        ({"kind": "brief"}, 400, "invalid", "file"),
        ({"kind": "brief", "file": "text"}, 400, "invalid", "file"),
        ({"kind": "secret", "file": ("a.txt", b"x")}, 400, "invalid", "kind"),
        ({"kind": "brief", "file": ("a.txt", b"x"), "order": "1"}, 400, "invalid", "order"),
        ({"kind": "brief", "file": [("a.txt", b"x"), ("b.txt", b"x")]}, 400, "invalid", "file"),
        ({"kind": "brief", "file": ("a.txt", b"")}, 400, "empty_file", None),
        ({"kind": "brief", "file": ("a.pdf", b"%PDF-1.7 broken")}, 400, "file_unreadable", None),
        ({"kind": "brief", "file": ("a.exe", b"MZ")}, 415, "file_type_not_allowed", None),
        ({"kind": "brief", "file": ("a.pdf", b"MZ")}, 415, "file_type_not_allowed", None),
        ({"kind": "brief", "file": ("a.txt", b"x" * 3000)}, 413, "file_too_large", None),
    ],
)
def test_bad_uploads_are_refused_and_leave_nothing(
    client: Membership, body: dict, status: int, code: str, field: str | None
) -> None:
    order = orders.available_order(client)
    store_policy(order.website, "files", {"max_bytes": 2000})
    events = Event.objects.of(order.website_id).count()

    def built(value: object) -> object:
        if isinstance(value, list):
            return [built(one) for one in value]
        return files.upload(*value) if isinstance(value, tuple) else value

    answer = as_(client).upload(path(order), {name: built(value) for name, value in body.items()}, status)
    assert answer["code"] == code
    assert field is None or field in [error["field"] for error in answer["errors"]]
    assert not File.objects.of(order.website_id).exists()
    assert Event.objects.of(order.website_id).count() == events


def test_a_body_that_is_no_multipart_is_refused(client: Membership) -> None:
    order = orders.available_order(client)
    as_(client).post(path(order), {"kind": "brief"}, 415)
    caller = as_(client)
    for content_type in (
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=\u00e9",
    ):
        answer = caller._client.post(path(order), b"--x\r\nbroken", content_type=content_type, headers=caller._headers)
        assert answer.status_code == 400
        assert answer.json()["code"]
    assert not File.objects.of(order.website_id).exists()


def test_a_body_too_long_is_refused_before_it_is_read(client: Membership) -> None:
    order = orders.available_order(client)
    store_policy(order.website, "files", {"max_bytes": 2000})
    caller = as_(client)
    answer = caller._client.generic(
        "POST",
        path(order),
        b"x" * 100,
        content_type="multipart/form-data; boundary=x",
        headers={**caller._headers, "Content-Length": str(10**9)},
    )
    assert answer.status_code == 413
    assert answer.json()["code"] == "file_too_large"


def test_contact_details_in_a_name_go(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    assert add(client, order, "brief", "call +1 555 123 4567.txt")["name"] == "call removed.txt"
    assert add(client, order, "brief", "john_at_gmail_dot_com.txt")["name"] == "[removed].txt".replace(
        "[removed]", "removed"
    )


def test_a_retried_upload_is_kept_once(client: Membership) -> None:
    order = orders.available_order(client)
    caller = as_(client)
    answers = [
        caller.upload(path(order), {"kind": "brief", "file": files.upload()}, 201, idempotency_key="u1")
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert OrderFile.objects.of(order.website_id).count() == 1
    other = {"kind": "brief", "file": files.upload(content=b"another")}
    caller.upload(path(order), other, 422, idempotency_key="u1")


def test_the_list_costs_the_same_for_any_number_of_files(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    caller = as_(writer)
    costs = []
    for more in (1, 9):
        for number in range(more):
            add(writer, order, "draft", f"{more}.{number}.txt")
        with CaptureQueriesContext(connection) as queries:
            caller.get(path(order))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 10
