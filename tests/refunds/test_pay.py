"""A writer's pay falls as money goes back, to the cent, before and after it was paid out; goodwill apart."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.orders.actions import adjustments, course, delivery, staffing
from copydesk.orders.models import Cause, Order
from copydesk.payments import actions as payments
from copydesk.payments.actions.repayments import settle_repayment
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import Earning, PayoutStatement, Repayment
from copydesk.payments.queries import Drift, drift, earned_minor
from copydesk.refunds import actions
from copydesk.refunds.models import Ground, Refund, RefundDestination
from copydesk.refunds.queries.pay import pay_reductions
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import accounts, orders, refunds, writers
from tests.factories.accounts import actor
from tests.factories.payments import captured_charge
from tests.jobs import run_jobs


@pytest.fixture
def order(client: Membership, writer: Membership, admin: Membership) -> Order:
    """By card, 32.00, completed."""
    return refunds.completed(refunds.card_order(client), writer, admin)


def again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


def pay(order: Order, writer: Membership) -> int:
    return earned_minor(order.website_id, order.reference, writer.pk)


def test_in_proportion_and_several_as_one(order: Order, writer: Membership, admin: Membership) -> None:
    whole = pay(order, writer)
    assert whole == 1_440
    refunds.succeeded(order, admin, 1_067)
    assert pay(order, writer) == whole - 480
    for amount_minor in (1, 1, 1, 530):
        refunds.succeeded(order, admin, amount_minor)
    assert pay(order, writer) == whole - 720
    refunds.succeeded(order, admin, 1_600)
    assert pay(order, writer) == 0
    assert drift(order.website) == Drift(0, 0)


def test_not_before_the_money_has_gone(order: Order, writer: Membership, admin: Membership) -> None:
    whole = pay(order, writer)
    for state in ("approved", "executing", "failed"):
        getattr(refunds, state)(order, admin, 800)
    assert pay(order, writer) == whole
    run_jobs()
    assert pay(order, writer) == whole - 360


def test_what_has_gone_of_a_refund_that_failed_counts(
    client: Membership, writer: Membership, admin: Membership
) -> None:
    order = refunds.completed(refunds.mixed_order(client), writer, admin)
    whole = pay(order, writer)
    refund = refunds.failed(order, admin, 2_400)
    assert pay(order, writer) == whole - whole * 800 // 4_800
    actions.retry_refund(refund, by=actor(admin))
    run_jobs()
    assert pay(order, writer) == whole // 2


def test_goodwill_is_the_websites(order: Order, writer: Membership, admin: Membership) -> None:
    whole = pay(order, writer)
    refund = refunds.request(order, admin, 1_600, ground=Ground.GOODWILL)
    refunds.provider_says(actions.process_refund(refund, by=actor(admin)), "captured")
    assert pay(order, writer) == whole
    refunds.succeeded(order, admin, 1_600)
    assert pay(order, writer) == whole // 2


def test_pay_that_is_earned_later_falls_then(client: Membership, writer: Membership, admin: Membership) -> None:
    order = refunds.card_order(client)
    refunds.succeeded(order, admin, 800)
    refunds.completed(order, writer, admin)
    assert pay(order, writer) == 1_440
    run_jobs()
    assert pay(order, writer) == 1_080
    run_jobs()
    assert pay(order, writer) == 1_080


def test_after_it_was_paid_out_the_next_payout_is_lower(
    website: Website, order: Order, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    store_policy(website, "payouts", {"threshold_minor": 100})
    second = actor(accounts.membership(website, "admin"))
    frozen.shift(dt.timedelta(days=15))

    def paid_out() -> int:
        payout = payments.prepare_payout(website, by=actor(admin))
        payments.pay_payout(payments.approve_payout(payout, by=second), by=second)
        return PayoutStatement.objects.of(website).get(payout=payout).amount_minor

    assert paid_out() == 1_440
    refunds.succeeded(order, admin, 800)
    refunds.completed(refunds.card_order(order.client), writer, admin)
    frozen.shift(dt.timedelta(days=15))
    assert paid_out() == 1_440 - 360
    reductions = Earning.objects.of(website).filter(kind="reduction")
    assert [(row.amount_minor, row.reference_id) for row in reductions] == [(-360, order.pk)]
    told = Event.objects.of(website).filter(verb="earning.reduce").get()
    assert (told.reason, told.writer_id) == ("Part of the order was refunded.", writer.pk)


def test_who_completed_before_and_who_after_share_it(
    website: Website, order: Order, writer: Membership, admin: Membership
) -> None:
    delivery.request_revision(order, by=actor(order.client), reason="Longer.")
    other = writers.writer(website, level="standard").member
    staffing.reassign(order, other.pk, by=actor(admin), reason="Ill.", cause="writer")
    orders.work_file(order, other)
    delivery.submit(order, by=actor(other))
    delivery.approve(order, by=actor(order.client))
    refunds.succeeded(order, admin, 1_600)
    assert (pay(order, writer), pay(order, other)) == (720, 720)


def test_to_the_wallet_at_once(order: Order, writer: Membership, admin: Membership) -> None:
    refunds.executing(order, admin, 1_600, destination=RefundDestination.WALLET)
    assert pay(order, writer) == 720


def test_what_an_agreed_change_gave_back_is_no_part_of_what_was_paid(
    client: Membership, writer: Membership, admin: Membership
) -> None:
    """Three pages, of which one is taken back before it is written."""
    order = refunds.mixed_order(client)
    fewer = adjustments.propose_adjustment(order, by=actor(client), pages=2)
    adjustments.accept_adjustment(fewer, by=actor(admin))
    run_jobs()
    order = refunds.completed(order, writer, admin)
    whole = pay(order, writer)
    refunds.succeeded(order, admin, 1_600)
    assert pay(order, writer) == whole // 2
    refunds.succeeded(order, admin, 1_600)
    assert pay(order, writer) == 0


class TestCancelling:
    """A completed order of 32.00 that is in revision, a quarter of which is refunded by card."""

    @pytest.fixture
    def quarter(self, order: Order, admin: Membership, frozen: time_machine.Coordinates) -> Refund:
        refund = refunds.executing(order, admin, 800)
        frozen.shift(dt.timedelta(days=11))
        delivery.request_revision(again(order), by=actor(order.client), reason="Longer.")
        return refund

    @pytest.mark.parametrize(
        ("cause", "left"),
        [
            (Cause.WRITER, 0),
            # 25.60 of 32.00 are forfeited, but only 24.00 are still there to keep.
            (Cause.CLIENT, 1_080),
            # The website's goodwill takes nothing: what the refund took stays taken.
            (Cause.STAFF, 1_080),
        ],
    )
    @pytest.mark.parametrize("is_through", [True, False])
    def test_whichever_is_through_first(
        self,
        order: Order,
        writer: Membership,
        admin: Membership,
        quarter: Refund,
        cause: Cause,
        left: int,
        is_through: bool,
    ) -> None:
        if is_through:
            run_jobs()
        course.cancel(again(order), by=actor(admin), reason="Over", cause=cause)
        run_jobs()
        assert pay(order, writer) == left
        assert [row.lacking_minor for row in pay_reductions(order).rows] == [0]
        assert drift(order.website) == Drift(0, 0)

    def test_not_before_the_money_has_gone(
        self, order: Order, writer: Membership, admin: Membership, quarter: Refund
    ) -> None:
        course.cancel(again(order), by=actor(admin), reason="Over", cause=Cause.WRITER)
        assert pay(order, writer) == 1_440
        for part in Repayment.objects.of(order.website_id).filter(status="executing").order_by("amount_minor"):
            settle_repayment(part, Outcome(Result.DECLINED, "", "gone"), by=actor(admin).as_system())
        run_jobs()
        assert pay(order, writer) == 1_440
        for failed in Refund.objects.of(order.website_id).filter(status="failed").select_related("order"):
            actions.retry_refund(failed, by=actor(admin))
        run_jobs()
        assert pay(order, writer) == 0


def test_money_that_came_too_late_is_none_of_the_writers(order: Order, writer: Membership, admin: Membership) -> None:
    """A second charge is captured and given back after the order was cancelled."""
    delivery.request_revision(order, by=actor(order.client), reason="Longer.")
    course.cancel(order, by=actor(admin), reason="Over", cause=Cause.STAFF)
    late = captured_charge(order.client, 3_200, "tok_ok", reference=order.reference, key="late")
    payments.divert_to_wallet(late, by=actor(admin), reason="Too late.")
    run_jobs()
    assert pay(order, writer) == 1_440
