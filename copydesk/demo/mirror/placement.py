"""Mirrors copydesk/orders/actions/placement.py and payment.py: orders placed, paid, tipped."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.journal.models import details
from copydesk.orders.actions.placement import OrderForm, brief_columns
from copydesk.orders.models import Order, PriceLine, Status
from copydesk.orders.policies import OrderPolicy, PricingPolicy
from copydesk.orders.queries import pricing
from copydesk.payments.models import AccountKind, ChargeStatus, Purpose, Webhook

from ..copy import dumps
from ..stage import Case, Paid, Stage, step
from . import money

POLICY = OrderPolicy()
PRICES = PricingPolicy()


@step
def place_order(stage: Stage, form: OrderForm, *, by: Actor, client_id: int) -> Case:
    lines = pricing.price_lines(PRICES, form, form.client_deadline - stage.now)
    stage.website.last_order_number += 1
    order = stage.make(
        Order,
        number=stage.website.last_order_number,
        client_id=client_id,
        status=Status.UNPAID.value,
        level_rank=pricing.choose(PRICES, form).level_rank,
        price_minor=pricing.total_minor(lines),
        pricing_version=PRICES.version,
        policy_version=POLICY.version,
        expires_at=stage.now + dt.timedelta(hours=POLICY.unpaid_hours),
        placed_at=stage.now,
        **{**brief_columns(form), "extras": dumps(form.extras)},
    )
    case = stage.cases[order.id] = Case(order)
    add_lines(stage, case, lines)
    stage.record("order.place", order, by=by, after=Status.UNPAID.value, data=details(price_minor=order.price_minor))
    return case


def add_lines(stage: Stage, case: Case, lines: Sequence[pricing.Line], adjustment_id: int | None = None) -> None:
    for line in lines:
        row = stage.make(
            PriceLine,
            order_id=case.order.id,
            adjustment_id=adjustment_id,
            position=len(case.lines),
            kind=line.kind,
            code=line.code,
            label=line.label,
            quantity=line.quantity,
            amount_minor=line.amount_minor,
        )
        case.lines.append(row)


@step
def pay_order(stage: Stage, case: Case, *, method: str, token: str, by: Actor) -> Paid:
    receipt = [{"label": line.label, "amount_minor": line.amount_minor} for line in case.lines]
    paid = take_payment(stage, case, case.order.price_minor, Purpose.ORDER, method, token, receipt, by=by)
    applied(stage, paid, lambda charge, payer: _mark_paid(stage, case, charge, payer), by=by)
    return paid


def _mark_paid(stage: Stage, case: Case, paid: Paid, payer: Actor) -> None:
    data = details(charge_id=paid.charge.id, amount_minor=paid.charge.amount_minor)
    payer = payer if payer.can(Can.PAY_ORDERS) else payer.as_system()
    stage.advance(case.order, "pay", by=payer, data=data, charge_id=paid.charge.id)


@step
def receive_webhook(stage: Stage, case: Case, paid: Paid) -> None:
    """The provider tells what became of the order's payment, which it settled late."""
    message_id = f"msg_{stage.uuid().hex}"
    stage.send(Webhook, provider=money.PROVIDER, message_id=message_id, received_at=stage.now)
    money.capture(stage, paid)
    stage.jobs.append(lambda: _mark_paid(stage, case, paid, stage.system))


@step
def tip(stage: Stage, case: Case, *, amount_minor: int, method: str, token: str, by: Actor) -> Paid:
    def apply(paid: Paid, payer: Actor) -> None:
        held = case.assignment
        money.earn_tip(stage, paid, writer_id=held.writer_id, share_bp=held.tip_share_bps, by=payer.as_system())

    if method == "wallet":
        money.account_of(stage, AccountKind.EARNINGS, owner_id=case.assignment.writer_id)
    receipt = [{"label": f"Tip for order {case.order.number}", "amount_minor": amount_minor}]
    paid = take_payment(stage, case, amount_minor, Purpose.TIP, method, token, receipt, by=by)
    applied(stage, paid, apply, by=by)
    return paid


def take_payment(
    stage: Stage,
    case: Case,
    amount_minor: int,
    purpose: Purpose,
    method: str,
    token: str,
    receipt: list[dict[str, Any]],
    *,
    by: Actor,
) -> Paid:
    paid = money.charge(
        stage,
        payer_id=case.order.client_id,
        amount_minor=amount_minor,
        purpose=purpose,
        reference=case.order.reference,
        method=method,
        token=token,
        by=by,
        lines=receipt,
    )
    case.charges.append(paid)
    return paid


def applied(stage: Stage, paid: Paid, apply: Callable[[Paid, Actor], None], *, by: Actor) -> None:
    """At once where it is captured; by the job that finds a lost answer, where it was lost."""
    if paid.charge.status == ChargeStatus.CAPTURED:
        apply(paid, by)
    elif paid.charge.status == ChargeStatus.UNKNOWN:
        stage.jobs.append(lambda: apply(paid, stage.system))
