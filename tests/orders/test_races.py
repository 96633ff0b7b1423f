"""Twenty at once: one wins, the others are told why, and the lock stands in the SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.orders.actions import delivery, payment, requests, staffing
from copydesk.orders.models import Assignment, Offer, Order
from copydesk.payments import queries
from copydesk.payments.models import Charge, Earning, SandboxPayment, Transfer
from copydesk.payments.queries import Drift
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.payments import filled_wallet
from tests.payments.test_races import AT_ONCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


def again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


def sound(order: Order) -> bool:
    with website_scope(order.website_id):
        return queries.drift(order.website) == Drift(0, 0)


def in_one(order: Order, act: Callable[[Order], object]) -> None:
    with transaction.atomic():
        act(again(order))


def times(order: Order, verb: str) -> int:
    return Event.objects.of(order.website_id).filter(verb=verb, root_id=order.pk).count()


def test_one_writer_takes(client: Membership) -> None:
    order = orders.available_order(client)
    crowd = [actor(writers.writer(client.website).member) for _ in range(AT_ONCE)]
    results = at_once(client.website, lambda n: in_one(order, lambda row: staffing.take(row, by=crowd[n])))
    assert results == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(order.website_id):
        assert Assignment.objects.of(order.website_id).get().writer_id == again(order).writer_id
        assert times(order, "order.take") == 1


def test_one_writer_takes_no_more_than_it_may_have(client: Membership) -> None:
    """Twenty orders and one writer whose level allows three: its row is locked, so that each start counts the last."""
    level = {"code": "expert", "name": "Expert", "rank": 1, "academic_rank": 9, "max_active_orders": 3}
    writers.levels(client.website, level)
    writer = writers.writer(client.website).member
    rows = [orders.available_order(client) for _ in range(AT_ONCE)]
    results = at_once(client.website, lambda n: in_one(rows[n], lambda row: staffing.take(row, by=actor(writer))))
    assert Counter(results) == {"done": 3, "writer_excluded": AT_ONCE - 3}
    with website_scope(client.website_id):
        assert Assignment.objects.of(client.website_id).count() == 3


@pytest.mark.parametrize("method", ["wallet", "card"])
def test_one_order_is_paid_once(client: Membership, method: str) -> None:
    order = orders.unpaid_order(client)
    filled_wallet(client, order.price_minor * AT_ONCE)

    def pay(number: int) -> None:
        payment.pay_order(order.pk, method=method, token="tok_ok", key=f"key {number}", by=actor(client))

    results = Counter(at_once(client.website, pay))
    assert results.pop("done") == 1
    assert set(results) <= {"wrong_state", "charge_pending", "payment_pending"}
    with website_scope(order.website_id):
        assert again(order).status == "available"
        assert Charge.objects.of(order.website_id).filter(purpose="order").captured().count() == 1
        assert times(order, "order.pay") == 1
        left = AT_ONCE - 1 if method == "wallet" else AT_ONCE
        assert queries.wallet(actor(client)).balance * 100 == left * order.price_minor
    assert SandboxPayment.objects.filter(metadata__website=order.website_id).count() == (method == "card")
    assert sound(order)


def test_one_payment_sent_twenty_times(client: Membership) -> None:
    order = orders.unpaid_order(client)

    def pay(_: int) -> None:
        payment.pay_order(order.pk, method="card", token="tok_ok", key="key", by=actor(client))

    assert at_once(client.website, pay) == ["done"] * AT_ONCE
    with website_scope(order.website_id):
        assert (again(order).status, times(order, "order.pay")) == ("available", 1)
        assert Transfer.objects.of(order.website_id).count() == 1
    assert SandboxPayment.objects.filter(metadata__website=order.website_id).count() == 1


def test_one_approval_earns(client: Membership) -> None:
    order = orders.delivered_order(client, writers.writer(client.website).member)
    results = at_once(client.website, lambda _: in_one(order, lambda row: delivery.approve(row, by=actor(client))))
    assert results == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(order.website_id):
        assert Earning.objects.of(order.website_id).count() == 1
        assert times(order, "order.approve") == 1
    assert sound(order)


def test_an_offer_is_accepted_or_declined(client: Membership) -> None:
    writer = actor(writers.writer(client.website).member)
    staff = actor(accounts.membership(client.website, "support"))
    order = orders.available_order(client)
    with website_scope(client.website_id):
        staffing.assign(again(order), writer.membership_id or 0, by=staff, offer=True)
    answers = (staffing.accept_offer, staffing.decline_offer)
    results = at_once(client.website, lambda n: in_one(order, lambda row: answers[n % 2](row, by=writer)))
    assert results == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(order.website_id):
        accepted = again(order).status == "in_progress"
        assert Offer.objects.of(order.website_id).get().outcome == ("accepted" if accepted else "declined")
        assert Assignment.objects.of(order.website_id).count() == accepted


def test_an_offer_that_is_withdrawn_meanwhile_is_not_accepted(client: Membership) -> None:
    """Staff may take a writer off after it has accepted as well: then it had its time, and that has ended."""
    writer = actor(writers.writer(client.website).member)
    staff = actor(accounts.membership(client.website, "support"))
    order = orders.available_order(client)
    with website_scope(client.website_id):
        staffing.assign(again(order), writer.membership_id or 0, by=staff, offer=True)

    def act(number: int) -> None:
        if number % 2:
            in_one(order, lambda row: staffing.accept_offer(row, by=writer))
        else:
            in_one(order, lambda row: staffing.release(row, by=staff, reason="A mistake"))

    assert set(at_once(client.website, act)) == {"done", "wrong_state"}
    with website_scope(order.website_id):
        assert (again(order).status, times(order, "order.release")) == ("available", 1)
        outcome = Offer.objects.of(order.website_id).get().outcome
        ended = list(Assignment.objects.of(order.website_id).values_list("outcome", flat=True))
        assert (outcome, ended, times(order, "order.accept")) in [
            ("withdrawn", [], 0),
            ("accepted", ["released"], 1),
        ]


def test_a_request_is_approved_or_withdrawn(client: Membership) -> None:
    writer = actor(writers.writer(client.website).member)
    staff = actor(accounts.membership(client.website, "support"))
    order = orders.available_order(client)
    with website_scope(client.website_id):
        request = requests.request_order(again(order), by=writer)

    def act(number: int) -> None:
        with transaction.atomic():
            row = type(request).objects.of(client.website).get(pk=request.pk)
            if number % 2:
                requests.approve_request(row, by=staff)
            else:
                requests.withdraw_request(row, by=writer)

    assert at_once(client.website, act) == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(client.website_id):
        approved = again(order).status == "in_progress"
        assert Assignment.objects.of(order.website_id).count() == approved


def lock_before_writes(statements: list[str]) -> bool:
    lock = next(i for i, sql in enumerate(statements) if '"orders_order"' in sql and "FOR NO KEY UPDATE" in sql)
    writes = [i for i, sql in enumerate(statements) if sql.startswith(("INSERT", "UPDATE", "DELETE"))]
    return bool(writes) and lock < writes[0]


def test_the_order_is_locked_before_anything_is_written(client: Membership) -> None:
    writer = writers.writer(client.website).member
    order = orders.available_order(client)
    with website_scope(client.website_id):
        staff = actor(accounts.membership(client.website, "support"))
        with CaptureQueriesContext(connection) as sent:
            staffing.take(again(order), by=actor(writer))
        statements = [query["sql"] for query in sent]
        assert lock_before_writes(statements)
        writers_lock = [sql for sql in statements if '"writers_writer"' in sql and "FOR NO KEY UPDATE" in sql]
        assert len(writers_lock) == 1
        orders.work_file(order, writer)
        for act in (
            lambda row: delivery.submit(row, by=actor(writer)),
            lambda row: delivery.approve(row, by=actor(client)),
            lambda row: delivery.request_revision(row, by=actor(client), reason="Longer"),
            lambda row: staffing.release(row, by=staff, reason="Ill"),
        ):
            with CaptureQueriesContext(connection) as sent:
                act(again(order))
            assert lock_before_writes([query["sql"] for query in sent])
