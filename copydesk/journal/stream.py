"""The live stream below HTTP: reads a caller's events in commit order, and tells readers when there are more.

A sequence gives ids before transactions commit, so `id > last` loses events. Readers go by (xid, id), up to the oldest
transaction that still runs: nothing can come to stand before what they have read.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import structlog
from procrastinate.contrib.django.utils import connector_params
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from copydesk.accounts.actor import Actor
from copydesk.accounts.resolve import Caller, caller_of
from copydesk.accounts.tickets import RESOLVE_FAMILY
from copydesk.core import clock

from .models import Event, EventQuerySet
from .queries import Activity, activity

log = structlog.get_logger()

BATCH = 200
POLL_SECONDS = 10.0
SOONEST_SECONDS = 0.05
LATEST_SECONDS = 1.0
CONNECTIONS = 4

COLUMNS = [field.name for field in Event._meta.concrete_fields]
ENTER = "SELECT set_config('app.website_id', %s, true)"
HORIZON = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
HEAD = """
SELECT (SELECT max(xid) FROM journal_event WHERE website_id = %(website_id)s AND xid < horizon.xid) AS settled,
       EXISTS (SELECT 1 FROM journal_event WHERE website_id = %(website_id)s AND xid >= horizon.xid) AS more
FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid) horizon
"""


class Place(NamedTuple):
    """Where a reader stands in commit order; on the wire "xid-id"."""

    xid: int
    event_id: int

    @classmethod
    def parse(cls, text: str) -> Place | None:
        found = re.fullmatch(r"(\d{1,18})-(\d{1,18})", text, re.ASCII)
        return cls(int(found[1]), int(found[2])) if found else None

    def __str__(self) -> str:
        return f"{self.xid}-{self.event_id}"


@dataclass(frozen=True, slots=True)
class Login:
    """Whose stream it is: one login on one website. Asked anew at each reading who that is by now."""

    family: UUID
    website_id: int


@dataclass(frozen=True, slots=True)
class View:
    """What an actor may see, as SQL text: made once a stream, for making it costs more than running it. Its last two
    values are the place to read from, and are given with each reading."""

    actor: Actor
    statement: bytes
    values: tuple[Any, ...]

    @classmethod
    def of(cls, actor: Actor, followed: EventQuerySet, verbs: Sequence[str]) -> View:
        rows = followed.committed_before_all_running()
        if verbs:
            rows = rows.filter(verb__in=verbs)
        statement, values = rows.after(0, 0).in_commit_order()[:BATCH].query.sql_with_params()
        assert values[-2:] == (0, 0)
        return cls(actor, statement.encode(), values[:-2])


class Reader:
    """A small pool of connections as role `app`, each reading in its website's transaction."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {**connector_params(), "application_name": "copydesk-stream"}
        self.pool = AsyncConnectionPool(kwargs=self.parameters, min_size=1, max_size=CONNECTIONS, open=False)

    @contextlib.asynccontextmanager
    async def website(self, website_id: int) -> AsyncIterator[AsyncConnection]:
        async with self.pool.connection() as connection, connection.pipeline(), connection.transaction():
            await connection.execute(ENTER, [str(website_id)])
            yield connection

    async def start(self) -> Place:
        """Now: every event of a transaction that is running or yet to come stands after it."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute(HORIZON)).fetchone()
        assert row is not None
        return Place(row[0], 0)

    async def caller(self, login: Login) -> Caller:
        async with self.website(login.website_id) as connection:
            return await _caller(connection, login)

    async def read(self, login: Login, view: View, place: Place) -> tuple[Caller, list[tuple[Place, Activity]]]:
        """Who the login is by now, and what `view` shows after `place`, at most BATCH events: one trip."""
        async with self.website(login.website_id) as connection:
            asked = await connection.execute(RESOLVE_FAMILY, _family(login))
            found = await connection.execute(view.statement, [*view.values, *place])
            caller, rows = await asked.fetchone(), await found.fetchall()
        assert caller is not None
        events = [Event(**dict(zip(COLUMNS, row, strict=True))) for row in rows]
        return caller_of(caller), [(Place(e.xid, e.pk), activity(view.actor.role, e)) for e in events]


async def _caller(connection: AsyncConnection, login: Login) -> Caller:
    row = await (await connection.execute(RESOLVE_FAMILY, _family(login))).fetchone()
    assert row is not None
    return caller_of(row)


def _family(login: Login) -> dict[str, Any]:
    return {"family": login.family, "website_id": login.website_id, "at": clock.now()}


@dataclass
class Watch:
    """One website that is listened to. `settled`: the last transaction whose events may be read."""

    settled: int = -1
    listeners: set[asyncio.Event] = field(default_factory=set)


class Hub:
    """One LISTEN connection a process. A notice says that a website has events; those who follow it are woken once the
    events may be read, which is when every older transaction has ended. Notices that are missed are made up for by
    looking again every POLL_SECONDS."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.watches: dict[int, Watch] = {}
        self.listening = asyncio.Event()
        self._stale: set[int] = set()
        self._wake = asyncio.Event()

    @contextlib.asynccontextmanager
    async def follow(self, website_id: int) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever the website has more to read."""
        news = asyncio.Event()
        watch = self.watches.setdefault(website_id, Watch())
        watch.listeners.add(news)
        self._look_at(website_id)
        try:
            yield news
        finally:
            watch.listeners.discard(news)
            if not watch.listeners and self.watches.get(website_id) is watch:
                del self.watches[website_id]

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._settle())

    async def _listen(self) -> None:
        wait = SOONEST_SECONDS
        while True:
            try:
                async with await AsyncConnection.connect(**self.reader.parameters, autocommit=True) as connection:
                    await connection.execute("LISTEN events")
                    wait = SOONEST_SECONDS
                    self.listening.set()
                    while True:
                        self._look_at(*self.watches)
                        async for notice in connection.notifies(timeout=POLL_SECONDS):
                            self._look_at(int(notice.payload))
            except (psycopg.OperationalError, OSError) as error:
                log.warning("stream lost the database", error=str(error), again_in_seconds=wait)
            self.listening.clear()
            await asyncio.sleep(wait)
            wait = min(wait * 2, POLL_SECONDS)

    def _look_at(self, *websites: int) -> None:
        self._stale.update(website for website in websites if website in self.watches)
        self._wake.set()

    async def _settle(self) -> None:
        wait = SOONEST_SECONDS
        while True:
            await self._wake.wait()
            self._wake.clear()
            websites, self._stale = self._stale, set()
            for website_id in websites:
                try:
                    more = await self._tell(website_id)
                except (psycopg.OperationalError, OSError) as error:
                    log.warning("stream cannot read", error=str(error))
                    more = True
                if more:
                    self._stale.add(website_id)
            if not self._stale:
                wait = SOONEST_SECONDS
                continue
            await asyncio.sleep(wait)
            wait = min(wait * 2, LATEST_SECONDS)
            self._wake.set()

    async def _tell(self, website_id: int) -> bool:
        """Wakes those who follow a website that has more to read. True: an older transaction holds events back."""
        async with self.reader.website(website_id) as connection:
            row = await (await connection.execute(HEAD, {"website_id": website_id})).fetchone()
        assert row is not None
        settled, more = row
        watch = self.watches.get(website_id)
        if watch is not None and settled is not None and settled > watch.settled:
            watch.settled = settled
            for listener in watch.listeners:
                listener.set()
        return bool(more) and watch is not None
