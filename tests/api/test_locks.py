"""`If-Match` locks the row that is asked for; what actions lock before it is locked before it then, too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.api.desk import etag
from copydesk.journal.models import Journaled
from copydesk.orders.actions import adjustments, requests
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, fines, orders, refunds, reviews, tenancy, writers
from tests.factories.accounts import actor

pytestmark = pytest.mark.django_db


@dataclass
class People:
    client: Membership
    writer: Membership
    admin: Membership
    second: Membership


@pytest.fixture
def people() -> People:
    atlas = tenancy.website("atlas")
    admins = [accounts.membership(atlas, "admin") for _ in range(2)]
    return People(accounts.membership(atlas), writers.writer(atlas, level="standard").member, *admins)


def refund(of: People) -> Journaled:
    return refunds.request(refunds.card_order(of.client), of.client)


def adjustment(of: People) -> Journaled:
    return adjustments.propose_adjustment(orders.available_order(of.client), by=actor(of.client), pages=1)


def request(of: People) -> Journaled:
    return requests.request_order(orders.available_order(of.client), by=actor(of.writer), message="Mine.")


def fine_appeal(of: People) -> Journaled:
    return fines.appeal_of(fines.issued(orders.completed_order(of.client, of.writer), of.admin))


def review_appeal(of: People) -> Journaled:
    return reviews.open_appeal(of.client, of.writer, of.admin)


@pytest.mark.parametrize(
    ("made", "path", "tables"),
    [
        (refund, "refunds/{}/approve", ["orders_order", "refunds_refund"]),
        (adjustment, "orders/adjustments/{}/decline", ["orders_order", "orders_adjustment"]),
        (request, "orders/requests/{}/reject", ["orders_order", "orders_request"]),
        (fine_appeal, "admin-management/fines/appeals/{}/reject", ["fines_fine", "fines_appeal"]),
        (review_appeal, "admin-management/reviews/appeals/{}/uphold", ["reviews_review", "reviews_appeal"]),
    ],
)
@pytest.mark.parametrize("asks_for_version", [True, False])
def test_the_parent_is_locked_first(
    people: People, made: Callable[[People], Journaled], path: str, tables: list[str], asks_for_version: bool
) -> None:
    """By the action, too: two people decide about one row at once, one of them with `If-Match`."""
    with website_scope(people.client.website_id):
        row = made(people)
    given = {"reason": "Seen."}
    with CaptureQueriesContext(connection) as sent:
        wanted = {"if_match": etag(row)} if asks_for_version else {}
        as_(people.second).post(f"/api/v1/{path.format(row.pk)}/", given, 200, **wanted)
    locked = [query["sql"] for query in sent if "FOR NO KEY UPDATE" in query["sql"]]
    found = [table for sql in locked for table in tables if sql.split('FROM "')[1].startswith(f'{table}"')]
    # What the action does not want beside the row it need not lock.
    assert found[:2] == tables or (found[:2] == tables[1:] and not asks_for_version)
    as_(people.second).post(f"/api/v1/{path.format(row.pk)}/", given, 412, if_match='"another"')
