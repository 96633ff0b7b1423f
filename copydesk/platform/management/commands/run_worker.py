"""The worker: one process, several jobs at a time, the clock's jobs included. Stops cleanly on SIGTERM and SIGINT."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandParser
from procrastinate.contrib.django import app

from copydesk.platform.tasks import retry_stalled
from copydesk.tenancy.jobs import worker_connector

log = structlog.get_logger()


class Command(BaseCommand):
    help = "Runs queued jobs until it is stopped. Any number of workers may run, on any number of machines."

    def add_arguments(self, parser: CommandParser) -> None:
        concurrency = int(os.environ.get("COPYDESK_WORKER_CONCURRENCY", "4"))
        parser.add_argument("--concurrency", type=int, default=concurrency, help="jobs at the same time")
        parser.add_argument("--until-empty", action="store_true", help="stop when no job is left")

    def handle(self, *args: Any, concurrency: int, until_empty: bool, **options: Any) -> None:
        with app.replace_connector(worker_connector(concurrency)):
            asyncio.run(work(concurrency, wait=not until_empty))


async def work(concurrency: int, *, wait: bool) -> None:
    """Without `wait` it ends when no job is left. A second worker may do the same at the same time."""
    async with app.open_async():
        await retry_stalled()
        running = asyncio.create_task(
            app.run_worker_async(
                concurrency=concurrency,
                wait=wait,
                fetch_job_polling_interval=5.0,
                update_heartbeat_interval=5.0,
                # A job that does not end in this time is left to be started again: it is safe to run twice.
                shutdown_graceful_timeout=8.0,
                install_signal_handlers=False,
            )
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        log.info("worker started", concurrency=concurrency)
        with contextlib.suppress(asyncio.CancelledError):
            await running
        log.info("worker stopped")
