"""The assignment queue: which orders, by what slack, with which writers, and why not the others."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actions import set_standing
from copydesk.accounts.models import Membership, MembershipStatus
from copydesk.core import clock
from copydesk.orders.actions import requests, staffing
from copydesk.orders.actions.kept import keep_forms
from copydesk.orders.models import Form, Order, Request, Status
from copydesk.orders.queries.assignment import AssignmentQueue, UnassignedOrder
from copydesk.orders.queries.score import candidates
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from copydesk.writers.actions import choose_writer
from copydesk.writers.models import ChoiceKind, Skill, SkillKind, Writer
from tests.factories import accounts, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.requests import order as numbered_order
from tests.orders.conftest import NOON
from tests.orders.test_attention import due_in

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture
def quill(website: Website) -> Writer:
    return writers.writer(website, subjects=("history",), paper_types=("essay",))


def open_order(client: Membership, **values: Any) -> Order:
    """Its number is none that an order placed here gets."""
    with website_scope(client.website_id):
        return numbered_order(client, number=1_000 + Order.objects.of(client.website).count(), **values)


def queue(admin: Membership, tab: str = "all") -> list[UnassignedOrder]:
    found = AssignmentQueue(actor(admin))
    return found.rows(list(found.tabs[tab](found.orders).ids()))


def rows(admin: Membership) -> dict[int, UnassignedOrder]:
    keep_forms(admin.website, clock.now())
    return {row.order.id: row for row in queue(admin)}


def excluded(row: UnassignedOrder) -> dict[str, int]:
    return {one.code: one.writers for one in row.excluded if one.writers}


def agrees(website: Website, row: UnassignedOrder) -> None:
    """With orders/{id}/candidates/."""
    all_ = candidates(Order.objects.of(website).get(pk=row.order.id))
    best = [(one.writer_id, one.match.score, one.match.factors) for one in all_.recommended[:5]]
    assert [(one.writer_id, one.score, one.factors) for one in row.recommended] == best
    assert row.eligible == all_.recommended_count
    assert excluded(row) == Counter(one.match.excluded for one in all_.excluded)


class TestOrders:
    def test_available_ones_alone(self, website: Website, client: Membership, admin: Membership) -> None:
        wanted = open_order(client)
        for status in set(Status) - {Status.AVAILABLE, Status.OFFERED}:
            open_order(client, status=status, writer=writers.writer(website).member)
        staffing.assign(orders.available_order(client), writers.writer(website).pk, by=actor(admin), offer=True)
        borealis = tenancy.website("borealis")
        with website_scope(borealis.pk):
            open_order(accounts.membership(borealis))
        assert [row.order.id for row in queue(admin)] == [wanted.pk]

    def test_by_slack(self, website: Website, client: Membership, admin: Membership) -> None:
        later = open_order(client, client_deadline=NOON + 50 * HOUR, pages=5, slides=3)
        sooner = open_order(client, client_deadline=NOON + 60 * HOUR, pages=20)
        past = open_order(client, client_deadline=NOON)
        found = queue(admin)
        assert [row.order.id for row in found] == [past.pk, sooner.pk, later.pk]
        assert [row.slack_hours for row in found] == [-5, 40, 44]
        assert [row.work_hours for row in found] == [5, 20, 6]
        assert [row.writer_deadline for row in found] == [None, NOON + 48 * HOUR, NOON + 40 * HOUR]
        store_policy(website, "writers", {"page_minutes": 0, "slide_minutes": 600})
        assert [row.order.id for row in queue(admin)] == [past.pk, later.pk, sooner.pk]

    def test_tabs(self, website: Website, client: Membership, admin: Membership, quill: Writer) -> None:
        other = writers.writer(website)
        plain, asked, declined, dropped, withdrawn, stale = (open_order(client) for _ in range(6))
        in_a_day, past = (
            open_order(client, client_deadline=NOON + 29 * HOUR + more) for more in (0 * HOUR, -29 * HOUR)
        )
        hurried = open_order(client, client_deadline=NOON + 29 * HOUR - dt.timedelta(seconds=1))
        requests.request_order(asked, by=actor(quill.member))
        requests.withdraw_request(requests.request_order(withdrawn, by=actor(quill.member)), by=actor(quill.member))
        late = requests.request_order(stale, by=actor(quill.member))
        Request.objects.of(website).filter(pk=late.pk).update(expires_at=NOON)
        staffing.decline_offer(staffing.assign(declined, other.pk, by=actor(admin), offer=True), by=actor(other.member))
        staffing.assign(dropped, other.pk, by=actor(admin))
        staffing.release(dropped, by=actor(other.member), reason="Too much.")
        found = {tab: {row.order.id for row in queue(admin, tab)} for tab in AssignmentQueue(actor(admin)).tabs}
        all_ = {one.pk for one in (plain, asked, declined, dropped, withdrawn, stale, in_a_day, past, hurried)}
        assert found == {
            "all": all_,
            "urgent": {hurried.pk, past.pk},
            "with_requests": {asked.pk},
            "returned": {declined.pk, dropped.pk},
            "past_deadline": {past.pk},
        }
        assert {row.order.id: row.open_requests for row in queue(admin)} == {pk: int(pk == asked.pk) for pk in all_}


class TestExclusions:
    def barred(self, website: Website, client: Membership, admin: Membership, code: str, writer: Writer) -> None:
        own, by = writer.member, actor(admin)
        if code == "suspended":
            Writer.objects.of(website).filter(pk=writer.pk).update(status="suspended", suspended_until=NOON + DAY)
        elif code == "membership":
            set_standing(own, MembershipStatus.SUSPENDED)
        elif code == "on_leave":
            Writer.objects.of(website).filter(pk=writer.pk).update(leave_from=NOON, leave_until=NOON + DAY)
        elif code == "has_overdue_order":
            due_in(orders.order_in_progress(accounts.membership(website), own), 0 * HOUR)
        elif code == "over_capacity":
            for _ in range(2):
                staffing.assign(open_order(accounts.membership(website)), writer.pk, by=by)
        elif code == "blocked_by_client":
            choose_writer(writer, ChoiceKind.BLOCK, by=actor(client))
        elif code == "not_qualified":
            Writer.objects.of(website).filter(pk=writer.pk).update(level="low")

    @pytest.mark.parametrize(
        "code",
        [
            *("suspended", "membership", "on_leave", "has_overdue_order", "over_capacity", "blocked_by_client"),
            *("not_qualified", "declined_this_order"),
        ],
    )
    def test_each_alone(
        self, website: Website, client: Membership, admin: Membership, quill: Writer, code: str
    ) -> None:
        writers.levels(
            website,
            {"code": "low", "name": "Low", "rank": 1, "academic_rank": 1},
            {"code": "expert", "name": "Expert", "rank": 2, "academic_rank": 9, "max_active_orders": 2},
        )
        other, order = writers.writer(website), open_order(client)
        [row] = rows(admin).values()
        assert ([one.writer_id for one in row.recommended], row.eligible) == ([quill.pk, other.pk], 2)
        if code == "declined_this_order":
            staffing.assign(order, quill.pk, by=actor(admin), offer=True)
            staffing.decline_offer(order, by=actor(quill.member))
        else:
            self.barred(website, client, admin, code, quill)
        [row] = queue(admin)
        assert [one.writer_id for one in row.recommended] == [other.pk]
        assert (row.eligible, excluded(row)) == (1, {"suspended" if code == "membership" else code: 1})
        row = rows(admin)[order.pk]
        agrees(website, row)
        elsewhere = open_order(accounts.membership(website), level_rank=1)
        unconcerned = rows(admin)[elsewhere.pk]
        of_the_order = code in ("blocked_by_client", "declined_this_order", "not_qualified")
        assert unconcerned.eligible == 1 + of_the_order

    def test_the_gravest_is_counted(
        self, website: Website, client: Membership, admin: Membership, frozen: time_machine.Coordinates
    ) -> None:
        """Of each pair of reasons, as the candidates have it."""
        writers.levels(
            website,
            {"code": "low", "name": "Low", "rank": 1, "academic_rank": 1, "max_active_orders": 2},
            {"code": "expert", "name": "Expert", "rank": 2, "academic_rank": 9, "max_active_orders": 2},
        )
        codes = ("over_capacity", "has_overdue_order", "blocked_by_client", "on_leave", "suspended", "not_qualified")
        order = open_order(client)
        for place, one in enumerate(codes):
            for two in codes[place + 1 :]:
                writer = writers.writer(website)
                self.barred(website, client, admin, one, writer)
                if {one, two} != {"over_capacity", "has_overdue_order"}:
                    self.barred(website, client, admin, two, writer)
        writers.writer(website)
        row = rows(admin)[order.pk]
        agrees(website, row)
        assert sum(excluded(row).values()) + row.eligible == Writer.objects.of(website).admitted().count()


class TestRecommended:
    def test_the_best_five_whatever_they_know(self, website: Website, client: Membership, admin: Membership) -> None:
        """Sixty writers of all kinds: the walks find the best of them all."""
        for number in range(60):
            writers.writer(
                website,
                subjects=("history",) if number % 3 else (),
                paper_types=("essay",) if number % 4 == 0 else ("report",),
                level=("junior", "standard", "senior", "expert")[number % 4],
                rating_milli=3_000 + number * 30 if number % 5 else None,
            )
        open_order(client)
        open_order(client, level_rank=3, subject="law", paper_type="report")
        open_order(client, level_rank=9, subject="history", paper_type="poem")
        for row in rows(admin).values():
            agrees(website, row)
            assert len(row.recommended) == 5

    def test_what_is_between_the_client_and_a_writer(
        self, website: Website, client: Membership, admin: Membership, quill: Writer
    ) -> None:
        named, asking = writers.writer(website), writers.writer(website)
        order = open_order(client, preferred_writer=named.member)
        choose_writer(quill, ChoiceKind.FAVOUR, by=actor(client))
        asked = requests.request_order(order, by=actor(asking.member))
        row = rows(admin)[order.pk]
        assert {one.writer_id: (one.favourite, one.preferred, one.request_id) for one in row.recommended} == {
            quill.pk: (True, False, None),
            named.pk: (False, True, None),
            asking.pk: (False, False, asked.pk),
        }
        assert row.preferred_writer is not None
        assert (row.preferred_writer.id, row.preferred_writer.pen_name) == (named.pk, named.pen_name)

    def test_skills_and_load_are_as_of_now(
        self, website: Website, client: Membership, admin: Membership, quill: Writer
    ) -> None:
        order = open_order(client)
        rows(admin)
        Skill.objects.of(website).create(writer=quill, kind=SkillKind.SUBJECT, code="law")
        law = open_order(client, subject="law")
        staffing.assign(open_order(client), quill.pk, by=actor(admin))
        found = {row.order.id: row for row in queue(admin)}
        for pk in (order.pk, law.pk):
            [one] = found[pk].recommended
            assert (one.active_orders, one.factors.subject, one.factors.spare_capacity) == (1, 1, 0.9)
            agrees(website, found[pk])

    def test_a_website_without_writers(self, client: Membership, admin: Membership) -> None:
        open_order(client)
        [row] = rows(admin).values()
        assert (row.recommended, row.eligible, excluded(row)) == ([], 0, {})

    def test_writers_of_another_website(self, client: Membership, admin: Membership) -> None:
        borealis = tenancy.website("borealis")
        theirs = writers.writer(borealis, subjects=("history",))
        with website_scope(borealis.pk):
            keep_forms(borealis, NOON)
            assert [row.writer_id for row in Form.objects.of(borealis)] == [theirs.pk]
        open_order(client)
        [row] = rows(admin).values()
        assert (row.recommended, row.eligible) == ([], 0)

    def test_queries_do_not_grow(self, website: Website, client: Membership, admin: Membership) -> None:
        def asked(make: Callable[[], Any]) -> int:
            make()
            keep_forms(website, NOON)
            with CaptureQueriesContext(
                connection,
            ) as caught:
                queue(admin)
            return len(caught)

        def one() -> None:
            writers.writer(website)
            open_order(client)

        def many() -> None:
            for _ in range(12):
                one()

        assert asked(one) == asked(many) <= 5
