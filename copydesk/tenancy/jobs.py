"""Jobs carry their website and work in its scope. Queued in the transaction that causes them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.db import transaction
from procrastinate import PsycopgConnector, RetryStrategy
from procrastinate.connector import BaseConnector
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import AlreadyEnqueued

from .models import Website, WebsiteStatus
from .scope import across_websites, website_context, website_scope

RETRY = RetryStrategy(max_attempts=8, exponential_wait=3)


def job(name: str, *, atomic: bool = True) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Registers `run(website, **ids)` under `name`. Not atomic: it leaves the process, in its own transactions."""

    def decorate(run: Callable[..., None]) -> Callable[..., None]:
        @app.task(name=name, retry=RETRY)
        @functools.wraps(run)
        def task(*, website_id: int, **ids: Any) -> None:
            enter_scope = website_scope if atomic else website_context
            with enter_scope(website_id):
                run(_website(website_id), **ids)

        return run

    return decorate


def errand(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A job that belongs to no website."""

    def decorate(run: Callable[..., None]) -> Callable[..., None]:
        app.task(name=name, retry=RETRY)(run)
        return run

    return decorate


def defer(name: str, website_id: int | None = None, **values: Any) -> None:
    """Queues a job in the present transaction; without a website only an errand."""
    app.configure_task(name).defer(**({} if website_id is None else {"website_id": website_id}), **values)


def sweep(
    name: str, cron: str, *, atomic: bool = True
) -> Callable[[Callable[[Website], None]], Callable[[Website], None]]:
    """A job by the clock: queues one job a website, at most one of them waiting. Not atomic: it does each row in a
    transaction of its own."""

    def decorate(run: Callable[[Website], None]) -> Callable[[Website], None]:
        job(name, atomic=atomic)(run)

        @app.periodic(cron=cron, periodic_id=name)
        @app.task(name=f"{name}.sweep", pass_context=False)
        def queue(timestamp: int) -> None:
            for website_id in living_websites():
                try:
                    with transaction.atomic():
                        app.configure_task(name, queueing_lock=f"{name}:{website_id}").defer(website_id=website_id)
                except AlreadyEnqueued:
                    continue

        return run

    return decorate


def chore(name: str, cron: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """A job by the clock that belongs to no website; no second one waits while one does."""

    def decorate(run: Callable[[], None]) -> Callable[[], None]:
        @app.periodic(cron=cron, periodic_id=name)
        @app.task(name=name, queueing_lock=name, pass_context=False)
        @functools.wraps(run)
        def task(timestamp: int) -> None:
            run()

        return run

    return decorate


class WorkerConnector(PsycopgConnector):
    """A worker's own connections fetch and finish jobs; what a job queues goes with the job's own transaction."""

    def get_sync_connector(self) -> BaseConnector:
        return DjangoConnector()


def worker_connector(concurrency: int) -> WorkerConnector:
    return WorkerConnector(kwargs=connector_params(), min_size=1, max_size=concurrency + 4)


def living_websites() -> list[int]:
    with across_websites():
        rows = Website.objects.exclude(status__in=[WebsiteStatus.PROVISIONING, WebsiteStatus.PURGED])
        return list(rows.order_by("id").values_list("id", flat=True))


def _website(website_id: int) -> Website:
    with website_scope(website_id):
        return Website.objects.get(pk=website_id)
