"""What is proposed by itself for lateness: by which band and policy, how often."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from copydesk.accounts.models import Membership
from copydesk.fines import actions
from copydesk.fines.models import Fine, FineStatus, Source
from copydesk.fines.policies import FineKind
from copydesk.orders.actions import course, delivery
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import fines, orders
from tests.factories.accounts import actor
from tests.jobs import run_jobs

S = FineStatus
HOUR = dt.timedelta(hours=1)


class TestLateness:
    """Two pages for 14.40; due in eight of ten days."""

    @pytest.mark.parametrize(
        ("minutes", "share_bps", "amount_minor"),
        [(1, 500, 72), (59, 500, 72), (60, 1_000, 144), (119, 1_000, 144), (120, 1_500, 216), (180, 2_500, 360),
         (24 * 60 - 1, 2_500, 360), (24 * 60, 5_000, 720), (24 * 60 * 9, 5_000, 720)],
    )  # fmt: skip
    def test_bands(
        self, website: Website, client: Membership, writer: Membership, admin: Membership, minutes: int, share_bps: int,
        amount_minor: int,
    ) -> None:  # fmt: skip
        fines.late_order(client, writer, minutes * fines.MINUTE)
        run_jobs()
        fine = Fine.objects.of(website).get()
        assert (fine.kind, fine.source, fine.status) == (FineKind.LATE_SUBMISSION, Source.AUTOMATIC, S.PROPOSED)
        assert (fine.late_minutes, fine.share_bps, fine.amount_minor) == (minutes, share_bps, amount_minor)

    def test_on_time_is_not_late(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        fines.late_order(client, writer, dt.timedelta())
        run_jobs()
        assert not Fine.objects.of(website).exists()

    def test_excused_time_is_subtracted(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = orders.order_in_progress(client, writer)
        course.extend_deadline(order, by=actor(admin), reason="Ill.", excused_hours=5)
        assert order.writer_due_at is not None
        with time_machine.travel(order.writer_due_at - 4 * HOUR, tick=False):
            orders.work_file(order, writer)
            delivery.submit(order, by=actor(writer))
        run_jobs()
        assert not Fine.objects.of(website).exists()

    def test_given_back_too_late(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        fines.dropped_order(client, writer, 90 * fines.MINUTE)
        run_jobs()
        fine = Fine.objects.of(website).get()
        assert (fine.kind, fine.amount_minor, fine.writer_id) == (FineKind.DROPPED_LATE, 144, writer.pk)

    def test_once_an_order_and_kind(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        order = fines.late_order(client, writer, 5 * fines.MINUTE)
        with time_machine.travel(order.submitted_at, tick=False):
            run_jobs()
        assert actions.judge_order(order, by=actor(admin).as_system()) == []
        fine = Fine.objects.of(website).get()
        with pytest.raises(IntegrityError), transaction.atomic():
            Fine.objects.of(website).create(
                **{name: getattr(fine, name) for name in ("order", "assignment", "writer", "kind", "source", "issue_at",
                   "policy_version", "amount_minor", "currency")},
                reason="Again.",
            )  # fmt: skip
        with time_machine.travel(order.submitted_at, tick=False):
            actions.void_fine(fine, by=actor(admin), reason="Wrong.")
        assert actions.judge_order(order, by=actor(admin).as_system()) == []

    def test_by_the_policy_in_force_when_the_writer_started(
        self, website: Website, client: Membership, writer: Membership, admin: Membership,
        frozen: time_machine.Coordinates,
    ) -> None:  # fmt: skip
        before = orders.order_in_progress(client, writer)
        frozen.shift(HOUR)
        store_policy(website, "fines", {"bands": [{"below_minutes": None, "share_bps": 100}], "notice_hours": 1})
        frozen.shift(HOUR)
        after = orders.order_in_progress(client, writer)
        for order in (before, after):
            assert order.writer_due_at is not None
            with time_machine.travel(order.writer_due_at + fines.MINUTE, tick=False):
                orders.work_file(order, writer)
                delivery.submit(order, by=actor(writer))
        run_jobs()
        rows = Fine.objects.of(website).order_by("order_id")
        assert [(row.policy_version, row.amount_minor) for row in rows] == [(0, 72), (1, 14)]

    def test_not_where_the_policy_does_not(
        self, website: Website, client: Membership, writer: Membership, admin: Membership
    ) -> None:
        store_policy(website, "fines", {"automatic": False})
        fines.late_order(client, writer, HOUR)
        run_jobs()
        assert not Fine.objects.of(website).exists()
