"""What is open: to decide, to forward, or waiting for a side; and whose time is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.orders.models import Order
from copydesk.payments.models import ChargeStatus, RepaymentStatus
from copydesk.payments.models.charges import REPAYABLE
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.sql import holds, select, words

from ..models import DisputeQuerySet, DisputeStatus, Party
from .rows import CHOSEN, COLUMNS, JOINS, DisputeRow, dispute_row

S = DisputeStatus
IS_OVERDUE = "(due_at <= %(now)s OR reminders > 0)"
"""The time of whoever's turn it is has passed; staff's also where they were reminded."""
TABS = {
    "needs_decision": f"status = '{S.UNDER_REVIEW}'",
    "to_forward": f"status = '{S.OPEN}'",
    "awaiting_client": f"status = '{S.AWAITING_CLIENT}'",
    "awaiting_writer": f"status = '{S.AWAITING_WRITER}'",
    "overdue": IS_OVERDUE,
    "all": "true",
}
REFUNDABLE = f"""(
    c.amount_minor - c.repaid_minor + (
        SELECT coalesce(sum(p.amount_minor), 0) FROM payments_repayment p
        WHERE p.website_id = c.website_id AND p.charge_id = c.id AND p.status = '{RepaymentStatus.PLANNED}'
    )
)"""  # noqa: S608 — put together from constants
"""Of a charge `c`. What refunds claim that wait for their decision is free again when the dispute is decided."""
MANAGED = f"""
SELECT {COLUMNS}, u.full_name, ob.full_name, rb.full_name, m.paid, m.refundable,
       (
           SELECT a.pay_minor FROM orders_assignment a
           WHERE a.website_id = d.website_id AND a.order_id = d.order_id AND a.writer_id = d.writer_id
           ORDER BY a.started_at DESC, a.id DESC LIMIT 1
       ),
       ARRAY(
           SELECT count(s.id) FROM unnest(ARRAY['{Party.CLIENT}', '{Party.WRITER}', '{Party.STAFF}']) side
           LEFT JOIN disputes_statement s
               ON s.website_id = d.website_id AND s.dispute_id = d.id AND s.side = side.side
           GROUP BY side.side ORDER BY side.side
       )
{JOINS}
JOIN accounts_user u ON u.id = c.user_id
LEFT JOIN accounts_membership om ON om.website_id = d.website_id AND om.id = d.opened_by_id
LEFT JOIN accounts_user ob ON ob.id = om.user_id
LEFT JOIN accounts_membership rm ON rm.website_id = d.website_id AND rm.id = d.resolved_by_id
LEFT JOIN accounts_user rb ON rb.id = rm.user_id
CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount_minor), 0)::bigint AS paid,
           coalesce(sum({REFUNDABLE}), 0)::bigint AS refundable
    FROM payments_charge c
    WHERE website_id = d.website_id AND reference_type = '{Order.noun}' AND reference_id = d.order_id
      AND status = '{ChargeStatus.CAPTURED}' AND purpose IN ({words(REPAYABLE)})
) m
{CHOSEN}
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class SidesSaid:
    """How many statements each side has made."""

    client: int
    writer: int
    staff: int


@dataclass(frozen=True, slots=True)
class ManagedDispute:
    """For who decides. `paid` was captured for the order, of which `refundable` may go back; `agreed_pay` is the
    writer's. `opened_by` and `resolved_by` are names, null for a superadmin, `resolved_by` also until it is resolved.
    `is_overdue`: the time of whoever's turn it is has passed, staff's also where they were reminded."""

    dispute: DisputeRow
    client_name: str
    opened_by: str | None
    resolved_by: str | None
    paid: Decimal
    refundable: Decimal
    agreed_pay: Decimal
    said: SidesSaid
    is_overdue: bool


def queue_tabs(now: dt.datetime) -> Mapping[str, Tab]:
    """Of those that are open, few on every website."""
    return {name: Tab(holds(condition, now=now)) for name, condition in TABS.items()}


def pending(rows: DisputeQuerySet) -> DisputeQuerySet:
    """Those of `rows` that are open, by their due time."""
    return rows.active().order_by("due_at")


def managed_rows(actor: Actor, ids: Sequence[int]) -> list[ManagedDispute]:
    """One query: disputes, their people, their orders' money."""
    assert actor.is_staff
    now = clock.now()
    known: dict[int, ManagedDispute] = {}
    for *row, client, opened_by, resolved_by, paid, refundable, pay, said in select(
        MANAGED, website=actor.website.pk, ids=list(ids)
    ):
        by_client, by_staff, by_writer = said
        dispute = dispute_row(actor, row, now)
        known[dispute.id] = ManagedDispute(
            dispute=dispute,
            client_name=client,
            opened_by=opened_by,
            resolved_by=resolved_by,
            paid=to_decimal(paid),
            refundable=to_decimal(refundable),
            agreed_pay=to_decimal(pay),
            said=SidesSaid(by_client, by_writer, by_staff),
            is_overdue=dispute.due_at is not None and (dispute.due_at <= now or dispute.reminders > 0),
        )
    return [known[pk] for pk in ids]
