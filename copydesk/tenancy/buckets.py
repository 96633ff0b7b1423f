"""How a statement cuts a period: Python gives it the edges, the statement says into which bucket a row falls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copydesk.core.period import Bucket, Period

from .models import Website

BASELINE = 0
"""The number of what falls into the time that the period is compared with; buckets count from 1."""

IN_BUCKETS = f"""(
    SELECT width_bucket(at, %(edges)s::timestamptz[]) AS bucket WHERE at >= %(since)s AND at < %(until)s
    UNION ALL
    SELECT {BASELINE} WHERE at >= %(base_since)s::timestamptz AND at < %(base_until)s::timestamptz
)"""
"""To be joined LATERAL to rows with an `at`: a row may be of the period and of its baseline."""


def of_period(website: Website, period: Period, buckets: Sequence[Bucket]) -> dict[str, Any]:
    """The parameters of a statement about a website's period; `oldest` is where the earlier of both begins."""
    base = period.baseline
    return {
        "website": website.pk,
        "since": period.since,
        "until": period.until,
        "base_since": base and base.since,
        "base_until": base and base.until,
        "edges": [bucket.since for bucket in buckets],
        "oldest": min(period.since, base.since) if base else period.since,
    }


def counted(what: str) -> str:
    """Of rows with a `what`, how many are that."""
    return f"count(*) FILTER (WHERE what = '{what}')"


def summed(what: str) -> str:
    """As `counted`, their `amount_minor`."""
    return f"coalesce(sum(amount_minor) FILTER (WHERE what = '{what}'), 0)::bigint"


def hours_spread(only: str = "true") -> str:
    """Median, ninth decile, mean and number of the `hours` of rows of which `only` holds."""
    those = f"FILTER (WHERE {only})"
    return (
        f"percentile_cont(0.5) WITHIN GROUP (ORDER BY hours) {those},"
        f" percentile_cont(0.9) WITHIN GROUP (ORDER BY hours) {those}, avg(hours) {those}, count(hours) {those}"
    )


def grouped(measures: str, moves: str, *kinds: str) -> tuple[str, str]:
    """Two statements that measure `moves`, rows with an `at`: of the period and its baseline alone, and that with each
    bucket and by each of the `kinds`. A row begins with its key: the bucket, whether it is the baseline, the kinds;
    each null but where it is grouped by."""
    whole = f"b.bucket = {BASELINE}"
    rows = f"FROM ({moves}) m CROSS JOIN LATERAL {IN_BUCKETS} b"
    nulls = ", ".join("NULL::text" for _ in kinds)
    keys = ", ".join(f"m.{kind}" for kind in kinds)
    sets = ", ".join(("(b.bucket)", f"({whole})", *(f"({whole}, m.{kind})" for kind in kinds)))
    return (
        f"SELECT NULL::int, {whole}, {nulls}, {measures} {rows} GROUP BY {whole}",
        f"SELECT b.bucket, {whole}, {keys}, {measures} {rows} GROUP BY GROUPING SETS ({sets})",
    )
