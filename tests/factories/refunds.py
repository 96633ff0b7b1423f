"""Refunds in any state, made by the real actions; and orders that were paid in ways that matter for them."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can, Role
from copydesk.journal.actions import change
from copydesk.orders.actions import adjustments, delivery, payment, staffing
from copydesk.orders.models import Order
from copydesk.payments.actions import charge_wallet
from copydesk.payments.actions.repayments import settle_repayment
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import Purpose, Repayment
from copydesk.refunds import actions
from copydesk.refunds.actions import process_refund
from copydesk.refunds.actions.requesting import repayments_of
from copydesk.refunds.models import Refund
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts
from tests.factories.accounts import actor
from tests.factories.orders import unpaid_order, work_file
from tests.factories.payments import captured_charge, filled_wallet


def card_order(client: Membership, token: str = "tok_ok", **values: Any) -> Order:
    """Paid by card, 32.00 where nothing else is said, and waiting for a writer."""
    order = unpaid_order(client, **values)
    charge = captured_charge(client, order.price_minor, token, reference=order.reference, key=f"pay {order.pk}")
    with website_scope(client.website_id):
        payment.apply_capture(charge, by=actor(client))
        return Order.objects.of(client.website_id).get(pk=order.pk)


def mixed_order(client: Membership, **values: Any) -> Order:
    """As card_order, and a third page for 16.00 from the wallet."""
    order = card_order(client, **values)
    filled_wallet(client, 1_600)
    with website_scope(client.website_id):
        adjustment = adjustments.propose_adjustment(order, by=Actor(client.website, Role.ADMIN), pages=3)
        charge = charge_wallet(
            client.website,
            payer_id=client.pk,
            amount_minor=1_600,
            purpose=Purpose.ADJUSTMENT,
            reference=order.reference,
            key=f"more {order.pk}",
            by=actor(client),
        )
        change(adjustment, charge=charge)
        payment.apply_capture(charge, by=actor(client))
        return Order.objects.of(client.website_id).get(pk=order.pk)


def completed(order: Order, writer: Membership, admin: Membership) -> Order:
    with website_scope(order.website_id):
        staffing.assign(order, writer.pk, by=actor(admin), reason="Trusted")
        work_file(order, writer)
        delivery.submit(order, by=actor(writer))
        return delivery.approve(order, by=actor(order.client))


def request(order: Order, by: Membership, amount_minor: int = 1_000, **values: Any) -> Refund:
    given = {"reason": "Late.", **values}
    with website_scope(order.website_id):
        return actions.request_refund(order, amount_minor=amount_minor, by=actor(by), **given)


def approved(order: Order, admin: Membership, amount_minor: int = 1_000, **values: Any) -> Refund:
    with website_scope(order.website_id):
        refund = request(order, order.client, amount_minor, **values)
        return actions.approve_refund(refund, by=actor(admin))


def executing(order: Order, admin: Membership, amount_minor: int = 1_000, **values: Any) -> Refund:
    """To the wallet it has succeeded already."""
    refund = approved(order, admin, amount_minor, **values)
    with website_scope(order.website_id):
        return process_refund(refund, by=actor(admin))


def provider_says(refund: Refund, result: str) -> list[Repayment]:
    """Of each part that it was asked for: "captured" or "declined"; and the refund follows."""
    with website_scope(refund.website_id):
        by = Actor.system(refund.website)
        told = [
            settle_repayment(part, Outcome(Result(result), "", "not_refundable"), by=by)
            for part in repayments_of(refund)
            if part.status == "executing"
        ]
        refund.refresh_from_db(from_queryset=Refund.objects.of(refund.website_id))
        actions.settle_refund(refund, by=by)
    return told


def failed(order: Order, admin: Membership, amount_minor: int = 1_000, **values: Any) -> Refund:
    refund = executing(order, admin, amount_minor, **values)
    provider_says(refund, "declined")
    return refund


def succeeded(order: Order, admin: Membership, amount_minor: int = 1_000, **values: Any) -> Refund:
    refund = executing(order, admin, amount_minor, **values)
    provider_says(refund, "captured")
    return refund


def with_password(who: Membership, password: str = "Correct horse 7 battery") -> str:
    """`who` logs in with it from now on."""
    assert accounts.actor(who).can(Can.EXECUTE_REFUNDS)
    who.user.set_password(password)
    who.user.save(update_fields=["password"])
    return password
