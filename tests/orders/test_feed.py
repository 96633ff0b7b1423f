"""What a feed holds, and the file that it is written as."""

from __future__ import annotations

import datetime as dt
from typing import Any

from icalendar import Calendar

from copydesk.accounts.models import Membership
from copydesk.orders.actions import course, delivery, staffing
from copydesk.orders.calendar_file import calendar_file
from copydesk.orders.models import Cause, Order, Round, Status
from copydesk.orders.queries import feed
from copydesk.orders.queries.feed import Entry, due_entries, feed_entries
from copydesk.tenancy.models import Website
from tests.factories import accounts, orders, requests, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.work import add_round, written
from tests.orders.test_schedule import days
from tests.reports.conftest import NOON, client, frozen, noon, website, writer

__all__ = ["client", "frozen", "noon", "website", "writer"]

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def ask(who: Membership) -> list[Entry]:
    return feed_entries(actor(who))


def events(of: Website, entries: list[Entry]) -> list[Any]:
    return list(Calendar.from_ical(calendar_file(of, entries)).walk("VEVENT"))


def again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)


def test_one_entry_a_round_through_an_orders_life(client: Membership, writer: Membership, website: Website) -> None:
    """The same UID as long as a round is shown; a sequence that only grows."""
    staff = actor(accounts.membership(website, "support"))
    order = orders.order_in_progress(client, writer)
    [first] = ask(writer)
    assert (first.state, first.sequence, first.due_at, first.number) == ("open", 0, order.writer_due_at, order.number)
    course.extend_deadline(again(order), by=staff, reason="Ill.", excused_hours=5)
    [later] = ask(writer)
    assert (later.round_id, later.sequence, later.due_at) == (first.round_id, 1, first.due_at + 5 * HOUR)
    course.hold(again(order), by=staff, reason="Client is silent.")
    assert [entry.state for entry in ask(writer)] == ["paused"]
    course.resume(again(order), by=staff)
    orders.work_file(again(order), writer)
    delivery.submit(again(order), by=actor(writer))
    [handed_in] = ask(writer)
    assert (handed_in.state, handed_in.round_id, handed_in.due_at) == ("submitted", first.round_id, later.due_at)
    assert handed_in.sequence > later.sequence
    delivery.request_revision(again(order), by=actor(client), reason="Longer.")
    revision = next(entry for entry in ask(writer) if entry.round_id != first.round_id)
    assert (revision.state, revision.kind, revision.sequence) == ("open", "revision", 0)
    staffing.release(again(order), by=staff, cause=Cause.CLIENT, reason="Somebody else.")
    states = {entry.round_id: (entry.state, entry.sequence) for entry in ask(writer)}
    assert states[first.round_id] == ("submitted", handed_in.sequence)
    assert states[revision.round_id] == ("gone", 1)


def test_a_cancelled_order_has_left(client: Membership, writer: Membership, website: Website) -> None:
    order = orders.order_in_progress(client, writer)
    course.cancel(order, by=actor(accounts.membership(website, "support")), reason="Wish.")
    assert [entry.state for entry in ask(writer)] == ["gone"]


def test_a_replaced_writer_and_the_new_one(client: Membership, writer: Membership, website: Website) -> None:
    other = writers.writer(website).member
    order = orders.order_in_progress(client, writer)
    staffing.reassign(order, other.pk, by=actor(accounts.membership(website, "support")), reason="Ill.")
    assert [[entry.state for entry in ask(who)] for who in (writer, other)] == [["gone"], ["open"]]


def test_what_is_over_is_kept_for_thirty_days(client: Membership, writer: Membership, website: Website) -> None:
    """One row for each condition, and one that misses by a second."""
    edge = NOON - 30 * DAY
    second = dt.timedelta(seconds=1)

    def row(who: Membership = writer, **values: Any) -> Round:
        return add_round(requests.order(client, writer=who, status=Status.COMPLETED), who, **values)

    kept = [
        row(submitted_at=edge, ended_at=edge + HOUR),
        row(submitted_at=edge, ended_at=edge),
        row(submitted_at=edge),
        row(closed_at=edge, ended_at=edge),
        row(due_at=NOON - 300 * DAY),
    ]
    row(submitted_at=edge - second, ended_at=edge + HOUR)
    row(submitted_at=edge - second)
    row(closed_at=edge - second, ended_at=edge - second)
    row(writers.writer(website).member, submitted_at=NOON)
    elsewhere = tenancy.website("borealis")
    other = writers.writer(accounts.membership(elsewhere, "writer", account=writer.user)).member
    written(accounts.membership(elsewhere), other, NOON + DAY)
    assert {entry.round_id for entry in ask(writer)} == {one.pk for one in kept}


def test_it_does_not_grow_beyond_its_bound(client: Membership, writer: Membership, monkeypatch: Any) -> None:
    monkeypatch.setattr(feed, "MOST_ENTRIES", 2)
    open_one = written(client, writer, NOON + 9 * DAY)
    done = [requests.order(client, writer=writer, status=Status.COMPLETED) for _ in range(3)]
    rounds = [add_round(order, writer, submitted_at=NOON) for order in done]
    found = ask(writer)
    current = Round.objects.of(client.website).get(order=open_one)
    assert [entry.round_id for entry in found] == [rounds[-1].pk, current.pk]


def test_the_export_is_what_the_days_hold(client: Membership, writer: Membership) -> None:
    written(client, writer, NOON + DAY, number=1)
    written(client, writer, NOON + 2 * DAY, number=2)
    written(client, writer, NOON + DAY, number=3, status=Status.ON_HOLD, has_open_round=True, held_at=NOON)
    found = due_entries(actor(writer), days("2026-03-21", "2026-03-22"))
    assert [entry.number for entry in found] == [1]
    assert found == [entry for entry in ask(writer) if entry.number == 1]


class TestTheFile:
    def test_says_what_a_calendar_program_needs(self, client: Membership, writer: Membership, website: Website) -> None:
        """Written by the library, and read again by it."""
        written(client, writer, NOON + DAY, number=7, topic="War, peace; and\\more\nlines", pages=3, slides=2)
        entries = ask(writer)
        text = calendar_file(website, entries)
        read = Calendar.from_ical(text)
        assert (read["version"], read["method"], read["x-wr-calname"]) == ("2.0", "PUBLISH", "Atlas: work due")
        [event] = events(website, entries)
        assert event["uid"] == f"work-{entries[0].round_id}.atlas@copydesk"
        assert (event["sequence"], event["status"], event["transp"]) == (0, "CONFIRMED", "TRANSPARENT")
        assert event["summary"] == "Due: order 7, War, peace; and\\more lines"
        assert event["description"] == "Pages: 3. Slides: 2."
        assert event.decoded("dtstart") == NOON + DAY
        assert event.decoded("dtstamp") == event.decoded("last-modified") == NOON - DAY
        assert b"DTSTART:20260321T120000Z\r\n" in text

    def test_lines_are_folded_and_end_as_they_must(
        self, client: Membership, writer: Membership, website: Website
    ) -> None:
        written(client, writer, NOON + DAY, topic="Ü" * 300)
        text = calendar_file(website, ask(writer))
        assert max(len(line) for line in text.split(b"\r\n")) <= 75
        assert b"\n" not in text.replace(b"\r\n", b"")
        assert events(website, ask(writer))[0]["summary"].endswith("Ü" * 300)

    def test_each_state_has_its_status(self, client: Membership, writer: Membership, website: Website) -> None:
        due = NOON + DAY
        written(client, writer, due, number=1)
        written(client, writer, due, number=2, status=Status.ON_HOLD, has_open_round=True)
        written(client, writer, due, number=3, status=Status.REVISION, kind="revision")
        for number, ended in ((4, {"submitted_at": NOON}), (5, {"closed_at": NOON})):
            order = requests.order(client, writer=writer, status=Status.DELIVERED, number=number, topic="War")
            add_round(order, writer, **ended)
        found = {
            str(event["summary"]).partition(",")[0]: str(event["status"]) for event in events(website, ask(writer))
        }
        assert found == {
            "Due: order 1": "CONFIRMED",
            "On hold: order 2": "TENTATIVE",
            "Due: order 3 (revision)": "CONFIRMED",
            "Handed in: order 4": "CONFIRMED",
            "Cancelled: order 5": "CANCELLED",
        }

    def test_of_nothing_is_a_calendar_too(self, website: Website) -> None:
        assert events(website, []) == []

    def test_says_nothing_of_the_client_or_the_price(
        self, client: Membership, writer: Membership, website: Website
    ) -> None:
        written(client, writer, NOON + DAY, price_minor=76_543, instructions="Secret wish")
        text = calendar_file(website, ask(writer)).decode()
        for hidden in (client.user.email, "765", "Secret", "Client"):
            assert hidden not in text
