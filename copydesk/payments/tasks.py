"""Jobs of payments: each loads its row and calls one action, and is safe to run twice."""

from __future__ import annotations

from django.db import transaction

from copydesk.core import clock
from copydesk.tenancy.jobs import defer, job, sweep
from copydesk.tenancy.models import Website

from . import actions
from .models import Charge, Repayment

AT_ONCE = 200


@job("payments.look_up_charge", atomic=False)
def look_up_charge(website: Website, *, charge_id: int) -> None:
    with transaction.atomic():
        charge = Charge.objects.of(website).get(pk=charge_id)
    actions.look_up_charge(charge)


@job("payments.execute_repayment", atomic=False)
def execute_repayment(website: Website, *, repayment_id: int) -> None:
    with transaction.atomic():
        repayment = Repayment.objects.of(website).select_related("charge").get(pk=repayment_id)
    actions.execute_repayment(repayment)


@sweep("payments.resume", "* * * * *")
def resume(website: Website) -> None:
    """Charges without an answer and repayments without an end, whatever made them so."""
    for charge_id in Charge.objects.of(website).due_for_lookup(clock.now()).values_list("pk", flat=True)[:AT_ONCE]:
        defer("payments.look_up_charge", website.pk, charge_id=charge_id)
    for repayment_id in Repayment.objects.of(website).due(clock.now()).values_list("pk", flat=True)[:AT_ONCE]:
        defer("payments.execute_repayment", website.pk, repayment_id=repayment_id)
