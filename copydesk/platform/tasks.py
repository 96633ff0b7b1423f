"""Housekeeping of the job queue itself. Imported by every worker."""

from __future__ import annotations

from asgiref.sync import async_to_sync
from procrastinate.contrib.django import app

from copydesk.core import clock
from copydesk.tenancy.jobs import chore

STALLED_SECONDS = 30
KEPT_HOURS = 24
FAILED_KEPT_HOURS = 30 * 24


@chore("platform.retry_stalled_jobs", "* * * * *")
def retry_stalled_jobs() -> None:
    """The jobs of a worker that was killed start again: its heartbeat has stopped."""
    async_to_sync(retry_stalled)()


@chore("platform.delete_finished_jobs", "17 * * * *")
def delete_finished_jobs() -> None:
    """Those that succeeded after a day; those that failed stay a month to be looked at."""
    async_to_sync(app.job_manager.delete_old_jobs)(nb_hours=KEPT_HOURS)
    async_to_sync(app.job_manager.delete_old_jobs)(
        nb_hours=FAILED_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


async def retry_stalled() -> None:
    for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.retry_job(stalled, retry_at=clock.now())
