"""`/admin-management/disputes/`: the queue, many decisions at once, and every figure against plain loops."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.disputes import actions
from copydesk.disputes.models import ACTIVE, OUTCOMES, Dispute, Outcome, Party, Stage, Verdict
from copydesk.orders.models import DisputeReason
from copydesk.payments.queries import refundable_minor
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, disputes, orders, refunds, tenancy, writers
from tests.factories.accounts import actor

PATH = "/api/v1/admin-management/disputes/"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
ZONE = ZoneInfo("America/New_York")
"""The website's."""
Count = Callable[[Callable[[], Any]], int]


def ids(page: Any) -> list[int]:
    return [row["dispute"]["id"] for row in page["results"]]


def fields(problem: Any) -> set[str]:
    return {error["field"] for error in problem["errors"]}


def ask(who: Membership, what: str, **params: Any) -> Any:
    return as_(who).send("GET", f"{PATH}{what}/", 200, query_params=params)


class TestTheQueue:
    def test_what_a_waiting_request_claims_may_go_back(
        self, admin: Membership, client: Membership, writer: Membership
    ) -> None:
        """The outcome cancels it first. What has gone back before may not."""
        order = orders.delivered_order(client, writer)
        refunds.executing(order, admin, 200, destination="wallet")
        refunds.request(order, client, 2_000)
        row = disputes.answer(disputes.dispute_of(order, client), writer)
        [found] = ask(admin, "pending")["results"]
        assert (found["paid"], found["refundable"]) == ("32.00", "30.00")
        assert ask(admin, "dashboard")["attention"]["at_stake"] == "30.00"
        assert str(disputes.resolved(row, admin, Outcome.CLIENT_WINS, "preview").refund.amount) == "30.00"

    def test_holds_what_is_open_and_nothing_else(
        self,
        admin: Membership,
        support: Membership,
        client: Membership,
        writer: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:
        late = disputes.dispute(client, writer)
        frozen.shift(60 * HOUR)
        reminded = disputes.reviewed(client, writer)
        Dispute.objects.of(client.website).filter(pk=reminded.pk).update(reminders=1)
        review = disputes.reviewed(client, writer)
        mine = disputes.dispute_of(orders.delivered_order(client, writer), support)
        asked = disputes.dispute_of(orders.delivered_order(client, writer), writer)
        disputes.resolved(disputes.reviewed(client, writer), admin)
        actions.withdraw_dispute(disputes.dispute(client, writer), by=actor(client))
        page = ask(admin, "pending")
        expected = {
            "needs_decision": [review, reminded],
            "to_forward": [mine],
            "awaiting_client": [asked],
            "awaiting_writer": [late],
            "overdue": [late, reminded],
            "all": [late, mine, asked, review, reminded],
        }
        assert page["counts"] == {tab: len(rows) for tab, rows in expected.items()}
        for tab, rows in expected.items():
            found = ask(admin, "pending", tab=tab)
            assert (ids(found), found["counts"]) == ([row.pk for row in rows], page["counts"])
        assert ids(page) == [review.pk, reminded.pk]

    def test_a_row(self, admin: Membership, support: Membership, client: Membership, writer: Membership) -> None:
        client.user.full_name = "Clara Client"
        client.user.save(update_fields=["full_name"])
        row = disputes.reviewed(client, writer, "completed")
        disputes.answer(row, support, "Noted.")
        (found,) = ask(admin, "pending")["results"]
        assert (found["client_name"], found["opened_by"], found["resolved_by"]) == (
            "Clara Client",
            "Clara Client",
            None,
        )
        assert (found["paid"], found["refundable"], found["agreed_pay"]) == ("32.00", "32.00", "14.40")
        assert found["said"] == {"client": 1, "writer": 1, "staff": 1}
        assert found["is_overdue"] is False
        assert found["dispute"]["your_turn"] is True
        assert {one["action"] for one in found["dispute"]["available_actions"] if one["allowed"]} == {
            "respond",
            "resolve",
        }

    def test_narrows(self, admin: Membership, client: Membership, writer: Membership, website: Website) -> None:
        other = writers.writer(website, pen_name="Nib").member
        guest = accounts.membership(website)
        first, second = disputes.reviewed(client, writer), disputes.reviewed(guest, other, reason="plagiarism")
        for params, expected in (
            ({"client_id": client.pk}, [first]),
            ({"writer_id": other.pk}, [second]),
            ({"reason": "plagiarism"}, [second]),
            ({"order_id": first.order_id}, [first]),
            ({"ordering": "-opened_at"}, [second, first]),
        ):
            assert ids(ask(admin, "pending", **params)) == [row.pk for row in expected], params
        for field, value in (("client_id", "x"), ("tab", "x"), ("ordering", "x"), ("colour", "red")):
            problem = as_(admin).send("GET", f"{PATH}pending/", 400, query_params={field: value})
            assert fields(problem) == {field}


class TestBulk:
    def test_previews_and_applies(
        self, admin: Membership, client: Membership, writer: Membership, website: Website
    ) -> None:
        rows = [disputes.reviewed(client, writer) for _ in range(2)]
        other = disputes.reviewed(client, writer, reason="plagiarism")
        body = {
            "ids": [rows[0].pk, other.pk, rows[1].pk, 999_999],
            "reason": "quality_issue",
            "outcome": "client_wins",
            "note": "All alike.",
        }
        shown = as_(admin).post(f"{PATH}bulk-resolve/", {**body, "mode": "preview"}, idempotency_key="a")
        assert Dispute.objects.of(website).filter(status="under_review").count() == 3
        done = as_(admin).post(f"{PATH}bulk-resolve/", body, idempotency_key="b")
        assert {**shown, "mode": "apply"} == done
        assert [one["code"] for one in done["results"]] == [None, "another_reason", None, "not_found"]
        assert Dispute.objects.of(website).filter(status="resolved", refund_minor=3_200).count() == 2

    @pytest.mark.parametrize(
        ("changed", "field"),
        [
            ({"ids": []}, "ids"),
            ({"ids": list(range(1, 52))}, "ids"),
            ({"reason": "boredom"}, "reason"),
            ({"outcome": "extend_deadline"}, "new_deadline"),
            ({"refund_amount": "5.00"}, "refund_amount"),
            ({"note": ""}, "note"),
        ],
    )
    def test_bad_bodies(self, admin: Membership, changed: dict[str, Any], field: str) -> None:
        body = {"ids": [1], "reason": "other", "outcome": "writer_wins", "note": "All alike.", **changed}
        assert fields(as_(admin).post(f"{PATH}bulk-resolve/", body, 400, idempotency_key="k")) == {field}
        assert as_(admin).post(f"{PATH}bulk-resolve/", body, 400)["code"] == "idempotency_key_required"


@pytest.fixture
def history(
    client: Membership,
    admin: Membership,
    support: Membership,
    frozen: time_machine.Coordinates,
    noon: dt.datetime,
) -> list[Dispute]:
    """Fifty days of disputes, of each end, opener and reason; and as many on another website."""
    elsewhere = tenancy.website("elsewhere")
    other = accounts.membership(elsewhere)
    with website_scope(elsewhere.pk):
        far = disputes.reviewed(other, writers.writer(elsewhere).member, "completed")
        disputes.resolved(far, accounts.membership(elsewhere, "admin"), Outcome.CLIENT_WINS)
    reasons, states, ends = list(DisputeReason), list(disputes.STATES), ["open", "withdraw", "silence", *Outcome]
    for number in range(28):
        frozen.move_to(noon + number * 43 * HOUR)
        writer = writers.writer(client.website, pen_name=f"Quill {number}").member
        opener = (client, writer, support, client)[number % 4]
        order = disputes.STATES[states[number % 4]](client, writer)
        row = disputes.dispute_of(order, opener, reasons[number % 8])
        if opener is support:
            frozen.shift(HOUR)
            disputes.asked(row, support, Party.WRITER if number % 8 < 4 else Party.CLIENT)
        end = ends[number % 7]
        if end == "withdraw":
            frozen.shift(2 * HOUR)
            actions.withdraw_dispute(row, by=actor(opener))
        elif end == "silence":
            due = Dispute.objects.of(client.website).get(pk=row.pk).due_at
            assert due is not None
            frozen.move_to(due)
            actions.keep_time(row, by=Actor.system(client.website))
        elif end != "open":
            row.refresh_from_db()
            frozen.shift((3 + number) * HOUR)
            disputes.answer(row, writer if row.status == "awaiting_writer" else client)
            frozen.shift((1 + number % 5) * HOUR)
            outcome = Outcome(end)
            given: dict[str, Any] = {}
            if outcome is Outcome.CLIENT_WINS:
                given["refund_minor"] = 900 + number
            if outcome is Outcome.EXTEND_DEADLINE:
                given["new_deadline"] = noon + 300 * DAY
            disputes.resolved(row, admin, outcome, **given)
    writer = writers.writer(client.website, pen_name="Nib").member
    asks = disputes.asked(disputes.reviewed(client, writer), support, Party.CLIENT)
    asks.refresh_from_db()
    assert asks.due_at is not None
    frozen.move_to(asks.due_at)
    actions.keep_time(asks, by=Actor.system(client.website))
    frozen.move_to(noon + 51 * DAY)
    return list(Dispute.objects.of(client.website).order_by("pk"))


def spread(hours: Iterable[float]) -> dict[str, Any]:
    found = sorted(hours)
    if not found:
        return {"p50": None, "p90": None, "mean": None, "n": 0}

    def part(share: float) -> float:
        place = share * (len(found) - 1)
        low = int(place)
        high = min(low + 1, len(found) - 1)
        return found[low] + (found[high] - found[low]) * (place - low)

    values = {"p50": part(0.5), "p90": part(0.9), "mean": statistics.fmean(found)}
    return {name: pytest.approx(value, abs=0.006) for name, value in values.items()} | {"n": len(found)}


def rate(numerator: int, denominator: int) -> dict[str, Any]:
    value = round(numerator / denominator, 3) if denominator else None
    return {"value": value, "numerator": numerator, "denominator": denominator}


def figures(rows: list[Dispute], since: dt.datetime, until: dt.datetime) -> dict[str, Any]:
    """By plain loops over the rows."""
    opened = [row for row in rows if since <= row.opened_at < until]
    ended = [row for row in rows if row.closed_at and since <= row.closed_at < until]
    resolved = [row for row in ended if row.status == "resolved"]
    upheld = 0
    for row in resolved:
        wanted = "writer" if row.opener == "writer" else "client"
        upheld += row.verdict == wanted
    hours = [(row.closed_at - row.opened_at) / HOUR for row in resolved if row.closed_at]
    return {
        "opened": len(opened),
        "resolved": len(resolved),
        "withdrawn": sum(row.status == "withdrawn" for row in ended),
        "expired": sum(row.status == "expired" for row in ended),
        **{f"for_{one}": sum(row.verdict == one for row in resolved) for one in Verdict},
        "upheld_rate": rate(upheld, len(resolved)),
        "refunded": f"{Decimal(sum(row.refund_minor for row in ended)) / 100:.2f}",
        "pay_lowered": f"{Decimal(-sum(row.pay_change_minor for row in ended)) / 100:.2f}",
        "resolution_hours": spread(hours),
    }


class TestFigures:
    def test_analytics(self, admin: Membership, history: list[Dispute], noon: dt.datetime) -> None:
        since, until = dt.datetime(2026, 3, 4, tzinfo=ZONE), dt.datetime(2026, 4, 15, tzinfo=ZONE)
        params = {"from": since.isoformat(), "to": until.isoformat(), "granularity": "week", "compare": "previous"}
        found = ask(admin, "analytics", **params)
        assert found["figures"] == figures(history, since, until)
        assert found["before"] == figures(history, since - 42 * DAY, since)
        assert found["before"]["opened"] > 0
        bounds = [since, *(dt.datetime(2026, 3, 9, tzinfo=ZONE) + week * 7 * DAY for week in range(6)), until]
        assert len(found["points"]) == 7
        for point, begin, end in zip(found["points"], bounds, bounds[1:], strict=False):
            assert point["figures"] == figures(history, begin, end), point["on"]
        for one in found["by_reason"]:
            assert one["figures"] == figures([row for row in history if row.reason == one["reason"]], since, until)
        assert [one["reason"] for one in found["by_reason"]] == list(DisputeReason)
        for one in found["by_opener"]:
            assert one["figures"] == figures([row for row in history if row.opener == one["opener"]], since, until)
        remedies = {outcome.value: remedy for remedy, outcome in OUTCOMES.items()}
        for one in found["by_outcome"]:
            of_it = figures([row for row in history if row.remedy == remedies[one["outcome"]]], since, until)
            assert {**of_it, "opened": 0} == one["figures"]
            assert one["share"] == rate(of_it["resolved"], found["figures"]["resolved"])
        assert found["refunded"]["current"] == found["figures"]["refunded"]
        assert {one["figures"]["resolved"] for one in found["by_outcome"]} - {0}

    def test_stages(self, admin: Membership, history: list[Dispute], noon: dt.datetime) -> None:
        since, until = noon, noon + 40 * DAY
        found = ask(admin, "analytics", **{"from": since.isoformat(), "to": until.isoformat()})
        silent, asked = 0, 0
        for one in found["by_stage"]:
            hours, silences = [], 0
            for stage in Stage.objects.of(admin.website).filter(status=one["status"]):
                if stage.until and since <= stage.until < until:
                    hours.append((stage.until - stage.since) / HOUR)
                    silences += stage.ended_by == "silence"
            assert one["hours"] == spread(hours)
            assert one["silence_rate"] == rate(silences, len(hours))
            if one["status"].startswith("awaiting"):
                silent, asked = silent + silences, asked + len(hours)
        assert found["silence_rate"] == rate(silent, asked)
        assert silent > 0
        assert [one["status"] for one in found["by_stage"]] == list(ACTIVE)

    def test_dashboard(self, admin: Membership, history: list[Dispute], noon: dt.datetime, website: Website) -> None:
        now = noon + 51 * DAY
        since, until = dt.datetime(2026, 3, 24, tzinfo=ZONE), dt.datetime(2026, 4, 23, tzinfo=ZONE)
        found = ask(admin, "dashboard", days=30)
        assert found["figures"] == figures(history, since, until)
        assert found["before"] == figures(history, since - 30 * DAY, since)
        open_ones = [row for row in history if row.status in ACTIVE]
        closed = [row for row in history if row.closed_at and since <= row.closed_at < until]
        for one in found["by_status"]:
            assert one["count"] == sum(row.status == one["status"] for row in [*open_ones, *closed])
        assert len(found["by_status"]) == 7
        assert found["open"] == len(open_ones)
        overdue = [row for row in open_ones if row.reminders or (row.due_at and row.due_at <= now)]
        soon = [row for row in open_ones if row not in overdue and row.due_at and row.due_at <= now + DAY]
        stake = sum(refundable_minor(website, row.order.reference) for row in open_ones)
        assert found["attention"] == {
            "needs_decision": sum(row.status == "under_review" for row in open_ones),
            "to_forward": sum(row.status == "open" for row in open_ones),
            "overdue": len(overdue),
            "due_in_24h": len(soon),
            "oldest_hours": round(max((now - row.opened_at) / HOUR for row in open_ones), 2),
            "at_stake": f"{Decimal(stake) / 100:.2f}",
        }
        assert len(overdue) > 0
        newest = sorted(history, key=lambda row: -row.pk)[:10]
        assert [row["dispute"]["id"] for row in found["newest"]] == [row.pk for row in newest]
        due = sorted(open_ones, key=lambda row: (row.due_at, row.pk))[:10]
        assert [row["dispute"]["id"] for row in found["next_due"]] == [row.pk for row in due]

    def test_nothing_yet(self, admin: Membership) -> None:
        found = ask(admin, "dashboard")
        assert (found["open"], found["attention"]["oldest_hours"], found["newest"]) == (0, None, [])
        assert found["figures"]["upheld_rate"] == rate(0, 0)
        assert ask(admin, "analytics")["silence_rate"] == rate(0, 0)

    @pytest.mark.parametrize("what", ["dashboard", "analytics"])
    def test_bad_parameters(self, admin: Membership, what: str) -> None:
        for field, value in (("days", 0), ("from", "x"), ("compare", "x"), ("colour", "red")):
            problem = as_(admin).send("GET", f"{PATH}{what}/", 400, query_params={field: value})
            assert fields(problem) == {field}

    def test_queries_do_not_grow(
        self, admin: Membership, client: Membership, writer: Membership, queries: Count
    ) -> None:
        disputes.reviewed(client, writer)
        few = {what: queries(lambda what=what: ask(admin, what)) for what in ("dashboard", "analytics", "pending")}  # type: ignore[misc]
        for _ in range(3):
            disputes.reviewed(client, writer)
        assert few == {what: queries(lambda what=what: ask(admin, what)) for what in few}  # type: ignore[misc]
        assert max(few.values()) <= 6
