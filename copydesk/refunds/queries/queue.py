"""What waits for somebody: to decide, to execute, to try again."""

from __future__ import annotations

from copydesk.tenancy.counts import Tab
from copydesk.tenancy.sql import holds, words

from ..models import OPEN, RefundDestination, RefundQuerySet, RefundStatus

S = RefundStatus
IS_OPEN = f"status IN ({words(OPEN)})"
TABS = {
    "all": Tab(),
    "requested": Tab(holds(f"status = '{S.REQUESTED}'")),
    "approved": Tab(holds(f"status = '{S.APPROVED}'")),
    "consent_missing": Tab(
        holds(
            f"status IN ('{S.REQUESTED}', '{S.APPROVED}') AND destination = '{RefundDestination.WALLET}'"
            " AND consented_at IS NULL"
        )
    ),
    "executing": Tab(holds(f"status = '{S.EXECUTING}'")),
    "failed": Tab(holds(f"status = '{S.FAILED}'")),
}
"""Of those that are open, few on every website."""


def pending(rows: RefundQuerySet) -> RefundQuerySet:
    """Those of `rows` that are not through."""
    return rows.filter(holds(IS_OPEN))
