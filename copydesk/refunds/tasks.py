"""Jobs of refunds: each loads its row and calls one action, and is safe to run twice."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.journal.actions import lock
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.payments.models import Repayment
from copydesk.tenancy.jobs import job
from copydesk.tenancy.models import Website

from . import actions
from .models import Refund


@job("refunds.follow_repayment")
def follow_repayment(website: Website, *, event_id: int) -> None:
    """What came of a repayment decides about the refund that it is part of; one that failed becomes one."""
    event, by = Event.objects.of(website).get(pk=event_id), Actor.system(website)
    refund = Refund.objects.of(website).select_related("order").filter(parts__repayment_id=event.subject_id).first()
    if refund is not None:
        actions.settle_refund(refund, by=by)
    else:
        repayment = Repayment.objects.of(website).select_related("charge").get(pk=event.subject_id)
        actions.follow_settlement(repayment, by=by)


@job("refunds.follow_order")
def follow_order(website: Website, *, event_id: int) -> None:
    """Pay that is earned after a refund falls as it would have before."""
    event = Event.objects.of(website).get(pk=event_id)
    order = lock(Order.objects.of(website).get(pk=event.subject_id))
    actions.lower_pay(order, by=Actor.system(website))
