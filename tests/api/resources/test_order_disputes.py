"""`/orders/disputes/` over HTTP: who sees what of a dispute, whose turn it is, and how it is settled."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from copydesk.accounts.models import Membership
from copydesk.disputes.models import Dispute, Evidence, Party, Statement
from copydesk.orders.models import Order
from copydesk.refunds.models import Refund
from copydesk.tenancy.models import Website
from tests.api.client import as_, as_user
from tests.factories import accounts, disputes, orders, tenancy, writers

API = "/api/v1/orders/"
PATH = f"{API}disputes/"
HOUR = dt.timedelta(hours=1)
PRICE = "32.00"
Count = Callable[[Callable[[], Any]], int]


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


def detail(who: Membership, row: Dispute) -> Any:
    return as_(who).get(f"{PATH}{row.pk}/")


def fields(problem: Any) -> set[str]:
    return {error["field"] for error in problem["errors"]}


def allowed(row: Any) -> set[str]:
    return {one["action"] for one in row["available_actions"] if one["allowed"]}


def resolve(who: Membership, row: Dispute, status: int = 200, key: str = "k", **body: Any) -> Any:
    given = {"note": "Both sides were heard.", **body}
    return as_(who).post(f"{PATH}{row.pk}/resolve/", given, status, idempotency_key=key)


class TestOpening:
    def test_the_orders_step_opens_one(self, client: Membership, writer: Membership, website: Website) -> None:
        order = orders.delivered_order(client, writer)
        body = {"reason": "plagiarism", "statement": "Copied. someone@example.com"}
        assert as_(client).post(f"{API}{order.pk}/dispute/", body)["order"]["status"] == "disputed"
        (row,) = as_(client).get(f"{PATH}?order_id={order.pk}")["results"]
        assert (row["status"], row["reason"], row["opener"]) == ("awaiting_writer", "plagiarism", "client")
        (said,) = as_(writer).get(f"{PATH}{row['id']}/")["said"]
        assert (said["text"], said["masked"]) == ("Copied. [removed]", [{"kind": "email", "count": 1}])
        problem = as_(client).post(f"{API}{order.pk}/dispute/", body, 409)
        assert problem["code"] == "wrong_state"
        assert Dispute.objects.of(website).count() == 1

    def test_what_was_decided_is_final(self, client: Membership, writer: Membership, admin: Membership) -> None:
        row = disputes.reviewed(client, writer)
        disputes.resolved(row, admin)
        body = {"reason": "quality_issue", "statement": "Still poor."}
        assert as_(client).post(f"{API}{row.order_id}/dispute/", body, 409)["code"] == "dispute_settled"


class TestWhatEachSideSees:
    def test_a_dispute(
        self,
        client: Membership,
        writer: Membership,
        support: Membership,
        frozen: time_machine.Coordinates,
        noon: dt.datetime,
    ) -> None:
        row = disputes.dispute(client, writer)
        frozen.shift(6 * HOUR)
        seen = {who.role: detail(who, row) for who in (client, writer, support)}
        for role, found in seen.items():
            one = found["dispute"]
            assert (one["client"], one["writer"]) == (f"Client {client.number}", "Quill")
            assert (one["status"], one["waiting_on"], one["your_turn"]) == (
                "awaiting_writer",
                "writer",
                role == "writer",
            )
            assert (one["hours_left"], one["on_silence"], one["statements"]) == (42.0, "review", 1)
            assert (one["outcome"], one["verdict"], one["refund_amount"], one["pay_change"]) == (None,) * 4
            assert one["order_from"] == "delivered"
            assert [(told["status"], told["hours"], told["on_silence"]) for told in found["declared"]] == [
                ("awaiting_writer", 48, "review"),
                ("awaiting_client", 48, "expires"),
                ("under_review", 72, "reminds"),
            ]
            (stage,) = found["history"]
            assert (stage["status"], stage["turn"], stage["until"]) == ("awaiting_writer", "writer", None)
            (said,) = found["said"]
            assert (said["author"], said["is_own"]) == (f"Client {client.number}", role == "client")
        assert allowed(seen["client"]["dispute"]) == {"respond", "withdraw"}
        assert allowed(seen["writer"]["dispute"]) == allowed(seen["support"]["dispute"]) == {"respond"}

    def test_of_money_only_what_is_its_own(
        self, client: Membership, writer: Membership, admin: Membership, support: Membership
    ) -> None:
        row = disputes.reviewed(client, writer, "completed")
        disputes.resolved(row, admin, disputes.Outcome.CLIENT_WINS)
        expected = {
            client: (PRICE, None),
            writer: (None, "-17.60"),
            admin: (PRICE, "-17.60"),
            support: (PRICE, None),
        }
        for who, (refund, pay) in expected.items():
            one = detail(who, row)["dispute"]
            assert (one["refund_amount"], one["pay_change"]) == (refund, pay)
            assert (one["outcome"], one["verdict"], one["remedy"]) == ("client_wins", "client", "refund")
            assert (one["waiting_on"], one["your_turn"], one["due_at"]) == (None, False, None)
            assert one["note"] == "Both sides were heard."
            assert allowed(one) == set()
        unread = ((writer, (PRICE, client.user.email)), (client, ("17.60", writer.user.email)), (support, ("17.60",)))
        for who, hidden in unread:
            text = json.dumps([detail(who, row), as_(who).get(PATH), as_(who).get(f"{API}{row.order_id}/history/")])
            assert not [word for word in hidden if word in text]

    def test_own_ones_alone(
        self, client: Membership, writer: Membership, support: Membership, website: Website
    ) -> None:
        mine = disputes.dispute(client, writer)
        other = disputes.dispute(accounts.membership(website), writers.writer(website, pen_name="Nib").member)
        for who, expected in ((client, [mine]), (writer, [mine]), (support, [other, mine])):
            assert [row["id"] for row in as_(who).get(PATH)["results"]] == [row.pk for row in expected]
        for who in (client, writer):
            for method, path in (("GET", ""), ("POST", "respond/"), ("POST", "withdraw/")):
                as_(who).send(method, f"{PATH}{other.pk}/{path}", 404, body={} if path else None)

    def test_a_writer_who_was_removed_still_sees_it(
        self, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        row = disputes.reviewed(client, writer)
        disputes.resolved(row, admin, disputes.Outcome.REASSIGN)
        assert detail(writer, row)["dispute"]["outcome"] == "reassign"

    def test_narrows_and_sorts(
        self, client: Membership, writer: Membership, support: Membership, frozen: time_machine.Coordinates
    ) -> None:
        first = disputes.dispute(client, writer)
        frozen.shift(24 * HOUR)
        second = disputes.reviewed(client, writer, reason="plagiarism")
        third = disputes.dispute_of(orders.order_in_progress(client, writer), writer, "other")
        for params, expected in (
            ({}, [third, second, first]),
            ({"ordering": "opened_at"}, [first, second, third]),
            ({"ordering": "due_at"}, [first, third, second]),
            ({"status": "under_review"}, [second]),
            ({"status": ["under_review", "awaiting_client"]}, [third, second]),
            ({"reason": "quality_issue"}, [first]),
            ({"opener": "writer"}, [third]),
            ({"order_id": second.order_id}, [second]),
            ({"your_turn": "true"}, [second]),
            ({"your_turn": "false"}, [third, first]),
            ({"from": "2026-03-03"}, [third, second]),
            ({"to": "2026-03-03"}, [first]),
        ):
            page = as_(support).send("GET", PATH, 200, query_params=params)
            assert [row["id"] for row in page["results"]] == [row.pk for row in expected], params
        assert [row["id"] for row in as_(writer).get(f"{PATH}?your_turn=true")["results"]] == [first.pk]

    @pytest.mark.parametrize(
        ("field", "value"),
        [("status", "x"), ("reason", "x"), ("opener", "x"), ("order_id", 0), ("your_turn", "yes"), ("from", "x"),
         ("ordering", "topic"), ("page", 0), ("colour", "red")],
    )  # fmt: skip
    def test_bad_parameters(self, client: Membership, field: str, value: Any) -> None:
        assert fields(as_(client).send("GET", PATH, 400, query_params={field: value})) == {field}

    def test_queries_do_not_grow(
        self, client: Membership, writer: Membership, support: Membership, queries: Count
    ) -> None:
        row = disputes.reviewed(client, writer)
        few = queries(lambda: as_(support).get(PATH)), queries(lambda: detail(support, row))
        for _ in range(3):
            disputes.reviewed(client, writer)
            disputes.answer(row, writer, uploads=[SimpleUploadedFile("a.txt", b"a")])
        assert (queries(lambda: as_(support).get(PATH)), queries(lambda: detail(support, row))) == few
        assert max(few) <= 6


class TestAnswers:
    def test_with_files(self, client: Membership, writer: Membership, website: Website) -> None:
        row = disputes.dispute(client, writer)
        files = [SimpleUploadedFile("one.txt", b"First."), SimpleUploadedFile("two.txt", b"Second.")]
        found = as_(writer).upload(f"{PATH}{row.pk}/respond/", {"text": "See both.", "files": files})
        assert found["dispute"]["status"] == "under_review"
        said = found["said"][-1]
        assert [file["sha256"] for file in said["files"]] == [
            hashlib.sha256(content).hexdigest() for content in (b"First.", b"Second.")
        ]
        # As the schema says that anybody may work it out.
        proof = [row.pk, 2, "writer", "See both.", "2026-03-02T12:00:00.000000+00:00"]
        proof.append([[file["name"], file["sha256"]] for file in said["files"]])  # type: ignore[arg-type]
        text = json.dumps(proof, separators=(",", ":"), ensure_ascii=False)
        assert said["sha256"] == hashlib.sha256(text.encode()).hexdigest()
        download = f"{PATH}files/{said['files'][0]['id']}/download/"
        for who in (client, writer):
            answer = as_(who).get(download)
            assert b"".join(answer.streaming_content) == b"First."
            assert answer["ETag"] == f'"{said["files"][0]["sha256"]}"'
        as_(accounts.membership(website)).get(download, 404)

    def test_staff_ask(self, client: Membership, writer: Membership, support: Membership) -> None:
        row = disputes.dispute_of(orders.delivered_order(client, writer), support)
        found = as_(support).post(f"{PATH}{row.pk}/respond/", {"text": "What happened?", "ask": "client"})
        assert (found["dispute"]["waiting_on"], found["said"][-1]["author"]) == ("client", "Support")
        again = as_(support).post(f"{PATH}{row.pk}/respond/", {"text": "And you?", "ask": "writer"}, 409)
        assert again["code"] == "asked_already"

    def test_a_stale_version(self, client: Membership, writer: Membership) -> None:
        row = disputes.dispute(client, writer)
        caller = as_(writer)
        caller.get(f"{PATH}{row.pk}/")
        tag = caller.response["ETag"]
        disputes.answer(row, client, "More.")
        assert caller.post(f"{PATH}{row.pk}/respond/", {"text": "Old."}, 412, if_match=tag)["code"] == "stale_version"

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "text"), ({"text": " "}, "text"), ({"text": 5}, "text"), ({"text": "x" * 10_001}, "text"),
         ({"text": "a", "ask": "staff"}, "ask"), ({"text": "a", "ask": "client"}, "ask"), ({"text": "a", "b": 1}, "b"),
         ({"text": "a", "files": []}, "files")],
    )  # fmt: skip
    def test_bad_bodies(self, client: Membership, writer: Membership, body: Any, field: str, website: Website) -> None:
        row = disputes.dispute(client, writer)
        assert fields(as_(writer).post(f"{PATH}{row.pk}/respond/", body, 400)) == {field}
        assert Statement.objects.of(website).count() == 1

    def test_bad_files(self, client: Membership, writer: Membership, website: Website) -> None:
        path = f"{PATH}{disputes.dispute(client, writer).pk}/respond/"
        many = [SimpleUploadedFile(f"{number}.txt", b"x") for number in range(11)]
        for files, status, code in (
            (many, 400, "too_many_files"),
            ([SimpleUploadedFile("a.exe", b"x")], 415, "file_type_not_allowed"),
            ([SimpleUploadedFile("a.txt", b"")], 400, "empty_file"),
        ):
            assert as_(writer).upload(path, {"text": "See.", "files": files}, status)["code"] == code
        assert fields(as_(writer).upload(path, {"text": "See.", "files": ["no file"]}, 400)) == {"files.0"}
        assert (Statement.objects.of(website).count(), Evidence.objects.of(website).count()) == (1, 0)


class TestWithdrawing:
    def test_by_whoever_opened_it(self, client: Membership, writer: Membership, admin: Membership) -> None:
        row = disputes.dispute(client, writer)
        for other in (writer, admin):
            assert as_(other).post(f"{PATH}{row.pk}/withdraw/", {}, 403)["code"] == "not_yours"
        found = as_(client).post(f"{PATH}{row.pk}/withdraw/", {"reason": "We agreed."})
        assert (found["dispute"]["status"], found["dispute"]["note"]) == ("withdrawn", "")
        assert as_(client).get(f"{API}{row.order_id}/")["order"]["status"] == "delivered"
        assert as_(client).post(f"{PATH}{row.pk}/withdraw/", {}, 409)["code"] == "wrong_state"


class TestResolving:
    def test_a_preview_is_what_is_done(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        row = disputes.reviewed(client, writer, "completed")
        body = {"outcome": "client_wins", "refund_amount": "8.00"}
        shown = resolve(admin, row, key="a", mode="preview", **body)
        assert detail(admin, row)["dispute"]["status"] == "under_review"
        assert not Refund.objects.of(website).exists()
        done = resolve(admin, row, key="b", **body)
        assert {**shown, "mode": "apply"} == done
        assert done["refund"] == {
            "amount": "8.00",
            "kept": "24.00",
            "sources": [{**done["refund"]["sources"][0], "amount": "8.00", "is_posted": True, "destination": "wallet"}],
        }
        assert done["writer_pay"] == {
            "agreed": "17.60",
            "before": "17.60",
            "after": "13.20",
            "change": "-4.40",
            "posted": "-4.40",
            "is_earned": True,
        }
        assert [(line["account"], line["amount"]) for line in done["postings"]] == [
            ("refunds", "-8.00"), ("wallet", "8.00"), ("writer_cost", "4.40"), ("earnings", "-4.40")
        ]  # fmt: skip
        assert (done["order"]["before"], done["order"]["after"]) == ("completed", "cancelled")
        order = Order.objects.of(website).get(pk=row.order_id)
        assert (order.status, order.forfeited_minor) == ("cancelled", 2_400)
        assert as_(client).get("/api/v1/wallet/")["balance"] == "8.00"

    def test_needs_a_key_and_happens_once(
        self, client: Membership, writer: Membership, admin: Membership, website: Website
    ) -> None:
        row = disputes.reviewed(client, writer)
        body = {"outcome": "client_wins", "note": "Heard."}
        path = f"{PATH}{row.pk}/resolve/"
        assert as_(admin).post(path, body, 400)["code"] == "idempotency_key_required"
        first = as_(admin).post(path, body, idempotency_key="k")
        caller = as_(admin)
        assert caller.post(path, body, idempotency_key="k") == first
        assert caller.response["Idempotent-Replayed"] == "true"
        assert as_(admin).post(path, {**body, "note": "Other."}, 422, idempotency_key="k")
        assert as_(admin).post(path, body, 409, idempotency_key="l")["code"] == "wrong_state"
        assert Refund.objects.of(website).count() == 1

    def test_by_admins_alone_once_both_were_heard(
        self, client: Membership, writer: Membership, admin: Membership, support: Membership, website: Website
    ) -> None:
        row = disputes.dispute(client, writer)
        assert resolve(admin, row, 409, outcome="writer_wins")["code"] == "wrong_state"
        for other in (client, writer, support):
            resolve(other, row, 403, outcome="writer_wins")
        elsewhere = accounts.membership(tenancy.website("elsewhere"), "admin")
        resolve(elsewhere, row, 404, outcome="writer_wins")
        disputes.answer(row, writer)
        caller = as_user(accounts.superadmin(), website)
        found = caller.post(
            f"{PATH}{row.pk}/resolve/", {"outcome": "writer_wins", "note": "Heard."}, idempotency_key="k"
        )
        assert (found["status"], found["order"]["after"]) == ("resolved", "delivered")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "outcome"),
            ({"outcome": "draw"}, "outcome"),
            ({"outcome": "writer_wins", "note": " "}, "note"),
            ({"outcome": "writer_wins", "verdict": "nobody"}, "verdict"),
            ({"outcome": "writer_wins", "verdict": "client"}, "verdict"),
            ({"outcome": "writer_wins", "refund_amount": "1.00"}, "refund_amount"),
            ({"outcome": "client_wins", "refund_amount": "0.00"}, "refund_amount"),
            ({"outcome": "client_wins", "refund_amount": "1.005"}, "refund_amount"),
            ({"outcome": "client_wins", "refund_amount": "-1"}, "refund_amount"),
            ({"outcome": "extend_deadline"}, "new_deadline"),
            ({"outcome": "extend_deadline", "new_deadline": "2026-04-01T00:00:00"}, "new_deadline"),
            ({"outcome": "extend_deadline", "new_deadline": "2026-03-01T00:00:00Z"}, "new_deadline"),
            ({"outcome": "writer_wins", "mode": "maybe"}, "mode"),
        ],
    )
    def test_bad_bodies(
        self, client: Membership, writer: Membership, admin: Membership, body: dict[str, Any], field: str
    ) -> None:
        row = disputes.reviewed(client, writer)
        assert fields(resolve(admin, row, 400, **body)) == {field}
        assert detail(admin, row)["dispute"]["status"] == "under_review"

    def test_more_than_was_paid(self, client: Membership, writer: Membership, admin: Membership) -> None:
        row = disputes.reviewed(client, writer)
        problem = resolve(admin, row, 409, outcome="client_wins", refund_amount="32.01")
        assert (problem["code"], problem["context"]) == ("refund_too_large", {"refundable": "32.00", "currency": "USD"})


def test_asked_by_staff_the_client_answers(client: Membership, writer: Membership, support: Membership) -> None:
    row = disputes.asked(disputes.reviewed(client, writer), support, Party.CLIENT)
    assert detail(client, row)["dispute"]["your_turn"]
    found = as_(client).post(f"{PATH}{row.pk}/respond/", {"text": "It is so."})
    assert (found["dispute"]["status"], found["dispute"]["your_turn"]) == ("under_review", False)
