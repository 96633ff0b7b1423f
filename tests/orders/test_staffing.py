"""Who gets an order, and who may not: each exclusion alone, limits and reasons, pay, offers, releases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid, Refusal, WrongState
from copydesk.journal.models import Event
from copydesk.orders import errors
from copydesk.orders.actions import course, delivery, requests, staffing
from copydesk.orders.models import Assignment, Cause, Offer, Order, Request, Round, Status
from copydesk.orders.tasks import approve_delivered, expire_offers
from copydesk.tenancy.policies import store_policy
from copydesk.writers.actions import choose_writer
from copydesk.writers.models import ChoiceKind, Writer
from tests.factories import orders, writers
from tests.factories.accounts import actor
from tests.jobs import queued
from tests.orders.conftest import NOON

HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


def again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


def assignments(order: Order) -> list[tuple[int, str, str, int]]:
    rows = Assignment.objects.of(order.website_id).filter(order=order).order_by("started_at", "id")
    return [(row.writer_id, row.outcome, row.cause, row.pay_minor) for row in rows]


def offers(order: Order) -> list[tuple[int, str]]:
    return list(Offer.objects.of(order.website_id).order_by("id").values_list("writer_id", "outcome"))


def profile(member: Membership) -> Writer:
    return Writer.objects.of(member.website_id).get(pk=member.pk)


def test_assigned_at_once(client: Membership, writer: Membership, support: Membership) -> None:
    order = staffing.assign(orders.available_order(client), writer.pk, by=actor(support))
    assert (order.status, order.writer_id, order.assigned_at) == (Status.IN_PROGRESS, writer.pk, NOON)
    assert order.writer_due_at == NOON + 8 * DAY
    assert assignments(order) == [(writer.pk, "", "", 1_440)]
    first = Round.objects.of(order.website_id).get()
    assert (first.kind, first.number, first.asked_at, first.due_at) == ("first", 1, NOON, NOON + 8 * DAY)


@pytest.mark.parametrize("answer", ["accepted", "declined", "expired", "withdrawn"])
def test_an_offer_is_answered_once(
    client: Membership,
    writer: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
    answer: str,
) -> None:
    order = staffing.assign(orders.available_order(client), writer.pk, by=actor(support), offer=True)
    assert (order.status, order.offered_to_id, order.offer_expires_at) == (Status.OFFERED, writer.pk, NOON + 2 * HOUR)
    assert (order.writer_id, order.writer_due_at, assignments(order)) == (None, None, [])
    frozen.shift(2 * HOUR - dt.timedelta(seconds=1))
    expire_offers(client.website)
    assert again(order).status == Status.OFFERED
    if answer == "accepted":
        staffing.accept_offer(order, by=actor(writer))
        assert order.writer_due_at == orders.clock.now() + (NOON + 10 * DAY - orders.clock.now()) * 8 / 10
    elif answer == "declined":
        staffing.decline_offer(order, by=actor(writer), reason="No time")
    elif answer == "withdrawn":
        staffing.release(order, by=actor(support), reason="A mistake")
    else:
        frozen.shift(dt.timedelta(seconds=1))
        with pytest.raises(errors.OfferExpired):
            staffing.accept_offer(order, by=actor(writer))
        expire_offers(client.website)
        expire_offers(client.website)
    order = again(order)
    assert order.status == (Status.IN_PROGRESS if answer == "accepted" else Status.AVAILABLE)
    assert (order.offered_to_id, order.offer_expires_at) == (None, None)
    assert offers(order) == [(writer.pk, answer)]
    assert assignments(order) == ([(writer.pk, "", "", 1_440)] if answer == "accepted" else [])
    for late in (staffing.accept_offer, staffing.decline_offer):
        with pytest.raises(Refusal):
            late(order, by=actor(writer))


def test_the_clock_does_not_end_a_newer_offer(
    client: Membership, writer: Membership, writer2: Membership, support: Membership
) -> None:
    order = staffing.assign(orders.available_order(client), writer.pk, by=actor(support), offer=True)
    with pytest.raises(errors.NotYet):
        staffing.expire_offer(order, by=actor(support).as_system())
    assert offers(order) == [(writer.pk, "")]


def test_the_clock_does_not_approve_before_its_time(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.delivered_order(client, writer)
    with pytest.raises(errors.NotYet):
        delivery.approve(order, by=actor(client).as_system())
    frozen.shift(7 * DAY - dt.timedelta(seconds=1))
    approve_delivered(client.website)
    assert again(order).status == Status.DELIVERED
    frozen.shift(dt.timedelta(seconds=1))
    approve_delivered(client.website)
    approve_delivered(client.website)
    assert again(order).status == Status.COMPLETED
    assert Event.objects.of(client.website).filter(verb="order.approve", role="system").count() == 1


def test_takes_are_for_websites_and_levels_that_allow_them(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client)
    junior = writers.writer(client.website, level="junior").member
    store_policy(client.website, "orders", {"takes_allowed": False})
    for each in (junior, writer):
        with pytest.raises(errors.TakesNotAllowed):
            staffing.take(order, by=actor(each))
    store_policy(client.website, "orders", {"takes_allowed": True})
    with pytest.raises(errors.TakesNotAllowed):
        staffing.take(order, by=actor(junior))
    assert (again(order).status, assignments(order)) == (Status.AVAILABLE, [])
    assert staffing.take(order, by=actor(writer)).status == Status.IN_PROGRESS


# Each exclusion alone: the writer would qualify but for it.


def _suspended(order: Order, writer: Membership) -> None:
    Writer.objects.of(writer.website).filter(pk=writer.pk).update(status="suspended", suspended_until=NOON + DAY)


def _on_leave(order: Order, writer: Membership) -> None:
    Writer.objects.of(writer.website).filter(pk=writer.pk).update(leave_from=NOON, leave_until=NOON + DAY)


def _blocked(order: Order, writer: Membership) -> None:
    choose_writer(profile(writer), ChoiceKind.BLOCK, by=actor(order.client))


def _not_qualified(order: Order, writer: Membership) -> None:
    Order.objects.of(writer.website).filter(pk=order.pk).update(level_rank=4)  # a standard writer goes up to 3


def _declined(order: Order, writer: Membership) -> None:
    Offer.objects.of(writer.website).create(
        order=order, writer=writer, pay_minor=1, offered_at=NOON, expires_at=NOON, outcome="declined"
    )


def _dropped(order: Order, writer: Membership) -> None:
    Assignment.objects.of(writer.website).create(
        order=order,
        writer=writer,
        pay_minor=1,
        tip_share_bps=1,
        policy_version=0,
        started_at=NOON - DAY,
        ended_at=NOON,
        outcome="released",
        cause="writer",
    )


def _overdue(order: Order, writer: Membership) -> None:
    late = orders.order_in_progress(order.client, writer)
    Order.objects.of(writer.website).filter(pk=late.pk).update(writer_due_at=NOON)


def _full(order: Order, writer: Membership) -> None:
    for _ in range(10):
        orders.order_in_progress(order.client, writer)


EXCLUSIONS: dict[str, Callable[[Order, Membership], None]] = {
    "suspended": _suspended,
    "on_leave": _on_leave,
    "blocked_by_client": _blocked,
    "not_qualified": _not_qualified,
    "declined_this_order": _declined,
    "has_overdue_order": _overdue,
    "over_capacity": _full,
}
BINDING = {"suspended", "on_leave", "blocked_by_client"}


@pytest.mark.parametrize("code", EXCLUSIONS)
def test_each_exclusion_alone_and_what_a_reason_does_to_it(
    client: Membership, writer: Membership, support: Membership, code: str
) -> None:
    order = orders.available_order(client)
    EXCLUSIONS[code](order, writer)
    events, jobs = Event.objects.of(client.website).count(), queued()
    tries: list[Callable[[], object]] = [
        lambda: staffing.take(again(order), by=actor(writer)),
        lambda: requests.request_order(again(order), by=actor(writer)),
        lambda: staffing.assign(again(order), writer.pk, by=actor(support)),
        lambda: staffing.assign(again(order), writer.pk, by=actor(support), offer=True),
    ]
    if code in BINDING:
        tries.append(lambda: staffing.assign(again(order), writer.pk, by=actor(support), reason="The best"))
    for act in tries:
        with pytest.raises(errors.WriterExcluded) as refused:
            act()
        assert refused.value.context == {"reason": code, "reasons": [code]}
    assert (Event.objects.of(client.website).count(), queued()) == (events, jobs)
    assert again(order).status == Status.AVAILABLE
    if code not in BINDING:
        assert staffing.assign(again(order), writer.pk, by=actor(support), reason="The best").writer_id == writer.pk


def test_who_dropped_an_order_is_not_given_it_again(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client)
    _dropped(order, writer)
    with pytest.raises(errors.WriterExcluded) as refused:
        staffing.take(order, by=actor(writer))
    assert refused.value.context["reason"] == "declined_this_order"


def test_what_is_over_excludes_nobody(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client)
    Writer.objects.of(client.website).filter(pk=writer.pk).update(
        status="suspended", suspended_until=NOON, leave_from=NOON - DAY, leave_until=NOON
    )
    choose_writer(profile(writer), ChoiceKind.FAVOUR, by=actor(client))
    assert staffing.take(order, by=actor(writer)).writer_id == writer.pk


def test_an_offer_beyond_a_limit_can_be_accepted(client: Membership, writer: Membership, support: Membership) -> None:
    """Staff gave the reason when they offered it; else an offer would be one that nobody can take."""
    order = orders.available_order(client)
    _full(order, writer)
    staffing.assign(order, writer.pk, by=actor(support), offer=True, reason="The best")
    assert staffing.accept_offer(order, by=actor(writer)).writer_id == writer.pk


def test_an_offer_within_the_limits_is_held_to_them(
    client: Membership, writer: Membership, support: Membership
) -> None:
    order = staffing.assign(orders.available_order(client), writer.pk, by=actor(support), offer=True)
    _full(order, writer)
    with pytest.raises(errors.WriterExcluded) as refused:
        staffing.accept_offer(order, by=actor(writer))
    assert refused.value.context["reason"] == "over_capacity"
    assert again(order).status == Status.OFFERED


def test_what_is_delivered_leaves_room_for_more(client: Membership, writer: Membership) -> None:
    order = orders.available_order(client)
    _full(order, writer)
    row = Order.objects.of(client.website).filter(writer=writer)[0]
    orders.work_file(row, writer)
    delivery.submit(row, by=actor(writer))
    assert staffing.take(order, by=actor(writer)).writer_id == writer.pk


@pytest.mark.parametrize("who", ["editor", "support", "nobody", "applicant"])
def test_only_admitted_writers_are_assigned(
    client: Membership, editor: Membership, support: Membership, who: str
) -> None:
    order = orders.available_order(client)
    members = {"editor": editor.pk, "support": support.pk, "nobody": 999_999}
    if who == "applicant":
        members[who] = writers.writer(client.website, status="applied").pk
    with pytest.raises(Invalid) as refused:
        staffing.assign(order, members[who], by=actor(support), reason="Trust me")
    assert [error.field for error in refused.value.errors] == ["writer_id"]


def test_pay_is_fixed_when_the_writer_starts(client: Membership, writer: Membership, support: Membership) -> None:
    before = orders.order_in_progress(client, writer)
    level = {"code": "standard", "name": "Standard", "rank": 1, "academic_rank": 9}
    writers.levels(client.website, {**level, "pay_per_page_minor": 500})
    per_page = orders.order_in_progress(client, writer)
    writers.levels(client.website, {**level, "pay_per_page_minor": 50_000})
    capped = orders.order_in_progress(client, writer)
    assert [pay for row in (before, per_page, capped) for *_, pay in assignments(row)] == [1_440, 1_000, 3_200]
    versions = Assignment.objects.of(client.website).order_by("id").values_list("policy_version", flat=True)
    assert list(versions) == [0, 1, 2]


def test_a_bid_is_the_pay_and_other_requests_are_superseded(
    client: Membership, writer: Membership, writer2: Membership, support: Membership
) -> None:
    order = orders.available_order(client)
    mine = requests.request_order(order, by=actor(writer), bid_minor=1_234)
    requests.request_order(order, by=actor(writer2))
    requests.approve_request(mine, by=actor(support))
    assert assignments(order) == [(writer.pk, "", "", 1_234)]
    assert dict(Request.objects.of(client.website).values_list("writer_id", "status")) == {
        writer.pk: "approved",
        writer2.pk: "superseded",
    }


@pytest.mark.parametrize("start", ["assign", "take", "accept"])
def test_whoever_starts_supersedes_the_requests(
    client: Membership, writer: Membership, writer2: Membership, support: Membership, start: str
) -> None:
    order = orders.available_order(client)
    requests.request_order(order, by=actor(writer2))
    if start == "take":
        staffing.take(order, by=actor(writer))
    else:
        staffing.assign(order, writer.pk, by=actor(support), offer=start == "accept")
    if start == "accept":
        staffing.accept_offer(order, by=actor(writer))
    assert Request.objects.of(client.website).get().status == "superseded"


@pytest.mark.parametrize("cause", [None, *Cause])
def test_a_release_keeps_its_cause(
    client: Membership, writer: Membership, support: Membership, cause: Cause | None
) -> None:
    order = orders.order_in_progress(client, writer)
    staffing.release(order, by=actor(support), cause=cause, reason="Moved")
    assert (order.status, order.writer_id, order.writer_due_at) == (Status.AVAILABLE, None, None)
    assert assignments(order) == [(writer.pk, "released", cause or "staff", 1_440)]
    assert Round.objects.of(client.website).get().closed_at == NOON
    event = Event.objects.of(client.website).get(verb="order.release")
    assert (event.data, event.writer_id) == ({"cause": cause or "staff", "writer_id": writer.pk}, writer.pk)


def test_a_writer_who_drops_is_the_cause_whatever_it_says(client: Membership, writer: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    staffing.release(order, by=actor(writer), cause=Cause.CLIENT, reason="Ill")
    assert assignments(order) == [(writer.pk, "released", "writer", 1_440)]


def test_a_new_writer_takes_over_in_one_step(
    client: Membership,
    writer: Membership,
    writer2: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
) -> None:
    order = orders.order_in_progress(client, writer)
    frozen.shift(5 * DAY)
    staffing.reassign(order, writer2.pk, by=actor(support), cause=Cause.WRITER, reason="Ill")
    assert (order.status, order.writer_id) == (Status.IN_PROGRESS, writer2.pk)
    assert order.writer_due_at == NOON + 9 * DAY  # 80 % of the five days left
    assert assignments(order) == [(writer.pk, "reassigned", "writer", 1_440), (writer2.pk, "", "", 1_440)]
    with pytest.raises(Invalid):
        staffing.reassign(order, writer2.pk, by=actor(support), reason="Again")


def test_past_the_clients_deadline_nobody_starts(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.available_order(client)
    held = orders.order_in_progress(client, writer)
    frozen.shift(10 * DAY)
    other = writers.writer(client.website).member
    for act in (
        lambda: staffing.assign(order, other.pk, by=actor(support)),
        lambda: staffing.assign(order, other.pk, by=actor(support), offer=True),
        lambda: staffing.take(order, by=actor(other)),
        lambda: staffing.reassign(held, other.pk, by=actor(support), reason="Late"),
    ):
        with pytest.raises(errors.DeadlinePassed):
            act()
    assert [row[1] for row in assignments(held)] == [""]
    course.extend_deadline(order, by=actor(support), reason="Client", client_deadline=NOON + 12 * DAY)
    assert staffing.assign(order, other.pk, by=actor(support)).writer_due_at == NOON + 10 * DAY + 38.4 * HOUR


def test_decisions_need_reasons(client: Membership, writer: Membership, support: Membership) -> None:
    order = orders.order_in_progress(client, writer)
    by = actor(support)
    for act in (
        lambda: staffing.release(order, by=by),
        lambda: staffing.reassign(order, 1, by=by),
        lambda: course.hold(order, by=by, reason=""),
        lambda: course.cancel(order, by=by, reason=""),
        lambda: course.extend_deadline(order, by=by, reason="", excused_hours=1),
    ):
        with pytest.raises(errors.ReasonRequired):
            act()
    assert again(order).version == order.version


def test_a_held_order_is_resumed_where_it_was(
    client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.order_in_progress(client, writer)
    course.hold(order, by=actor(support), reason="Doubt")
    frozen.shift(9 * DAY)
    assert not Order.objects.of(client.website).overdue_now(True).exists()
    with pytest.raises(WrongState):
        staffing.release(order, by=actor(writer), reason="Ill")
    course.resume(order, by=actor(support))
    assert (order.status, order.writer_due_at) == (Status.IN_PROGRESS, NOON + 17 * DAY)
