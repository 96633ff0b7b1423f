"""Refunds in numbers: what stands now, what a period brought, and how long it took."""

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
from copydesk.payments.queries.booked import booked, total
from copydesk.tenancy.buckets import counted, grouped, hours_spread, of_period, summed
from copydesk.tenancy.sql import select, words

from ..models import NOBODYS, Ground, RefundDestination, RefundStatus
from ..policies import RefundPolicy
from .queue import IS_OPEN
from .rows import ManagedRefund, managed_rows

S = RefundStatus
NEWEST = 10
DECIDED_AT = "GREATEST(approved_at, rejected_at, cancelled_at)"
HOURS = "date_part('epoch', {} - requested_at) / 3600"
OF_DECISION, OF_REFUND = "what IN ('approved', 'rejected')", "what = 'refunded'"


MOVES = f"""
SELECT requested_at AS at, 'requested' AS what, ground, destination, requested_role AS role, amount_minor,
       NULL::float8 AS hours
FROM refunds_refund
WHERE website_id = %(website)s AND requested_at >= %(oldest)s AND requested_at < %(until)s
UNION ALL
SELECT {DECIDED_AT},
       CASE WHEN cancelled_at IS NOT NULL THEN 'cancelled' WHEN rejected_at IS NOT NULL THEN 'rejected'
            WHEN ground IN ({words(NOBODYS)}) THEN 'granted' ELSE 'approved' END,
       ground, destination, requested_role, amount_minor, {HOURS.format(DECIDED_AT)}
FROM refunds_refund
WHERE website_id = %(website)s AND {DECIDED_AT} >= %(oldest)s AND {DECIDED_AT} < %(until)s
UNION ALL
SELECT succeeded_at, 'refunded', ground, destination, requested_role, amount_minor, {HOURS.format("succeeded_at")}
FROM refunds_refund
WHERE website_id = %(website)s AND succeeded_at >= %(oldest)s AND succeeded_at < %(until)s
"""  # noqa: S608 — put together from constants
"""What happened to refunds, each at its own time. Of decisions the last."""
MEASURES = f"""
{counted("requested")}, {summed("requested")}, {counted("approved")}, {counted("granted")},
{counted("rejected")}, {counted("cancelled")}, {counted("refunded")}, {summed("refunded")},
{hours_spread(OF_DECISION)}, {hours_spread(OF_REFUND)}
"""


TOTALS, REPORT = grouped(MEASURES, MOVES, "ground", "destination", "role")
"""Keys, null but where they are grouped by; then the columns of _Moved."""
STANDING = f"""
SELECT
    count(*) FILTER (WHERE status = '{S.REQUESTED}'), count(*) FILTER (WHERE status = '{S.APPROVED}'),
    count(*) FILTER (WHERE status = '{S.EXECUTING}'), count(*) FILTER (WHERE status = '{S.FAILED}'),
    count(*) FILTER (WHERE status = '{S.REQUESTED}' AND requested_at <= %(undecided)s),
    count(*) FILTER (WHERE status = '{S.REQUESTED}' AND needs_another_person),
    count(*) FILTER (WHERE status IN ('{S.REQUESTED}', '{S.APPROVED}') AND destination = '{RefundDestination.WALLET}'
                       AND consented_at IS NULL),
    count(*) FILTER (WHERE status = '{S.EXECUTING}' AND executed_at <= %(unexecuted)s),
    coalesce(sum(amount_minor) FILTER (WHERE status IN ('{S.REQUESTED}', '{S.APPROVED}')), 0)::bigint,
    coalesce(sum(amount_minor) FILTER (WHERE status IN ('{S.EXECUTING}', '{S.FAILED}')), 0)::bigint,
    ARRAY(SELECT id FROM refunds_refund WHERE website_id = %(website)s ORDER BY id DESC LIMIT {NEWEST}),
    ARRAY(SELECT id FROM refunds_refund WHERE website_id = %(website)s AND {IS_OPEN} ORDER BY requested_at, id LIMIT {NEWEST})
FROM refunds_refund WHERE website_id = %(website)s AND {IS_OPEN}
"""  # noqa: S608, E501 — put together from constants


@dataclass(frozen=True, slots=True)
class RefundStatusCount:
    status: RefundStatus
    count: int


@dataclass(frozen=True, slots=True)
class RefundAttention:
    """Now. `requested`, `approved`, `consent_missing`, `executing` and `failed` are tabs of pending/; of the requested
    `late` wait longer than the policy allows, and `above_cap` need another person than who asked. `executing_late`: the
    provider has not answered for longer than the policy allows. `claimed` is the amount of what is requested and
    approved, `on_its_way` of what is executing or failed."""

    requested: int
    late: int
    above_cap: int
    approved: int
    consent_missing: int
    executing: int
    executing_late: int
    failed: int
    claimed: Decimal
    on_its_way: Decimal


@dataclass(frozen=True, slots=True)
class RefundFigures:
    """Each by its own time: requests, decisions (of a request the last), successes. `granted` by a dispute, or what a
    provider refused to give back of a cancellation or an agreed change: among the `requested`, and no decisions.
    `approval_rate`: approved ÷ (approved + rejected). `decision_hours`: from the request to those two; `refund_hours`:
    from the request to the success."""

    requested: int
    requested_amount: Decimal
    approved: int
    granted: int
    rejected: int
    cancelled: int
    refunded: int
    refunded_amount: Decimal
    approval_rate: Rate
    decision_hours: Spread
    refund_hours: Spread


@dataclass(frozen=True, slots=True)
class RefundDashboard:
    """`open`: neither given back nor given up. `by_status`: of the open ones now, of the closed ones in the period.
    `oldest` of pending/, `newest` of any status."""

    period: ReportPeriod
    currency: str
    open: int
    by_status: list[RefundStatusCount]
    attention: RefundAttention
    requested: ComparedCount
    refunded: ComparedCount
    refunded_amount: ComparedMoney
    figures: RefundFigures
    before: RefundFigures | None
    oldest: list[ManagedRefund]
    newest: list[ManagedRefund]


@dataclass(frozen=True, slots=True)
class RefundPoint:
    """`on`: the bucket's first day in the period."""

    on: dt.date
    figures: RefundFigures


@dataclass(frozen=True, slots=True)
class GroundFigures:
    ground: Ground
    figures: RefundFigures


@dataclass(frozen=True, slots=True)
class DestinationFigures:
    destination: RefundDestination
    figures: RefundFigures


@dataclass(frozen=True, slots=True)
class RequesterFigures:
    """By the role of who asked."""

    role: str
    figures: RefundFigures


@dataclass(frozen=True, slots=True)
class RefundRevenue:
    """Of the period's ledger: `gross` was captured, `refunds` given back, also by cancellations and agreed
    adjustments; `refunded_share` of gross, null without any."""

    gross: Decimal
    refunds: Decimal
    refunded_share: float | None


@dataclass(frozen=True, slots=True)
class RefundAnalytics:
    """Counts and amounts of the `points` sum to those of the `figures`, and so does each breakdown."""

    period: ReportPeriod
    granularity: Granularity
    currency: str
    requested: ComparedCount
    refunded_amount: ComparedMoney
    figures: RefundFigures
    before: RefundFigures | None
    points: list[RefundPoint]
    by_ground: list[GroundFigures]
    by_destination: list[DestinationFigures]
    by_requester: list[RequesterFigures]
    revenue: RefundRevenue


class _Moved(NamedTuple):
    requested: int = 0
    requested_minor: int = 0
    approved: int = 0
    granted: int = 0
    rejected: int = 0
    cancelled: int = 0
    refunded: int = 0
    refunded_minor: int = 0
    decision_p50: float | None = None
    decision_p90: float | None = None
    decision_mean: float | None = None
    decisions: int = 0
    refund_p50: float | None = None
    refund_p90: float | None = None
    refund_mean: float | None = None
    refunds: int = 0


_Key = tuple[int | None, bool | None, str | None, str | None, str | None]
PERIOD: _Key = (None, False, None, None, None)
BEFORE: _Key = (None, True, None, None, None)


def refund_dashboard(actor: Actor, period: Period) -> RefundDashboard:
    """Four queries."""
    website, now = actor.website, clock.now()
    policy = RefundPolicy.of(website)
    ((requested, approved, executing, failed, *more),) = select(
        STANDING,
        website=website.pk,
        undecided=now - dt.timedelta(hours=policy.decide_within_hours),
        unexecuted=now - dt.timedelta(hours=policy.executed_within_hours),
    )
    late, above_cap, consent_missing, executing_late, claimed, on_its_way, newest, oldest = more
    moved = _moved(TOTALS, actor, period, [period.since])
    found, before = _figures(moved, PERIOD), _figures(moved, BEFORE) if period.baseline else None
    counts = {
        S.REQUESTED: requested,
        S.APPROVED: approved,
        S.EXECUTING: executing,
        S.FAILED: failed,
        S.SUCCEEDED: found.refunded,
        S.REJECTED: found.rejected,
        S.CANCELLED: found.cancelled,
    }
    rows = managed_rows(actor, [*newest, *oldest])
    return RefundDashboard(
        period=period.row(),
        currency=website.currency,
        open=requested + approved + executing + failed,
        by_status=[RefundStatusCount(status, n) for status, n in counts.items()],
        attention=RefundAttention(
            requested=requested,
            late=late,
            above_cap=above_cap,
            approved=approved,
            consent_missing=consent_missing,
            executing=executing,
            executing_late=executing_late,
            failed=failed,
            claimed=to_decimal(claimed),
            on_its_way=to_decimal(on_its_way),
        ),
        requested=compared_count(found.requested, before.requested if before else None),
        refunded=compared_count(found.refunded, before.refunded if before else None),
        refunded_amount=_compared(moved, period),
        figures=found,
        before=before,
        oldest=rows[len(newest) :],
        newest=rows[: len(newest)],
    )


def refund_analytics(actor: Actor, period: Period) -> RefundAnalytics:
    """Two queries."""
    buckets = period.buckets()
    moved = _moved(REPORT, actor, period, [bucket.since for bucket in buckets])
    found, before = _figures(moved, PERIOD), _figures(moved, BEFORE) if period.baseline else None
    money = total(booked(actor.website, period, [period.since]))
    return RefundAnalytics(
        period=period.row(),
        granularity=period.granularity,
        currency=actor.website.currency,
        requested=compared_count(found.requested, before.requested if before else None),
        refunded_amount=_compared(moved, period),
        figures=found,
        before=before,
        points=[
            RefundPoint(bucket.on, _figures(moved, (number, None, None, None, None)))
            for number, bucket in enumerate(buckets, start=1)
        ],
        by_ground=[GroundFigures(one, _figures(moved, (None, False, one, None, None))) for one in Ground],
        by_destination=[
            DestinationFigures(one, _figures(moved, (None, False, None, one, None))) for one in RefundDestination
        ],
        by_requester=[
            RequesterFigures(key[4], _figures(moved, key))
            for key in sorted((key for key in moved if key[1] is False and key[4]), key=lambda key: str(key[4]))
            if key[4]
        ],
        revenue=RefundRevenue(
            gross=to_decimal(money.gross),
            refunds=to_decimal(money.refunds),
            refunded_share=round(money.refunds / money.gross, 3) if money.gross else None,
        ),
    )


def _moved(statement: str, actor: Actor, period: Period, edges: Sequence[dt.datetime]) -> Mapping[_Key, _Moved]:
    given: dict[str, Any] = {**of_period(actor.website, period, []), "edges": list(edges)}
    return {tuple(row[:5]): _Moved(*row[5:]) for row in select(statement, **given)}


def _compared(moved: Mapping[_Key, _Moved], period: Period) -> ComparedMoney:
    before = moved.get(BEFORE, _Moved()).refunded_minor if period.baseline else None
    return compared_money(moved.get(PERIOD, _Moved()).refunded_minor, before)


def _figures(moved: Mapping[_Key, _Moved], key: _Key) -> RefundFigures:
    one = moved.get(key, _Moved())
    return RefundFigures(
        requested=one.requested,
        requested_amount=to_decimal(one.requested_minor),
        approved=one.approved,
        granted=one.granted,
        rejected=one.rejected,
        cancelled=one.cancelled,
        refunded=one.refunded,
        refunded_amount=to_decimal(one.refunded_minor),
        approval_rate=rate(one.approved, one.approved + one.rejected),
        decision_hours=spread(one.decision_p50, one.decision_p90, one.decision_mean, one.decisions),
        refund_hours=spread(one.refund_p50, one.refund_p90, one.refund_mean, one.refunds),
    )
