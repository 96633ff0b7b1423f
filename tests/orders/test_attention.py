"""Overdue, at risk, stuck: for each condition an order that is so, and one that misses it by nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.orders.actions import course, delivery, messages, placement, requests, staffing
from copydesk.orders.actions.kept import keep_dwells
from copydesk.orders.models import Dwell, Order, Round, Status
from copydesk.orders.queries.attention import OVERDUE_TABS, STUCK_TABS, Turn, attention
from copydesk.orders.queries.late import band_of, overdue_orders, overdue_rows
from copydesk.orders.queries.stuck import StuckOrder, Suggestion, stuck_orders, stuck_rows
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.orders.stages import Cast

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def tabs(admin: Membership) -> dict[str, list[int]]:
    asked = attention(admin.website)
    rows = overdue_orders(actor(admin), asked, for_client=False)
    return {tab: list(narrow(rows).ids()) for tab, narrow in asked.overdue_tabs().items()}


def stuck(admin: Membership) -> dict[int, StuckOrder]:
    asked = attention(admin.website)
    return {row.order.id: row for row in stuck_rows(actor(admin), asked, list(stuck_orders(actor(admin), asked).ids()))}


def due_in(order: Order, time: dt.timedelta) -> Order:
    """As if the writer's time had been such."""
    at = Round.objects.of(order.website_id).get(order=order, submitted_at=None, closed_at=None)
    Round.objects.of(order.website_id).filter(pk=at.pk).update(due_at=at.asked_at + time)
    Order.objects.of(order.website_id).filter(pk=order.pk).update(writer_due_at=at.asked_at + time)
    return order


def elsewhere(*, written: bool = True) -> Order:
    """Of another website."""
    borealis = tenancy.website("borealis")
    client = accounts.membership(borealis)
    return (
        orders.order_in_progress(client, writers.writer(borealis).member) if written else orders.available_order(client)
    )


class TestOverdue:
    def test_bands_and_what_is_not_in_them(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        others = [writers.writer(client.website).member for _ in range(9)]
        foreign = elsewhere()
        lates = [
            due_in(orders.order_in_progress(client, others[n]), time * HOUR) for n, time in enumerate((30, 29, 27, 6))
        ]
        in_time = due_in(orders.order_in_progress(client, others[4]), 30 * HOUR + dt.timedelta(seconds=1))
        held = due_in(orders.order_in_progress(client, others[5]), 3 * HOUR)
        course.hold(held, by=actor(admin), reason="Client is silent.")
        handed_in = orders.delivered_order(client, others[6])
        revised = delivery.request_revision(
            orders.delivered_order(client, others[7]), by=actor(client), reason="Longer."
        )
        due_in(revised, HOUR)
        frozen.shift(30 * HOUR)
        with website_scope(foreign.website_id):
            due_in(foreign, HOUR)
        found = tabs(admin)
        assert found == {
            "all": [revised.pk, *(order.pk for order in reversed(lates))],
            "under_1h": [lates[0].pk],
            "1h_to_3h": [lates[1].pk],
            "3h_to_24h": [lates[2].pk],
            "over_24h": [revised.pk, lates[3].pk],
            "client_overdue": [],
        }
        assert not {in_time.pk, held.pk, handed_in.pk, foreign.pk} & set(found["all"])
        assert attention(admin.website).standing().overdue == len(found["all"]) == 5

    def test_hours_and_the_round(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = due_in(orders.order_in_progress(client, writer), 10 * HOUR)
        frozen.shift(11.5 * HOUR)
        asked = attention(admin.website)
        [row] = overdue_rows(actor(admin), asked, [order.pk])
        assert (row.hours_late, row.band, row.client_overdue, row.client_hours_late) == (1.5, "1h_to_3h", False, None)
        assert row.round is not None
        assert (row.round.number, row.round.kind, row.round.excused_hours) == (1, "first", 0)
        assert row.order.writer is not None
        assert row.order.writer.id == writer.pk

    def test_excused_time_is_subtracted(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = due_in(orders.order_in_progress(client, writer), 10 * HOUR)
        frozen.shift(5 * HOUR)
        course.hold(order, by=actor(admin), reason="Client is silent.")
        frozen.shift(4 * HOUR)
        course.resume(order, by=actor(admin))
        frozen.shift(4 * HOUR)
        assert tabs(admin)["all"] == []
        frozen.shift(2 * HOUR)
        asked = attention(admin.website)
        [row] = overdue_rows(actor(admin), asked, tabs(admin)["all"])
        assert row.hours_late == 1
        assert row.round is not None
        assert row.round.excused_hours == 4

    @pytest.mark.parametrize(
        ("hours", "band"),
        [(0, "under_1h"), (0.99, "under_1h"), (1, "1h_to_3h"), (3, "3h_to_24h"), (24, "over_24h"), (900, "over_24h")],
    )
    def test_edges(self, hours: float, band: str) -> None:
        assert band_of(hours * HOUR) == band

    def test_an_edge_is_in_one_band(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = due_in(orders.order_in_progress(client, writer), 10 * HOUR)
        for late in (0, 1, 3, 24):
            frozen.move_to(Round.objects.of(order.website_id).get(order=order).asked_at + (10 + late) * HOUR)
            found = tabs(admin)
            [row] = overdue_rows(actor(admin), attention(admin.website), [order.pk])
            assert [tab for tab in OVERDUE_TABS if order.pk in found[tab]] == ["all", row.band]

    def test_all_is_as_of_one_time(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = orders.order_in_progress(client, writer)
        due_in(order, HOUR)
        asked = attention(admin.website)
        frozen.shift(2 * HOUR)
        [row] = overdue_rows(actor(admin), asked, [order.pk])
        assert (row.hours_late, row.band, row.order.is_overdue) == (None, None, False)

    def test_the_clients_deadline_apart(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        cast = Cast(client)
        waiting = {status: cast.order(status) for status in ("available", "in_progress", "editing", "on_hold")}
        for status in ("unpaid", "delivered", "completed", "cancelled", "revision"):
            cast.order(Status(status))
        foreign = elsewhere(written=False)
        frozen.shift(10 * DAY - HOUR)
        assert tabs(admin)["client_overdue"] == []
        frozen.shift(HOUR)
        found = tabs(admin)
        assert set(found["client_overdue"]) == {order.pk for order in waiting.values()}
        assert attention(admin.website).standing().client_overdue == 4
        [row] = overdue_rows(actor(admin), attention(admin.website), [waiting["available"].pk])
        assert (row.hours_late, row.client_hours_late, row.round) == (None, 0, None)
        assert foreign.pk not in found["client_overdue"]

    def test_the_longest_late_for_the_client_first(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        """Not by the writer's due time, which an order that nobody writes has not."""
        written = orders.order_in_progress(client, writer)
        first, second = orders.available_order(client), orders.available_order(client)
        for order, hours in ((first, 30), (second, 50), (written, 40)):
            Order.objects.of(client.website).filter(pk=order.pk).update(client_deadline=clock.now() + hours * HOUR)
        frozen.shift(60 * HOUR)
        found = as_(admin).get("/api/v1/admin-management/orders/overdue/?tab=client_overdue")
        assert [row["order"]["id"] for row in found["results"]] == [first.pk, written.pk, second.pk]


class TestAtRisk:
    @pytest.mark.parametrize(
        ("allotted", "passed", "at_risk"),
        [(100, 75, 0), (100, 75.01, 1), (100, 99, 1), (100, 100, 0), (10, 4, 0), (10, 4.01, 1)],
    )
    def test_by_share_and_by_hours(
        self,
        client: Membership,
        writer: Membership,
        admin: Membership,
        frozen: time_machine.Coordinates,
        allotted: int,
        passed: float,
        at_risk: int,
    ) -> None:
        due_in(orders.order_in_progress(client, writer), allotted * HOUR)
        frozen.shift(passed * HOUR)
        assert attention(admin.website).standing().at_risk == at_risk

    def test_the_share_is_of_the_round(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = orders.delivered_order(client, writer)
        frozen.shift(100 * HOUR)
        delivery.request_revision(order, by=actor(client), reason="Longer.")
        due_in(order, 20 * HOUR)
        frozen.shift(13 * HOUR)
        assert attention(admin.website).standing().at_risk == 0
        frozen.shift(2.01 * HOUR)
        assert attention(admin.website).standing().at_risk == 1

    def test_by_the_websites_policy(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        due_in(orders.order_in_progress(client, writer), 100 * HOUR)
        frozen.shift(60 * HOUR)
        assert attention(admin.website).standing().at_risk == 0
        store_policy(admin.website, "orders", {"at_risk_share_bps": 5_000})
        assert attention(admin.website).standing().at_risk == 1


class TestStuck:
    @pytest.mark.parametrize("status", ["available", "in_progress", "revision"])
    def test_past_the_clients_deadline_that_is_moved_first(
        self, client: Membership, admin: Membership, support: Membership, frozen: time_machine.Coordinates, status: str
    ) -> None:
        """Nobody can start before: after it what was suggested else can be done."""
        cast = Cast(client)
        order = cast.order(Status(status))
        frozen.shift(12 * DAY)
        assert stuck(admin)[order.pk].suggested_action == "extend_deadline"
        path, later = f"/api/v1/orders/{order.pk}", (clock.now() + 3 * DAY).isoformat()
        given = {"client_deadline": later, "reason": "Late."}
        as_(support).post(f"{path}/extend-deadline/", given, 200)
        step = "assign" if status == "available" else "reassign"
        other = writers.writer(client.website, level="standard").member
        as_(support).post(f"{path}/{step}/", {"writer_id": other.pk, "reason": "Trusted."}, 200)

    @pytest.mark.parametrize(
        ("status", "turn", "action"),
        [
            ("unpaid", Turn.PAYMENT, Suggestion.CANCEL),
            ("available", Turn.SUPPORT, Suggestion.ASSIGN),
            ("offered", Turn.SYSTEM, Suggestion.CHECK_WORKER),
            ("in_progress", Turn.WRITER, Suggestion.MESSAGE_WRITER),
            ("editing", Turn.EDITOR, Suggestion.ASSIGN_EDITOR),
            ("delivered", Turn.CLIENT, Suggestion.MESSAGE_CLIENT),
            ("revision", Turn.WRITER, Suggestion.REASSIGN),
            ("on_hold", Turn.SUPPORT, Suggestion.RESUME),
            ("disputed", Turn.SUPPORT, Suggestion.RESOLVE_DISPUTE),
        ],
    )
    def test_after_a_day_without_progress(
        self,
        client: Membership,
        admin: Membership,
        frozen: time_machine.Coordinates,
        status: str,
        turn: Turn,
        action: Suggestion,
    ) -> None:
        order, foreign = Cast(client).order(Status(status)), elsewhere()
        if status == "revision":
            due_in(order, 4 * HOUR)
        frozen.shift(DAY - dt.timedelta(seconds=1))
        assert stuck(admin) == {}
        frozen.shift(dt.timedelta(seconds=1))
        found = stuck(admin)
        assert set(found) == {order.pk}
        row = found[order.pk]
        assert (row.waiting_on, row.suggested_action) == (turn, action)
        assert (row.stuck_hours, row.patience_hours) == (24, 24)
        asked = attention(admin.website)
        counted = {tab: narrow(stuck_orders(actor(admin), asked)).count() for tab, narrow in asked.stuck_tabs().items()}
        assert counted == {tab: int(tab in ("all", f"waiting_on_{turn}")) for tab in STUCK_TABS}
        assert asked.standing().stuck == 1
        assert foreign.pk not in found

    def test_what_ends_while_the_page_is_read_is_left_out(self, client: Membership, admin: Membership) -> None:
        cast = Cast(client)
        ended, resting = (cast.order(status) for status in (Status.COMPLETED, Status.AVAILABLE))
        rows = stuck_rows(actor(admin), attention(admin.website), [ended.pk, resting.pk])
        assert [row.order.id for row in rows] == [resting.pk]

    @pytest.mark.parametrize("status", ["completed", "cancelled"])
    def test_what_is_over_is_not(
        self, client: Membership, admin: Membership, frozen: time_machine.Coordinates, status: str
    ) -> None:
        Cast(client).order(Status(status))
        frozen.shift(30 * DAY)
        assert stuck(admin) == {}

    def test_progress_is_of_the_party_whose_turn_it_is(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = orders.order_in_progress(client, writer)
        frozen.shift(20 * HOUR)
        messages.write_message(order, "How far are you?", by=actor(client))
        messages.write_message(order, "How far are you?", by=actor(admin))
        frozen.shift(4 * HOUR)
        assert set(stuck(admin)) == {order.pk}
        messages.write_message(order, "Half.", by=actor(writer))
        assert stuck(admin) == {}
        frozen.shift(DAY)
        [row] = stuck(admin).values()
        assert row.progress_at == row.order.placed_at + DAY

    def test_a_request_is_no_progress_of_staff(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = orders.available_order(client)
        frozen.shift(23 * HOUR)
        asked_for = requests.request_order(order, by=actor(writer))
        frozen.shift(HOUR)
        assert set(stuck(admin)) == {order.pk}
        requests.reject_request(asked_for, by=actor(admin), reason="Another one.")
        assert stuck(admin) == {}

    def test_a_status_begins_anew_each_time(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = orders.available_order(client)
        frozen.shift(23 * HOUR)
        staffing.assign(order, writer.pk, by=actor(admin))
        frozen.shift(20 * HOUR)
        staffing.release(order, by=actor(admin), reason="Needed elsewhere.")
        frozen.shift(23 * HOUR)
        assert stuck(admin) == {}
        frozen.shift(HOUR)
        assert set(stuck(admin)) == {order.pk}

    def test_another_writer_begins_anew_in_the_same_status(
        self,
        client: Membership,
        writer: Membership,
        writer2: Membership,
        admin: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:
        order = orders.order_in_progress(client, writer)
        frozen.shift(23 * HOUR)
        staffing.reassign(order, writer2.pk, by=actor(admin), reason="Ill.")
        frozen.shift(DAY - dt.timedelta(seconds=1))
        assert stuck(admin) == {}
        frozen.shift(dt.timedelta(seconds=1))
        assert stuck(admin)[order.pk].stuck_hours == 24
        keep_dwells(admin.website, order.placed_at + 47 * HOUR)
        kept = Dwell.objects.of(admin.website).get(stage="in_progress")
        assert (kept.p90, kept.n) == (23 * HOUR, 1)

    def test_as_patient_as_the_website_is_slow(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        fast, slow = orders.available_order(client), orders.available_order(client)
        frozen.shift(10 * HOUR)
        staffing.assign(fast, writer.pk, by=actor(admin))
        frozen.shift(40 * HOUR)
        staffing.assign(slow, writer.pk, by=actor(admin))
        keep_dwells(admin.website, slow.placed_at + 50 * HOUR)
        kept = Dwell.objects.of(admin.website).get(stage="available")
        assert (kept.p90, kept.n) == (46 * HOUR, 2)
        resting = orders.available_order(client)
        frozen.shift(46 * HOUR - dt.timedelta(seconds=1))
        assert resting.pk not in stuck(admin)
        frozen.shift(dt.timedelta(seconds=1))
        assert stuck(admin)[resting.pk].patience_hours == 46

    def test_the_policys_hours_are_the_least(
        self, website: Website, client: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        order = orders.available_order(client)
        store_policy(website, "orders", {"stuck_hours": 48})
        frozen.shift(47 * HOUR)
        assert stuck(admin) == {}
        frozen.shift(HOUR)
        assert set(stuck(admin)) == {order.pk}


def test_standing_counts_all(client: Membership, admin: Membership) -> None:
    cast = Cast(client)
    for status in Status:
        cast.order(status)
    elsewhere()
    found = attention(admin.website).standing()
    assert found.by_status == dict.fromkeys(set(Status.values) - {"completed", "cancelled"}, 1)
    assert found.orders == len(Status)
    placement.place_order(orders.form(), by=actor(client))
    again = attention(admin.website).standing()
    assert (again.orders, again.by_status["unpaid"]) == (len(Status) + 1, 2)
