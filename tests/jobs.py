"""Runs what a test has queued, in the test's own connection, as a worker would."""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import orjson
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app

from copydesk.core import clock
from copydesk.tenancy.scope import website_scope

MOST = 10_000

NEXT = """
UPDATE procrastinate_jobs SET status = 'doing'
WHERE id = (
    SELECT id FROM procrastinate_jobs
    WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= %s)
    ORDER BY priority DESC, id LIMIT 1
)
RETURNING id, task_name, args
"""


def run_jobs() -> list[str]:
    """Runs queued jobs that are due, and those that they queue, in order, until none is left: their names.

    What a job raises is raised. Inside a test's transaction a job that leaves the process works in it too.
    """
    ran: list[str] = []
    while (job := _next()) is not None:
        job_id, name, ids = job
        with _scope(ids):
            _call(name, ids)
        _execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE id = %s", [job_id])
        ran.append(name)
        assert len(ran) < MOST, f"jobs without end, the last: {ran[-5:]}"
    return ran


def queued(domain: str = "") -> list[tuple[str, dict[str, Any]]]:
    """(name, arguments) of every job that waits, also of those for later; of one domain, without others' reactions."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")
        return [(name, orjson.loads(ids)) for name, ids in cursor.fetchall() if name.startswith(domain)]


def _next() -> tuple[int, str, dict[str, Any]] | None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT, [clock.now()])
        row = cursor.fetchone()
    return None if row is None else (row[0], row[1], orjson.loads(row[2]))


def _call(name: str, ids: dict[str, Any]) -> None:
    app.perform_import_paths()
    task = app.tasks[name]
    assert not task.pass_context, f"{name} wants a worker's context"
    if inspect.iscoroutinefunction(task.func):
        async_to_sync(task.func)(**ids)
    else:
        task.func(**ids)


def _scope(ids: dict[str, Any]) -> AbstractContextManager[None]:
    if connection.in_atomic_block and "website_id" in ids:
        return website_scope(ids["website_id"])
    return nullcontext()


def _execute(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
