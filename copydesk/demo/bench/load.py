"""A large world: 100 websites, one of them with a fifth of all orders, played by several processes at a time."""

from __future__ import annotations

import datetime as dt
import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import django
import psycopg
from django.db.models import AutoField
from psycopg import sql

from copydesk.files.gateway import keep_content
from copydesk.tenancy.models import Website

from ..copy import COUNTED_WITH, SHEETS, Database, Loader
from ..dispute_scenes import DISPUTES_OF_SCENES
from ..fine_scenes import FINES_OF_SCENES
from ..refund_scenes import REFUNDS_OF_SCENES
from ..review_scenes import REVIEWS_OF_SCENES
from ..scenes import SCENES
from ..ticket_scenes import TICKETS_OF_SCENES
from ..world import Site, World, play, superadmin
from . import books, structure

WEBSITES = 100
ORDERS_OF_SCENES = len(SCENES) + sum((REVIEWS_OF_SCENES, REFUNDS_OF_SCENES, FINES_OF_SCENES, DISPUTES_OF_SCENES))
LEAST_ORDERS = 130
"""Of a website, its scenes among them: with fewer orders in all there are fewer websites."""
ORDERS_A_CLIENT = 8
ORDERS_A_WRITER = 25
ORDERS_A_TICKET = 5
ORDERS_AN_EDITOR = 20_000
ORDERS_AN_AGENT = 100_000
PLACES = (
    ("USD", "America/New_York"),
    ("EUR", "Europe/Helsinki"),
    ("GBP", "Europe/London"),
    ("AUD", "Australia/Sydney"),
)
ROWS_AN_ORDER = 60
"""No table has more of them: ids of a website lie in a range of its own."""
FIRST_ID = 1_000

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Part:
    """One website and the range of its rows' ids."""

    number: int
    world: World
    first_id: int
    last_id: int

    @property
    def site(self) -> Site:
        return self.world.sites[0]


@dataclass(slots=True)
class Loaded:
    """`seconds` of each step, `disk_bytes` of the database."""

    orders: int
    rows: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    disk_bytes: int = 0

    @contextmanager
    def timed(self, step: str, told: Told) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[step] = round(time.monotonic() - started, 1)
        told(f"{step}: {self.seconds[step]} s")


class BooksError(Exception):
    """The loaded world belies itself."""


def plan(orders: int, now: dt.datetime, password: str) -> list[Part]:
    """The largest website first: it takes longest."""
    websites = min(WEBSITES, 1 + (orders - orders // 5) // LEAST_ORDERS)
    largest = max(orders // 5, orders // websites)
    rest, more = divmod(orders - largest, max(websites - 1, 1))
    parts: list[Part] = []
    first, before = FIRST_ID, 0
    for number in range(websites):
        here = largest if number == 0 else rest + (number <= more)
        tickets = (before + here) // ORDERS_A_TICKET - before // ORDERS_A_TICKET
        before += here
        currency, timezone = PLACES[number % len(PLACES)]
        world = World(
            sites=[Site(f"bench-{number + 1:03}", f"Bench {number + 1}", currency, timezone)],
            orders=here - ORDERS_OF_SCENES,
            clients=max(14, here // ORDERS_A_CLIENT),
            writers=max(16, here // ORDERS_A_WRITER),
            tickets=max(tickets - TICKETS_OF_SCENES, 0),
            editors=3 + here // ORDERS_AN_EDITOR,
            agents=2 + here // ORDERS_AN_AGENT,
            now=now,
            password=password,
            regulars=False,
        )
        last = first + (here + world.clients + world.writers + 1_000) * ROWS_AN_ORDER
        parts.append(Part(number + 1, world, first, last))
        first = last + 1
    return parts


def load_large(
    info: dict[str, Any], orders: int, *, now: dt.datetime, password: str, processes: int, told: Told
) -> Loaded:
    """Fills an empty, migrated database. `info`: how psycopg reaches it as the owner of the tables. Raises
    StructureError or BooksError where what has come is not what it should be."""
    loaded = Loaded(orders)
    connect = structure.connect_to(info)
    parts = plan(orders, now.replace(microsecond=0), password)
    with connect() as database:
        with loaded.timed("keys, indexes, triggers taken off", told):
            kept = structure.take_off(database)
        loader = Loader(database)
        for row in superadmin(loader, parts[0].world, now):
            loader.send(row)
        loader.flush()
        with loaded.timed("rows generated and copied", told):
            loaded.rows = loader.sent + play_all(info, parts, processes, told)
        with loaded.timed("balances and sums counted", told):
            books.count(database)
            set_sequences(database)
    with loaded.timed("keys, indexes, triggers put back", told):
        structure.put_back(connect, kept)
    with loaded.timed("vacuum and statistics", told):
        vacuum = [[sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table))] for table in structure.TABLES]
        structure.side_by_side(connect, vacuum)
    with loaded.timed("books checked", told):
        check(connect, orders, sum(part.world.tickets + TICKETS_OF_SCENES for part in parts))
    with connect() as database:
        size = database.execute("SELECT pg_database_size(current_database())").fetchone()
        assert size is not None
        loaded.disk_bytes = size[0]
    return loaded


def play_all(info: dict[str, Any], parts: list[Part], processes: int, told: Told) -> int:
    """Websites side by side, each in one transaction; gives the number of rows."""
    rows = done = 0
    total = sum(part.world.orders + ORDERS_OF_SCENES for part in parts)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=django.setup) as pool:
        waiting = {pool.submit(play_part, info, part): part for part in parts}
        for future in as_completed(waiting):
            part = waiting[future]
            rows += future.result()
            done += part.world.orders + ORDERS_OF_SCENES
            told(f"{part.site.slug}: {done} of {total} orders, {rows} rows")
    return rows


def play_part(info: dict[str, Any], part: Part) -> int:
    # Cycles are left to the end of a website: there are millions of objects to look through for them.
    gc.disable()
    gc.collect()
    with psycopg.connect(**info) as database:
        database.execute("SET synchronous_commit = off")
        loader = Loader(database, part.first_id)
        loader.sheets[Website].next_id = part.number
        stage = play(loader, part.world, part.site, part.world.now, lambda text: None, None)
        loader.flush()
    assert all(sheet.next_id <= part.last_id for sheet in loader.sheets.values())
    for content in stage.contents.values():
        keep_content(stage.website.pk, content)
    return loader.sent


def set_sequences(database: Database) -> None:
    for model in SHEETS:
        if isinstance(model._meta.pk, AutoField) and model not in COUNTED_WITH:
            counted = [model, *(other for other, first in COUNTED_WITH.items() if first is model)]
            lasts = [
                sql.SQL("(SELECT max({}) FROM {})").format(
                    sql.Identifier(str(each._meta.pk.column)), sql.Identifier(each._meta.db_table)
                )
                for each in counted
            ]
            last = sql.SQL("SELECT setval(pg_get_serial_sequence({}, {}), greatest({}, 1))")
            table, key = model._meta.db_table, str(model._meta.pk.column)
            database.execute(last.format(table, key, sql.SQL(", ").join(lasts)))


def check(connect: structure.Connect, orders: int, tickets: int) -> None:
    with connect() as database:
        row = database.execute("SELECT count(*) FROM orders_order").fetchone()
        asked = database.execute("SELECT count(*) FROM tickets_ticket").fetchone()
    found = books.faults(connect)
    if row != (orders,):
        found[f"there are {orders} orders"] = row[0] if row else 0
    if asked != (tickets,):
        found[f"there are {tickets} tickets"] = asked[0] if asked else 0
    if found:
        raise BooksError("\n".join(f"Belied by {number} rows: {said}." for said, number in found.items()))
