"""A refund is asked for: what it claims of the order's charges is fixed then, and nobody else can be given it."""

from __future__ import annotations

from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can, Role
from copydesk.core import clock
from copydesk.core.errors import Forbidden, Invalid
from copydesk.journal.actions import lock, record
from copydesk.journal.models import details
from copydesk.orders.models import Order, Status
from copydesk.orders.queries import steps
from copydesk.payments.actions import plan_repayments
from copydesk.payments.models import Repayment

from .. import errors
from ..models import NOBODYS, Ground, Refund, RefundDestination, RefundPart
from ..policies import RefundPolicy


def request_refund(
    order: Order,
    *,
    amount_minor: int,
    reason: str,
    by: Actor,
    ground: Ground = Ground.OTHER,
    destination: RefundDestination = RefundDestination.ORIGINAL,
) -> Refund:
    """By the order's client or staff. A client who asks for the wallet agrees to it by asking; staff need its consent.

    Raises Forbidden, OrderDisputed, OrderStillWanted, RefundTooLarge with what is `refundable`, Invalid for a ground
    that is not theirs.
    """
    if not by.can(Can.REQUEST_REFUNDS) or (by.role is Role.CLIENT and order.client_id != by.membership_id):
        raise Forbidden
    if ground in NOBODYS or (ground == Ground.GOODWILL and not by.is_staff):
        raise Invalid({"ground": "Not yours to give."})
    lock(order)
    if order.status == Status.DISPUTED:
        raise errors.OrderDisputed
    steps.repaying(steps.Asked(order, by))
    return open_refund(order, amount_minor=amount_minor, reason=reason, by=by, ground=ground, destination=destination)


def open_refund(
    order: Order,
    *,
    amount_minor: int,
    reason: str,
    by: Actor,
    ground: Ground,
    destination: RefundDestination,
    verb: str = "request",
    **decided: Any,
) -> Refund:
    """Of a locked order: the row, and what it claims of each source. `verb` and `decided` of what is granted at once.
    Raises RefundTooLarge."""
    to_wallet = destination == RefundDestination.WALLET
    repayments = plan_repayments(by.website, order.reference, amount_minor, by=by, reason=reason, to_wallet=to_wallet)
    refund = Refund(
        website_id=by.website.pk,
        order=order,
        client_id=order.client_id,
        amount_minor=amount_minor,
        currency=by.website.currency,
        destination=destination,
        ground=ground,
        reason=reason,
        requested_by_id=by.user_id,
        requested_role=by.role,
        needs_another_person=amount_minor > RefundPolicy.of(by.website).cap_minor,
        consented_at=clock.now() if to_wallet and by.role is Role.CLIENT else None,
        **decided,
    )
    refund.save(force_insert=True)
    RefundPart.objects.of(by.website).bulk_create(
        RefundPart(website_id=by.website.pk, refund=refund, repayment=repayment) for repayment in repayments
    )
    record(f"refund.{verb}", refund, by=by, after=refund.status, reason=reason, data=facts(refund))
    return refund


def repayments_of(refund: Refund) -> list[Repayment]:
    """With their charges, in the order of these."""
    rows = Repayment.objects.of(refund.website_id).select_related("charge").order_by("charge_id")
    return list(rows.filter(pk__in=RefundPart.objects.of(refund.website_id).filter(refund=refund).values("repayment")))


def facts(refund: Refund) -> dict[str, object]:
    return details(
        refund_id=refund.pk,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        ground=refund.ground,
        destination=refund.destination,
    )
