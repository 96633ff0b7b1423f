"""The two clocks, rounds, excused time and the editing decision, by hand-worked tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid
from copydesk.journal.models import Event
from copydesk.orders.actions import course, delivery, placement
from copydesk.orders.models import ExcusedTime, Order, Round, Status
from copydesk.orders.policies import OrderPolicy
from copydesk.orders.queries import deadlines
from copydesk.tenancy.policies import store_policy
from tests.factories import orders, writers
from tests.factories.accounts import actor
from tests.orders.conftest import NOON

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
DAY = 24 * HOUR
POLICY = OrderPolicy()


@pytest.mark.parametrize(
    ("left", "due_after"),
    [
        (10 * DAY, 8 * DAY),  # 80 %
        (100 * HOUR, 80 * HOUR),
        (10 * HOUR, 8 * HOUR),  # both rules say so
        (9 * HOUR, 7 * HOUR),  # 80 % would be 7 h 12: two hours before the client's
        (3 * HOUR, 1 * HOUR),
        (2 * HOUR + MINUTE, MINUTE),
        (2 * HOUR, 96 * MINUTE),  # no room for the margin: 80 % again
        (1 * HOUR, 48 * MINUTE),
    ],
)
def test_the_writer_has_four_fifths_and_ends_two_hours_before(left: dt.timedelta, due_after: dt.timedelta) -> None:
    assert deadlines.writer_due(POLICY, NOON, NOON + left) == NOON + due_after


@pytest.mark.parametrize(
    ("first_round", "agreed", "due_after"),
    [
        (8 * DAY, None, 2 * DAY),
        (16 * HOUR, None, 4 * HOUR),  # 25 % is just the least
        (15 * HOUR, None, 4 * HOUR),
        (8 * DAY, NOON + HOUR, HOUR),
        (8 * DAY, NOON + 9 * DAY, 9 * DAY),
    ],
)
def test_a_revision_is_due_as_agreed_else_after_a_quarter(
    first_round: dt.timedelta, agreed: dt.datetime | None, due_after: dt.timedelta
) -> None:
    assert deadlines.revision_due(POLICY, NOON, first_round, agreed) == NOON + due_after


@pytest.mark.usefixtures("website")
@pytest.mark.parametrize(("left", "refused"), [(3 * HOUR, False), (3 * HOUR - dt.timedelta(seconds=1), True)])
def test_an_order_is_not_placed_with_less_than_three_hours(
    client: Membership, left: dt.timedelta, refused: bool
) -> None:
    if refused:
        with pytest.raises(Invalid) as error:
            orders.unpaid_order(client, client_deadline=NOON + left)
        assert [(e.field, e.code) for e in error.value.errors] == [("client_deadline", "deadline_too_soon")]
        assert not Order.objects.of(client.website).exists()
    else:
        assert orders.unpaid_order(client, client_deadline=NOON + left).expires_at == NOON + 72 * HOUR


def test_a_website_has_its_own_times(client: Membership, writer: Membership) -> None:
    store_policy(client.website, "orders", {"writer_share_bps": 5_000, "least_lead_hours": 1, "unpaid_hours": 5})
    order = orders.order_in_progress(client, writer)
    assert order.writer_due_at == NOON + 5 * DAY
    assert order.expires_at == NOON + 5 * HOUR
    assert placement.quote_order(client.website, orders.form(), NOON + HOUR).writer_deadline == NOON + 30 * MINUTE


def rounds(order: Order) -> list[Round]:
    return list(Round.objects.of(order.website_id).filter(order=order).order_by("number"))


def excuses(order: Order) -> list[tuple[str, dt.datetime, dt.datetime | None]]:
    rows = ExcusedTime.objects.of(order.website_id).filter(round__order=order).order_by("id")
    return [(row.kind, row.since, row.until) for row in rows]


def test_a_later_deadline_gives_the_writer_its_share(
    client: Membership, writer: Membership, support: Membership
) -> None:
    order = orders.order_in_progress(client, writer)
    course.extend_deadline(order, by=actor(support), reason="Client", client_deadline=NOON + 20 * DAY)
    assert (order.client_deadline, order.writer_due_at) == (NOON + 20 * DAY, NOON + 16 * DAY)
    assert (rounds(order)[0].due_at, excuses(order)) == (NOON + 16 * DAY, [])


def test_a_deadline_shortened_without_consent_is_excused_and_only_once(
    client: Membership, writer: Membership, support: Membership
) -> None:
    order = orders.order_in_progress(client, writer)  # due after 8 days

    def move(days: int) -> None:
        course.extend_deadline(order, by=actor(support), reason="Client", client_deadline=NOON + days * DAY)

    move(5)
    assert rounds(order)[0].due_at == NOON + 4 * DAY
    assert excuses(order) == [("shortened", NOON + 4 * DAY, NOON + 8 * DAY)]
    assert order.writer_due_at == NOON + 8 * DAY
    move(2)  # 38.4 h; what it loses counts from the eight days still
    due = NOON + 2 * DAY * 8 / 10
    assert excuses(order) == [("shortened", due, NOON + 8 * DAY)]
    assert order.writer_due_at == NOON + 8 * DAY
    move(10)  # back to where it was: nothing is excused, and nothing is left over
    assert (rounds(order)[0].excused, excuses(order)) == (dt.timedelta(), [])
    assert order.writer_due_at == NOON + 8 * DAY


def test_an_excuse_points_to_its_event(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    course.extend_deadline(order, by=actor(support), reason="Files are missing", excused_hours=5)
    excuse = ExcusedTime.objects.of(order.website_id).get()
    event = Event.objects.of(order.website_id).get(pk=excuse.event_id)
    assert (event.verb, event.data) == ("order.extend_deadline", {"excused_hours": 5})
    assert excuses(order) == [("granted", NOON, NOON + 5 * HOUR)]
    assert order.writer_due_at == NOON + 8 * DAY + 5 * HOUR


def test_time_on_hold_is_excused_in_each_round_it_happened_in(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.delivered_order(client, writer)
    delivery.request_revision(order, by=actor(client), reason="Longer")
    due = order.writer_due_at
    assert due == NOON + 2 * DAY
    course.hold(order, by=actor(support), reason="Holiday")
    frozen.shift(3 * HOUR)
    course.resume(order, by=actor(support))
    assert (order.status, order.writer_due_at) == (Status.REVISION, due + 3 * HOUR)
    assert [row.excused for row in rounds(order)] == [dt.timedelta(), 3 * HOUR]
    course.hold(order, by=actor(support), reason="Again")
    frozen.shift(HOUR)
    course.resume(order, by=actor(support))
    assert order.writer_due_at == due + 4 * HOUR


def test_hold_where_nobody_writes_excuses_nobody(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    for make in (orders.available_order, lambda c: orders.order_in_editing(c, writer)):
        order = make(client)
        was = order.status
        course.hold(order, by=actor(support), reason="Doubt")
        frozen.shift(HOUR)
        course.resume(order, by=actor(support))
        assert (order.status, order.writer_due_at, excuses(order)) == (was, None, [])


def test_a_deadline_moved_while_on_hold_counts_with_the_time_held(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.order_in_progress(client, writer)
    course.hold(order, by=actor(support), reason="Doubt")
    frozen.shift(6 * HOUR)
    course.extend_deadline(order, by=actor(support), reason="Client", client_deadline=NOON + 20 * DAY)
    course.resume(order, by=actor(support))
    assert order.writer_due_at == NOON + 16 * DAY + 6 * HOUR == rounds(order)[0].due_with_excuse


def test_late_is_what_comes_after_the_due_time_with_its_excuse(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    late: dict[str, bool] = {}
    for name, shift in {"on time": 8 * DAY + 5 * HOUR, "late": 8 * DAY + 5 * HOUR + MINUTE}.items():
        frozen.move_to(NOON)
        order = orders.order_in_progress(client, writer)
        course.extend_deadline(order, by=actor(support), reason="Files", excused_hours=5)
        orders.work_file(order, writer)
        frozen.shift(shift)
        delivery.submit(order, by=actor(writer))
        late[name] = Event.objects.of(order.website_id).filter(verb="order.submit").order_by("-id")[0].data["late"]
    assert late == {"on time": False, "late": True}


@pytest.mark.parametrize(
    ("wish", "left", "completed", "pages", "by_default", "expected"),
    [
        (True, HOUR, 0, 2, False, (True, "wish")),  # a wish decides, even with an hour left
        (False, 9 * DAY, 0, 30, True, (False, "wish")),
        (None, 24 * HOUR - MINUTE, 0, 30, True, (False, "too_little_time")),
        (None, 24 * HOUR, 0, 2, False, (True, "new_writer")),
        (None, 9 * DAY, 2, 2, False, (True, "new_writer")),
        (None, 9 * DAY, 3, 2, False, (False, "website_default")),
        (None, 9 * DAY, 3, 18, False, (False, "website_default")),  # 288.00
        (None, 9 * DAY, 3, 19, False, (True, "high_value")),  # 304.00
        (None, 9 * DAY, 3, 2, True, (True, "website_default")),
    ],
)
def test_the_editing_decision_and_its_reason(
    client: Membership,
    frozen: time_machine.Coordinates,
    wish: bool | None,
    left: dt.timedelta,
    completed: int,
    pages: int,
    by_default: bool,
    expected: tuple[bool, str],
) -> None:
    writer = writers.writer(client.website).member
    if by_default:
        store_policy(client.website, "orders", {"edits_by_default": True})
    for _ in range(completed):
        orders.completed_order(client, writer)
    order = orders.order_in_progress(client, writer, requires_editing=wish, pages=pages)
    orders.work_file(order, writer)
    frozen.move_to(order.client_deadline - left)
    delivery.submit(order, by=actor(writer))
    assert (order.editing, order.editing_reason) == expected
    assert order.status == (Status.EDITING if expected[0] else Status.DELIVERED)


def test_exactly_three_hundred_is_of_high_value(client: Membership) -> None:
    writer = writers.writer(client.website).member
    store_policy(client.website, "orders", {"editing_value_minor": 3_200, "editing_first_orders": 0})
    order = orders.delivered_order(client, writer, requires_editing=None)
    assert (order.price_minor, order.status, order.editing_reason) == (3_200, Status.EDITING, "high_value")


def test_only_the_first_delivery_is_the_orders(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.delivered_order(client, writer)
    frozen.shift(3 * DAY)
    delivery.request_revision(order, by=actor(client), reason="Longer")
    orders.work_file(order, writer)
    frozen.shift(DAY)
    delivery.submit(order, by=actor(writer))
    assert order.delivered_at == NOON
    assert [row.delivered_at for row in rounds(order)] == [NOON, NOON + 4 * DAY]
    assert (order.revision_until, order.approve_at) == (NOON + 18 * DAY, NOON + 11 * DAY)


def test_a_filter_value_for_overdue(client: Membership, writer: Membership, frozen: Any) -> None:
    order = orders.order_in_progress(client, writer)
    due = order.writer_due_at
    assert due is not None
    for at, late in ((due - dt.timedelta(seconds=1), False), (due, True)):
        frozen.move_to(at)
        assert order.is_overdue(at) == late
        assert Order.objects.of(client.website).overdue_now(True).exists() == late
        assert Order.objects.of(client.website).overdue_now(False).exists() != late
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    assert not order.is_overdue(due + DAY)
    assert Order.objects.of(client.website).overdue_now(False).count() == 1
