"""Agreed changes to pages, slides or deadline; the price difference is paid or given back when they are accepted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import WrongState
from copydesk.core.money import share
from copydesk.journal.actions import advance, change, lock, lock_for, record
from copydesk.journal.models import details
from copydesk.payments.actions import repay
from copydesk.writers.policies import WriterPolicy

from .. import errors
from ..models import Adjustment, Assignment, Offer, Order, side_of
from ..policies import OrderPolicy, PricingPolicy
from ..queries import pricing, steps
from .clocks import move_client_deadline
from .placement import form_of, refuse_short_deadline, store_lines, urgency_agreed


def propose_adjustment(
    order: Order,
    *,
    by: Actor,
    pages: int | None = None,
    slides: int | None = None,
    client_deadline: dt.datetime | None = None,
    reason: str = "",
) -> Adjustment:
    """Client or staff propose; the other side accepts. One open proposal an order. The price is that of the policy
    which the order was placed with; a new deadline is as urgent as the time left from now, without one the urgency is
    that agreed before."""
    lock_for(order, "adjust", by=by)
    steps.adjusting(steps.Asked(order, by))
    pages = None if pages == order.pages else pages
    slides = None if slides == order.slides else slides
    client_deadline = None if client_deadline == order.client_deadline else client_deadline
    if pages is None and slides is None and client_deadline is None:
        raise errors.NothingToAdjust()
    now = clock.now()
    if client_deadline is not None:
        refuse_short_deadline(OrderPolicy.of(by.website), now, client_deadline)
    sizes = {"pages": pages, "slides": slides}
    adjusted = form_of(order, {name: size for name, size in sizes.items() if size is not None})
    left = urgency_agreed(order) if client_deadline is None else client_deadline - now
    lines = pricing.price_lines(PricingPolicy.of(by.website, order.pricing_version), adjusted, left)
    adjustment = Adjustment.objects.of(by.website).create(
        order=order,
        proposed_by=side_of(by),
        pages=pages,
        slides=slides,
        client_deadline=client_deadline,
        difference_minor=pricing.total_minor(lines) - order.price_minor,
        proposed_at=now,
    )
    record("adjustment.propose", adjustment, by=by, after=adjustment.status, reason=reason, data=_facts(adjustment))
    return adjustment


def accept_adjustment(adjustment: Adjustment, *, by: Actor) -> Adjustment:
    """Staff accept what a client proposed: done at once where nothing is to be paid, else it waits for the client.

    Raises NotYourDecision, WrongState, also where the order can no longer be adjusted.
    """
    order = lock(adjustment.order)
    lock(adjustment)
    adjustment.order = order
    refuse_acceptance(adjustment, by)
    if adjustment.difference_minor > 0:
        return advance(adjustment, "agree", by=by, data=_facts(adjustment))
    return accept_paid(adjustment, order, by=by)


def refuse_acceptance(adjustment: Adjustment, by: Actor) -> None:
    """Asked before any money moves. The order is locked."""
    if refusal := adjustment.LIFECYCLE.refusal(adjustment, "accept", by):
        raise refusal
    if not adjustment.order.adjustable:
        raise WrongState(status=adjustment.order.status)


def decline_adjustment(adjustment: Adjustment, *, by: Actor, reason: str = "") -> Adjustment:
    """Either side ends a proposal: the other's, or its own."""
    return advance(adjustment, "decline", by=by, reason=reason)


def accept_paid(adjustment: Adjustment, order: Order, *, by: Actor) -> Adjustment:
    """The adjustment takes effect: sizes, deadline, price lines, the writer's pay in proportion; less is given back.

    Its order is locked, and what is to be paid is paid. Raises OrderStillWanted where less is to be given back of what
    is being applied.
    """
    adjustment.order = order
    refuse_acceptance(adjustment, by)
    difference = adjustment.difference_minor
    if difference < 0:
        steps.repaying(steps.Asked(order, by))
    advance(adjustment, "accept", by=by, data=_facts(adjustment))
    before = order.price_minor
    changes: dict[str, Any] = {"price_minor": before + difference}
    if adjustment.pages is not None:
        changes["pages"] = adjustment.pages
    if adjustment.slides is not None:
        changes["slides"] = adjustment.slides
    if adjustment.client_deadline is not None:
        changes |= move_client_deadline(order, adjustment.client_deadline)
    change(order, **changes)
    if difference:
        store_lines(order, [pricing.Line("adjustment", "adjustment", "Adjustment", 1, difference)], adjustment.pk)
        _adjust_pay(order, difference, before)
    if difference < 0:
        repay(order.website, order.reference, -difference, by=by, reason="Adjustment")
    return adjustment


def _adjust_pay(order: Order, difference_minor: int, price_before_minor: int) -> None:
    """Of the writer who has it, in proportion; of one to whom it is offered, as it will be at the start."""
    website = order.website_id
    assignment = Assignment.objects.of(website).filter(order=order, ended_at=None).first()
    if assignment is not None:
        assignment.pay_minor += share(assignment.pay_minor, difference_minor, price_before_minor)
        assignment.save(update_fields=["pay_minor"])
    offer = Offer.objects.of(website).filter(order=order, outcome="").select_related("writer__writer_profile").first()
    if offer is not None:
        level = WriterPolicy.of(website).level(offer.writer.writer_profile.level)
        offer.pay_minor = level.pay_minor(pages=order.pages, price_minor=order.price_minor)
        offer.save(update_fields=["pay_minor"])


def _facts(adjustment: Adjustment) -> dict[str, Any]:
    deadline = adjustment.client_deadline
    return details(
        adjustment_id=adjustment.pk,
        pages=adjustment.pages,
        slides=adjustment.slides,
        client_deadline=deadline.isoformat() if deadline else None,
        difference_minor=adjustment.difference_minor,
    )
