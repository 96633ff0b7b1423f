"""What stands around one order beyond its row: its detail shows it, and what may be done hangs on it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.payments.models.charges import REPAYABLE, UNDECIDED, ChargeStatus, RepaymentStatus
from copydesk.tenancy.sql import select, words
from copydesk.threads.queries import UNREAD

from ..models import DELIVERED_KINDS, Order
from ..models.pricing import OPEN_ADJUSTMENTS, AdjustmentStatus
from .messages import takes_part
from .pricing import Line

PAY = """coalesce(
    (
        SELECT f.pay_minor FROM orders_offer f
        WHERE f.website_id = %(website)s AND f.order_id = {order} AND f.outcome = ''
          AND (NOT %(own)s OR f.writer_id = %(member)s)
    ),
    (
        SELECT a.pay_minor FROM orders_assignment a
        WHERE a.website_id = %(website)s AND a.order_id = {order} AND (NOT %(own)s OR a.writer_id = %(member)s)
        ORDER BY a.started_at DESC, a.id DESC LIMIT 1
    )
)"""
"""Of the open offer, else of the present or last assignment; a writer's own alone."""
PAYS = f"""
SELECT id, pay FROM (SELECT id, {PAY.format(order="o.id")} AS pay FROM unnest(%(ids)s::bigint[]) o(id)) p
WHERE pay IS NOT NULL
"""  # noqa: S608 — put together from constants
AROUND = f"""
WITH charge AS (
    SELECT id, status, amount_minor, repaid_minor, status IN ({words(UNDECIDED)}) AS undecided,
           CASE WHEN status = '{ChargeStatus.CAPTURED}' AND purpose IN ({words(REPAYABLE)}) THEN 1 END AS repayable
    FROM payments_charge
    WHERE website_id = %(website)s AND reference_type = '{Order.noun}' AND reference_id = %(order)s
)
SELECT
    ARRAY(
        SELECT json_build_array(kind, code, label, quantity, amount_minor) FROM orders_priceline
        WHERE website_id = %(website)s AND order_id = %(order)s ORDER BY position
    ),
    CASE WHEN %(pay)s THEN {PAY.format(order="%(order)s")} END,
    CASE WHEN %(reads)s THEN (SELECT count(*) {UNREAD} AND t.root_id = %(order)s) ELSE 0 END,
    coalesce(
        (
            SELECT excused FROM orders_round
            WHERE website_id = %(website)s AND order_id = %(order)s ORDER BY number DESC LIMIT 1
        ),
        interval '0'
    ),
    (SELECT coalesce(sum(amount_minor * repayable), 0)::bigint FROM charge),
    (SELECT coalesce(sum(repaid_minor * repayable), 0)::bigint FROM charge),
    (SELECT id FROM charge WHERE undecided LIMIT 1),
    EXISTS (
        SELECT FROM charge WHERE undecided OR (status = '{ChargeStatus.CAPTURED}' AND repaid_minor < amount_minor)
    ),
    EXISTS (
        SELECT FROM charge c WHERE repayable = 1 AND repaid_minor < amount_minor
          AND c.id IS DISTINCT FROM (
              SELECT charge_id FROM orders_order WHERE website_id = %(website)s AND id = %(order)s
          )
          AND NOT EXISTS (
              SELECT FROM orders_adjustment a
              WHERE a.website_id = %(website)s AND a.charge_id = c.id AND a.status = '{AdjustmentStatus.ACCEPTED}'
          )
    ),
    EXISTS (
        SELECT FROM payments_repayment p JOIN charge c ON c.id = p.charge_id
        WHERE p.website_id = %(website)s AND p.status = '{RepaymentStatus.PLANNED}'
    ),
    EXISTS (
        SELECT FROM orders_adjustment
        WHERE website_id = %(website)s AND order_id = %(order)s AND status IN ({words(OPEN_ADJUSTMENTS)})
    ),
    EXISTS (
        SELECT FROM orders_offer
        WHERE website_id = %(website)s AND order_id = %(order)s AND outcome = '' AND beyond_limits
    ),
    EXISTS (
        SELECT FROM orders_orderfile f JOIN orders_round r ON r.website_id = f.website_id AND r.id = f.round_id
        WHERE f.website_id = %(website)s AND f.order_id = %(order)s AND f.kind IN ({words(DELIVERED_KINDS)})
          AND r.submitted_at IS NULL AND r.closed_at IS NULL
    )
"""  # noqa: S608 — put together from constants
"""The columns of Around, in one statement."""


@dataclass(frozen=True, slots=True)
class Around:
    """`pay_minor` as `pays()` gives it. `undecided_charge_id`: a charge for the order whose outcome is not known yet;
    `charge_stands`: there is one, or one that was captured and not given back whole. `capture_waits`: one that was
    captured has not reached the order yet. `refund_planned`: a refund
    was asked for and is not decided. `has_work`: the open round holds a file that can be delivered."""

    lines: list[Line]
    pay_minor: int | None
    unread_messages: int
    excused: dt.timedelta
    captured_minor: int
    repaid_minor: int
    undecided_charge_id: int | None
    charge_stands: bool
    capture_waits: bool
    refund_planned: bool
    adjustment_open: bool
    offer_beyond_limits: bool
    has_work: bool


def around(order: Order, by: Actor) -> Around:
    """One query."""
    values = {
        "website": order.website_id,
        "order": order.pk,
        "root_type": Order.noun,
        "member": by.membership_id,
        "pay": _sees_pay(by),
        "own": by.role is Role.WRITER,
        "reads": by.membership_id is not None and takes_part(by, order),
    }
    ((lines, *others),) = select(AROUND, **values)
    return Around([Line(*line) for line in lines], *others)


def pays(actor: Actor, orders: Sequence[Order]) -> dict[int, int]:
    """By order, in minor units: of the open offer, else of the present or last assignment. One query at most.

    A writer's own only; none for clients, editors and support.
    """
    if not orders or not _sees_pay(actor):
        return {}
    values = {"website": actor.website.pk, "member": actor.membership_id, "own": actor.role is Role.WRITER}
    found: Any = select(PAYS, ids=[order.pk for order in orders], **values)
    return dict(found)


def _sees_pay(actor: Actor) -> bool:
    """Support decides about bids, which it reads for that; what a writer is paid is the admin's business."""
    return actor.role in (Role.WRITER, Role.ADMIN, Role.SUPERADMIN)
