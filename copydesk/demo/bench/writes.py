"""Writes on one website, by eight callers at a time: orders placed, paid from the wallet, taken by writers; and by an
admin a hundred of them at once, as a preview."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connection

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.tenancy.models import Website
from copydesk.writers.policies import WriterPolicy

from .measure import Answer, NoAnswerError, Server, milliseconds
from .people import Asker, of_member
from .routes import API

CALLERS = 8
TOP_UP = "5000.00"
LEAD = dt.timedelta(days=9)
BULK, PREVIEWS = 100, 3

CLIENTS = """
SELECT id FROM accounts_membership
WHERE website_id = %(website)s AND role = 'client' AND status = 'active' AND id <> ALL(%(measured)s)
ORDER BY number DESC LIMIT %(many)s
"""
TAKERS = """
SELECT w.id, count(o.id) AS active FROM writers_writer w
LEFT JOIN orders_order o ON o.website_id = w.website_id AND o.writer_id = w.id
    AND o.status IN ('in_progress', 'editing', 'revision', 'on_hold')
WHERE w.website_id = %(website)s AND w.status = 'approved' AND w.level = ANY(%(levels)s)
    AND w.leave_from IS NULL AND w.suspended_until IS NULL AND w.id <> ALL(%(measured)s)
GROUP BY 1
HAVING NOT coalesce(bool_or(o.status IN ('in_progress', 'revision') AND o.writer_due_at < %(soon)s), false)
ORDER BY active, 1 LIMIT %(many)s
"""


@dataclass(frozen=True, slots=True)
class Call:
    """A POST by one of the callers."""

    by: Asker
    path: str
    body: dict[str, Any]
    key: str = ""


def measure_writes(url: str, website: Website, people: Mapping[str, Asker], each: int) -> list[dict[str, Any]]:
    """`each` orders a caller. In one table row each: how many a second, how long they took, and `own_share`: of the
    time that the server spent on them, what it did not wait for the database."""
    measured = [asker.actor.membership_id or 0 for asker in people.values() if asker.actor]
    clients = _clients(website, measured)
    mark = f"bench-{int(time.time())}"
    together(url, [[Call(by, "wallet/top-up/", {"amount": TOP_UP, "payment_token": "tok_ok"}, mark)] for by in clients])
    placed, answers = timed("placement", url, [[Call(by, "orders/", _form()) for _ in range(each)] for by in clients])
    orders = [[answer.json()["order"]["id"] for answer in some] for some in answers]
    paid, _ = timed(
        "payment",
        url,
        [
            [Call(by, f"orders/{pk}/pay/", {"method": "wallet"}, f"{mark}-{pk}") for pk in some]
            for by, some in zip(clients, orders, strict=True)
        ],
    )
    taken, _ = timed("take", url, _takes(website, measured, [pk for some in orders for pk in some]))
    bulk = {"ids": [pk for some in orders for pk in some][:BULK], "action": "hold", "reason": "-", "mode": "preview"}
    call = Call(people["admin"], "admin-management/orders/bulk-action/", bulk)
    previewed, _ = timed("bulk preview", url, [[call] * PREVIEWS])
    return [placed, paid, taken, previewed]


def timed(name: str, url: str, calls: Sequence[Sequence[Call]]) -> tuple[dict[str, Any], list[list[Answer]]]:
    seconds, answers = together(url, calls)
    flat = [answer for some in answers for answer in some]
    p50, p95 = milliseconds(answer.seconds for answer in flat)
    inside, database = sum(answer.inside for answer in flat), sum(answer.database for answer in flat)
    figures = {
        "name": name,
        "callers": len(calls),
        "requests": len(flat),
        "per_second": round(len(flat) / seconds, 1),
        "p50_ms": p50,
        "p95_ms": p95,
        "queries": max(answer.queries for answer in flat),
        "own_share": round(1 - database / inside, 3),
    }
    return figures, answers


def together(url: str, calls: Sequence[Sequence[Call]]) -> tuple[float, list[list[Answer]]]:
    """Each caller's own calls one after the other on its own connection, all callers at once: seconds, answers."""
    begin = threading.Barrier(len(calls) + 1)

    def run(own: Sequence[Call]) -> list[Answer]:
        server = Server(url)
        begin.wait()
        return [_post(server, call) for call in own]

    with ThreadPoolExecutor(len(calls)) as pool:
        waiting = [pool.submit(run, own) for own in calls]
        begin.wait()
        started = time.perf_counter()
        answers = [each.result() for each in waiting]
        return time.perf_counter() - started, answers


def _post(server: Server, call: Call) -> Answer:
    headers = call.by.headers | ({"Idempotency-Key": call.key} if call.key else {})
    answer = server.ask("POST", f"{API}{call.path}", headers, call.body)
    if answer.status >= 300:
        raise NoAnswerError(f"{call.by.role} POST {call.path}: {answer.status} {answer.body[:500]!r}")
    return answer


def _form() -> dict[str, Any]:
    return {
        "topic": "Trade routes of the Hanseatic League",
        "instructions": "At least five scholarly sources.",
        "paper_type": "essay",
        "subject": "history",
        "academic_level": "bachelor",
        "pages": 2,
        "client_deadline": (clock.now() + LEAD).isoformat(),
        "requires_editing": False,
    }


def _clients(website: Website, measured: list[int]) -> list[Asker]:
    given = {"website": website.pk, "measured": measured, "many": CALLERS}
    return _askers(website, [pk for (pk,) in _rows(CLIENTS, given)])


def _takes(website: Website, measured: list[int], orders: list[int]) -> list[list[Call]]:
    """Dealt out to writers as far as they have room, and the writers to the callers."""
    levels = {level.code: level for level in WriterPolicy.of(website).levels if level.can_take}
    room = min(level.max_active_orders for level in levels.values())
    given = {
        "website": website.pk,
        "measured": measured,
        "levels": list(levels),
        "soon": clock.now() + dt.timedelta(hours=1),
        "many": len(orders),
    }
    free = {pk: max(room - active, 0) // 2 for pk, active in _rows(TAKERS, given)}
    calls: list[list[Call]] = [[] for _ in range(CALLERS)]
    left = iter(orders)
    for index, by in enumerate(_askers(website, [pk for pk, spare in free.items() if spare])):
        assert by.actor is not None
        assert by.actor.membership_id is not None
        for pk in [pk for _, pk in zip(range(free[by.actor.membership_id]), left, strict=False)]:
            calls[index % CALLERS].append(Call(by, f"orders/{pk}/take/", {}))
    return [own for own in calls if own]


def _askers(website: Website, members: list[int]) -> list[Asker]:
    found = Membership.objects.of(website).in_bulk(members)
    return [of_member(website, found[pk]) for pk in members]


def _rows(query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        return list(cursor.fetchall())
