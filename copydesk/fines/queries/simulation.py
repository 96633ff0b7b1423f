"""What a policy of fines would have come to: the lateness of the last 90 days, judged by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.orders.models import Cause
from copydesk.tenancy.sql import select

from ..models import FineStatus, Source
from ..policies import BY_LATENESS, FineKind, FinePolicy

DAYS = 90
SIMULATED = f"""
WITH ended AS (
    SELECT r.order_id, r.number, coalesce(r.submitted_at, r.closed_at) AS at,
           CASE WHEN r.submitted_at IS NULL THEN '{FineKind.DROPPED_LATE}'
                ELSE '{FineKind.LATE_SUBMISSION}' END AS kind,
           r.due_at + r.excused AS due_at, a.pay_minor, a.writer_id, a.id AS assignment_id
    FROM orders_round r
    JOIN orders_assignment a ON a.website_id = r.website_id AND a.id = r.assignment_id
    WHERE r.website_id = %(website)s
      AND r.order_id IN (
          SELECT order_id FROM orders_round
          WHERE website_id = %(website)s AND coalesce(submitted_at, closed_at) >= %(since)s
      )
      AND (
          r.submitted_at IS NOT NULL OR a.cause = '{Cause.WRITER}' AND NOT EXISTS (
              SELECT FROM orders_round later
              WHERE later.website_id = r.website_id AND later.order_id = r.order_id
                AND later.assignment_id = r.assignment_id AND later.number > r.number
          )
      )
), first AS (
    SELECT DISTINCT ON (order_id, kind) * FROM ended WHERE at > due_at AND pay_minor > 0 ORDER BY order_id, kind, number
), judged AS (
    SELECT b.which, f.assignment_id, f.writer_id, f.kind, f.number, f.at,
           width_bucket(date_part('epoch', f.at - f.due_at) / 60, b.edges) + 1 AS band, b.shares, b.cap, f.pay_minor,
           (
               SELECT coalesce(sum(m.amount_minor - m.waived_minor), 0) FROM fines_fine m
               WHERE m.website_id = %(website)s AND m.order_id = f.order_id AND m.assignment_id = f.assignment_id
                 AND m.source = '{Source.MANUAL}' AND m.status <> '{FineStatus.VOIDED}' AND m.proposed_at <= f.at
           ) AS manual
    FROM first f
    CROSS JOIN (
        VALUES ('draft', %(draft_edges)s::float8[], %(draft_shares)s::bigint[], %(draft_cap)s::bigint),
               ('in_force', %(edges)s::float8[], %(shares)s::bigint[], %(cap)s::bigint)
    ) b(which, edges, shares, cap)
), wanted AS (
    SELECT *, round(pay_minor * shares[band] / 10000.0) AS wanted, round(pay_minor * cap / 10000.0) - manual AS most
    FROM judged
), charged AS (
    SELECT *, greatest(least(wanted, most - coalesce(sum(wanted) OVER before, 0)), 0) AS amount FROM wanted
    WINDOW before AS (
        PARTITION BY which, assignment_id ORDER BY number, kind ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT which, band, count(*), sum(amount)::bigint, sum(wanted - amount)::bigint, array_agg(DISTINCT writer_id)
FROM charged WHERE at >= %(since)s GROUP BY 1, 2
"""  # noqa: S608 — put together from constants
ACTUAL = f"""
SELECT count(*), coalesce(sum(amount_minor), 0)::bigint, coalesce(sum(waived_minor), 0)::bigint
FROM fines_fine
WHERE website_id = %(website)s AND proposed_at >= %(since)s AND source = '{Source.AUTOMATIC}'
  AND kind IN ({", ".join(f"'{kind}'" for kind in BY_LATENESS)}) AND status <> '{FineStatus.VOIDED}'
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class SimulatedBand:
    """Less than so many minutes late, null for the last band; `share` 0..1 of the pay."""

    below_minutes: int | None
    share: float
    fines: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class SimulatedFines:
    """`amount` is charged, `excess` is what the cap would have cut off. The bands sum to both counts."""

    fines: int
    writers: int
    amount: Decimal
    excess: Decimal
    bands: list[SimulatedBand]


@dataclass(frozen=True, slots=True)
class ActualFines:
    """The automatic fines for lateness that were proposed in that time, and not voided."""

    fines: int
    amount: Decimal
    waived: Decimal


@dataclass(frozen=True, slots=True)
class FineSimulation:
    """Of the first late round of each order, by how it ended (submitted, or ended through the writer's cause with
    nothing handed in), within the last `days`. The cap counts what staff fined as it stands. `change` is of the amount:
    draft against in force, null where that is nothing."""

    since: dt.datetime
    days: int
    currency: str
    draft: SimulatedFines
    in_force: SimulatedFines
    actual: ActualFines
    change: float | None


def simulation(actor: Actor, draft: FinePolicy) -> FineSimulation:
    """Three queries."""
    since = clock.now() - dt.timedelta(days=DAYS)
    current = FinePolicy.of(actor.website)
    found = select(
        SIMULATED,
        website=actor.website.pk,
        since=since,
        draft_edges=_edges(draft),
        draft_shares=[band.share_bps for band in draft.bands],
        draft_cap=draft.cap_bps,
        edges=_edges(current),
        shares=[band.share_bps for band in current.bands],
        cap=current.cap_bps,
    )
    ((fines, amount, waived),) = select(ACTUAL, website=actor.website.pk, since=since)
    wanted, now = _simulated(draft, found, "draft"), _simulated(current, found, "in_force")
    return FineSimulation(
        since=since,
        days=DAYS,
        currency=actor.website.currency,
        draft=wanted,
        in_force=now,
        actual=ActualFines(fines, to_decimal(amount), to_decimal(waived)),
        change=round(float(wanted.amount / now.amount - 1), 3) if now.amount else None,
    )


def _edges(policy: FinePolicy) -> list[float]:
    """Where one band ends the next begins."""
    return [float(band.below_minutes) for band in policy.bands if band.below_minutes is not None]


def _simulated(policy: FinePolicy, found: Sequence[Sequence[Any]], which: str) -> SimulatedFines:
    rows = {row[1]: row[2:] for row in found if row[0] == which} if policy.automatic else {}
    none: Sequence[Any] = (0, 0, 0, [])
    writers = {writer for _, _, _, here in rows.values() for writer in here}
    return SimulatedFines(
        fines=sum(row[0] for row in rows.values()),
        writers=len(writers),
        amount=to_decimal(sum(row[1] for row in rows.values())),
        excess=to_decimal(sum(row[2] for row in rows.values())),
        bands=[
            SimulatedBand(
                band.below_minutes,
                band.share_bps / 10_000,
                rows.get(number, none)[0],
                to_decimal(rows.get(number, none)[1]),
            )
            for number, band in enumerate(policy.bands, start=1)
        ],
    )
