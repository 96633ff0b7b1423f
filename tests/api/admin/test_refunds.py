"""`/admin-management/refunds/`: the queue and its tabs, the history, many at once, figures one condition at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.orders.actions import course
from copydesk.orders.models import Order
from copydesk.payments.actions.repayments import settle_repayment
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import Repayment
from copydesk.refunds import actions
from copydesk.refunds.models import Ground, Refund, RefundDestination
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.api.client import as_
from tests.factories import accounts, refunds, tenancy
from tests.factories.accounts import actor
from tests.jobs import run_jobs

PATH = "/api/v1/admin-management/refunds/"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
WALLET = RefundDestination.WALLET
Count = Callable[[Callable[[], Any]], int]


@pytest.fixture
def order(client: Membership) -> Order:
    """By card, 128.00."""
    return refunds.card_order(client, pages=8)


def get(who: Membership, path: str, expected: int = 200, **params: Any) -> Any:
    return as_(who).send("GET", f"{PATH}{path}/", expected, query_params=params)


def ids(page: Any) -> list[int]:
    return [row["refund"]["id"] for row in page["results"]]


def one_of_each(order: Order, admin: Membership, support: Membership) -> dict[str, Refund]:
    made = {
        "requested": refunds.request(order, order.client),
        "unconsented": refunds.request(order, support, destination=WALLET),
        **{state: getattr(refunds, state)(order, admin) for state in ("approved", "executing", "failed", "succeeded")},
    }
    for state, act in (("rejected", actions.reject_refund), ("cancelled", actions.cancel_refund)):
        made[state] = act(refunds.request(order, order.client), by=actor(admin), reason="No.")
    return made


class TestPending:
    def test_holds_what_is_not_through(self, order: Order, admin: Membership, support: Membership) -> None:
        made = one_of_each(order, admin, support)
        stranger = accounts.membership(tenancy.website("beacon"))
        refunds.request(refunds.card_order(stranger), stranger)
        page = get(admin, "pending")
        assert page["counts"] == {
            "all": 5, "requested": 2, "approved": 1, "consent_missing": 1, "executing": 1, "failed": 1,
        }  # fmt: skip
        names = ("requested", "unconsented", "approved", "executing", "failed")
        assert ids(page) == [made[name].pk for name in names]
        for tab, wanted in {
            "requested": ("requested", "unconsented"),
            "approved": ("approved",),
            "consent_missing": ("unconsented",),
            "executing": ("executing",),
            "failed": ("failed",),
        }.items():
            narrowed = get(admin, "pending", tab=tab)
            assert ids(narrowed) == [made[name].pk for name in wanted]
            assert narrowed["count"] == page["counts"][tab]

    def test_a_row_says_what_a_decision_needs(
        self, order: Order, admin: Membership, client: Membership, frozen: time_machine.Coordinates
    ) -> None:
        refunds.succeeded(order, admin, 800)
        refund = refunds.request(order, client, 2_000)
        frozen.shift(5 * HOUR)
        (row,) = get(admin, "pending")["results"]
        assert row | {"refund": None} == {
            "refund": None,
            "client_id": client.pk,
            "client": f"Client {client.number}",
            "client_name": "",
            "order_topic": order.topic,
            "order_status": "available",
            "captured": "128.00",
            "given_back": "28.00",
            "needs_another_person": False,
            "requested_by": "",
            "decided_by": None,
            "waiting_hours": 5.0,
        }
        actionable = {one["action"]: one["allowed"] for one in row["refund"]["available_actions"]}
        assert actionable == {"approve": True, "reject": True, "process": True, "retry": False, "cancel": True}
        assert row["refund"]["id"] == refund.pk

    def test_narrowed(self, website: Website, order: Order, admin: Membership, client: Membership) -> None:
        store_policy(website, "refunds", {"cap_minor": 1_500})
        small = refunds.request(order, client, 1_000, ground=Ground.QUALITY)
        large = refunds.request(order, client, 2_000, destination=WALLET)
        for params, wanted in (
            ({"ground": "quality"}, [small]),
            ({"destination": "wallet"}, [large]),
            ({"amount_min": "10.01"}, [large]),
            ({"amount_max": "10.00"}, [small]),
            ({"amount_min": "10.00", "amount_max": "20.00"}, [small, large]),
            ({"needs_another_person": "true"}, [large]),
            ({"client_id": client.pk}, [small, large]),
            ({"client_id": client.pk + 1}, []),
            ({"order_id": order.pk}, [small, large]),
            ({"from": "2026-03-03"}, []),
            ({"to": "2026-03-03"}, [small, large]),
            ({"ordering": "-amount"}, [large, small]),
        ):
            page = get(admin, "pending", **params)
            assert ids(page) == [row.pk for row in wanted], params
            assert page["counts"]["all"] == len(wanted)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"ground": "x"}, {"destination": "card"}, {"amount_min": "x"}, {"amount_min": "-1"}, {"status": "failed"},
            {"amount_max": "0.001"}, {"needs_another_person": "1"}, {"client_id": "x"}, {"from": "x"}, {"tab": "x"},
        ],
    )  # fmt: skip
    def test_bad_parameters_are_named(self, admin: Membership, wrong: dict[str, str]) -> None:
        assert get(admin, "pending", 400, **wrong)["errors"][0]["field"] == next(iter(wrong))

    def test_costs_the_same_however_many(self, order: Order, admin: Membership, queries: Count) -> None:
        refunds.request(order, order.client, 100)
        few = queries(lambda: get(admin, "pending"))
        for _ in range(5):
            refunds.request(order, order.client, 100)
        assert queries(lambda: get(admin, "pending")) == few


def test_the_history_is_all_and_newest_first(order: Order, admin: Membership, support: Membership) -> None:
    made = one_of_each(order, admin, support)
    page = get(admin, "history")
    assert ids(page) == sorted((row.pk for row in made.values()), reverse=True)
    assert ids(get(admin, "history", status="rejected")) == [made["rejected"].pk]
    both = as_(admin).get(f"{PATH}history/?status=rejected&status=failed&page_size=1")
    assert (both["count"], len(both["results"])) == (2, 1)
    assert get(admin, "history", 400, status="x")["errors"][0]["field"] == "status"


class TestBulk:
    def test_each_as_alone(self, order: Order, admin: Membership, client: Membership) -> None:
        asked, done = refunds.request(order, client), refunds.succeeded(order, admin)
        stranger = accounts.membership(tenancy.website("beacon"))
        foreign = refunds.request(refunds.card_order(stranger), stranger)
        body = {"ids": [foreign.pk, done.pk, asked.pk], "action": "reject", "reason": "No."}
        preview = as_(admin).post(f"{PATH}bulk/", {**body, "mode": "preview"}, 200)
        assert [(row["result"], row["code"]) for row in preview["results"]] == [
            ("refused", "not_found"), ("refused", "wrong_state"), ("applied", None),
        ]  # fmt: skip
        asked.refresh_from_db()
        assert asked.status == "requested"
        applied = as_(admin).post(f"{PATH}bulk/", body, 200)
        assert applied == {**preview, "mode": "apply"}
        asked.refresh_from_db()
        assert (asked.status, asked.decision) == ("rejected", "No.")

    @pytest.mark.parametrize("wrong", [{"action": "process"}, {"reason": ""}, {"ids": []}, {"mode": "x"}, {"more": 1}])
    def test_bad_bodies(self, admin: Membership, wrong: dict[str, Any]) -> None:
        body = {"ids": [1], "action": "reject", "reason": "No.", **wrong}
        assert as_(admin).post(f"{PATH}bulk/", body, 400)["errors"][0]["field"] == next(iter(wrong))


class TestDashboard:
    def test_counts_what_there_is(
        self, order: Order, admin: Membership, support: Membership, frozen: time_machine.Coordinates
    ) -> None:
        made = one_of_each(order, admin, support)
        stranger = accounts.membership(tenancy.website("beacon"))
        refunds.request(refunds.card_order(stranger), stranger)
        found = get(admin, "dashboard")
        assert {row["status"]: row["count"] for row in found["by_status"]} == {
            "requested": 2, "approved": 1, "executing": 1, "failed": 1, "succeeded": 1, "rejected": 1, "cancelled": 1,
        }  # fmt: skip
        assert (found["open"], len(made)) == (5, 8)
        assert found["attention"] == {
            "requested": 2, "late": 0, "above_cap": 0, "approved": 1, "consent_missing": 1, "executing": 1,
            "executing_late": 0, "failed": 1, "claimed": "30.00", "on_its_way": "20.00",
        }  # fmt: skip
        assert [row["refund"]["id"] for row in found["newest"]] == ids(get(admin, "history"))
        assert [row["refund"]["id"] for row in found["oldest"]] == ids(get(admin, "pending"))
        frozen.shift(dt.timedelta(hours=24))
        assert get(admin, "dashboard")["attention"]["executing_late"] == 1
        frozen.shift(dt.timedelta(hours=23, minutes=59))
        assert get(admin, "dashboard")["attention"]["late"] == 0
        frozen.shift(dt.timedelta(minutes=1))
        assert get(admin, "dashboard")["attention"]["late"] == 2
        frozen.shift(dt.timedelta(days=31))
        later = {row["status"]: row["count"] for row in get(admin, "dashboard")["by_status"]}
        assert (later["requested"], later["succeeded"], later["rejected"], later["cancelled"]) == (2, 0, 0, 0)

    def test_above_the_cap(self, website: Website, order: Order, admin: Membership) -> None:
        store_policy(website, "refunds", {"cap_minor": 999})
        refunds.request(order, order.client, 1_000)
        refunds.request(order, order.client, 999)
        assert get(admin, "dashboard")["attention"]["above_cap"] == 1

    def test_empty(self, admin: Membership) -> None:
        found = get(admin, "dashboard")
        assert (found["open"], found["newest"], found["oldest"]) == (0, [], [])
        assert found["figures"]["approval_rate"] == {"value": None, "numerator": 0, "denominator": 0}
        assert found["refunded_amount"] == {"current": "0.00", "previous": "0.00", "change": None}


class TestFigures:
    def test_each_by_its_own_time(
        self, order: Order, admin: Membership, support: Membership, frozen: time_machine.Coordinates
    ) -> None:
        """Asked for on the 2nd; decided five hours later; through on the 4th."""
        quick = refunds.request(order, order.client, 1_000, ground=Ground.QUALITY)
        late = refunds.request(order, support, 700, ground=Ground.LATENESS)
        no = refunds.request(order, order.client, 300)
        frozen.shift(5 * HOUR)
        actions.approve_refund(quick, by=actor(admin))
        actions.reject_refund(no, by=actor(admin), reason="No.")
        frozen.shift(43 * HOUR)
        actions.approve_refund(late, by=actor(admin))
        for row in (quick, late):
            refunds.provider_says(actions.process_refund(row, by=actor(admin)), "captured")
        found = get(admin, "analytics", **{"from": "2026-03-02", "to": "2026-03-05", "compare": "previous"})
        figures = found["figures"]
        assert {name: figures[name] for name in ("requested", "approved", "granted", "rejected", "refunded")} == {
            "requested": 3, "approved": 2, "granted": 0, "rejected": 1, "refunded": 2,
        }  # fmt: skip
        assert (figures["requested_amount"], figures["refunded_amount"]) == ("20.00", "17.00")
        assert figures["approval_rate"] == {"value": 0.667, "numerator": 2, "denominator": 3}
        assert figures["decision_hours"] == {"p50": 5.0, "p90": 39.4, "mean": 19.33, "n": 3}
        assert figures["refund_hours"] == {"p50": 48.0, "p90": 48.0, "mean": 48.0, "n": 2}
        days = [(point["on"], point["figures"]["requested"], point["figures"]["approved"],
                 point["figures"]["refunded_amount"]) for point in found["points"]]  # fmt: skip
        assert days == [("2026-03-02", 3, 1, "0.00"), ("2026-03-03", 0, 0, "0.00"), ("2026-03-04", 0, 1, "17.00")]
        assert {row["ground"]: row["figures"]["requested"] for row in found["by_ground"] if
                row["figures"]["requested"]} == {"quality": 1, "lateness": 1, "other": 1}  # fmt: skip
        assert {row["role"]: row["figures"]["requested"] for row in found["by_requester"]} == {
            "client": 2,
            "support": 1,
        }
        assert {row["destination"]: row["figures"]["refunded"] for row in found["by_destination"]} == {
            "original": 2, "wallet": 0,
        }  # fmt: skip
        assert found["revenue"] == {"gross": "128.00", "refunds": "17.00", "refunded_share": 0.133}
        assert found["before"]["requested"] == 0
        later = get(admin, "analytics", **{"from": "2026-03-05", "to": "2026-03-06", "compare": "previous"})
        assert later["refunded_amount"] == {"current": "0.00", "previous": "17.00", "change": -1.0}

    def test_grants_are_no_decisions(self, order: Order, admin: Membership) -> None:
        actions.grant_refund(order, 500, by=actor(admin), reason="Upheld.", key="dispute:1")
        figures = get(admin, "analytics")["figures"]
        assert (figures["requested"], figures["granted"], figures["approved"]) == (1, 1, 0)
        assert figures["decision_hours"]["n"] == 0

    def test_nor_what_a_provider_refused_of_a_cancellation(
        self, order: Order, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        """Nobody has decided that it is given back, four hours before it was refused."""
        course.cancel(order, by=actor(admin), reason="Over", cause="staff")
        frozen.shift(4 * HOUR)
        for part in Repayment.objects.of(order.website_id):
            settle_repayment(part, Outcome(Result.DECLINED, "", "gone"), by=actor(admin).as_system())
        run_jobs()
        assert Refund.objects.of(order.website_id).get().ground == "settlement"
        figures = get(admin, "analytics")["figures"]
        assert (figures["requested"], figures["granted"], figures["approved"]) == (1, 1, 0)
        assert figures["decision_hours"]["n"] == 0

    def test_another_websites_are_not_in_it(self, admin: Membership) -> None:
        stranger = accounts.membership(tenancy.website("beacon"))
        refunds.request(refunds.card_order(stranger), stranger)
        assert get(admin, "analytics")["figures"]["requested"] == 0
        assert get(admin, "dashboard")["open"] == 0

    @pytest.mark.parametrize("path", ["dashboard", "analytics", "history"])
    def test_cost_the_same(self, order: Order, admin: Membership, queries: Count, path: str) -> None:
        refunds.request(order, order.client, 100)
        few = queries(lambda: get(admin, path))
        for _ in range(5):
            refunds.request(order, order.client, 100)
        assert queries(lambda: get(admin, path)) == few

    @pytest.mark.parametrize("wrong", [{"days": "x"}, {"from": "x"}, {"granularity": "hour"}, {"compare": "x"}])
    def test_bad_parameters(self, admin: Membership, wrong: dict[str, str]) -> None:
        assert get(admin, "analytics", 400, **wrong)["errors"][0]["field"] == next(iter(wrong))
