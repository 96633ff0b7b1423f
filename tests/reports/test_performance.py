"""How well a writer has worked: for each condition a row that would count but for it."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.numbers import Rate
from copydesk.core.period import Compare, Granularity
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.models import Cause, Order, Status
from copydesk.reports.performance import Stars, WriterPerformance, writer_performance
from copydesk.reviews.actions import submit_review
from copydesk.reviews.models import Review, Target
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, tenancy
from tests.factories.accounts import actor
from tests.factories.writers import writer as new_writer
from tests.reports.conftest import NOON
from tests.reports.test_clients import DAY, HOUR, TICK, march

NONE = Rate(None, 0, 0)


def performance(
    who: Membership, compare: Compare = Compare.PREVIOUS, granularity: Granularity = Granularity.DAY
) -> WriterPerformance:
    return writer_performance(actor(who), march(granularity, compare))


@pytest.fixture
def staff(website: Website) -> Actor:
    return actor(accounts.membership(website, "admin"))


def again(order: Order, writer: Membership) -> Order:
    """The next round is handed in."""
    orders.work_file(order, writer)
    return delivery.submit(order, by=actor(writer))


def test_nothing_yet(writer: Membership) -> None:
    found = performance(writer)
    assert (found.completed.current, found.delivered.current, found.rating) == (0, 0, None)
    assert {
        found.completion_rate,
        found.on_time_rate,
        found.revision_rate,
        found.dispute_rate,
        found.acceptance_rate,
    } == {NONE}
    assert found.reviews == Stars(None, 0)
    assert len(found.trend) == 31
    assert {point.figures.on_time_rate for point in found.trend} == {NONE}


@pytest.mark.parametrize(
    ("at", "current", "previous"),
    [(march().since - TICK, 0, 1), (march().since, 1, 0), (march().until - TICK, 1, 0), (march().until, 0, 0)],
)
def test_completed_within_the_period(
    client: Membership,
    writer: Membership,
    frozen: time_machine.Coordinates,
    at: dt.datetime,
    current: int,
    previous: int,
) -> None:
    frozen.move_to(at)
    orders.completed_order(client, writer)
    found = performance(writer)
    assert (found.completed.current, found.completed.previous) == (current, previous)
    assert (found.delivered.current, found.delivered.previous) == (current, previous)
    assert found.before is not None
    assert found.before.completion_rate.denominator == found.before.on_time_rate.denominator == previous
    assert sum(point.figures.completed for point in found.trend) == current


def test_completion_rate(client: Membership, writer: Membership, staff: Actor) -> None:
    """Three completed, one dropped, one taken off for the writer's cause, one cancelled for it; the others say nothing
    against the writer."""
    for _ in range(3):
        orders.completed_order(client, writer)
    orders.completed_order(client, new_writer(client.website).member)
    orders.delivered_order(client, writer)
    orders.order_in_progress(client, writer)
    started = [orders.order_in_progress(client, writer) for _ in range(6)]
    other = new_writer(client.website).member
    staffing.release(started[0], by=actor(writer), reason="Too much.")
    staffing.release(started[1], by=staff, cause=Cause.STAFF, reason="Needed elsewhere.")
    staffing.reassign(started[2], other.pk, by=staff, cause=Cause.WRITER, reason="Silent.")
    staffing.reassign(started[3], other.pk, by=staff, cause=Cause.CLIENT, reason="Wish.")
    course.cancel(started[4], by=staff, cause=Cause.WRITER, reason="Nothing was done.")
    course.cancel(started[5], by=staff, cause=Cause.CLIENT, reason="Wish.")
    assert performance(writer).completion_rate == Rate(0.5, 3, 6)


def test_a_revision_after_completion_is_no_second_completion(
    client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    order = orders.completed_order(client, writer)
    delivery.request_revision(order, by=actor(client), reason="Longer.")
    assert performance(writer).completion_rate == Rate(1.0, 1, 1)
    frozen.shift(DAY)
    delivery.approve(again(order, writer), by=actor(client))
    found = performance(writer)
    assert found.completion_rate == Rate(1.0, 1, 1)
    assert [str(point.on) for point in found.trend if point.figures.completed] == ["2026-03-20"]


def test_who_takes_over_after_completion_completes_it_too(
    client: Membership, writer: Membership, staff: Actor, frozen: time_machine.Coordinates
) -> None:
    order = orders.completed_order(client, writer)
    frozen.shift(HOUR)
    delivery.request_revision(order, by=actor(client), reason="Longer.")
    other = new_writer(client.website).member
    staffing.reassign(order, other.pk, by=staff, cause=Cause.STAFF, reason="On leave.")
    assert performance(other).completion_rate == NONE
    frozen.shift(DAY)
    delivery.approve(again(order, other), by=actor(client))
    assert performance(writer).completion_rate == performance(other).completion_rate == Rate(1.0, 1, 1)
    assert performance(writer).revision_rate == Rate(1.0, 1, 1)
    assert performance(other).revision_rate == Rate(0.0, 0, 1)


def test_on_time_rate(client: Membership, writer: Membership, staff: Actor, frozen: time_machine.Coordinates) -> None:
    ontime, late, excused, _never = (orders.order_in_progress(client, writer) for _ in range(4))
    other = new_writer(client.website).member
    foreign = orders.order_in_progress(client, other)
    for order, who in ((ontime, writer), (late, writer), (excused, writer), (foreign, other)):
        orders.work_file(order, who)
    course.extend_deadline(excused, by=staff, reason="Files were missing.", excused_hours=1)
    due = ontime.writer_due_at
    assert due is not None
    frozen.move_to(due)
    delivery.submit(ontime, by=actor(writer))
    frozen.move_to(due + TICK)
    delivery.submit(late, by=actor(writer))
    frozen.move_to(due + HOUR)
    delivery.submit(excused, by=actor(writer))
    delivery.submit(foreign, by=actor(other))
    assert performance(writer).on_time_rate == Rate(0.667, 2, 3)


def test_revision_rate(client: Membership, writer: Membership, staff: Actor, frozen: time_machine.Coordinates) -> None:
    frozen.move_to(march().since - TICK)
    before = orders.delivered_order(client, writer)
    frozen.move_to(NOON)
    caused, twice, changed, _plain = (orders.delivered_order(client, writer) for _ in range(4))
    editor = actor(accounts.membership(client.website, "editor"))
    orders.order_in_editing(client, writer)
    returned = delivery.return_work(orders.order_in_editing(client, writer), by=editor, reason="Style.")
    delivery.pass_work(again(returned, writer), by=editor)
    delivery.request_revision(before, by=staff, reason="Sources.")
    delivery.request_revision(caused, by=actor(client), reason="Sources.")
    delivery.request_revision(twice, by=actor(client), reason="Sources.")
    delivery.request_revision(again(twice, writer), by=actor(client), reason="Again.")
    delivery.request_revision(changed, by=staff, reason="New wish.", cause=Cause.CLIENT)
    found = performance(writer)
    assert found.revision_rate == Rate(0.4, 2, 5)
    assert found.before is not None
    assert found.before.revision_rate == Rate(1.0, 1, 1)


def test_dispute_rate(client: Membership, writer: Membership, staff: Actor, frozen: time_machine.Coordinates) -> None:
    def dispute(order: Order) -> None:
        course.dispute(order, by=actor(client), dispute_reason="quality_issue", statement="Poor.")

    delivered, completed, _plain = (orders.delivered_order(client, writer) for _ in range(3))
    delivery.approve(completed, by=actor(client))
    other = new_writer(client.website).member
    handed = orders.delivered_order(client, writer)
    unwritten = orders.order_in_progress(client, writer)
    frozen.shift(HOUR)
    delivery.request_revision(handed, by=actor(client), reason="More.")
    staffing.reassign(handed, other.pk, by=staff, cause=Cause.STAFF, reason="Ill.")
    frozen.shift(HOUR)
    for order in (delivered, completed, unwritten, handed):
        dispute(order)
    assert performance(writer).dispute_rate == Rate(0.5, 2, 4)
    assert performance(other).dispute_rate == NONE


def test_a_dispute_about_a_later_writer_changes_nothing_of_the_first(
    client: Membership, writer: Membership, staff: Actor, frozen: time_machine.Coordinates
) -> None:
    """Who had it when it was disputed first, and had it no more when it was disputed again."""

    def dispute() -> None:
        frozen.shift(HOUR)
        course.dispute(order, by=actor(client), dispute_reason="quality_issue", statement="Poor.")

    order = orders.delivered_order(client, writer)
    dispute()
    course.settle_dispute(order, by=staff, to=Status.AVAILABLE, cause=Cause.WRITER)
    other = new_writer(client.website).member
    frozen.shift(HOUR)
    staffing.assign(order, other.pk, by=staff)
    again(order, other)
    assert (performance(writer).dispute_rate, performance(other).dispute_rate) == (Rate(1.0, 1, 1), Rate(0.0, 0, 1))
    dispute()
    assert (performance(writer).dispute_rate, performance(other).dispute_rate) == (Rate(1.0, 1, 1), Rate(1.0, 1, 1))


def test_acceptance_rate(
    client: Membership, writer: Membership, staff: Actor, frozen: time_machine.Coordinates
) -> None:
    offered = [orders.available_order(client) for _ in range(6)]
    frozen.move_to(march().since - 2 * HOUR - TICK)
    early = staffing.assign(offered.pop(), writer.pk, by=staff, offer=True)
    staffing.decline_offer(early, by=actor(writer))
    frozen.move_to(NOON)
    for order in offered:
        staffing.assign(order, writer.pk, by=staff, offer=True)
    other = new_writer(client.website).member
    theirs = staffing.assign(orders.available_order(client), other.pk, by=staff, offer=True)
    staffing.decline_offer(theirs, by=actor(other))
    accepted, declined, expired, withdrawn, _open = offered
    staffing.accept_offer(accepted, by=actor(writer))
    staffing.decline_offer(declined, by=actor(writer))
    staffing.release(withdrawn, by=staff, reason="Another idea.")
    frozen.shift(2 * HOUR)
    staffing.expire_offer(expired, by=Actor.system(client.website))
    found = performance(writer)
    assert found.acceptance_rate == Rate(0.333, 1, 3)
    assert found.before is not None
    assert found.before.acceptance_rate == Rate(0.0, 0, 1)


def test_reviews(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    def review(rating: int, target: Target = Target.ORDER, who: Membership = writer) -> Review:
        order = orders.completed_order(client, who)
        return submit_review(order, target=target, rating=rating, text="", by=actor(client))

    frozen.move_to(march().since - TICK)
    review(1)
    frozen.move_to(NOON)
    review(5)
    review(4, Target.WRITER)
    review(1, Target.WEBSITE)
    review(1, who=new_writer(client.website).member)
    Review.objects.of(client.website).filter(pk=review(1).pk).update(status="pending")
    found = performance(writer)
    assert (found.reviews, found.before and found.before.reviews) == (Stars(4.5, 2), Stars(1.0, 1))
    assert {str(point.on): point.figures.reviews for point in found.trend}["2026-03-20"] == Stars(4.5, 2)


def test_another_websites_work_is_not_ours(website: Website, writer: Membership) -> None:
    other = tenancy.website("borealis")
    with website_scope(other.pk):
        orders.completed_order(accounts.membership(other), new_writer(other).member)
    found = performance(writer)
    assert (found.completed.current, found.on_time_rate, found.reviews.n) == (0, NONE, 0)
    assert performance(writer, Compare.NONE).before is None
