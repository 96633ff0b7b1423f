"""Of two jobs that rate a writer the second reads what the first one did not see, and writes after it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from copydesk.accounts.models import Membership
from copydesk.reviews import actions
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import Writer
from tests.factories import accounts, reviews, tenancy, writers

pytestmark = pytest.mark.django_db(transaction=True)


def rate_one(site: Website, writer: Membership) -> None:
    actions.rate_writer(site, writer.pk)


def rate_all(site: Website, writer: Membership) -> None:
    actions.rate_writers(site)


@pytest.mark.parametrize("rate", [rate_one, rate_all])
def test_the_later_figure_stays(rate: object) -> None:
    site = tenancy.website()
    client = accounts.membership(site)
    with website_scope(site.pk):
        writer = writers.writer(site).member
        reviews.review(client, writer, 4)
        actions.rate_writer(site, writer.pk)

    def second() -> None:
        with website_scope(site.pk):
            rate(site, writer)  # type: ignore[operator]
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        with website_scope(site.pk), connection.cursor() as cursor:
            actions.rate_writer(site, writer.pk)
            waiting = threads.submit(second)
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            while not waiting.done() and cursor.execute(waits).fetchone() == (0,):
                pass
            reviews.review(client, writer, 1)
        waiting.result()
    with website_scope(site.pk):
        kept = Writer.objects.of(site).get(pk=writer.pk).rating_milli
        actions.rate_writer(site, writer.pk)
        assert Writer.objects.of(site).get(pk=writer.pk).rating_milli == kept
