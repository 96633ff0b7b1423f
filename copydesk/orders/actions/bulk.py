"""Many orders at once, each through the action of its own endpoint."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from copydesk.accounts.actor import Actor
from copydesk.core import bulk
from copydesk.core.bulk import BulkReport, BulkResult
from copydesk.core.errors import Invalid
from copydesk.core.money import to_decimal
from copydesk.payments.actions import lock_accounts
from copydesk.writers.actions import lock_writers

from ..models import Assignment, Cause, Order
from ..queries.cancellation import Cancellation
from . import course, staffing

Mode = Literal["preview", "apply"]


class BulkAction(StrEnum):
    ASSIGN = "assign"
    REASSIGN = "reassign"
    HOLD = "hold"
    RESUME = "resume"
    EXTEND = "extend"
    CANCEL = "cancel"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class BulkCancellation:
    """What the cancellation of one order keeps and gives back."""

    id: int
    paid: Decimal
    forfeited: Decimal
    refunded: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class OrderBulkReport:
    """As of any bulk call; `cancellations`, of `cancel` alone: the figures of each order that it is applied to, in the
    order of the ids."""

    mode: Mode
    applied: int
    refused: int
    results: list[BulkResult]
    cancellations: list[BulkCancellation]


@dataclass(frozen=True, slots=True)
class Options:
    """What a bulk action takes beside ids and reason; of each action its own alone. `hours` move each order's own
    deadline; `expected_forfeits`, minor units by order, are the figures that the caller has seen."""

    writer_id: int | None = None
    offer: bool = False
    cause: Cause | None = None
    client_deadline: dt.datetime | None = None
    hours: int = 0
    excused_hours: int = 0
    expected_forfeits: Mapping[int, int] | None = None


def assign_orders(
    ids: Sequence[int], wanted: Mapping[int, int], *, by: Actor, mode: Mode, offer: bool = False, reason: str = ""
) -> BulkReport:
    """Each of `ids` to the writer that is `wanted` for it, as by `staffing.assign`: each start counts for the limits
    of the next. Raises Invalid where none of the writers is one."""
    rows = _locked(ids, by)
    _lock_writers(set(wanted.values()), by)
    return bulk.each(
        ids, rows, lambda row: staffing.assign(row, wanted[row.pk], by=by, offer=offer, reason=reason), mode
    )


def act_on_orders(
    ids: Sequence[int], action: BulkAction, options: Options, *, by: Actor, mode: Mode, reason: str = ""
) -> OrderBulkReport:
    """Each of `ids` through the action of that name. Raises Invalid for a writer that is none."""
    rows = _locked(ids, by)
    if options.writer_id is not None:
        _lock_writers({options.writer_id}, by)
    cancelled: dict[int, Cancellation] = {}
    if action is BulkAction.CANCEL:
        _lock_money(rows, by)

    def act(order: Order) -> object:
        if action is not BulkAction.CANCEL:
            return ACTS[action](order, options, by, reason)
        expected = (options.expected_forfeits or {}).get(order.pk)
        cancelled[order.pk] = course.cancel(
            order, by=by, reason=reason, cause=options.cause, expected_forfeit_minor=expected
        )
        return order

    report = bulk.each(ids, rows, act, mode)
    currency = by.website.currency
    figures = [_cancellation(pk, cancelled[pk], currency) for pk in ids if pk in cancelled]
    return OrderBulkReport(report.mode, report.applied, report.refused, report.results, figures)


def _extend(order: Order, options: Options, by: Actor, reason: str) -> Order:
    deadline = options.client_deadline
    if options.hours:
        deadline = order.client_deadline + dt.timedelta(hours=options.hours)
    return course.extend_deadline(
        order, by=by, reason=reason, client_deadline=deadline, excused_hours=options.excused_hours
    )


def _assign(order: Order, options: Options, by: Actor, reason: str) -> Order:
    assert options.writer_id is not None
    return staffing.assign(order, options.writer_id, by=by, offer=options.offer, reason=reason)


def _reassign(order: Order, options: Options, by: Actor, reason: str) -> Order:
    assert options.writer_id is not None
    return staffing.reassign(order, options.writer_id, by=by, cause=options.cause, reason=reason)


ACTS: Mapping[BulkAction, Callable[[Order, Options, Actor, str], Order]] = {
    BulkAction.ASSIGN: _assign,
    BulkAction.REASSIGN: _reassign,
    BulkAction.HOLD: lambda order, options, by, reason: course.hold(order, by=by, reason=reason),
    BulkAction.RESUME: lambda order, options, by, reason: course.resume(order, by=by, reason=reason),
    BulkAction.EXTEND: _extend,
    BulkAction.ARCHIVE: lambda order, options, by, reason: course.archive(order, by=by, reason=reason),
}


def _locked(ids: Sequence[int], by: Actor) -> dict[int, Order]:
    """By id, in the order of their ids, so that of two such calls one waits for the other."""
    return {row.pk: row for row in Order.objects.visible_to(by).filter(pk__in=ids).order_by("pk").lock()}


def _lock_writers(wanted: set[int], by: Actor) -> None:
    """After the orders, as the single actions do."""
    if not lock_writers(by.website, wanted):
        raise Invalid({"writer_id": f"No such writer: {', '.join(map(str, sorted(wanted)))}."}, "not_found")


def _lock_money(rows: Mapping[int, Order], by: Actor) -> None:
    """Of whom cancellations pay: two calls whose orders differ may meet in a wallet, or in a writer's earnings."""
    started = Assignment.objects.of(by.website).filter(order__in=rows, ended_at=None)
    writers = set(started.values_list("writer_id", flat=True))
    lock_accounts(by.website, writers=writers, clients={row.client_id for row in rows.values()})


def _cancellation(pk: int, figures: Cancellation, currency: str) -> BulkCancellation:
    return BulkCancellation(
        id=pk,
        paid=to_decimal(figures.captured_minor),
        forfeited=to_decimal(figures.forfeited_minor),
        refunded=to_decimal(figures.refunded_minor),
        currency=currency,
    )
