"""Disputes in numbers: what stands now, how they end and for whom, and how long each stage takes."""

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
from copydesk.orders.models import DisputeReason, Order
from copydesk.payments.models import ChargeStatus
from copydesk.payments.models.charges import REPAYABLE
from copydesk.tenancy.buckets import counted, grouped, hours_spread, of_period
from copydesk.tenancy.sql import select, words

from ..models import (
    ACTIVE,
    AWAITING,
    IS_ACTIVE,
    IS_UPHELD,
    REMEDIES,
    TURNS,
    DisputeStatus,
    Ending,
    Outcome,
    Party,
    Verdict,
)
from .queue import IS_OVERDUE, REFUNDABLE, ManagedDispute, managed_rows

S = DisputeStatus
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
NEWEST = 10
HOURS = "date_part('epoch', closed_at - opened_at) / 3600"
MOVES = f"""
SELECT opened_at AS at, '{S.OPEN}' AS what, reason, opener, '' AS remedy, '' AS verdict, false AS upheld,
       0::bigint AS refund_minor, 0::bigint AS pay_minor, NULL::float8 AS hours
FROM disputes_dispute
WHERE website_id = %(website)s AND opened_at >= %(oldest)s AND opened_at < %(until)s
UNION ALL
SELECT closed_at, status, reason, opener, remedy, verdict, {IS_UPHELD}, refund_minor, -pay_change_minor,
       CASE WHEN status = '{S.RESOLVED}' THEN {HOURS} END
FROM disputes_dispute
WHERE website_id = %(website)s AND closed_at >= %(oldest)s AND closed_at < %(until)s
"""  # noqa: S608 — put together from constants
"""That it was opened, and how it ended, each at its own time."""


def _for(verdict: Verdict) -> str:
    return f"count(*) FILTER (WHERE verdict = '{verdict}')"


MEASURES = f"""
{counted(S.OPEN)}, {counted(S.RESOLVED)}, {counted(S.WITHDRAWN)}, {counted(S.EXPIRED)},
{_for(Verdict.CLIENT)}, {_for(Verdict.WRITER)}, {_for(Verdict.NEITHER)}, count(*) FILTER (WHERE upheld),
sum(refund_minor)::bigint, sum(pay_minor)::bigint, {hours_spread()}
"""


TOTALS, REPORT = grouped(MEASURES, MOVES, "reason", "opener", "remedy")
"""Keys, null but where they are grouped by; then the columns of _Moved."""
STAGES = f"""
SELECT status, count(*) FILTER (WHERE ended_by = '{Ending.SILENCE}'), {hours_spread()}
FROM (
    SELECT status, ended_by, date_part('epoch', until - since) / 3600 AS hours FROM disputes_stage
    WHERE website_id = %(website)s AND until >= %(since)s AND until < %(until)s
) ended
GROUP BY status
"""  # noqa: S608 — put together from constants
STANDING = f"""
SELECT {", ".join(f"count(*) FILTER (WHERE status = '{status}')" for status in ACTIVE)},
       count(*) FILTER (WHERE {IS_OVERDUE}),
       count(*) FILTER (WHERE NOT {IS_OVERDUE} AND due_at <= %(soon)s),
       max(date_part('epoch', %(now)s - opened_at)) / 3600,
       coalesce(sum(
           (
               SELECT sum({REFUNDABLE}) FROM payments_charge c
               WHERE c.website_id = d.website_id AND c.reference_type = '{Order.noun}' AND c.reference_id = d.order_id
                 AND c.status = '{ChargeStatus.CAPTURED}' AND c.purpose IN ({words(REPAYABLE)})
           )
       ), 0)::bigint,
       ARRAY(SELECT id FROM disputes_dispute WHERE website_id = %(website)s ORDER BY id DESC LIMIT {NEWEST}),
       ARRAY(
           SELECT id FROM disputes_dispute WHERE website_id = %(website)s AND {IS_ACTIVE} ORDER BY due_at, id LIMIT {NEWEST}
       )
FROM disputes_dispute d WHERE website_id = %(website)s AND {IS_ACTIVE}
"""  # noqa: S608, E501 — put together from constants


@dataclass(frozen=True, slots=True)
class DisputeStatusCount:
    status: DisputeStatus
    count: int


@dataclass(frozen=True, slots=True)
class DisputeAttention:
    """Now, of the open ones. `needs_decision`, `to_forward` and `overdue` are tabs of pending/; `due_in_24h` are not
    overdue yet. `oldest_hours` since it was opened, null without any. `at_stake`: what may go back to their clients."""

    needs_decision: int
    to_forward: int
    overdue: int
    due_in_24h: int
    oldest_hours: float | None
    at_stake: Decimal


@dataclass(frozen=True, slots=True)
class DisputeFigures:
    """Each by its own time: openings, ends. `resolved` is the sum of the three `for_…`. `upheld_rate`: decided for
    whoever opened it (of staff's own: for the client) ÷ resolved. `refunded` and `pay_lowered` are what was decided;
    `resolution_hours` from the opening to the decision."""

    opened: int
    resolved: int
    withdrawn: int
    expired: int
    for_client: int
    for_writer: int
    for_neither: int
    upheld_rate: Rate
    refunded: Decimal
    pay_lowered: Decimal
    resolution_hours: Spread


@dataclass(frozen=True, slots=True)
class DisputeDashboard:
    """`by_status`: of the open ones now, of the closed ones in the period. `next_due` of pending/, `newest` of any
    status."""

    period: ReportPeriod
    currency: str
    open: int
    by_status: list[DisputeStatusCount]
    attention: DisputeAttention
    opened: ComparedCount
    resolved: ComparedCount
    refunded: ComparedMoney
    figures: DisputeFigures
    before: DisputeFigures | None
    next_due: list[ManagedDispute]
    newest: list[ManagedDispute]


@dataclass(frozen=True, slots=True)
class DisputePoint:
    """`on`: the bucket's first day in the period."""

    on: dt.date
    figures: DisputeFigures


@dataclass(frozen=True, slots=True)
class ReasonFigures:
    reason: DisputeReason
    figures: DisputeFigures


@dataclass(frozen=True, slots=True)
class OpenerFigures:
    opener: Party
    figures: DisputeFigures


@dataclass(frozen=True, slots=True)
class OutcomeFigures:
    """Of what was resolved; nothing is opened or withdrawn with an outcome."""

    outcome: Outcome
    share: Rate
    figures: DisputeFigures


@dataclass(frozen=True, slots=True)
class StageFigures:
    """Of stages that ended in the period, however the dispute did. `silence_rate`: ended because whoever's turn it was
    let its time pass ÷ ended."""

    status: DisputeStatus
    turn: Party
    hours: Spread
    silence_rate: Rate


@dataclass(frozen=True, slots=True)
class DisputeAnalytics:
    """Counts and amounts of the `points` sum to those of the `figures`, and so do those by reason and opener; by
    outcome those of what was resolved. `silence_rate`: of the client's and the writer's stages."""

    period: ReportPeriod
    granularity: Granularity
    currency: str
    opened: ComparedCount
    resolved: ComparedCount
    refunded: ComparedMoney
    figures: DisputeFigures
    before: DisputeFigures | None
    points: list[DisputePoint]
    by_reason: list[ReasonFigures]
    by_outcome: list[OutcomeFigures]
    by_opener: list[OpenerFigures]
    by_stage: list[StageFigures]
    silence_rate: Rate


class _Moved(NamedTuple):
    opened: int = 0
    resolved: int = 0
    withdrawn: int = 0
    expired: int = 0
    for_client: int = 0
    for_writer: int = 0
    for_neither: int = 0
    upheld: int = 0
    refunded_minor: int = 0
    pay_minor: int = 0
    p50: float | None = None
    p90: float | None = None
    mean: float | None = None
    timed: int = 0


_Key = tuple[int | None, bool | None, str | None, str | None, str | None]
PERIOD: _Key = (None, False, None, None, None)
BEFORE: _Key = (None, True, None, None, None)


def dispute_dashboard(actor: Actor, period: Period) -> DisputeDashboard:
    """Three queries."""
    website, now = actor.website, clock.now()
    ((*active, overdue, soon, oldest, at_stake, newest, next_due),) = select(
        STANDING, website=website.pk, now=now, soon=now + DAY
    )
    moved = _moved(TOTALS, actor, period, [period.since])
    found, before = _figures(moved, PERIOD), _figures(moved, BEFORE) if period.baseline else None
    counts = dict(zip(ACTIVE, active, strict=True))
    ended = {S.RESOLVED: found.resolved, S.WITHDRAWN: found.withdrawn, S.EXPIRED: found.expired}
    rows = managed_rows(actor, [*next_due, *newest])
    return DisputeDashboard(
        period=period.row(),
        currency=website.currency,
        open=sum(active),
        by_status=[DisputeStatusCount(status, n) for status, n in (counts | ended).items()],
        attention=DisputeAttention(
            needs_decision=counts[S.UNDER_REVIEW],
            to_forward=counts[S.OPEN],
            overdue=overdue,
            due_in_24h=soon,
            oldest_hours=None if oldest is None else round(oldest, 2),
            at_stake=to_decimal(at_stake),
        ),
        opened=compared_count(found.opened, before.opened if before else None),
        resolved=compared_count(found.resolved, before.resolved if before else None),
        refunded=_refunded(moved, period),
        figures=found,
        before=before,
        next_due=rows[: len(next_due)],
        newest=rows[len(next_due) :],
    )


def dispute_analytics(actor: Actor, period: Period) -> DisputeAnalytics:
    """Two queries."""
    buckets = period.buckets()
    moved = _moved(REPORT, actor, period, [bucket.since for bucket in buckets])
    found, before = _figures(moved, PERIOD), _figures(moved, BEFORE) if period.baseline else None
    stages = _stages(actor, period)
    asked = [stage.silence_rate for stage in stages if stage.status in AWAITING.values()]
    return DisputeAnalytics(
        period=period.row(),
        granularity=period.granularity,
        currency=actor.website.currency,
        opened=compared_count(found.opened, before.opened if before else None),
        resolved=compared_count(found.resolved, before.resolved if before else None),
        refunded=_refunded(moved, period),
        figures=found,
        before=before,
        points=[
            DisputePoint(bucket.on, _figures(moved, (number, None, None, None, None)))
            for number, bucket in enumerate(buckets, start=1)
        ],
        by_reason=[ReasonFigures(one, _figures(moved, (None, False, one, None, None))) for one in DisputeReason],
        by_outcome=[_outcome(one, moved, found) for one in Outcome],
        by_opener=[OpenerFigures(one, _figures(moved, (None, False, None, one, None))) for one in Party],
        by_stage=stages,
        silence_rate=rate(sum(one.numerator for one in asked), sum(one.denominator for one in asked)),
    )


def _moved(statement: str, actor: Actor, period: Period, edges: Sequence[dt.datetime]) -> Mapping[_Key, _Moved]:
    given: dict[str, Any] = {**of_period(actor.website, period, []), "edges": list(edges)}
    return {tuple(row[:5]): _Moved(*row[5:]) for row in select(statement, **given)}


def _stages(actor: Actor, period: Period) -> list[StageFigures]:
    """One query."""
    found = {
        status: (silent, spread(p50, p90, mean, n))
        for status, silent, p50, p90, mean, n in select(
            STAGES, website=actor.website.pk, since=period.since, until=period.until
        )
    }
    none = (0, spread(None, None, None, 0))
    return [
        StageFigures(status, TURNS[status], hours, rate(silent, hours.n))
        for status in ACTIVE
        for silent, hours in [found.get(status, none)]
    ]


def _refunded(moved: Mapping[_Key, _Moved], period: Period) -> ComparedMoney:
    before = moved.get(BEFORE, _Moved()).refunded_minor if period.baseline else None
    return compared_money(moved.get(PERIOD, _Moved()).refunded_minor, before)


def _outcome(outcome: Outcome, moved: Mapping[_Key, _Moved], of: DisputeFigures) -> OutcomeFigures:
    figures = _figures(moved, (None, False, None, None, REMEDIES[outcome]))
    return OutcomeFigures(outcome, rate(figures.resolved, of.resolved), figures)


def _figures(moved: Mapping[_Key, _Moved], key: _Key) -> DisputeFigures:
    one = moved.get(key, _Moved())
    return DisputeFigures(
        opened=one.opened,
        resolved=one.resolved,
        withdrawn=one.withdrawn,
        expired=one.expired,
        for_client=one.for_client,
        for_writer=one.for_writer,
        for_neither=one.for_neither,
        upheld_rate=rate(one.upheld, one.resolved),
        refunded=to_decimal(one.refunded_minor),
        pay_lowered=to_decimal(one.pay_minor),
        resolution_hours=spread(one.p50, one.p90, one.mean, one.timed),
    )
