"""What is kept of writers and of dwell times follows what happens, and is of one website."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.orders.actions import delivery, staffing
from copydesk.orders.actions.kept import keep_dwells, keep_forms
from copydesk.orders.models import Cause, Dwell, Form, Order
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from copydesk.writers.actions import change_level
from copydesk.writers.models import Writer
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.jobs import run_jobs

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
JOB = "orders.keep_forms"


def form(writer: Membership) -> Form:
    return Form.objects.of(writer.website).get(pk=writer.pk)


def counted(writer: Membership) -> tuple[int, int, int, int]:
    row = form(writer)
    return row.completed, row.dropped, row.rounds_on_time, row.rounds_submitted


def test_an_orders_course(website: Website, client: Membership, writer: Membership, admin: Membership) -> None:
    order = orders.available_order(client)
    keep_forms(website, clock.now())
    idle = form(writer).points
    staffing.assign(order, writer.pk, by=actor(admin))
    assert JOB in run_jobs()
    assert form(writer).points == idle - 100, "one of ten slots, by a weight of ten percent"
    orders.work_file(order, writer)
    delivery.submit(order, by=actor(writer))
    assert JOB in run_jobs()
    assert counted(writer) == (0, 0, 1, 1)
    delivery.approve(order, by=actor(client))
    assert JOB in run_jobs()
    assert counted(writer) == (1, 0, 1, 1)
    assert form(writer).points > idle


@pytest.mark.parametrize("reassigned", [True, False])
def test_who_lost_an_order_too(
    website: Website, client: Membership, writer: Membership, writer2: Membership, admin: Membership, reassigned: bool
) -> None:
    order = orders.order_in_progress(client, writer)
    run_jobs()
    busy = form(writer).points
    if reassigned:
        staffing.reassign(order, writer2.pk, by=actor(admin), cause=Cause.WRITER, reason="No answer.")
    else:
        staffing.release(order, by=actor(writer), reason="Too much.")
    run_jobs()
    assert counted(writer) == (0, 1, 0, 0)
    assert form(writer).points != busy
    assert Form.objects.of(website).filter(pk=writer2.pk).exists() == reassigned


def test_a_level(website: Website, writer: Membership, admin: Membership) -> None:
    keep_forms(website, clock.now())
    assert form(writer).academic_rank == 3
    change_level(Writer.objects.of(website).get(pk=writer.pk), level="expert", by=actor(admin), reason="Good.")
    assert JOB in run_jobs()
    assert form(writer).academic_rank == 99


def test_the_clock_follows_policies_and_the_year(
    website: Website, client: Membership, writer: Membership, frozen: time_machine.Coordinates
) -> None:
    orders.completed_order(client, writer)
    run_jobs()
    assert counted(writer) == (1, 0, 1, 1)
    store_policy(website, "orders", {"match_weights": [["rating", 100]]})
    keep_forms(website, clock.now())
    assert form(writer).points == 5_000
    frozen.shift(366 * DAY)
    keep_forms(website, clock.now())
    assert counted(writer) == (0, 0, 0, 0)


def test_applicants_have_none(website: Website, client: Membership) -> None:
    writers.writer(website, status="applied")
    writers.writer(website, status="rejected")
    keep_forms(website, clock.now())
    assert not Form.objects.of(website).exists()


def test_of_one_website(website: Website, client: Membership, writer: Membership) -> None:
    borealis = tenancy.website("borealis")
    theirs = writers.writer(borealis)
    orders.completed_order(accounts.membership(borealis), theirs.member)
    keep_forms(website, clock.now())
    keep_dwells(website, clock.now())
    assert [row.pk for row in Form.objects.of(website)] == [writer.pk]
    assert not Dwell.objects.of(website).exists()
    with website_scope(borealis.pk):
        keep_dwells(borealis, clock.now())
        assert {row.stage for row in Dwell.objects.of(borealis)} == {"unpaid", "available", "in_progress", "delivered"}


def test_rows_are_held_in_one_order_before_anything_is_read(website: Website, writer: Membership) -> None:
    with CaptureQueriesContext(connection) as asked:
        keep_forms(website, clock.now(), [writer.pk])
    first = asked.captured_queries[0]["sql"]
    assert 'FROM "orders_form"' in first
    assert first.endswith("ORDER BY 1 ASC FOR NO KEY UPDATE")


@pytest.mark.django_db(transaction=True)
def test_of_two_jobs_the_second_reads_what_the_first_one_did() -> None:
    site = tenancy.website()
    client, staff = accounts.membership(site), accounts.membership(site, "admin")
    with website_scope(site.pk):
        writer = writers.writer(site)
        wanted = orders.available_order(client)
        keep_forms(site, clock.now())

    def keep() -> None:
        with website_scope(site.pk):
            keep_forms(site, clock.now(), [writer.pk])
        connection.close()

    with ThreadPoolExecutor(1) as threads:
        with website_scope(site.pk), connection.cursor() as cursor:
            keep_forms(site, clock.now(), [writer.pk])
            second = threads.submit(keep)
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            while not second.done() and cursor.execute(waits).fetchone() == (0,):
                pass
            staffing.assign(wanted, writer.pk, by=actor(staff))
        second.result()
    with website_scope(site.pk):
        kept = form(writer.member).points
        keep_forms(site, clock.now())
        assert form(writer.member).points == kept


class TestDwells:
    def test_p90_of_what_was_left(
        self,
        website: Website,
        client: Membership,
        writer: Membership,
        admin: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:
        waited = []
        for hours in (1, 2, 3, 4, 15):
            waited.append(orders.available_order(client))
            frozen.shift(hours * HOUR)
            staffing.assign(waited[-1], writer.pk, by=actor(admin))
        orders.available_order(client)
        keep_dwells(website, clock.now())
        kept = Dwell.objects.of(website).get(stage="available")
        assert (kept.n, kept.p90) == (5, 10.6 * HOUR)
        assert not Dwell.objects.of(website).filter(stage="in_progress").exists(), "nobody has left it"

    def test_each_stay_counts(
        self,
        website: Website,
        client: Membership,
        writer: Membership,
        admin: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:
        order = orders.available_order(client)
        for hours in (10, 20):
            frozen.shift(hours * HOUR)
            staffing.assign(order, writer.pk, by=actor(admin))
            staffing.release(order, by=actor(admin), reason="Needed elsewhere.")
        keep_dwells(website, clock.now())
        kept = Dwell.objects.of(website).get(stage="available")
        assert (kept.n, kept.p90) == (2, 19 * HOUR)

    def test_of_orders_of_ninety_days(
        self,
        website: Website,
        client: Membership,
        writer: Membership,
        admin: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:
        order = orders.order_in_progress(client, writer)
        Order.objects.of(website).filter(pk=order.pk).update(placed_at=clock.now())
        frozen.shift(90 * DAY)
        keep_dwells(website, clock.now())
        assert Dwell.objects.of(website).count() == 2
        frozen.shift(dt.timedelta(seconds=1))
        keep_dwells(website, clock.now())
        assert not Dwell.objects.of(website).exists(), "what is no longer known is forgotten"
