"""Two who act on many orders at once, in opposite orders: one waits, none is lost, nobody's limit is exceeded."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.orders.actions.bulk import BulkAction, Options, act_on_orders, assign_orders
from copydesk.orders.models import Assignment, Order
from copydesk.payments import queries
from copydesk.payments.queries import Drift
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.payments.test_races import AT_ONCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


def test_each_order_is_assigned_once_and_no_writer_gets_too_many(client: Membership) -> None:
    """Writers and orders crossed: whoever locked as the lists stand would wait for each other."""
    level = {"code": "standard", "name": "S", "rank": 1, "academic_rank": 9, "max_active_orders": 3}
    writers.levels(client.website, level)
    team = [writers.writer(client.website, level="standard").member.pk for _ in range(2)]
    rows = [orders.available_order(client).pk for _ in range(8)]
    boss = actor(accounts.membership(client.website, "admin"))
    applied: list[str] = []

    def assign(number: int) -> None:
        ids = rows[::-1] if number % 2 else rows
        wanted = {pk: team[at % 2] for at, pk in enumerate(ids)}
        with transaction.atomic():
            report = assign_orders(ids, wanted, by=boss, mode="apply")
        applied.extend(one.code or "applied" for one in report.results)

    assert at_once(client.website, assign) == ["done"] * AT_ONCE
    assert applied.count("applied") == 6
    assert len(applied) == len(rows) * AT_ONCE
    assert set(applied) <= {"applied", "wrong_state", "writer_excluded"}
    with website_scope(client.website_id):
        assert Counter(Assignment.objects.of(client.website).values_list("writer_id", flat=True)) == dict.fromkeys(
            team, 3
        )
        assert Event.objects.of(client.website).filter(verb="order.assign").count() == 6


def test_cancellations_that_meet_in_wallets_and_earnings(client: Membership) -> None:
    """Each half of the calls has orders of its own, of the same clients and writers, the other way round."""
    website = client.website
    clients = [client, accounts.membership(website)]
    team = [writers.writer(website).member for _ in range(2)]
    boss = actor(accounts.membership(website, "admin"))
    halves = [
        [orders.order_in_progress(clients[n % 2], team[n % 2]).pk for n in range(start, start + 6)] for start in (0, 1)
    ]
    applied: list[str] = []

    def cancel(number: int) -> None:
        with transaction.atomic():
            report = act_on_orders(
                halves[number % 2], BulkAction.CANCEL, Options(), by=boss, mode="apply", reason="Closing."
            )
        applied.extend(one.code or "applied" for one in report.results)

    assert at_once(website, cancel) == ["done"] * AT_ONCE
    assert Counter(applied) == {"applied": 12, "wrong_state": 12 * (AT_ONCE // 2 - 1)}
    with website_scope(website.pk):
        assert set(Order.objects.of(website).values_list("status", flat=True)) == {"cancelled"}
        assert queries.drift(website) == Drift(0, 0)


def test_a_preview_and_an_application_at_once(client: Membership) -> None:
    rows = [orders.available_order(client).pk for _ in range(4)]
    boss = actor(accounts.membership(client.website, "admin"))

    def hold(number: int) -> None:
        mode = "apply" if number == 0 else "preview"
        with transaction.atomic():
            act_on_orders(rows, BulkAction.HOLD, Options(), by=boss, mode=mode, reason="Fire.")  # type: ignore[arg-type]

    assert at_once(client.website, hold) == ["done"] * AT_ONCE
    with website_scope(client.website_id):
        assert set(Order.objects.of(client.website).values_list("status", "version")) == {("on_hold", 3)}
        assert Event.objects.of(client.website).filter(verb="order.hold").count() == 4


def test_orders_then_writers_then_money_are_locked_before_anything_is_written(client: Membership) -> None:
    writer = writers.writer(client.website).member
    rows = [orders.available_order(client).pk for _ in range(2)]
    boss = actor(accounts.membership(client.website, "admin"))
    with website_scope(client.website_id):
        with CaptureQueriesContext(connection) as sent:
            assign_orders(rows, dict.fromkeys(rows, writer.pk), by=boss, mode="apply")
        assert locks(sent) == ["orders_order", "writers_writer"]
        with CaptureQueriesContext(connection) as sent:
            act_on_orders(rows, BulkAction.CANCEL, Options(), by=boss, mode="apply", reason="Closing.")
        assert locks(sent) == ["orders_order", "payments_ledgeraccount"]


def locks(sent: CaptureQueriesContext) -> list[str]:
    """The tables of which rows are locked, in the order of their ids, before the first savepoint."""
    statements = [query["sql"] for query in sent]
    before = statements[: next(at for at, sql in enumerate(statements) if sql.startswith("SAVEPOINT"))]
    locked = [sql for sql in before if "FOR NO KEY UPDATE" in sql]
    assert all("ORDER BY" in sql for sql in locked)
    return [sql.split('FROM "')[1].split('"')[0] for sql in locked]
