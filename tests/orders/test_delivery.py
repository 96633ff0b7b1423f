"""Work goes to the client and back."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.errors import WrongState
from copydesk.journal.models import Event
from copydesk.orders import errors
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.models import Assignment, Cause, Order, Round, Status
from copydesk.payments.models import Earning
from copydesk.writers.models import Writer
from tests.factories import accounts, orders
from tests.factories.accounts import actor

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def verbs(order: Order) -> list[str]:
    return list(
        Event.objects.of(order.website_id).about("order", order.pk).order_by("id").values_list("verb", flat=True)
    )


def test_an_order_runs_from_placement_to_pay(client: Membership, writer: Membership) -> None:
    order = orders.completed_order(client, writer)
    assert order.status == Status.COMPLETED
    assert order.price_minor == 3_200
    earning = Earning.objects.of(order.website_id).get()
    assert (earning.writer_id, earning.amount_minor) == (writer.pk, 1_440)  # 45 % of 32.00
    assert earning.payable_at == order.completed_at + 14 * DAY
    assert [verb for verb in verbs(order) if verb.startswith("order.")] == [
        "order.place",
        "order.pay",
        "order.assign",
        "order.submit",
        "order.approve",
    ]
    assignment = Assignment.objects.of(order.website_id).get()
    assert (assignment.outcome, assignment.pay_minor) == ("completed", 1_440)


def test_work_without_a_file_of_the_round_is_refused(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    before = verbs(order)
    with pytest.raises(errors.NoFile):
        delivery.submit(order, by=actor(writer))
    assert order.status == Status.IN_PROGRESS
    assert verbs(order) == before


def test_editing_returns_and_passes(client: Membership, writer: Membership, editor: Membership) -> None:
    order = orders.order_in_editing(client, writer)
    assert (order.status, order.editing, order.editing_reason) == (Status.EDITING, True, "wish")
    delivery.return_work(order, by=actor(editor), reason="No sources.", changes_required=["Add sources"])
    assert order.status == Status.IN_PROGRESS
    second = Round.objects.of(order.website_id).get(number=2)
    assert (second.kind, second.cause, second.changes_required) == ("return", Cause.WRITER, ["Add sources"])
    assert order.writer_due_at == second.due_at
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    delivery.pass_work(order, by=actor(editor))
    assert order.status == Status.DELIVERED
    assert order.delivered_at is not None


def test_a_revision_is_due_after_a_quarter_of_the_first_rounds_time(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.delivered_order(client, writer)
    frozen.shift(DAY)
    delivery.request_revision(order, by=actor(client), reason="Too short", severity="major")
    revision = Round.objects.of(order.website_id).get(number=2)
    assert revision.due_at - revision.asked_at == 8 * DAY / 4  # the first round had 80 % of ten days
    assert (order.status, order.approve_at, order.writer_due_at) == (Status.REVISION, None, revision.due_at)


def test_the_client_may_ask_for_a_revision_for_fourteen_days_staff_for_ever(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.delivered_order(client, writer)
    frozen.shift(14 * DAY)
    with pytest.raises(errors.RevisionWindowClosed):
        delivery.request_revision(order, by=actor(client), reason="Late thought")
    assert order.status == Status.DELIVERED
    delivery.request_revision(order, by=actor(support), reason="Agreed", cause=Cause.CLIENT)
    assert order.status == Status.REVISION


def test_pay_is_earned_once_whatever_happens_after_the_first_completion(client: Membership, writer: Membership) -> None:
    order = orders.completed_order(client, writer)
    completed_at = order.completed_at
    delivery.request_revision(order, by=actor(client), reason="One more")
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    delivery.approve(order, by=actor(client))
    assert Earning.objects.of(order.website_id).count() == 1
    assert order.completed_at == completed_at


def test_a_writer_completes_an_order_once(
    client: Membership, writer: Membership, writer2: Membership, support: Membership
) -> None:
    def counted() -> list[int]:
        rows = Writer.objects.of(writer.website_id)
        return [rows.get(pk=one.pk).completed_orders for one in (writer, writer2)]

    def again(order: Order, by: Membership) -> None:
        delivery.request_revision(order, by=actor(client), reason="Longer.")
        orders.work_file(order, by)
        delivery.approve(delivery.submit(order, by=actor(by)), by=actor(client))

    order = orders.completed_order(client, writer)
    assert counted() == [1, 0]
    again(order, writer)
    assert counted() == [1, 0]
    delivery.request_revision(order, by=actor(client), reason="Shorter.")
    staffing.reassign(order, writer2.pk, by=actor(support), cause=Cause.WRITER, reason="Silent.")
    orders.work_file(order, writer2)
    delivery.approve(delivery.submit(order, by=actor(writer2)), by=actor(client))
    assert counted() == [1, 1]
    again(order, writer2)
    assert counted() == [1, 1]
    assert Earning.objects.of(client.website_id).filter(kind="pay").count() == 2


def test_each_writers_first_completion_may_be_disputed(
    client: Membership,
    writer: Membership,
    writer2: Membership,
    support: Membership,
    noon: dt.datetime,
    frozen: time_machine.Coordinates,
) -> None:
    """Fourteen days from it, as its pay waits; the same writer's next delivery gives no more."""
    order = orders.completed_order(client, writer)
    assert (order.completed_at, order.dispute_until) == (noon, noon + 336 * HOUR)
    frozen.shift(120 * HOUR)
    delivery.request_revision(order, by=actor(client), reason="Shorter.")
    staffing.reassign(order, writer2.pk, by=actor(support), cause=Cause.WRITER, reason="Silent.")
    for at_work in (writer2, writer2):
        if order.status == Status.COMPLETED:
            frozen.shift(HOUR)
            delivery.request_revision(order, by=actor(client), reason="Shorter.")
        orders.work_file(order, at_work)
        delivery.approve(delivery.submit(order, by=actor(at_work)), by=actor(client))
        assert (order.completed_at, order.dispute_until) == (noon, noon + (120 + 336) * HOUR)
    pay = Earning.objects.of(client.website_id).get(writer=writer2)
    assert pay.payable_at == order.dispute_until


def test_another_client_may_not_approve(client: Membership, writer: Membership) -> None:
    order = orders.delivered_order(client, writer)
    stranger = accounts.membership(client.website)
    with pytest.raises(errors.NotYours):
        delivery.approve(order, by=actor(stranger))
    assert order.status == Status.DELIVERED


def test_a_held_order_gives_the_writer_its_time_back(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.order_in_progress(client, writer)
    due = order.writer_due_at
    assert due is not None
    course.hold(order, by=actor(support), reason="Client is silent")
    frozen.shift(6 * HOUR)
    with pytest.raises(WrongState):
        delivery.submit(order, by=actor(writer))
    course.resume(order, by=actor(support))
    assert (order.status, order.held_from) == (Status.IN_PROGRESS, "")
    assert order.writer_due_at == due + 6 * HOUR
    assert staffing.current_round(order).excused == 6 * HOUR  # type: ignore[union-attr]
