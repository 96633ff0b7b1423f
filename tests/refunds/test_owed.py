"""Pay and what is kept where money that is owed is refused, given up, given otherwise; and where two had the order."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection

from copydesk.accounts.models import Membership
from copydesk.demo.bench.books import CHECKS
from copydesk.disputes.models import Outcome
from copydesk.orders.actions import adjustments, course, delivery, staffing
from copydesk.orders.errors import OrderStillWanted
from copydesk.orders.models import Adjustment, Cause, Order
from copydesk.payments.actions.repayments import settle_repayment
from copydesk.payments.gateway import Outcome as Said
from copydesk.payments.gateway import Result
from copydesk.payments.models import Charge, Purpose, Repayment
from copydesk.payments.queries import earned_minor
from copydesk.refunds import actions
from copydesk.refunds.models import Ground, Refund, RefundDestination
from copydesk.refunds.queries.pay import pay_reductions
from copydesk.refunds.queries.rows import refund_row
from copydesk.tenancy.models import Website
from tests.factories import disputes, orders, refunds, writers
from tests.factories.accounts import actor
from tests.factories.payments import captured, captured_charge, pending_charge
from tests.jobs import run_jobs
from tests.orders.money import BROKEN


def again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


def pay(order: Order, writer: Membership) -> int:
    return earned_minor(order.website_id, order.reference, writer.pk)


def refuse_all(website: Website, admin: Membership) -> None:
    for part in Repayment.objects.of(website).filter(status="executing"):
        settle_repayment(part, Said(Result.DECLINED, "", "gone"), by=actor(admin).as_system())
    run_jobs()


def broken(website: Website) -> list[Any]:
    """What the money machine, and the books of large worlds, would find."""
    with connection.cursor() as cursor:
        cursor.execute(BROKEN, {"website": website.pk})
        found = cursor.fetchall()
        cursor.execute(
            CHECKS["every pay has fallen as money of its order went back, goodwill apart"].replace("%", "%%"), []
        )
        return [*found, *cursor.fetchall()]


def owing(client: Membership, writer: Membership, admin: Membership, *, is_earned: bool = True) -> Order:
    """By card 32.00; one of two pages taken back before it is written, whose 16.00 the provider refuses: completed for
    16.00, pay 7.20."""
    order = refunds.card_order(client)
    fewer = adjustments.propose_adjustment(order, by=actor(client), pages=1)
    adjustments.accept_adjustment(fewer, by=actor(admin))
    refuse_all(client.website, admin)
    if not is_earned:
        return staffing.assign(again(order), writer.pk, by=actor(admin), reason="Trusted")
    order = refunds.completed(again(order), writer, admin)
    run_jobs()
    assert (order.price_minor, pay(order, writer)) == (1_600, 720)
    return order


def settlement(website: Website) -> Refund:
    return Refund.objects.of(website).select_related("order").get(ground="settlement", status="failed")


class TestGivenUp:
    @pytest.mark.parametrize("ground", [Ground.OTHER, Ground.WRONG_CHARGE])
    def test_of_an_agreed_change_given_to_the_wallet_takes_no_pay(
        self, website: Website, client: Membership, writer: Membership, admin: Membership, ground: Ground
    ) -> None:
        order = owing(client, writer, admin)
        actions.cancel_refund(settlement(website), by=actor(admin), reason="Card closed: to your wallet.")
        refunds.executing(order, admin, 1_600, ground=ground, destination=RefundDestination.WALLET)
        run_jobs()
        assert pay(order, writer) == 720

    def test_of_an_agreed_change_then_half_the_price_takes_half(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = owing(client, writer, admin)
        actions.cancel_refund(settlement(website), by=actor(admin), reason="Card closed: to your wallet.")
        asked = refunds.request(order, admin, 1_600, ground=Ground.OTHER, destination=RefundDestination.WALLET)
        actions.consent_to_wallet(asked, by=actor(client))
        actions.process_refund(asked, by=actor(admin))
        refunds.succeeded(order, admin, 800)
        assert pay(order, writer) == 360

    def test_order_does_not_matter(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        left = []
        writer2 = writers.writer(website, level="standard").member
        for who, first in ((writer, True), (writer2, False)):
            order = owing(client, who, admin)
            if first:
                actions.cancel_refund(settlement(website), by=actor(admin), reason="Closed.")
                refunds.succeeded(order, admin, 800)
            else:
                refunds.succeeded(order, admin, 800)
                actions.cancel_refund(settlement(website), by=actor(admin), reason="Closed.")
            run_jobs()
            left.append(pay(order, who))
        # What is owed is paid first by whatever goes back.
        assert left == [720, 720]

    def test_of_a_goodwill_cancellation_given_to_the_wallet_takes_no_pay(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = refunds.completed(refunds.card_order(client), writer, admin)
        delivery.request_revision(order, by=actor(client), reason="Longer.")
        course.cancel(again(order), by=actor(admin), reason="Ours.", cause=Cause.STAFF)
        refuse_all(website, admin)
        actions.cancel_refund(settlement(website), by=actor(admin), reason="Card closed.")
        refunds.executing(order, admin, 3_200, ground=Ground.OTHER, destination=RefundDestination.WALLET)
        run_jobs()
        assert pay(order, writer) == 1_440

    def test_what_was_taken_for_money_that_never_went_is_given_back(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = staffing.assign(refunds.card_order(client), writer.pk, by=actor(admin), reason="Trusted")
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        disputes.resolved(row, admin, Outcome.CLIENT_WINS, refund_minor=1_600)
        refuse_all(website, admin)
        refund = Refund.objects.of(website).select_related("order").get(status="failed")
        actions.cancel_refund(refund, by=actor(admin), reason="Closed.")
        run_jobs()
        assert pay_reductions(order).refunded_minor == 0
        assert pay(order, writer) == 1_440

    def test_another_refund_on_its_way_that_fails(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        """Not decided by the outcome: on its way, refused by the provider, given up."""
        order = staffing.assign(refunds.card_order(client), writer.pk, by=actor(admin), reason="Trusted")
        other = refunds.executing(order, admin, 1_600)
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        disputes.resolved(row, admin, Outcome.CLIENT_WINS, refund_minor=320)
        part = actions.requesting.repayments_of(other)[0]
        settle_repayment(part, Said(Result.DECLINED, "", "gone"), by=actor(admin).as_system())
        run_jobs()
        other.refresh_from_db(from_queryset=Refund.objects.of(website))
        actions.cancel_refund(other, by=actor(admin), reason="Closed.")
        run_jobs()
        assert (pay_reductions(order).refunded_minor, pay_reductions(order).ended_minor) == (0, 320)
        assert pay(order, writer) == 1_440 - 144

    def test_its_client_sees_no_failure(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = refunds.completed(refunds.card_order(client), writer, admin)
        refund = refunds.failed(order, admin, 800)
        actions.cancel_refund(refund, by=actor(admin), reason="Your card is closed; ask for the wallet.")
        row = refund_row(actor(client), refund)
        assert (row.status, row.failed_at, [one.status for one in row.sources]) == ("cancelled", None, ["cancelled"])

    def test_reason_of_a_settlement(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        owing(client, writer, admin)
        row = refund_row(actor(client), settlement(website))
        assert row.status == "executing"
        assert "refused" not in row.reason


def test_cancelled_with_a_failed_agreed_change(
    website: Website, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """16.00 of price, of which 12.80 are forfeited: 3.20 of it go back, a fifth; and the 16.00 that were owed."""
    order = owing(client, writer, admin)
    frozen.shift(dt.timedelta(days=9, hours=12))
    delivery.request_revision(again(order), by=actor(admin), reason="Longer.")
    figures = course.cancel(again(order), by=actor(admin), reason="Over", cause=Cause.CLIENT)
    assert (figures.forfeited_minor, figures.refunded_minor) == (1_280, 1_920)
    run_jobs()
    assert pay(order, writer) == 576


@pytest.mark.parametrize("is_earned", [True, False])
def test_client_wins_a_part_with_a_failed_agreed_change(
    website: Website,
    client: Membership,
    writer: Membership,
    admin: Membership,
    frozen: time_machine.Coordinates,
    is_earned: bool,
) -> None:
    """24.00 of 32.00 go back, 16.00 of them owed for long: half of the price stays, and the settlement says so."""
    order = owing(client, writer, admin, is_earned=is_earned)
    frozen.shift(dt.timedelta(hours=1))
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    done = disputes.resolved(row, admin, Outcome.CLIENT_WINS, refund_minor=2_400)
    run_jobs()
    assert again(order).forfeited_minor == 800
    assert str(done.writer_pay.after) == "3.60"
    assert pay(order, writer) == 360


def test_a_second_capture_between_takes_nothing_for_good(
    website: Website, client: Membership, writer: Membership, admin: Membership
) -> None:
    """An adjustment's charge is captured when the order is completed; before it is diverted, a refund goes through."""
    order = refunds.completed(refunds.card_order(client), writer, admin)
    run_jobs()
    refund = refunds.approved(order, admin, 1_600)
    refund = actions.process_refund(refund, by=actor(admin))
    late = pending_charge(client, 1_600, purpose=Purpose.ADJUSTMENT, reference=order.reference, key="late")
    captured(late)
    refunds.provider_says(refund, "captured")
    assert pay(order, writer) == 1_440 - 480
    run_jobs()  # diverts it
    late.refresh_from_db(from_queryset=Charge.objects.of(website))
    assert late.refundable_minor == 0
    row = pay_reductions(order).rows[0]
    assert (row.lacking_minor, pay(order, writer)) == (0, 720)


def test_cancelled_while_a_capture_is_not_applied(
    website: Website, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    order = refunds.completed(refunds.card_order(client), writer, admin)
    delivery.request_revision(order, by=actor(client), reason="Longer.")
    run_jobs()
    frozen.shift(dt.timedelta(days=9, hours=12))
    captured_charge(client, 1_600, purpose=Purpose.ADJUSTMENT, reference=order.reference, key="late")
    with pytest.raises(OrderStillWanted):
        course.cancel(again(order), by=actor(admin), reason="Over", cause=Cause.CLIENT)
    run_jobs()
    frozen.shift(dt.timedelta(seconds=1))
    figures = course.cancel(again(order), by=actor(admin), reason="Over", cause=Cause.CLIENT)
    frozen.shift(dt.timedelta(seconds=1))
    run_jobs()
    kept = sum(c.refundable_minor for c in Charge.objects.of(website).about(order.reference))
    assert (kept, pay(order, writer)) == (figures.forfeited_minor, 1_152)


def test_refunded_while_a_capture_is_not_applied(
    website: Website, client: Membership, writer: Membership, admin: Membership
) -> None:
    order = refunds.completed(refunds.card_order(client), writer, admin)
    run_jobs()
    captured_charge(client, 1_600, purpose=Purpose.ADJUSTMENT, reference=order.reference, key="late")
    with pytest.raises(OrderStillWanted):
        refunds.request(order, client, 1_600)
    run_jobs()
    asked = refunds.request(order, client, 1_600)
    actions.reject_refund(asked, by=actor(admin), reason="No.")
    run_jobs()
    kept = sum(c.refundable_minor for c in Charge.objects.of(website).about(order.reference))
    assert kept == order.price_minor == 3_200


def test_who_took_over_has_a_share_of_the_forfeiture(
    website: Website, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """As of an order that nobody had completed before: the second writer has handed in its first round."""
    lefts = []
    for completed in (False, True):
        order = refunds.card_order(client)
        if completed:
            order = refunds.completed(order, writer, admin)
            delivery.request_revision(order, by=actor(client), reason="Longer.")
        else:
            staffing.assign(order, writer.pk, by=actor(admin), reason="Trusted")
        other = writers.writer(website, level="standard").member
        staffing.reassign(order, other.pk, by=actor(admin), reason="Ill.", cause="writer")
        orders.work_file(order, other)
        delivery.submit(order, by=actor(other))
        with time_machine.travel(order.client_deadline - dt.timedelta(hours=12), tick=False):
            figures = course.cancel(again(order), by=actor(admin), reason="Over", cause=Cause.CLIENT)
        lefts.append((figures.forfeited_minor, figures.writer_minor))
    assert lefts[0] == lefts[1]


def test_one_who_lost_its_pay_and_completes_it_after_all(
    website: Website, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    order = refunds.completed(refunds.card_order(client), writer, admin)
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    disputes.resolved(row, admin, Outcome.REASSIGN)
    assert pay(order, writer) == 0
    frozen.shift(dt.timedelta(hours=1))
    refunds.completed(again(order), writer, admin)
    run_jobs()
    assert pay(order, writer) == 1_440


def test_one_of_two_writers_is_the_cause(
    website: Website, client: Membership, writer: Membership, admin: Membership
) -> None:
    """The first completed it and is found not to be at fault; the second is the cause of its end."""
    order = refunds.completed(refunds.card_order(client), writer, admin)
    delivery.request_revision(order, by=actor(client), reason="Longer.")
    other = writers.writer(website, level="standard").member
    staffing.reassign(order, other.pk, by=actor(admin), reason="Ill.", cause="staff")
    course.cancel(again(order), by=actor(admin), reason="Over", cause=Cause.WRITER)
    run_jobs()
    assert pay(order, writer) == 1_440


@pytest.mark.parametrize(
    ("cause", "forfeited", "left"), [(Cause.WRITER, 0, 0), (Cause.CLIENT, 2_560, 1_152), (Cause.STAFF, 0, 1_440)]
)
def test_who_dropped_what_it_had_completed_had_it_last(
    website: Website,
    client: Membership,
    writer: Membership,
    admin: Membership,
    frozen: time_machine.Coordinates,
    cause: Cause,
    forfeited: int,
    left: int,
) -> None:
    """As if it had the order still: dropping it is no way to keep the pay."""
    order = refunds.completed(refunds.card_order(client), writer, admin)
    frozen.shift(dt.timedelta(days=9, hours=12))
    delivery.request_revision(order, by=actor(admin), reason="Longer.")
    staffing.release(again(order), by=actor(writer), reason="No time.")
    figures = course.cancel(again(order), by=actor(admin), reason="Over", cause=cause)
    assert (figures.forfeited_minor, figures.writer_minor) == (forfeited, 0)
    run_jobs()
    assert pay(order, writer) == left
    assert broken(website) == []


def test_what_a_dispute_about_the_second_writer_gives_back_takes_nothing_of_the_first(
    website: Website, client: Membership, writer: Membership, admin: Membership
) -> None:
    """Which its preview does not show."""
    order = refunds.completed(refunds.card_order(client), writer, admin)
    delivery.request_revision(order, by=actor(client), reason="Longer.")
    other = writers.writer(website, level="standard").member
    staffing.reassign(order, other.pk, by=actor(admin), reason="Ill.", cause="staff")
    row = disputes.answer(disputes.dispute_of(again(order), client), other)
    done = disputes.resolved(row, admin, Outcome.CLIENT_WINS)
    assert (str(done.writer_pay.before), str(done.writer_pay.after), done.postings) == ("14.40", "0.00", [])
    run_jobs()
    assert (pay(order, writer), pay(order, other)) == (1_440, 0)
    assert broken(website) == []


class TestEndedByTheSecondWriter:
    """The provider refuses what its end gives back, and it is given otherwise: the first is no party to that either."""

    @pytest.fixture
    def order(self, website: Website, client: Membership, writer: Membership, admin: Membership) -> Order:
        order = refunds.completed(refunds.card_order(client), writer, admin)
        delivery.request_revision(order, by=actor(client), reason="Longer.")
        other = writers.writer(website, level="standard").member
        return staffing.reassign(again(order), other.pk, by=actor(admin), reason="Ill.", cause="staff")

    def given_otherwise(self, order: Order, admin: Membership, *amounts: int) -> None:
        refuse_all(order.website, admin)
        failed = Refund.objects.of(order.website).select_related("order").get(status="failed")
        actions.cancel_refund(failed, by=actor(admin), reason="Card closed.")
        for amount in amounts:
            refunds.executing(again(order), admin, amount, ground=Ground.QUALITY, destination=RefundDestination.WALLET)
            run_jobs()

    @pytest.mark.parametrize(
        ("by_dispute", "amounts", "left"),
        [
            (True, (3_200,), (1_440, 0)),
            (True, (800, 800), (1_440, 0)),
            (False, (3_200,), (1_440, 0)),
        ],
    )
    def test_all_of_it(
        self, website: Website, client: Membership, writer: Membership, admin: Membership,
        frozen: time_machine.Coordinates, order: Order, by_dispute: bool, amounts: tuple[int, ...],
        left: tuple[int, int],
    ) -> None:  # fmt: skip
        other = order.writer
        assert other is not None
        frozen.shift(1)
        if by_dispute:
            row = disputes.answer(disputes.dispute_of(again(order), client), other)
            frozen.shift(1)
            disputes.resolved(row, admin, Outcome.CLIENT_WINS)
        else:
            course.cancel(again(order), by=actor(admin), reason="Over", cause=Cause.WRITER)
        frozen.shift(1)
        self.given_otherwise(order, admin, *amounts)
        assert (pay(order, writer), pay(order, other)) == left
        assert broken(website) == []

    def test_more_than_it_is_a_refund(
        self, website: Website, client: Membership, writer: Membership, admin: Membership,
        frozen: time_machine.Coordinates, order: Order,
    ) -> None:  # fmt: skip
        """Half was to go back; the whole does: the first loses by the other half, the second by both."""
        other = order.writer
        assert other is not None
        row = disputes.answer(disputes.dispute_of(again(order), client), other)
        frozen.shift(1)
        disputes.resolved(row, admin, Outcome.CLIENT_WINS, refund_minor=1_600)
        frozen.shift(1)
        self.given_otherwise(order, admin, 1_600)
        assert (pay(order, writer), pay(order, other)) == (1_440, 720)
        refunds.executing(again(order), admin, 1_600, ground=Ground.QUALITY, destination=RefundDestination.WALLET)
        run_jobs()
        assert (pay(order, writer), pay(order, other)) == (720, 0)
        assert broken(website) == []


class TestCapturedNotApplied:
    """Money that may be diverted is neither split nor kept by what is decided meanwhile."""

    def test_a_dispute_gives_nothing_back(
        self, website: Website, client: Membership, writer: Membership, admin: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:  # fmt: skip
        order = refunds.completed(refunds.card_order(client), writer, admin)
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        captured_charge(client, 1_600, purpose=Purpose.ADJUSTMENT, reference=order.reference, key="late")
        for mode in ("preview", "apply"):
            with pytest.raises(OrderStillWanted):
                disputes.resolved(row, admin, Outcome.CLIENT_WINS, mode, refund_minor=1_600)
        assert disputes.resolved(row, admin, Outcome.WRITER_WINS, "preview").status == "resolved"
        run_jobs()
        frozen.shift(dt.timedelta(seconds=1))
        disputes.resolved(row, admin, Outcome.CLIENT_WINS, refund_minor=1_600)
        run_jobs()
        kept = sum(c.refundable_minor for c in Charge.objects.of(website).about(order.reference))
        assert (kept, pay(order, writer)) == (1_600, 720)

    def test_an_agreed_reduction_waits(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = refunds.card_order(client)
        fewer = adjustments.propose_adjustment(order, by=actor(client), pages=1)
        captured_charge(client, 1_600, purpose=Purpose.ADJUSTMENT, reference=order.reference, key="late")
        with pytest.raises(OrderStillWanted):
            adjustments.accept_adjustment(fewer, by=actor(admin))
        assert again(order).price_minor == 3_200
        run_jobs()
        adjustments.accept_adjustment(Adjustment.objects.of(website).get(), by=actor(admin))
        run_jobs()
        kept = sum(c.refundable_minor for c in Charge.objects.of(website).about(order.reference))
        assert kept == again(order).price_minor == 1_600


def test_the_money_machine_sees_it_so_too(
    website: Website, client: Membership, writer: Membership, admin: Membership
) -> None:
    """Its statement of the books."""
    order = owing(client, writer, admin)
    actions.cancel_refund(settlement(website), by=actor(admin), reason="Card closed.")
    refunds.succeeded(order, admin, 800)
    run_jobs()
    assert broken(website) == []


def test_posted_is_of_the_disputed_writer(
    website: Website, client: Membership, writer: Membership, admin: Membership
) -> None:
    order = orders.completed_order(client, writer)
    delivery.request_revision(order, by=actor(client), reason="Longer.")
    other = writers.writer(website, level="standard").member
    staffing.reassign(order, other.pk, by=actor(admin), reason="Ill.", cause="staff")
    row = disputes.answer(disputes.dispute_of(again(order), client), other)
    done = disputes.resolved(row, admin, Outcome.CLIENT_WINS, refund_minor=1_600)
    assert (pay(order, writer), pay(order, other)) == (1_440, 720)
    assert broken(website) == []
    assert str(done.writer_pay.posted) == "7.20"


@pytest.mark.parametrize("mode", ["preview", "apply"])
def test_bulk_gives_up_as_one(
    website: Website, client: Membership, writer: Membership, admin: Membership, support: Membership, mode: str
) -> None:
    order = refunds.completed(refunds.mixed_order(client), writer, admin)
    partly, asked = refunds.failed(order, admin, 2_400), refunds.request(order, client, 100)
    ids = [partly.pk, asked.pk]
    report = actions.decide_refunds(ids, "cancel", by=actor(admin), reason="No.", mode=mode)
    assert [row.code for row in report.results] == ["partly_refunded", None]
