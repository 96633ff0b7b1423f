"""Orders over HTTP: who sees which and what of them, filters, order, foreign ids, and how many queries it takes."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.orders.actions import course, delivery
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from copydesk.writers.actions import choose_writer
from copydesk.writers.models import ChoiceKind, Writer
from tests.api.client import as_
from tests.api.resources.ordering import DAY, LIST, NOON, House
from tests.factories import accounts, orders, tenancy
from tests.factories.accounts import actor

# With the one that settles who calls, and the one that names the website to the database.
MOST_QUERIES = {"list": 8, "detail": 16}


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
    "support": ["14.40", "17.60"],
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


def test_staff_read_names_and_prices_and_all_but_support_pay(house: House) -> None:
    row = house.populate()["in_progress"]
    for who in ("support", "admin", "superadmin"):
        seen = house.caller(who).get(f"{LIST}{row.pk}/")["order"]
        assert seen["client"]["name"] == "Clara Client"
        assert seen["client"]["email"] == "clara@private.test"
        assert seen["writer"]["name"] == "Wanda Writer"
        assert (seen["price"], seen["pay"]) == ("32.00", None if who == "support" else "14.40")


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
    "editor": set(),
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
