"""Orders over HTTP: who sees which and what of them, filters, bad forms, and how many queries it takes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership, User
from copydesk.orders.actions import course, delivery, placement, staffing
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from copydesk.writers.actions import choose_writer
from copydesk.writers.models import ChoiceKind, Writer
from tests.api.client import Caller, anonymous, as_, as_user
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
LIST = "/api/v1/orders/"
FORM: dict[str, Any] = {
    "topic": "The causes of the war",
    "instructions": "Five sources.",
    "paper_type": "essay",
    "subject": "history",
    "academic_level": "bachelor",
    "work_type": "writing",
    "pages": 2,
    "slides": 0,
    "spacing": "double",
    "client_deadline": "2026-03-12T12:00:00+00:00",
    "extras": [],
    "requires_editing": False,
}
# With the one that settles who calls, and the one that names the website to the database.
MOST_QUERIES = {"list": 8, "detail": 14}


class House:
    """A website with one of each, a second client and writer, and an order in every place that a role may see."""

    def __init__(self) -> None:
        self.website = tenancy.website()
        self.client = self.named(accounts.membership(self.website, email="clara@private.test"), "Clara Client")
        self.other_client = accounts.membership(self.website, email="carl@private.test")
        self.writer = self.named(writers.writer(self.website, level="standard").member, "Wanda Writer")
        self.other_writer = writers.writer(self.website).member
        self.editor = accounts.membership(self.website, "editor")
        self.support = accounts.membership(self.website, "support")
        self.admin = accounts.membership(self.website, "admin")
        self.superadmin = accounts.superadmin()

    def named(self, member: Membership, name: str) -> Membership:
        User.objects.filter(pk=member.user_id).update(full_name=name)
        member.user.full_name = name
        return member

    def populate(self) -> dict[str, Order]:
        by = actor(self.support)
        with website_scope(self.website.pk):
            self.orders = {
                "unpaid": orders.unpaid_order(self.client, topic="Peace and its price", subject="law"),
                "available": orders.available_order(self.client),
                "of another": orders.available_order(self.other_client, paper_type="case_study"),
                "offered": staffing.assign(orders.available_order(self.client), self.writer.pk, by=by, offer=True),
                "in_progress": orders.order_in_progress(self.client, self.writer),
                "other's": orders.order_in_progress(self.other_client, self.other_writer),
                "editing": orders.order_in_editing(self.client, self.writer),
                "completed": orders.completed_order(self.client, self.writer),
            }
            course.archive(self.orders["completed"], by=by)
        return self.orders

    def caller(self, who: str) -> Caller:
        if who == "superadmin":
            return as_user(self.superadmin, self.website)
        member: Membership = getattr(self, who)
        return as_(member)

    def names(self, rows: list[dict[str, Any]]) -> set[str]:
        by_id = {order.pk: name for name, order in self.orders.items()}
        return {by_id[row["id"]] for row in rows}


@pytest.fixture
def frozen() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def house(db: None, frozen: time_machine.Coordinates) -> House:
    return House()


ALL = {"unpaid", "available", "of another", "offered", "in_progress", "other's", "editing", "completed"}
SEEN = {
    "client": {"unpaid", "available", "offered", "in_progress", "editing", "completed"},
    "other_client": {"of another", "other's"},
    "writer": {"available", "of another", "offered", "in_progress", "editing", "completed"},
    "other_writer": {"available", "of another", "other's"},
    "editor": {"editing"},
    "support": ALL,
    "admin": ALL,
    "superadmin": ALL,
}


def test_each_role_sees_its_own_and_no_others(house: House) -> None:
    rows = house.populate()
    for who, expected in SEEN.items():
        caller = house.caller(who)
        listed = caller.get(LIST)
        assert (house.names(listed["results"]), listed["count"]) == (expected, len(expected)), who
        for name, order in rows.items():
            caller.get(f"{LIST}{order.pk}/", 200 if name in expected else 404)
            caller.get(f"{LIST}{order.pk}/history/", 200 if name in expected else 404)


def test_a_writer_does_not_see_what_a_client_keeps_from_it(house: House) -> None:
    house.populate()
    with website_scope(house.website.pk):
        row = Writer.objects.of(house.website).get(pk=house.other_writer.pk)
        choose_writer(row, ChoiceKind.BLOCK, by=actor(house.client))
    assert house.names(as_(house.other_writer).get(LIST)["results"]) == {"of another", "other's"}


# What may not be in an answer, whoever reads it. Prices are 32.00, pay is 14.40 (45 %) or 17.60 (55 %).
SECRETS = {
    "client": ["Wanda", "writer3@", "14.40", "17.60"],
    "writer": ["Clara", "clara@private", "carl@private", "32.00", "2026-03-12"],
    "editor": ["Clara", "clara@private", "Wanda", "writer3@", "32.00", "14.40", "Quill"],
}


@pytest.mark.parametrize("who", SECRETS)
def test_no_role_reads_what_is_not_its_own(house: House, who: str) -> None:
    """The whole answers are searched: rows, details, histories."""
    rows = house.populate()
    assert house.writer.user.email.startswith("writer3@")
    with website_scope(house.website.pk):
        row = rows["in_progress"]
        course.extend_deadline(row, by=actor(house.support), reason="Wish", client_deadline=NOON + 11 * DAY)
        course.hold(row, by=actor(house.support), reason="Doubt")
        course.resume(row, by=actor(house.support))
        delivery.request_revision(rows["completed"], by=actor(house.support), reason="Longer")
    caller = house.caller(who)
    answers = [caller.get(LIST)]
    for name in SEEN[who]:
        answers += [caller.get(f"{LIST}{rows[name].pk}/{end}") for end in ("", "history/")]
    text = json.dumps(answers)
    found = [secret for secret in SECRETS[who] if secret in text]
    assert not found
    if who == "writer":
        assert "2026-03-13" not in text  # the new client's deadline
        assert "14.40" in text
    if who == "client":
        assert "32.00" in text
        assert f"Quill {house.writer.number}" in text


def test_staff_read_names_prices_and_pay(house: House) -> None:
    row = house.populate()["in_progress"]
    for who in ("support", "admin", "superadmin"):
        seen = house.caller(who).get(f"{LIST}{row.pk}/")["order"]
        assert seen["client"]["name"] == "Clara Client"
        assert seen["client"]["email"] == "clara@private.test"
        assert seen["writer"]["name"] == "Wanda Writer"
        assert (seen["price"], seen["pay"]) == ("32.00", "14.40")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"status": "unpaid"}, {"unpaid"}),
        ({"status": ["unpaid", "editing"]}, {"unpaid", "editing"}),
        ({"subject": "law"}, {"unpaid"}),
        ({"subject": "alchemy"}, set()),
        ({"paper_type": "case_study"}, {"of another"}),
        ({"archived": "true"}, {"completed"}),
        ({"archived": "false"}, ALL - {"completed"}),
        ({"search": "peace"}, {"unpaid"}),
        ({"search": "pri pea"}, {"unpaid"}),
        ({"search": "#5"}, {"in_progress"}),
        ({"search": "5"}, {"in_progress"}),
        ({"search": "war", "subject": "law"}, set()),
        ({"overdue": "true"}, set()),
        ({"overdue": "false"}, ALL),
    ],
)
def test_filters(house: House, params: dict[str, Any], expected: set[str]) -> None:
    house.populate()
    found = as_(house.support).send("GET", LIST, 200, query_params=params)
    assert (house.names(found["results"]), found["count"]) == (expected, len(expected))


def test_filters_by_people_and_by_lateness(house: House, frozen: time_machine.Coordinates) -> None:
    house.populate()
    support = as_(house.support)
    assert house.names(support.get(LIST, client_id=house.other_client.pk)["results"]) == {"of another", "other's"}
    assert house.names(support.get(LIST, writer_id=house.other_writer.pk)["results"]) == {"other's"}
    frozen.shift(8 * DAY)
    late = {"in_progress", "other's"}
    assert house.names(as_(house.support).get(LIST, overdue="true")["results"]) == late
    rows = as_(house.support).get(LIST)["results"]
    assert {house.names([row]).pop() for row in rows if row["is_overdue"]} == late


NASTY = [
    "'",
    "''; DROP TABLE orders_order; --",
    "\\",
    "a\\b",
    "C:\\x\\y",
    "%",
    "_",
    "& | ! :*",
    "((",
    "é",
    "💥",
    " ",
    "#",
    "-1",
]


@pytest.mark.parametrize("words", [*NASTY, "#" * 99, "9" * 40, "don't", "a:*", "<->", "http://x.test/a?b=c&d"])
def test_no_search_breaks(house: House, words: str) -> None:
    orders.unpaid_order(house.client, topic="a\\b C:\\x\\y don't <-> é")
    as_(house.support).get(LIST, 200, search=words)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"status": "lost"}, "status"),
        ({"client_id": "x"}, "client_id"),
        ({"client_id": "0"}, "client_id"),
        ({"client_id": "9" * 30}, "client_id"),
        ({"writer_id": "-1"}, "writer_id"),
        ({"overdue": "perhaps"}, "overdue"),
        ({"archived": "2"}, "archived"),
        ({"search": "x" * 101}, "search"),
        ({"search": "a\0b"}, "search"),
        ({"subject": "a\0b"}, "subject"),
        ({"page": "0"}, "page"),
        ({"page_size": "101"}, "page_size"),
        ({"ordering": "price"}, "ordering"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_parameters_are_named(house: House, params: dict[str, str], field: str) -> None:
    refused = as_(house.support).send("GET", LIST, 400, query_params=params)
    assert [error["field"] for error in refused["errors"]] == [field]


def test_order_pages_and_count(house: House) -> None:
    placed = [orders.unpaid_order(house.client, client_deadline=NOON + dt.timedelta(days=10 - n)).pk for n in range(5)]
    support = as_(house.support)

    def listed(**params: Any) -> list[int]:
        return [row["id"] for row in support.get(LIST, **params)["results"]]

    assert listed() == placed[::-1]
    assert listed(ordering="number") == placed
    assert listed(ordering="-number") == placed[::-1]
    assert listed(ordering="client_deadline") == placed[::-1]
    assert listed(ordering="placed_at") == placed  # all at once: by id
    assert listed(ordering="-placed_at,number") == placed
    first = support.get(LIST, page_size=2, ordering="number")
    assert (first["count"], first["previous"]) == (5, None)
    second = support.get(first["next"].partition("testserver")[2])
    assert [row["id"] for row in second["results"]] == placed[2:4]
    assert [row["id"] for row in support.get(second["next"].partition("testserver")[2])["results"]] == placed[4:]
    assert support.get(LIST, page=9)["results"] == []


# Forms


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


def fields(refused: dict[str, Any]) -> set[str]:
    return {error["field"].partition(".")[0] for error in refused["errors"]}


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


STEPS: dict[str, dict[str, Any]] = {
    "accept": {},
    "decline": {},
    "take": {},
    "submit": {},
    "approve": {},
    "pass": {},
    "return": {"reason": "r"},
    "request-revision": {"reason": "r"},
    "release": {"reason": "r"},
    "assign": {"writer_id": 1},
    "reassign": {"writer_id": 1, "reason": "r"},
    "hold": {"reason": "r"},
    "resume": {},
    "extend-deadline": {"reason": "r", "excused_hours": 1},
    "dispute": {"reason": "other", "statement": "s"},
    "cancel": {"reason": "r"},
    "archive": {},
    "adjust": {"pages": 9},
    "pay": {"method": "wallet"},
    "tip": {"method": "wallet", "amount": "5.00"},
}
BY = {
    "client": {"approve", "request-revision", "dispute", "cancel", "adjust", "pay", "tip"},
    "writer": {"accept", "decline", "take", "submit", "release", "dispute"},
    "editor": {"return", "pass"},
    "admin": set(STEPS) - {"approve", "pay", "tip", "accept", "decline", "take", "submit"},
}


@pytest.mark.parametrize("who", BY)
def test_foreign_orders_answer_as_unknown_ones_to_the_byte(house: House, who: str) -> None:
    elsewhere = tenancy.website("borealis")
    foreign = orders.unpaid_order(accounts.membership(elsewhere))
    caller = house.caller(who)
    paths = [("GET", ""), ("GET", "history/"), *(("POST", f"{step}/") for step in sorted(BY[who]))]
    if who in ("client", "admin"):
        paths.append(("PATCH", ""))
    for method, end in paths:
        answers = []
        for pk in (foreign.pk, 999_999_999):
            body = None if method == "GET" else STEPS.get(end.strip("/"), {"topic": "x"})
            headers = {"x_request_id": "same", "idempotency_key": f"{end} {pk}"}
            caller.send(method, f"{LIST}{pk}/{end}", 404, body=body, headers=headers)
            answers.append(caller.response.content)
        assert answers[0] == answers[1], (method, end)
    with website_scope(elsewhere.pk):
        assert Order.objects.of(elsewhere).get().version == foreign.version


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
    assert client.get(f"{path}/")["order"]["status"] == "delivered"


@pytest.mark.parametrize("who", ["client", "writer", "support"])
def test_queries_do_not_grow_with_rows(house: House, who: str) -> None:
    def counted(path: str) -> int:
        caller = house.caller(who)
        with CaptureQueriesContext(connection) as sent:
            caller.get(path)
        return len([query for query in sent if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))])

    order = orders.order_in_progress(house.client, house.writer)
    one, detail = counted(LIST), counted(f"{LIST}{order.pk}/")
    for _ in range(4):
        again = orders.order_in_progress(house.client, house.writer)
        orders.work_file(again, house.writer)
        orders.work_file(order, house.writer)
    assert counted(LIST) == one <= MOST_QUERIES["list"]
    assert counted(f"{LIST}{order.pk}/") <= MOST_QUERIES["detail"]
    assert detail <= MOST_QUERIES["detail"]


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
