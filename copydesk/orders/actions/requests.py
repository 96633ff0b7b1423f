"""Writers ask for orders; staff decide."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.journal.actions import advance, lock, lock_for, record
from copydesk.journal.models import details
from copydesk.orders.models import Order, Request
from copydesk.orders.policies import OrderPolicy
from copydesk.writers.actions import lock_writer

from ..queries import steps
from .staffing import admit, start_assignment, starting


def request_order(order: Order, *, by: Actor, message: str = "", bid_minor: int | None = None) -> Request:
    """A writer asks for an available order; `bid_minor` is the pay wanted where it is not the level's.

    Open until it is decided, the website's time for it or the client's deadline has passed. Raises WriterExcluded,
    AlreadyRequested, TooManyRequests, WrongState.
    """
    lock_for(order, "request", by=by)
    assert by.membership_id is not None
    # So that the limit of open requests holds under parallel calls.
    lock_writer(by.website, by.membership_id)
    steps.asking(steps.Asked(order, by))
    now = clock.now()
    until = now + dt.timedelta(hours=OrderPolicy.of(by.website).request_hours)
    request = Request.objects.of(by.website).create(
        order=order,
        writer_id=by.membership_id,
        message=message,
        bid_minor=bid_minor,
        requested_at=now,
        expires_at=min(until, order.client_deadline),
    )
    record("request.open", request, by=by, after=request.status, data=details(bid_minor=bid_minor))
    return request


def approve_request(request: Request, *, by: Actor, reason: str = "") -> Request:
    """The writer starts, at the bid where there was one; the order's other requests are superseded.

    The order is locked first: of parallel decisions one wins. Limits are exceeded only with a reason. Raises
    WriterExcluded, DeadlinePassed, WrongState.
    """
    order = lock(request.order)
    lock(request)
    for row, name in ((request, "approve"), (order, "approve_request")):
        if refusal := row.LIFECYCLE.refusal(row, name, by):
            raise refusal
    writer_id = request.writer_id
    level = admit(order, writer_id, by=by, beyond_limits=bool(reason))
    advance(request, "approve", by=by, reason=reason)
    data = details(request_id=request.pk, writer_id=writer_id)
    advance(order, "approve_request", by=by, reason=reason, data=data, **starting(order, writer_id))
    start_assignment(order, writer_id, level, by=by, pay_minor=request.bid_minor)
    return request


def reject_request(request: Request, *, by: Actor, reason: str) -> Request:
    return advance(request, "reject", by=by, reason=reason)


def withdraw_request(request: Request, *, by: Actor) -> Request:
    return advance(request, "withdraw", by=by)


def expire_request(request: Request, *, by: Actor) -> Request:
    """By the clock: its time is over, or its order waits for no writer any more. Safe to run twice."""
    lock(request)
    return advance(request, "expire" if request.expires_at <= clock.now() else "supersede", by=by)
