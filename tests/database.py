"""Real PostgreSQL for one run of the tests: one migrated template, a cluster and a database a worker. What is sealed or
streamed waits for all transactions of a cluster that began before: another worker's would hold it up for minutes.

A plugin rather than part of conftest.py, because Django's settings read the environment before any conftest is
imported. Everything lies in a folder of this run alone, so runs in several worktrees do not meet.
"""

import atexit
import contextlib
import os
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import sql

from launcher.errors import LaunchError
from launcher.postgres import url
from launcher.throwaway import throwaway_cluster
from tests import template

CLUSTER = "COPYDESK_TEST_CLUSTER"
FOLDER = "COPYDESK_TEST_FOLDER"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
OWNER = "COPYDESK_TEST_WORKER"
"""Whose cluster it is: a run within a test goes on with it."""
DATABASE = f"copydesk_{WORKER}"
LOCK_TIMEOUT = "10s"

_run = contextlib.ExitStack()


# The outermost, so that what making the database says is not captured and shown behind pytest's last line.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    if os.environ.get(OWNER) != WORKER:
        try:
            with template.held() as seed:
                started = _run.enter_context(throwaway_cluster(sys.executable, os.environ, seed))
        except LaunchError as error:
            raise pytest.UsageError(str(error)) from None
        os.environ[CLUSTER] = started.cluster.superuser_url
        os.environ[FOLDER] = str(started.folder)
        os.environ[OWNER] = WORKER
        # For a start of pytest that fails before there is a session to finish.
        atexit.register(_stop, os.getpid())
    os.environ.update(template.environment(socket(), DATABASE, Path(os.environ[FOLDER])))
    for name in ("COPYDESK_DEMO", "COPYDESK_ROLE", "COPYDESK_PAYMENT_PROVIDER"):
        os.environ.pop(name, None)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    _run.close()


def _stop(starter: int) -> None:
    if os.getpid() == starter:
        _run.close()


def url_as(role: str, database: str = DATABASE) -> str:
    """How `role` (`app`, `app_owner`, the superuser `postgres`) reaches this worker's database."""
    return url(socket(), role, database)


def socket() -> Path:
    return Path(parse_qs(urlsplit(os.environ[CLUSTER]).query)["host"][0])


def create_database() -> None:
    """This worker's database, a copy of the template."""
    with psycopg.connect(os.environ[CLUSTER], autocommit=True) as server:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER app_owner")
        server.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(template.DATABASE)))
    Path(os.environ["COPYDESK_DATA"], "static").mkdir(parents=True, exist_ok=True)


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
