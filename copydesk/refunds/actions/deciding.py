"""Somebody decides about a request, or it is taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from copydesk.accounts.actor import Actor
from copydesk.core import bulk
from copydesk.core.bulk import BulkReport
from copydesk.journal.actions import advance, lock
from copydesk.orders.models import Order
from copydesk.payments.actions import cancel_repayment
from copydesk.payments.models import RepaymentStatus

from ..models import WAITING, Refund
from .requesting import facts, repayments_of


def approve_refund(refund: Refund, *, by: Actor, reason: str = "") -> Refund:
    """Raises AnotherPerson above the cap for who asked for it, OrderDisputed."""
    lock(refund.order)
    return advance(
        refund, "approve", by=by, reason=reason, data=facts(refund), decided_by_id=by.user_id, decision=reason
    )


def reject_refund(refund: Refund, *, by: Actor, reason: str) -> Refund:
    """The client reads the reason; what was claimed is free again."""
    return _release(refund, "reject", by=by, reason=reason)


def cancel_refund(refund: Refund, *, by: Actor, reason: str) -> Refund:
    """Before anything has left: by its client while nobody has decided, by staff; by who decides also where the
    provider refuses. Raises PartlyRefunded."""
    return _release(refund, "cancel", by=by, reason=reason)


def cancel_open_refunds(order: Order, *, by: Actor, reason: str) -> list[Refund]:
    """Those of a locked order that wait: what decides about the order's money decides about them."""
    rows = Refund.objects.of(order.website_id).filter(order=order, status__in=WAITING).order_by("pk")
    return [_release(refund, "cancel", by=by.as_system(), reason=reason) for refund in rows.select_related("order")]


def consent_to_wallet(refund: Refund, *, by: Actor) -> Refund:
    """The client agrees to have it in the wallet. Raises ConsentGiven."""
    return advance(refund, "consent", by=by, data=facts(refund))


def decide_refunds(
    ids: Sequence[int], action: str, *, by: Actor, reason: str, mode: Literal["preview", "apply"]
) -> BulkReport:
    """Each of `ids` through the action of that name. Orders are locked in the order of their ids, so that of two such
    calls one waits for the other."""
    rows = Refund.objects.visible_to(by).select_related("order").in_bulk(ids)
    orders = {row.order_id for row in rows.values()}
    list(Order.objects.of(by.website).filter(pk__in=orders).order_by("pk").lock())
    act = BY_NAME[action]
    return bulk.each(ids, rows, lambda row: act(row, by=by, reason=reason), mode)


BY_NAME: dict[str, Callable[..., Refund]] = {
    "approve": approve_refund,
    "reject": reject_refund,
    "cancel": cancel_refund,
}


def _release(refund: Refund, step: str, *, by: Actor, reason: str) -> Refund:
    lock(refund.order)
    advance(refund, step, by=by, reason=reason, data=facts(refund), decided_by_id=by.user_id, decision=reason)
    for repayment in repayments_of(refund):
        if repayment.status == RepaymentStatus.PLANNED:
            cancel_repayment(repayment, by=by)
    return refund
