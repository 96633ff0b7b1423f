"""What waits for somebody: fines that are proposed, and appeals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from copydesk.core import clock
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.sql import holds

from ..models import AppealStatus, FineQuerySet, FineStatus, Source

SOON = dt.timedelta(days=1)
IS_PENDING = f"status IN ('{FineStatus.PROPOSED}', '{FineStatus.APPEALED}')"
TABS = {
    "all": Tab(),
    "proposed": Tab(holds(f"status = '{FineStatus.PROPOSED}'")),
    "appealed": Tab(holds(f"status = '{FineStatus.APPEALED}'")),
    "automatic": Tab(holds(f"source = '{Source.AUTOMATIC}'")),
    "manual": Tab(holds(f"source = '{Source.MANUAL}'")),
}
"""Of those that wait, few on every website; the last two are another cut of all."""
APPEAL_TABS = ("open", "due_soon", "decided")


def pending(rows: FineQuerySet) -> FineQuerySet:
    return rows.filter(holds(IS_PENDING))


def appeal_tabs() -> Mapping[str, Tab]:
    """`due_soon`: granted by themselves within a day."""
    is_open = f"fines_appeal.status = '{AppealStatus.OPEN}'"
    return {
        "open": Tab(holds(is_open)),
        "due_soon": Tab(holds(f"{is_open} AND due_at <= %(soon)s", soon=clock.now() + SOON)),
        "decided": Tab(holds(f"fines_appeal.status <> '{AppealStatus.OPEN}'"), apart=True),
    }
