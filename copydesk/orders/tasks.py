"""What the clock does to orders, and what follows from a capture. Each is safe to run twice."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.accounts.sweeps import sweep_each
from copydesk.core import clock
from copydesk.journal.models import Event
from copydesk.payments.models import Charge
from copydesk.tenancy.jobs import job, sweep
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import in_transaction

from .actions import course, delivery, kept, payment, requests, staffing
from .models import Order, Request
from .policies import OrderPolicy


@job("orders.apply_capture")
def apply_capture(website: Website, *, event_id: int) -> None:
    event = Event.objects.of(website).get(pk=event_id)
    charge = Charge.objects.of(website).get(pk=event.subject_id)
    if charge.reference_type == Order.noun:
        payment.apply_capture(charge, by=Actor.system(website))


@job("orders.keep_forms")
def keep_forms_after(website: Website, *, event_id: int) -> None:
    """Of the writers of an order whose load or record has changed, or of the writer who has."""
    event = Event.objects.of(website).get(pk=event_id)
    if event.root_type == Order.noun:
        kept.keep_forms_of_order(website, event.root_id, clock.now())
    else:
        kept.keep_forms(website, clock.now(), [event.root_id])


@sweep("orders.keep_all_forms", cron="37 * * * *")
def keep_all_forms(website: Website) -> None:
    """The year goes on, ratings and policies change."""
    kept.keep_forms(website, clock.now())


@sweep("orders.keep_dwells", cron="23 2 * * *")
def keep_dwells(website: Website) -> None:
    kept.keep_dwells(website, clock.now())


@sweep("orders.expire_unpaid", cron="*/5 * * * *", atomic=False)
def expire_unpaid(website: Website) -> None:
    sweep_each(Order.objects.of(website).unpaid_since(clock.now()), course.expire, website)


@sweep("orders.expire_offers", cron="* * * * *", atomic=False)
def expire_offers(website: Website) -> None:
    sweep_each(Order.objects.of(website).offers_expired(clock.now()), staffing.expire_offer, website)


@sweep("orders.expire_requests", cron="* * * * *", atomic=False)
def expire_requests(website: Website) -> None:
    sweep_each(Request.objects.of(website).stale(clock.now()), requests.expire_request, website)


@sweep("orders.approve_delivered", cron="*/5 * * * *", atomic=False)
def approve_delivered(website: Website) -> None:
    sweep_each(Order.objects.of(website).approvable(clock.now()), delivery.approve, website)


@sweep("orders.archive_old", cron="17 3 * * *", atomic=False)
def archive_old(website: Website) -> None:
    with in_transaction():
        before = clock.now() - dt.timedelta(days=OrderPolicy.of(website).archive_days)
    sweep_each(Order.objects.of(website).archivable(before), course.archive, website)
