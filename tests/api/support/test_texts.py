"""`/support-management/canned-replies/` and `faqs/`: written by the desk, discarded by admins."""

from __future__ import annotations

from typing import Any

import pytest

from copydesk.accounts.models import Membership
from copydesk.tickets.models import CannedReply, Faq
from tests.api.client import as_

from .answers import API, DESK, Count, count, events, fields, ids, read

REPLIES, FAQS = f"{DESK}canned-replies/", f"{DESK}faqs/"
REPLY = {"title": "Soon", "body": "It is on its way."}
FAQ = {"category": "order", "question": "When?", "answer": "Soon."}


def written(by: Membership, path: str, **body: Any) -> dict[str, Any]:
    found: dict[str, Any] = as_(by).post(path, {**(REPLY if path == REPLIES else FAQ), **body}, 201)
    return found


class TestCannedReplies:
    def test_written_changed_discarded(self, support: Membership, support2: Membership, admin: Membership) -> None:
        row = written(support, REPLIES)
        assert row == {**REPLY, "id": row["id"], "category": None, "active": True}
        path = f"{REPLIES}{row['id']}/"
        assert as_(support2).get(path) == row
        changed = as_(support2).patch(path, {"body": " Tomorrow. ", "category": "order"})
        assert changed == {**row, "body": "Tomorrow.", "category": "order"}
        assert as_(support).patch(path, {"category": None, "active": False}) == {
            **row, "body": "Tomorrow.", "active": False,
        }  # fmt: skip
        as_(support).delete(path, 403)
        as_(admin).delete(path, 204)
        as_(support).get(path, 404)
        assert [verb for verb in events(support.website) if verb.startswith("canned")] == [
            "canned_reply.write", "canned_reply.change", "canned_reply.change", "canned_reply.discard",
        ]  # fmt: skip

    def test_a_title_is_taken_once(self, support: Membership) -> None:
        written(support, REPLIES)
        other = written(support, REPLIES, title="Late")
        before = events(support.website)
        assert fields(as_(support).post(REPLIES, REPLY, 400)) == ["title"]
        assert fields(as_(support).patch(f"{REPLIES}{other['id']}/", {"title": " Soon "}, 400)) == ["title"]
        assert (count(CannedReply, support.website), events(support.website)) == (2, before)

    def test_the_list(self, support: Membership) -> None:
        everywhere = written(support, REPLIES, title="B")["id"]
        of_orders = written(support, REPLIES, title="A", category="order")["id"]
        of_refunds = written(support, REPLIES, title="C", category="refund", active=False)["id"]
        for query, expected in [
            ({}, [of_orders, everywhere, of_refunds]),
            ({"category": "order"}, [of_orders]),
            ({"for_category": "order"}, [of_orders, everywhere]),
            ({"active": "true"}, [of_orders, everywhere]),
            ({"active": "false"}, [of_refunds]),
            ({"ordering": "-title"}, [of_refunds, everywhere, of_orders]),
        ]:
            assert ids(read(support, REPLIES, query)) == expected, query


class TestFaqs:
    def test_written_published_discarded(self, client: Membership, support: Membership, admin: Membership) -> None:
        row = written(support, FAQS)
        assert row == {**FAQ, "id": row["id"], "position": 0, "is_published": False}
        assert as_(client).get(f"{API}public/faqs/")["results"] == []
        path = f"{FAQS}{row['id']}/"
        assert as_(support).patch(path, {"is_published": True, "position": 2})["is_published"] is True
        (public,) = as_(client).get(f"{API}public/faqs/")["results"]
        assert public == {**FAQ, "id": row["id"]}
        as_(support).delete(path, 403)
        as_(admin).delete(path, 204)
        assert as_(client).get(f"{API}public/faqs/")["results"] == []
        assert [verb for verb in events(support.website) if verb.startswith("faq")] == [
            "faq.write", "faq.change", "faq.discard",
        ]  # fmt: skip

    def test_the_list(self, support: Membership) -> None:
        second = written(support, FAQS, position=2)["id"]
        first = written(support, FAQS, position=1, category="payment", is_published=True)["id"]
        for query, expected in [
            ({}, [first, second]),
            ({"category": "payment"}, [first]),
            ({"category": ["payment", "order"]}, [first, second]),
            ({"is_published": "false"}, [second]),
            ({"ordering": "-position"}, [second, first]),
        ]:
            assert ids(read(support, FAQS, query)) == expected, query


@pytest.mark.parametrize("path", [REPLIES, FAQS])
class TestBoth:
    def test_bad_input(self, support: Membership, path: str) -> None:
        wrong: list[tuple[dict[str, Any], str]] = [({"category": "money"}, "category"), ({"colour": "red"}, "colour")]
        if path == REPLIES:
            wrong += [({"title": " "}, "title"), ({"title": "x" * 201}, "title"), ({"body": ""}, "body")]
            wrong += [({"active": "yes"}, "active"), ({"active": None}, "active")]
        else:
            wrong += [
                ({"question": " "}, "question"),
                ({"question": "x" * 301}, "question"),
                ({"answer": ""}, "answer"),
            ]
            wrong += [
                ({"position": -1}, "position"),
                ({"position": 40_000}, "position"),
                ({"category": None}, "category"),
            ]
        row, before = written(support, path), events(support.website)
        for body, field in wrong:
            good = {**(REPLY if path == REPLIES else FAQ), "title": "Other"} if path == REPLIES else FAQ
            assert fields(as_(support).post(path, {**good, **body}, 400)) == [field], body
            assert fields(as_(support).patch(f"{path}{row['id']}/", body, 400)) == [field], body
        assert as_(support).get(f"{path}{row['id']}/") == row
        assert events(support.website) == before

    def test_bad_parameters(self, support: Membership, path: str) -> None:
        flag = "active" if path == REPLIES else "is_published"
        for query, field in [({"category": "x"}, "category"), ({flag: "1"}, flag), ({"ordering": "id"}, "ordering")]:
            assert fields(read(support, path, query, 400)) == [field]

    def test_a_stale_version(self, support: Membership, admin: Membership, path: str) -> None:
        caller, row = as_(admin), written(support, path)
        one = f"{path}{row['id']}/"
        caller.get(one)
        tag, field = caller.response["ETag"], "body" if path == REPLIES else "answer"
        caller.patch(one, {field: "Now."}, if_match=tag)
        assert caller.patch(one, {field: "Then."}, 412, if_match=tag)["code"] == "stale_version"
        assert caller.delete(one, 412, if_match=tag)["code"] == "stale_version"
        assert caller.get(one)[field] == "Now."
        caller.delete(one, 204, if_match=caller.response["ETag"])

    def test_of_another_website(
        self, support: Membership, elsewhere: Membership, client: Membership, path: str
    ) -> None:
        row = written(support, path)
        assert as_(elsewhere).get(path)["results"] == []
        as_(elsewhere).get(f"{path}{row['id']}/", 404)
        as_(elsewhere).patch(f"{path}{row['id']}/", {"category": "order"}, 404)
        as_(client).get(path, 403)
        written(elsewhere, path)
        assert count(CannedReply if path == REPLIES else Faq, support.website) == 1

    def test_queries(self, support: Membership, path: str, queries: Count) -> None:
        caller = as_(support)
        few = queries(lambda: caller.get(path))
        for number in range(3):
            written(support, path, **({"title": f"{number}"} if path == REPLIES else {}))
        assert queries(lambda: caller.get(path)) <= few + 1 <= 4
