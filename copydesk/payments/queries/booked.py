"""RULES §0's revenue of a period, bucket by bucket, and of the time that it is compared with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from copydesk.core.period import Period
from copydesk.tenancy.buckets import BASELINE, of_period
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from ..models import AccountKind

COUNTED = (AccountKind.SALES, AccountKind.REFUNDS, AccountKind.WRITER_COST)


def _span(bucket: str, since: str, until: str) -> str:
    sums = ", ".join(f"coalesce(sum(p.amount_minor) FILTER (WHERE a.kind = '{kind}'), 0)::bigint" for kind in COUNTED)
    return f"""
SELECT {bucket}, {sums}
FROM payments_ledgeraccount a JOIN payments_posting p ON p.website_id = a.website_id AND p.account_id = a.id
WHERE a.website_id = %(website)s AND a.owner_id IS NULL AND a.kind IN ({", ".join(f"'{kind}'" for kind in COUNTED)})
  AND p.at >= %({since})s::timestamptz AND p.at < %({until})s::timestamptz
GROUP BY 1
"""  # noqa: S608 — put together from constants


BOOKED = " UNION ALL ".join(
    (
        _span("width_bucket(p.at, %(edges)s::timestamptz[])", "since", "until"),
        _span(str(BASELINE), "base_since", "base_until"),
    )
)


class Booked(NamedTuple):
    """Minor units, by posting date. `refunds` and `writer_cost` are what they cost, as positive amounts."""

    gross: int = 0
    refunds: int = 0
    writer_cost: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.refunds

    @property
    def margin(self) -> int:
        return self.net - self.writer_cost


def booked(website: Website, period: Period, edges: Sequence[dt.datetime]) -> Mapping[int, Booked]:
    """By bucket of the period, from 1 on, as `edges` cut it; BASELINE: what it is compared with. What nothing was
    posted in is not there. One query."""
    given = {**of_period(website, period, []), "edges": list(edges)}
    return {bucket: Booked(sales, -refunds, -cost) for bucket, sales, refunds, cost in select(BOOKED, **given)}


def total(found: Mapping[int, Booked]) -> Booked:
    """Of the period."""
    own = [one for bucket, one in found.items() if bucket != BASELINE]
    return Booked(*(sum(column) for column in zip(*own, strict=True))) if own else Booked()
