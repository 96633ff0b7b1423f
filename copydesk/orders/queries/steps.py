"""What stands in the way of a step beyond what the order's own row says: asked by the actions, and for the list of what
a caller may do. Each raises its refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid, Refusal
from copydesk.core.lifecycle import AvailableAction
from copydesk.payments.models import Charge
from copydesk.writers.policies import Level, WriterPolicy

from .. import errors
from ..models import DELIVERED_KINDS, Adjustment, Offer, Order, OrderFile, Request
from ..policies import OrderPolicy
from . import match

BINDING = frozenset({"suspended", "on_leave", "blocked_by_client"})
"""Exclusions that staff cannot override with a reason."""


def available_actions(order: Order, by: Actor) -> list[AvailableAction]:
    """The lifecycle's, with what stands in their way. A query or two for each that has a check; for a writer four."""
    return [_checked(order, by, step) for step in order.LIFECYCLE.available(order, by)]


def admission(order: Order, writer_id: int, *, beyond_limits: bool = False) -> Level:
    """The writer's level, if it may have the order. `beyond_limits`: staff gave a reason; BINDING exclusions hold.

    Two queries. Raises Invalid for an unknown writer, else WriterExcluded with the gravest code.
    """
    found = match.facts(order, [writer_id])
    if not found:
        raise Invalid({"writer_id": "No such writer."}, "not_found")
    policy = WriterPolicy.of(order.website_id)
    excluded = match.exclusions(order, found[0], policy)
    if beyond_limits:
        excluded = [code for code in excluded if code in BINDING]
    if excluded:
        raise errors.WriterExcluded(reason=excluded[0], reasons=excluded)
    return policy.level(found[0].level)


def taking(order: Order, by: Actor) -> Level:
    level = admission(order, _own(by))
    if not (OrderPolicy.of(by.website).takes_allowed and level.can_take):
        raise errors.TakesNotAllowed()
    _refuse_past_deadline(order)
    return level


def asking(order: Order, by: Actor) -> Level:
    _refuse_past_deadline(order)
    level = admission(order, _own(by))
    own = Request.objects.of(by.website).filter(writer_id=by.membership_id).open()
    if own.filter(order=order).exists():
        raise errors.AlreadyRequested
    if own.count() >= level.max_open_requests:
        raise errors.TooManyRequests(limit=level.max_open_requests)
    return level


def accepting(order: Order, by: Actor) -> Level:
    offer = Offer.objects.of(by.website).get(order=order, outcome="")
    level = admission(order, offer.writer_id, beyond_limits=offer.beyond_limits)
    _refuse_past_deadline(order)
    return level


def submitting(order: Order, by: Actor) -> None:
    files = OrderFile.objects.of(by.website).filter(order=order, kind__in=DELIVERED_KINDS)
    if not files.filter(round__submitted_at=None, round__closed_at=None).exists():
        raise errors.NoFile()


def while_unpaid(order: Order, by: Actor) -> None:
    """Not while a charge for it is undecided, or was captured and has not reached it yet."""
    if Charge.objects.of(by.website).about(order.reference).standing().exists():
        raise errors.OrderStillWanted()


def cancelling(order: Order, by: Actor) -> None:
    if Charge.objects.of(by.website).about(order.reference).undecided().exists():
        raise errors.OrderStillWanted()


def adjusting(order: Order, by: Actor) -> None:
    if Adjustment.objects.of(by.website).filter(order=order).open().exists():
        raise errors.AdjustmentOpen()


CHECKS: Mapping[str, Callable[[Order, Actor], object]] = {
    "take": taking,
    "request": asking,
    "accept": accepting,
    "submit": submitting,
    "edit_brief": while_unpaid,
    "cancel": cancelling,
    "adjust": adjusting,
}


def _checked(order: Order, by: Actor, step: AvailableAction) -> AvailableAction:
    if step.allowed and (check := CHECKS.get(step.action)):
        try:
            check(order, by)
        except Refusal as refusal:
            return replace(step, allowed=False, code=refusal.code, message=refusal.detail)
    return step


def _own(by: Actor) -> int:
    assert by.membership_id is not None
    return by.membership_id


def _refuse_past_deadline(order: Order) -> None:
    if order.client_deadline <= clock.now():
        raise errors.DeadlinePassed()
