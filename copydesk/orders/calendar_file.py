"""Entries as an iCalendar file (RFC 5545), which calendar programs open and subscribe to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from icalendar import Calendar, Event
from icalendar.prop import vDatetime, vInt, vText

from copydesk.tenancy.models import Website

from .models import RoundKind
from .queries.feed import Entry

CONTENT_TYPE = "text/calendar; charset=utf-8"
REFRESHED = dt.timedelta(hours=1)
CONFIRMED, TENTATIVE, CANCELLED = vText("CONFIRMED"), vText("TENTATIVE"), vText("CANCELLED")
TRANSPARENT, PRIVATE = vText("TRANSPARENT"), vText("PRIVATE")
STATUS = {"open": CONFIRMED, "paused": TENTATIVE, "submitted": CONFIRMED, "gone": CANCELLED}
SAYS = {"open": "Due", "paused": "On hold", "submitted": "Handed in", "gone": "Cancelled"}
KINDS = {RoundKind.RETURN: " (returned)", RoundKind.REVISION: " (revision)"}


def calendar_file(website: Website, entries: Iterable[Entry]) -> bytes:
    """The same bytes for the same entries. Times in UTC, so that no table of zones is needed; an entry is a moment, the
    due time, and keeps nobody busy."""
    calendar = Calendar()
    calendar.add("prodid", "-//Copydesk//Writer calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _text(f"{website.name}: work due"))
    calendar.add("refresh-interval", REFRESHED, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(website, entry))
    content: bytes = calendar.to_ical(sorted=False)
    return content


def _event(website: Website, entry: Entry) -> Event:
    """Its values as the library's own types: to let it guess them took longer than all else of a feed."""
    event, changed = Event(), vDatetime(entry.changed_at)
    kind = KINDS.get(RoundKind(entry.kind), "")
    event["UID"] = vText(f"work-{entry.round_id}.{website.slug}@copydesk")
    event["SEQUENCE"] = vInt(entry.sequence)
    event["DTSTAMP"] = changed
    event["LAST-MODIFIED"] = changed
    event["DTSTART"] = vDatetime(entry.due_at)
    event["SUMMARY"] = vText(_text(f"{SAYS[entry.state]}: order {entry.number}{kind}, {entry.topic}"))
    event["DESCRIPTION"] = vText(f"Pages: {entry.pages}. Slides: {entry.slides}.")
    event["STATUS"] = STATUS[entry.state]
    event["TRANSP"] = TRANSPARENT
    event["CLASS"] = PRIVATE
    return event


def _text(value: str) -> str:
    """Without control characters, which the format cannot hold."""
    return "".join(character if character.isprintable() else " " for character in value)
