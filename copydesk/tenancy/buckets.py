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
