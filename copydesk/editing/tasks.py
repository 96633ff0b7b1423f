"""What follows from orders and the clock. Each is safe to run twice."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.accounts.sweeps import BATCH, sweep_each
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.tenancy.jobs import job, sweep
from copydesk.tenancy.models import Website

from .actions import tasks
from .models import EditingTask, TaskStatus
from .policies import EditingPolicy
from .queries.tasks import without_task


@job("editing.follow_order")
def follow_order(website: Website, *, event_id: int) -> None:
    event = Event.objects.of(website).get(pk=event_id)
    tasks.follow_order(Order.objects.of(website).get(pk=event.subject_id), by=Actor.system(website))


@sweep("editing.expire_leases", cron="* * * * *", atomic=False)
def expire_leases(website: Website) -> None:
    sweep_each(EditingTask.objects.of(website).lease_over(clock.now()), tasks.expire, website)


@sweep("editing.reconcile", cron="*/5 * * * *")
def reconcile(website: Website) -> None:
    """Orders in editing without a task, and tasks of orders that are not in editing: none, where every job has run.
    Then, where the website assigns automatically, what waits goes to editors who have become free."""
    system = Actor.system(website)
    stray = EditingTask.objects.of(website).stray().values_list("order_id", flat=True)
    for order in without_task(website)[:BATCH]:
        tasks.follow_order(order, by=system)
    for order in Order.objects.of(website).filter(pk__in=list(stray[:BATCH])):
        tasks.follow_order(order, by=system)
    if EditingPolicy.of(website).assigns_automatically:
        waiting = EditingTask.objects.of(website).filter(status=TaskStatus.AVAILABLE)
        for task in waiting.order_by("order__client_deadline", "id")[:BATCH]:
            tasks.assign_if_possible(task, by=system)
