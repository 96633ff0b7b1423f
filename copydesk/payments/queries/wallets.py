"""What a member's own account holds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.money import to_decimal

BALANCE = "SELECT balance_minor FROM payments_ledgeraccount WHERE website_id = %s AND kind = 'wallet' AND owner_id = %s"
EARNED = """
SELECT coalesce((SELECT balance_minor FROM payments_ledgeraccount
                 WHERE website_id = %(website)s AND kind = 'earnings' AND owner_id = %(writer)s), 0),
       (SELECT coalesce(sum(amount_minor), 0)::bigint FROM payments_earning
        WHERE website_id = %(website)s AND writer_id = %(writer)s AND payable_at > %(now)s),
       h.held, h.held_past_window,
       s.in_payout, s.paid
FROM (
    SELECT coalesce(sum(e.amount_minor), 0)::bigint AS held,
           coalesce(sum(e.amount_minor) FILTER (WHERE e.payable_at <= %(now)s), 0)::bigint AS held_past_window
    FROM payments_earninghold h
    JOIN payments_earning e ON e.website_id = h.website_id AND e.reference_type = h.reference_type
                           AND e.reference_id = h.reference_id AND e.writer_id = %(writer)s
    WHERE h.website_id = %(website)s AND h.released_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM payments_payoutline l
        JOIN payments_payoutstatement s ON s.id = l.statement_id
        JOIN payments_payout p ON p.id = s.payout_id
        WHERE l.earning_id = e.id AND p.status <> 'cancelled'
    )
) h
CROSS JOIN (
    SELECT coalesce(sum(s.amount_minor) FILTER (WHERE p.status IN ('prepared', 'approved')), 0)::bigint AS in_payout,
           coalesce(sum(s.amount_minor) FILTER (WHERE p.status = 'paid'), 0)::bigint AS paid
    FROM payments_payoutstatement s JOIN payments_payout p ON p.id = s.payout_id
    WHERE s.website_id = %(website)s AND s.writer_id = %(writer)s
) s
"""
"""What is payable is what is left of the kept balance, so that nothing that was paid out long ago is read again."""


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A client has `balance` alone. A writer's `balance` = `pending` (in the dispute window, or held by a dispute) +
    `payable` + `in_payout`; `held` is that part of `pending` which a dispute holds; `paid` was paid out in all."""

    balance: Decimal
    currency: str
    pending: Decimal | None
    held: Decimal | None
    payable: Decimal | None
    in_payout: Decimal | None
    paid: Decimal | None


def wallet(actor: Actor) -> WalletRow:
    """One query."""
    currency = actor.website.currency
    if actor.role is not Role.WRITER:
        with connection.cursor() as cursor:
            cursor.execute(BALANCE, [actor.website.pk, actor.membership_id])
            balance_minor = next(iter(cursor.fetchone() or ()), 0)
        return WalletRow(to_decimal(balance_minor), currency, None, None, None, None, None)
    with connection.cursor() as cursor:
        cursor.execute(EARNED, {"website": actor.website.pk, "writer": actor.membership_id, "now": clock.now()})
        balance, in_window, held, held_past_window, in_payout, paid = cursor.fetchone()
    pending = in_window + held_past_window
    return WalletRow(
        balance=to_decimal(balance),
        currency=currency,
        pending=to_decimal(pending),
        held=to_decimal(held),
        payable=to_decimal(balance - pending - in_payout),
        in_payout=to_decimal(in_payout),
        paid=to_decimal(paid),
    )
