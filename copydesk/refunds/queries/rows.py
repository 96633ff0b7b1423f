"""Refunds as their client and staff see them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.lifecycle import AvailableAction
from copydesk.core.money import to_decimal
from copydesk.orders.models import Order
from copydesk.orders.models import Status as OrderStatus
from copydesk.payments.models import ChargeStatus, Destination, Method, RepaymentStatus
from copydesk.payments.models.charges import REPAYABLE
from copydesk.tenancy.sql import select, words

from ..models import OPEN, Ground, Refund, RefundDestination, RefundStatus

HOUR = dt.timedelta(hours=1)
REFUNDS = f"""
SELECT r.id, r.status, r.amount_minor, r.currency, r.destination, r.ground, r.reason, r.decision, r.requested_by_id,
       r.requested_role, r.needs_another_person, r.receipt_number, r.requested_at, r.consented_at, r.approved_at,
       r.rejected_at, r.executed_at, r.succeeded_at, r.failed_at, r.cancelled_at,
       r.order_id, o.number, o.topic, o.status, r.client_id, c.number, cu.full_name, ru.full_name, du.full_name,
       ARRAY(
           SELECT json_build_array(p.charge_id, h.method, p.destination, p.amount_minor, p.status, p.code)
           FROM refunds_refundpart l
           JOIN payments_repayment p ON p.id = l.repayment_id
           JOIN payments_charge h ON h.id = p.charge_id
           WHERE l.refund_id = r.id ORDER BY p.charge_id
       ),
       m.captured, m.repaid
FROM refunds_refund r
JOIN orders_order o ON o.website_id = r.website_id AND o.id = r.order_id
JOIN accounts_membership c ON c.website_id = r.website_id AND c.id = r.client_id
JOIN accounts_user cu ON cu.id = c.user_id
LEFT JOIN accounts_user ru ON ru.id = r.requested_by_id
LEFT JOIN accounts_user du ON du.id = r.decided_by_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor), 0)::bigint AS captured, coalesce(sum(repaid_minor), 0)::bigint AS repaid
    FROM payments_charge
    WHERE website_id = r.website_id AND reference_type = '{Order.noun}' AND reference_id = r.order_id
      AND status = '{ChargeStatus.CAPTURED}' AND purpose IN ({words(REPAYABLE)})
) m
WHERE r.website_id = %(website)s AND r.id = ANY(%(ids)s::bigint[])
"""  # noqa: S608 — put together from constants
"""The columns of _Refund."""


@dataclass(frozen=True, slots=True)
class RefundSource:
    """What goes back of one charge, and where to. `code`: the provider's, of one that failed; staff's alone."""

    charge_id: int
    method: Method
    destination: Destination
    amount: Decimal
    status: RepaymentStatus
    code: str


@dataclass(frozen=True, slots=True)
class RefundRow:
    """`amount` is the sum of its `sources`. `decision`: the reason of who rejected or cancelled it. `consent_missing`:
    it is to go to the wallet, and the client has not agreed. `executed_at` is of the last try; `receipt_number` is
    there once it has succeeded. To the client it is executing until it has."""

    id: int
    order_id: int
    order_number: int
    amount: Decimal
    currency: str
    destination: RefundDestination
    ground: Ground
    reason: str
    status: RefundStatus
    decision: str
    requested_role: str
    consent_missing: bool
    receipt_number: int | None
    sources: list[RefundSource]
    requested_at: dt.datetime
    consented_at: dt.datetime | None
    approved_at: dt.datetime | None
    rejected_at: dt.datetime | None
    executed_at: dt.datetime | None
    succeeded_at: dt.datetime | None
    failed_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    available_actions: list[AvailableAction]


@dataclass(frozen=True, slots=True)
class ManagedRefund:
    """For who decides. `captured` was paid for the order, of which `given_back` is given back, on its way or claimed by
    requests, this one with them. `needs_another_person`: above the cap, who asked for it does not approve it.
    `requested_by` and `decided_by` are names, null where the clock or nobody did. `waiting_hours` since it was asked
    for, null where nothing is to be done."""

    refund: RefundRow
    client_id: int
    client: str
    client_name: str
    order_topic: str
    order_status: OrderStatus
    captured: Decimal
    given_back: Decimal
    needs_another_person: bool
    requested_by: str | None
    decided_by: str | None
    waiting_hours: float | None


def refund_rows(actor: Actor, ids: Sequence[int]) -> list[RefundRow]:
    """One query: refunds, their orders and sources."""
    return [row.refund for row in managed_rows(actor, ids)]


def refund_row(actor: Actor, refund: Refund) -> RefundRow:
    return refund_rows(actor, [refund.pk])[0]


def managed_rows(actor: Actor, ids: Sequence[int]) -> list[ManagedRefund]:
    """One query, as refund_rows."""
    now, found = clock.now(), select(REFUNDS, website=actor.website.pk, ids=list(ids))
    known = {row[0]: _managed(actor, _Refund(*row), now) for row in found}
    return [known[pk] for pk in ids]


class _OfOrder(NamedTuple):
    status: str


class _Refund(NamedTuple):
    """As its LIFECYCLE asks for it, and what stands around it."""

    id: int
    status: str
    amount_minor: int
    currency: str
    destination: str
    ground: str
    reason: str
    decision: str
    requested_by_id: int | None
    requested_role: str
    needs_another_person: bool
    receipt_number: int | None
    requested_at: dt.datetime
    consented_at: dt.datetime | None
    approved_at: dt.datetime | None
    rejected_at: dt.datetime | None
    executed_at: dt.datetime | None
    succeeded_at: dt.datetime | None
    failed_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    order_id: int
    order_number: int
    topic: str
    order_status: str
    client_id: int
    client_number: int
    client_name: str
    requested_by: str | None
    decided_by: str | None
    sources: Sequence[Sequence[Any]]
    captured_minor: int
    repaid_minor: int

    @property
    def is_partly_through(self) -> bool:
        return any(source[4] == RepaymentStatus.SUCCEEDED for source in self.sources)

    @property
    def order(self) -> _OfOrder:
        return _OfOrder(self.order_status)


def _managed(actor: Actor, row: _Refund, now: dt.datetime) -> ManagedRefund:
    return ManagedRefund(
        refund=_row(actor, row),
        client_id=row.client_id,
        client=f"Client {row.client_number}",
        client_name=row.client_name,
        order_topic=row.topic,
        order_status=OrderStatus(row.order_status),
        captured=to_decimal(row.captured_minor),
        given_back=to_decimal(row.repaid_minor),
        needs_another_person=row.needs_another_person,
        requested_by=row.requested_by,
        decided_by=row.decided_by,
        waiting_hours=round((now - row.requested_at) / HOUR, 2) if row.status in OPEN else None,
    )


def _row(actor: Actor, row: _Refund) -> RefundRow:
    if not actor.is_staff:
        status = RefundStatus.EXECUTING if row.status == RefundStatus.FAILED else row.status
        row = row._replace(status=status, failed_at=None)
    return RefundRow(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        amount=to_decimal(row.amount_minor),
        currency=row.currency,
        destination=RefundDestination(row.destination),
        ground=Ground(row.ground),
        reason=row.reason,
        status=RefundStatus(row.status),
        decision=row.decision if actor.is_staff or row.rejected_at or row.cancelled_at else "",
        requested_role=row.requested_role,
        consent_missing=row.destination == RefundDestination.WALLET and row.consented_at is None,
        receipt_number=row.receipt_number,
        sources=[_source(actor, row.status, *one) for one in row.sources],
        requested_at=row.requested_at,
        consented_at=row.consented_at,
        approved_at=row.approved_at,
        rejected_at=row.rejected_at,
        executed_at=row.executed_at,
        succeeded_at=row.succeeded_at,
        failed_at=row.failed_at,
        cancelled_at=row.cancelled_at,
        available_actions=Refund.LIFECYCLE.available(row, actor),
    )


def _source(
    actor: Actor, of: str, charge_id: int, method: str, destination: str, amount_minor: int, status: str, code: str
) -> RefundSource:
    if status == RepaymentStatus.FAILED and not actor.is_staff:
        status = of
    return RefundSource(
        charge_id=charge_id,
        method=Method(method),
        destination=Destination(destination),
        amount=to_decimal(amount_minor),
        status=RepaymentStatus(status),
        code=code if actor.is_staff else "",
    )
