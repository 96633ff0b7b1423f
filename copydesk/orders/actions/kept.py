"""What is kept of a website's writers and orders, because screens would read all of them each time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import Model

from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import in_force
from copydesk.tenancy.sql import select
from copydesk.writers.policies import WriterPolicy
from copydesk.writers.queries import mean_rating

from ..models import OPEN, Assignment, Dwell, Form
from ..policies import OrderPolicy
from ..queries.attention import BEGUN
from ..queries.match import writers_facts
from ..queries.score import own_points

DWELL_DAYS = 90
DWELLS = f"""
SELECT before, percentile_cont(0.9) WITHIN GROUP (ORDER BY date_part('epoch', at - since)), count(*)
FROM (
    SELECT e.before, e.at, lag(e.at) OVER (PARTITION BY o.id ORDER BY e.id) AS since
    FROM orders_order o
    JOIN journal_event e ON e.website_id = o.website_id AND e.root_type = 'order' AND e.root_id = o.id
    WHERE o.website_id = %(website)s AND o.placed_at >= %(since)s
      AND {BEGUN}
) steps
WHERE since IS NOT NULL AND before = ANY(%(stages)s)
GROUP BY before
"""  # noqa: S608 — put together from constants
"""By the journal: how long each order stood in each status that it has left."""


def keep_forms(website: Website, at: dt.datetime, writer_ids: Collection[int] | None = None) -> None:
    """Works out anew what the website's writers bring to an order, or those named. Five queries at most, whatever their
    number."""
    held = Form.objects.of(website).order_by("pk").select_for_update(no_key=True)
    # Who comes second reads what the first one did not see, and does not write before it.
    list(held.values_list("pk") if writer_ids is None else held.filter(pk__in=writer_ids).values_list("pk"))
    policy, levels = in_force(website, OrderPolicy, WriterPolicy)
    weights = dict(policy.match_weights)
    mean = mean_rating(website)
    rows = [
        Form(
            website=website,
            writer_id=writer.writer_id,
            completed=writer.completed,
            dropped=writer.dropped,
            rounds_on_time=writer.rounds_on_time,
            rounds_submitted=writer.rounds_submitted,
            points=own_points(writer, levels, mean, weights),
            academic_rank=levels.level(writer.level).academic_rank,
            computed_at=at,
        )
        for writer in writers_facts(website, at, writer_ids)
    ]
    Form.objects.of(website).bulk_create(
        rows, update_conflicts=True, unique_fields=["writer"], update_fields=_columns(Form, "writer")
    )


def keep_forms_of_order(website: Website, order_id: int, at: dt.datetime) -> None:
    """Of all who have or had the order."""
    had = Assignment.objects.of(website).filter(order_id=order_id).values_list("writer_id", flat=True)
    if writers := sorted(set(had)):
        keep_forms(website, at, writers)


def keep_dwells(website: Website, at: dt.datetime) -> None:
    """How long orders stand in each status. Two queries."""
    found = select(
        DWELLS,
        website=website.pk,
        since=at - dt.timedelta(days=DWELL_DAYS),
        stages=sorted(stage.value for stage in OPEN),
    )
    rows = [
        Dwell(website=website, stage=stage, p90=dt.timedelta(seconds=round(seconds)), n=n, computed_at=at)
        for stage, seconds, n in found
    ]
    Dwell.objects.of(website).exclude(stage__in=[row.stage for row in rows]).delete()
    Dwell.objects.of(website).bulk_create(
        rows, update_conflicts=True, unique_fields=["website", "stage"], update_fields=_columns(Dwell, "id", "stage")
    )


def _columns(model: type[Model], *key: str) -> list[str]:
    fields: Any = model._meta.concrete_fields
    return [field.name for field in fields if field.name not in (*key, "website")]
