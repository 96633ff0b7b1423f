"""The timeline of one order: complete, without a gap, and nobody in it whom the reader does not know."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.journal.actions import record
from copydesk.journal.models import Event
from copydesk.journal.queries import activity, visible_events
from copydesk.orders.actions import course, delivery, messages, staffing
from copydesk.orders.models import Order
from copydesk.orders.queries.timeline import OrderTimeline, TimeSpent, order_timeline
from copydesk.payments.actions import approve_payout, pay_payout, prepare_payout
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.writers.models import Writer
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


@pytest.fixture
def lived(
    client: Membership, support: Membership, writer: Membership, writer2: Membership, frozen: time_machine.Coordinates
) -> Order:
    """Offered and declined, begun by one writer and finished by another, held, revised once, completed: 40 hours."""
    staff = actor(support)
    order = orders.available_order(client)
    frozen.shift(1 * HOUR)  # available
    staffing.assign(order, writer2.pk, by=staff, offer=True, reason="Has time.")
    frozen.shift(1 * HOUR)  # offered
    staffing.decline_offer(again(order), by=actor(writer2), reason="Too dull.")
    frozen.shift(2 * HOUR)  # available
    staffing.assign(again(order), writer.pk, by=staff)
    frozen.shift(3 * HOUR)  # in progress
    course.hold(again(order), by=staff, reason="The brief is unclear.")
    frozen.shift(4 * HOUR)  # on hold
    course.resume(again(order), by=staff)
    frozen.shift(5 * HOUR)  # in progress
    third = writers.writer(client.website).member
    staffing.reassign(again(order), third.pk, by=staff, reason="Ill.")
    frozen.shift(6 * HOUR)  # in progress
    messages.write_message(again(order), "How is it?", by=actor(client))
    orders.work_file(order, third)
    delivery.submit(again(order), by=actor(third))
    frozen.shift(7 * HOUR)  # delivered
    delivery.request_revision(again(order), by=actor(client), reason="Longer.")
    frozen.shift(8 * HOUR)  # revision
    orders.work_file(order, third)
    delivery.submit(again(order), by=actor(third))
    frozen.shift(3 * HOUR)  # delivered
    delivery.approve(again(order), by=actor(client))
    frozen.shift(9 * HOUR)
    return again(order)


def verbs(found: OrderTimeline) -> list[str]:
    return [entry.verb for entry in found.entries]


class TestComplete:
    def test_every_event_of_the_order_stands_in_it_in_order(self, lived: Order, admin: Membership) -> None:
        found = order_timeline(actor(admin), lived)
        events = Event.objects.of(lived.website_id).about("order", lived.pk).order_by("pk")
        assert [entry.id for entry in found.entries] == [event.pk for event in events]
        assert [entry.number for entry in found.entries] == list(range(1, len(events) + 1))
        assert [entry.at for entry in found.entries] == sorted(entry.at for entry in found.entries)
        steps = [verb for verb in verbs(found) if verb.startswith("order.")]
        assert steps == [
            "order.place", "order.pay", "order.offer", "order.decline", "order.assign", "order.hold", "order.resume",
            "order.reassign", "order.submit", "order.request_revision", "order.submit", "order.approve",
        ]  # fmt: skip
        assert {"charge.capture", "message.post", "earning.create"} <= set(verbs(found))

    def test_another_orders_events_do_not(self, lived: Order, client: Membership, admin: Membership) -> None:
        before = order_timeline(actor(admin), lived)
        orders.available_order(client)
        stranger = accounts.membership(tenancy.website("beacon"))
        orders.available_order(stranger)
        assert order_timeline(actor(admin), lived) == before

    def test_ends_when_the_writer_is_paid(
        self, lived: Order, admin: Membership, support: Membership, frozen: time_machine.Coordinates
    ) -> None:
        frozen.shift(15 * DAY)
        website, boss = lived.website, actor(admin)
        store_policy(website, "payouts", {"threshold_minor": 1})
        second = actor(accounts.membership(website, "admin"))
        batch = prepare_payout(website, by=boss)
        assert "payout_statement.pay" not in verbs(order_timeline(boss, lived))
        pay_payout(approve_payout(batch, by=second), by=second)
        last = order_timeline(boss, lived).entries[-1]
        assert (last.verb, last.subject_type) == ("payout_statement.pay", "payout_statement")
        assert last.writer is not None
        assert last.writer.id == lived.writer_id
        assert "payout_statement.pay" not in verbs(order_timeline(actor(lived.client), lived))
        read = [activity(Role.SUPPORT, event) for event in visible_events(actor(support)).order_by("id")]
        paid = {one.verb: one.data for one in read if one.verb.startswith(("earning", "payout"))}
        assert list(paid) == [
            "earning.create", "payout.prepare", "payout.approve", "payout.pay", "payout_statement.pay",
        ]  # fmt: skip
        assert not [data for data in paid.values() if {"amount", "total"} & set(data)]


class TestGapless:
    def test_each_status_begins_where_the_last_one_ended(self, lived: Order, admin: Membership) -> None:
        found = order_timeline(actor(admin), lived)
        assert [(stage.status, stage.hours, stage.waiting_on) for stage in found.stages] == [
            ("unpaid", 0.0, "payment"),
            ("available", 1.0, "support"),
            ("offered", 1.0, "writer"),
            ("available", 2.0, "support"),
            ("in_progress", 3.0, "writer"),
            ("on_hold", 4.0, "support"),
            ("in_progress", 11.0, "writer"),
            ("delivered", 7.0, "client"),
            ("revision", 8.0, "writer"),
            ("delivered", 3.0, "client"),
            ("completed", None, None),
        ]
        assert [stage.since for stage in found.stages[1:]] == [stage.until for stage in found.stages[:-1]]
        assert (found.stages[0].since, found.stages[-1].until) == (lived.placed_at, None)
        assert found.stages[-1].since == lived.completed_at
        began = {entry.id: entry for entry in found.entries}
        assert [began[stage.began_by].after for stage in found.stages] == [stage.status for stage in found.stages]
        assert found.unbroken
        assert found.spent == [
            TimeSpent("writer", 23.0),
            TimeSpent("client", 10.0),
            TimeSpent("support", 7.0),
            TimeSpent("payment", 0.0),
        ]

    def test_an_open_one_goes_on_until_now(
        self, client: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = orders.available_order(client)
        frozen.shift(90 * dt.timedelta(minutes=1))
        last = order_timeline(actor(admin), order).stages[-1]
        assert (last.status, last.hours, last.until, last.waiting_on) == ("available", 1.5, None, "support")

    def test_a_completed_one_that_is_taken_up_again_waited_on_nobody(self, lived: Order, admin: Membership) -> None:
        delivery.request_revision(lived, by=actor(admin), reason="A mistake was found.")
        stages = order_timeline(actor(admin), again(lived)).stages
        assert [(stage.status, stage.hours, stage.waiting_on) for stage in stages[-2:]] == [
            ("completed", 9.0, None),
            ("revision", 0.0, "writer"),
        ]

    @pytest.mark.parametrize(("before", "after"), [("delivered", "completed"), ("completed", "cancelled")])
    def test_a_step_that_does_not_fit_is_told(self, lived: Order, admin: Membership, before: str, after: str) -> None:
        record("order.cancel", lived, by=actor(admin), before=before, after=after)
        assert order_timeline(actor(admin), lived).unbroken is False


class TestMasks:
    def people(self, found: OrderTimeline) -> set[tuple[str, str | None]]:
        seen = [found.client, found.writer, *(one for entry in found.entries for one in (entry.actor, entry.writer))]
        return {(one.label, one.email) for one in seen if one}

    def test_staff_know_everybody(
        self, lived: Order, support: Membership, writer: Membership, writer2: Membership, client: Membership
    ) -> None:
        found = order_timeline(actor(support), lived)
        assert found.client is not None
        assert (found.client.label, found.client.name) == (f"Client {client.number}", client.user.full_name)
        assert {email for _, email in self.people(found)} >= {
            one.user.email for one in (client, support, writer, writer2)
        }
        assert (f"Support {support.number}", support.user.email) in self.people(found)
        decline = next(entry for entry in found.entries if entry.verb == "order.decline")
        assert decline.actor is not None
        assert decline.writer is not None
        assert decline.actor.id == decline.writer.id == writer2.pk

    def test_a_superadmin_acts_as_nobody_of_the_website(self, lived: Order, admin: Membership) -> None:
        boss = Actor(lived.website, Role.SUPERADMIN, user_id=accounts.superadmin().pk)
        course.archive(lived, by=boss)
        last = order_timeline(actor(admin), lived).entries[-1]
        assert (last.verb, last.actor_label, last.actor) == ("order.archive", "superadmin", None)

    def test_a_client_knows_writers_by_pen_name(self, lived: Order, client: Membership) -> None:
        found = order_timeline(actor(client), lived)
        assert {email for label, email in self.people(found) if not label.startswith("Client")} == {None}
        assert (f"Client {client.number}", client.user.email) in self.people(found)
        assert not {"order.offer", "order.decline", "earning.create"} & set(verbs(found))
        assert {entry.actor for entry in found.entries if entry.actor_label == "support"} == {None}
        assert found.unbroken is None
        assert all("late" not in entry.data for entry in found.entries)

    def test_a_writer_knows_clients_by_number_and_no_other_writer(
        self, lived: Order, client: Membership, writer: Membership
    ) -> None:
        found = order_timeline(actor(writer), lived)
        assert self.people(found) <= {
            (f"Client {client.number}", None),
            (pen_name(writer), writer.user.email),
        }
        assert found.writer is None
        assert "charge.capture" not in verbs(found)
        assert {entry.writer.id for entry in found.entries if entry.writer} == {writer.pk}

    def test_an_editor_knows_nobody(self, lived: Order, editor: Membership) -> None:
        found = order_timeline(actor(editor), lived)
        assert self.people(found) == set()


def pen_name(writer: Membership) -> str:
    return Writer.objects.of(writer.website).get(pk=writer.pk).pen_name


def test_it_costs_two_statements_however_long(
    lived: Order, website: Website, admin: Membership, client: Membership, writer: Membership
) -> None:
    def cost(order: Order) -> int:
        with CaptureQueriesContext(connection) as sent:
            order_timeline(actor(admin), order)
        return len(sent)

    assert cost(orders.available_order(client)) == cost(lived) == 2
