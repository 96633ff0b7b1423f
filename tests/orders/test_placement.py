"""An order is placed, and its brief changed while it is unpaid."""

from __future__ import annotations

import dataclasses

import pytest

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid
from copydesk.journal.models import Event
from copydesk.orders import errors
from copydesk.orders.actions import payment, placement
from copydesk.orders.models import Order, PriceLine, Status
from copydesk.payments.actions import begin_charge, settle_charge
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import Charge, Purpose
from copydesk.payments.queries import wallet
from copydesk.tenancy.models import Website
from tests.factories import accounts, orders, writers
from tests.factories.accounts import actor


def by_card(order: Order, client: Membership) -> Charge:
    return begin_charge(
        client.website,
        payer_id=client.pk,
        amount_minor=order.price_minor,
        purpose=Purpose.ORDER,
        reference=order.reference,
        key="key",
        by=actor(client),
    )


def test_a_website_numbers_its_own_orders(client: Membership) -> None:
    assert [orders.unpaid_order(client).number for _ in range(3)] == [1, 2, 3]


def test_a_changed_brief_is_priced_anew_and_its_lines_sum_to_the_price(client: Membership) -> None:
    order = orders.unpaid_order(client)
    placement.edit_brief(order, {"pages": 3}, by=actor(client))
    lines = PriceLine.objects.of(client.website).filter(order=order)
    assert order.price_minor == 4_800 == sum(line.amount_minor for line in lines)
    assert Event.objects.of(client.website).get(verb="order.edit_brief").data == {
        "price_minor_before": 3_200,
        "price_minor": 4_800,
    }


def test_the_brief_stands_while_a_payment_at_its_price_is_pending(client: Membership) -> None:
    order = orders.unpaid_order(client)
    by_card(order, client)
    with pytest.raises(errors.OrderStillWanted):
        placement.edit_brief(order, {"pages": 3}, by=actor(client))
    order.refresh_from_db()
    assert (order.pages, order.price_minor) == (2, 3_200)


def test_money_that_comes_late_at_another_price_goes_to_the_wallet(client: Membership) -> None:
    order = orders.unpaid_order(client)
    charge = settle_charge(by_card(order, client), Outcome(Result.DECLINED, code="do_not_honor"), by=actor(client))
    placement.edit_brief(order, {"pages": 3}, by=actor(client))
    settle_charge(charge, Outcome(Result.CAPTURED, "late"), by=actor(client))
    payment.apply_capture(charge, by=actor(client))
    order.refresh_from_db()
    assert (order.status, order.charge_id) == (Status.UNPAID, None)
    assert str(wallet(actor(client)).balance) == "32.00"


def test_staff_place_for_a_client_whom_they_name(client: Membership, support: Membership) -> None:
    order = placement.place_order(orders.form(), by=actor(support), client_id=client.pk)
    assert order.client_id == client.pk
    with pytest.raises(Invalid):
        placement.place_order(orders.form(), by=actor(support))


@pytest.mark.parametrize("status", ["applied", "rejected"])
def test_only_a_writer_at_work_is_preferred(client: Membership, website: Website, status: str) -> None:
    stranger = writers.writer(website, status=status).member
    for writer_id in (stranger.pk, accounts.membership(website).pk, 10**9):
        with pytest.raises(Invalid) as refusal:
            placement.place_order(orders.form(preferred_writer_id=writer_id), by=actor(client))
        assert [error.field for error in refusal.value.errors] == ["preferred_writer_id"]


def test_a_suspended_website_takes_no_new_orders(client: Membership) -> None:
    closed = dataclasses.replace(actor(client), website=Website(id=client.website_id, status="suspended"))
    with pytest.raises(errors.WebsiteClosed):
        placement.place_order(orders.form(), by=closed)
    assert not Order.objects.of(client.website).exists()
