"""An order, or an adjustment, that is clicked twice is paid once, whatever the keys."""

from __future__ import annotations

import pytest

from copydesk.accounts.models import Membership
from copydesk.orders.actions import adjustments, payment
from copydesk.orders.errors import OrderStillWanted
from copydesk.orders.models import Order, Status
from copydesk.payments import queries
from copydesk.payments.models import Charge, Purpose
from copydesk.tenancy.scope import website_context, website_scope
from tests.factories import accounts, orders, payments, tenancy
from tests.factories.accounts import actor
from tests.payments.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


def charged(order: Order, purpose: str = Purpose.ORDER) -> list[tuple[str, int]]:
    with website_scope(order.website_id):
        rows = Charge.objects.of(order.website_id).about(order.reference).filter(purpose=purpose).order_by("id")
        return list(rows.values_list("status", "repaid_minor"))


def test_nothing_is_charged_while_a_capture_is_on_its_way_to_the_order(client: Membership) -> None:
    order = orders.unpaid_order(client)
    payments.captured_charge(client, order.price_minor, reference=order.reference)
    with website_context(client.website_id), pytest.raises(OrderStillWanted):
        payment.pay_order(order.pk, method="card", token="tok_ok", key="another", by=actor(client))
    assert charged(order) == [("captured", 0)]
    with website_context(client.website_id):
        payment.pay_order(order.pk, method="card", token="tok_ok", key="key", by=actor(client))
    with website_scope(client.website_id):
        assert Order.objects.of(client.website).get().status == Status.AVAILABLE


def test_money_that_went_to_the_wallet_stands_in_nobodys_way(client: Membership) -> None:
    order = orders.unpaid_order(client)
    charge = payments.captured_charge(client, order.price_minor - 1, reference=order.reference)
    with website_scope(client.website_id):
        payment.apply_capture(charge, by=actor(client))
    with website_context(client.website_id):
        payment.pay_order(order.pk, method="card", token="tok_ok", key="another", by=actor(client))
    assert charged(order) == [("captured", order.price_minor - 1), ("captured", 0)]


def test_an_adjustment_under_many_keys(client: Membership) -> None:
    order = orders.available_order(client)
    payments.filled_wallet(client, 50_000)
    support = actor(accounts.membership(client.website, "support"))
    with website_scope(client.website_id):
        adjustment = adjustments.propose_adjustment(order, by=support, pages=5)
        before = queries.wallet(actor(client)).balance

    def accept(number: int) -> None:
        payment.accept_adjustment(adjustment.pk, method="wallet", token="", key=f"key {number}", by=actor(client))

    assert at_once(client.website, accept).count("done") == 1
    assert charged(order, Purpose.ADJUSTMENT) == [("captured", 0)]
    with website_scope(client.website_id):
        assert str(before - queries.wallet(actor(client)).balance) == "48.00"
