"""The door of the live stream: a ticket, and the way to the process that serves it."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from copydesk.accounts.models import Token, TokenKind
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from tests.api.client import anonymous, as_
from tests.config.test_stream import Reading, serving
from tests.factories import accounts, tenancy

STREAM, TICKET = "/api/v1/events/stream/", "/api/v1/events/ticket/"


def read(*tickets: str) -> list[Reading]:
    async def test() -> list[Reading]:
        found = []
        async with serving() as app:
            for ticket in tickets:
                reading = Reading(app, None, None, f"ticket={ticket}")
                await reading.until(lambda reading=reading: reading.ended or b"retry:" in reading.body)
                await reading.close()
                found.append(reading)
        return found

    return asyncio.run(test())


@pytest.mark.django_db(transaction=True)
def test_a_ticket_opens_the_stream_once() -> None:
    member = accounts.membership(tenancy.website(), Role.WRITER)
    ticket = as_(member).post(TICKET, status=201)["ticket"]
    first, second = read(ticket, ticket)
    assert first.status == 200
    assert (second.status, second.problem()["code"]) == (401, "token_invalid")


@pytest.mark.django_db(transaction=True)
def test_a_ticket_is_good_for_a_minute_and_for_a_login_that_lasts() -> None:
    member = accounts.membership(tenancy.website(), Role.WRITER)
    with time_machine.travel(clock.now() - dt.timedelta(seconds=61)):
        late = as_(member).post(TICKET, status=201)["ticket"]
    logged_out = as_(member).post(TICKET, status=201)["ticket"]
    Token.objects.filter(kind=TokenKind.ACCESS).delete()
    assert [reading.status for reading in read(late, logged_out)] == [401, 401]


@pytest.mark.django_db
def test_the_secret_is_not_kept() -> None:
    member = accounts.membership(tenancy.website())
    answer = as_(member).post(TICKET, status=201)
    token = Token.objects.get(kind=TokenKind.STREAM)
    assert answer["ticket"].encode() not in bytes(token.digest)
    assert (token.user_id, token.website_id, token.used_at) == (member.user_id, member.website_id, None)


@pytest.mark.django_db(transaction=True)
def test_the_path_leads_to_the_stream_with_a_ticket_and_all_that_was_asked(settings: Any) -> None:
    settings.STREAM_URL = "https://stream.example.test"
    caller = as_(accounts.membership(tenancy.website()))
    caller.send("GET", STREAM, 307, headers={"Last-Event-ID": "12-3"})
    way = urlsplit(caller.response["Location"])
    assert (way.scheme, way.netloc, way.path) == ("https", "stream.example.test", STREAM)
    query = parse_qs(way.query)
    assert query["last_event_id"] == ["12-3"]
    assert [reading.status for reading in read(query["ticket"][0])] == [200]


@pytest.mark.django_db
@pytest.mark.parametrize("query", [{"since": "1"}, {"verb": "thing.unheard"}])
def test_bad_input_gives_no_ticket(query: dict[str, str]) -> None:
    caller = as_(accounts.membership(tenancy.website()))
    answer = caller.get(STREAM, 400, **query)
    assert [error["field"] for error in answer["errors"]] == list(query)
    assert not Token.objects.filter(kind=TokenKind.STREAM).exists()


@pytest.mark.django_db
def test_strangers_get_no_ticket() -> None:
    website = tenancy.website()
    anonymous(website).get(STREAM, 401)
    anonymous(website).post(TICKET, status=401)
    assert not Token.objects.filter(kind=TokenKind.STREAM).exists()
