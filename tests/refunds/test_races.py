"""Fifty at once: never more goes back than was paid, and of two who decide one does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.errors import Refusal
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.models import Cause, Order
from copydesk.payments.actions.repayments import settle_repayment
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import Charge
from copydesk.payments.queries import Drift, drift, earned_minor
from copydesk.refunds import actions
from copydesk.refunds.actions import process_refund
from copydesk.refunds.models import Refund, RefundDestination
from copydesk.tenancy.scope import website_context, website_scope
from tests.factories import accounts, orders, refunds, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.payments import ledger_locked_first

pytestmark = pytest.mark.django_db(transaction=True)
WALLET = RefundDestination.WALLET


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def admin(client: Membership) -> Actor:
    return actor(accounts.membership(client.website, "admin"))


@pytest.fixture
def order(client: Membership) -> Order:
    return refunds.card_order(client)


def at_once(order: Order, acts: list[Callable[[], object]]) -> Counter[str]:
    """What became of each, in threads with connections of their own: "done" or the refusal's code."""
    start = Barrier(len(acts))

    def one(act: Callable[[], object]) -> str:
        try:
            with website_context(order.website_id):
                start.wait(20)
                with transaction.atomic():
                    act()
        except Refusal as refusal:
            return refusal.code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return Counter(threads.map(one, acts))


def again(refund: Refund) -> Refund:
    return Refund.objects.of(refund.website_id).select_related("order").get(pk=refund.pk)


def test_fifty_ask_for_a_tenth_each(order: Order, client: Membership) -> None:
    results = at_once(order, [lambda: refunds.request(order, client, 320) for _ in range(50)])
    assert results == {"done": 10, "refund_too_large": 40}
    with website_scope(order.website_id):
        charge = Charge.objects.of(order.website_id).get(purpose="order")
        assert (charge.repaid_minor, charge.refundable_minor) == (3_200, 0)


def test_ten_execute_at_once_with_one_receipt_each(order: Order, admin: Actor, client: Membership) -> None:
    rows = [refunds.request(order, client, 320, destination=WALLET) for _ in range(10)]
    results = at_once(order, [lambda row=row: process_refund(again(row), by=admin) for row in rows])  # type: ignore[misc]
    assert results == {"done": 10}
    with website_scope(order.website_id):
        numbers = Refund.objects.of(order.website_id).values_list("receipt_number", flat=True)
        assert sorted(numbers) == list(range(1, 11))  # type: ignore[type-var]
        assert drift(order.website) == Drift(0, 0)


def test_one_refund_executed_by_ten(order: Order, admin: Actor, client: Membership) -> None:
    row = refunds.request(order, client, 3_200, destination=WALLET)
    results = at_once(order, [lambda: process_refund(again(row), by=admin) for _ in range(10)])
    assert results == {"done": 1, "wrong_state": 9}


def test_approved_or_rejected(order: Order, admin: Actor, client: Membership) -> None:
    row = refunds.request(order, client)
    approve: Callable[[], object] = lambda: actions.approve_refund(again(row), by=admin)  # noqa: E731
    reject: Callable[[], object] = lambda: actions.reject_refund(again(row), by=admin, reason="No.")  # noqa: E731
    assert at_once(order, [approve, reject] * 5) == {"done": 1, "wrong_state": 9}


def test_asked_for_while_the_order_is_cancelled(order: Order, admin: Actor, client: Membership) -> None:
    cancel: Callable[[], object] = lambda: course.cancel(order, by=admin, reason="Over")  # noqa: E731
    ask: Callable[[], object] = lambda: refunds.request(order, client, 1_000)  # noqa: E731
    results = at_once(order, [cancel, ask])
    assert results in ({"done": 1, "refund_open": 1}, {"done": 1, "refund_too_large": 1})


def test_pay_falls_once_for_refunds_that_succeed_together(order: Order, admin: Actor, client: Membership) -> None:
    writer = writers.writer(client.website, level="standard").member
    with website_scope(order.website_id):
        boss = Membership.objects.of(order.website_id).get(pk=admin.membership_id)
    refunds.completed(order, writer, boss)
    rows = [refunds.request(order, client, 320, destination=WALLET) for _ in range(5)]
    at_once(order, [lambda row=row: process_refund(again(row), by=admin) for row in rows])  # type: ignore[misc]
    with website_scope(order.website_id):
        assert earned_minor(order.website_id, order.reference, writer.pk) == 720


def test_the_order_is_locked_before_the_refund(order: Order, admin: Actor, client: Membership) -> None:
    row = refunds.request(order, client, 320)
    with website_scope(order.website_id), CaptureQueriesContext(connection) as queries:
        actions.approve_refund(again(row), by=admin)
    locks = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert ['"orders_order"' in locks[0], '"refunds_refund"' in locks[1]] == [True, True]


def test_the_writers_earnings_are_locked_before_the_clients_wallet(client: Membership, admin: Actor) -> None:
    """As a cancellation and a tip do."""
    with website_scope(client.website_id):
        order = orders.completed_order(client, writers.writer(client.website).member)
        row = refunds.request(order, client, 1_000, destination=WALLET)
        with CaptureQueriesContext(connection) as sent:
            process_refund(row, by=admin)
        assert ledger_locked_first(sent) == [("earnings", order.writer_id), ("wallet", client.pk)]


def test_and_before_the_websites_receipts(client: Membership, order: Order, admin: Actor) -> None:
    """Also where the provider has answered, and the pay of two writers falls."""
    with website_scope(client.website_id):
        boss = Membership.objects.of(client.website).get(pk=admin.membership_id)
        first, second = (writers.writer(client.website, level="standard").member for _ in range(2))
        order = refunds.completed(order, second, boss)
        delivery.request_revision(order, by=actor(client), reason="Longer.")
        staffing.reassign(order, first.pk, by=admin, reason="Ill.", cause=Cause.WRITER)
        orders.work_file(order, first)
        delivery.submit(order, by=actor(first))
        delivery.approve(order, by=actor(client))
        refund = refunds.executing(order, boss, 800)
        part = refunds.repayments_of(refund)[0]
        settle_repayment(part, Outcome(Result.CAPTURED), by=admin.as_system())
        with CaptureQueriesContext(connection) as sent:
            actions.settle_refund(again(refund), by=admin)
        assert ledger_locked_first(sent) == [("earnings", first.pk), ("earnings", second.pk)]
    statements = [query["sql"] for query in sent]
    receipt = next(i for i, sql in enumerate(statements) if sql.startswith("UPDATE tenancy_website"))
    locks = [i for i, sql in enumerate(statements) if '"payments_ledgeraccount"' in sql and "KEY UPDATE" in sql]
    assert max(locks) < receipt
