"""Clients pay: orders, agreed adjustments, tips. By card it takes several commits; whatever cuts it off, the same key
finds the charge again, and the reaction to a capture does what the request could not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.db import transaction

from copydesk.accounts.actor import Actor
from copydesk.core.errors import Invalid, NotFound
from copydesk.journal.actions import advance, change, lock
from copydesk.journal.models import details
from copydesk.payments.actions import begin_charge, charge_wallet, divert_to_wallet, earn_tip, lock_accounts, run_charge
from copydesk.payments.models import Charge, ChargeStatus, Method, Purpose

from ..models import Adjustment, AdjustmentStatus, Assignment, Order, PriceLine, Status
from ..queries import steps
from . import adjustments

C = TypeVar("C", Charge, Charge | None)


def pay_order(order_id: int, *, method: str, token: str, key: str, by: Actor) -> Charge:
    """Pays the whole price. The charge given back is captured, declined, pending or unknown.

    Opens its own transactions. Raises NotFound, WrongState, InsufficientFunds, ChargePending.
    """

    def begin() -> Charge:
        order = _locked_order(order_id, by)
        if known := _known(order, Purpose.ORDER, key):
            return known
        _refuse(order, "pay", by)
        steps.paying(steps.Asked(order, by))
        lines = PriceLine.objects.of(by.website).filter(order=order).order_by("position")
        receipt = [{"label": line.label, "amount_minor": line.amount_minor} for line in lines]
        return _charge(order, order.price_minor, Purpose.ORDER, method, key, by, receipt)

    return _pay(begin, token, by)


def accept_adjustment(adjustment_id: int, *, method: str, token: str, key: str, by: Actor) -> Charge | None:
    """Staff accept what a client proposed; the client accepts and pays the price difference, where there is one.

    The charge, null where nothing is paid here. Opens its own transactions. Raises NotFound, NotYourDecision.
    """

    def begin() -> Charge | None:
        adjustment = Adjustment.objects.visible_to(by).filter(pk=adjustment_id).first()
        if adjustment is None:
            raise NotFound()
        order = _locked_order(adjustment.order_id, by)
        adjustment.order = order
        lock(adjustment)
        adjustment.order = order
        if by.is_staff:
            adjustments.accept_adjustment(adjustment, by=by)
            return None
        if known := _known(order, Purpose.ADJUSTMENT, key):
            return known
        adjustments.refuse_acceptance(adjustment, by)
        if adjustment.difference_minor <= 0:
            adjustments.accept_paid(adjustment, order, by=by)
            return None
        if not method:
            raise Invalid({"method": "Say how the difference is paid."}, "required")
        steps.paying_difference(adjustment.charge)
        receipt = [{"label": f"Adjustment of order {order.number}", "amount_minor": adjustment.difference_minor}]
        charge = _charge(order, adjustment.difference_minor, Purpose.ADJUSTMENT, method, key, by, receipt)
        change(adjustment, charge=charge)
        return charge

    return _pay(begin, token, by)


def tip(order_id: int, *, amount_minor: int, method: str, token: str, key: str, by: Actor) -> Charge:
    """The client's thanks to the writer who has the order; it goes to the writer by the level's share."""

    def begin() -> Charge:
        order = _locked_order(order_id, by)
        if known := _known(order, Purpose.TIP, key):
            return known
        _refuse(order, "tip", by)
        if method == Method.WALLET and order.writer_id is not None:
            # A cancellation goes to the writer first, then to the wallet.
            lock_accounts(by.website, writers={order.writer_id}, clients={order.client_id})
        receipt = [{"label": f"Tip for order {order.number}", "amount_minor": amount_minor}]
        return _charge(order, amount_minor, Purpose.TIP, method, key, by, receipt)

    return _pay(begin, token, by)


def apply_capture(charge: Charge, *, by: Actor) -> None:
    """What a captured charge of an order pays for happens, once: whoever comes first, the request or the reaction to
    the capture. Money that nothing wants any more goes to the client's wallet."""
    order = Order.objects.of(charge.website_id).filter(pk=charge.reference_id).first()
    assert order is not None
    lock(order)
    if charge.purpose == Purpose.ORDER:
        _apply_to_order(order, charge, by)
    elif charge.purpose == Purpose.ADJUSTMENT:
        _apply_to_adjustment(order, charge, by)
    elif charge.purpose == Purpose.TIP:
        _apply_to_writer(order, charge, by)


def _apply_to_order(order: Order, charge: Charge, by: Actor) -> None:
    if order.charge_id == charge.pk:
        return
    if order.status == Status.UNPAID and charge.amount_minor == order.price_minor:
        payer = by if by.can("pay_orders") else by.as_system()
        advance(
            order, "pay", by=payer, data=details(charge_id=charge.pk, amount_minor=charge.amount_minor), charge=charge
        )
    else:
        divert_to_wallet(charge, by=by.as_system(), reason="The order no longer waited for this payment.")


def _apply_to_adjustment(order: Order, charge: Charge, by: Actor) -> None:
    adjustment = Adjustment.objects.of(order.website_id).filter(charge=charge).lock().first()
    if adjustment is not None and adjustment.status == AdjustmentStatus.ACCEPTED:
        return
    if adjustment is not None and adjustment.status != AdjustmentStatus.DECLINED and order.adjustable:
        adjustments.accept_paid(adjustment, order, by=by.as_system())
    else:
        divert_to_wallet(charge, by=by.as_system(), reason="The adjustment no longer waited for this payment.")


def _apply_to_writer(order: Order, charge: Charge, by: Actor) -> None:
    """To who had the order when the client gave it, also where another has it by now."""
    assignments = Assignment.objects.of(order.website_id).filter(order=order, started_at__lte=charge.created_at)
    assignment = assignments.order_by("-started_at", "-id").first()
    assert assignment is not None
    earn_tip(charge, writer_id=assignment.writer_id, share_bp=assignment.tip_share_bps, by=by.as_system())


def _pay(begin: Callable[[], C], token: str, by: Actor) -> C:
    """Commits the intent, asks the provider outside of any transaction, applies what was captured."""
    with transaction.atomic(durable=True):
        charge = begin()
        if charge is None or charge.status == ChargeStatus.CAPTURED:
            if charge is not None:
                apply_capture(charge, by=by)
            return charge
    if charge.method == Method.CARD and charge.undecided:
        charge = run_charge(charge, token, by=by)
    if charge.status == ChargeStatus.CAPTURED:
        with transaction.atomic(durable=True):
            apply_capture(charge, by=by)
    return charge


def _charge(
    order: Order,
    amount_minor: int,
    purpose: Purpose,
    method: str,
    key: str,
    by: Actor,
    lines: Sequence[Mapping[str, Any]],
) -> Charge:
    take = charge_wallet if method == Method.WALLET else begin_charge
    return take(
        by.website,
        payer_id=order.client_id,
        amount_minor=amount_minor,
        purpose=purpose,
        reference=order.reference,
        key=key,
        by=by,
        lines=lines,
    )


def _locked_order(order_id: int, by: Actor) -> Order:
    order = Order.objects.visible_to(by).filter(pk=order_id).first()
    if order is None:
        raise NotFound()
    return lock(order)


def _known(order: Order, purpose: Purpose, key: str) -> Charge | None:
    """The charge that this request made before it was cut off."""
    charges = Charge.objects.of(order.website_id).about(order.reference)
    return charges.filter(payer_id=order.client_id, purpose=purpose, key=key).first()


def _refuse(order: Order, step: str, by: Actor) -> None:
    if refusal := order.LIFECYCLE.refusal(order, step, by):
        raise refusal
