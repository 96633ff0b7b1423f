"""Fines in numbers: what stands now, what a period brought, how appeals went. What is voided has left them all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import to_decimal
from copydesk.core.numbers import (
    ComparedCount,
    ComparedMoney,
    Rate,
    Spread,
    compared_count,
    compared_money,
    rate,
    spread,
)
from copydesk.core.period import Granularity, Period, ReportPeriod
from copydesk.payments.models import EarningKind
from copydesk.tenancy.buckets import counted, grouped, hours_spread, of_period, summed
from copydesk.tenancy.sql import select, words

from ..models import AppealStatus, Fine, FineStatus, Source
from ..policies import FineKind
from .queue import SOON
from .rows import ManagedFine, managed_rows

S, A = FineStatus, AppealStatus
NEWEST = 10
CLOSED = {S.SETTLED: "settled_at", S.WAIVED: "waived_at", S.VOIDED: "voided_at"}
HOURS = "date_part('epoch', {} - {}) / 3600"


def _of_fines(what: str, at: str, amount: str, hours: str = "NULL::float8", only: str = "voided_at IS NULL") -> str:
    return f"""
SELECT {at} AS at, '{what}' AS what, kind, source, {amount} AS amount_minor, {hours} AS hours FROM fines_fine f
WHERE website_id = %(website)s AND {at} >= %(oldest)s AND {at} < %(until)s AND {only}
"""  # noqa: S608 — put together from constants


def _of_appeals(what: str, at: str, only: str, hours: str = "NULL::float8") -> str:
    return f"""
SELECT a.{at}, '{what}', f.kind, f.source, a.waived_minor, {hours}
FROM fines_appeal a JOIN fines_fine f ON f.website_id = a.website_id AND f.id = a.fine_id
WHERE a.website_id = %(website)s AND a.{at} >= %(oldest)s AND a.{at} < %(until)s AND f.voided_at IS NULL AND {only}
"""  # noqa: S608 — put together from constants


WAIVER = f"""
e.website_id = f.website_id AND e.reference_type = '{Fine.noun}' AND e.reference_id = f.id
AND e.kind = '{EarningKind.WAIVER}'
"""
WAIVED = f"""
SELECT e.created_at, 'waived', f.kind, f.source, e.amount_minor, NULL::float8
FROM fines_fine f CROSS JOIN LATERAL (SELECT * FROM payments_earning e WHERE {WAIVER} OFFSET 0) e
WHERE f.website_id = %(website)s AND f.waived_at >= %(oldest)s - interval '1 minute' AND f.voided_at IS NULL
  AND e.created_at >= %(oldest)s AND e.created_at < %(until)s
"""  # noqa: S608 — put together from constants
"""By the ledger: the fine knows its last one, stamped just before its line. From fines to lines: a plan that is kept
for any period would go through all that was ever earned."""
KEPT = f"""
f.amount_minor - coalesce((
    SELECT sum(e.amount_minor) FROM payments_earning e WHERE {WAIVER} AND e.created_at <= f.settled_at
), 0)
"""  # noqa: S608 — put together from constants
MOVES = " UNION ALL ".join((
    _of_fines("proposed", "proposed_at", "amount_minor + excess_minor"),
    _of_fines("issued", "issued_at", "amount_minor", HOURS.format("issued_at", "proposed_at")),
    WAIVED,
    _of_fines("settled", "settled_at", KEPT, HOURS.format("settled_at", "issued_at")),
    _of_fines("voided", "voided_at", "amount_minor", only="true"),
    _of_appeals("appealed", "opened_at", "true"),
    _of_appeals("granted", "decided_at", f"a.status = '{A.APPROVED}'", HOURS.format("a.decided_at", "a.opened_at")),
    _of_appeals("dismissed", "decided_at", f"a.status = '{A.REJECTED}'", HOURS.format("a.decided_at", "a.opened_at")),
    _of_appeals("lapsed", "decided_at", f"a.status = '{A.LAPSED}'"),
))  # fmt: skip
DECIDED = "FILTER (WHERE what IN ('granted', 'dismissed'))"
MEASURES = f"""
{counted("proposed")}, {summed("proposed")}, {counted("issued")}, {summed("issued")}, {counted("waived")},
{summed("waived")}, {counted("settled")}, {summed("settled")}, {counted("voided")}, {summed("voided")},
{counted("appealed")}, {counted("granted")}, {counted("dismissed")}, {counted("lapsed")},
{hours_spread("what = 'issued'")}, {hours_spread("what = 'settled'")},
percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) {DECIDED},
percentile_cont(0.9) WITHIN GROUP (ORDER BY hours) {DECIDED}, avg(hours) {DECIDED}, count(hours) {DECIDED}
"""


TOTALS, REPORT = grouped(MEASURES, MOVES, "kind", "source")
"""Keys, null but where they are grouped by; then the columns of _Moved."""
OPEN = set(S) - set(CLOSED)
ENDED = " UNION ALL ".join(
    f"SELECT json_build_array('{status}', count(*)) FROM fines_fine WHERE website_id = %(website)s"  # noqa: S608
    f" AND {at} >= %(since)s AND {at} < %(until)s AND status = '{status}'"
    for status, at in CLOSED.items()
)
STANDING = f"""
SELECT
    ARRAY(
        SELECT json_build_array(status, count(*)) FROM fines_fine
        WHERE website_id = %(website)s AND status IN ({words(OPEN)}) GROUP BY status
        UNION ALL {ENDED}
    ),
    (
        SELECT count(*) FROM fines_fine
        WHERE website_id = %(website)s AND status = '{S.PROPOSED}' AND issue_at <= %(soon)s
    ),
    count(*) FILTER (WHERE a.status = '{A.OPEN}'), count(*) FILTER (WHERE a.due_at <= %(soon)s),
    (
        SELECT coalesce(sum(amount_minor), 0)::bigint FROM fines_fine
        WHERE website_id = %(website)s AND status = '{S.PROPOSED}'
    ),
    (
        SELECT coalesce(sum(amount_minor - waived_minor), 0)::bigint FROM fines_fine
        WHERE website_id = %(website)s AND status IN ('{S.ISSUED}', '{S.UPHELD}', '{S.REDUCED}')
    ),
    ARRAY(SELECT id FROM fines_fine WHERE website_id = %(website)s ORDER BY id DESC LIMIT {NEWEST}),
    ARRAY(
        SELECT fine_id FROM fines_appeal WHERE website_id = %(website)s AND status = '{A.OPEN}'
        ORDER BY due_at, id LIMIT {NEWEST}
    )
FROM fines_appeal a WHERE a.website_id = %(website)s AND a.status = '{A.OPEN}'
"""  # noqa: S608 — put together from constants
WRITERS = f"""
SELECT f.writer_id, coalesce(p.pen_name, 'Writer ' || m.number), count(*), sum(f.amount_minor)::bigint,
       sum(f.waived_minor)::bigint
FROM fines_fine f
JOIN accounts_membership m ON m.website_id = f.website_id AND m.id = f.writer_id
LEFT JOIN writers_writer p ON p.website_id = f.website_id AND p.id = f.writer_id
WHERE f.website_id = %(website)s AND f.issued_at >= %(since)s AND f.issued_at < %(until)s AND f.voided_at IS NULL
GROUP BY 1, 2 ORDER BY 4 DESC, 1 LIMIT {NEWEST}
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class FineStatusCount:
    status: FineStatus
    count: int


@dataclass(frozen=True, slots=True)
class FineAttention:
    """Now. `proposed` and `appealed` are tabs of pending/; of them `issued_soon` and `granted_soon` are those that the
    clock will issue, or grant, within a day. `proposed_amount` of the first, `to_collect` of what is issued and not
    settled, appealed ones apart."""

    proposed: int
    issued_soon: int
    appealed: int
    granted_soon: int
    proposed_amount: Decimal
    to_collect: Decimal


@dataclass(frozen=True, slots=True)
class FineFigures:
    """Each by its own time; of fines that were voided since only `voided`. `proposed_amount` with what the cap cut off.
    `waived` each time that something was forgiven, whole or in part, by whatever way. `settled` once, with what was
    collected then. Appeals: `appeal_rate` is
    appealed ÷ issued, `overturn_rate` (granted, whole or in part, + lapsed) ÷ (those + dismissed). `issue_hours` since
    the proposal, `settle_hours` since the issue, `appeal_hours` of those that people decided."""

    proposed: int
    proposed_amount: Decimal
    issued: int
    issued_amount: Decimal
    waived: int
    waived_amount: Decimal
    settled: int
    settled_amount: Decimal
    voided: int
    voided_amount: Decimal
    appealed: int
    granted: int
    dismissed: int
    lapsed: int
    appeal_rate: Rate
    overturn_rate: Rate
    issue_hours: Spread
    settle_hours: Spread
    appeal_hours: Spread


@dataclass(frozen=True, slots=True)
class FineDashboard:
    """`open`: neither collected nor given up. `by_status`: of the open ones now, of the closed ones in the period.
    `appeals` are open, due first at the top; `newest` of any status."""

    period: ReportPeriod
    currency: str
    open: int
    by_status: list[FineStatusCount]
    attention: FineAttention
    issued: ComparedCount
    issued_amount: ComparedMoney
    figures: FineFigures
    before: FineFigures | None
    appeals: list[ManagedFine]
    newest: list[ManagedFine]


@dataclass(frozen=True, slots=True)
class FinePoint:
    """`on`: the bucket's first day in the period."""

    on: dt.date
    figures: FineFigures


@dataclass(frozen=True, slots=True)
class FineKindFigures:
    kind: FineKind
    figures: FineFigures


@dataclass(frozen=True, slots=True)
class FineSourceFigures:
    source: Source
    figures: FineFigures


@dataclass(frozen=True, slots=True)
class FinedWriter:
    """Of the fines issued in the period."""

    writer_id: int
    writer: str
    fines: int
    amount: Decimal
    waived: Decimal


@dataclass(frozen=True, slots=True)
class FineAnalytics:
    """Counts and amounts of the `points` sum to those of the `figures`, and so do both breakdowns. `writers` are the
    ten that were fined most."""

    period: ReportPeriod
    granularity: Granularity
    currency: str
    issued: ComparedCount
    issued_amount: ComparedMoney
    figures: FineFigures
    before: FineFigures | None
    points: list[FinePoint]
    by_kind: list[FineKindFigures]
    by_source: list[FineSourceFigures]
    writers: list[FinedWriter]


class _Moved(NamedTuple):
    proposed: int = 0
    proposed_minor: int = 0
    issued: int = 0
    issued_minor: int = 0
    waived: int = 0
    waived_minor: int = 0
    settled: int = 0
    settled_minor: int = 0
    voided: int = 0
    voided_minor: int = 0
    appealed: int = 0
    granted: int = 0
    dismissed: int = 0
    lapsed: int = 0
    issue_p50: float | None = None
    issue_p90: float | None = None
    issue_mean: float | None = None
    issues: int = 0
    settle_p50: float | None = None
    settle_p90: float | None = None
    settle_mean: float | None = None
    settles: int = 0
    appeal_p50: float | None = None
    appeal_p90: float | None = None
    appeal_mean: float | None = None
    appeals: int = 0


_Key = tuple[int | None, bool | None, str | None, str | None]
PERIOD: _Key = (None, False, None, None)
BEFORE: _Key = (None, True, None, None)


def fine_dashboard(actor: Actor, period: Period) -> FineDashboard:
    """Three queries."""
    ((counted, issued_soon, appealed, granted_soon, proposed_minor, to_collect, newest, due),) = select(
        STANDING, website=actor.website.pk, soon=clock.now() + SOON, since=period.since, until=period.until
    )
    statuses: dict[str, int] = dict(counted)
    moved = _moved(TOTALS, actor, period, [period.since])
    found, before = _figures(moved, PERIOD), _figures(moved, BEFORE) if period.baseline else None
    rows = managed_rows(actor, [*newest, *due])
    return FineDashboard(
        period=period.row(),
        currency=actor.website.currency,
        open=sum(statuses.get(status, 0) for status in OPEN),
        by_status=[FineStatusCount(status, statuses.get(status, 0)) for status in FineStatus],
        attention=FineAttention(
            proposed=statuses.get(S.PROPOSED, 0),
            issued_soon=issued_soon,
            appealed=appealed,
            granted_soon=granted_soon,
            proposed_amount=to_decimal(proposed_minor),
            to_collect=to_decimal(to_collect),
        ),
        issued=compared_count(found.issued, before.issued if before else None),
        issued_amount=_compared(moved, period),
        figures=found,
        before=before,
        appeals=rows[len(newest) :],
        newest=rows[: len(newest)],
    )


def fine_analytics(actor: Actor, period: Period) -> FineAnalytics:
    """Two queries."""
    buckets = period.buckets()
    moved = _moved(REPORT, actor, period, [bucket.since for bucket in buckets])
    found, before = _figures(moved, PERIOD), _figures(moved, BEFORE) if period.baseline else None
    writers = select(WRITERS, website=actor.website.pk, since=period.since, until=period.until)
    return FineAnalytics(
        period=period.row(),
        granularity=period.granularity,
        currency=actor.website.currency,
        issued=compared_count(found.issued, before.issued if before else None),
        issued_amount=_compared(moved, period),
        figures=found,
        before=before,
        points=[
            FinePoint(bucket.on, _figures(moved, (number, None, None, None)))
            for number, bucket in enumerate(buckets, start=1)
        ],
        by_kind=[FineKindFigures(kind, _figures(moved, (None, False, kind, None))) for kind in FineKind],
        by_source=[FineSourceFigures(source, _figures(moved, (None, False, None, source))) for source in Source],
        writers=[
            FinedWriter(pk, name, n, to_decimal(amount), to_decimal(waived)) for pk, name, n, amount, waived in writers
        ],
    )


def _moved(statement: str, actor: Actor, period: Period, edges: Sequence[dt.datetime]) -> Mapping[_Key, _Moved]:
    given: dict[str, Any] = {**of_period(actor.website, period, []), "edges": list(edges)}
    return {(row[0], row[1], row[2], row[3]): _Moved(*row[4:]) for row in select(statement, **given)}


def _compared(moved: Mapping[_Key, _Moved], period: Period) -> ComparedMoney:
    before = moved.get(BEFORE, _Moved()).issued_minor if period.baseline else None
    return compared_money(moved.get(PERIOD, _Moved()).issued_minor, before)


def _figures(moved: Mapping[_Key, _Moved], key: _Key) -> FineFigures:
    one = moved.get(key, _Moved())
    overturned = one.granted + one.lapsed
    return FineFigures(
        proposed=one.proposed,
        proposed_amount=to_decimal(one.proposed_minor),
        issued=one.issued,
        issued_amount=to_decimal(one.issued_minor),
        waived=one.waived,
        waived_amount=to_decimal(one.waived_minor),
        settled=one.settled,
        settled_amount=to_decimal(one.settled_minor),
        voided=one.voided,
        voided_amount=to_decimal(one.voided_minor),
        appealed=one.appealed,
        granted=one.granted,
        dismissed=one.dismissed,
        lapsed=one.lapsed,
        appeal_rate=rate(one.appealed, one.issued),
        overturn_rate=rate(overturned, overturned + one.dismissed),
        issue_hours=spread(one.issue_p50, one.issue_p90, one.issue_mean, one.issues),
        settle_hours=spread(one.settle_p50, one.settle_p90, one.settle_mean, one.settles),
        appeal_hours=spread(one.appeal_p50, one.appeal_p90, one.appeal_mean, one.appeals),
    )
