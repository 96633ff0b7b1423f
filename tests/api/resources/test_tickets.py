"""Tickets over HTTP: what each role opens, reads and does; and that a requester never reads a note."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from copydesk.accounts.models import Membership
from copydesk.tickets.actions.desk import keep_profile
from copydesk.tickets.actions.issues import approve_measure, request_measure
from copydesk.tickets.models import Measure, Note, Reply, Ticket, TicketFile
from copydesk.tickets.tasks import lift_measures
from tests.api.client import Caller, as_, as_user
from tests.factories import accounts, orders, tenancy
from tests.factories.accounts import actor
from tests.factories.tickets import ticket
from tests.standstill import NOON

PATH = "/api/v1/tickets/"
HOUR = dt.timedelta(hours=1)
STEPS = {"reply", "note", "claim", "assign", "change", "escalate", "resolve", "close", "reopen", "rate", "merge"}
OPENING = {"title": "Where is it?", "body": "I cannot find it."}


@pytest.fixture
def opened(client: Membership) -> dict[str, Any]:
    found: dict[str, Any] = as_(client).post(PATH, {**OPENING, "category": "order"}, 201)
    return found


def path(row: dict[str, Any], step: str = "") -> str:
    return f"{PATH}{row['id']}/{step}"


def text(name: str = "seen.txt") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, b"Seen.")}


def allowed(row: dict[str, Any]) -> set[str]:
    return {one["action"] for one in row["available_actions"] if one["allowed"]}


def test_a_client_opens_one(client: Membership) -> None:
    order = orders.unpaid_order(client)
    caller = as_(client)
    row = caller.post(PATH, {**OPENING, "about_type": "order", "about_id": order.pk}, 201)
    assert row == {
        "id": row["id"],
        "number": 1,
        "title": "Where is it?",
        "category": "other",
        "priority": "medium",
        "status": "new",
        "requester": {"id": client.pk, "role": "client", "label": f"Client {client.number}", "name": None},
        "assignee": None,
        "about": {"type": "order", "id": order.pk, "number": order.number},
        "merged_into_id": None,
        "escalation_level": None,
        "due_at": None,
        "clocks": [],
        "opened_at": "2026-03-02T12:00:00+00:00",
        "last_message_at": "2026-03-02T12:00:00+00:00",
        "assigned_at": None,
        "resolved_at": None,
        "closed_at": None,
        "reopen_until": None,
        "rating": None,
        "rating_comment": "",
        "rated_at": None,
        "available_actions": row["available_actions"],
    }
    assert {one["action"] for one in row["available_actions"]} == {"reply", "close", "reopen", "rate"}
    assert allowed(row) == {"reply", "close"}
    assert caller.response["ETag"] == f'"ticket-{row["id"]}-1"'
    assert as_(client).get(path(row)) == row
    assert as_(client).get(PATH)["results"] == [row]


def test_staff_see_its_clocks(opened: dict[str, Any], support: Membership) -> None:
    row = as_(support).get(path(opened))
    assert {one["action"] for one in row["available_actions"]} == STEPS - {"rate"}
    assert [(one["kind"], one["state"], one["target_seconds"], one["due_at"]) for one in row["clocks"]] == [
        ("first_response", "running", 12 * 3600, "2026-03-03T00:00:00+00:00"),
        ("resolution", "running", 24 * 3600, "2026-03-03T12:00:00+00:00"),
    ]
    assert (row["due_at"], row["escalation_level"]) == ("2026-03-03T00:00:00+00:00", 0)


def test_staff_open_one_for_a_writer(writer: Membership, support: Membership) -> None:
    row = as_(support).post(PATH, {**OPENING, "requester_id": writer.pk, "priority": "critical"}, 201)
    assert (row["requester"]["label"], row["priority"]) == ("Quill", "critical")
    assert as_(writer).get(path(row))["status"] == "new"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({**OPENING, "title": " "}, "title"),
        ({**OPENING, "title": "x" * 201}, "title"),
        ({**OPENING, "body": "x" * 10_001}, "body"),
        ({**OPENING, "category": "love"}, "category"),
        ({**OPENING, "priority": "urgent"}, "priority"),
        ({**OPENING, "priority": "low"}, "priority"),
        ({**OPENING, "about_type": "bundle"}, "about_type"),
        ({**OPENING, "about_type": "order", "about_id": 0}, "about_id"),
        ({**OPENING, "about_type": "order", "about_id": 2**63}, "about_id"),
        ({**OPENING, "status": "closed"}, "status"),
    ],
)
def test_bad_input(client: Membership, body: dict[str, Any], field: str) -> None:
    problem = as_(client).post(PATH, body, 400)
    assert field in {error["field"] for error in problem["errors"]}
    assert not Ticket.objects.of(client.website).exists()


def test_not_about_another_clients_order(client: Membership) -> None:
    order = orders.unpaid_order(accounts.membership(client.website))
    problem = as_(client).post(PATH, {**OPENING, "about_type": "order", "about_id": order.pk}, 400)
    assert problem["errors"][0]["field"] == "about_id"


def test_no_requester_reads_a_note(
    opened: dict[str, Any], client: Membership, writer: Membership, support: Membership
) -> None:
    """Nowhere: not in any answer about the ticket, not in a search, not by its file, not in what happened."""
    agent, own = as_(support), as_(client)
    hidden = agent.upload(path(opened, "files/"), text("secret.txt"), 201)
    agent.post(path(opened, "note/"), {"body": "Zanzibar is a fraud.", "file_ids": [hidden["id"]]}, 201)
    shown = agent.upload(path(opened, "files/"), text(), 201)
    agent.post(path(opened, "reply/"), {"body": "Here it is.", "file_ids": [shown["id"]]}, 201)
    waiting = agent.upload(path(opened, "files/"), text("later.txt"), 201)
    for caller in (own, as_(writer)):
        assert caller.get(path(opened, "notes/"), 403)["code"] == "permission_denied"
        caller.post(path(opened, "note/"), {"body": "Mine."}, 403)
    answers = [
        own.get(PATH),
        own.get(path(opened)),
        own.get(path(opened, "messages/")),
        own.get(PATH, search="Zanzibar"),
        own.get("/api/v1/notifications/"),
        own.get("/api/v1/client-management/dashboard/activity/"),
    ]
    assert not any(word in json.dumps(answers) for word in ("Zanzibar", "secret.txt", "later.txt", "note"))
    assert answers[3]["count"] == 0
    assert [row["body"] for row in answers[2]["results"]] == ["Here it is.", "I cannot find it."]
    for file, status in ((hidden, 404), (waiting, 404), (shown, 200)):
        own.get(f"{PATH}files/{file['id']}/download/", status)
        as_(writer).get(f"{PATH}files/{file['id']}/download/", 404)
        agent.get(f"{PATH}files/{file['id']}/download/", 200)
    assert [row["body"] for row in agent.get(path(opened, "notes/"))["results"]] == ["Zanzibar is a fraud."]
    assert agent.get(PATH, search="Zanzibar")["count"] == 0
    assert (Note.objects.of(client.website).count(), Reply.objects.of(client.website).count()) == (1, 2)


def test_who_wrote(opened: dict[str, Any], client: Membership, support: Membership) -> None:
    row = as_(support).post(path(opened, "reply/"), {"body": " Mail me: a@example.com "}, 201)
    assert (row["author_role"], row["author"], row["is_own"]) == ("support", f"Support {support.number}", True)
    assert row["body"] == "Mail me: a@example.com"
    boss = as_user(accounts.superadmin(), client.website)
    boss.post(path(opened, "reply/"), {"body": "From above."}, 201)
    seen = as_(client).get(path(opened, "messages/"))["results"]
    assert [(one["author_role"], one["author"], one["is_own"]) for one in seen] == [
        ("support", "Support", False),
        ("support", "Support", False),
        ("client", f"Client {client.number}", True),
    ]


def test_the_desk_says_what_it_waits_for(opened: dict[str, Any], client: Membership, support: Membership) -> None:
    as_(support).post(path(opened, "reply/"), {"body": "And you?", "then": "awaiting_client"}, 201)
    row = as_(support).get(path(opened))
    assert row["status"] == "awaiting_client"
    assert [(one["kind"], one["state"]) for one in row["clocks"]] == [
        ("first_response", "met"),
        ("resolution", "paused"),
    ]
    as_(client).post(path(opened, "reply/"), {"body": "Me.", "then": "open"}, 400)
    as_(support).post(path(opened, "reply/"), {"body": "So.", "then": "closed"}, 400)
    as_(client).post(path(opened, "reply/"), {"body": "Me."}, 201)
    row = as_(support).get(path(opened))
    assert row["status"] == "open"
    assert [one["kind"] for one in row["clocks"]] == ["first_response", "next_response", "resolution"]


@pytest.mark.parametrize("body", [{}, {"body": ""}, {"body": "  "}, {"body": 3}, {"body": "x", "file_ids": [1]}])
@pytest.mark.parametrize("step", ["reply/", "note/"])
def test_bad_words(opened: dict[str, Any], support: Membership, step: str, body: dict[str, Any]) -> None:
    as_(support).post(path(opened, step), body, 400)
    assert (Reply.objects.of(support.website).count(), Note.objects.of(support.website).count()) == (1, 0)


def test_files_are_sent_once_and_by_who_added_them(
    opened: dict[str, Any], client: Membership, support: Membership
) -> None:
    own, agent = as_(client), as_(support)
    file = own.upload(path(opened, "files/"), text(), 201)
    assert (file["name"], file["sent"]) == ("seen.txt", False)
    agent.post(path(opened, "reply/"), {"body": "Yours.", "file_ids": [file["id"]]}, 400)
    row = own.post(path(opened, "reply/"), {"body": "Mine.", "file_ids": [file["id"]]}, 201)
    assert [(one["id"], one["sent"]) for one in row["files"]] == [(file["id"], True)]
    own.post(path(opened, "reply/"), {"body": "Again.", "file_ids": [file["id"]]}, 400)
    other = own.post(PATH, OPENING, 201)
    second = own.upload(path(other, "files/"), text(), 201)
    own.post(path(opened, "reply/"), {"body": "Of another.", "file_ids": [second["id"]]}, 400)
    own.upload(path(opened, "files/"), {"file": SimpleUploadedFile("a.exe", b"MZ")}, 415)
    assert TicketFile.objects.of(client.website).count() == 2


def test_claimed(opened: dict[str, Any], support: Membership) -> None:
    row = as_(support).post(path(opened, "claim/"))
    assert row["assignee"] == {
        "id": support.pk, "role": "support", "label": f"Support {support.number}", "name": support.user.full_name,
    }  # fmt: skip
    second = accounts.membership(support.website, "support")
    problem = as_(second).post(path(opened, "claim/"), status=409)
    assert (problem["code"], problem["context"]["assignee_id"]) == ("already_claimed", support.pk)
    row = as_(second).post(path(opened, "assign/"), {"assignee_id": second.pk})
    assert row["assignee"]["id"] == second.pk
    assert as_(second).post(path(opened, "assign/"), {"assignee_id": None})["assignee"] is None
    # Nobody named: to whoever has the most room.
    assert as_(second).post(path(opened, "assign/"), {"reason": "Yours"})["assignee"]["id"] == support.pk
    for member in (support, second):
        keep_profile(member.pk, available=False, by=actor(member))
    assert as_(second).post(path(opened, "assign/"), status=409)["code"] == "nobody_free"
    assert as_(second).get(path(opened))["assignee"]["id"] == support.pk


def test_changed_escalated_resolved_rated(opened: dict[str, Any], client: Membership, support: Membership) -> None:
    agent, own = as_(support), as_(client)
    row = agent.patch(path(opened), {"priority": "high"})
    assert (row["priority"], row["category"], row["clocks"][0]["target_seconds"]) == ("high", "order", 7200)
    agent.patch(path(opened), {"title": "Other"}, 400)
    raised = agent.post(path(opened, "escalate/"), {"reason": "Grave"}, 201)
    assert (raised["level"], raised["status"], raised["reason"]) == (1, "open", "Grave")
    agent.post(path(opened, "escalate/"), {"reason": "Grave", "level": 1}, 409)
    agent.post(path(opened, "escalate/"), {}, 400)
    own.post(path(opened, "rate/"), {"rating": 5}, 409)
    assert agent.post(path(opened, "resolve/"), {"reason": "Sent again"})["status"] == "resolved"
    for rating in (0, 6, "5", None):
        own.post(path(opened, "rate/"), {"rating": rating}, 400)
    row = own.post(path(opened, "rate/"), {"rating": 5, "comment": "Fine."})
    assert (row["rating"], row["rating_comment"]) == (5, "Fine.")
    own.post(path(opened, "rate/"), {"rating": 1}, 409)
    assert own.post(path(opened, "reopen/"), {"reason": "Not yet"})["status"] == "open"
    assert own.post(path(opened, "close/"))["status"] == "closed"
    assert own.post(path(opened, "reply/"), {"body": "?"}, 409)["code"] == "wrong_state"


def test_merged(opened: dict[str, Any], client: Membership, support: Membership) -> None:
    second = as_(client).post(PATH, {**OPENING, "body": "Again."}, 201)
    row = as_(support).post(path(second, "merge/"), {"into_id": opened["id"]})
    assert (row["status"], row["merged_into_id"]) == ("closed", opened["id"])
    seen = as_(client).get(path(opened, "messages/"))["results"]
    assert [(one["body"], one["ticket_id"]) for one in seen] == [
        ("Again.", second["id"]),
        ("I cannot find it.", opened["id"]),
    ]
    assert as_(client).get(PATH, search="again")["results"][0]["id"] == opened["id"]
    as_(support).post(path(opened, "merge/"), {"into_id": second["id"]}, 409)


def test_a_stale_version_is_refused(opened: dict[str, Any], support: Membership) -> None:
    agent = as_(support)
    agent.get(path(opened))
    tag = agent.response["ETag"]
    agent.post(path(opened, "claim/"), if_match=tag)
    agent.post(path(opened, "resolve/"), status=412, if_match=tag)


def test_lists(client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates) -> None:
    rows = {}
    for hours, (name, values) in enumerate(
        {
            "low": {"requester_id": client.pk, "priority": "low", "title": "Alpha"},
            "critical": {"requester_id": client.pk, "priority": "critical", "category": "payment"},
            "medium": {"requester_id": writer.pk, "title": "Alpaca"},
            "high": {"requester_id": writer.pk, "priority": "high"},
        }.items()
    ):
        frozen.move_to(NOON + hours * HOUR)
        rows[as_(support).post(PATH, {**OPENING, **values}, 201)["id"]] = name
    as_(support).post(path({"id": next(iter(rows))}, "claim/"))
    frozen.move_to(NOON + 4 * HOUR)
    agent = as_(support)

    def asked(caller: Caller = agent, **params: Any) -> list[str]:
        return [rows[row["id"]] for row in caller.get(PATH, **params)["results"]]

    assert asked() == ["high", "medium", "critical", "low"]
    assert asked(ordering="-priority") == ["critical", "high", "medium", "low"]
    assert asked(ordering="opened_at") == ["low", "critical", "medium", "high"]
    assert asked(ordering="due_at") == ["critical", "high", "medium", "low"]
    assert asked(priority=["low", "high"]) == ["high", "low"]
    assert asked(category="payment") == ["critical"]
    assert asked(requester_id=writer.pk) == ["high", "medium"]
    assert asked(assignee_id=support.pk) == asked(assigned="true") == ["low"]
    assert asked(overdue="true") == ["critical"]
    assert asked(overdue="false") == ["high", "medium", "low"]
    assert asked(at_risk="true") == []
    frozen.move_to(NOON + 4.75 * HOUR)
    assert asked(at_risk="true") == ["high"]
    assert asked(at_risk="false") == ["medium", "critical", "low"]
    assert agent.get(f"{PATH}?status=open")["results"] == []
    assert agent.get(f"{PATH}?status=new&status=closed")["count"] == 4
    assert asked(search="alp") == ["medium", "low"]
    assert asked(search="#2") == ["critical"]
    assert asked(**{"from": (NOON + HOUR).isoformat(), "to": (NOON + 3 * HOUR).isoformat()}) == ["medium", "critical"]
    assert asked(as_(client)) == ["critical", "low"]
    # What a requester does not see it cannot ask for.
    for word in ("assigned", "overdue", "at_risk"):
        assert asked(as_(client), **{word: "true"}) == ["critical", "low"]
    for params in (
        {"priority": "urgent"},
        {"status": "x"},
        {"limit": "1"},
        {"overdue": "maybe"},
        {"at_risk": "maybe"},
        {"ordering": "title"},
    ):
        agent.send("GET", PATH, 400, query_params=params)


def test_of_another_website_nothing_is_known(opened: dict[str, Any], client: Membership) -> None:
    elsewhere = as_(accounts.membership(tenancy.website("borealis"), "admin"))
    assert elsewhere.get(PATH)["results"] == []
    for step in ("", "messages/", "notes/"):
        elsewhere.get(path(opened, step), 404)
    elsewhere.post(path(opened, "claim/"), status=404)


def test_a_suspended_client_is_refused_until_its_end(
    opened: dict[str, Any], client: Membership, support: Membership, frozen: time_machine.Coordinates
) -> None:
    admin = accounts.membership(client.website, "admin")
    row = request_measure(client.pk, Measure.SUSPEND, by=actor(support), reason="Rude", until=NOON + 2 * HOUR)
    caller = as_(client)
    caller.get(path(opened))
    approve_measure(row, by=actor(admin))
    assert caller.get(path(opened), 403)["code"] == "member_suspended"
    assert caller.post(path(opened, "reply/"), {"body": "?"}, 403)["code"] == "member_suspended"
    # The account logs in, and sees how it stands.
    assert [one["status"] for one in caller.get("/api/v1/auth/me/")["memberships"]] == ["suspended"]
    frozen.shift(2 * HOUR)
    lift_measures(client.website)
    as_(client).get(path(opened))


def test_the_number_of_queries_does_not_grow(
    client: Membership, writer: Membership, support: Membership, queries: Callable[[Callable[[], Any]], int]
) -> None:
    """At most six for every list and every detail of every role, from the token to the answer."""
    admin, boss = accounts.membership(client.website, "admin"), as_user(accounts.superadmin(), client.website)
    agent = as_(support)
    callers = {"client": as_(client), "writer": as_(writer), "support": agent, "admin": as_(admin), "boss": boss}
    own = {requester: {"id": ticket(requester).pk} for requester in (client, writer)}
    for row in own.values():
        agent.post(path(row, "note/"), {"body": "Hm."})
        agent.post(path(row, "claim/"))

    def asked() -> dict[str, int]:
        found = {}
        for role, caller in callers.items():
            row = own[writer if role == "writer" else client]
            steps = ("", "messages/") if role in ("client", "writer") else ("", "messages/", "notes/")
            for of in (PATH, *(path(row, step) for step in steps)):
                found[f"{role} {of}"] = queries(lambda caller=caller, of=of: caller.get(of))  # type: ignore[misc]
            found[f"{role} search"] = queries(lambda caller=caller: caller.get(PATH, search="find"))  # type: ignore[misc]
        return found

    before = asked()
    order = orders.unpaid_order(client)
    for requester, row in own.items():
        for _ in range(3):
            about = {"about_type": "order", "about_id": order.pk} if requester == client else {}
            more = {"id": ticket(requester, **about).pk}
            agent.post(path(more, "claim/"))
            as_(requester).post(path(row, "reply/"), {"body": "Well?"}, 201)
            for step in ("reply/", "note/"):
                sent = agent.upload(path(row, "files/"), text())
                agent.post(path(row, step), {"body": "So.", "file_ids": [sent["id"]]})
    assert asked() == before
    assert max(before.values()) <= 6, before
