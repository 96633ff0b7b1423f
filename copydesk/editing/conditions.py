"""What narrows tasks and required changes, as SQL text: as expressions it took most of the time of a screen."""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

TASK, CHANGE = "editing_editingtask", "editing_requiredchange"
EDITORS_OWN = f"{TASK}.editor_id = %s OR {TASK}.status <> 'closed'"
RETURNED_TO = f"""{TASK}.outcome = 'returned'
    AND {TASK}.order_id IN (SELECT o.id FROM orders_order o WHERE o.website_id = %s AND o.writer_id = %s)"""  # noqa: S608
HELD_AT = f"""{TASK}.status IN ('claimed', 'in_review', 'submitted')
    AND ({TASK}.lease_until IS NULL OR {TASK}.lease_until > %s)"""
FREE = f"""{TASK}.status = 'available'
    OR ({TASK}.status IN ('claimed', 'in_review') AND {TASK}.lease_until <= %s)"""
WRITTEN = f"""EXISTS (
    SELECT 1 FROM orders_assignment a JOIN accounts_membership w ON w.website_id = a.website_id AND w.id = a.writer_id
    WHERE a.website_id = %s AND a.order_id = {TASK}.order_id AND w.user_id = %s
)"""  # noqa: S608 — put together from constants
FREE_TO = f"({FREE}) AND NOT {WRITTEN}"
ORDER = f"FROM orders_order o WHERE o.website_id = {TASK}.website_id AND o.id = {TASK}.order_id"
DEADLINE = f"(SELECT o.client_deadline {ORDER})"
KNOWN = "FROM editing_expertise e WHERE e.website_id = %s AND e.editor_id = %s AND e.kind"
FITTING = " AND ".join(
    f"(NOT EXISTS (SELECT 1 {KNOWN} = '{kind}') OR (SELECT o.{kind} {ORDER}) IN (SELECT e.code {KNOWN} = '{kind}'))"
    for kind in ("subject", "paper_type")
)
CAME_BACK = f"""
    SELECT r.id FROM editing_editingreview r JOIN {TASK} ON {TASK}.website_id = r.website_id AND {TASK}.id = r.task_id
    WHERE r.website_id = %s AND {TASK}.outcome = 'returned'
"""  # noqa: S608 — put together from constants
HERE = f"{TASK}.order_id IN (SELECT t.order_id FROM {TASK} t WHERE t.website_id = %s AND t.status <> 'closed')"  # noqa: S608
ALL_CHANGES, WRITERS_CHANGES, EDITORS_CHANGES = (
    f"{CHANGE}.review_id IN ({CAME_BACK} AND {whose})"
    for whose in ("true", RETURNED_TO, f"(r.editor_id = %s OR {HERE})")
)


def condition(text: str, *values: Any) -> RawSQL:
    """For a filter; not inside a sub-query, where Django gives the table another name."""
    return RawSQL(text, values, BooleanField())  # noqa: S611 — constants
