"""The live stream's process: `uvicorn copydesk.config.stream:application`. ASGI, and nothing but the one path."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs

import django

from copydesk.config.environment import require_secret_key

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copydesk.config.settings")
require_secret_key(os.environ)
django.setup()

# ruff: noqa: E402 — Django is set up first
import psycopg
import structlog
from django.conf import settings

from copydesk.accounts import resolve, tickets
from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.accounts.resolve import Caller
from copydesk.api.access import admit
from copydesk.api.problems import CONTENT_TYPE, problem
from copydesk.api.shape import dumps
from copydesk.core import clock
from copydesk.core.errors import FieldError, Invalid, NotFound, Refusal
from copydesk.journal.stream import Hub, Login, Place, Reader, View
from copydesk.journal.verbs import VERBS
from copydesk.orders.queries.activity import followed_events

log = structlog.get_logger()

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PATH = "/api/v1/events/stream/"
PARAMETERS = {"ticket", "verb", "last_event_id"}
RETRY_MILLISECONDS = 2000
HEARTBEAT_SECONDS = 15.0
PATIENCE_SECONDS = 10.0
PAUSE_SECONDS = 0.1
STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class Unauthenticated(Refusal):
    code = "token_invalid"
    status = 401
    message = "A valid token or ticket is needed."


class WrongMethod(Refusal):
    code = "method_not_allowed"
    status = 405
    message = "Only GET."


class TooManyStreams(Refusal):
    code = "too_many_streams"
    status = 429
    message = "This account has as many streams open as it may."


class ClientLeftError(Exception):
    """The client has left, or does not read."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asks for; checked, but not yet who asks."""

    ticket: str | None
    bearer: str | None
    slug: str | None
    host: str
    verbs: tuple[str, ...]
    place: Place | None

    @classmethod
    def of(cls, scope: Scope) -> Wanted:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if unknown := sorted(set(query) - PARAMETERS):
            raise Invalid(dict.fromkeys(unknown, "Unknown parameter."), "unknown_parameter")
        verbs = tuple(verb for given in query.get("verb", []) for verb in given.split(","))
        if any(verb not in VERBS for verb in verbs):
            raise Invalid({"verb": "Not a verb of the journal."})
        last = headers.get("last-event-id") or query.get("last_event_id", [""])[-1]
        place = Place.parse(last)
        if last and place is None:
            raise Invalid({"last_event_id": "Not an id of this stream."})
        scheme, _, token = headers.get("authorization", "").partition(" ")
        return cls(
            ticket=query.get("ticket", [None])[-1],
            bearer=token.strip() if scheme.lower() == "bearer" else None,
            slug=headers.get("x-website"),
            host=headers.get("host", "").partition(":")[0],
            verbs=verbs,
            place=place,
        )


class Application:
    """`heartbeat` is also the longest time after which a suspended member's or a logged-out stream ends."""

    heartbeat: ClassVar[float] = HEARTBEAT_SECONDS
    patience: ClassVar[float] = PATIENCE_SECONDS

    def __init__(self) -> None:
        self.closing = asyncio.Event()
        self.open: Counter[int] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        self.closing = asyncio.Event()
        self.reader = Reader()
        self.hub = Hub(self.reader)
        await self.reader.pool.open()
        listening = asyncio.create_task(self.hub.run())
        try:
            yield self
        finally:
            self.closing.set()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await self.reader.pool.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "lifespan.startup"
        async with self.running():
            self._end_streams_on_signals()
            await send({"type": "lifespan.startup.complete"})
            assert (await receive())["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})

    def _end_streams_on_signals(self) -> None:
        """The server waits for open answers before it stops, and a stream never ends by itself."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            before = signal.getsignal(number)

            def end(got: int, frame: Any, before: Any = before) -> None:
                loop.call_soon_threadsafe(self.closing.set)
                if callable(before):
                    before(got, frame)

            signal.signal(number, end)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = uuid.uuid4().hex
        try:
            if scope["path"] in ("/healthz/live/", "/healthz/ready/"):
                await self._health(scope["path"], send)
                return
            if scope["path"] != PATH:
                raise NotFound
            if scope["method"] != "GET":
                raise WrongMethod
            wanted = Wanted.of(scope)
            login, actor = await self._admit(wanted)
            assert actor.user_id is not None
            if self.open[actor.user_id] >= settings.STREAMS_PER_ACCOUNT:
                raise TooManyStreams
        except Refusal as refusal:
            await _refuse(refusal, request_id, send)
            return
        except (psycopg.OperationalError, OSError) as error:
            log.warning("stream cannot read", error=str(error))
            await _send(send, 503, CONTENT_TYPE, problem(503, "unavailable", "Try again shortly.", request_id))
            return
        self.open[actor.user_id] += 1
        try:
            await self._stream(login, actor, wanted, receive, send)
        finally:
            self.open[actor.user_id] -= 1
            self.open += Counter()

    async def _health(self, path: str, send: Send) -> None:
        well = path == "/healthz/live/" or self.hub.listening.is_set()
        await _send(send, 200 if well else 503, "application/json", {"status": "ok" if well else "not listening"})

    # Who

    async def _admit(self, wanted: Wanted) -> tuple[Login, Actor]:
        """One login on one website, by its token or by a ticket, which is used up here."""
        at = clock.now()
        async with self.reader.pool.connection() as connection:
            if wanted.ticket is not None:
                values = {"digest": resolve.digest(wanted.ticket), "at": at}
                row = await (await connection.execute(tickets.REDEEM, values)).fetchone()
                login = Login(*row) if row else None
            else:
                secret = resolve.digest(wanted.bearer) if wanted.bearer else None
                asked = await connection.execute(resolve.SQL, [secret, wanted.slug, wanted.host, at])
                row = await asked.fetchone()
                assert row is not None
                caller = resolve.caller_of(row)
                login = None
                if caller.user_id is not None:
                    admit(caller, Can.USE_ACCOUNT)
                    assert caller.website is not None
                    family = await (await connection.execute(tickets.FAMILY_OF, [caller.token_id])).fetchone()
                    login = Login(family[0], caller.website.pk) if family else None
        if login is None:
            raise Unauthenticated
        return login, _admitted(await self.reader.caller(login))

    # What

    async def _stream(self, login: Login, actor: Actor, wanted: Wanted, receive: Receive, send: Send) -> None:
        """Until the client leaves, does not read, or may no longer; or this process ends."""
        ends = {
            asyncio.create_task(_left(receive)),
            asyncio.create_task(self.closing.wait()),
            asyncio.create_task(self._feed(login, actor, wanted, send)),
        }
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        for task in done:
            error = task.exception()
            if isinstance(error, ClientLeftError):
                return
            if error is not None and not isinstance(error, (psycopg.OperationalError, OSError)):
                log.error("stream failed", exc_info=error)
        with contextlib.suppress(ClientLeftError, OSError):
            await self._put(send, b"", more=False)

    async def _feed(self, login: Login, actor: Actor, wanted: Wanted, send: Send) -> None:
        async with self.hub.follow(login.website_id) as news:
            view = View.of(actor, followed_events(actor), wanted.verbs)
            place = wanted.place or await self.reader.start()
            await send({"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS})
            await self._put(send, f"retry: {RETRY_MILLISECONDS}\nid: {place}\n\n".encode())
            while True:
                news.clear()
                caller, found = await self.reader.read(login, view, place)
                try:
                    now = _admitted(caller)
                except Refusal as refusal:
                    await self._put(send, b"event: end\ndata: " + dumps({"code": refusal.code}) + b"\n\n")
                    return
                if (now.role, now.membership_id) != (actor.role, actor.membership_id):
                    actor, view = now, View.of(now, followed_events(now), wanted.verbs)
                    continue
                if found:
                    place = found[-1][0]
                    lines = (b"id: %s\ndata: %s\n\n" % (str(at).encode(), dumps(row)) for at, row in found)
                    await self._put(send, b"".join(lines))
                    # What follows at once comes in one reading: a busy website's readers do not wear the database out.
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue
                try:
                    # Not wait_for: where there are news just as the stream is to end, it would go on.
                    async with asyncio.timeout(self.heartbeat):
                        await news.wait()
                except TimeoutError:
                    await self._put(send, b": still here\n\n")

    async def _put(self, send: Send, body: bytes, *, more: bool = True) -> None:
        """The server holds back while the client does not read; one who does not read for long is left."""
        try:
            async with asyncio.timeout(self.patience):
                await send({"type": "http.response.body", "body": body, "more_body": more})
        except TimeoutError as error:
            raise ClientLeftError from error


def _admitted(caller: Caller) -> Actor:
    if caller.user_id is None:
        raise Unauthenticated
    return admit(caller, Can.USE_ACCOUNT)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(refusal: Refusal, request_id: str, send: Send) -> None:
    fields: Iterable[FieldError] = refusal.errors if isinstance(refusal, Invalid) else ()
    errors = [{"field": e.field, "code": e.code, "message": e.message} for e in fields]
    body = problem(refusal.status, refusal.code, refusal.detail, request_id, errors, refusal.context)
    headers = []
    if refusal.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="copydesk"'))
    elif refusal.status == 405:
        headers.append((b"allow", b"GET"))
    elif refusal.status == 429:
        headers.append((b"retry-after", b"60"))
    await _send(send, refusal.status, CONTENT_TYPE, body, headers)


async def _send(send: Send, status: int, kind: str, body: Any, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
    given = [(b"content-type", kind.encode()), (b"cache-control", b"no-store"), *headers]
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": dumps(body)})


application = Application()
