"""The worker: jobs run in their website, what fails leaves nothing behind, what a killed worker held starts again."""

import asyncio
import signal
import subprocess
import sys

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from copydesk.platform.management.commands.run_worker import work
from copydesk.tenancy.jobs import defer, job, worker_connector
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import current_website_id
from tests.factories import tenancy

ran: list[tuple[str, int | None]] = []


@job("tests.note")
def note(website: Website, *, number: int) -> None:
    ran.append((website.slug, current_website_id()))
    assert number, "asked to fail"


@job("tests.queue_and_fail")
def queue_and_fail(website: Website) -> None:
    defer("tests.note", website.pk, number=1)
    raise ValueError("after queueing")


@pytest.fixture
def website(transactional_db: None) -> Website:
    ran.clear()
    return tenancy.website()


def drain() -> None:
    with app.replace_connector(worker_connector(2)):
        asyncio.run(work(2, wait=False))


def statuses() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, status FROM procrastinate_jobs WHERE task_name LIKE 'tests.%%' ORDER BY id")
        return [(name, status) for name, status in cursor.fetchall()]


def test_a_job_runs_in_the_scope_of_its_website(website: Website) -> None:
    defer("tests.note", website.pk, number=1)
    drain()
    assert ran == [("atlas", website.pk)]
    assert statuses() == [("tests.note", "succeeded")]


def test_what_a_failed_job_had_queued_is_undone_with_it(website: Website) -> None:
    defer("tests.queue_and_fail", website.pk)
    drain()
    assert statuses() == [("tests.queue_and_fail", "todo")], "waits for its retry, and nothing beside it"
    assert ran == []


def test_the_job_of_a_killed_worker_starts_again(website: Website) -> None:
    defer("tests.note", website.pk, number=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '10 minutes') RETURNING id"
        )
        dead = cursor.fetchone()[0]
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s", [dead])
    drain()
    assert statuses() == [("tests.note", "succeeded")]
    assert ran == [("atlas", website.pk)]


def test_the_process_stops_cleanly_when_it_is_told(website: Website) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "run_worker"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert "worker started" in first
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0, out
    assert "worker stopped" in out
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_workers")
        assert cursor.fetchone()[0] == 0
