"""Requests for orders over HTTP: who asks, who sees, who decides."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.orders.models import Order, Request
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import Writer, WriterStatus
from tests.api.client import as_
from tests.factories.accounts import membership
from tests.factories.requests import order
from tests.factories.tenancy import website
from tests.factories.writers import writer

URL = "/api/v1/orders/"


@pytest.fixture
def atlas(db: None) -> Website:
    return website()


@pytest.fixture
def client(atlas: Website) -> Membership:
    return membership(atlas, Role.CLIENT)


@pytest.fixture
def support(atlas: Website) -> Membership:
    return membership(atlas, Role.SUPPORT)


def ask(by: Writer, wanted: Order, body: dict[str, Any] | None = None, status: int = 201) -> Any:
    return as_(by.member).post(f"{URL}{wanted.pk}/request/", body or {}, status)


def fields(problem: Any) -> list[str]:
    return [error["field"] for error in problem["errors"]]


def kept(site: Website) -> tuple[object, ...]:
    with website_scope(site.pk):
        rows = Request.objects.of(site).order_by("pk").values_list("pk", "status", "version")
        return list(rows), Event.objects.of(site).count()


def test_a_writer_asks_and_sees_neither_price_nor_match(atlas: Website, client: Membership) -> None:
    row, wanted = writer(atlas), order(client)
    caller = as_(row.member)
    asked = caller.post(f"{URL}{wanted.pk}/request/", {"message": "Mine.", "bid": "40.50"}, 201)
    assert caller.response["ETag"] == f'"request-{asked["id"]}-1"'
    assert {
        name: asked[name] for name in ("order_id", "writer_id", "pen_name", "status", "message", "bid", "currency")
    } == {
        "order_id": wanted.pk,
        "writer_id": row.pk,
        "pen_name": row.pen_name,
        "status": "requested",
        "message": "Mine.",
        "bid": "40.50",
        "currency": "USD",
    }
    assert asked["match"] is None
    assert asked["available_actions"] == [{"action": "withdraw", "allowed": True, "code": None, "message": None}]
    assert b"100.00" not in caller.response.content


def test_a_writer_sees_own_requests_only(atlas: Website, client: Membership) -> None:
    one, other, wanted = writer(atlas), writer(atlas), order(client)
    mine, theirs = ask(one, wanted), ask(other, wanted)
    caller = as_(one.member)
    assert [row["id"] for row in caller.get(f"{URL}{wanted.pk}/requests/")["results"]] == [mine["id"]]
    assert caller.get(f"{URL}requests/{mine['id']}/")["id"] == mine["id"]
    assert caller.get(f"{URL}requests/{theirs['id']}/", 404)["code"] == "not_found"
    caller.post(f"{URL}requests/{theirs['id']}/withdraw/", {}, 404)


def test_staff_see_matches_and_exclusions(atlas: Website, client: Membership, support: Membership) -> None:
    wanted = order(client)
    fit, barred = writer(atlas, subjects=("history",), paper_types=("essay",)), writer(atlas)
    ask(fit, wanted), ask(barred, wanted)
    with website_scope(atlas.pk):
        until = clock.now() + dt.timedelta(days=1)
        Writer.objects.of(atlas).filter(pk=barred.pk).update(status=WriterStatus.SUSPENDED, suspended_until=until)
    caller = as_(support)
    found = caller.get(f"{URL}{wanted.pk}/requests/", ordering="requested_at")["results"]
    assert found[0]["match"] == {
        "score": 0.825,
        "factors": {
            "subject": 1.0,
            "past_performance": 0.5,
            "paper_type": 1.0,
            "level": 1.0,
            "rating": 0.5,
            "spare_capacity": 1.0,
        },
        "excluded": None,
        "exclusions": [],
    }
    assert (found[1]["match"]["excluded"], found[1]["match"]["exclusions"]) == ("suspended", ["suspended"])
    listed = caller.get(f"{URL}{wanted.pk}/candidates/")
    assert [row["writer_id"] for row in listed["recommended"]] == [fit.pk]
    assert [(row["writer_id"], row["match"]["excluded"]) for row in listed["excluded"]] == [(barred.pk, "suspended")]


def test_the_list_filters_by_status(atlas: Website, client: Membership, support: Membership) -> None:
    wanted = order(client)
    first, second = ask(writer(atlas), wanted), ask(writer(atlas), wanted)
    as_(support).post(f"{URL}requests/{first['id']}/reject/", {"reason": "No."})
    found = as_(support).send("GET", f"{URL}{wanted.pk}/requests/", query_params={"status": "requested"})
    assert [row["id"] for row in found["results"]] == [second["id"]]
    for params, field in (({"status": "open"}, "status"), ({"ordering": "x"}, "ordering"), ({"who": "me"}, "who")):
        problem = as_(support).send("GET", f"{URL}{wanted.pk}/requests/", 400, query_params=params)
        assert fields(problem) == [field]


def test_the_number_of_queries_does_not_grow(atlas: Website, client: Membership, support: Membership) -> None:
    wanted, caller = order(client), as_(support)
    numbers = []
    for _ in range(2):
        for _ in range(3):
            ask(writer(atlas), wanted)
        with CaptureQueriesContext(connection) as captured:
            caller.get(f"{URL}{wanted.pk}/requests/")
        numbers.append(len([row for row in captured if "SELECT" in row["sql"][:8]]))
    assert numbers[0] == numbers[1] <= 10


def test_approval_assigns_and_answers_with_the_request(atlas: Website, client: Membership, support: Membership) -> None:
    wanted = order(client)
    row = writer(atlas)
    asked, other = ask(row, wanted), ask(writer(atlas), wanted)
    caller = as_(support)
    decided = caller.post(f"{URL}requests/{asked['id']}/approve/", {})
    assert (decided["status"], decided["decided_at"] is None) == ("approved", False)
    with website_scope(atlas.pk):
        assert Order.objects.of(atlas).get(pk=wanted.pk).writer_id == row.pk
    assert caller.get(f"{URL}requests/{other['id']}/")["status"] == "superseded"
    problem = caller.post(f"{URL}requests/{other['id']}/approve/", {}, 409)
    assert problem["code"] == "wrong_state"


def test_a_writer_over_capacity_needs_a_reason(atlas: Website, client: Membership, support: Membership) -> None:
    row = writer(atlas)
    asked = ask(row, order(client))
    for _ in range(10):
        order(client, status="on_hold", writer=row.member)
    before = kept(atlas)
    problem = as_(support).post(f"{URL}requests/{asked['id']}/approve/", {}, 409)
    assert (problem["code"], problem["context"]["reason"]) == ("writer_excluded", "over_capacity")
    assert kept(atlas) == before
    approved = as_(support).post(f"{URL}requests/{asked['id']}/approve/", {"reason": "The only one."})
    assert approved["status"] == "approved"


def test_the_asking_writer_withdraws(atlas: Website, client: Membership) -> None:
    row = writer(atlas)
    asked = ask(row, order(client))
    caller = as_(row.member)
    assert caller.post(f"{URL}requests/{asked['id']}/withdraw/")["status"] == "withdrawn"
    assert caller.post(f"{URL}requests/{asked['id']}/withdraw/", {}, 409)["code"] == "wrong_state"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"bid": "0.00"}, "bid"),
        ({"bid": "-1"}, "bid"),
        ({"bid": "1.005"}, "bid"),
        ({"bid": "NaN"}, "bid"),
        ({"bid": "1" * 20}, "bid"),
        ({"message": "x" * 2_001}, "message"),
        ({"message": None}, "message"),
        ({"pay": "1.00"}, "pay"),
    ],
)
def test_bad_requests_are_refused_by_field(
    atlas: Website, client: Membership, body: dict[str, Any], field: str
) -> None:
    assert fields(ask(writer(atlas), order(client), body, 400)) == [field]
    assert kept(atlas) == ([], 0)


def test_a_rejection_needs_a_reason(atlas: Website, client: Membership, support: Membership) -> None:
    asked = ask(writer(atlas), order(client))
    before = kept(atlas)
    assert fields(as_(support).post(f"{URL}requests/{asked['id']}/reject/", {}, 400)) == ["reason"]
    assert kept(atlas) == before


def test_roles_without_the_right_are_refused(atlas: Website, client: Membership, support: Membership) -> None:
    wanted, row = order(client), writer(atlas)
    asked = ask(row, wanted)
    before = kept(atlas)
    editor, admin = membership(atlas, Role.EDITOR), membership(atlas, Role.ADMIN)
    for who in (client, editor, support, admin):
        as_(who).post(f"{URL}{wanted.pk}/request/", {}, 403)
        as_(who).post(f"{URL}requests/{asked['id']}/withdraw/", {}, 403)
    for who in (client, editor):
        as_(who).get(f"{URL}{wanted.pk}/requests/", 403)
        as_(who).get(f"{URL}requests/{asked['id']}/", 403)
    for who in (client, editor, row.member):
        as_(who).get(f"{URL}{wanted.pk}/candidates/", 403)
        for step in ("approve", "reject"):
            as_(who).post(f"{URL}requests/{asked['id']}/{step}/", {"reason": "r"}, 403)
    assert kept(atlas) == before


def test_who_is_not_approved_asks_for_nothing(atlas: Website, client: Membership) -> None:
    row = writer(atlas, status=WriterStatus.APPLIED)
    assert ask(row, order(client), status=403)["code"] == "writer_not_approved"


def test_another_websites_orders_and_requests_are_unknown(
    atlas: Website, client: Membership, support: Membership
) -> None:
    borealis = website("borealis")
    foreign = order(membership(borealis, Role.CLIENT))
    asked = ask(writer(borealis), foreign)
    row = writer(atlas)
    unknown = 10**12
    for caller, method, path, known in (
        (as_(row.member), "POST", "{}/request/", foreign.pk),
        (as_(support), "GET", "{}/requests/", foreign.pk),
        (as_(support), "GET", "{}/candidates/", foreign.pk),
        (as_(support), "GET", "requests/{}/", asked["id"]),
        (as_(support), "POST", "requests/{}/approve/", asked["id"]),
        (as_(support), "POST", "requests/{}/reject/", asked["id"]),
        (as_(row.member), "POST", "requests/{}/withdraw/", asked["id"]),
    ):
        body = {} if method == "POST" else None
        answers = [caller.send(method, URL + path.format(pk), 404, body=body) for pk in (known, unknown)]
        assert {**answers[0], "request_id": ""} == {**answers[1], "request_id": ""}
