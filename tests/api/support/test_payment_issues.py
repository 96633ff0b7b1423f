"""`/support-management/payment-issues/`: opened, escalated, resolved; and by whom."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tickets.models import PaymentIssue
from tests.api.client import as_, as_user
from tests.factories import accounts, orders
from tests.factories.tickets import ticket
from tests.reports.conftest import NOON

from .answers import DESK, Count, allowed, count, events, fields, ids, read

PATH = f"{DESK}payment-issues/"


def opened(client: Membership, by: Membership, **body: Any) -> dict[str, Any]:
    body = {"client_id": client.pk, "kind": "double_charge", "description": "Charged twice.", **body}
    found: dict[str, Any] = as_(by).post(PATH, body, 201)
    return found


def step(by: Membership, row: dict[str, Any], name: str, status: int | None = None, **body: Any) -> Any:
    return as_(by).post(f"{PATH}{row['id']}/{name}/", body, status)


class TestItsCourse:
    def test_opened(self, client: Membership, writer: Membership, support: Membership) -> None:
        order, about = orders.order_in_progress(client, writer), ticket(client)
        charge = orders.order_charges(order)[0]
        row = opened(client, support, order_id=order.pk, charge_id=charge.pk, ticket_id=about.pk)
        assert (row["kind"], row["status"], row["description"]) == ("double_charge", "open", "Charged twice.")
        assert row["client"]["label"] == f"Client {client.number}"
        assert row["order"] == {"id": order.pk, "number": order.number}
        assert (row["charge"]["id"], row["charge"]["status"], row["charge"]["currency"]) == (
            charge.pk,
            "captured",
            "USD",
        )
        assert row["ticket"]["id"] == about.pk
        assert row["opened_by"]["label"] == f"Support {support.number}"
        assert (row["resolved_by"], row["resolution"], row["escalated_at"]) == (None, "", None)
        assert [one["status"] for one in row["history"]] == ["open"]
        assert allowed(row) == {"escalate", "resolve"}
        assert as_(support).get(f"{PATH}{row['id']}/") == row == as_(support).get(PATH)["results"][0]

    def test_resolved(self, client: Membership, support: Membership, support2: Membership) -> None:
        row = opened(client, support)
        done = step(support2, row, "resolve", resolution="Given back.")
        assert (done["status"], done["resolution"], done["resolved_by"]["id"]) == (
            "resolved",
            "Given back.",
            support2.pk,
        )
        assert done["resolved_at"] == "2026-03-20T12:00:00+00:00"
        before = events(client.website)
        assert step(support, row, "resolve", 409, resolution="Again.")["code"] == "wrong_state"
        assert step(support, row, "escalate", 409, reason="Late.")["code"] == "wrong_state"
        assert events(client.website) == before

    def test_escalated_it_needs_another_admin(
        self, client: Membership, support: Membership, admin: Membership, admin2: Membership
    ) -> None:
        row = opened(client, admin)
        risen = step(support, row, "escalate", reason="A lot of money.")
        assert (risen["status"], risen["escalated_at"]) == ("escalated", "2026-03-20T12:00:00+00:00")
        assert risen["history"][-1]["reason"] == "A lot of money."
        assert allowed(risen) == set()
        before = events(client.website)
        for by in (support, admin):
            assert step(by, row, "resolve", 409, resolution="Done.")["code"] == "approval_needed"
        assert events(client.website) == before
        assert step(admin2, row, "resolve", resolution="Done.")["status"] == "resolved"

    def test_by_a_superadmin(self, client: Membership, support: Membership) -> None:
        boss = as_user(accounts.superadmin(), client.website)
        row = opened(client, support)
        boss.post(f"{PATH}{row['id']}/escalate/", {"reason": "Much."})
        done = boss.post(f"{PATH}{row['id']}/resolve/", {"resolution": "Done."})
        assert (done["status"], done["resolved_by"]) == ("resolved", None)

    def test_a_stale_version(self, client: Membership, support: Membership) -> None:
        caller, row = as_(support), opened(client, support)
        caller.get(f"{PATH}{row['id']}/")
        tag = caller.response["ETag"]
        caller.post(f"{PATH}{row['id']}/escalate/", {"reason": "Much."}, if_match=tag)
        body = {"resolution": "Done."}
        assert caller.post(f"{PATH}{row['id']}/resolve/", body, 412, if_match=tag)["code"] == "stale_version"


class TestBadInput:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"client_id": 999_999_999}, "client_id"),
            ({"client_id": "x"}, "client_id"),
            ({"kind": "fraud"}, "kind"),
            ({"description": " "}, "description"),
            ({"order_id": 999_999_999}, "order_id"),
            ({"charge_id": 999_999_999}, "charge_id"),
            ({"ticket_id": 999_999_999}, "ticket_id"),
            ({"status": "resolved"}, "status"),
        ],
    )
    def test_of_a_report(self, client: Membership, support: Membership, body: dict[str, Any], field: str) -> None:
        body = {"client_id": client.pk, "kind": "double_charge", "description": "Charged twice.", **body}
        assert fields(as_(support).post(PATH, body, 400)) == [field]
        assert count(PaymentIssue, client.website) == 0

    def test_of_another_client_or_website(
        self, client: Membership, writer: Membership, support: Membership, elsewhere: Membership
    ) -> None:
        other = accounts.membership(client.website)
        theirs = {"order_id": orders.unpaid_order(other).pk, "ticket_id": ticket(other).pk}
        body = {"client_id": client.pk, "kind": "other", "description": "Odd."}
        for name, value in theirs.items():
            assert fields(as_(support).post(PATH, {**body, name: value}, 400)) == [name]
        assert fields(as_(support).post(PATH, {**body, "client_id": writer.pk}, 400)) == ["client_id"]
        assert fields(as_(elsewhere).post(PATH, body, 400)) == ["client_id"]
        row = opened(client, support)
        assert as_(elsewhere).get(PATH)["results"] == []
        as_(elsewhere).get(f"{PATH}{row['id']}/", 404)
        step(elsewhere, row, "resolve", 404, resolution="Mine.")

    def test_of_steps(self, client: Membership, support: Membership) -> None:
        row = opened(client, support)
        assert fields(step(support, row, "escalate", 400)) == ["reason"]
        assert fields(step(support, row, "resolve", 400)) == ["resolution"]
        assert fields(step(support, row, "resolve", 400, resolution=" ")) == ["resolution"]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"status": "closed"}, "status"),
            ({"kind": "fraud"}, "kind"),
            ({"client_id": "0"}, "client_id"),
            ({"ordering": "kind"}, "ordering"),
            ({"to": "soon"}, "to"),
        ],
    )
    def test_of_parameters(self, support: Membership, query: dict[str, str], field: str) -> None:
        assert fields(read(support, PATH, query, 400)) == [field]


class TestTheList:
    def test_filters_and_orderings(
        self, client: Membership, support: Membership, clock: time_machine.Coordinates
    ) -> None:
        order, about = orders.unpaid_order(client), ticket(client)
        first = opened(client, support, order_id=order.pk)["id"]
        clock.shift(60)
        second = opened(client, support, kind="chargeback", ticket_id=about.pk)
        step(support, second, "resolve", resolution="Done.")
        a, b, soon = first, second["id"], (NOON + dt.timedelta(seconds=30)).isoformat()
        for query, expected in [
            ({}, [b, a]),
            ({"status": "open"}, [a]),
            ({"status": ["open", "escalated", "resolved"]}, [b, a]),
            ({"kind": "chargeback"}, [b]),
            ({"client_id": client.pk}, [b, a]),
            ({"client_id": support.pk}, []),
            ({"order_id": order.pk}, [a]),
            ({"ticket_id": about.pk}, [b]),
            ({"charge_id": 1}, []),
            ({"from": soon}, [b]),
            ({"to": soon}, [a]),
            ({"ordering": "opened_at"}, [a, b]),
        ]:
            assert ids(read(support, PATH, query)) == expected, query

    def test_queries(self, client: Membership, writer: Membership, support: Membership, queries: Count) -> None:
        caller, order = as_(support), orders.order_in_progress(client, writer)
        row = opened(client, support, order_id=order.pk, ticket_id=ticket(client).pk)
        few = queries(lambda: caller.get(PATH))
        for _ in range(3):
            opened(client, support, order_id=order.pk, ticket_id=ticket(client).pk)
        assert queries(lambda: caller.get(PATH)) == few <= 6
        assert queries(lambda: caller.get(f"{PATH}{row['id']}/")) <= 4
