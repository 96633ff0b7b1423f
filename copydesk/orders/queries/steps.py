"""What stands in the way of a step beyond what the order's own row says: asked by the actions, and for the list of what
a caller may do. Each raises its refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Invalid, Refusal
from copydesk.core.lifecycle import AvailableAction
from copydesk.payments.errors import ChargePending
from copydesk.payments.models import Charge, ChargeStatus
from copydesk.tenancy.policies import in_force
from copydesk.writers.policies import Level, WriterPolicy

from .. import errors
from ..models import Adjustment, Order
from ..policies import OrderPolicy
from . import match
from .around import Around, around

A = TypeVar("A")

BINDING = frozenset({"suspended", "on_leave", "blocked_by_client"})
"""Exclusions that staff cannot override with a reason."""


class Asked:
    """One caller's question about one order: what the answer needs is read when it is needed, and once."""

    def __init__(self, order: Order, by: Actor) -> None:
        self.order, self.by = order, by

    @cached_property
    def around(self) -> Around:
        return around(self.order, self.by)

    @cached_property
    def policies(self) -> tuple[OrderPolicy, WriterPolicy]:
        return in_force(self.by.website, OrderPolicy, WriterPolicy)

    @cached_property
    def writer(self) -> list[match.Facts]:
        """The calling writer, where it was ever admitted."""
        assert self.by.membership_id is not None
        return match.facts(self.order, [self.by.membership_id])


def available_actions(asked: Asked) -> list[AvailableAction]:
    """The lifecycle's, with what stands in their way. Three queries at most."""
    return [_checked(step, CHECKS, asked) for step in asked.order.LIFECYCLE.available(asked.order, asked.by)]


def admission(order: Order, writer_id: int, *, beyond_limits: bool = False) -> Level:
    """The writer's level, if it may have the order. `beyond_limits`: staff gave a reason; BINDING exclusions hold.

    Two queries. Raises Invalid for an unknown writer, else WriterExcluded with the gravest code.
    """
    found = match.facts(order, [writer_id])
    return _admitted(order, found, WriterPolicy.of(order.website_id), beyond_limits=beyond_limits)


def taking(asked: Asked) -> Level:
    policy, levels = asked.policies
    level = _admitted(asked.order, asked.writer, levels)
    if not (policy.takes_allowed and level.can_take):
        raise errors.TakesNotAllowed()
    _refuse_past_deadline(asked.order)
    return level


def asking(asked: Asked) -> Level:
    _refuse_past_deadline(asked.order)
    level = _admitted(asked.order, asked.writer, asked.policies[1])
    (writer,) = asked.writer
    if writer.has_requested:
        raise errors.AlreadyRequested
    if writer.open_requests >= level.max_open_requests:
        raise errors.TooManyRequests(limit=level.max_open_requests)
    return level


def accepting(asked: Asked) -> Level:
    beyond_limits = asked.around.offer_beyond_limits
    level = _admitted(asked.order, asked.writer, asked.policies[1], beyond_limits=beyond_limits)
    _refuse_past_deadline(asked.order)
    return level


def submitting(asked: Asked) -> None:
    if not asked.around.has_work:
        raise errors.NoFile()


def paying(asked: Asked) -> None:
    """Money for it is on its way, or here and not yet applied: read in one statement, because another request may
    capture it between two."""
    if asked.around.undecided_charge_id is not None:
        raise ChargePending(charge_id=asked.around.undecided_charge_id)
    if asked.around.charge_stands:
        raise errors.OrderStillWanted("It is being paid just now.")


def paying_difference(charge: Charge | None) -> None:
    """As `paying`, of an adjustment, whose charge is given."""
    if charge is not None and charge.undecided:
        raise ChargePending(charge_id=charge.pk)
    if charge is not None and charge.status == ChargeStatus.CAPTURED and charge.refundable_minor:
        raise errors.OrderStillWanted("It is being paid just now.")


def while_unpaid(asked: Asked) -> None:
    """Not while a charge for it is undecided, or was captured and has not reached it yet."""
    if asked.around.charge_stands:
        raise errors.OrderStillWanted()


def overruling(asked: Asked) -> None:
    """Staff decide about the work itself; an editor by the review that its task ends with."""
    if asked.by.role is Role.EDITOR:
        raise errors.DecidedByTask()


def cancelling(asked: Asked) -> None:
    if asked.around.undecided_charge_id is not None:
        raise errors.OrderStillWanted()
    repaying(asked)
    if asked.around.refund_planned:
        raise errors.RefundOpen()


def repaying(asked: Asked) -> None:
    """Not while money that was captured has not reached it: what is kept or claimed of it might be diverted."""
    if asked.around.capture_waits:
        raise errors.OrderStillWanted("A payment for it is being applied just now.")


def adjusting(asked: Asked) -> None:
    if asked.around.adjustment_open:
        raise errors.AdjustmentOpen()


CHECKS: Mapping[str, Callable[[Asked], object]] = {
    "pay": paying,
    "take": taking,
    "request": asking,
    "accept": accepting,
    "submit": submitting,
    "edit_brief": while_unpaid,
    "return": overruling,
    "pass": overruling,
    "cancel": cancelling,
    "adjust": adjusting,
}


def adjustment_actions(adjustment: Adjustment, by: Actor) -> list[AvailableAction]:
    """Reads the adjustment's charge, where it has one that was not selected."""
    checks = {"accept": lambda row: paying_difference(row.charge)}
    return [_checked(step, checks, adjustment) for step in adjustment.LIFECYCLE.available(adjustment, by)]


def _checked(step: AvailableAction, checks: Mapping[str, Callable[[A], object]], asked: A) -> AvailableAction:
    if step.allowed and (check := checks.get(step.action)):
        try:
            check(asked)
        except Refusal as refusal:
            return replace(step, allowed=False, code=refusal.code, message=refusal.detail)
    return step


def _admitted(
    order: Order, found: Sequence[match.Facts], levels: WriterPolicy, *, beyond_limits: bool = False
) -> Level:
    if not found:
        raise Invalid({"writer_id": "No such writer."}, "not_found")
    excluded = match.exclusions(order.level_rank, found[0], levels)
    if beyond_limits:
        excluded = [code for code in excluded if code in BINDING]
    if excluded:
        raise errors.WriterExcluded(reason=excluded[0], reasons=excluded)
    return levels.level(found[0].level)


def _refuse_past_deadline(order: Order) -> None:
    if order.client_deadline <= clock.now():
        raise errors.DeadlinePassed()
