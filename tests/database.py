"""Real PostgreSQL for one run of the tests: one cluster, one migrated template, one database a worker.

A plugin rather than part of conftest.py, because Django's settings read the environment before any conftest is
imported. Everything lies in a folder of this run alone, so runs in several worktrees do not meet.
"""

import atexit
import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import sql

from launcher.postgres import url
from launcher.throwaway import throwaway_cluster

ROOT = Path(__file__).resolve().parent.parent
CLUSTER = "COPYDESK_TEST_CLUSTER"
FOLDER = "COPYDESK_TEST_FOLDER"
TEMPLATE = "copydesk_template"
DATABASE = f"copydesk_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
# Any number will do, as long as all workers of a run wait for the same one.
TEMPLATE_LOCK = 7_113_001
LOCK_TIMEOUT = "10s"

_run = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    if CLUSTER not in os.environ:
        started = _run.enter_context(throwaway_cluster(sys.executable, os.environ))
        os.environ[CLUSTER] = started.cluster.superuser_url
        os.environ[FOLDER] = str(started.folder)
        # For a start of pytest that fails before there is a session to finish.
        atexit.register(_stop, os.getpid())
    os.environ.update(environment(DATABASE))
    for name in ("COPYDESK_DEMO", "COPYDESK_ROLE"):
        os.environ.pop(name, None)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _run.close()


def _stop(starter: int) -> None:
    if os.getpid() == starter:
        _run.close()


def url_as(role: str, database: str = DATABASE) -> str:
    """How `role` (`app`, `app_owner`, the superuser `postgres`) reaches this worker's database."""
    socket = parse_qs(urlsplit(os.environ[CLUSTER]).query)["host"][0]
    return url(Path(socket), role, database)


def environment(database: str) -> dict[str, str]:
    """What a process that works on `database` is started with, as in production."""
    return {
        "DJANGO_SETTINGS_MODULE": "copydesk.config.settings",
        "DATABASE_URL": url_as("app", database),
        "DATABASE_OWNER_URL": url_as("app_owner", database),
        "COPYDESK_DATA": str(Path(os.environ[FOLDER], "data", database)),
        "COPYDESK_SECRET_KEY": "only-for-tests-" + "0123456789" * 5,
        "COPYDESK_STREAM_URL": "http://127.0.0.1:9",
    }


def create_database() -> None:
    """This worker's database, a copy of the template; the first worker to come makes that."""
    with psycopg.connect(os.environ[CLUSTER], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone():
            _create_template(server)
        _execute(server, "CREATE DATABASE {} TEMPLATE {} OWNER app_owner", DATABASE, TEMPLATE)
    Path(os.environ["COPYDESK_DATA"]).mkdir(parents=True, exist_ok=True)


def _create_template(server: psycopg.Connection) -> None:
    unfinished = f"{TEMPLATE}_unfinished"
    _execute(server, "DROP DATABASE IF EXISTS {}", unfinished)
    _run_python("-m", "copydesk.tenancy.roles", os.environ[CLUSTER], unfinished)
    _run_python("-m", "django", "migrate", "--verbosity", "0", database=unfinished)
    _execute(server, "ALTER DATABASE {} RENAME TO {}", unfinished, TEMPLATE)


def _run_python(*arguments: str, database: str = DATABASE) -> None:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment(database), "COPYDESK_ROLE": "owner"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"python {' '.join(arguments)} failed:\n{done.stdout}", pytrace=False)


def _execute(server: psycopg.Connection, statement: str, *names: str) -> None:
    server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@dataclass(frozen=True)
class Pristine:
    """What the migrations left in each table, so that a test that commits can be undone.

    As superuser and in the replica's role: the app may not empty its tables, and append-only triggers stand in the
    way of everyone else. DELETE and not TRUNCATE: a test's few rows go faster than a file does, and no lock is needed
    that a reader left behind would block.
    """

    tables: tuple[str, ...]
    rows: dict[str, bytes]

    @classmethod
    def read(cls) -> "Pristine":
        with psycopg.connect(url_as("postgres")) as server:
            found = server.execute(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname <> 'information_schema' AND NOT starts_with(schemaname, 'pg_')"
                " AND tablename <> 'django_migrations'"
            )
            tables = tuple(name for (name,) in found)
            return cls(tables, {table: _copy(server, table) for table in _filled(server, tables)})

    def restore(self) -> None:
        with psycopg.connect(url_as("postgres")) as server:
            server.execute("SET session_replication_role = replica")
            _run_sql(server, f"SET lock_timeout = '{LOCK_TIMEOUT}'")
            try:
                for table in {*_filled(server, self.tables), *self.rows}:
                    before = self.rows.get(table)
                    if before is None or before != _copy(server, table):
                        _run_sql(server, f"DELETE FROM {table}")
                        _fill(server, table, before)
            except psycopg.errors.LockNotAvailable as error:
                raise AssertionError(f"The test left a transaction open: {_open(server)}") from error


def _run_sql(server: psycopg.Connection, statement: str) -> psycopg.Cursor:
    return server.execute(statement.encode())


def _filled(server: psycopg.Connection, tables: tuple[str, ...]) -> list[str]:
    if not tables:
        return []
    probes = ", ".join(f"EXISTS (SELECT FROM {table})" for table in tables)
    row = _run_sql(server, f"SELECT {probes}").fetchone()
    assert row is not None
    return [table for table, filled in zip(tables, row, strict=True) if filled]


def _copy(server: psycopg.Connection, table: str) -> bytes:
    with server.cursor().copy(f"COPY {table} TO STDOUT (FORMAT binary)".encode()) as copy:
        return b"".join(bytes(block) for block in copy)


def _fill(server: psycopg.Connection, table: str, rows: bytes | None) -> None:
    if rows is not None:
        with server.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)".encode()) as copy:
            copy.write(rows)


def _open(server: psycopg.Connection) -> list[tuple[object, ...]]:
    server.rollback()
    return server.execute(
        "SELECT pid, usename, state, query FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
    ).fetchall()
