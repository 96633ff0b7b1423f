"""Fines in any state, made by the real actions."""

from __future__ import annotations

import datetime as dt
from typing import Any

import time_machine

from copydesk.accounts.models import Membership
from copydesk.fines import actions
from copydesk.fines.models import Appeal, Fine
from copydesk.fines.policies import FineKind
from copydesk.orders.actions import delivery, staffing
from copydesk.orders.models import Order
from copydesk.payments import actions as payments
from copydesk.payments.models import Payout
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts
from tests.factories.accounts import actor
from tests.factories.orders import order_in_progress, work_file
from tests.factories.payments import earning
from tests.jobs import run_jobs

MINUTE = dt.timedelta(minutes=1)


def late_order(client: Membership, writer: Membership, late: dt.timedelta, **values: Any) -> Order:
    """Submitted so long after it was due; what follows is still queued."""
    order = order_in_progress(client, writer, **values)
    assert order.writer_due_at is not None
    with time_machine.travel(order.writer_due_at + late, tick=False), website_scope(client.website_id):
        work_file(order, writer)
        return delivery.submit(order, by=actor(writer))


def dropped_order(client: Membership, writer: Membership, late: dt.timedelta) -> Order:
    """Given back so long after it was due."""
    order = order_in_progress(client, writer)
    assert order.writer_due_at is not None
    with time_machine.travel(order.writer_due_at + late, tick=False), website_scope(client.website_id):
        return staffing.release(order, by=actor(writer), reason="Ill.")


def proposed(order: Order, by: Membership, amount_minor: int | None = 300, **values: Any) -> Fine:
    given = {"kind": FineKind.QUALITY, "reason": "Sources are missing.", "amount_minor": amount_minor, **values}
    with website_scope(order.website_id):
        return actions.propose_fine(order=order, by=actor(by), **given)


def issued(order: Order, by: Membership, amount_minor: int | None = 300, **values: Any) -> Fine:
    fine = proposed(order, by, amount_minor, **values)
    with website_scope(order.website_id):
        return actions.issue_fine(fine, by=actor(by))


def appealed(order: Order, by: Membership, amount_minor: int | None = 300, **values: Any) -> Fine:
    fine = issued(order, by, amount_minor, **values)
    appeal_of(fine)
    return fine


def appeal_of(fine: Fine) -> Appeal:
    """By the fined writer."""
    with website_scope(fine.website_id):
        return actions.appeal_fine(fine, by=actor(fine.writer), text="All five are there.")


def paid_out(by: Membership, second: Membership) -> Payout:
    """All that is payable now, of any amount."""
    with website_scope(by.website_id):
        store_policy(by.website, "payouts", {"threshold_minor": 1})
        payout = payments.prepare_payout(by.website, by=actor(by))
        payments.pay_payout(payments.approve_payout(payout, by=actor(second)), by=actor(second))
    run_jobs()
    return payout


def settled(order: Order, by: Membership, amount_minor: int = 300) -> Fine:
    """Kept from a payout that is paid; the writer had earned enough."""
    fine = issued(order, by, amount_minor)
    with website_scope(order.website_id):
        earning(fine.writer, 6_000, order_id=1_000 + fine.pk)
    paid_out(by, accounts.membership(by.website, "admin"))
    fine.refresh_from_db(from_queryset=Fine.objects.of(fine.website_id))
    return fine
