"""What follows from orders, payouts and the clock. Each is safe to run twice."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.accounts.sweeps import sweep_each
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.payments.models import Payout
from copydesk.tenancy.jobs import job, sweep
from copydesk.tenancy.models import Website

from . import actions
from .models import Appeal, AppealStatus, Fine, FineStatus


@job("fines.judge")
def judge(website: Website, *, event_id: int) -> None:
    event = Event.objects.of(website).get(pk=event_id)
    actions.judge_order(Order.objects.of(website).get(pk=event.subject_id), by=Actor.system(website))


@job("fines.follow_payout")
def follow_payout(website: Website, *, event_id: int) -> None:
    event = Event.objects.of(website).get(pk=event_id)
    actions.settle_paid(Payout.objects.of(website).get(pk=event.subject_id), by=Actor.system(website))


@sweep("fines.fall_due", cron="*/5 * * * *", atomic=False)
def fall_due(website: Website) -> None:
    rows = Fine.objects.of(website).filter(status=FineStatus.PROPOSED, issue_at__lte=clock.now())
    sweep_each(rows, actions.issue_fine, website)


@sweep("fines.lapse", cron="*/5 * * * *", atomic=False)
def lapse(website: Website) -> None:
    rows = Appeal.objects.of(website).filter(status=AppealStatus.OPEN, due_at__lte=clock.now()).select_related("fine")
    sweep_each(rows, actions.lapse_appeal, website)
