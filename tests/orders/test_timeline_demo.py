"""The timeline of every order of a small demonstration world, against a plain loop over its events; and each action,
previewed on all of a website's orders, against the same applied."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import psycopg
import pytest
import time_machine
from django.db import transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.demo.world import Site, World, load
from copydesk.fines.models import Fine
from copydesk.journal.models import Event
from copydesk.orders.actions.bulk import BulkAction, Options, act_on_orders
from copydesk.orders.models import Order, Status
from copydesk.orders.queries.timeline import OrderTimeline, order_timeline
from copydesk.orders.queries.turns import WAITING_ON
from copydesk.payments import queries
from copydesk.payments.models import PayoutLine
from copydesk.payments.queries import Drift
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from copydesk.writers.models import Writer
from tests.database import url_as
from tests.factories.accounts import actor

NOW = dt.datetime(2026, 3, 20, 9, 30, tzinfo=dt.UTC)
SITES = (
    Site("atlas", "Atlas Writing", "USD", "America/New_York"),
    Site("borealis", "Borealis Texts", "EUR", "Europe/Helsinki"),
)
HOUR = dt.timedelta(hours=1)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def websites() -> list[Website]:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=120, clients=14, writers=7, now=NOW, password="!", days=120))
    with across_websites():
        return list(Website.objects.order_by("pk"))


def boss_of(website: Website) -> Actor:
    return actor(Membership.objects.of(website).filter(role=Role.ADMIN).order_by("pk")[0])


def test_every_timeline(websites: list[Website]) -> None:
    seen: Counter[str] = Counter()
    for website in websites:
        with time_machine.travel(NOW, tick=False), website_scope(website.pk):
            boss, events = boss_of(website), list(Event.objects.of(website).order_by("pk"))
            statements = defaultdict(set)
            for line in PayoutLine.objects.of(website).select_related("earning"):
                statements[line.earning.reference_type, line.earning.reference_id].add(line.statement_id)
            fines: dict[int, set[int]] = defaultdict(set)
            for fine in Fine.objects.of(website).filter(order__isnull=False):
                fines[fine.order_id or 0].add(fine.pk)
            for order in Order.objects.of(website).order_by("pk"):
                paid = statements["order", order.pk].union(*(statements["fine", pk] for pk in fines[order.pk]))
                about = [
                    one
                    for one in events
                    if (one.root_type == "order" and one.root_id == order.pk)
                    or (one.root_type == "fine" and one.root_id in fines[order.pk])
                    or (one.root_type == "payout_statement" and one.root_id in paid)
                ]
                found = order_timeline(boss, order)
                check(found, order, about)
                seen.update(stage.status for stage in found.stages)
                seen["paid out"] += bool(paid)
                seen["kept"] += any(one.verb == "earning.keep" for one in found.entries)
    assert min(seen[status] for status in (*Status, "paid out", "kept")) > 0, seen


def check(found: OrderTimeline, order: Order, about: list[Event]) -> None:
    assert [(one.number, one.id, one.at) for one in found.entries] == [
        (number, event.pk, event.at) for number, event in enumerate(about, start=1)
    ]
    assert found.unbroken, [(one.verb, one.before, one.after) for one in found.entries]
    began, status = None, ""
    stages: list[tuple[str, dt.datetime, dt.datetime | None]] = []
    spent: dict[str, float] = defaultdict(float)
    for event in about:
        if event.subject_type == "order" and event.after != event.before:
            if began is not None:
                stages.append((status, began, event.at))
            began, status = event.at, event.after
    assert began is not None
    stages.append((status, began, None))
    assert [(one.status, one.since, one.until) for one in found.stages] == stages
    assert status == order.status
    for status, since, until in stages:
        assert until is None or since <= until
        if status in WAITING_ON:
            spent[WAITING_ON[Status(status)]] += ((until or NOW) - since) / HOUR
    assert {one.waiting_on: one.hours for one in found.spent} == pytest.approx(spent, abs=0.05)
    assert [one.hours for one in found.spent] == sorted((one.hours for one in found.spent), reverse=True)


def test_each_preview_is_what_applying_does_and_the_books_balance(websites: list[Website]) -> None:
    website = websites[0]
    applied: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False), website_scope(website.pk):
        boss, writer = boss_of(website), Writer.objects.of(website).at_work().order_by("pk")[0]
        given = {
            BulkAction.ASSIGN: Options(writer_id=writer.pk, offer=True),
            BulkAction.REASSIGN: Options(writer_id=writer.pk),
            BulkAction.EXTEND: Options(hours=48),
        }
        for action in (*(one for one in BulkAction if one is not BulkAction.CANCEL), BulkAction.CANCEL):
            options = given.get(action, Options())
            ids = list(Order.objects.of(website).order_by("-pk").values_list("pk", flat=True)[:500])
            before = state(website)
            with transaction.atomic():
                preview = act_on_orders(ids, action, options, by=boss, mode="preview", reason="A drill.")
            assert state(website) == before
            with transaction.atomic():
                report = act_on_orders(ids, action, options, by=boss, mode="apply", reason="A drill.")
            assert (report.results, report.cancellations) == (preview.results, preview.cancellations)
            assert [one.id for one in report.results] == ids
            applied[action] += report.applied
        assert queries.drift(website) == Drift(0, 0)
        assert all(order_timeline(boss, order).unbroken for order in Order.objects.of(website).order_by("pk")[:40])
    assert min(applied[action] for action in BulkAction) > 0, applied


def state(website: Website) -> tuple[object, ...]:
    rows = Order.objects.of(website).order_by("pk").values_list("pk", "version", "status", "client_deadline")
    return list(rows), Event.objects.of(website).count()
