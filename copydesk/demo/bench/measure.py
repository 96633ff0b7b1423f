"""Routes asked over HTTP by one caller after the other, the floor between every two requests."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import orjson

from .meter import COST, FLOOR
from .people import Asker
from .routes import API, Route, get_routes


class NoAnswerError(Exception):
    """A route that answers none of the paths with an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`seconds` as the caller waits; `inside` of them in the server's own process, `database` of those in waiting for
    the database."""

    status: int
    body: bytes
    seconds: float
    queries: int
    inside: float
    database: float

    def json(self) -> Any:
        return orjson.loads(self.body)


class Server:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=600)

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Answer:
        sent = {**headers, "Content-Type": "application/json"} if body is not None else dict(headers)
        started = time.perf_counter()
        self._connection.request(method, path, orjson.dumps(body) if body is not None else None, sent)
        response = self._connection.getresponse()
        content = response.read()
        seconds = time.perf_counter() - started
        queries, inside, database = (response.headers.get(COST) or "0 0 0").split()
        return Answer(response.status, content, seconds, int(queries), float(inside), float(database))


@dataclass(slots=True)
class Measured:
    route: Route
    asker: Asker
    path: str
    queries: int = 0
    seconds: list[float] = field(default_factory=list)

    def row(self, floor_ms: float) -> dict[str, Any]:
        p50, p95 = milliseconds(self.seconds)
        return {
            "method": "GET",
            "path": self.route.path,
            "role": self.asker.role,
            "queries": self.queries,
            "p50_ms": p50,
            "p95_ms": p95,
            "ratio": round(p50 / floor_ms, 2),
        }


@dataclass(frozen=True, slots=True)
class Pace:
    """`rounds` over all routes; in each `warm` requests, by which the server's threads have their statements prepared,
    then `counted` ones."""

    rounds: int
    warm: int
    counted: int


def measure(url: str, people: Mapping[str, Asker], pace: Pace) -> tuple[float, list[dict[str, Any]], list[str]]:
    """The floor's median in milliseconds, a row for each route and role, and what no row was found for."""
    server = Server(url)
    wanted, unseen = choose(server, people)
    floor: list[float] = []
    by = people["client"].headers
    for _ in range(pace.rounds):
        for each in wanted:
            path, headers = f"{API}{each.path}", each.asker.headers
            answers = [server.ask("GET", path, headers) for _ in range(pace.warm)]
            for _ in range(pace.counted):
                floor.append(server.ask("GET", FLOOR, by).seconds)
                answers.append(server.ask("GET", path, headers))
                each.seconds.append(answers[-1].seconds)
            refused = [answer.status for answer in answers if answer.status >= 400]
            if refused:
                raise NoAnswerError(f"{each.asker.role} GET {each.path}: {refused[0]}")
            each.queries = max(each.queries, *(answer.queries for answer in answers))
    floor_ms = milliseconds(floor)[0]
    return floor_ms, [each.row(floor_ms) for each in wanted], unseen


def choose(server: Server, people: Mapping[str, Asker]) -> tuple[list[Measured], list[str]]:
    """A path that answers, for each route and each role that has it; and the (role, route) whose role sees no row."""
    wanted: list[Measured] = []
    unseen: list[str] = []
    for route in get_routes():
        for role in route.roles():
            asker = people[role]
            statuses = []
            for path in route.paths(asker):
                answer = server.ask("GET", f"{API}{path}", asker.headers)
                if answer.status < 400:
                    wanted.append(Measured(route, asker, path))
                    break
                statuses.append(answer.status)
                if answer.status >= 500:
                    raise NoAnswerError(f"{role} GET {path}: {answer.status} {answer.body[:500]!r}")
            else:
                unseen.append(f"{role} GET {route.path}: {sorted(set(statuses)) or 'no row that the role sees'}")
    return wanted, unseen


def milliseconds(seconds: Iterable[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    times = [each * 1_000 for each in seconds]
    high = quantiles(times, n=20, method="inclusive")[-1] if len(times) > 1 else times[0]
    return round(median(times), 3), round(high, 3)
