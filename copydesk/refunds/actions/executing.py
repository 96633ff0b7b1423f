"""The money goes back: wallet parts at once, card parts by a job that asks the provider; and what came of it."""

from __future__ import annotations

from django.db import connection

from copydesk.accounts.actions import confirm_password
from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.core import clock
from copydesk.core.errors import Forbidden
from copydesk.journal.actions import advance, lock, lock_for, record
from copydesk.journal.models import details
from copydesk.orders.models import Order
from copydesk.payments.actions import retry_repayment, start_repayment
from copydesk.payments.models import Repayment, RepaymentStatus

from .. import errors
from ..models import Ground, Refund, RefundDestination, RefundPart, RefundStatus
from .deciding import approve_refund
from .pay import lock_members, lower_pay
from .requesting import facts, open_refund, repayments_of

R = RepaymentStatus
SETTLED = "What a cancellation or an agreed change gives back."


def confirm_identity(password: str, *, by: Actor) -> None:
    """Asked again before money leaves. Outside a transaction. Raises WrongPassword, TooManyAttempts."""
    if by.user_id is None or not confirm_password(by.user_id, password):
        raise errors.WrongPassword


def process_refund(refund: Refund, *, by: Actor) -> Refund:
    """Gives the money back, by somebody who has confirmed its identity; approves first, where one person may do both.
    Raises AnotherPerson, ConsentMissing, OrderDisputed."""
    lock(refund.order)
    lock_for(refund, "process", by=by)
    if refund.status == RefundStatus.REQUESTED:
        approve_refund(refund, by=by)
    advance(refund, "process", by=by, data=facts(refund))
    return _start(refund, by=by)


def grant_refund(
    order: Order,
    amount_minor: int,
    *,
    by: Actor,
    reason: str,
    key: str,
    destination: RefundDestination = RefundDestination.ORIGINAL,
) -> Refund:
    """As a dispute of a locked order ends: decided and executed at once, in the caller's transaction. The same key
    again gives the same refund. Raises Forbidden, RefundTooLarge."""
    if not by.can(Can.GRANT_REFUNDS):
        raise Forbidden
    known = Refund.objects.of(by.website).filter(key=key).first()
    if known is not None:
        return known
    refund = open_refund(
        order,
        amount_minor=amount_minor,
        reason=reason,
        by=by,
        ground=Ground.DISPUTE,
        destination=destination,
        verb="grant",
        key=key,
        status=RefundStatus.EXECUTING,
        approved_at=clock.now(),
        executed_at=clock.now(),
        decided_by_id=by.user_id,
        decision=reason,
    )
    return _start(refund, by=by)


def retry_refund(refund: Refund, *, by: Actor, reason: str = "") -> Refund:
    """What failed is asked for again, under the same keys. Raises RefundTooLarge where others got it meanwhile."""
    lock(refund.order)
    advance(refund, "retry", by=by, reason=reason, data=facts(refund), failed_at=None)
    for repayment in repayments_of(refund):
        if repayment.status == R.FAILED:
            retry_repayment(repayment, by=by)
    return refund


def settle_refund(refund: Refund, *, by: Actor) -> Refund:
    """Takes down what came of its repayments, once all are through; and lowers the writer's pay by what went back.
    Safe to repeat."""
    lock(refund.order)
    lock(refund)
    states = {repayment.status: repayment for repayment in repayments_of(refund)}
    system = by.as_system()
    if R.SUCCEEDED in states:
        # Accounts before the website's row, as in _start.
        lower_pay(refund.order, by=system)
    if refund.status == RefundStatus.EXECUTING and R.EXECUTING not in states:
        if failed := states.get(R.FAILED):
            advance(refund, "fail", by=system, data=facts(refund) | details(code=failed.code))
        else:
            number = _next_receipt(refund.website_id)
            advance(refund, "succeed", by=system, data=facts(refund), receipt_number=number)
    return refund


def follow_settlement(repayment: Repayment, *, by: Actor) -> Refund | None:
    """Money that a cancellation or an agreed change gives back lowers pay where a refund would; what the provider
    refused of it becomes a refund that failed, so that somebody sees it and tries again. None where it is not so, or
    is one already."""
    if repayment.charge.reference_type != Order.noun:
        return None
    order = lock(Order.objects.of(by.website).get(pk=repayment.charge.reference_id))
    lower_pay(order, by=by)
    if repayment.status != R.FAILED or RefundPart.objects.of(by.website).filter(repayment=repayment).exists():
        return None
    refund = Refund.objects.of(by.website).create(
        order=order,
        client_id=order.client_id,
        amount_minor=repayment.amount_minor,
        currency=by.website.currency,
        destination=RefundDestination.ORIGINAL,
        ground=Ground.SETTLEMENT,
        reason=SETTLED,
        status=RefundStatus.EXECUTING,
        requested_role=by.role,
        needs_another_person=False,
        key=f"repayment:{repayment.pk}",
        approved_at=repayment.created_at,
        executed_at=repayment.created_at,
    )
    RefundPart.objects.of(by.website).create(refund=refund, repayment=repayment)
    record("refund.adopt", refund, by=by, after=refund.status, data=facts(refund))
    return settle_refund(refund, by=by)


def _start(refund: Refund, *, by: Actor) -> Refund:
    lock_members(by.website, [refund.order], writers=())
    for repayment in repayments_of(refund):
        start_repayment(repayment, by=by)
    return settle_refund(refund, by=by)


def _next_receipt(website_id: int) -> int:
    """A website numbers its receipts of refunds: the row's lock makes them wait for each other, so that none is left
    out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tenancy_website SET last_refund_receipt = last_refund_receipt + 1 WHERE id = %s"
            " RETURNING last_refund_receipt",
            [website_id],
        )
        return int(cursor.fetchone()[0])
