"""Seals: events in commit order, chained by hashes, so that a change by whoever has the database is found.

A job seals, so that writers never wait for each other. What is sealed was committed before every transaction that still
ran, so nothing can come to stand before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import structlog
from django.db import connection, transaction

from copydesk.core import clock

from .actions import proof
from .models import Event, EventQuerySet, Head, Seal

log = structlog.get_logger()

BATCH = 1000
SEALED_MESSAGE = "journal sealed"
SEALED = (
    "id",
    "xid",
    "website_id",
    "at",
    "user_id",
    "member_id",
    "role",
    "impersonator_id",
    "verb",
    "subject_type",
    "subject_id",
    "root_type",
    "root_id",
    "client_id",
    "writer_id",
    "before",
    "after",
    "data",
    "request_id",
    "digest",
)
"""Columns in the hash; the others are those that may be blanked. Nulls are left out, so a column may be added."""

Trouble = Literal[
    "event_missing",
    "event_added",
    "batch_changed",
    "reason_changed",
    "seal_missing",
    "chain_shortened",
    "head_changed",
]
"""`batch_changed`: one of its events or the seal itself. `reason_changed`: reason, address or their salt."""


class JournalAheadError(RuntimeError):
    """The order of events would be lost."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`seal` is the number of the batch, `event_id` null where the batch is known and not the event."""

    trouble: Trouble
    seal: int
    event_id: int | None
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """`unsealed` events came after the last seal, or belong to transactions that still ran; `head` is hexadecimal."""

    website_id: int
    whole: bool
    seals: int
    events: int
    unsealed: int
    head: str | None
    findings: list[Finding]


def seal(website_id: int) -> int:
    """Seals the next batch: how many events, BATCH where there may be more. In a transaction of that website (0: the
    platform), which is kept short, for while it runs no later event reaches the live stream."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"journal.seal:{website_id}"])
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (horizon,) = cursor.fetchone()
    last = Seal.objects.of(website_id).order_by("number").last()
    if last is not None and last.last_xid >= horizon:
        raise JournalAheadError(
            f"The journal has sealed transaction {last.last_xid}, this server is at {horizon}: its data were restored"
            " into another cluster, see docs/how-to/production.md, Backups."
        )
    events = _next_batch(website_id, last)
    if events:
        _seal(website_id, last, events)
    return len(events)


def _next_batch(website_id: int, last: Seal | None) -> list[Event]:
    rows = Event.objects.of(website_id).committed_before_all_running()
    if last is not None:
        rows = rows.after(last.last_xid, last.last_event_id)
    return list(rows.in_commit_order()[:BATCH])


def _seal(website_id: int, before: Seal | None, events: list[Event]) -> None:
    row = Seal(
        website_id=website_id,
        number=before.number + 1 if before else 1,
        last_xid=events[-1].xid,
        last_event_id=events[-1].pk,
        events=len(events),
        sealed_at=clock.now(),
    )
    row.hash = chain(bytes(before.hash) if before else b"", row, events)
    row.save(force_insert=True)
    Head.objects.of(website_id).update_or_create(
        website_id=website_id, defaults={"number": row.number, "hash": row.hash}
    )
    made = {"website_id": website_id, "seal": row.number, "events": row.events, "hash": row.hash.hex()}
    transaction.on_commit(lambda: log.info(SEALED_MESSAGE, **made))


def chain(before: bytes, row: Seal, events: Iterable[Event]) -> bytes:
    """SHA-256 over the hash before, the seal's own columns, and every event."""
    digest = hashlib.sha256(before)
    own = [row.website_id, row.number, row.last_xid, row.last_event_id, row.events, row.sealed_at]
    digest.update(_canonical(own))
    for event in events:
        values = {name: getattr(event, name) for name in SEALED}
        digest.update(_canonical({name: value for name, value in values.items() if value is not None}))
    return digest.digest()


def _canonical(value: Any) -> bytes:
    """JSON of one line and one form: sorted, without spaces, instants in UTC, bytes in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)
    return text.encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return bytes(value).hex()


def verify(website_id: int, kept: Mapping[int, str] | None = None) -> Verification:
    """Compares the chain of `website_id` with its events, its head, and with heads `kept` outside (seal number → hash
    in hexadecimal, from the log). In a transaction of that website; four queries and one pass over its events."""
    seals = list(Seal.objects.of(website_id).order_by("number"))
    rows = Event.objects.of(website_id)
    findings: list[Finding] = []
    events = 0
    before: Seal | None = None
    for row, batch in _batches(seals, rows):
        findings += [*_missing_seals(before, row), *_changed(before, row, batch), *_changed_reasons(row, batch)]
        events += len(batch)
        before = row
    findings += _at_the_end(website_id, seals, kept or {})
    unsealed = (rows.after(before.last_xid, before.last_event_id) if before else rows).count()
    return Verification(
        website_id=website_id,
        whole=not findings,
        seals=len(seals),
        events=events,
        unsealed=unsealed,
        head=bytes(before.hash).hex() if before else None,
        findings=findings,
    )


def _batches(seals: list[Seal], rows: EventQuerySet) -> Iterator[tuple[Seal, list[Event]]]:
    """Each seal with the events that stand up to its place, whether or not it was made of them."""
    if not seals:
        return
    end = max((row.last_xid, row.last_event_id) for row in seals)
    events = rows.until(*end).in_commit_order().iterator(chunk_size=2 * BATCH)
    waiting = next(events, None)
    for row in seals:
        batch: list[Event] = []
        while waiting is not None and (waiting.xid, waiting.pk) <= (row.last_xid, row.last_event_id):
            batch.append(waiting)
            waiting = next(events, None)
        yield row, batch


def _missing_seals(before: Seal | None, row: Seal) -> Iterator[Finding]:
    for number in range((before.number if before else 0) + 1, row.number):
        yield Finding("seal_missing", number, None, "There is no seal of this number.")


def _changed(before: Seal | None, row: Seal, batch: list[Event]) -> Iterator[Finding]:
    if len(batch) != row.events:
        trouble: Trouble = "event_missing" if len(batch) < row.events else "event_added"
        yield Finding(trouble, row.number, None, f"{row.events} events were sealed, {len(batch)} are there.")
    elif chain(bytes(before.hash) if before else b"", row, batch) != bytes(row.hash):
        until = f"up to {row.last_xid}-{row.last_event_id}"
        yield Finding(
            "batch_changed", row.number, None, f"The {row.events} events {until}, or their seal, were edited."
        )


def _changed_reasons(row: Seal, batch: list[Event]) -> Iterator[Finding]:
    """The digest is in the chain; a text that is there must be the one it was made of. Blanked ones are no trouble."""
    for event in batch:
        if event.reason is None and event.address is None:
            continue
        salt, kept = (bytes(part) if part is not None else None for part in (event.salt, event.digest))
        made = proof(event.reason, event.address, salt)
        halves = ((event.reason, slice(0, 32)), (event.address, slice(32, 64)))
        if made is None or kept is None or any(text is not None and made[at] != kept[at] for text, at in halves):
            yield Finding("reason_changed", row.number, event.pk, "Reason or address is not what was sealed.")


def _at_the_end(website_id: int, seals: list[Seal], kept: Mapping[int, str]) -> Iterator[Finding]:
    head = Head.objects.of(website_id).first()
    hashes = {row.number: bytes(row.hash).hex() for row in seals}
    known = {head.number: bytes(head.hash).hex()} if head else {}
    if (max(known, default=0)) < max(hashes, default=0):
        yield Finding("head_changed", max(hashes), None, "The head is behind the chain.")
    for number, value in [*known.items(), *kept.items()]:
        if number not in hashes:
            yield Finding("chain_shortened", number, None, "This seal was made and is not there.")
        elif hashes[number] != value.lower():
            yield Finding("head_changed", number, None, "Its hash was another when it was made.")
