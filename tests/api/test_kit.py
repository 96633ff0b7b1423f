"""CONTRACT section 1, over HTTP: problems, lists, queues, streams, bodies, bulk."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from copydesk.accounts.models import Membership
from copydesk.api import lists
from copydesk.tenancy.models import Policy, Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, anonymous, as_, as_user
from tests.factories.accounts import access_token, membership, superadmin
from tests.factories.tenancy import website

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.kit")]
KIT = "/api/v1/kit/"
PROBLEM = {"type", "title", "status", "detail", "code", "request_id", "errors", "context"}


@pytest.fixture
def atlas() -> Website:
    return website("atlas")


@pytest.fixture
def support(atlas: Website) -> Membership:
    return membership(atlas, "support")


@pytest.fixture
def caller(support: Membership) -> Caller:
    return as_(support)


def raw(who: Membership, body: bytes, kind: str = "application/json", path: str = KIT, method: str = "POST") -> Any:
    headers = {"Authorization": f"Bearer {access_token(who.user)}", "X-Website": who.website.slug}
    return Client(raise_request_exception=False).generic(method, path, body, content_type=kind, headers=headers)


def effects(of: Website) -> int:
    with website_scope(of.pk):
        return Policy.objects.of(of).count()


def is_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == PROBLEM
    assert (body["status"], body["code"], body["request_id"]) == (status, code, response["X-Request-Id"])
    assert body["type"] == f"urn:copydesk:problem:{code}"
    return body


class TestProblems:
    def test_unknown_address(self) -> None:
        is_problem(Client().get("/nowhere"), 404, "not_found")
        is_problem(Client().get("/api/v1/nowhere/"), 404, "not_found")

    def test_wrong_method_before_anything_else(self, support: Membership) -> None:
        for response in (Client().delete(KIT), raw(support, b"", method="OPTIONS"), raw(support, b"{", method="PUT")):
            is_problem(response, 405, "method_not_allowed")
            assert response["Allow"] == "GET, POST, HEAD"

    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"nul",
            b'{"text": NaN}',
            b'\xff\xfe{"',
            b'{"text": "\xff"}',
            b'{"text": "\\ud800"}',
            b"[" * 5000,
            b"{'a': 1}",
        ],
    )
    def test_malformed_body(self, support: Membership, body: bytes) -> None:
        is_problem(raw(support, body), 400, "malformed")

    def test_unknown_media_type(self, support: Membership) -> None:
        is_problem(raw(support, b"<a/>", "text/xml"), 415, "unsupported_media_type")
        is_problem(raw(support, b"a=1", "application/x-www-form-urlencoded"), 415, "unsupported_media_type")
        is_problem(raw(support, b"--x--", "multipart/form-data; boundary=x"), 415, "unsupported_media_type")

    def test_odd_charsets_are_read_as_utf_8(self, support: Membership) -> None:
        assert raw(support, b'{"text": "a"}', "application/json; charset=zlib").status_code == 201

    def test_too_large(self, support: Membership) -> None:
        is_problem(raw(support, b'"' + b"x" * (5 * 1024 * 1024) + b'"'), 413, "too_large")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"text": "a\0b"}, "text"),
            ({"text": "x" * 101}, "text"),
            ({"text": None}, "text"),
            ({"whole": 2**63}, "whole"),
            ({"whole": 10**30}, "whole"),
            ({"whole": "1e9999"}, "whole"),
            ({"free": {"deep": [{"a": "\0"}]}}, "free.deep.0.a"),
            ({"free": {"a\0": 1}}, "free"),
            ({"at": "2026-01-01T00:00:00"}, "at"),
            ({"at": "2026-01-01"}, "at"),
            ({"at": "2026-02-30T00:00:00Z"}, "at"),
            ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
            ({"at": "0001-01-01T00:00:00Z"}, "at"),
            ({"at": "2200-01-01T00:00:00Z"}, "at"),
            ({"at": 5}, "at"),
            ({"text": 5}, "text"),
            ({"text": True}, "text"),
            ({"whole": "5"}, "whole"),
            ({"whole": True}, "whole"),
            ({"whole": 1.5}, "whole"),
            ({"amount": 12.345}, "amount"),
            ({"amount": -1}, "amount"),
            ({"amount": 1e22}, "amount"),
            ({"amount": True}, "amount"),
            ({"yes": 1}, "yes"),
            ({"yes": "true"}, "yes"),
            ({"tags": ["a", 1]}, "tags.1"),
            ({"parts": [{"count": 1}, {"count": "1"}]}, "parts.1.count"),
            ({"amount": "1.234"}, "amount"),
            ({"amount": "NaN"}, "amount"),
            ({"amount": "1e400"}, "amount"),
            ({"amount": "1e2"}, "amount"),
            ({"amount": "12."}, "amount"),
            ({"amount": " 1.00"}, "amount"),
            ({"amount": "-1.00"}, "amount"),
            ({"amount": ""}, "amount"),
            ({"other": 1}, "other"),
            ([], ""),
            ("text", ""),
        ],
    )
    def test_bad_input_names_the_field(self, atlas: Website, caller: Caller, body: Any, field: str) -> None:
        answer = caller.send("POST", KIT, 400, body=json.dumps(body))
        assert [error["field"] for error in answer["errors"]] == [field]
        assert effects(atlas) == 0

    @pytest.mark.parametrize("amount", ["12.50", "12.5", 12.5])
    def test_an_amount_may_be_a_number(self, caller: Caller, amount: Any) -> None:
        assert caller.post(KIT, {"amount": amount})["amount"] == "12.50"

    def test_a_form_has_only_text(self, caller: Caller) -> None:
        file = SimpleUploadedFile("a.txt", b"a")
        assert caller.upload(f"{KIT}upload/", {"file": file, "note": "n", "count": "2"})["note"] == "n"

    def test_a_date_time_keeps_its_instant(self, caller: Caller) -> None:
        assert caller.post(KIT, {"at": "2026-01-01T02:00:00+02:00"})["at"] == "2026-01-01 00:00:00+00:00"

    def test_what_no_field_refused_and_no_column_holds_is_400(self, support: Membership) -> None:
        response = raw(support, b"", path=f"{KIT}?number=1e30", method="GET")
        assert response.status_code in (200, 400), response.content

    def test_a_bug_answers_500_and_leaves_nothing(self, atlas: Website, support: Membership) -> None:
        is_problem(raw(support, b"{}", path=f"{KIT}break/"), 500, "internal_error")
        assert effects(atlas) == 0

    def test_a_refusal_leaves_nothing(self, atlas: Website, caller: Caller) -> None:
        assert caller.post(f"{KIT}refuse/", status=409)["code"] == "wrong_state"
        assert effects(atlas) == 0

    def test_a_kept_refusal_leaves_its_record(self, atlas: Website, caller: Caller) -> None:
        caller.post(f"{KIT}decline/", status=409)
        is_problem(caller.response, 409, "payment_declined")
        assert effects(atlas) == 1

    def test_request_id_is_taken_over_where_it_is_harmless(self) -> None:
        assert Client().get(KIT, headers={"X-Request-Id": "abc-1"})["X-Request-Id"] == "abc-1"
        assert Client().get(KIT, headers={"X-Request-Id": "a b\t"})["X-Request-Id"] != "a b\t"

    def test_bad_host_is_400(self, atlas: Website) -> None:
        response = Client(raise_request_exception=False).get(KIT, headers={"Host": "a b", "X-Website": "atlas"})
        assert response.status_code in (400, 401)

    def test_accept_is_not_quarrelled_about(self, support: Membership) -> None:
        headers = {"Authorization": f"Bearer {access_token(support.user)}", "X-Website": "atlas", "Accept": "text/html"}
        assert Client().get(KIT, headers=headers)["Content-Type"] == "application/json"


class TestLists:
    @pytest.fixture(autouse=True)
    def members(self, atlas: Website, support: Membership) -> list[Membership]:
        return [membership(atlas, role) for role in ("client", "writer", "client", "writer")]

    def test_pages(self, caller: Caller) -> None:
        first = caller.get(KIT, page_size=2)
        assert (first["count"], [row["number"] for row in first["results"]]) == (5, [1, 2])
        assert first["previous"] is None
        second = caller.get(first["next"])
        assert [row["number"] for row in second["results"]] == [3, 4]
        third = caller.get(second["next"])
        assert ([row["number"] for row in third["results"]], third["next"]) == ([5], None)
        assert caller.get(third["previous"])["results"] == second["results"]
        assert caller.get(KIT, page=9, page_size=2)["results"] == []
        assert "count_capped" not in first

    def test_count_is_capped(self, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(lists, "COUNTED_TO", 3)
        body = caller.get(KIT, page_size=2, page=2)
        assert (body["count"], body["count_capped"]) == (3, True)
        assert body["next"]
        assert caller.get(KIT, page_size=2, page=3)["next"] is None

    def test_ordering_ends_with_the_primary_key(self, caller: Caller) -> None:
        def numbers(ordering: str) -> list[int]:
            return [row["number"] for row in caller.get(KIT, ordering=ordering)["results"]]

        assert numbers("role") == [2, 4, 1, 3, 5]
        assert numbers("-role") == [5, 3, 1, 4, 2]
        assert numbers("role,-number") == [4, 2, 1, 5, 3]

    def test_filters(self, caller: Caller, atlas: Website) -> None:
        assert caller.get(KIT, role="writer")["count"] == 2
        with website_scope(atlas.pk):
            Membership.objects.of(atlas).filter(number=2).update(
                created_at=dt.datetime(2020, 1, 1, 4, 59, tzinfo=dt.UTC)
            )
            Membership.objects.of(atlas).filter(number=3).update(created_at=dt.datetime(2020, 1, 1, 5, tzinfo=dt.UTC))
        assert caller.get(KIT, since="2020-01-01")["count"] == 4, "the day starts in New York"
        assert caller.get(KIT, since="2020-01-01T00:00:00Z")["count"] == 5

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({"page": "abc"}, "page"),
            ({"page": "0"}, "page"),
            ({"page": "-1"}, "page"),
            ({"page": "²"}, "page"),
            ({"page": "9" * 30}, "page"),
            ({"page_size": "101"}, "page_size"),
            ({"ordering": "email"}, "ordering"),
            ({"ordering": "number,,"}, "ordering"),
            ({"ordering": ""}, "ordering"),
            ({"role": "king"}, "role"),
            ({"role": ""}, "role"),
            ({"number": ""}, "number"),
            ({"since": ""}, "since"),
            ({"number": "x"}, "number"),
            ({"number": "NaN"}, "number"),
            ({"since": "yesterday"}, "since"),
            ({"since": "2026-01-01T00:00:00"}, "since"),
            ({"since": "2026-02-30"}, "since"),
            ({"since": "a\0"}, "since"),
            ({"limit": "abc"}, "limit"),
            ({"tab": "all"}, "tab"),
        ],
    )
    def test_bad_parameters_are_named(self, caller: Caller, params: dict[str, str], field: str) -> None:
        answer = caller.get(KIT, 400, **params)
        assert [error["field"] for error in answer["errors"]] == [field]

    def test_unknown_parameters_are_refused_everywhere(self, caller: Caller, support: Membership) -> None:
        for path in (f"{KIT}{support.pk}/", f"{KIT}report/", f"{KIT}stream/", f"{KIT}account/"):
            assert caller.get(path, 400, page=1)["errors"][0]["field"] == "page"[: len("page")]
        assert caller.post(f"{KIT}?x=1", {}, 400)["errors"][0]["field"] == "x"

    def test_report_parameters(self, caller: Caller) -> None:
        assert caller.get(f"{KIT}report/") == {"days": 30}
        assert caller.get(f"{KIT}report/", days=7) == {"days": 7}
        for wrong in (0, ""):
            assert caller.get(f"{KIT}report/", 400, days=wrong)["errors"][0]["field"] == "days"

    def test_queue_counts_its_tabs_by_the_same_filters(self, caller: Caller) -> None:
        body = caller.get(f"{KIT}queue/")
        assert (body["count"], body["counts"]) == (5, {"all": 5, "writers": 2})
        body = caller.get(f"{KIT}queue/", tab="writers")
        assert (body["count"], body["counts"]) == (2, {"all": 5, "writers": 2})
        body = caller.get(f"{KIT}queue/", tab="writers", role="client")
        assert (body["count"], body["counts"]) == (0, {"all": 2, "writers": 0})
        for wrong in ("none", ""):
            assert caller.get(f"{KIT}queue/", 400, tab=wrong)["errors"][0]["field"] == "tab"

    def test_stream_pages_by_cursor_both_ways(self, caller: Caller, atlas: Website) -> None:
        first = caller.get(f"{KIT}stream/", page_size=2)
        assert set(first) == {"next", "previous", "results"}
        assert ([row["number"] for row in first["results"]], first["previous"]) == ([5, 4], None)
        membership(atlas, "client")
        second = caller.get(first["next"])
        assert [row["number"] for row in second["results"]] == [3, 2]
        third = caller.get(second["next"])
        assert ([row["number"] for row in third["results"]], third["next"]) == ([1], None)
        back = caller.get(third["previous"])
        assert back["results"] == second["results"]
        newest = caller.get(caller.get(back["previous"])["previous"])
        assert ([row["number"] for row in newest["results"]], newest["previous"]) == ([6], None)

    @pytest.mark.parametrize("cursor", ["x", "", "b2xkZXI6", "%%%", "b2xkZXI6MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=", "é"])
    def test_bad_cursor(self, caller: Caller, cursor: str) -> None:
        assert caller.get(f"{KIT}stream/", 400, cursor=cursor)["errors"][0]["field"] == "cursor"

    def test_detail_of_another_website_is_as_unknown(self, caller: Caller) -> None:
        stranger = membership(website("borealis"), "client")
        answers = [caller.get(f"{KIT}{pk}/", 404) for pk in (stranger.pk, 999_999_999, 10**17)]
        for answer in answers:
            del answer["request_id"]
        assert answers[0] == answers[1] == answers[2]


class TestBulk:
    def test_each_row_by_itself_in_the_order_given(self, atlas: Website, caller: Caller) -> None:
        client, writer = membership(atlas, "client"), membership(atlas, "writer")
        stranger = membership(website("borealis"), "client")
        ids = [writer.pk, stranger.pk, client.pk, 999_999_999]
        body = caller.post(f"{KIT}bulk/", {"ids": ids, "role": "writer"})
        assert body == {
            "mode": "apply",
            "applied": 1,
            "refused": 3,
            "results": [
                {"id": writer.pk, "result": "refused", "code": "wrong_state", "message": "Already a writer."},
                {"id": stranger.pk, "result": "refused", "code": "not_found", "message": "Not found."},
                {"id": client.pk, "result": "applied", "code": None, "message": None},
                {"id": 999_999_999, "result": "refused", "code": "not_found", "message": "Not found."},
            ],
        }
        assert self.role(client) == "writer"

    def test_preview_says_the_same_and_changes_nothing(self, atlas: Website, caller: Caller) -> None:
        client = membership(atlas, "client")
        asked = {"ids": [client.pk], "role": "writer"}
        preview = caller.post(f"{KIT}bulk/", {**asked, "mode": "preview"})
        assert self.role(client) == "client"
        assert preview == {**caller.post(f"{KIT}bulk/", asked), "mode": "preview"}

    def test_a_refusal_undoes_its_row(self, atlas: Website, caller: Caller) -> None:
        client = membership(atlas, "client")
        body = caller.post(f"{KIT}bulk/", {"ids": [client.pk], "role": "support"})
        assert (body["applied"], body["refused"]) == (0, 1)
        assert self.role(client) == "client"

    @pytest.mark.parametrize(
        ("ids", "field"),
        [
            ([], "ids"),
            (list(range(1, 502)), "ids"),
            ([0], "ids.0"),
            (["x"], "ids.0"),
            ([2**63], "ids.0"),
            (None, "ids"),
        ],
    )
    def test_bad_ids(self, caller: Caller, ids: Any, field: str) -> None:
        errors = caller.post(f"{KIT}bulk/", {"ids": ids, "role": "writer"}, 400)["errors"]
        assert [error["field"] for error in errors] == [field]

    def test_bad_mode(self, caller: Caller) -> None:
        errors = caller.post(f"{KIT}bulk/", {"ids": [1], "role": "writer", "mode": "maybe"}, 400)["errors"]
        assert [error["field"] for error in errors] == ["mode"]

    def role(self, member: Membership) -> str:
        with website_scope(member.website_id):
            member.refresh_from_db(fields=["role"])
        return member.role


class TestAccess:
    """Who calls, and for which website."""

    def test_no_or_bad_token(self, atlas: Website) -> None:
        caller = anonymous(atlas)
        assert caller.get(KIT, 401)["code"] == "not_authenticated"
        for header in ("Bearer nonsense", "Bearer ", "Basic abc", "nonsense", "Bearer é"):
            caller._headers["Authorization"] = header
            assert caller.get(KIT, 401)["code"] == "token_invalid"
            assert caller.response["WWW-Authenticate"].startswith("Bearer")

    def test_the_only_membership(self, support: Membership) -> None:
        caller = Caller(access_token(support.user), None)
        caller.get(KIT)
        membership(website("borealis"), "client", account=support.user)
        assert caller.get(KIT, 400)["code"] == "website_required"

    def test_the_host(self, support: Membership) -> None:
        account = support.user
        membership(website("borealis", domain="Essays.example"), "client", account=account)
        headers = {"Authorization": f"Bearer {access_token(account)}", "Host": "essays.example:8000"}
        assert Client().get(KIT, headers=headers).json()["count"] == 1
        headers["X-Website"] = "atlas"
        assert Client().get(f"{KIT}{support.pk}/", headers=headers).status_code == 200
        stranger = membership(website("third"), "client").user
        headers = {"Authorization": f"Bearer {access_token(stranger)}", "Host": "essays.example"}
        assert Client().get(KIT, headers=headers).json()["code"] == "website_not_found"

    def test_unknown_and_foreign_websites_are_one_answer(self, support: Membership) -> None:
        borealis = website("borealis")
        website("gone", status="purged")
        caller = as_(support)
        answers = []
        for slug in ("borealis", "nowhere", "gone", "a\x01b", "", "x" * 300, "é"):
            caller._headers["X-Website"] = slug
            answers.append(caller.get(KIT, 404))
            del answers[-1]["request_id"]
        assert all(answer == answers[0] for answer in answers)
        assert answers[0]["code"] == "website_not_found"
        membership(borealis, "support", account=support.user)
        caller._headers["X-Website"] = "borealis"
        caller.get(KIT)

    def test_superadmin_names_any_website(self, atlas: Website) -> None:
        boss = superadmin()
        assert as_user(boss, atlas).get(KIT)["count"] == 0
        assert as_user(boss).get(KIT, 400)["code"] == "website_required"

    def test_public_and_account_routes(self, atlas: Website, support: Membership) -> None:
        anonymous(atlas).get(f"{KIT}public/")
        assert anonymous().get(f"{KIT}public/", 400)["code"] == "website_required"
        assert anonymous(atlas).get(f"{KIT}account/", 401)["code"] == "not_authenticated"
        nobody = membership(website("third"), "client").user
        Caller(access_token(nobody), None).get(f"{KIT}account/")

    def test_needs_by_method_and_deny_by_default(self, atlas: Website) -> None:
        writer = as_(membership(atlas, "writer"))
        writer.get(KIT)
        assert writer.post(KIT, {}, 403)["code"] == "permission_denied"
        assert as_(membership(atlas, "admin")).get(f"{KIT}closed/", 403)["code"] == "permission_denied"

    def test_suspended_members(self, atlas: Website) -> None:
        member = membership(atlas, "admin", status="suspended")
        assert as_(member).get(KIT, 403)["code"] == "member_suspended"

    def test_closed_accounts(self, support: Membership) -> None:
        caller = as_(support)
        support.user.is_active = False
        support.user.save(update_fields=["is_active"])
        assert caller.get(KIT, 401)["code"] == "token_invalid"
