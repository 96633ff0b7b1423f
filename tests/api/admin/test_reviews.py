"""`/admin-management/reviews/`: the queue, decisions one by one and many at once, appeals, figures over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.reviews.models import Decision, Ground, Review
from copydesk.tenancy.models import Website
from copydesk.writers.models import Writer
from tests.api.client import as_, as_user
from tests.factories import accounts, reviews, tenancy, writers

PATH = "/api/v1/admin-management/reviews/"
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NO_RATE = {"value": None, "numerator": 0, "denominator": 0}
Count = Callable[[Callable[[], Any]], int]


def queue(who: Membership, **params: Any) -> Any:
    return as_(who).send("GET", f"{PATH}moderation-queue/", 200, query_params=params)


def pen_name(writer: Membership) -> str:
    return Writer.objects.of(writer.website_id).get(pk=writer.pk).pen_name


def ids(page: Any) -> list[int]:
    return [row["id"] for row in page["results"]]


@pytest.fixture
def second(admin: Membership) -> Membership:
    return reviews.moderator(admin)


@pytest.fixture
def crowd(website: Website) -> list[Membership]:
    return [accounts.membership(website) for _ in range(6)]


class TestTheQueue:
    def test_holds_what_waits_and_nothing_else(
        self, admin: Membership, writer: Membership, crowd: list[Membership]
    ) -> None:
        pending = reviews.pending_review(crowd[0], writer)
        alarming = reviews.pending_review(crowd[1], writer, text="See a.example.com or b@example.com now")
        flagged = reviews.flagged_review(crowd[2], writer, admin)
        reported = reviews.reported_review(crowd[3], writer, writer)
        appeal = reviews.open_appeal(crowd[4], writer, admin)
        reviews.rejected_review(crowd[5], writer, admin)
        reviews.review(crowd[5], writer)
        page = queue(admin)
        assert page["counts"] == {"all": 5, "pending": 2, "alerts": 0, "flagged": 1, "reported": 1, "appealed": 1}
        assert page["count"] == 5
        assert ids(page)[0] == alarming.pk
        assert set(ids(page)) == {pending.pk, alarming.pk, flagged.pk, reported.pk, appeal.review_id}
        for tab, expected in {
            "pending": {pending.pk, alarming.pk},
            "alerts": set(),
            "flagged": {flagged.pk},
            "reported": {reported.pk},
            "appealed": {appeal.review_id},
        }.items():
            found = queue(admin, tab=tab)
            assert (set(ids(found)), found["count"], found["counts"]) == (expected, len(expected), page["counts"])

    def test_a_row(
        self,
        admin: Membership,
        second: Membership,
        client: Membership,
        writer: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:
        review = reviews.flagged_review(client, writer, admin)
        as_(writer).post(f"/api/v1/reviews/{review.pk}/report/", {"ground": "spam", "note": "No client of mine."})
        frozen.shift(90 * dt.timedelta(minutes=1))
        (row,) = queue(second)["results"]
        assert row == as_(second).get(f"{PATH}{review.pk}/")
        assert (row["status"], row["visibility"], row["waiting_hours"]) == ("flagged", "public", 1.5)
        assert row["writer"] == pen_name(writer)
        assert row["spam_score"] == 0.25
        assert row["signals"] == [{"name": "account_age", "weight": 0.25, "evidence": {"hours": 0.0}}]
        assert row["client"]["label"] == f"Client {client.number}"
        (report,) = row["reports"]
        assert (report["ground"], report["note"]) == ("spam", "No client of mine.")
        assert report["reporter"]["label"] == pen_name(writer)
        (decision,) = row["history"]
        assert (decision["kind"], decision["ground"], decision["reason"]) == ("flag", "not_true", "To be looked at.")
        assert (decision["by"]["id"], decision["before"], decision["after"]) == (admin.pk, "approved", "flagged")
        allowed = {one["action"] for one in row["available_actions"] if one["allowed"]}
        assert allowed == {"approve", "reject", "shadow"}

    def test_narrows_and_sorts(self, admin: Membership, writer: Membership, crowd: list[Membership]) -> None:
        other = writers.writer(admin.website, pen_name="Nib").member
        low = reviews.pending_review(crowd[0], writer, 1)
        high = reviews.pending_review(crowd[1], other, 5, text="See a.example.com or b@example.com now")
        reported = reviews.reported_review(crowd[2], writer, writer, Ground.OFF_TOPIC)
        for params, expected in (
            ({"status": "pending"}, [high, low]),
            ({"status": ["pending", "approved"]}, [high, low, reported]),
            ({"target": "order"}, []),
            ({"rating_max": 2}, [low]),
            ({"rating_min": 5}, [high, reported]),
            ({"spam_min": 0.6}, [high]),
            ({"spam_max": 0.3}, [reported]),
            ({"client_id": crowd[0].pk}, [low]),
            ({"writer_id": other.pk}, [high]),
            ({"verified": "false"}, []),
            ({"verified": "true"}, [high, low, reported]),
            ({"ground": "off_topic"}, [reported]),
            ({"ground": "threats"}, []),
            ({"signal": "contact_details"}, [high, low]),
            ({"signal": ["contact_details", "burst"]}, []),
            ({"from": "2026-03-03"}, []),
            ({"to": "2026-03-03"}, [high, low, reported]),
            ({"ordering": "spam_score"}, [reported, low, high]),
            ({"ordering": "rating,-submitted_at"}, [low, reported, high]),
            ({"ordering": "-reports,rating"}, [reported, low, high]),
            ({"ordering": "waiting_since"}, [low, high, reported]),
        ):
            page = queue(admin, **params)
            assert ids(page) == [review.pk for review in expected], params
            assert (page["count"], page["counts"]["all"]) == (len(expected), len(expected))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            *(("status", "x"), ("target", "x"), ("rating_min", 0), ("rating_max", 6), ("rating_max", "x")),
            *(("spam_min", -0.1), ("spam_max", 1.1), ("spam_max", "x"), ("client_id", "x"), ("writer_id", 0)),
            *(("verified", "yes"), ("ground", "x"), ("signal", "x"), ("from", "x"), ("to", "2026-03-03T00:00")),
            *(("ordering", "text"), ("tab", "x"), ("page", 0), ("page_size", "abc"), ("colour", "red")),
        ],
    )
    def test_refuses_what_it_cannot_read(self, admin: Membership, field: str, value: Any) -> None:
        problem = as_(admin).send("GET", f"{PATH}moderation-queue/", 400, query_params={field: value})
        assert problem["errors"][0]["field"] == field

    def test_costs_the_same_for_many(
        self, admin: Membership, writer: Membership, crowd: list[Membership], queries: Count
    ) -> None:
        reviews.pending_review(crowd[0], writer)
        caller = as_(admin)
        one = queries(lambda: caller.get(f"{PATH}moderation-queue/"))
        for client in crowd[1:4]:
            reviews.reported_review(client, writer, writer)
        reviews.open_appeal(crowd[4], writer, admin)
        assert queries(lambda: caller.get(f"{PATH}moderation-queue/")) == one <= 6


class TestDecisions:
    def test_each_answers_with_the_review(
        self, admin: Membership, client: Membership, writer: Membership, noon: dt.datetime
    ) -> None:
        review = reviews.pending_review(client, writer)
        until = (noon + 3 * DAY).isoformat()
        for step, body, expected in (
            ("approve", {}, ("approved", "public")),
            ("shadow", {"until": until}, ("approved", "shadowed")),
            ("approve", {}, ("approved", "public")),
            ("flag", {"ground": "personal_data"}, ("flagged", "removed")),
            ("reject", {}, ("rejected", "removed")),
        ):
            caller = as_(admin)
            row = caller.post(f"{PATH}{review.pk}/{step}/", {"reason": "Because.", **body}, 200)
            assert (row["status"], row["visibility"]) == expected
            assert row["history"][-1]["kind"] == step
            assert caller.response["ETag"].startswith(f'"review-{review.pk}-')
        assert len(row["history"]) == 5

    def test_a_version_that_is_stale(self, admin: Membership, client: Membership, writer: Membership) -> None:
        review = reviews.pending_review(client, writer)
        url = f"{PATH}{review.pk}/approve/"
        as_(admin).post(url, {"reason": "Fine."}, 412, if_match='"review-0-0"')
        as_(admin).post(url, {"reason": "Fine."}, 200, if_match=f'"review-{review.pk}-{review.version}"')

    def test_refusals(self, admin: Membership, client: Membership, writer: Membership, noon: dt.datetime) -> None:
        review = reviews.review(client, writer)
        for step, body, status, code in (
            ("approve", {"reason": "Fine."}, 409, "nothing_to_answer"),
            ("reject", {"reason": "Bad."}, 409, "wrong_state"),
            ("shadow", {"reason": "Spam.", "until": (noon + 15 * DAY).isoformat()}, 400, "invalid"),
        ):
            assert as_(admin).post(f"{PATH}{review.pk}/{step}/", body, status)["code"] == code
        assert not Decision.objects.of(client.website).exists()

    @pytest.mark.parametrize(
        ("path", "body", "field"),
        [
            ("{id}/approve/", {}, "reason"),
            ("{id}/approve/", {"reason": " "}, "reason"),
            ("{id}/reject/", {"reason": "x" * 2_001}, "reason"),
            ("{id}/reject/", {"reason": "x", "ground": "spam"}, "ground"),
            ("{id}/flag/", {"reason": "x"}, "ground"),
            ("{id}/flag/", {"reason": "x", "ground": "ugly"}, "ground"),
            ("{id}/shadow/", {"reason": "x"}, "until"),
            ("{id}/shadow/", {"reason": "x", "until": "2026-03-04"}, "until"),
            ("{id}/shadow/", {"reason": "x", "until": "2026-03-04T00:00:00Z", "ground": "threats"}, "ground"),
            ("{id}/shadow/", {"reason": "x", "until": "2026-03-01T00:00:00Z"}, "until"),
            ("bulk/", {"ids": [1], "action": "approve"}, "reason"),
            ("bulk/", {"ids": [1], "action": "delete", "reason": "x"}, "action"),
            ("bulk/", {"ids": [], "action": "approve", "reason": "x"}, "ids"),
            ("bulk/", {"ids": [1], "action": "flag", "reason": "x"}, "ground"),
            ("bulk/", {"ids": [1], "action": "shadow", "reason": "x"}, "until"),
            ("bulk/", {"ids": [1], "action": "approve", "reason": "x", "ground": "spam"}, "ground"),
            ("bulk/", {"ids": [1], "action": "reject", "reason": "x", "mode": "try"}, "mode"),
        ],
    )
    def test_bad_bodies(
        self, admin: Membership, client: Membership, writer: Membership, path: str, body: Any, field: str
    ) -> None:
        review = reviews.review(client, writer)
        problem = as_(admin).post(PATH + path.format(id=review.pk), body, 400)
        assert problem["errors"][0]["field"].partition(".")[0] == field
        assert not Decision.objects.of(client.website).exists()

    def test_rows_of_another_website(self, admin: Membership, client: Membership, writer: Membership) -> None:
        review = reviews.pending_review(client, writer)
        appeal = reviews.open_appeal(client, writer, admin)
        stranger = accounts.membership(tenancy.website("borealis"), "admin")
        for path in ("{0}/approve", "{0}/reject", "appeals/{1}/uphold"):
            foreign = as_(stranger).post(f"{PATH}{path.format(review.pk, appeal.pk)}/", {"reason": "x"}, 404)
            unknown = as_(admin).post(f"{PATH}{path.format(99_999, 99_999)}/", {"reason": "x"}, 404)
            assert {**foreign, "request_id": ""} == {**unknown, "request_id": ""}
        bulk = {"ids": [review.pk], "action": "reject", "reason": "x"}
        assert as_(stranger).post(f"{PATH}bulk/", bulk)["results"][0]["code"] == "not_found"
        assert queue(stranger)["count"] == 0
        assert Review.objects.of(client.website).get(pk=review.pk).status == "pending"

    @pytest.mark.parametrize("more", [{"action": "reject"}, {"action": "approve"}])
    def test_bulk_previews_what_it_applies(
        self, admin: Membership, writer: Membership, crowd: list[Membership], more: dict[str, Any]
    ) -> None:
        waiting = [reviews.pending_review(client, writer) for client in crowd[:2]]
        published = reviews.review(crowd[2], writer)
        body = {"ids": [*(review.pk for review in waiting), published.pk, 99_999], "reason": "Together.", **more}
        preview = as_(admin).post(f"{PATH}bulk/", {**body, "mode": "preview"})
        assert queue(admin)["count"] == 2
        assert {**as_(admin).post(f"{PATH}bulk/", body), "mode": "preview"} == preview
        assert (preview["applied"], preview["refused"], queue(admin)["count"]) == (2, 2, 0)

    def test_bulk_flags_and_shadows(
        self, admin: Membership, writer: Membership, crowd: list[Membership], noon: dt.datetime
    ) -> None:
        published = [reviews.review(client, writer).pk for client in crowd[:2]]
        shadow = {"action": "shadow", "until": (noon + DAY).isoformat()}
        for more in ({"action": "flag", "ground": "not_true"}, shadow):
            answer = as_(admin).post(f"{PATH}bulk/", {"ids": published, "reason": "Together.", **more})
            assert answer["applied"] == 2
        rows = Review.objects.of(admin.website).filter(pk__in=published)
        assert {(row.status, row.visibility) for row in rows} == {("flagged", "shadowed")}


class TestAppeals:
    """`appeals/{id}/` is routed before `{id}/`."""

    def test_another_moderator_decides(
        self, admin: Membership, second: Membership, client: Membership, writer: Membership
    ) -> None:
        appeal = reviews.open_appeal(client, writer, admin)
        url = f"{PATH}appeals/{appeal.pk}/"
        (row,) = queue(admin, tab="appealed")["results"]
        assert row["appeal"]["id"] == appeal.pk
        assert {one["code"] for one in row["appeal"]["available_actions"]} == {"same_moderator"}
        assert as_(admin).post(f"{url}overturn/", {"reason": "Hm."}, 409)["code"] == "same_moderator"
        answer = as_(second).post(f"{url}overturn/", {"reason": "It is an opinion."}, 200)
        assert (answer["status"], answer["answer"]) == ("overturned", "It is an opinion.")
        assert as_(second).post(f"{url}uphold/", {"reason": "Hm."}, 409)["code"] == "wrong_state"
        assert as_(client).get(f"/api/v1/reviews/{appeal.review_id}/")["status"] == "approved"

    def test_a_superadmin_may(self, admin: Membership, client: Membership, writer: Membership) -> None:
        appeal = reviews.open_appeal(client, writer, admin)
        boss = as_user(accounts.superadmin(), client.website)
        assert boss.post(f"{PATH}appeals/{appeal.pk}/uphold/", {"reason": "No."})["status"] == "upheld"
        row = as_(admin).get(f"{PATH}{appeal.review_id}/")
        assert [(one["kind"], one["by"] is None, one["role"]) for one in row["history"]] == [
            ("reject", False, "admin"),
            ("uphold", True, "superadmin"),
        ]

    @pytest.mark.parametrize("step", ["uphold", "overturn"])
    def test_needs_a_reason(
        self, second: Membership, admin: Membership, client: Membership, writer: Membership, step: str
    ) -> None:
        appeal = reviews.open_appeal(client, writer, admin)
        problem = as_(second).post(f"{PATH}appeals/{appeal.pk}/{step}/", {}, 400)
        assert problem["errors"][0]["field"] == "reason"


class TestFigures:
    def test_of_an_empty_website(self, admin: Membership) -> None:
        found = as_(admin).get(f"{PATH}analytics/", days=2, compare="previous")
        assert found["backlog"] == {
            **dict.fromkeys(("waiting", "pending", "flagged", "published", "appealed"), 0),
            "age_hours": {"p50": None, "p90": None, "mean": None, "n": 0},
            "oldest_hours": None,
        }
        assert found["figures"]["overturn_rate"] == found["figures"]["rejected_by_stars"]["low"] == NO_RATE
        assert found["figures"] == found["before"]
        assert found["decisions"] == {"current": 0, "previous": 0, "change": None}
        points = [(point["on"], point["waiting"], point["mean_age_hours"]) for point in found["points"]]
        assert points == [("2026-03-01", 0, None), ("2026-03-02", 0, None)]
        spam = as_(admin).get(f"{PATH}spam-detection/")
        assert spam["scores"] == {"reviews": 0, "low": 0, "middle": 0, "high": 0}
        assert (spam["bursts"], spam["near_duplicates"], spam["suspects"], spam["duplicate_groups"]) == ([], [], [], 0)
        assert {row["reviews"] for row in spam["signals"]} == {0}

    @pytest.mark.parametrize(
        ("screen", "field", "value"),
        [
            *(("analytics", "days", 0), ("analytics", "compare", "x"), ("analytics", "granularity", "hour")),
            *(("analytics", "from", "x"), ("analytics", "to", "2026-03-01"), ("analytics", "colour", "red")),
            *(("spam-detection", "days", "abc"), ("spam-detection", "compare", "previous")),
            *(("spam-detection", "granularity", "day"), ("spam-detection", "from", "2026-03-01T00:00")),
        ],
    )
    def test_refuse_what_they_cannot_read(self, admin: Membership, screen: str, field: str, value: Any) -> None:
        problem = as_(admin).get(f"{PATH}{screen}/", 400, **{field: value})
        assert problem["errors"][0]["field"] in (field, "from")

    def test_cost_the_same_for_many(
        self, admin: Membership, second: Membership, writer: Membership, crowd: list[Membership], queries: Count
    ) -> None:
        caller = as_(admin)
        few = [
            queries(lambda screen=screen: caller.get(f"{PATH}{screen}/")) for screen in ("analytics", "spam-detection")
        ]  # type: ignore[misc]
        for client in crowd:
            reviews.pending_review(client, writer, text=reviews.LONG + reviews.CONTACT)
        reviews.open_appeal(crowd[0], writer, second)
        many = [
            queries(lambda screen=screen: caller.get(f"{PATH}{screen}/")) for screen in ("analytics", "spam-detection")
        ]  # type: ignore[misc]
        assert many == few
        assert max(many) <= 7

    def test_of_a_burst(
        self, admin: Membership, writer: Membership, crowd: list[Membership], frozen: time_machine.Coordinates
    ) -> None:
        written = [reviews.review(client, writer, 1) for client in crowd[:3]]
        (burst,) = as_(admin).get(f"{PATH}spam-detection/")["bursts"]
        assert burst == {
            "day": "2026-03-02",
            "writer_id": writer.pk,
            "writer": pen_name(writer),
            "low_reviews": 3,
            "expected": 0.011,
            "p": pytest.approx(2.27e-7, rel=0.01),
            "review_ids": [review.pk for review in written],
        }
        assert queue(admin)["count"] == 3
        frozen.shift(91 * DAY)
        caller = as_(admin)
        assert caller.get(f"{PATH}spam-detection/")["bursts"] == []
        assert len(caller.get(f"{PATH}spam-detection/", days=120)["bursts"]) == 1

    def test_of_a_burst_from_mid_day(
        self, admin: Membership, writer: Membership, crowd: list[Membership], frozen: time_machine.Coordinates
    ) -> None:
        reviews.review(crowd[0], writer, 1)
        frozen.shift(HOUR)
        written = [reviews.review(client, writer, 1) for client in crowd[1:4]]
        span = {"from": "2026-03-02T12:30:00Z", "to": "2026-03-03T00:00:00Z"}
        (burst,) = as_(admin).get(f"{PATH}spam-detection/", **span)["bursts"]
        assert (burst["low_reviews"], burst["review_ids"]) == (3, [review.pk for review in written])

    def test_of_near_duplicates(self, admin: Membership, writer: Membership, crowd: list[Membership]) -> None:
        copies = [reviews.review(client, writer, text=reviews.LONG) for client in crowd[:3]]
        found = as_(admin).get(f"{PATH}spam-detection/")
        assert found["duplicate_groups"] == 1
        (group,) = found["near_duplicates"]
        assert (group["review_ids"], group["authors"]) == ([review.pk for review in copies], 3)
        assert [row["id"] for row in found["suspects"]] == [copies[1].pk, copies[2].pk]
        signals = {row["signal"]: (row["reviews"], row["pending"], row["published"]) for row in found["signals"]}
        assert (signals["near_duplicate"], signals["account_age"]) == ((2, 2, 0), (3, 2, 1))
