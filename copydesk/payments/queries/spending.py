"""What a client's money was spent on, and how its wallet was filled."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.core.money import to_decimal
from copydesk.core.numbers import ComparedMoney, compared_money
from copydesk.core.period import Period, ReportPeriod
from copydesk.payments.models import Charge, Purpose

from .charges import ChargeRow, charge_rows
from .ledger import EntryRow, entries, entry_rows
from .wallets import wallet

NEWEST = 10
SPENT_ON = (Purpose.ORDER, Purpose.ADJUSTMENT, Purpose.TIP)

CAPTURED = """
SELECT c.purpose, c.reference_type, c.reference_id, t.at,
       CASE t.purpose WHEN 'capture' THEN c.amount_minor ELSE -r.amount_minor END AS amount_minor
FROM payments_charge c
JOIN payments_transfer t ON t.charge_id = c.id AND t.purpose IN ('capture', 'repayment')
LEFT JOIN payments_repayment r ON t.purpose = 'repayment' AND r.id = t.subject_id
WHERE c.website_id = %(website)s AND c.payer_id = %(client)s
"""
"""What was captured of a client's money and what was given back, negative, when the ledger posted it. Read from the
client's charges: through the accounts it would be a walk over all of the website's sales."""

SPENT = f"{CAPTURED} AND c.purpose <> 'top_up'"
"""A client's spending, tips with it. A top-up is none: it is spent when the wallet pays."""

BY_PURPOSE = f"""
SELECT purpose,
       coalesce(sum(amount_minor) FILTER (WHERE now AND amount_minor > 0), 0)::bigint,
       coalesce(-sum(amount_minor) FILTER (WHERE now AND amount_minor < 0), 0)::bigint,
       coalesce(sum(amount_minor) FILTER (WHERE before), 0)::bigint,
       count(*) FILTER (WHERE now)
FROM ({CAPTURED}) moved CROSS JOIN LATERAL (
    SELECT at >= %(since)s AND at < %(until)s AS now,
           at >= %(base_since)s::timestamptz AND at < %(base_until)s::timestamptz AS before
) w
GROUP BY purpose
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class SpendingRow:
    """`net` = `paid` - `returned`, each by its posting date in the period."""

    purpose: str
    paid: Decimal
    returned: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class TopUps:
    """`count` and `amount` of the period's; `recent` are the newest of all, also those that failed."""

    count: int
    amount: ComparedMoney
    recent: list[ChargeRow]


@dataclass(frozen=True, slots=True)
class ClientWallet:
    """`entries` are the newest lines of the wallet, wallet/entries/ has them all; `balance` is the sum of all.

    `spent` is the sum of `net` in `spending`: from the wallet and by card.
    """

    period: ReportPeriod
    balance: Decimal
    currency: str
    entries: list[EntryRow]
    top_ups: TopUps
    spending: list[SpendingRow]
    spent: ComparedMoney


def of_client(actor: Actor, period: Period) -> dict[str, Any]:
    """The parameters of a statement about a client's period and what that is compared with."""
    base = period.baseline
    return {
        "website": actor.website.pk,
        "client": actor.membership_id,
        "since": period.since,
        "until": period.until,
        "base_since": base and base.since,
        "base_until": base and base.until,
    }


def client_wallet(actor: Actor, period: Period) -> ClientWallet:
    """Four queries."""
    with connection.cursor() as cursor:
        cursor.execute(BY_PURPOSE, of_client(actor, period))
        found = {purpose: figures for purpose, *figures in cursor.fetchall()}
    sums = {purpose: found.get(purpose, (0, 0, 0, 0)) for purpose in (*SPENT_ON, Purpose.TOP_UP)}
    compared = period.baseline is not None
    spent = sum(sums[purpose][0] - sums[purpose][1] for purpose in SPENT_ON)
    spent_before = sum(sums[purpose][2] for purpose in SPENT_ON)
    topped_up, _, topped_up_before, top_ups = sums[Purpose.TOP_UP]
    own = wallet(actor)
    tops = Charge.objects.visible_to(actor).filter(purpose=Purpose.TOP_UP).order_by("-pk")
    return ClientWallet(
        period=period.row(),
        balance=own.balance,
        currency=own.currency,
        entries=entry_rows(entries(actor).order_by("-pk")[:NEWEST]),
        top_ups=TopUps(
            count=top_ups,
            amount=compared_money(topped_up, topped_up_before if compared else None),
            recent=charge_rows(tops[:NEWEST]),
        ),
        spending=[
            SpendingRow(purpose.value, to_decimal(paid), to_decimal(returned), to_decimal(paid - returned))
            for purpose in SPENT_ON
            for paid, returned, *_ in [sums[purpose]]
        ],
        spent=compared_money(spent, spent_before if compared else None),
    )
