"""The live stream: in commit order, nothing lost, nothing that is not the caller's; and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import orjson
import psycopg
import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction

from copydesk.accounts.models import Membership, MembershipStatus, Token
from copydesk.accounts.permissions import Role
from copydesk.config import stream
from copydesk.config.stream import PATH, Application
from copydesk.orders.actions.files import add_file
from copydesk.orders.models import FileKind, Order
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.database import url_as
from tests.factories import accounts, orders, tenancy, writers
from tests.journal.happenings import happen, known_verbs

__all__ = ["known_verbs"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("known_verbs")]
SOON = 90.0
"""Seconds: what others of the cluster have not committed holds back what came after it, in other tests, too."""


class Reading:
    """One GET: the status and, when it is a stream, what came of it so far."""

    def __init__(
        self, app: Application, token: str | None, website: Website | None, query: str = "", **headers: str
    ) -> None:
        given = dict(headers)
        if token:
            given["authorization"] = f"Bearer {token}"
        if website:
            given["x-website"] = website.slug
        self.scope = {
            "type": "http",
            "method": "GET",
            "path": PATH,
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()],
        }
        self.status = 0
        self.body = b""
        self.ended = False
        self.leave = asyncio.Event()
        self.stuck = False
        self.changed = asyncio.Condition()
        self.task = asyncio.create_task(app(self.scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self.leave.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if self.stuck:
            await asyncio.Event().wait()
        async with self.changed:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            else:
                self.body += message["body"]
                self.ended = not message.get("more_body", False)
            self.changed.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(SOON), self.changed:
            await self.changed.wait_for(condition)

    async def until_open(self) -> None:
        await self.until(lambda: b"retry:" in self.body)

    async def until_events(self, number: int) -> list[dict[str, Any]]:
        await self.until(lambda: len(self.events()) >= number)
        return self.events()

    async def close(self) -> None:
        self.leave.set()
        await self.task

    def events(self) -> list[dict[str, Any]]:
        found = []
        for block in self.body.decode().split("\n\n")[:-1]:
            lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
            if "data" in lines and "event" not in lines:
                found.append({"place": lines["id"], **orjson.loads(lines["data"])})
        return found

    def problem(self) -> Any:
        return orjson.loads(self.body)


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Application]:
    app = Application()
    async with app.running():
        yield app


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


@pytest.fixture
def website() -> Website:
    return tenancy.website()


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, Role.ADMIN)


@pytest.fixture
def token(admin: Membership) -> str:
    return accounts.access_token(admin.user)


def add(who: Membership, **values: Any) -> int:
    with website_scope(who.website_id):
        return happen(accounts.actor(who), **values).pk


def upload(order: Order, by: Membership) -> int:
    with website_scope(by.website_id):
        return add_file(order, ContentFile(b"Sources.", "sources.txt"), FileKind.BRIEF, by=accounts.actor(by)).pk


async def in_thread(act: Callable[..., Any], *args: Any, **values: Any) -> Any:
    def work() -> Any:
        try:
            return act(*args, **values)
        finally:
            connection.close()

    return await asyncio.to_thread(work)


def test_concurrent_writers_whose_ids_are_not_in_commit_order_lose_nothing(
    website: Website, admin: Membership, token: str
) -> None:
    writers, each = 6, 60
    made: list[int] = []

    def write(seed: int, begun: threading.Barrier) -> None:
        begun.wait()
        for turn in range(each):
            with transaction.atomic(), website_scope(website.pk), connection.cursor() as cursor:
                if turn % 9 == seed:
                    cursor.execute("SELECT pg_current_xact_id(), pg_sleep(0.02)")
                event = happen(accounts.actor(admin), number=seed)
                if turn % 7 == seed:
                    # Held open while others take later ids and commit before.
                    cursor.execute("SELECT pg_sleep(0.02)")
            made.append(event.pk)

    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website)
            await reading.until_open()
            begun = threading.Barrier(writers)
            await asyncio.gather(*(in_thread(write, seed, begun) for seed in range(writers)))
            events = await reading.until_events(writers * each)
            await reading.close()
            ids = [event["id"] for event in events]
            assert sorted(ids) == sorted(made), "each once"
            places = [tuple(map(int, event["place"].split("-"))) for event in events]
            assert places == sorted(places)
            assert made != sorted(made), "the writers did commit out of order of ids, or this proves nothing"
            assert ids != sorted(ids), "nor did ids follow transactions"

            # Read again in pieces, as a client with a poor connection does.
            place, again = events[0]["place"], ids[:1]
            while len(again) < len(ids):
                piece = Reading(app, token, website, last_event_id=place)
                found = await piece.until_events(1)
                await piece.close()
                again += [event["id"] for event in found]
                place = found[-1]["place"]
            assert again == ids

    run(test())


def test_an_event_waits_for_older_transactions_and_then_comes(website: Website, admin: Membership, token: str) -> None:
    async def test() -> None:
        async with serving() as app, await psycopg.AsyncConnection.connect(url_as("app")) as other:
            reading = Reading(app, token, website)
            await reading.until_open()
            await other.execute("SELECT pg_current_xact_id()")
            await in_thread(add, admin)
            await asyncio.sleep(0.3)
            assert reading.events() == []
            await other.commit()
            assert len(await reading.until_events(1)) == 1
            await reading.close()

    run(test())


def test_a_party_sees_own_events_only_and_without_what_is_hidden(website: Website) -> None:
    client, other, writer = (accounts.membership(website, role) for role in (Role.CLIENT, Role.CLIENT, Role.WRITER))
    staff = accounts.membership(website, Role.SUPPORT)
    tokens = [accounts.access_token(who.user) for who in (client, other, writer, staff)]

    async def test() -> None:
        async with serving() as app:
            readings = [Reading(app, token, website) for token in tokens]
            for reading in readings:
                await reading.until_open()
            both = (client.pk, writer.pk)
            await in_thread(add, staff, verb="thing.note", parties=both)
            await in_thread(add, client, verb="thing.pay", parties=both)
            await in_thread(add, staff, parties=both, data={"price_minor": 4200, "pages": 3})
            await in_thread(add, staff, parties=(other.pk, None), number=2)
            seen = [
                [(e["verb"], e["root_id"], e["data"]) for e in await reading.until_events(number)]
                for reading, number in zip(readings, (2, 1, 1, 4), strict=True)
            ]
            for reading in readings:
                await reading.close()
            everything = {"price": "42.00", "pages": 3}
            assert seen == [
                [("thing.pay", 1, {}), ("thing.happen", 1, everything)],
                [("thing.happen", 2, {})],
                [("thing.happen", 1, {"pages": 3})],
                [("thing.note", 1, {}), ("thing.pay", 1, {}), ("thing.happen", 1, everything), ("thing.happen", 2, {})],
            ]

    run(test())


def test_an_editor_follows_own_acts_and_the_orders_in_editing(website: Website, admin: Membership) -> None:
    editor, client = accounts.membership(website, Role.EDITOR), accounts.membership(website)
    token = accounts.access_token(editor.user)
    order = orders.order_in_editing(client, writers.writer(website).member)
    another = orders.delivered_order(client, writers.writer(website).member)

    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website)
            await reading.until_open()
            await in_thread(add, admin)
            own = await in_thread(add, editor)
            await in_thread(upload, another, client)
            seen = await in_thread(upload, order, client)
            await reading.until(lambda: seen in {event["subject_id"] for event in reading.events()})
            heard = reading.events()
            assert own in {event["id"] for event in heard}
            assert {event["root_id"] for event in heard if event["root_type"] == "order"} == {order.pk}
            assert {event["root_type"] for event in heard if event["id"] != own} == {"order"}
            await reading.close()

    run(test())


def test_another_website_is_not_heard(website: Website, admin: Membership, token: str) -> None:
    elsewhere = accounts.membership(tenancy.website("borealis"), Role.ADMIN)

    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website)
            await reading.until_open()
            await in_thread(add, elsewhere)
            mine = await in_thread(add, admin)
            assert [event["id"] for event in await reading.until_events(1)] == [mine]
            await reading.close()

    run(test())


def test_verbs_are_chosen(website: Website, admin: Membership, token: str) -> None:
    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website, "verb=thing.pay,thing.note")
            await reading.until_open()
            for verb in ("thing.happen", "thing.pay", "thing.note"):
                await in_thread(add, admin, verb=verb)
            assert [event["verb"] for event in await reading.until_events(2)] == ["thing.pay", "thing.note"]
            await reading.close()

    run(test())


def test_a_suspended_member_s_and_a_logged_out_stream_end(
    website: Website, admin: Membership, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = accounts.membership(website, Role.CLIENT)
    client_token = accounts.access_token(client.user)
    monkeypatch.setattr(Application, "heartbeat", 0.1)

    def suspend() -> None:
        with website_scope(website.pk):
            Membership.objects.of(website).filter(pk=client.pk).update(status=MembershipStatus.SUSPENDED)
            happen(accounts.actor(admin), parties=(client.pk, None))

    async def test() -> None:
        async with serving() as app:
            suspended, logged_out = Reading(app, client_token, website), Reading(app, token, website)
            await suspended.until_open()
            await logged_out.until_open()
            await in_thread(suspend)
            await suspended.until(lambda: suspended.ended)
            assert b'"code":"member_suspended"' in suspended.body
            assert suspended.events() == [], "not even what had happened by then"
            assert not logged_out.ended
            await in_thread(Token.objects.filter(user=admin.user).delete)
            await logged_out.until(lambda: logged_out.ended)
            assert b'"code":"token_invalid"' in logged_out.body
            await asyncio.gather(suspended.task, logged_out.task)
            assert not app.open
            assert not app.hub.watches

    run(test())


def test_a_client_that_does_not_read_is_left(
    website: Website, admin: Membership, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Application, "patience", 0.1)

    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website)
            await reading.until_open()
            reading.stuck = True
            await in_thread(add, admin)
            async with asyncio.timeout(SOON):
                await reading.task
            assert not app.open

    run(test())


def test_an_idle_stream_shows_that_it_lives(
    website: Website, admin: Membership, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Application, "heartbeat", 0.05)

    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website)
            await reading.until(lambda: reading.body.count(b": still here\n\n") >= 2)
            await reading.close()

    run(test())


def test_streams_end_when_the_process_does(website: Website, token: str) -> None:
    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website)
            await reading.until_open()
            app.closing.set()
            await reading.until(lambda: reading.ended)
            await reading.task

    run(test())


def test_news_at_the_very_end_do_not_keep_a_stream_open(website: Website, token: str) -> None:
    async def test() -> None:
        async with serving() as app:
            reading = Reading(app, token, website)
            await reading.until_open()
            (news,) = app.hub.watches[website.pk].listeners
            while not news._waiters:  # type: ignore[attr-defined]
                await asyncio.sleep(0)
            app.closing.set()
            news.set()
            await reading.until(lambda: reading.ended)
            await reading.task

    run(test())


def test_it_listens_again_when_the_connection_breaks(website: Website, admin: Membership, token: str) -> None:
    async def test() -> None:
        async with (
            serving() as app,
            await psycopg.AsyncConnection.connect(url_as("postgres"), autocommit=True) as server,
        ):
            reading = Reading(app, token, website)
            await reading.until_open()
            await asyncio.wait_for(app.hub.listening.wait(), SOON)
            cursor = await server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE query = 'LISTEN events' AND datname = current_database()"
            )
            assert len(await cursor.fetchall()) == 1
            made = await in_thread(add, admin)
            assert [event["id"] for event in await reading.until_events(1)] == [made]
            await reading.close()

    run(test())


def test_only_so_many_streams_an_account(website: Website, token: str, settings: Any) -> None:
    settings.STREAMS_PER_ACCOUNT = 1

    async def test() -> None:
        async with serving() as app:
            first = Reading(app, token, website)
            await first.until_open()
            second = Reading(app, token, website)
            await second.task
            assert (second.status, second.problem()["code"]) == (429, "too_many_streams")
            await first.close()
            third = Reading(app, token, website)
            await third.until_open()
            await third.close()

    run(test())


@pytest.mark.parametrize(
    ("query", "headers", "status", "code", "field"),
    [
        ("", {"authorization": "Bearer wrong"}, 401, "token_invalid", None),
        ("", {"authorization": ""}, 401, "token_invalid", None),
        ("ticket=wrong", {}, 401, "token_invalid", None),
        ("", {"x_website": "nowhere"}, 404, "website_not_found", None),
        ("", {"x_website": "borealis"}, 404, "website_not_found", None),
        ("since=1", {}, 400, "invalid", "since"),
        ("verb=thing.unheard", {}, 400, "invalid", "verb"),
        ("", {"last_event_id": "5"}, 400, "invalid", "last_event_id"),
        ("last_event_id=1-1-1", {}, 400, "invalid", "last_event_id"),
    ],
)
def test_refusals(
    website: Website, token: str, query: str, headers: dict[str, str], status: int, code: str, field: str | None
) -> None:
    tenancy.website("borealis")

    async def test() -> None:
        async with serving() as app:
            given = {"authorization": f"Bearer {token}", "x_website": website.slug, **headers}
            reading = Reading(app, None, None, query, **given)
            await reading.task
            assert (reading.status, reading.problem()["code"]) == (status, code)
            assert [error["field"] for error in reading.problem()["errors"]] == ([field] if field else [])

    run(test())


def test_the_process_answers_for_its_health() -> None:
    async def test() -> None:
        async with serving() as app:
            await asyncio.wait_for(app.hub.listening.wait(), SOON)
            answers: list[Any] = []

            async def send(message: Any) -> None:
                answers.append(message)

            for path in ("/healthz/live/", "/healthz/ready/", "/elsewhere/"):
                scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
                await app(scope, lambda: asyncio.Event().wait(), send)
            assert [answer["status"] for answer in answers if "status" in answer] == [200, 200, 404]

    run(test())


def test_the_module_serves_one_application() -> None:
    assert isinstance(stream.application, Application)
