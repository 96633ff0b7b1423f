"""Orders over HTTP: what a bad form or a bad step is told, and that nothing is left of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from copydesk.orders.actions import placement
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from copydesk.writers.actions import choose_writer
from copydesk.writers.models import ChoiceKind, Writer
from tests.api.client import anonymous, as_
from tests.api.resources.ordering import FORM, LIST, NOON, House, fields
from tests.factories import orders
from tests.factories.accounts import actor


@pytest.fixture
def frozen() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(db: None, frozen: time_machine.Coordinates) -> House:
    return House()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"topic": None}, "topic"),
    ({"topic": ""}, "topic"),
    ({"topic": "x" * 301}, "topic"),
    ({"topic": ["a"]}, "topic"),
    ({"topic": "a\0b"}, "topic"),
    ({"instructions": 7 * ["x"]}, "instructions"),
    ({"instructions": "x" * 20_001}, "instructions"),
    ({"paper_type": "novel"}, "paper_type"),
    ({"paper_type": None}, "paper_type"),
    ({"paper_type": {"code": "essay"}}, "paper_type"),
    ({"subject": "alchemy"}, "subject"),
    ({"academic_level": "sage"}, "academic_level"),
    ({"work_type": "guessing"}, "work_type"),
    ({"spacing": "triple"}, "spacing"),
    ({"pages": -1}, "pages"),
    ({"pages": 501}, "pages"),
    ({"pages": 10**30}, "pages"),
    ({"pages": 2**63}, "pages"),
    ({"pages": "two"}, "pages"),
    ({"pages": 1.5}, "pages"),
    ({"pages": None}, "pages"),
    ({"pages": [2]}, "pages"),
    ({"pages": 0}, "pages"),
    ({"slides": -1}, "slides"),
    ({"extras": "abstract"}, "extras"),
    ({"extras": ["gold"]}, "extras"),
    ({"extras": ["abstract", "abstract"]}, "extras"),
    ({"extras": [None]}, "extras"),
    ({"extras": ["abstract"] * 21}, "extras"),
    ({"client_deadline": "2026-03-12T12:00:00"}, "client_deadline"),
    ({"client_deadline": "2026-03-12"}, "client_deadline"),
    ({"client_deadline": "tomorrow"}, "client_deadline"),
    ({"client_deadline": 1_773_316_800}, "client_deadline"),
    ({"client_deadline": "2026-02-30T12:00:00Z"}, "client_deadline"),
    ({"client_deadline": "2026-03-02T14:59:59Z"}, "client_deadline"),
    ({"client_deadline": "2025-03-02T14:59:59Z"}, "client_deadline"),
    ({"client_deadline": "9999-12-31T23:59:59-12:00"}, "client_deadline"),
    ({"client_deadline": "0001-01-01T00:00:00+12:00"}, "client_deadline"),
    ({"preferred_writer_id": 0}, "preferred_writer_id"),
    ({"preferred_writer_id": 10**17}, "preferred_writer_id"),
    ({"preferred_writer_id": "x"}, "preferred_writer_id"),
    ({"requires_editing": "perhaps"}, "requires_editing"),
    ({"client_id": 10**17}, "client_id"),
    ({"price": "1.00"}, "price"),
    ({"status": "available"}, "status"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG)
def test_a_bad_form_is_refused_by_field_and_leaves_nothing(house: House, wrong: dict[str, Any], field: str) -> None:
    client = as_(house.client)
    assert fields(client.post(LIST, {**FORM, **wrong}, 400)) == {field}
    if field not in ("client_id", "status", "price"):
        order = orders.unpaid_order(house.client)
        assert fields(client.patch(f"{LIST}{order.pk}/", wrong, 400)) == {field}
        with website_scope(house.website.pk):
            assert Order.objects.of(house.website).get().version == order.version
    assert client.get(LIST)["count"] == (0 if field in ("client_id", "status", "price") else 1)


@pytest.mark.parametrize("field", ["topic", "paper_type", "subject", "academic_level", "client_deadline"])
def test_what_is_missing_is_named(house: House, field: str) -> None:
    form = {name: value for name, value in FORM.items() if name != field}
    assert fields(as_(house.client).post(LIST, form, 400)) == {field}


@pytest.mark.parametrize("body", ["[]", "7", '"form"', "null", "{", "", "NaN", '{"topic": "\\ud800"}'])
def test_what_is_no_form_at_all(house: House, body: str) -> None:
    caller = as_(house.client)
    caller.response = caller._client.post(LIST, body, content_type="application/json", headers=caller._headers)
    assert caller.response.status_code == 400, caller.response.content


def test_quotes_are_public_and_refuse_as_placement_does(house: House) -> None:
    visitor = anonymous(house.website)
    quote = visitor.post(f"{LIST}quote/", FORM, 200)
    assert (quote["total"], quote["currency"]) == ("32.00", "USD")
    assert fields(visitor.post(f"{LIST}quote/", {**FORM, "subject": "alchemy", "pages": 0}, 400)) == {
        "subject",
        "pages",
    }
    assert fields(visitor.post(f"{LIST}quote/", {**FORM, "client_deadline": "2026-03-02T14:00:00Z"}, 400)) == {
        "client_deadline"
    }


def test_staff_place_for_a_client_and_nobody_else_does(house: House) -> None:
    placed = as_(house.support).post(LIST, {**FORM, "client_id": house.client.pk}, 201)
    assert placed["order"]["client"]["id"] == house.client.pk
    assert fields(as_(house.support).post(LIST, FORM, 400)) == {"client_id"}
    assert fields(as_(house.support).post(LIST, {**FORM, "client_id": house.writer.pk}, 400)) == {"client_id"}
    assert fields(as_(house.client).post(LIST, {**FORM, "client_id": house.other_client.pk}, 400)) == {"client_id"}
    for who in ("writer", "editor"):
        assert house.caller(who).post(LIST, FORM, 403)["code"] == "permission_denied"


def test_the_brief_changes_while_unpaid_and_never_after(house: House) -> None:
    client = as_(house.client)
    order = orders.unpaid_order(house.client)
    path = f"{LIST}{order.pk}/"
    tag = client.get(path) and client.response.headers["ETag"]
    changed = client.patch(path, {"pages": 3, "extras": ["abstract"]}, 200, if_match=tag)
    assert (changed["money"]["price"], changed["order"]["pages"]) == ("63.00", 3)
    assert changed["order"]["topic"] == order.topic
    assert client.patch(path, {"pages": 4}, 412, if_match=tag)["code"] == "stale_version"
    assert as_(house.other_client).patch(path, {"pages": 4}, 404)["code"] == "not_found"
    assert as_(house.writer).patch(path, {"pages": 4}, 403)["code"] == "permission_denied"
    assert as_(house.support).patch(path, {"topic": "By support"}, 200)["order"]["topic"] == "By support"
    client.post(f"{path}pay/", {"method": "card", "payment_token": "tok_ok"}, 200, idempotency_key="k")
    assert client.patch(path, {"pages": 4}, 409)["code"] == "wrong_state"
    assert client.get(path)["order"]["pages"] == 3


@pytest.mark.parametrize(
    ("step", "body", "field"),
    [
        ("assign", {}, "writer_id"),
        ("assign", {"writer_id": "x"}, "writer_id"),
        ("assign", {"writer_id": 10**17}, "writer_id"),
        ("assign", {"writer_id": 2**63}, "writer_id"),
        ("assign", {"writer_id": 1, "offer": "perhaps"}, "offer"),
        ("assign", {"writer_id": 1, "reason": "x" * 2_001}, "reason"),
        ("hold", {}, "reason"),
        ("hold", {"reason": ""}, "reason"),
        ("hold", {"reason": "a\0b"}, "reason"),
        ("cancel", {}, "reason"),
        ("cancel", {"reason": "r", "mode": "now"}, "mode"),
        ("cancel", {"reason": "r", "cause": "weather"}, "cause"),
        ("cancel", {"reason": "r", "expected_forfeit": "x"}, "expected_forfeit"),
        ("cancel", {"reason": "r", "expected_forfeit": "1.001"}, "expected_forfeit"),
        ("extend-deadline", {"reason": "r"}, "client_deadline"),
        ("extend-deadline", {"reason": "r", "client_deadline": "2026-03-20T00:00:00"}, "client_deadline"),
        ("extend-deadline", {"reason": "r", "client_deadline": "2026-03-02T11:00:00Z"}, "client_deadline"),
        ("extend-deadline", {"reason": "r", "excused_hours": 721}, "excused_hours"),
        ("extend-deadline", {"reason": "r", "excused_hours": 5}, "excused_hours"),  # nobody writes
        ("adjust", {"pages": "x"}, "pages"),
    ],
)
def test_bad_steps_are_named(house: House, step: str, body: dict[str, Any], field: str) -> None:
    order = orders.available_order(house.client)
    refused = as_(house.admin).post(f"{LIST}{order.pk}/{step}/", body, 400)
    assert fields(refused) == {field}
    assert as_(house.admin).get(f"{LIST}{order.pk}/")["order"]["status"] == "available"


def test_dispute_and_revision_bodies(house: House) -> None:
    order = orders.delivered_order(house.client, house.writer)
    path, client = f"{LIST}{order.pk}", as_(house.client)
    assert fields(client.post(f"{path}/dispute/", {"reason": "boredom", "statement": "s"}, 400)) == {"reason"}
    assert fields(client.post(f"{path}/dispute/", {"reason": "other"}, 400)) == {"statement"}
    assert fields(client.post(f"{path}/request-revision/", {}, 400)) == {"reason"}
    body = {"reason": "r", "severity": "awful"}
    assert fields(client.post(f"{path}/request-revision/", body, 400)) == {"severity"}
    body = {"reason": "r", "due_at": "2026-03-20T00:00:00Z"}
    assert fields(client.post(f"{path}/request-revision/", body, 400)) == {"due_at"}
    body = {"reason": "r", "changes_required": [""]}
    assert fields(client.post(f"{path}/request-revision/", body, 400)) == {"changes_required"}
    body = {"reason": "r", "cause": "client"}
    assert fields(client.post(f"{path}/request-revision/", body, 400)) == {"due_at"}
    assert client.get(f"{path}/")["order"]["status"] == "delivered"
    client.post(f"{path}/request-revision/", {"reason": "r", "cause": "writer"}, 200)


def test_a_suspended_website_takes_no_orders(house: House) -> None:
    with website_scope(house.website.pk):
        type(house.website).objects.filter(pk=house.website.pk).update(status="suspended")
    assert as_(house.client).post(LIST, FORM, 409)["code"] == "website_suspended"
    assert as_(house.client).get(LIST, 200)["count"] == 0


def test_a_writer_that_the_client_has_blocked_is_not_preferred(house: House) -> None:
    client = as_(house.client)
    placed = client.post(LIST, {**FORM, "preferred_writer_id": house.writer.pk}, 201)
    assert placed["preferred_writer"]["label"] == f"Quill {house.writer.number}"
    with website_scope(house.website.pk):
        row = Writer.objects.of(house.website).get(pk=house.writer.pk)
        choose_writer(row, ChoiceKind.BLOCK, by=actor(house.client))
        assert placement.has_blocked(house.website, client_id=house.client.pk, writer_id=house.writer.pk)
    assert fields(client.post(LIST, {**FORM, "preferred_writer_id": house.writer.pk}, 400)) == {"preferred_writer_id"}
    assert fields(client.post(LIST, {**FORM, "preferred_writer_id": house.editor.pk}, 400)) == {"preferred_writer_id"}
