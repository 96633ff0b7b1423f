"""What a member's own account holds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.payments.models import AccountKind, LedgerAccount

EARNED = """
SELECT coalesce(sum(e.amount_minor) FILTER (WHERE p.status IS NULL AND NOT w.over), 0)::bigint,
       coalesce(sum(e.amount_minor) FILTER (WHERE p.status IS NULL AND w.over), 0)::bigint,
       coalesce(sum(e.amount_minor) FILTER (WHERE p.status IN ('prepared', 'approved')), 0)::bigint,
       coalesce(sum(e.amount_minor) FILTER (WHERE p.status = 'paid'), 0)::bigint
FROM payments_earning e
LEFT JOIN LATERAL (
    SELECT p.status
    FROM payments_payoutline l
    JOIN payments_payoutstatement s ON s.id = l.statement_id
    JOIN payments_payout p ON p.id = s.payout_id
    WHERE l.earning_id = e.id AND p.status <> 'cancelled'
) p ON true
CROSS JOIN LATERAL (
    SELECT e.payable_at <= %(now)s AND NOT EXISTS (
        SELECT 1 FROM payments_earninghold h
        WHERE h.website_id = e.website_id AND h.reference_type = e.reference_type
          AND h.reference_id = e.reference_id AND h.released_at IS NULL
    ) AS over
) w
WHERE e.website_id = %(website)s AND e.writer_id = %(writer)s
"""


@dataclass(frozen=True, slots=True)
class WalletRow:
    """A client has `balance` alone. A writer's `balance` = `pending` (in the dispute window, or held by a dispute) +
    `payable` + `in_payout`; `paid` is what was paid out in all."""

    balance: Decimal
    currency: str
    pending: Decimal | None
    payable: Decimal | None
    in_payout: Decimal | None
    paid: Decimal | None


def wallet(actor: Actor) -> WalletRow:
    """One query for a client, two for a writer."""
    writes = actor.role is Role.WRITER
    kind = AccountKind.EARNINGS if writes else AccountKind.WALLET
    account = LedgerAccount.objects.of(actor.website).filter(kind=kind, owner_id=actor.membership_id).first()
    balance = to_decimal((account and account.balance_minor) or 0)
    currency = actor.website.currency
    if not writes:
        return WalletRow(balance, currency, None, None, None, None)
    with connection.cursor() as cursor:
        cursor.execute(EARNED, {"website": actor.website.pk, "writer": actor.membership_id, "now": clock.now()})
        pending, payable, in_payout, paid = (to_decimal(minor) for minor in cursor.fetchone())
    return WalletRow(balance, currency, pending, payable, in_payout, paid)
