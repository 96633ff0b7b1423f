"""Prices by hand: every line in minor units, each worked out beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid
from copydesk.journal.actions import change
from copydesk.orders import errors
from copydesk.orders.actions import adjustments, course, placement, staffing
from copydesk.orders.actions.payment import apply_capture
from copydesk.orders.models import Assignment, Offer, Order, PriceLine, Status
from copydesk.orders.policies import Extra, Level, PricingPolicy
from copydesk.orders.queries import pricing
from copydesk.payments.actions import charge_wallet
from copydesk.payments.models import Purpose
from copydesk.tenancy.policies import store_policy
from tests.factories import orders
from tests.factories.accounts import actor
from tests.factories.payments import filled_wallet, pending_charge

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
SECOND = dt.timedelta(seconds=1)
LONG = 30 * DAY
POLICY = PricingPolicy()


def price(left: dt.timedelta = LONG, policy: PricingPolicy = POLICY, **values: Any) -> list[tuple[str, int]]:
    """(code, minor units) of each line, and their sum as the total."""
    lines = pricing.price_lines(policy, orders.form(**values), left)
    found = [(line.code, line.amount_minor) for line in lines]
    assert sum(amount for _, amount in found) == pricing.total_minor(lines)
    return found


def total(left: dt.timedelta = LONG, **values: Any) -> int:
    return sum(amount for _, amount in price(left, **values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, 3_200),  # 2 * 16.00
        ({"pages": 1}, 1_600),
        ({"pages": 500}, 800_000),
        ({"academic_level": "high_school"}, 2_400),  # 2 * 12.00
        ({"academic_level": "master"}, 4_200),
        ({"academic_level": "doctoral"}, 5_600),
        ({"spacing": "single"}, 6_400),  # twice the words
        ({"work_type": "rewriting"}, 2_400),  # 75 %
        ({"work_type": "editing"}, 1_600),
        ({"work_type": "proofreading"}, 960),
        ({"subject": "law"}, 3_680),  # + 15 %
        ({"subject": "economics"}, 3_520),
        ({"subject": "computer_science"}, 3_840),
        ({"spacing": "single", "work_type": "rewriting", "subject": "law"}, 5_520),  # 32.00 * 2 * .75 * 1.15
        ({"academic_level": "master", "pages": 3, "subject": "law", "work_type": "proofreading"}, 2_174),  # 2173.5 up
        ({"academic_level": "high_school", "pages": 1, "work_type": "proofreading", "subject": "law"}, 414),
        ({"slides": 4, "pages": 0}, 2_800),  # 4 * 7.00
        ({"slides": 4}, 6_000),
        ({"slides": 4, "subject": "law", "spacing": "single"}, 10_160),  # slides are no dearer: 73.60 + 28.00
    ],
)
def test_work_is_priced_by_level_spacing_type_and_subject(values: dict[str, Any], expected: int) -> None:
    assert total(**values) == expected


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (4 * HOUR, 6_400),  # * 2.0 within 8 hours
        (8 * HOUR, 6_400),
        (8 * HOUR + SECOND, 5_120),  # * 1.6 within 24
        (24 * HOUR, 5_120),
        (24 * HOUR + SECOND, 4_160),  # * 1.3 within 72
        (72 * HOUR, 4_160),
        (72 * HOUR + SECOND, 3_520),  # * 1.1 within 168
        (168 * HOUR, 3_520),
        (168 * HOUR + SECOND, 3_200),
    ],
)
def test_urgency_goes_by_the_narrowest_band_its_edge_included(left: dt.timedelta, expected: int) -> None:
    assert total(left) == expected


def test_each_extra_is_priced_by_its_kind() -> None:
    assert price(extras=["plagiarism_report", "abstract", "sources", "top_writer"], slides=1) == [
        ("bachelor", 3_200),
        ("slides", 700),
        ("plagiarism_report", 999),  # fixed
        ("abstract", 1_500),
        ("sources", 400),  # 2 pages * 2.00
        ("top_writer", 585),  # 15 % of 39.00, and not of the other extras
    ]


def test_a_percentage_is_of_the_work_with_its_urgency() -> None:
    assert price(8 * HOUR, extras=["top_writer"]) == [("bachelor", 3_200), ("8", 3_200), ("top_writer", 960)]


def test_lines_are_rounded_once_each_halves_up() -> None:
    policy = PricingPolicy(
        levels=(Level("odd", "Odd", 1, 333),), extras=(Extra("half", "Half", "percent", 5_000),), slide_minor=1
    )
    values = {"academic_level": "odd", "pages": 3, "work_type": "editing", "extras": ["half"]}
    # 3 * 3.33 * 50 % = 4.995 → 5.00; urgency 1.1 * 5.00 = 5.50; half of it 2.75
    assert price(100 * HOUR, policy, **values) == [("odd", 500), ("168", 50), ("half", 275)]
    assert price(LONG, policy, **{**values, "pages": 1}) == [("odd", 167), ("half", 84)]  # 166.5 up, 83.5 up


def test_every_unknown_code_is_named() -> None:
    wrong = dict.fromkeys(("paper_type", "subject", "academic_level", "work_type", "spacing"), "none")
    with pytest.raises(Invalid) as refused:
        price(**wrong, extras=["none"])
    assert {error.field for error in refused.value.errors} == {*wrong, "extras"}


@pytest.mark.parametrize(
    ("values", "field"),
    [({"pages": 0}, "pages"), ({"extras": ["abstract", "abstract"]}, "extras")],
)
def test_nothing_to_write_and_an_extra_twice_are_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        price(**values)
    assert [error.field for error in refused.value.errors] == [field]


def amounts(order: Order) -> list[int]:
    rows = PriceLine.objects.of(order.website_id).filter(order=order).order_by("position")
    return list(rows.values_list("amount_minor", flat=True))


def test_an_order_keeps_the_prices_that_it_was_placed_with(client: Membership) -> None:
    order = orders.unpaid_order(client)
    store_policy(client.website, "pricing", {"slide_minor": 900, "levels": [vars_of("bachelor", 9_900)]})
    assert orders.unpaid_order(client).price_minor == 19_800
    assert (order.price_minor, order.pricing_version) == (3_200, 0)
    placement.edit_brief(order, {"pages": 3, "slides": 1}, by=actor(client))
    assert (order.price_minor, amounts(order)) == (5_500, [4_800, 700])  # as placed: 3 * 16.00 + 7.00
    paid = orders.available_order(client)
    store_policy(client.website, "pricing", {"levels": [vars_of("bachelor", 100)]})
    adjustment = adjustments.propose_adjustment(paid, by=actor(client), pages=3)
    assert adjustment.difference_minor == 9_900  # one more page, at the price of version 1


def test_what_is_offered_is_what_it_will_be_at_the_start(
    client: Membership, support: Membership, writer: Membership
) -> None:
    order = orders.available_order(client)
    staffing.assign(order, writer.pk, by=actor(support), offer=True)
    offer = Offer.objects.of(client.website).get(order=order)
    smaller = adjustments.propose_adjustment(order, by=actor(client), pages=1)
    adjustments.accept_adjustment(smaller, by=actor(support))
    before, after = offer.pay_minor, Offer.objects.of(client.website).get(order=order).pay_minor
    assert 0 < after < before
    staffing.accept_offer(order_again(order), by=actor(writer))
    assert Assignment.objects.of(client.website).get(order=order).pay_minor == after


def vars_of(code: str, page_minor: int) -> dict[str, Any]:
    return {"code": code, "name": code.title(), "rank": 2, "page_minor": page_minor}


def test_a_later_brief_is_as_urgent_as_the_time_left_when_its_deadline_was_named(
    client: Membership, frozen: Any
) -> None:
    """Else a long deadline at placement would buy a short one three days later at no price."""
    order = orders.unpaid_order(client)
    assert order.price_minor == 3_200
    frozen.shift(71 * HOUR)
    placement.edit_brief(order, {"topic": "Another"}, by=actor(client))
    assert order.price_minor == 3_200
    placement.edit_brief(order, {"client_deadline": orders.clock.now() + 4 * HOUR}, by=actor(client))
    assert (order.price_minor, amounts(order)) == (6_400, [3_200, 3_200])
    placement.edit_brief(order, {"pages": 1}, by=actor(client))
    assert (order.price_minor, amounts(order)) == (3_200, [1_600, 1_600])


def test_an_adjustment_keeps_the_urgency_that_was_agreed(client: Membership, support: Membership, frozen: Any) -> None:
    order = orders.available_order(client)
    frozen.shift(DAY)
    sooner = adjustments.propose_adjustment(order, by=actor(client), client_deadline=orders.clock.now() + 20 * HOUR)
    assert sooner.difference_minor == 1_920  # * 1.6 of 32.00
    adjustments.accept_adjustment(sooner, by=actor(support))
    pay_difference(sooner, client)
    assert order_again(order).price_minor == 5_120
    more = adjustments.propose_adjustment(order, by=actor(client), pages=3)
    assert more.difference_minor == 2_560  # 16.00 * 1.6


def test_a_deadline_that_staff_give_away_makes_nothing_cheaper(client: Membership, support: Membership) -> None:
    order = orders.available_order(client, client_deadline=orders.clock.now() + 20 * HOUR)
    assert order.price_minor == 5_120
    later = orders.clock.now() + 20 * DAY
    course.extend_deadline(order, by=actor(support), reason="Our fault", client_deadline=later)
    assert adjustments.propose_adjustment(order, by=actor(client), pages=3).difference_minor == 2_560


def test_the_brief_stands_still_while_money_for_it_is_on_its_way(client: Membership) -> None:
    order = orders.unpaid_order(client)
    pending_charge(client, order.price_minor, reference=order.reference)
    with pytest.raises(errors.OrderStillWanted):
        placement.edit_brief(order, {"pages": 100}, by=actor(client))
    assert (order_again(order).price_minor, amounts(order)) == (3_200, [3_200])


def test_a_captured_order_that_is_not_yet_told_keeps_its_price(client: Membership) -> None:
    order = orders.unpaid_order(client)
    filled_wallet(client, order.price_minor)
    charge_wallet(
        client.website,
        payer_id=client.pk,
        amount_minor=order.price_minor,
        purpose=Purpose.ORDER,
        reference=order.reference,
        key="cut off",
        by=actor(client),
    )
    with pytest.raises(errors.OrderStillWanted):
        placement.edit_brief(order, {"pages": 100}, by=actor(client))
    assert (order_again(order).status, order.price_minor) == (Status.UNPAID, 3_200)


def order_again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


def pay_difference(adjustment: Any, client: Membership) -> None:
    filled_wallet(client, adjustment.difference_minor)
    charge = charge_wallet(
        client.website,
        payer_id=client.pk,
        amount_minor=adjustment.difference_minor,
        purpose=Purpose.ADJUSTMENT,
        reference=adjustment.order.reference,
        key=f"difference {adjustment.pk}",
        by=actor(client),
    )
    change(adjustment, charge=charge)
    apply_capture(charge, by=actor(client))
