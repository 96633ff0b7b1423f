"""`/support-management/escalations/`: of tickets and of accounts in one list, each with its own steps."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.tenancy.scope import website_scope
from copydesk.tickets.models import AccountEscalation, Escalation
from copydesk.writers.models import Writer
from tests.api.client import as_, as_user
from tests.factories import accounts
from tests.factories.tickets import ticket
from tests.reports.conftest import NOON

from .answers import API, DESK, Count, allowed, count, events, fields, ids, read

PATH = f"{DESK}escalations/"
WEEK = (NOON + dt.timedelta(days=7)).isoformat()


def escalated(client: Membership, support: Membership, **body: Any) -> dict[str, Any]:
    """A ticket's, as the list has it."""
    row = ticket(client)
    made = as_(support).post(f"{API}tickets/{row.pk}/escalate/", {"reason": "Angry.", **body}, 201)
    found: dict[str, Any] = as_(support).get(f"{PATH}{made['id']}/")
    return found


def asked(writer: Membership, support: Membership, **body: Any) -> dict[str, Any]:
    """An account's."""
    body = {"member_id": writer.pk, "measure": "suspend", "until": WEEK, "reason": "Rude.", **body}
    found: dict[str, Any] = as_(support).post(PATH, body, 201)
    return found


def step(by: Membership, row: dict[str, Any], name: str, status: int | None = None, **body: Any) -> Any:
    return as_(by).post(f"{PATH}{row['id']}/{name}/", body, status)


class TestOneList:
    def test_what_it_shows_of_a_ticket(self, client: Membership, support: Membership, support2: Membership) -> None:
        row = escalated(client, support, level=2, target_id=support2.pk)
        assert row == {
            "id": row["id"],
            "kind": "ticket",
            "status": "open",
            "reason": "Angry.",
            "ticket": {
                "id": row["ticket"]["id"], "number": 1, "title": "Where is my paper?", "priority": "medium",
                "status": "new",
            },
            "level": 2,
            "rule": "",
            "target": {"id": support2.pk, "role": "support", "label": f"Support {support2.number}", "name": ""},
            "member": None,
            "measure": None,
            "until": None,
            "requested_by": {"id": support.pk, "role": "support", "label": f"Support {support.number}", "name": ""},
            "requested_at": "2026-03-20T12:00:00+00:00",
            "acknowledged_at": None,
            "decided_at": None,
            "resolved_at": None,
            "history": row["history"],
            "available_actions": row["available_actions"],
        }  # fmt: skip
        assert row["history"] == [
            {
                "at": "2026-03-20T12:00:00+00:00", "verb": "ticket.escalate", "title": "Escalated", "status": "open",
                "role": "support", "member_id": support.pk, "reason": "Angry.",
            }
        ]  # fmt: skip
        assert allowed(row) == {"acknowledge", "resolve"}

    def test_what_it_shows_of_an_account(self, client: Membership, writer: Membership, support: Membership) -> None:
        about = ticket(client)
        row = asked(writer, support, ticket_id=about.pk)
        assert (row["kind"], row["status"], row["measure"]) == ("account", "requested", "suspend")
        assert dt.datetime.fromisoformat(row["until"]) == NOON + dt.timedelta(days=7)
        assert (row["level"], row["rule"], row["target"]) == (None, "", None)
        assert row["member"]["id"] == writer.pk
        assert row["member"]["label"] not in ("", f"Writer {writer.number}")
        assert row["ticket"]["id"] == about.pk
        assert [(one["verb"], one["reason"]) for one in row["history"]] == [("account_escalation.request", "Rude.")]
        assert allowed(row) == {"acknowledge"}
        assert as_(support).get(f"{PATH}{row['id']}/") == row

    def test_an_id_means_one_row(
        self, client: Membership, writer: Membership, support: Membership, admin: Membership
    ) -> None:
        first, second = escalated(client, support), asked(writer, support)
        third, fourth = escalated(client, support), asked(writer, support, measure="probation")
        made = [row["id"] for row in (first, second, third, fourth)]
        assert len(set(made)) == 4
        found = as_(admin).get(PATH)
        assert ids(found) == sorted(made, reverse=True)
        assert [row["kind"] for row in found["results"]] == ["account", "ticket", "account", "ticket"]
        assert found["results"] == [as_(admin).get(f"{PATH}{one}/") for one in sorted(made, reverse=True)]

    def test_filters_and_orderings(
        self, client: Membership, writer: Membership, support: Membership, clock: time_machine.Coordinates
    ) -> None:
        first = escalated(client, support, level=3, target_id=support.pk)
        second = escalated(client, support)
        clock.shift(3_600)
        third = asked(writer, support, ticket_id=first["ticket"]["id"])
        step(support, second, "acknowledge")
        a, b, c = first["id"], second["id"], third["id"]
        for query, expected in [
            ({"kind": "ticket"}, [b, a]),
            ({"kind": "account"}, [c]),
            ({"kind": ["account", "ticket"]}, [c, b, a]),
            ({"status": "open"}, [a]),
            ({"status": ["requested", "acknowledged"]}, [c, b]),
            ({"level": 3}, [a]),
            ({"level": 2}, []),
            ({"measure": "suspend"}, [c]),
            ({"measure": "blacklist"}, []),
            ({"ticket_id": first["ticket"]["id"]}, [c, a]),
            ({"member_id": writer.pk}, [c]),
            ({"target_id": support.pk}, [a]),
            ({"from": (NOON + dt.timedelta(minutes=1)).isoformat()}, [c]),
            ({"to": (NOON + dt.timedelta(minutes=1)).isoformat()}, [b, a]),
            ({"ordering": "requested_at"}, [a, b, c]),
            ({"ordering": "-requested_at"}, [c, b, a]),
            ({"ordering": "level", "kind": "ticket"}, [b, a]),
            ({"ordering": "-level", "kind": "ticket"}, [a, b]),
        ]:
            assert ids(read(support, PATH, query)) == expected, query
        pages = [as_(support).get(PATH, page=page, page_size=1) for page in (1, 2, 3)]
        assert [page["results"][0]["id"] for page in pages] == [c, b, a]

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"kind": "order"}, "kind"),
            ({"status": "pending"}, "status"),
            ({"level": "0"}, "level"),
            ({"level": "x"}, "level"),
            ({"measure": "fine"}, "measure"),
            ({"ticket_id": "0"}, "ticket_id"),
            ({"ordering": "reason"}, "ordering"),
            ({"from": "2026-03-20T12:00"}, "from"),
            ({"until": WEEK}, "until"),
        ],
    )
    def test_bad_parameters(self, support: Membership, query: dict[str, Any], field: str) -> None:
        assert fields(read(support, PATH, query, 400)) == [field]

    def test_queries(self, client: Membership, writer: Membership, support: Membership, queries: Count) -> None:
        caller = as_(support)
        first, _ = escalated(client, support), asked(writer, support)
        few = queries(lambda: caller.get(PATH))
        for measure in ("probation", "blacklist"):
            until = {} if measure == "blacklist" else {"until": WEEK}
            as_(support).post(PATH, {"member_id": client.pk, "measure": measure, "reason": "Fraud.", **until})
            escalated(client, support)
        assert len(ids(caller.get(PATH))) == 6
        assert queries(lambda: caller.get(PATH)) == few <= 6
        assert queries(lambda: caller.get(f"{PATH}{first['id']}/")) <= 5

    def test_an_empty_website(self, elsewhere: Membership, client: Membership, support: Membership) -> None:
        row = escalated(client, support)
        assert as_(elsewhere).get(PATH)["results"] == []
        as_(elsewhere).get(f"{PATH}{row['id']}/", 404)
        for name in ("acknowledge", "resolve"):
            step(elsewhere, row, name, 404, **({"reason": "x"} if name == "resolve" else {}))


class TestATicketsCourse:
    def test_acknowledged_and_resolved(self, client: Membership, support: Membership, support2: Membership) -> None:
        row = escalated(client, support)
        seen = step(support2, row, "acknowledge", 200)
        assert (seen["status"], seen["acknowledged_at"]) == ("acknowledged", "2026-03-20T12:00:00+00:00")
        assert step(support2, row, "acknowledge", 409)["code"] == "wrong_state"
        done = step(support2, row, "resolve", 200, reason="Called the client.")
        assert (done["status"], allowed(done)) == ("resolved", set())
        assert [(one["verb"], one["status"], one["member_id"], one["reason"]) for one in done["history"]] == [
            ("ticket.escalate", "open", support.pk, "Angry."),
            ("ticket_escalation.acknowledge", "acknowledged", support2.pk, None),
            ("ticket_escalation.resolve", "resolved", support2.pk, "Called the client."),
        ]
        assert step(support, row, "resolve", 409, reason="Again.")["code"] == "wrong_state"

    def test_resolved_at_once(self, client: Membership, support: Membership) -> None:
        assert step(support, escalated(client, support), "resolve", reason="A mistake.")["acknowledged_at"] is None

    @pytest.mark.parametrize("name", ["approve", "reject"])
    def test_is_not_decided_about(self, client: Membership, support: Membership, admin: Membership, name: str) -> None:
        row = escalated(client, support)
        before = events(client.website)
        assert step(admin, row, name, 409, reason="Yes.")["code"] == "nothing_to_decide"
        assert as_(support).get(f"{PATH}{row['id']}/") == row
        assert events(client.website) == before

    def test_by_a_superadmin(self, client: Membership, support: Membership) -> None:
        boss = as_user(accounts.superadmin(), client.website)
        row = escalated(client, support)
        done = boss.post(f"{PATH}{row['id']}/acknowledge/")
        assert (done["history"][-1]["role"], done["history"][-1]["member_id"]) == ("superadmin", None)


class TestAnAccountsCourse:
    def test_approved_by_another_person(
        self, writer: Membership, support: Membership, support2: Membership, admin: Membership
    ) -> None:
        row = asked(writer, support)
        assert step(support2, row, "approve", 403)["code"] == "permission_denied"
        assert step(support2, row, "acknowledge")["status"] == "acknowledged"
        seen = as_(admin).get(f"{PATH}{row['id']}/")
        assert allowed(seen) == {"approve", "reject"}
        done = step(admin, row, "approve", reason="Twice now.")
        assert (done["status"], done["decided_at"]) == ("approved", "2026-03-20T12:00:00+00:00")
        assert done["history"][-1]["reason"] == "Twice now."
        with website_scope(writer.website_id):
            assert Writer.objects.of(writer.website).get(pk=writer.pk).status == "suspended"
        assert step(support, row, "resolve", 403, reason="Told.")["code"] == "permission_denied"
        assert step(admin, row, "resolve", reason="Told.")["status"] == "resolved"

    def test_not_after_its_end(
        self, writer: Membership, support: Membership, admin: Membership, clock: time_machine.Coordinates
    ) -> None:
        row = asked(writer, support)
        clock.shift(dt.timedelta(days=7))
        refused = {one["action"]: one["code"] for one in read(admin, f"{PATH}{row['id']}/", {})["available_actions"]}
        assert refused == {"acknowledge": None, "approve": "measure_over", "reject": None, "resolve": "wrong_state"}
        assert step(admin, row, "approve", 409)["code"] == "measure_over"

    def test_who_asks_does_not_decide(self, writer: Membership, admin: Membership, admin2: Membership) -> None:
        row = as_(admin).post(PATH, {"member_id": writer.pk, "measure": "blacklist", "reason": "Fraud."}, 201)
        refused = {one["action"]: one["code"] for one in row["available_actions"] if not one["allowed"]}
        assert refused == {"approve": "same_person", "reject": "same_person", "resolve": "wrong_state"}
        before = events(writer.website)
        for name in ("approve", "reject"):
            assert step(admin, row, name, 409, reason="I say so.")["code"] == "same_person"
        assert events(writer.website) == before
        assert step(admin2, row, "reject", reason="No proof.")["status"] == "rejected"
        assert step(admin2, row, "resolve", 409, reason="Done.")["code"] == "wrong_state"

    def test_one_at_a_time(self, writer: Membership, support: Membership) -> None:
        asked(writer, support)
        again = {"member_id": writer.pk, "measure": "suspend", "until": WEEK, "reason": "Again."}
        assert as_(support).post(PATH, again, 409)["code"] == "measure_pending"
        assert count(AccountEscalation, writer.website) == 1

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"member_id": None}, "member_id"),
            ({"member_id": 999_999_999}, "member_id"),
            ({"measure": "fine"}, "measure"),
            ({"until": "2026-03-27T12:00"}, "until"),
            ({"until": "2026-03-20T12:00:00Z"}, "until"),
            ({"measure": "blacklist"}, "until"),
            ({"reason": " "}, "reason"),
            ({"ticket_id": 999_999_999}, "ticket_id"),
            ({"kind": "ticket"}, "kind"),
        ],
    )
    def test_bad_input(self, writer: Membership, support: Membership, body: dict[str, Any], field: str) -> None:
        body = {"member_id": writer.pk, "measure": "suspend", "until": WEEK, "reason": "Rude.", **body}
        assert fields(as_(support).post(PATH, body, 400)) == [field]
        assert count(AccountEscalation, writer.website) == 0

    def test_of_another_website(self, elsewhere: Membership, writer: Membership, support: Membership) -> None:
        body = {"member_id": writer.pk, "measure": "suspend", "until": WEEK, "reason": "Rude."}
        assert fields(as_(elsewhere).post(PATH, body, 400)) == ["member_id"]
        assert as_(elsewhere).get(PATH)["results"] == []

    def test_reasons_are_needed(self, writer: Membership, support: Membership, admin: Membership) -> None:
        row = asked(writer, support)
        assert fields(step(admin, row, "reject", 400)) == ["reason"]
        assert fields(step(support, row, "resolve", 400)) == ["reason"]
        assert fields(step(support, row, "acknowledge", 400, reason="Why?")) == ["reason"]


class TestVersions:
    @pytest.mark.parametrize("kind", ["ticket", "account"])
    def test_a_stale_version_is_refused(
        self, client: Membership, writer: Membership, support: Membership, kind: str
    ) -> None:
        row = escalated(client, support) if kind == "ticket" else asked(writer, support)
        caller, path = as_(support), f"{PATH}{row['id']}/"
        caller.get(path)
        tag = caller.response["ETag"]
        noun = Escalation.noun if kind == "ticket" else AccountEscalation.noun
        assert tag == f'"{noun}-{row["id"]}-1"'
        caller.post(f"{path}acknowledge/", if_match=tag)
        assert caller.response["ETag"] == f'"{noun}-{row["id"]}-2"'
        assert caller.post(f"{path}resolve/", {"reason": "Done."}, 412, if_match=tag)["code"] == "stale_version"
        assert caller.get(path)["status"] == "acknowledged"
