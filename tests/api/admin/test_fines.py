"""`/admin-management/fines/`: its ten paths."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.fines import actions, tasks
from copydesk.fines.models import Appeal, Fine
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, fines, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.jobs import run_jobs

PATH = "/api/v1/admin-management/fines/"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
Count = Callable[[Callable[[], Any]], int]


@pytest.fixture
def order(client: Membership, writer: Membership, admin: Membership) -> Order:
    """In progress, for 14.40."""
    return orders.order_in_progress(client, writer, admin)


@pytest.fixture
def second(website: Website) -> Membership:
    return accounts.membership(website, "admin")


def get(who: Membership, path: str, expected: int = 200, **params: Any) -> Any:
    return as_(who).send("GET", f"{PATH}{path}/", expected, query_params=params)


def ids(page: Any) -> list[int]:
    return [row["fine"]["id"] for row in page["results"]]


def foreign() -> Fine:
    stranger = accounts.membership(tenancy.website("beacon"))
    quill = writers.writer(stranger.website, level="standard").member
    return fines.appealed(orders.order_in_progress(stranger, quill), accounts.membership(stranger.website, "admin"), 50)


def one_of_each(order: Order, admin: Membership, second: Membership) -> dict[str, Fine]:
    made = {state: getattr(fines, state)(order, admin, 50) for state in ("proposed", "issued", "appealed")}
    for state, act in (("waived", actions.waive_fine), ("voided", actions.void_fine)):
        made[state] = act(fines.issued(order, admin, 50), by=actor(second), reason="So.")
    made["reduced"] = actions.waive_fine(fines.issued(order, admin, 50), by=actor(admin), reason="S.", amount_minor=20)
    upheld = fines.issued(order, admin, 50)
    actions.reject_appeal(fines.appeal_of(upheld), by=actor(second), reason="No.")
    made["upheld"] = upheld
    return made


class TestPending:
    def test_what_the_clock_will_issue_and_what_is_appealed(
        self, order: Order, client: Membership, admin: Membership, second: Membership, frozen: time_machine.Coordinates
    ) -> None:
        made = one_of_each(order, admin, second)
        foreign()
        frozen.shift(HOUR)
        page = get(admin, "pending")
        assert page["counts"] == {"all": 2, "proposed": 1, "appealed": 1, "automatic": 0, "manual": 2}
        assert ids(page) == [made["proposed"].pk, made["appealed"].pk]
        assert [row["hours_left"] for row in page["results"]] == [23.0, 167.0]
        assert ids(get(admin, "pending", tab="appealed")) == [made["appealed"].pk]
        assert ids(get(admin, "pending", kind="privacy")) == []
        assert ids(get(admin, "pending", source="automatic")) == []
        assert ids(get(admin, "pending", order_id=order.pk, ordering="-amount")) == [
            made["appealed"].pk, made["proposed"].pk,
        ]  # fmt: skip

    @pytest.mark.parametrize("wrong", [{"kind": "x"}, {"source": "x"}, {"tab": "x"}, {"from": "x"}, {"ordering": "x"}])
    def test_bad_parameters(self, admin: Membership, wrong: dict[str, str]) -> None:
        assert get(admin, "pending", 400, **wrong)["errors"][0]["field"] == next(iter(wrong))


class TestDeciding:
    def test_waive_and_void_want_a_key(self, order: Order, admin: Membership) -> None:
        fine = fines.issued(order, admin)
        for step in ("waive", "void"):
            problem = as_(admin).post(f"{PATH}{fine.pk}/{step}/", {"reason": "So."}, 400)
            assert problem["code"] == "idempotency_key_required"

    def test_waived_in_part_then_voided(self, order: Order, admin: Membership) -> None:
        fine, caller = fines.issued(order, admin), as_(admin)
        row = caller.post(f"{PATH}{fine.pk}/waive/", {"reason": "Sick.", "amount": "1.20"}, 200, idempotency_key="a")
        assert (row["fine"]["status"], row["fine"]["waived"], row["fine"]["left"]) == ("reduced", "1.20", "1.80")
        again = caller.post(f"{PATH}{fine.pk}/waive/", {"reason": "Sick.", "amount": "1.20"}, 200, idempotency_key="a")
        assert again == row
        problem = caller.post(
            f"{PATH}{fine.pk}/waive/", {"reason": "Sick.", "amount": "1.81"}, 409, idempotency_key="b"
        )
        assert (problem["code"], problem["context"]) == ("waiver_too_large", {"left": "1.80"})
        row = caller.post(f"{PATH}{fine.pk}/void/", {"reason": "Wrong."}, 200, idempotency_key="c")
        assert row["fine"]["status"] == "voided"

    @pytest.mark.parametrize("wrong", [{"amount": "x"}, {"amount": "-1"}, {"reason": ""}, {"more": 1}])
    def test_bad_bodies(self, order: Order, admin: Membership, wrong: dict[str, Any]) -> None:
        fine = fines.issued(order, admin)
        problem = as_(admin).post(f"{PATH}{fine.pk}/waive/", {"reason": "Sick.", **wrong}, 400, idempotency_key="k")
        assert problem["errors"][0]["field"] == next(iter(wrong))

    def test_bulk(self, order: Order, admin: Membership) -> None:
        asked, done = fines.proposed(order, admin, 50), fines.issued(order, admin, 50)
        body = {"ids": [done.pk, foreign().pk, asked.pk], "action": "issue", "reason": "Yes."}
        preview = as_(admin).post(f"{PATH}bulk/", {**body, "mode": "preview"}, 200, idempotency_key="a")
        assert [row["code"] for row in preview["results"]] == ["wrong_state", "not_found", None]
        applied = as_(admin).post(f"{PATH}bulk/", body, 200, idempotency_key="b")
        assert applied == {**preview, "mode": "apply"}
        problem = as_(admin).post(f"{PATH}bulk/", {**body, "action": "x"}, 400, idempotency_key="c")
        assert problem["errors"][0]["field"] == "action"


class TestAppeals:
    def test_the_queue(
        self, order: Order, admin: Membership, second: Membership, frozen: time_machine.Coordinates
    ) -> None:
        made = one_of_each(order, admin, second)
        foreign()
        page = get(admin, "appeals")
        assert page["counts"] == {"open": 1, "due_soon": 0, "decided": 1}
        assert ids(page) == [made["appealed"].pk]
        assert ids(get(admin, "appeals", tab="decided")) == [made["upheld"].pk]
        assert ids(get(admin, "appeals", tab="decided", kind="privacy")) == []
        frozen.shift(6 * DAY)
        assert get(admin, "appeals")["counts"]["due_soon"] == 1
        (row,) = get(admin, "appeals")["results"]
        assert row["fine"]["appeal"]["fine_id"] == made["appealed"].pk

    def test_decided(self, order: Order, admin: Membership, second: Membership) -> None:
        first, other = (fines.appeal_of(fines.issued(order, admin)) for _ in range(2))
        path = f"{PATH}appeals/{first.pk}/"
        assert as_(admin).post(f"{path}approve/", {"reason": "So."}, 409)["code"] == "same_person"
        wrong = as_(second).post(f"{path}approve/", {"reason": "Indeed.", "amount": ""}, 400)
        assert [error["field"] for error in wrong["errors"]] == ["amount"]
        row = as_(second).post(f"{path}approve/", {"reason": "Indeed.", "amount": "1.00"}, 200)
        assert (row["fine"]["status"], row["fine"]["appeal"]["status"]) == ("reduced", "approved")
        row = as_(second).post(f"{PATH}appeals/{other.pk}/reject/", {"reason": "No."}, 200)
        assert (row["fine"]["status"], row["fine"]["appeal"]["answer"]) == ("upheld", "No.")
        assert as_(second).post(f"{PATH}appeals/{other.pk}/reject/", {"reason": "No."}, 409)["code"] == "wrong_state"
        strange = foreign()
        with website_scope(strange.website_id):
            theirs = Appeal.objects.of(strange.website_id).get()
        as_(second).post(f"{PATH}appeals/{theirs.pk}/reject/", {"reason": "No."}, 404)


class TestPolicies:
    def test_versions(self, website: Website, admin: Membership, second: Membership) -> None:
        found = as_(admin).get(f"{PATH}policies/")
        (first,) = found["versions"]
        assert found["in_force"] == first
        assert (first["version"], first["in_force"], first["cap_bps"], first["notice_hours"]) == (0, True, 5_000, 24)
        assert [band["share_bps"] for band in first["bands"]] == [500, 1_000, 1_500, 2_500, 5_000]
        body = {
            "bands": [{"below_minutes": 90, "share_bps": 300}, {"below_minutes": None, "share_bps": 900}],
            "tariffs": [{"kind": "quality", "share_bps": 700}, {"kind": "privacy", "amount": "12.50"}],
            "reason": "Milder.",
        }
        row = as_(admin).post(f"{PATH}policies/", body, 201)
        assert (row["version"], row["in_force"], row["bands"]) == (1, True, body["bands"])
        assert row["tariffs"] == [
            {"kind": "quality", "share_bps": 700, "amount": None},
            {"kind": "privacy", "share_bps": None, "amount": "12.50"},
        ]
        assert [(one["version"], one["in_force"]) for one in as_(admin).get(f"{PATH}policies/")["versions"]] == [
            (1, True), (0, False),
        ]  # fmt: skip
        assert Event.objects.of(website).filter(verb="fine_policy.change", user_id=admin.user_id).count() == 1

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"bands": []}, "bands"),
            ({"bands": [{"below_minutes": 5, "share_bps": 1}]}, "bands"),
            ({"tariffs": [{"kind": "quality"}]}, "tariffs"),
            ({"cap_bps": 10_001}, "cap_bps"),
            ({"appeal_days": 0}, "appeal_days"),
            ({"reason": ""}, "reason"),
            ({"more": 1}, "more"),
        ],
    )
    def test_bad_ones(self, website: Website, admin: Membership, wrong: dict[str, Any], field: str) -> None:
        problem = as_(admin).post(f"{PATH}policies/", {"reason": "Milder.", **wrong}, 400)
        assert problem["errors"][0]["field"].split(".")[0] == field
        assert len(as_(admin).get(f"{PATH}policies/")["versions"]) == 1

    def test_simulated(
        self, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        fines.late_order(client, writer, 5 * fines.MINUTE)
        frozen.shift(9 * DAY)
        run_jobs()
        body = {"bands": [{"below_minutes": None, "share_bps": 1_000}]}
        found = as_(admin).post(f"{PATH}policies/simulate/", body, 200)
        assert (found["draft"]["amount"], found["in_force"]["amount"], found["actual"]["amount"]) == (
            "1.44", "0.72", "0.72",
        )  # fmt: skip
        assert (found["change"], found["days"], len(as_(admin).get(f"{PATH}policies/")["versions"])) == (1.0, 90, 1)
        problem = as_(admin).post(f"{PATH}policies/simulate/", {"bands": "x"}, 400)
        assert problem["errors"][0]["field"] == "bands"


class TestFigures:
    def test_the_dashboard(
        self, order: Order, admin: Membership, second: Membership, frozen: time_machine.Coordinates
    ) -> None:
        made = one_of_each(order, admin, second)
        foreign()
        found = get(admin, "dashboard")
        assert {row["status"]: row["count"] for row in found["by_status"]} == {
            **dict.fromkeys(("proposed", "issued", "appealed", "upheld", "reduced", "waived", "voided"), 1),
            "settled": 0,
        }
        assert (found["open"], len(made)) == (5, 7)
        assert found["attention"] == {
            "proposed": 1, "issued_soon": 1, "appealed": 1, "granted_soon": 0, "proposed_amount": "0.50",
            "to_collect": "1.30",
        }  # fmt: skip
        assert [row["fine"]["id"] for row in found["newest"]] == sorted((row.pk for row in made.values()), reverse=True)
        assert [row["fine"]["id"] for row in found["appeals"]] == [made["appealed"].pk]
        figures = found["figures"]
        wanted = {"proposed": 6, "issued": 5, "waived": 2, "voided": 1, "appealed": 2, "dismissed": 1}
        assert {name: figures[name] for name in wanted} == wanted
        assert (figures["issued_amount"], figures["waived_amount"], figures["voided_amount"]) == (
            "2.50",
            "0.70",
            "0.50",
        )
        assert figures["appeal_rate"] == {"value": 0.4, "numerator": 2, "denominator": 5}
        assert figures["overturn_rate"] == {"value": 0.0, "numerator": 0, "denominator": 1}
        frozen.shift(31 * DAY)
        later = {row["status"]: row["count"] for row in get(admin, "dashboard")["by_status"]}
        assert (later["proposed"], later["issued"], later["waived"], later["voided"]) == (1, 1, 0, 0)

    def test_each_by_its_own_time(
        self, website: Website, order: Order, admin: Membership, second: Membership, frozen: time_machine.Coordinates
    ) -> None:
        """Proposed on the 2nd, issued by the clock on the 3rd, appealed at once, granted in part on the 4th."""
        fine = fines.proposed(order, admin, 300)
        other = fines.proposed(order, admin, 100, kind="privacy")
        frozen.shift(DAY)
        tasks.fall_due(website)
        appeal = fines.appeal_of(Fine.objects.of(website).get(pk=fine.pk))
        frozen.shift(DAY)
        actions.approve_appeal(appeal, by=actor(second), reason="Indeed.", amount_minor=120)
        actions.void_fine(Fine.objects.of(website).get(pk=other.pk), by=actor(second), reason="Wrong.")
        period = {"from": "2026-03-02", "to": "2026-03-05", "compare": "previous"}
        found = get(admin, "analytics", **period)
        figures = found["figures"]
        assert (figures["proposed"], figures["issued"], figures["issued_amount"]) == (1, 1, "3.00")
        assert (figures["waived"], figures["waived_amount"], figures["voided"]) == (1, "1.20", 1)
        assert (figures["granted"], figures["overturn_rate"]["value"]) == (1, 1.0)
        assert figures["issue_hours"] == {"p50": 24.0, "p90": 24.0, "mean": 24.0, "n": 1}
        assert figures["appeal_hours"] == {"p50": 24.0, "p90": 24.0, "mean": 24.0, "n": 1}
        days = [(point["on"], point["figures"]["proposed"], point["figures"]["issued"], point["figures"]["granted"])
                for point in found["points"]]  # fmt: skip
        assert days == [("2026-03-02", 1, 0, 0), ("2026-03-03", 0, 1, 0), ("2026-03-04", 0, 0, 1)]
        assert {row["kind"]: row["figures"]["issued"] for row in found["by_kind"] if row["figures"]["issued"]} == {
            "quality": 1
        }
        assert {row["source"]: row["figures"]["issued"] for row in found["by_source"]} == {"manual": 1, "automatic": 0}
        assert [(row["writer_id"], row["fines"], row["amount"], row["waived"]) for row in found["writers"]] == [
            (fine.writer_id, 1, "3.00", "1.20")
        ]
        assert found["issued_amount"] == {"current": "3.00", "previous": "0.00", "change": None}

    def test_empty(self, admin: Membership) -> None:
        foreign()
        found = get(admin, "dashboard")
        assert (found["open"], found["newest"], found["appeals"]) == (0, [], [])
        assert get(admin, "analytics")["writers"] == []

    @pytest.mark.parametrize("path", ["dashboard", "analytics", "pending", "appeals"])
    def test_cost_the_same(self, order: Order, admin: Membership, queries: Count, path: str) -> None:
        fines.appealed(order, admin, 50)
        few = queries(lambda: get(admin, path))
        for _ in range(4):
            fines.appealed(order, admin, 50)
        assert queries(lambda: get(admin, path)) == few
