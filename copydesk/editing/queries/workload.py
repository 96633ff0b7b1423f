"""How much an editor has, how fast it is, and when it will be through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.core.numbers import ComparedCount, Rate, compared_count, rate
from copydesk.core.period import Period, ReportPeriod, day_start
from copydesk.orders.queries.workload import THROUGHPUT_DAYS, WEEK_DAYS, recommended_limit, throughput_per_day
from copydesk.tenancy.counts import counts

from ..models import REVIEWED, Due, EditingTask, EditorProfile, TaskStatus
from ..policies import EditingPolicy
from .editors import task_limit
from .tasks import TaskOrder, due, task_order

SPEED_DAYS = 90
DAY, MINUTE, HOUR = dt.timedelta(days=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)
MOST = 2**31 - 1

PACE = """
SELECT count(*),
       percentile_cont(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM t.submitted_at - t.started_at)::float8 / 60 / (o.pages + o.slides)
       ),
       array_agg(t.submitted_at) FILTER (WHERE t.submitted_at >= %(since)s AND t.submitted_at < %(until)s)
FROM editing_editingtask t JOIN orders_order o ON o.website_id = t.website_id AND o.id = t.order_id
WHERE t.website_id = %(website)s AND t.editor_id = %(editor)s AND t.submitted_at >= %(oldest)s
  AND (t.closed_at >= %(oldest)s OR t.closed_at IS NULL)
"""


@dataclass(frozen=True, slots=True)
class EditorStats:
    """`active` tasks of the caller are those claimed, in review and submitted; `overdue` of them are past the client's
    deadline, `urgent` soon will be. `available`: what the caller may claim; `fitting` of these are of what it knows.
    `completed` tasks had their verdict applied in the period. `load`: active ÷ limit."""

    period: ReportPeriod
    active: int
    claimed: int
    in_review: int
    submitted: int
    overdue: int
    urgent: int
    available: int
    fitting: int
    completed: ComparedCount
    task_limit: int
    slots_left: int
    load: Rate
    takes_tasks: bool


@dataclass(frozen=True, slots=True)
class WorkloadTask:
    """`estimated_hours`: what is left of it by the editor's own speed; `estimated_completion_at`: one after the other
    from now, without a break, as the list stands; null where the speed is unknown or the review is submitted already.
    `late`: that is after the client's deadline."""

    id: int
    order: TaskOrder
    status: TaskStatus
    due: Due
    lease_until: dt.datetime | None
    started_at: dt.datetime | None
    estimated_hours: float | None
    estimated_completion_at: dt.datetime | None
    late: bool | None


@dataclass(frozen=True, slots=True)
class EditorWorkload:
    """`load`: active ÷ capacity, which is how many tasks the editor may have. `minutes_per_page`: the median of the
    reviews of the last 90 days, from start to submission, pages and slides alike; null without any.
    `throughput_per_day`, `recommended_limit`: as a writer's, of reviews submitted."""

    active: int
    capacity: int
    slots_left: int
    load: Rate
    minutes_per_page: float | None
    reviews_measured: int
    throughput_per_day: float | None
    recommended_limit: int | None
    tasks: list[WorkloadTask]


def editor_stats(actor: Actor, period: Period) -> EditorStats:
    """Three queries, the figures in one of them."""
    now = clock.now()
    policy, profile = EditingPolicy.of(actor.website), _profile(actor)
    rows = EditingTask.objects.of(actor.website)
    own = rows.had_by(actor.membership_id)
    held, free = own.held_at(now), rows.free_to(actor)
    closed = own.filter(outcome__in=REVIEWED)
    base = period.baseline
    sets: dict[str, Any] = {
        "active": held,
        "claimed": held.filter(status=TaskStatus.CLAIMED),
        "in_review": held.filter(status=TaskStatus.IN_REVIEW),
        "submitted": held.filter(status=TaskStatus.SUBMITTED),
        "overdue": held.due(Due.OVERDUE, now, policy.urgent_hours),
        "urgent": held.due(Due.URGENT, now, policy.urgent_hours),
        "available": free,
        "fitting": free.fitting(actor),
        "completed": closed.filter(closed_at__gte=period.since, closed_at__lt=period.until),
        "before": closed.filter(closed_at__gte=base.since, closed_at__lt=base.until) if base else rows.none(),
    }
    found = counts(sets, MOST)
    completed, before = found.pop("completed"), found.pop("before")
    limit = task_limit(profile, policy)
    return EditorStats(
        period=period.row(),
        **found,
        completed=compared_count(completed, before if base else None),
        task_limit=limit,
        slots_left=max(limit - found["active"], 0),
        load=rate(found["active"], limit),
        takes_tasks=profile is None or profile.available,
    )


def editor_workload(actor: Actor) -> EditorWorkload:
    """Five queries."""
    now, timezone = clock.now(), actor.website.timezone
    policy, profile = EditingPolicy.of(actor.website), _profile(actor)
    today = now.astimezone(ZoneInfo(timezone)).date()
    joined_at = Membership.objects.of(actor.website).get(pk=actor.membership_id or 0).created_at
    measured, speed, submissions = _pace(actor, now, today)
    throughput = throughput_per_day(submissions, today, timezone, joined_at)
    rows = EditingTask.objects.of(actor.website).held_at(now).had_by(actor.membership_id).select_related("order")
    tasks = sorted(rows, key=_turn)
    limit = task_limit(profile, policy)
    return EditorWorkload(
        active=len(tasks),
        capacity=limit,
        slots_left=max(limit - len(tasks), 0),
        load=rate(len(tasks), limit),
        minutes_per_page=None if speed is None else round(speed, 2),
        reviews_measured=measured,
        throughput_per_day=None if throughput is None else round(float(throughput), 3),
        recommended_limit=recommended_limit(throughput, policy.target_cycle_days),
        tasks=_estimated(tasks, speed, now, policy),
    )


def _turn(task: EditingTask) -> tuple[bool, bool, dt.datetime, int]:
    """Begun ones first, then by the client's deadline; what is submitted comes last."""
    begun = task.status == TaskStatus.IN_REVIEW
    return task.status == TaskStatus.SUBMITTED, not begun, task.order.client_deadline, task.pk


def _estimated(
    tasks: Sequence[EditingTask], speed: float | None, now: dt.datetime, policy: EditingPolicy
) -> list[WorkloadTask]:
    found: list[WorkloadTask] = []
    through = now
    for task in tasks:
        left: dt.timedelta | None = None
        if speed is not None and task.status != TaskStatus.SUBMITTED:
            spent = now - task.started_at if task.started_at else dt.timedelta()
            left = max(speed * (task.order.pages + task.order.slides) * MINUTE - spent, dt.timedelta())
            through += left
        found.append(
            WorkloadTask(
                id=task.pk,
                order=task_order(task.order),
                status=TaskStatus(task.status),
                due=due(task.order.client_deadline, now, policy.urgent_hours),
                lease_until=task.lease_until,
                started_at=task.started_at,
                estimated_hours=None if left is None else round(left / HOUR, 2),
                estimated_completion_at=None if left is None else through,
                late=None if left is None else through > task.order.client_deadline,
            )
        )
    return found


def _profile(actor: Actor) -> EditorProfile | None:
    return EditorProfile.objects.of(actor.website).filter(pk=actor.membership_id).first()


def _pace(actor: Actor, now: dt.datetime, today: dt.date) -> tuple[int, float | None, list[dt.datetime]]:
    """(reviews measured, minutes a page, submissions of the time that throughput looks at). One query."""
    values: dict[str, Any] = {
        "website": actor.website.pk,
        "editor": actor.membership_id,
        "oldest": now - SPEED_DAYS * DAY,
        "since": day_start(today - (THROUGHPUT_DAYS + WEEK_DAYS - 1) * DAY, actor.website.timezone),
        "until": day_start(today, actor.website.timezone),
    }
    with connection.cursor() as cursor:
        cursor.execute(PACE, values)
        measured, speed, submissions = cursor.fetchone()
    return measured, speed, submissions or []
