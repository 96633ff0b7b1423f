"""Feeds over HTTP: the secret is shown once and opens one calendar until it is taken back."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from icalendar import Calendar

from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.accounts.resolve import digest
from copydesk.journal.models import Event, Remembered
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website, WebsiteStatus
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import CalendarFeed
from tests.api.client import anonymous, as_
from tests.factories import accounts, tenancy
from tests.factories.work import written
from tests.factories.writers import writer as new_writer
from tests.reports.conftest import NOON

DESK = "/api/v1/writer-management/dashboard/calendar/"
FEEDS = f"{DESK}feeds/"
DAY = dt.timedelta(days=1)


def open_feed(who: Membership, **body: Any) -> Any:
    return as_(who).post(FEEDS, body, 201)


def read(url: str, status: int = 200, **headers: str) -> Any:
    response = Client(headers=headers).get(url)
    assert response.status_code == status, response.content
    return response


def problem(response: HttpResponse) -> tuple[Any, ...]:
    body = response.json()  # type: ignore[attr-defined]
    return response.status_code, body["code"], body["detail"], response["Content-Type"]


def kept(of: Website) -> list[CalendarFeed]:
    with website_scope(of.pk):
        return list(CalendarFeed.objects.of(of).order_by("id"))


class TestTheSecret:
    def test_is_shown_once_and_kept_as_its_hash(self, writer: Membership) -> None:
        made = open_feed(writer, name="Phone")
        secret = made["url"].split("/")[-2]
        assert len(secret) == 43
        assert made == {
            "id": made["id"],
            "name": "Phone",
            "created_at": "2026-03-20T12:00:00+00:00",
            "rotated_at": None,
            "url": f"http://testserver{DESK}feed/{secret}/",
        }
        [row] = kept(writer.website)
        assert bytes(row.digest) == digest(secret) == hashlib.sha256(secret.encode()).digest()
        [listed] = as_(writer).get(FEEDS)["results"]
        assert listed == {**made, "url": None}

    def test_is_in_no_row_that_a_retry_is_answered_from(self, writer: Membership) -> None:
        caller = as_(writer)
        made = caller.post(FEEDS, {}, 201, idempotency_key="k")
        assert caller.response["Cache-Control"] == "no-store"
        again = caller.post(FEEDS, {}, 201, idempotency_key="k")
        assert caller.response["Idempotent-Replayed"] == "true"
        assert again == {**made, "url": None}
        assert len(kept(writer.website)) == 1
        new = caller.post(f"{FEEDS}{made['id']}/rotate/", {}, 200, idempotency_key="r")
        assert caller.post(f"{FEEDS}{made['id']}/rotate/", {}, 200, idempotency_key="r") == {**new, "url": None}
        with website_scope(writer.website_id):
            rows = [row.body for row in Remembered.objects.of(writer.website)]
            events = [str(event.data) for event in Event.objects.of(writer.website)]
        assert len(rows) == 2
        for shown in (made, new):
            assert shown["url"].split("/")[-2] not in str(rows) + str(events)

    def test_opens_the_feed_without_authorization(self, client: Membership, writer: Membership) -> None:
        order = written(client, writer, NOON + DAY)
        response = read(open_feed(writer)["url"])
        assert response["Content-Type"] == "text/calendar; charset=utf-8"
        [event] = Calendar.from_ical(response.content).walk("VEVENT")
        assert f"order {order.number}" in event["summary"]

    def test_unknown_revoked_and_rotated_are_one_answer(self, writer: Membership) -> None:
        revoked, rotated = open_feed(writer), open_feed(writer)
        as_(writer).delete(f"{FEEDS}{revoked['id']}/", 204)
        new = as_(writer).post(f"{FEEDS}{rotated['id']}/rotate/", {}, 200)
        assert new["rotated_at"] == "2026-03-20T12:00:00+00:00"
        read(new["url"])
        answers = {
            problem(read(url, 404))
            for url in (revoked["url"], rotated["url"], f"{DESK}feed/{'x' * 43}/", f"{DESK}feed/short/")
        }
        assert answers == {(404, "not_found", "Not found.", "application/problem+json")}
        assert [row["id"] for row in as_(writer).get(FEEDS)["results"]] == [rotated["id"]]


class TestWhoMayNot:
    def test_a_suspended_member_s_feed_is_closed_while_it_lasts(self, writer: Membership) -> None:
        url = open_feed(writer)["url"]
        for status, expected in ((MembershipStatus.SUSPENDED, 404), (MembershipStatus.ACTIVE, 200)):
            with website_scope(writer.website_id):
                Membership.objects.of(writer.website).filter(pk=writer.pk).update(status=status)
            read(url, expected)

    def test_nor_one_not_admitted_or_of_another_role_or_whose_account_is_closed(self, writer: Membership) -> None:
        url = open_feed(writer)["url"]
        for values in ({"admitted": False}, {"admitted": True, "role": "editor"}):
            with website_scope(writer.website_id):
                Membership.objects.of(writer.website).filter(pk=writer.pk).update(**values)
            read(url, 404)
        with website_scope(writer.website_id):
            Membership.objects.of(writer.website).filter(pk=writer.pk).update(role="writer")
        read(url)
        writer.user.is_active = False
        writer.user.save()
        read(url, 404)

    @pytest.mark.parametrize(
        ("status", "expected"),
        [(WebsiteStatus.SUSPENDED, 200), (WebsiteStatus.PENDING_DELETION, 200), (WebsiteStatus.PURGED, 404)],
    )
    def test_a_website_that_is_no_more(self, writer: Membership, status: str, expected: int) -> None:
        """Members of a suspended one still read."""
        url = open_feed(writer)["url"]
        with website_scope(writer.website_id):
            Website.objects.filter(pk=writer.website_id).update(status=status)
        read(url, expected)

    def test_a_request_that_names_another_website(self, writer: Membership) -> None:
        url = open_feed(writer)["url"]
        borealis = tenancy.website("borealis")
        read(url, 200, **{"X-Website": "atlas"})
        assert problem(read(url, 404, **{"X-Website": borealis.slug}))[1] == "not_found"
        assert problem(read(url, 404, **{"X-Website": "nowhere"}))[1] == "website_not_found"


def test_each_feed_is_of_one_writer_on_one_website(client: Membership, writer: Membership) -> None:
    borealis = tenancy.website("borealis")
    elsewhere = new_writer(accounts.membership(borealis, "writer", account=writer.user)).member
    other = new_writer(client.website).member
    written(client, writer, NOON + DAY, topic="Mine")
    written(client, other, NOON + DAY, topic="Theirs")
    written(accounts.membership(borealis), elsewhere, NOON + DAY, topic="Elsewhere")
    for who, topic in ((writer, "Mine"), (other, "Theirs"), (elsewhere, "Elsewhere")):
        [event] = Calendar.from_ical(read(open_feed(who)["url"]).content).walk("VEVENT")
        assert event["summary"].endswith(topic)


def test_nobody_touches_anothers_feeds(writer: Membership) -> None:
    made = open_feed(writer)
    borealis = tenancy.website("borealis")
    for stranger in (
        new_writer(writer.website).member,
        new_writer(accounts.membership(borealis, "writer", account=writer.user)).member,
    ):
        assert as_(stranger).get(FEEDS)["results"] == []
        as_(stranger).delete(f"{FEEDS}{made['id']}/", 404)
        as_(stranger).post(f"{FEEDS}{made['id']}/rotate/", {}, 404)
    read(made["url"])
    [row] = kept(writer.website)
    assert (row.version, row.revoked_at) == (1, None)


def test_each_change_is_an_event_and_a_version(writer: Membership) -> None:
    caller = as_(writer)
    made = open_feed(writer)
    caller.post(f"{FEEDS}{made['id']}/rotate/", {}, 200)
    caller.delete(f"{FEEDS}{made['id']}/", 204)
    caller.delete(f"{FEEDS}{made['id']}/", 404)
    caller.post(f"{FEEDS}{made['id']}/rotate/", {}, 404)
    with website_scope(writer.website_id):
        events = list(Event.objects.of(writer.website).filter(subject_type="calendar_feed").order_by("id"))
    assert [event.verb for event in events] == [
        "calendar_feed.create",
        "calendar_feed.rotate",
        "calendar_feed.revoke",
    ]
    assert {(event.root_type, event.root_id, event.writer_id) for event in events} == {("writer", writer.pk, writer.pk)}
    [row] = kept(writer.website)
    assert (row.version, row.rotated_at, row.revoked_at) == (3, NOON, NOON)


def test_five_feeds_at_most(writer: Membership) -> None:
    made = [open_feed(writer) for _ in range(5)]
    refused = as_(writer).post(FEEDS, {}, 409)
    assert (refused["code"], refused["context"]) == ("too_many_feeds", {"most": 5})
    assert len(kept(writer.website)) == 5
    as_(writer).delete(f"{FEEDS}{made[0]['id']}/", 204)
    open_feed(writer)
    open_feed(new_writer(writer.website).member)


def test_bad_input(writer: Membership) -> None:
    for body, field in (({"name": "x" * 61}, "name"), ({"token": "x"}, "token"), ({"name": None}, "name")):
        assert [error["field"] for error in as_(writer).post(FEEDS, body, 400)["errors"]] == [field]
    assert kept(writer.website) == []
    url = open_feed(writer)["url"]
    assert read(f"{url}?from=2026-01-01", 400).json()["errors"][0]["field"] == "from"


def test_a_writer_without_a_profile_has_nothing_to_feed(atlas: Website) -> None:
    assert as_(accounts.membership(atlas, "writer")).post(FEEDS, {}, 403)["code"] == "writer_not_approved"


class TestTheETag:
    def test_is_of_the_content(self, client: Membership, writer: Membership) -> None:
        order = written(client, writer, NOON + DAY)
        url = open_feed(writer)["url"]
        first = read(url)
        tag = first["ETag"]
        for known in (tag, f'"x", {tag}', f"W/{tag}", "*"):
            same = read(url, 304, **{"If-None-Match": known})
            assert (same.content, same["ETag"]) == (b"", tag)
        assert read(url, 200, **{"If-None-Match": '"x"'})["ETag"] == tag
        with website_scope(client.website_id):
            Order.objects.of(client.website).filter(pk=order.pk).update(topic="Peace")
        assert read(url, 200, **{"If-None-Match": tag})["ETag"] != tag

    def test_the_export_has_one_too(self, client: Membership, writer: Membership) -> None:
        order = written(client, writer, NOON + DAY, topic="War")
        written(client, writer, NOON + 60 * DAY)
        caller = as_(writer)
        got = caller.get(f"{DESK}export/")
        assert got["Content-Type"] == "text/calendar; charset=utf-8"
        assert got["Content-Disposition"] == 'attachment; filename="work-due.ics"'
        [event] = Calendar.from_ical(got.content).walk("VEVENT")
        assert f"order {order.number}" in event["summary"]
        caller.send("GET", f"{DESK}export/", 304, headers={"If-None-Match": got["ETag"]})
        window = {"from": "2026-05-01", "to": "2026-06-01"}
        assert len(Calendar.from_ical(caller.get(f"{DESK}export/", **window).content).walk("VEVENT")) == 1
        assert caller.get(f"{DESK}export/", 400, to="2026-01-01")["errors"][0]["field"] == "to"


@pytest.mark.parametrize("screen", ["feeds/", "export/"])
def test_is_for_writers_only(atlas: Website, screen: str) -> None:
    for role in ("client", "editor", "support", "admin"):
        as_(accounts.membership(atlas, role)).get(f"{DESK}{screen}", 403)
    assert as_(new_writer(atlas, status="applied").member).get(f"{DESK}{screen}", 403)["code"] == "writer_not_approved"
    anonymous(atlas).get(f"{DESK}{screen}", 401)


@pytest.mark.parametrize(("screen", "most"), [("feed", 3), ("export/", 3), ("feeds/", 3)])
def test_the_number_of_queries_does_not_grow(
    client: Membership, writer: Membership, screen: str, most: int, queries: Callable[[Callable[[], Any]], int]
) -> None:
    caller = as_(writer)
    url = open_feed(writer)["url"] if screen == "feed" else f"{DESK}{screen}"
    written(client, writer, NOON + DAY)
    caller.get(url)
    before = queries(lambda: caller.get(url))
    for number in range(2, 21):
        written(client, writer, NOON + number * DAY)
    assert queries(lambda: caller.get(url)) == before
    assert before <= most, "with the one for the caller"
