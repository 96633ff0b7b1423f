"""Badges: when each is earned, and what does not count."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.errors import NotFound
from copydesk.orders.actions import delivery, staffing
from copydesk.orders.models import Order
from copydesk.payments import actions as payments
from copydesk.payments.models import Purpose
from copydesk.reports.badges import BADGES, WriterBadges, writer_badges
from copydesk.reviews.actions import submit_review
from copydesk.reviews.models import Review, Target
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, orders, tenancy, writers
from tests.factories import payments as money
from tests.factories.accounts import actor
from tests.reports.conftest import NOON

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)


def badges(who: Membership) -> WriterBadges:
    return writer_badges(actor(who))


def earned(who: Membership) -> dict[str, dt.datetime]:
    return {badge.code: badge.earned_at for badge in badges(who).earned}


def progress(who: Membership, code: str) -> int:
    [current] = [badge.current for badge in badges(who).available if badge.code == code]
    return current


def test_at_first_all_are_to_be_had(writer: Membership) -> None:
    found = badges(writer)
    assert found.earned == []
    assert {badge.code for badge in found.available} == {badge.code for badge in BADGES}
    assert {badge.current for badge in found.available} == {0}
    assert all(badge.target > 0 for badge in found.available)


def test_codes_are_distinct_and_each_step_of_a_count_is_one_badge() -> None:
    assert len({badge.code for badge in BADGES}) == len(BADGES)
    assert len({(badge.counts, badge.target) for badge in BADGES}) == len(BADGES)


def test_completed_orders(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    orders.delivered_order(client, writer)
    staffing.release(orders.order_in_progress(client, writer), by=actor(writer), reason="Too much.")
    orders.completed_order(client, writers.writer(client.website).member)
    assert "first_order" not in earned(writer)
    for _ in range(10):
        frozen.shift(HOUR)
        orders.completed_order(client, writer)
    assert earned(writer)["first_order"] == NOON + HOUR
    assert earned(writer)["orders_10"] == NOON + 10 * HOUR
    assert progress(writer, "orders_50") == 10
    codes = [badge.code for badge in badges(writer).earned]
    assert codes.index("orders_10") < codes.index("first_order")


def test_an_earned_badge_stays(client: Membership, writer: Membership) -> None:
    order = orders.completed_order(client, writer)
    delivery.request_revision(order, by=actor(client), reason="More.")
    assert "first_order" in earned(writer)


def hand_in(order: Order, writer: Membership) -> None:
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))


def test_in_time_in_a_row(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    for _ in range(9):
        hand_in(orders.order_in_progress(client, writer), writer)
    assert progress(writer, "punctual_10") == 9
    late = orders.order_in_progress(client, writer)
    due = late.writer_due_at
    assert due is not None
    frozen.move_to(due + HOUR)
    hand_in(late, writer)
    assert progress(writer, "punctual_10") == 0
    for _ in range(10):
        assert "punctual_10" not in earned(writer)
        frozen.shift(HOUR)
        hand_in(orders.order_in_progress(client, writer), writer)
    assert earned(writer)["punctual_10"] == due + 11 * HOUR
    assert progress(writer, "punctual_50") == 10
    last = orders.order_in_progress(client, writer)
    assert last.writer_due_at is not None
    frozen.move_to(last.writer_due_at + HOUR)
    hand_in(last, writer)
    assert "punctual_10" in earned(writer)
    assert progress(writer, "punctual_50") == 0


def test_months_of_the_websites_zone(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    for at in ("2026-04-01T03:59", "2026-04-01T04:00", "2026-04-20T12:00", "2026-06-01T12:00"):
        frozen.move_to(dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
        orders.completed_order(client, writer)
    assert earned(writer)["months_3"] == dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
    assert progress(writer, "months_12") == 3


def test_five_stars(client: Membership, writer: Membership, frozen: time_machine.Coordinates) -> None:
    def review(rating: int, target: Target = Target.ORDER, who: Membership = writer) -> Review:
        author = accounts.membership(client.website)
        order = orders.completed_order(author, who)
        return submit_review(order, target=target, rating=rating, text="", by=actor(author))

    review(4)
    review(5, Target.WEBSITE)
    review(5, who=writers.writer(client.website).member)
    Review.objects.of(client.website).filter(pk=review(5).pk).update(visibility="removed")
    assert progress(writer, "five_stars") == 0
    frozen.shift(HOUR)
    review(5, Target.WRITER)
    assert earned(writer)["five_stars"] == NOON + HOUR
    assert progress(writer, "top_rated") == 1


def test_a_tip(client: Membership, writer: Membership) -> None:
    money.earning(writer, 500)
    assert progress(writer, "first_tip") == 0
    charge = money.captured_charge(client, 700, purpose=Purpose.TIP)
    payments.earn_tip(charge, writer_id=writer.pk, by=actor(client))
    assert earned(writer)["first_tip"] == NOON


def test_another_websites_work_counts_there(website: Website, writer: Membership) -> None:
    borealis = tenancy.website("borealis")
    with website_scope(borealis.pk):
        orders.completed_order(accounts.membership(borealis), writers.writer(borealis).member)
    assert earned(writer) == {}


def test_who_has_no_profile(website: Website) -> None:
    with pytest.raises(NotFound):
        badges(accounts.membership(website, "writer"))
