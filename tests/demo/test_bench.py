"""The benchmark, at a size that costs seconds: what is loaded is whole, and every GET route is measured."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from psycopg import sql

from copydesk.demo.bench import books, structure
from copydesk.demo.bench.load import ORDERS_OF_SCENES, Loaded, load_large, plan
from copydesk.demo.bench.report import missed, table
from copydesk.demo.bench.routes import get_routes
from copydesk.demo.management.commands.load_bench import rank_all
from copydesk.orders.models import Form
from copydesk.tenancy.scope import website_scope
from launcher.bench import SETTINGS_MODULE
from launcher.serve import HOST, api
from launcher.supervisor import Supervisor
from tests import template
from tests.database import DATABASE, url_as
from tests.database import socket as cluster_socket
from tests.factories import tenancy, writers
from tests.template import ROOT

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
ORDERS = 390
BENCH = f"{DATABASE}_bench"
READY_SECONDS = 120


@dataclass(frozen=True)
class World:
    loaded: Loaded
    told: list[str]

    @property
    def connect(self) -> structure.Connect:
        return structure.connect_to(psycopg.conninfo.conninfo_to_dict(url_as("app_owner", BENCH)))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """In a database of its own, beside the worker's."""
    with psycopg.connect(url_as("postgres", "postgres"), autocommit=True) as server:
        make = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER app_owner")
        server.execute(make.format(sql.Identifier(BENCH), sql.Identifier(template.DATABASE)))
        told: list[str] = []
        info = psycopg.conninfo.conninfo_to_dict(url_as("app_owner", BENCH))
        try:
            yield World(load_large(info, ORDERS, now=NOW, password="!", processes=1, told=told.append), told)
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(BENCH)))


@pytest.fixture(scope="module")
def figures(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Any], str]]:
    """What the served world costs, and what was printed."""
    folder = tmp_path_factory.mktemp("bench")
    given = {**os.environ, **template.environment(cluster_socket(), BENCH, folder), "COPYDESK_DEMO": "1"}
    env = {**given, "DJANGO_SETTINGS_MODULE": SETTINGS_MODULE, "PYTHONPATH": str(ROOT)}
    env["COPYDESK_DATA"] = os.environ["COPYDESK_DATA"]  # where the loader has put the files
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    supervisor = Supervisor([api(ROOT, sys.executable, env, port, folder)])
    (folder / "loaded.json").write_bytes(orjson.dumps(world.loaded))
    measure = [
        *(sys.executable, "-m", "django", "measure_bench", "--url", f"http://{HOST}:{port}"),
        *("--loaded", str(folder / "loaded.json"), "--json", str(folder / "figures.json")),
        *("--rounds", "1", "--warm", "0", "--counted", "2", "--writes", "2"),
    ]
    try:
        supervisor.start()
        wait_until_ready(f"http://{HOST}:{port}/healthz/ready/", folder / "api.log")
        env["COPYDESK_ROLE"] = "owner"
        done = subprocess.run(measure, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        yield orjson.loads((folder / "figures.json").read_bytes()), done.stdout
    finally:
        supervisor.stop()


def wait_until_ready(url: str, log: Path) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)


def test_a_fifth_of_the_orders_is_one_websites() -> None:
    parts = plan(1_000_000, NOW, "!")
    orders = [part.world.orders + ORDERS_OF_SCENES for part in parts]

    assert len(parts) == 100
    assert len({part.site.slug for part in parts}) == 100
    assert abs(orders[0] / sum(orders) - 0.2) < 0.001
    assert max(orders[1:]) - min(orders[1:]) <= 1
    assert parts[0].world.clients == 25_000
    ranges = [(part.first_id, part.last_id) for part in parts]
    assert all(last < first for (_, last), (first, _) in itertools.pairwise(ranges))


@pytest.mark.usefixtures("django_db_setup")
@pytest.mark.parametrize("orders", [ORDERS, 1_000, 10_000, 100_000])
def test_small_worlds_have_fewer_websites_each_with_more_orders_than_its_scenes(orders: int) -> None:
    parts = plan(orders, NOW, "!")
    assert sum(part.world.orders + ORDERS_OF_SCENES for part in parts) == orders
    assert min(part.world.orders for part in parts) > 0


def test_keys_indexes_and_triggers_are_those_of_the_migrations(world: World) -> None:
    with psycopg.connect(url_as("app_owner")) as migrated, world.connect() as loaded:
        assert structure.read_catalog(loaded) == structure.read_catalog(migrated)


def test_the_books_balance(world: World) -> None:
    assert books.faults(world.connect) == {}
    with world.connect() as database:
        sizes = dict(database.execute("SELECT website_id, count(*) FROM orders_order GROUP BY 1").fetchall())
    assert (len(sizes), sum(sizes.values())) == (3, ORDERS)
    assert world.loaded.rows > ORDERS * 20
    assert world.loaded.disk_bytes > 0
    assert "books checked" in world.loaded.seconds


@pytest.mark.django_db(transaction=True)
def test_what_the_clock_works_out_is_there_from_the_start() -> None:
    sites = [tenancy.website("atlas"), tenancy.website("borealis")]
    known = [writers.writer(site).pk for site in sites]
    rank_all(sites, NOW)
    for site, writer in zip(sites, known, strict=True):
        with website_scope(site.pk):
            assert list(Form.objects.of(site).values_list("writer", "computed_at")) == [(writer, NOW)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("UPDATE payments_ledgeraccount SET balance_minor = balance_minor + 1 WHERE id = %s", "every balance"),
        ("UPDATE orders_order SET price_minor = price_minor + 1 WHERE id = %s", "every price"),
        ("UPDATE payments_posting SET amount_minor = amount_minor + 1 WHERE id = %s", "every transfer"),
        ("UPDATE payments_payout SET total_minor = total_minor + 1 WHERE id = %s", "every payout"),
        ("UPDATE journal_event SET after = 'lost' WHERE id = %s", "the last event"),
    ],
)
def test_what_is_wrong_is_found(world: World, wrong: str, said: str) -> None:
    chosen = {
        "journal_event": "SELECT max(id) FROM journal_event WHERE subject_type = 'order'",
        "payments_ledgeraccount": "SELECT min(id) FROM payments_ledgeraccount WHERE kind = 'wallet'",
        "orders_order": "SELECT min(id) FROM orders_order",
        "payments_posting": "SELECT min(id) FROM payments_posting",
        "payments_payout": "SELECT min(id) FROM payments_payout",
    }
    table_name = wrong.split()[1]
    with world.connect() as database, database.transaction(force_rollback=True):
        database.execute(f"ALTER TABLE {table_name} DISABLE TRIGGER USER".encode())
        [(row_id,)] = database.execute(chosen[table_name].encode()).fetchall()
        database.execute(wrong.encode(), [row_id])
        found = [name for name, query in books.CHECKS.items() if database.execute(query.encode()).fetchall()]
    assert any(name.startswith(said) for name in found), found


def test_every_get_route_is_measured_as_each_role(figures: tuple[dict[str, Any], str]) -> None:
    found, printed = figures
    unseen = [line for line in printed.splitlines() if line.startswith("Not measured")]
    measured = {(row["role"], row["path"]) for row in found["routes"]}

    assert list(found) == ["orders", "floor_p50_ms", "routes", "writes"]
    assert found["orders"] == ORDERS
    assert found["floor_p50_ms"] > 0
    for row in found["routes"]:
        assert list(row) == ["method", "path", "role", "queries", "p50_ms", "p95_ms", "ratio"]
        assert row["p50_ms"] <= row["p95_ms"]
        assert row["ratio"] == pytest.approx(row["p50_ms"] / found["floor_p50_ms"], abs=0.01)
    # Editors have reviews and see none; a superadmin holds no tickets.
    assert [line.partition(": ")[2].partition(":")[0] for line in unseen] == [
        "editor GET orders/{id}/review/",
        "editor GET reviews/{id}/",
        "superadmin GET support-management/dashboard/workload/",
    ]
    wanted = {(role, route.path) for route in get_routes() for role in route.roles()}
    assert wanted - measured == {
        ("editor", "orders/{id}/review/"),
        ("editor", "reviews/{id}/"),
        ("superadmin", "support-management/dashboard/workload/"),
    }
    assert ("client", "client-management/dashboard/stats/") in measured


def test_the_writes_tell_how_much_is_our_own(figures: tuple[dict[str, Any], str]) -> None:
    writes = figures[0]["writes"]
    assert [row["name"] for row in writes] == ["placement", "payment", "take", "bulk preview"]
    for row in writes:
        assert row["per_second"] > 0
        assert 0 < row["own_share"] < 1
        assert row["queries"] > 0


def row(path: str, **of: Any) -> dict[str, Any]:
    return {"method": "GET", "path": path, "role": "client", "queries": 2, "p50_ms": 4.0, "p95_ms": 5.0, **of}


def test_missed_goals_are_told() -> None:
    desk, other = "client-management/dashboard/stats/", "orders/"
    figures = {
        "orders": 9,
        "floor_p50_ms": 2.0,
        "routes": [row(desk, ratio=4.1, queries=7, p50_ms=8.4), row(other, ratio=9.0, queries=6, p50_ms=18.0)],
        "writes": [],
    }
    smaller = {"routes": [row(desk, ratio=2.0, p50_ms=4.0), row(other, ratio=1.0, p50_ms=2.0)]}

    assert [line.partition(": ")[2] for line in missed(figures, None)] == [
        "7 queries, 6 at most",
        "4.1 times the floor, 4 at most",
    ]
    assert [line.partition(": ")[2] for line in missed(figures, smaller)] == [
        "7 queries, 6 at most",
        "p50 2.1 times that of the smaller world, 2 at most",
        "7 queries, 2 in the smaller world",
    ]
    assert next(table(figures)) == "9 orders, floor 2.00 ms"
