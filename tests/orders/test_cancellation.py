"""What a cancellation costs whom: by time left, by time worked, by cause; and back to where the money came from."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.disputes.models import Outcome
from copydesk.journal.models import Event
from copydesk.orders import errors
from copydesk.orders.actions import adjustments, course, delivery, staffing
from copydesk.orders.actions.payment import apply_capture
from copydesk.orders.models import Adjustment, AdjustmentStatus, Assignment, Cause, Offer, Order, Request, Round, Status
from copydesk.orders.policies import OrderPolicy
from copydesk.orders.queries import deadlines
from copydesk.orders.queries.cancellation import Cancellation, cancellation
from copydesk.payments import queries
from copydesk.payments.models import Earning, Purpose, Repayment
from copydesk.payments.queries import Drift
from copydesk.tenancy.policies import store_policy
from tests.api.client import as_
from tests.factories import disputes, orders
from tests.factories.accounts import actor
from tests.factories.payments import captured_charge, pending_charge
from tests.factories.requests import order as order_row
from tests.jobs import queued, run_jobs
from tests.orders.conftest import NOON

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("left", "share_bps"),
    [
        (30 * DAY, 0),
        (7 * DAY + SECOND, 0),  # over 7 days
        (7 * DAY, 2_000),
        (3 * DAY + SECOND, 2_000),
        (3 * DAY, 4_000),
        (1 * DAY + SECOND, 4_000),
        (1 * DAY, 8_000),
        (SECOND, 8_000),
        (-DAY, 8_000),  # past the deadline
    ],
)
def test_the_share_forfeited_goes_by_the_time_left(left: dt.timedelta, share_bps: int) -> None:
    assert deadlines.forfeited_share_bps(OrderPolicy(), left) == share_bps


def wallet(member: Membership) -> str:
    return str(queries.wallet(actor(member)).balance)


def sound(order: Order) -> bool:
    return queries.drift(order.website) == Drift(0, 0)


def figures(order: Order, cause: Cause = Cause.CLIENT) -> tuple[int, int, int, int]:
    """captured, forfeited, refunded, the writer's."""
    found = cancellation(order, cause, orders.clock.now())
    assert found.captured_minor == found.forfeited_minor + found.refunded_minor
    assert 0 <= found.writer_minor <= found.forfeited_minor
    return found.captured_minor, found.forfeited_minor, found.refunded_minor, found.writer_minor


# An order of 32.00, due to the client after 10 days and to the writer after 8; its pay is 14.40 (45 %).
@pytest.mark.parametrize(
    ("after", "forfeited", "writers"),
    [
        (dt.timedelta(), 0, 0),
        (2 * DAY, 0, 0),  # eight days left: nothing forfeited, nothing to share
        (4 * DAY, 640, 320),  # 20 %, half of the eight days worked
        (7 * DAY, 1_280, 1_120),  # 40 %, seven eighths of it
        (8 * DAY, 1_280, 1_280),
        (9 * DAY + HOUR, 2_560, 1_440),  # 80 %, all the time worked: at most the agreed pay
        (12 * DAY, 2_560, 1_440),
    ],
)
def test_forfeiture_and_the_writers_part_of_it(
    client: Membership,
    writer: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
    after: dt.timedelta,
    forfeited: int,
    writers: int,
) -> None:
    order = orders.order_in_progress(client, writer)
    frozen.shift(after)
    assert figures(order) == (3_200, forfeited, 3_200 - forfeited, writers)
    shown = course.cancel(order, by=actor(support), reason="Wish", preview=True)
    assert Order.objects.of(order.website_id).get(pk=order.pk).status == Status.IN_PROGRESS
    assert not Repayment.objects.of(order.website_id).exists()
    done = course.cancel(order, by=actor(support), reason="Wish")
    assert done == shown
    assert (order.status, order.cancel_cause, order.forfeited_minor) == (Status.CANCELLED, "client", forfeited)
    assert wallet(client) == f"{(3_200 - forfeited) / 100:.2f}"
    assert wallet(writer) == f"{writers / 100:.2f}"
    assert list(Earning.objects.of(order.website_id).values_list("kind", "amount_minor")) == (
        [("forfeit", writers)] if writers else []
    )
    assignment = Assignment.objects.of(order.website_id).get()
    assert (assignment.outcome, assignment.cause) == ("cancelled", "client")
    assert Round.objects.of(order.website_id).get().closed_at == orders.clock.now()
    assert sound(order)


def test_all_of_the_first_rounds_time_is_worked_once_it_is_handed_in(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.order_in_progress(client, writer)
    orders.work_file(order, writer)
    frozen.shift(4 * DAY)
    delivery.submit(order, by=actor(writer))
    assert figures(order) == (3_200, 640, 2_560, 640)  # and not 320


def test_work_handed_in_by_a_disputes_new_deadline_is_all_worked(
    client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """Until then by the time to the new deadline, without that in dispute."""
    order = orders.order_in_progress(client, writer)
    frozen.shift(2 * DAY)
    row = disputes.answer(disputes.dispute_of(order, client), writer)
    frozen.shift(DAY)
    deadline = order.client_deadline - 2 * DAY
    disputes.resolved(row, admin, Outcome.EXTEND_DEADLINE, new_deadline=deadline)
    frozen.shift(DAY)
    order = Order.objects.of(order.website_id).get()
    assert figures(order) == (3_200, 640, 2_560, 240)  # of four days three were worked, of eight
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    assert figures(order) == (3_200, 640, 2_560, 640)


def test_time_on_hold_is_not_worked_and_granted_time_is(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.order_in_progress(client, writer)
    course.extend_deadline(order, by=actor(support), reason="Files are missing", excused_hours=96)
    frozen.shift(2 * DAY)
    course.hold(order, by=actor(support), reason="Doubt")
    frozen.shift(DAY)
    course.resume(order, by=actor(support))
    frozen.shift(2 * DAY)
    assert figures(order) == (3_200, 640, 2_560, 320)  # of five days four were worked: half of eight
    course.hold(order, by=actor(support), reason="Doubt")
    frozen.shift(DAY)
    assert figures(order) == (3_200, 640, 2_560, 320)  # the present pause counts as well


def test_before_a_writer_starts_nothing_is_forfeited(
    client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    waiting = orders.available_order(client)
    offered = staffing.assign(orders.available_order(client), writer.pk, by=actor(admin), offer=True)
    held = course.hold(orders.available_order(client), by=actor(admin), reason="Doubt")
    dropped = orders.order_in_progress(client, writer)
    staffing.release(dropped, by=actor(writer), reason="Ill")
    frozen.shift(9 * DAY + 12 * HOUR)
    for number, order in enumerate((waiting, offered, held, dropped), start=1):
        course.cancel(order, by=actor(admin), reason="Too late")
        assert (order.forfeited_minor, order.offered_to_id) == (0, None)
        assert wallet(client) == f"{number * 32}.00"
    assert wallet(writer) == "0.00"
    assert Offer.objects.of(offered.website_id).get(order=offered).outcome == "withdrawn"
    assert sound(waiting)


@pytest.mark.parametrize("cause", [Cause.WRITER, Cause.STAFF, Cause.SYSTEM])
def test_what_is_not_the_clients_cause_costs_it_nothing(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates, cause: Cause
) -> None:
    order = orders.order_in_progress(client, writer)
    frozen.shift(9 * DAY + 12 * HOUR)
    course.cancel(order, by=actor(support), reason="Sorry", cause=cause)
    assert (order.forfeited_minor, order.cancel_cause, wallet(client), wallet(writer)) == (0, cause, "32.00", "0.00")


def test_money_goes_back_in_proportion_to_its_sources(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    """32.00 from the wallet and 16.00 for a page more by card; 20 % of 48.00 is kept."""
    order = orders.order_in_progress(client, writer)
    more = adjustments.propose_adjustment(order, by=actor(support), pages=3)
    charge = captured_charge(client, 1_600, purpose=Purpose.ADJUSTMENT, reference=order.reference, key="more")
    more.charge = charge
    more.save(update_fields=["charge"])
    apply_capture(charge, by=actor(client))
    order.refresh_from_db()
    assert order.price_minor == 4_800
    frozen.shift(4 * DAY)
    course.cancel(order, by=actor(support), reason="Wish")
    assert order.forfeited_minor == 960
    repaid = Repayment.objects.of(order.website_id).order_by("charge_id")
    assert list(repaid.values_list("destination", "amount_minor")) == [("wallet", 2_560), ("card", 1_280)]
    assert wallet(client) == "25.60"
    assert [name for name, _ in queued("payments.execute")] == ["payments.execute_repayment"]


def test_the_policy_is_that_of_the_placement(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    before = orders.order_in_progress(client, writer)
    store_policy(client.website, "orders", {"forfeiture": [[0, 10_000]]})
    after = orders.order_in_progress(client, writer)
    assert (before.policy_version, after.policy_version) == (0, 1)
    frozen.shift(DAY)
    assert figures(before) == (3_200, 0, 3_200, 0)
    assert figures(after) == (3_200, 3_200, 0, 400)  # an eighth of the eight days worked


@pytest.mark.parametrize(("cause", "forfeited"), [("client", "6.40"), ("writer", "0.00"), ("staff", "0.00")])
def test_the_cause_that_staff_name_over_http(
    client: Membership,
    writer: Membership,
    support: Membership,
    admin: Membership,
    frozen: time_machine.Coordinates,
    cause: str,
    forfeited: str,
) -> None:
    order = orders.order_in_progress(client, writer)
    frozen.shift(3 * DAY)
    body = {"reason": "Wish", "cause": cause, "mode": "preview"}
    assert as_(support).post(f"/api/v1/orders/{order.pk}/cancel/", body, 200)["forfeited"] == forfeited
    bulk = {"ids": [order.pk], "action": "cancel", **body}
    report = as_(admin).post("/api/v1/admin-management/orders/bulk-action/", bulk, 200)
    assert report["cancellations"][0]["forfeited"] == forfeited


def test_another_figure_than_the_one_seen_is_refused(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.order_in_progress(client, writer)
    frozen.shift(3 * DAY)
    events = Event.objects.of(order.website_id).count()
    with pytest.raises(errors.PriceChanged) as refused:
        course.cancel(order, by=actor(support), reason="Wish", expected_forfeit_minor=0)
    assert refused.value.context == {"forfeited": "6.40"}
    assert Event.objects.of(order.website_id).count() == events
    course.cancel(order, by=actor(support), reason="Wish", expected_forfeit_minor=640)
    assert order.status == Status.CANCELLED


def test_while_a_payment_is_pending_nothing_is_cancelled_or_expired(
    client: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.unpaid_order(client)
    pending_charge(client, order.price_minor, reference=order.reference)
    with pytest.raises(errors.OrderStillWanted):
        course.cancel(order, by=actor(client), reason="Wish")
    frozen.shift(80 * HOUR)
    with pytest.raises(errors.OrderStillWanted):
        course.expire(order, by=actor(client).as_system())
    assert Order.objects.of(order.website_id).get(pk=order.pk).status == Status.UNPAID


def test_what_was_open_about_it_ends_with_it(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.available_order(client)
    Request.objects.of(order.website_id).create(
        order=order, writer=writer, requested_at=NOON, expires_at=order.client_deadline
    )
    adjustments.propose_adjustment(order, by=actor(client), pages=3)
    course.cancel(order, by=actor(support), reason="Wish")
    assert Request.objects.of(order.website_id).get().status != "requested"
    assert Adjustment.objects.of(order.website_id).get().status == AdjustmentStatus.DECLINED


# A completed order in revision again: 14.40 were earned, and follow the refund down.
@pytest.mark.parametrize(
    ("cause", "refunded", "left_to_writer"),
    [
        (Cause.WRITER, "32.00", "0.00"),
        (Cause.CLIENT, "6.40", "11.52"),  # past the deadline 80 % is kept; a fifth back, a fifth less
        (Cause.STAFF, "32.00", "14.40"),  # the website's goodwill
    ],
)
def test_pay_earned_before_falls_with_the_refund(
    client: Membership,
    writer: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
    cause: Cause,
    refunded: str,
    left_to_writer: str,
) -> None:
    order = orders.completed_order(client, writer)
    frozen.shift(11 * DAY)
    delivery.request_revision(order, by=actor(client), reason="Wrong")
    shown = course.cancel(order, by=actor(support), reason="Over", cause=cause, preview=True)
    assert wallet(writer) == "14.40"
    assert course.cancel(order, by=actor(support), reason="Over", cause=cause) == shown
    run_jobs()
    assert (wallet(client), wallet(writer)) == (refunded, left_to_writer)
    assert sound(order)


def test_nothing_captured_is_nothing_to_give_back(client: Membership) -> None:
    assert cancellation(order_row(client), Cause.CLIENT, NOON) == Cancellation(0, 0, 0, 0)
