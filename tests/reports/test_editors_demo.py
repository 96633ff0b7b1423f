"""Every figure of every editor of a small demonstration world, against a plain loop over its rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from statistics import mean, median

import psycopg
import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.numbers import Rate
from copydesk.core.period import Period, last_days
from copydesk.demo.world import World, load
from copydesk.disputes.models import Dispute
from copydesk.editing.models import EditingTask, Expertise, TaskStatus
from copydesk.editing.queries.activity import editing_events
from copydesk.editing.queries.tasks import task_rows, with_all
from copydesk.editing.queries.workload import editor_stats, editor_workload
from copydesk.journal.models import Event
from copydesk.orders.models import Order, Round
from copydesk.refunds.models import Refund
from copydesk.reports.editors import EditingFigures, editor_analytics, editor_performance, editor_record
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import across_websites, website_scope
from tests.database import url_as
from tests.reports.test_clients_demo import ASKED, NOW, SITES, bucket_day, percentile, within

HOUR = dt.timedelta(hours=1)
LIMIT = 5
URGENT = dt.timedelta(hours=24)


class Books:
    """All rows of a website, and what one editor did, counted one by one."""

    def __init__(self, website: Website) -> None:
        self.website = website
        self.tasks = list(
            with_all(EditingTask.objects.of(website)).select_related("order", "round", "review").order_by("pk")
        )
        self.orders = list(Order.objects.of(website))
        self.rounds = list(Round.objects.of(website))
        self.disputes = list(Dispute.objects.of(website))
        self.refunds = list(Refund.objects.of(website))
        self.events = list(Event.objects.of(website).order_by("-pk"))
        self.editors = list(Membership.objects.of(website).filter(role=Role.EDITOR).order_by("pk"))
        self.known: dict[int, dict[str, set[str]]] = {}
        for row in Expertise.objects.of(website):
            self.known.setdefault(row.editor_id, {}).setdefault(row.kind, set()).add(row.code)

    def of(self, editor: int) -> list[EditingTask]:
        return [task for task in self.tasks if task.editor_id == editor]

    def held(self, editor: int) -> list[EditingTask]:
        return [
            task
            for task in self.of(editor)
            if task.status in ("claimed", "in_review", "submitted")
            and (task.lease_until is None or task.lease_until > NOW)
        ]

    def reviewed(self, editor: int, period: Period | None) -> list[EditingTask]:
        return [
            task
            for task in self.of(editor)
            if task.outcome in ("approved", "returned") and within(task.closed_at, period)
        ]

    def escaped(self, task: EditingTask) -> bool:
        assert task.closed_at is not None
        rounds = [row for row in self.rounds if row.order_id == task.order_id and row.asked_at > task.closed_at]
        disputes = [row for row in self.disputes if row.order_id == task.order_id and row.opened_at > task.closed_at]
        refunds = [row for row in self.refunds if row.order_id == task.order_id and row.requested_at > task.closed_at]
        return (
            any((row.kind, row.severity, row.cause) == ("revision", "major", "writer") for row in rounds)
            or any(row.verdict == "client" for row in disputes)
            or any(row.status == "succeeded" and row.ground not in ("goodwill", "settlement") for row in refunds)
        )

    def free(self) -> list[EditingTask]:
        return [
            task
            for task in self.tasks
            if task.status == "available"
            or (task.status in ("claimed", "in_review") and task.lease_until is not None and task.lease_until <= NOW)
        ]

    def fits(self, editor: int, task: EditingTask) -> bool:
        known = self.known.get(editor, {})
        asked = {"subject": task.order.subject, "paper_type": task.order.paper_type}
        return all(kind not in known or code in known[kind] for kind, code in asked.items())

    def is_first(self, task: EditingTask) -> bool:
        return not any(
            other.order_id == task.order_id and other.pk < task.pk and other.outcome in ("approved", "returned")
            for other in self.tasks
        )


def rated(good: int, all_: int) -> Rate:
    return Rate(round(good / all_, 3) if all_ else None, good, all_)


def near(found: float | None, expected: float | None) -> bool:
    return found is expected if found is None or expected is None else abs(found - expected) <= 0.0101


def check_figures(books: Books, found: EditingFigures, tasks: Sequence[EditingTask], busy: Counter[str]) -> None:
    approved = [task for task in tasks if task.outcome == "approved"]
    first = [task for task in tasks if books.is_first(task)]
    hours = [(task.submitted_at - task.assigned_at) / HOUR for task in tasks if task.submitted_at and task.assigned_at]
    scores = [task.review.quality_score for task in tasks]
    assert (found.reviewed, found.approved, found.returned) == (len(tasks), len(approved), len(tasks) - len(approved))
    assert found.approval_rate == rated(len(approved), len(tasks))
    assert found.first_pass_yield == rated(sum(task.outcome == "approved" for task in first), len(first))
    spread = found.turnaround_hours
    assert spread.n == len(hours)
    assert near(spread.p50, percentile(hours, 0.5))
    assert near(spread.p90, percentile(hours, 0.9))
    assert near(spread.mean, mean(hours) if hours else None)
    assert near(found.quality_score.mean, mean(scores) if scores else None)
    assert found.quality_score.n == len(scores)
    escaped = [task for task in approved if books.escaped(task)]
    assert found.escaped_defects == rated(len(escaped), len(approved))
    busy["escaped"] += len(escaped)
    busy["approved"] += len(approved)
    busy["returned"] += len(tasks) - len(approved)
    busy["not first"] += len(tasks) - len(first)


@pytest.mark.django_db(transaction=True)
def test_every_figure_of_every_editor() -> None:
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, World(SITES, orders=120, clients=14, writers=16, now=NOW, password="!", days=200))
    with across_websites():
        websites = list(Website.objects.order_by("pk"))
    busy: Counter[str] = Counter()
    with time_machine.travel(NOW, tick=False):
        for website in websites:
            with website_scope(website.pk):
                books = Books(website)
                check_the_website(books, busy)
                for editor in books.editors:
                    actor = Actor(website, Role.EDITOR, user_id=editor.user_id, membership_id=editor.pk)
                    for days, granularity, compare in ASKED:
                        period = last_days(days, NOW, website.timezone, granularity, compare)
                        check_performance(books, actor, period, busy)
                        check_record(books, actor, period, busy)
                        check_analytics(books, actor, period, busy)
                        check_stats(books, actor, period, busy)
                    check_workload(books, actor, busy)
                    check_rows(books, actor)
                    check_activity(books, actor)
    assert min(busy.values()) > 0, busy


def check_the_website(books: Books, busy: Counter[str]) -> None:
    """Every order in editing has one open task, and no other has one; each state is there to be seen."""
    found = Counter(task.order_id for task in books.tasks if task.status != "closed")
    assert found == Counter(order.pk for order in books.orders if order.status == "editing")
    for status in TaskStatus:
        busy[f"status {status}"] += sum(task.status == status for task in books.tasks)
    for task in books.tasks:
        busy[f"outcome {task.outcome or 'none'}"] += 1
        busy[f"came {task.assignment_type or 'to nobody'}"] += 1
        if task.outcome in ("approved", "returned"):
            assert task.review.verdict == ("approve" if task.outcome == "approved" else "return")


def check_performance(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    assert actor.membership_id is not None
    found = editor_performance(actor, period)
    tasks = books.reviewed(actor.membership_id, period)
    check_figures(books, found.figures, tasks, busy)
    base = period.baseline
    before = books.reviewed(actor.membership_id, base)
    assert (found.before is None) == (base is None)
    if found.before is not None:
        check_figures(books, found.before, before, busy)
    assert (found.reviewed.current, found.reviewed.previous) == (len(tasks), len(before) if base else None)
    for point in found.trend:
        own = [task for task in tasks if task.closed_at and bucket_day(task.closed_at, period) == point.on]
        check_figures(books, point.figures, own, Counter())
    assert sum(point.figures.reviewed for point in found.trend) == len(tasks)
    assert sum(point.figures.first_pass_yield.denominator for point in found.trend) == (
        found.figures.first_pass_yield.denominator
    )


def check_record(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    assert actor.membership_id is not None
    found = editor_record(actor, period)
    tasks = books.reviewed(actor.membership_id, period)
    check_figures(books, found.figures, tasks, Counter())
    for kind, rows in (("subject", found.by_subject), ("paper_type", found.by_paper_type)):
        assert {row.code for row in rows} == {getattr(task.order, kind) for task in tasks}
        for row in rows:
            check_figures(books, row.figures, [task for task in tasks if getattr(task.order, kind) == row.code], busy)
    issues = Counter(issue["criterion"] for task in tasks for issue in task.review.issues)
    assert {row.criterion: row.issues for row in found.issues} == issues
    busy["issues"] += issues.total()


def check_analytics(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    assert actor.membership_id is not None
    found = editor_analytics(actor, period)
    held = books.held(actor.membership_id)
    closed = [task for task in books.of(actor.membership_id) if within(task.closed_at, period)]
    both = [*held, *closed]
    assert found.tasks == len(both)
    assert {row.status: row.tasks for row in found.by_status} == {
        status: sum(task.status == status for task in both)
        for status in ("claimed", "in_review", "submitted", "closed")
    }
    assert {row.assignment_type: row.tasks for row in found.by_assignment_type} == {
        way: sum(task.assignment_type == way for task in both) for way in ("auto", "manual", "claimed")
    }
    assert (
        found.tasks == sum(row.tasks for row in found.by_status) == sum(row.tasks for row in found.by_assignment_type)
    )
    outcomes = Counter(task.outcome for task in closed)
    assert (found.approved, found.returned, found.withdrawn) == (
        outcomes["approved"],
        outcomes["returned"],
        outcomes["withdrawn"],
    )
    assert found.completed == found.approved + found.returned == sum(point.completed for point in found.completions)
    for point in found.completions:
        own = [task for task in closed if task.closed_at and bucket_day(task.closed_at, period) == point.on]
        assert (point.approved, point.returned) == (
            sum(task.outcome == "approved" for task in own),
            sum(task.outcome == "returned" for task in own),
        )
    left = [task.order.client_deadline - NOW for task in held]
    assert found.overdue == sum(one <= dt.timedelta() for one in left)
    assert found.urgent == sum(dt.timedelta() < one <= URGENT for one in left)
    busy["completed"] += found.completed


def check_stats(books: Books, actor: Actor, period: Period, busy: Counter[str]) -> None:
    assert actor.membership_id is not None
    found = editor_stats(actor, period)
    held, free = books.held(actor.membership_id), books.free()
    assert (found.active, found.available) == (len(held), len(free))
    assert (found.claimed, found.in_review, found.submitted) == tuple(
        sum(task.status == status for task in held) for status in ("claimed", "in_review", "submitted")
    )
    assert found.fitting == sum(books.fits(actor.membership_id, task) for task in free)
    left = [task.order.client_deadline - NOW for task in held]
    assert found.overdue == sum(one <= dt.timedelta() for one in left)
    assert found.urgent == sum(dt.timedelta() < one <= URGENT for one in left)
    before = books.reviewed(actor.membership_id, period.baseline)
    assert found.completed.current == len(books.reviewed(actor.membership_id, period))
    assert found.completed.previous == (len(before) if period.baseline else None)
    assert found.load == rated(len(held), LIMIT)
    assert (found.task_limit, found.slots_left) == (LIMIT, max(LIMIT - len(held), 0))
    busy["available"] += found.available
    busy["fitting"] += found.fitting


def check_workload(books: Books, actor: Actor, busy: Counter[str]) -> None:
    assert actor.membership_id is not None
    found = editor_workload(actor)
    submitted = [(task.submitted_at, task) for task in books.of(actor.membership_id) if task.submitted_at]
    recent = sorted((at, task.pk, task) for at, task in submitted if at >= NOW - dt.timedelta(days=90))
    measured = [task for _, _, task in recent[-100:]]
    speeds = [
        (task.submitted_at - task.started_at) / dt.timedelta(minutes=1) / (task.order.pages + task.order.slides)
        for task in measured
        if task.submitted_at and task.started_at
    ]
    speed = median(speeds) if speeds else None
    assert found.reviews_measured == len(measured)
    assert near(found.minutes_per_page, speed)
    held = books.held(actor.membership_id)
    assert (found.active, found.capacity) == (len(held), LIMIT)
    turns = sorted(
        held,
        key=lambda task: (
            task.status == "submitted",
            task.status != "in_review",
            task.order.client_deadline,
            task.pk,
        ),
    )
    assert [row.id for row in found.tasks] == [task.pk for task in turns]
    through = NOW
    for row, task in zip(found.tasks, turns, strict=True):
        if speed is None or task.status == "submitted":
            assert (row.estimated_hours, row.estimated_completion_at, row.late) == (None, None, None)
            continue
        spent = NOW - task.started_at if task.started_at else dt.timedelta()
        left = max(dt.timedelta(minutes=speed * (task.order.pages + task.order.slides)) - spent, dt.timedelta())
        through += left
        assert near(row.estimated_hours, left / HOUR)
        assert row.estimated_completion_at is not None
        assert abs(row.estimated_completion_at - through) < dt.timedelta(seconds=1)
        assert row.late == (through > task.order.client_deadline)
        busy["estimated"] += 1


def check_rows(books: Books, actor: Actor) -> None:
    own = books.of(actor.membership_id or 0)
    for row, task in zip(task_rows(actor, [task.shown for task in own]), own, strict=True):
        review = getattr(task, "review", None)
        assert (row.is_own, row.order.number, row.round) == (True, task.order.number, task.round.number)
        assert row.quality_score == (review.quality_score if review else None)
        assert (row.due is None) == (row.hours_left is None) == (task.status == "closed")


def check_activity(books: Books, actor: Actor) -> None:
    own = {task.order_id for task in books.of(actor.membership_id or 0)}
    editing = {order.pk for order in books.orders if order.status == "editing"}
    expected = [
        event.pk
        for event in books.events
        if event.subject_type in ("editing_task", "required_change")
        and (event.member_id == actor.membership_id or event.root_id in own | editing)
    ]
    assert list(editing_events(actor).order_by("-pk").values_list("pk", flat=True)) == expected
