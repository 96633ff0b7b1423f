"""How much an editor has, how fast it is, and when it will be through."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.numbers import ComparedCount, Rate, compared_count, rate
from copydesk.core.period import Period, ReportPeriod, day_start
from copydesk.orders.queries.workload import THROUGHPUT_DAYS, WEEK_DAYS, recommended_limit, throughput_per_day
from copydesk.tenancy.sql import select

from ..conditions import FITTING_MEMBER, FREE_TO, HELD_AT, OVERDUE, TASK, URGENT
from ..models import Due, TaskStatus
from ..policies import EditingPolicy
from .tasks import TASK_ORDER, TaskOrder, due

SPEED_DAYS, SPEED_REVIEWS = 90, 100
DAY, MINUTE, HOUR = dt.timedelta(days=1), dt.timedelta(minutes=1), dt.timedelta(hours=1)

OWN = """
SELECT m.created_at, p.task_limit, coalesce(p.available, true)
FROM accounts_membership m LEFT JOIN editing_editorprofile p ON p.website_id = m.website_id AND p.id = m.id
WHERE m.website_id = %(website)s AND m.id = %(member)s
"""
COMPLETED = f"""(
    SELECT count(*) FROM {TASK} WHERE {TASK}.website_id = %(website)s AND {TASK}.editor_id = %(member)s
    AND {TASK}.outcome IN ('approved', 'returned')
"""  # noqa: S608 — put together from constants
STATS = f"""
SELECT held.*, free.*,
       {COMPLETED} AND {TASK}.closed_at >= %(since)s AND {TASK}.closed_at < %(until)s),
       {COMPLETED} AND {TASK}.closed_at >= %(before_since)s AND {TASK}.closed_at < %(before_until)s)
FROM (
    SELECT count(*), count(*) FILTER (WHERE {TASK}.status = 'claimed'),
           count(*) FILTER (WHERE {TASK}.status = 'in_review'), count(*) FILTER (WHERE {TASK}.status = 'submitted'),
           count(*) FILTER (WHERE {OVERDUE}), count(*) FILTER (WHERE {URGENT})
    FROM {TASK} WHERE {TASK}.website_id = %(website)s AND {TASK}.editor_id = %(member)s AND {HELD_AT}
) held, (
    SELECT count(*), count(*) FILTER (WHERE {FITTING_MEMBER}) FROM {TASK}
    WHERE {TASK}.website_id = %(website)s AND {FREE_TO}
) free
"""  # noqa: S608 — put together from constants
HELD = f"""
SELECT {TASK}.id, {TASK}.status, {TASK}.lease_until, {TASK}.started_at, {TASK_ORDER}
FROM {TASK} JOIN orders_order o ON o.website_id = {TASK}.website_id AND o.id = {TASK}.order_id
WHERE {TASK}.website_id = %(website)s AND {TASK}.editor_id = %(member)s AND {HELD_AT}
"""  # noqa: S608 — put together from constants
PACE = f"""
SELECT count(*),
       percentile_cont(0.5) WITHIN GROUP (
           ORDER BY date_part('epoch', t.submitted_at - t.started_at) / 60 / (o.pages + o.slides)
       ),
       ARRAY(
           SELECT submitted_at FROM editing_editingtask WHERE website_id = %(website)s AND editor_id = %(editor)s
               AND submitted_at >= %(since)s AND submitted_at < %(until)s
       )
FROM (
    SELECT website_id, order_id, started_at, submitted_at FROM editing_editingtask
    WHERE website_id = %(website)s AND editor_id = %(editor)s AND submitted_at >= %(oldest)s
    ORDER BY submitted_at DESC LIMIT {SPEED_REVIEWS}
) t JOIN orders_order o ON o.website_id = t.website_id AND o.id = t.order_id
"""  # noqa: S608 — put together from constants


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
    last 100 reviews of the last 90 days, from start to submission, pages and slides alike; null without any.
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
    now, policy, base = clock.now(), EditingPolicy.of(actor.website), period.baseline
    _, own_limit, takes_tasks = _own(actor)
    values: dict[str, Any] = {
        "website": actor.website.pk,
        "member": actor.membership_id,
        "user": actor.user_id or 0,
        "at": now,
        "soon": now + policy.urgent_hours * HOUR,
        "since": period.since,
        "until": period.until,
        "before_since": base.since if base else None,
        "before_until": base.until if base else None,
    }
    (row,) = select(STATS, **values)
    active, claimed, in_review, submitted, overdue, urgent, available, fitting, completed, before = row
    limit = policy.task_limit if own_limit is None else own_limit
    return EditorStats(
        period=period.row(),
        active=active,
        claimed=claimed,
        in_review=in_review,
        submitted=submitted,
        overdue=overdue,
        urgent=urgent,
        available=available,
        fitting=fitting,
        completed=compared_count(completed, before if base else None),
        task_limit=limit,
        slots_left=max(limit - active, 0),
        load=rate(active, limit),
        takes_tasks=takes_tasks,
    )


def editor_workload(actor: Actor) -> EditorWorkload:
    """Four queries."""
    now, timezone = clock.now(), actor.website.timezone
    policy = EditingPolicy.of(actor.website)
    joined_at, own_limit, _ = _own(actor)
    today = now.astimezone(ZoneInfo(timezone)).date()
    measured, speed, submissions = _pace(actor, now, today)
    throughput = throughput_per_day(submissions, today, timezone, joined_at)
    tasks = sorted(_held(actor, now), key=_turn)
    limit = policy.task_limit if own_limit is None else own_limit
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


def _turn(task: _Held) -> tuple[bool, bool, dt.datetime, int]:
    """Begun ones first, then by the client's deadline; what is submitted comes last."""
    begun = task.status == TaskStatus.IN_REVIEW
    return task.status == TaskStatus.SUBMITTED, not begun, task.order.client_deadline, task.id


def _estimated(
    tasks: Sequence[_Held], speed: float | None, now: dt.datetime, policy: EditingPolicy
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
                id=task.id,
                order=task.order,
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


class _Held(NamedTuple):
    """A task that the editor has now."""

    id: int
    status: str
    lease_until: dt.datetime | None
    started_at: dt.datetime | None
    order: TaskOrder


def _held(actor: Actor, now: dt.datetime) -> list[_Held]:
    found = select(HELD, website=actor.website.pk, member=actor.membership_id, at=now)
    return [_Held._make((*row[:4], TaskOrder(*row[4:]))) for row in found]


def _own(actor: Actor) -> tuple[dt.datetime, int | None, bool]:
    """(since when it is an editor, its own limit, whether it takes tasks). One query."""
    ((joined_at, limit, available),) = select(OWN, website=actor.website.pk, member=actor.membership_id)
    return joined_at, limit, available


def _pace(actor: Actor, now: dt.datetime, today: dt.date) -> tuple[int, float | None, list[dt.datetime]]:
    """(reviews measured, minutes a page, submissions of the time that throughput looks at). One query."""
    values: dict[str, Any] = {
        "website": actor.website.pk,
        "editor": actor.membership_id,
        "oldest": now - SPEED_DAYS * DAY,
        "since": day_start(today - (THROUGHPUT_DAYS + WEEK_DAYS - 1) * DAY, actor.website.timezone),
        "until": day_start(today, actor.website.timezone),
    }
    ((measured, speed, submissions),) = select(PACE, **values)
    return measured, speed, submissions
