"""`/admin-management/orders/`: many at once through the single actions; a preview says what is then done."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid, Refusal
from copydesk.journal.models import Event
from copydesk.orders.actions import course, staffing
from copydesk.orders.models import Assignment, Order, Status
from copydesk.payments import queries as books
from copydesk.payments.queries import Drift
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, as_, as_user
from tests.factories import accounts, orders, refunds, tenancy, writers
from tests.factories.accounts import actor
from tests.orders.stages import Cast

PATH = "/api/v1/admin-management/orders/"
ASSIGN, ACT = f"{PATH}bulk-assign/", f"{PATH}bulk-action/"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
UNKNOWN = 999_999_999
FORFEITS = {"action": "cancel", "reason": "x"}


@pytest.fixture
def boss(admin: Membership) -> Caller:
    return as_(admin)


def traces(website: Website) -> tuple[object, ...]:
    with website_scope(website.pk), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        rows = Order.objects.of(website).order_by("pk").values_list("pk", "status", "version", "writer", "archived_at")
        return list(rows), Event.objects.of(website).count(), Assignment.objects.of(website).count(), cursor.fetchone()


def codes(report: dict[str, Any]) -> list[str | None]:
    return [one["code"] for one in report["results"]]


def again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


class TestAssigning:
    def test_all_to_one_writer_until_it_is_full(
        self, website: Website, client: Membership, boss: Caller, writer: Membership
    ) -> None:
        level = {"code": "standard", "name": "S", "rank": 1, "academic_rank": 9, "max_active_orders": 2}
        writers.levels(website, level)
        rows = [orders.available_order(client) for _ in range(3)]
        body = {"ids": [row.pk for row in reversed(rows)], "writer_id": writer.pk}
        before = traces(website)
        preview = boss.post(ASSIGN, {**body, "mode": "preview"})
        assert traces(website) == before
        applied = boss.post(ASSIGN, body)
        assert preview == {**applied, "mode": "preview"}
        assert (applied["mode"], applied["applied"], applied["refused"]) == ("apply", 2, 1)
        assert [one["id"] for one in applied["results"]] == body["ids"]
        assert codes(applied) == [None, None, "writer_excluded"]
        assert [again(row).writer_id for row in rows] == [None, writer.pk, writer.pk]
        # A reason exceeds the limit, as it does for one.
        beyond = boss.post(ASSIGN, {**body, "ids": [rows[0].pk], "reason": "Nobody else knows Latin."})
        assert codes(beyond) == [None]

    def test_each_to_its_own(
        self, website: Website, client: Membership, boss: Caller, writer: Membership, writer2: Membership
    ) -> None:
        first, second = (orders.available_order(client) for _ in range(2))
        wanted = [{"id": second.pk, "writer_id": writer.pk}, {"id": first.pk, "writer_id": writer2.pk}]
        report = boss.post(ASSIGN, {"assignments": wanted, "offer": True})
        assert [one["id"] for one in report["results"]] == [second.pk, first.pk]
        assert (again(first).offered_to_id, again(second).offered_to_id) == (writer2.pk, writer.pk)
        assert {again(first).status, again(second).status} == {Status.OFFERED}

    def test_one_refusal_undoes_only_its_row_and_strangers_are_unknown(
        self, website: Website, client: Membership, boss: Caller, writer: Membership
    ) -> None:
        stranger = accounts.membership(tenancy.website("beacon"))
        foreign = orders.available_order(stranger)
        unpaid, available = orders.unpaid_order(client), orders.available_order(client)
        body = {"ids": [foreign.pk, unpaid.pk, UNKNOWN, available.pk], "writer_id": writer.pk}
        report = boss.post(ASSIGN, body)
        assert codes(report) == ["not_found", "wrong_state", "not_found", None]
        one, _, other, _ = report["results"]
        assert {**one, "id": 0} == {**other, "id": 0}
        with website_scope(foreign.website_id):
            assert again(foreign).writer_id is None

    def test_a_writer_that_is_none_refuses_its_own_row(
        self, website: Website, client: Membership, boss: Caller, writer: Membership
    ) -> None:
        first, second = (orders.available_order(client) for _ in range(2))
        wanted = [{"id": first.pk, "writer_id": UNKNOWN}, {"id": second.pk, "writer_id": writer.pk}]
        assert codes(boss.post(ASSIGN, {"assignments": wanted})) == ["invalid", None]
        assert (again(first).status, again(second).writer_id) == (Status.AVAILABLE, writer.pk)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "ids"),
            ({"ids": [1]}, "writer_id"),
            ({"writer_id": 1}, "ids"),
            ({"ids": [], "writer_id": 1}, "ids"),
            ({"ids": [1, 1], "writer_id": 1}, "ids"),
            ({"ids": ["1"], "writer_id": 1}, "ids.0"),
            ({"ids": [0], "writer_id": 1}, "ids.0"),
            ({"ids": list(range(1, 502)), "writer_id": 1}, "ids"),
            ({"ids": [1], "writer_id": None}, "writer_id"),
            ({"ids": [1], "writer_id": 1, "assignments": [{"id": 1, "writer_id": 1}]}, "assignments"),
            ({"assignments": [{"id": 1, "writer_id": 1}] * 2}, "assignments"),
            ({"assignments": [{"id": 1}]}, "assignments.0.writer_id"),
            ({"ids": [1], "writer_id": UNKNOWN}, "writer_id"),
            ({"ids": [1], "writer_id": 1, "mode": "try"}, "mode"),
            ({"ids": [1], "writer_id": 1, "offer": "yes"}, "offer"),
            ({"ids": [1], "writer_id": 1, "pay": "1.00"}, "pay"),
        ],
    )
    def test_bad_bodies(self, boss: Caller, body: dict[str, Any], field: str) -> None:
        assert field in {one["field"] for one in boss.post(ASSIGN, body, 400)["errors"]}

    def test_no_writer_of_another_website_and_no_client(self, client: Membership, boss: Caller) -> None:
        stranger = writers.writer(tenancy.website("beacon")).member
        order = orders.available_order(client)
        for wrong in (stranger.pk, client.pk):
            problem = boss.post(ASSIGN, {"ids": [order.pk], "writer_id": wrong}, 400)
            assert problem["errors"] == [
                {"field": "writer_id", "code": "not_found", "message": f"No such writer: {wrong}."}
            ]
        assert again(order).status == Status.AVAILABLE


Single = Callable[[Order, Cast], object]
SINGLE: dict[str, tuple[dict[str, Any], Single]] = {
    "assign": ({}, lambda row, of: staffing.assign(row, of.other_writer.pk, by=of.actors["admin"])),
    "reassign": (
        {"cause": "staff"},
        lambda row, of: staffing.reassign(row, of.other_writer.pk, by=of.actors["admin"], reason="Why."),
    ),
    "hold": ({}, lambda row, of: course.hold(row, by=of.actors["admin"], reason="Why.")),
    "resume": ({}, lambda row, of: course.resume(row, by=of.actors["admin"], reason="Why.")),
    "extend": (
        {"excused_hours": 2},
        lambda row, of: course.extend_deadline(row, by=of.actors["admin"], reason="Why.", excused_hours=2),
    ),
    "cancel": ({}, lambda row, of: course.cancel(row, by=of.actors["admin"], reason="Why.")),
    "archive": ({}, lambda row, of: course.archive(row, by=of.actors["admin"], reason="Why.")),
}


class TestActing:
    @pytest.mark.parametrize("name", SINGLE)
    def test_is_the_single_action_in_every_state_and_its_preview_says_so(
        self, website: Website, client: Membership, name: str
    ) -> None:
        cast = Cast(client)
        options, single = SINGLE[name]
        rows = [cast.order(status) for status in Status]
        if name in ("assign", "reassign"):
            options = {**options, "writer_id": cast.other_writer.pk}
        expected = [alone(row, lambda row: single(row, cast)) for row in rows]
        assert None in expected
        before, body = traces(website), {"ids": [row.pk for row in rows], "action": name, "reason": "Why.", **options}
        boss = as_(accounts.membership(website, "admin"))
        preview = boss.post(ACT, {**body, "mode": "preview"})
        assert [(one["code"], one["message"]) for one in preview["results"]] == [
            one or (None, None) for one in expected
        ]
        assert traces(website) == before
        applied = boss.post(ACT, body)
        assert {**preview, "mode": "apply"} == applied
        assert applied["applied"] == expected.count(None)
        verb = {"extend": "order.extend_deadline"}.get(name, f"order.{name}")
        newest = Event.objects.of(website).filter(verb=verb).order_by("-pk")[: applied["applied"]]
        assert {event.root_id for event in newest} == {
            row.pk for row, refusal in zip(rows, expected, strict=True) if refusal is None
        }
        assert {(event.reason, event.role) for event in newest} == {("Why.", "admin")}
        assert books.drift(website) == Drift(0, 0)

    def test_hours_move_each_deadline_by_its_own(self, client: Membership, boss: Caller, writer: Membership) -> None:
        first = orders.available_order(client)
        second = orders.order_in_progress(client, writer, client_deadline=first.client_deadline + DAY)
        boss.post(ACT, {"ids": [first.pk, second.pk], "action": "extend", "hours": 5, "reason": "Illness."})
        assert again(first).client_deadline == first.client_deadline + 5 * HOUR
        assert again(second).client_deadline == second.client_deadline + 5 * HOUR
        new = (first.client_deadline + 9 * DAY).isoformat()
        boss.post(ACT, {"ids": [first.pk, second.pk], "action": "extend", "client_deadline": new, "reason": "Illness."})
        assert again(first).client_deadline == again(second).client_deadline == first.client_deadline + 9 * DAY

    def test_what_does_not_fit_an_order_refuses_that_one_and_says_why(
        self, client: Membership, boss: Caller, writer: Membership, writer2: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:  # fmt: skip
        """As input it is wrong for the one and right for the other."""
        writing, other = orders.order_in_progress(client, writer), orders.order_in_progress(client, writer2)
        body = {"ids": [writing.pk, other.pk], "action": "reassign", "writer_id": writer.pk, "reason": "Ill."}
        report = boss.post(ACT, body)
        assert report["results"] == [
            {
                "id": writing.pk,
                "result": "refused",
                "code": "invalid",
                "message": "This writer has the order already.",
            },
            {"id": other.pk, "result": "applied", "code": None, "message": None},
        ]
        late, early = orders.available_order(client), orders.available_order(client)
        early.client_deadline -= 5 * DAY
        early.save(update_fields=["client_deadline"])
        frozen.shift(8 * DAY)
        report = as_(accounts.membership(client.website, "admin")).post(
            ACT, {"ids": [early.pk, late.pk], "action": "extend", "hours": 1, "reason": "Illness."}
        )
        assert [(one["code"], one["message"]) for one in report["results"]] == [
            ("invalid", "In the future."),
            (None, None),
        ]

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"action": "hold"}, "reason"),
            ({"action": "hold", "reason": " "}, "reason"),
            ({"action": "cancel"}, "reason"),
            ({"action": "extend", "hours": 1}, "reason"),
            ({"action": "extend", "reason": "x"}, "hours"),
            ({"action": "extend", "reason": "x", "hours": 0}, "hours"),
            ({"action": "extend", "reason": "x", "hours": 721}, "hours"),
            ({"action": "extend", "reason": "x", "hours": 1, "client_deadline": "2027-01-01T00:00:00Z"}, "hours"),
            ({"action": "extend", "reason": "x", "client_deadline": "2027-01-01"}, "client_deadline"),
            ({"action": "extend", "reason": "x", "client_deadline": None}, "client_deadline"),
            ({"action": "assign"}, "writer_id"),
            ({"action": "reassign", "writer_id": 1}, "reason"),
            ({"action": "assign", "writer_id": UNKNOWN}, "writer_id"),
            ({"action": "assign", "writer_id": 1, "cause": "staff"}, "cause"),
            ({"action": "resume", "writer_id": 1}, "writer_id"),
            ({"action": "archive", "hours": 1}, "hours"),
            ({"action": "hold", "reason": "x", "offer": False}, "offer"),
            ({"action": "cancel", "reason": "x", "cause": "fate"}, "cause"),
            (FORFEITS | {"expected_forfeits": [{"id": 2, "amount": "1.00"}]}, "expected_forfeits"),
            (FORFEITS | {"expected_forfeits": [{"id": 1}]}, "expected_forfeits.0.amount"),
            (FORFEITS | {"expected_forfeits": [{"id": 1, "amount": "-1"}]}, "expected_forfeits.0.amount"),
            (FORFEITS | {"expected_forfeits": [{"id": 1, "amount": "1.00"}] * 2}, "expected_forfeits"),
            ({"action": "release"}, "action"),
            ({}, "action"),
            ({"action": "archive", "ids": [1, 1]}, "ids"),
            ({"action": "archive", "ids": []}, "ids"),
            ({"action": "archive", "mode": "x"}, "mode"),
            ({"action": "archive", "x": 1}, "x"),
        ],
    )  # fmt: skip
    def test_bad_bodies(self, boss: Caller, body: dict[str, Any], field: str) -> None:
        assert field in {one["field"] for one in boss.post(ACT, {"ids": [1], **body}, 400)["errors"]}

    def test_a_retried_call_is_answered_and_not_done_again(self, client: Membership, boss: Caller) -> None:
        order = orders.available_order(client)
        body = {"ids": [order.pk], "action": "extend", "hours": 5, "reason": "Illness."}
        first = boss.post(ACT, body, idempotency_key="once")
        assert boss.post(ACT, body, idempotency_key="once") == first
        assert again(order).client_deadline == order.client_deadline + 5 * HOUR


class TestCancelling:
    def test_shows_what_each_keeps_and_gives_back(
        self, website: Website, client: Membership, boss: Caller, writer: Membership, frozen: time_machine.Coordinates
    ) -> None:
        available = orders.available_order(client)
        soon = orders.order_in_progress(client, writer, client_deadline=dt.datetime.now(dt.UTC) + 2 * DAY)
        done = orders.completed_order(client, writer)
        body = {"ids": [soon.pk, done.pk, available.pk], "action": "cancel", "reason": "The client's wish."}
        price = f"{soon.price_minor / 100:.2f}"
        kept, back = f"{soon.price_minor * 40 // 100 / 100:.2f}", f"{soon.price_minor * 60 // 100 / 100:.2f}"
        preview = boss.post(ACT, {**body, "mode": "preview"})
        assert preview["cancellations"] == [
            {"id": soon.pk, "paid": price, "forfeited": kept, "refunded": back, "currency": website.currency},
            {
                "id": available.pk, "paid": "32.00", "forfeited": "0.00", "refunded": "32.00",
                "currency": website.currency,
            },
        ]  # fmt: skip
        assert codes(preview) == [None, "wrong_state", None]
        assert boss.post(ACT, body) == {**preview, "mode": "apply"}
        assert (again(soon).forfeited_minor, again(available).forfeited_minor) == (soon.price_minor * 40 // 100, 0)
        assert books.drift(website) == Drift(0, 0)

    def test_an_order_of_which_a_refund_is_asked_for_waits_for_its_decision(
        self, client: Membership, boss: Caller
    ) -> None:
        asked, free = refunds.card_order(client), orders.available_order(client)
        refunds.request(asked, client, 100)
        body = {"ids": [asked.pk, free.pk], "action": "cancel", "reason": "The client's wish."}
        preview = boss.post(ACT, {**body, "mode": "preview"})
        assert codes(preview) == ["refund_open", None]
        assert boss.post(ACT, body) == {**preview, "mode": "apply"}
        assert again(asked).status == Status.AVAILABLE

    def test_refuses_another_figure_than_was_seen(
        self, website: Website, client: Membership, writer: Membership, frozen: time_machine.Coordinates
    ) -> None:
        """A day passed since the preview: what was free costs a fifth by now; the other stays free."""
        begun = orders.order_in_progress(client, writer, client_deadline=dt.datetime.now(dt.UTC) + 7 * DAY + HOUR)
        waiting = orders.available_order(client)
        body = {"ids": [begun.pk, waiting.pk], "action": "cancel", "reason": "The client's wish."}
        admin = accounts.membership(website, "admin")
        seen = as_(admin).post(ACT, {**body, "mode": "preview"})["cancellations"]
        expected = [{"id": one["id"], "amount": one["forfeited"]} for one in seen]
        assert [one["amount"] for one in expected] == ["0.00", "0.00"]
        frozen.shift(DAY)
        report = as_(admin).post(ACT, {**body, "expected_forfeits": expected})
        assert codes(report) == ["price_changed", None]
        assert [one["id"] for one in report["cancellations"]] == [waiting.pk]
        assert (again(begun).status, again(waiting).status) == (Status.IN_PROGRESS, Status.CANCELLED)


def test_only_admins_and_nothing_changes_for_others(
    website: Website, client: Membership, support: Membership, writer: Membership
) -> None:
    order = orders.available_order(client)
    editor, before = accounts.membership(website, "editor"), traces(website)
    for who in (client, writer, support, editor):
        as_(who).post(ASSIGN, {"ids": [order.pk], "writer_id": writer.pk}, 403)
        as_(who).post(ACT, {"ids": [order.pk], "action": "hold", "reason": "x"}, 403)
        as_(who).get(f"{PATH}timeline/{order.pk}/", 403)
    assert json.dumps(traces(website), default=str) == json.dumps(before, default=str)


def test_superadmins_are_admins_here(website: Website, client: Membership, writer: Membership) -> None:
    boss = as_user(accounts.superadmin(), website)
    first, second = orders.available_order(client), orders.available_order(client)
    assert codes(boss.post(ASSIGN, {"ids": [first.pk], "writer_id": writer.pk})) == [None]
    for action in ("hold", "cancel"):
        assert codes(boss.post(ACT, {"ids": [first.pk, second.pk], "action": action, "reason": "Fire."})) == [
            None,
            None,
        ]
    assert boss.get(f"{PATH}timeline/{first.pk}/")["status"] == "cancelled"


class TestTheTimeline:
    def test_says_who_did_what_and_how_long_it_stood_where(
        self, client: Membership, support: Membership, writer: Membership, admin: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:  # fmt: skip
        order = orders.order_in_progress(client, writer, support)
        frozen.shift(3 * HOUR)
        found = as_(admin).get(f"{PATH}timeline/{order.pk}/")
        assert {name: found[name] for name in ("id", "number", "status", "unbroken")} == {
            "id": order.pk, "number": order.number, "status": "in_progress", "unbroken": True,
        }  # fmt: skip
        assert found["client"] == {
            "id": client.pk,
            "label": f"Client {client.number}",
            "name": client.user.full_name,
            "email": client.user.email,
        }
        assert found["spent"][0] == {"waiting_on": "writer", "hours": 3.0}
        assert [stage["status"] for stage in found["stages"]] == ["unpaid", "available", "in_progress"]
        last = found["entries"][-1]
        assert (last["number"], last["verb"], last["actor_label"]) == (len(found["entries"]), "order.assign", "support")
        assert (last["actor"]["id"], last["writer"]["id"]) == (support.pk, writer.pk)
        assert (last["before"], last["after"]) == ("available", "in_progress")

    def test_of_no_order_of_this_website(self, boss: Caller) -> None:
        stranger = accounts.membership(tenancy.website("beacon"))
        foreign = orders.available_order(stranger)
        for pk in (foreign.pk, UNKNOWN):
            assert boss.get(f"{PATH}timeline/{pk}/", 404)["code"] == "not_found"
        boss.get(f"{PATH}timeline/x/", 404)

    def test_takes_no_parameters(self, client: Membership, boss: Caller) -> None:
        order = orders.available_order(client)
        problem = boss.get(f"{PATH}timeline/{order.pk}/", 400, verb="order.pay")
        assert problem["errors"][0]["field"] == "verb"

    def test_costs_the_same_however_much_happened(
        self, client: Membership, boss: Caller, admin: Membership, queries: Callable[[Callable[[], Any]], int]
    ) -> None:
        order = orders.available_order(client)
        few = queries(lambda: boss.get(f"{PATH}timeline/{order.pk}/"))
        for _ in range(5):
            course.hold(again(order), by=actor(admin), reason="Why.")
            course.resume(again(order), by=actor(admin))
        assert queries(lambda: boss.get(f"{PATH}timeline/{order.pk}/")) == few <= 7


def alone(order: Order, act: Callable[[Order], object]) -> tuple[str, str] | None:
    """What the single action says, undone."""
    refusal: tuple[str, str] | None = None
    with transaction.atomic():
        try:
            act(again(order))
        except Invalid as wrong:
            refusal = wrong.code, " ".join(one.message for one in wrong.errors)
        except Refusal as wrong:
            refusal = wrong.code, wrong.detail
        transaction.set_rollback(True)
    return refusal
