"""Editing tasks in any state, made by the real actions: the smallest valid ones."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.editing.actions import profiles, reviews, tasks
from copydesk.editing.models import EditingTask, Verdict
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope

from .accounts import actor, membership
from .orders import order_in_editing

APPROVED: dict[str, Any] = {"quality_score": 8, "verdict": Verdict.APPROVE}
RETURNED: dict[str, Any] = {
    "quality_score": 4,
    "verdict": Verdict.RETURN,
    "notes": "The sources are missing.",
    "changes_required": ["Add sources", "Shorten page 2"],
    "issues": [{"criterion": "sources", "severity": "major", "text": "None at all."}],
}


def editor(of: Website, **profile: Any) -> Membership:
    """At work; with a profile of its own where anything is said of it."""
    member = membership(of, "editor")
    if profile:
        with website_scope(of.pk):
            profiles.change_profile(member, by=Actor(of, Role.ADMIN), **profile)
    return member


def task_of(order: Order) -> EditingTask:
    """The order's open task, opened as its job would."""
    with website_scope(order.website_id):
        task = tasks.follow_order(order, by=Actor.system(order.website))
    assert task is not None
    return task


def open_task(client: Membership, writer: Membership, **values: Any) -> EditingTask:
    return task_of(order_in_editing(client, writer, **values))


def claimed_task(client: Membership, writer: Membership, by: Membership, **values: Any) -> EditingTask:
    task = open_task(client, writer, **values)
    with website_scope(task.website_id):
        return tasks.claim(task, by=actor(by))


def task_in_review(client: Membership, writer: Membership, by: Membership, **values: Any) -> EditingTask:
    task = claimed_task(client, writer, by, **values)
    with website_scope(task.website_id):
        return tasks.start(task, by=actor(by))


def submitted_task(
    client: Membership, writer: Membership, by: Membership, review: dict[str, Any] | None = None, **values: Any
) -> EditingTask:
    task = task_in_review(client, writer, by, **values)
    with website_scope(task.website_id):
        return reviews.submit(task, by=actor(by), **(review or APPROVED))


def completed_task(
    client: Membership, writer: Membership, by: Membership, review: dict[str, Any] | None = None, **values: Any
) -> EditingTask:
    task = submitted_task(client, writer, by, review, **values)
    with website_scope(task.website_id):
        return reviews.complete(task, by=actor(by))
