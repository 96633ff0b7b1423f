"""What narrows tasks and required changes, as SQL text for `holds()`: as expressions it took most of a screen's time.
The tables are named, so that none of it stands in a sub-query of Django's, which calls them otherwise."""

from __future__ import annotations

TASK, CHANGE = "editing_editingtask", "editing_requiredchange"

OPEN = f"{TASK}.status <> 'closed'"
EDITORS_OWN = f"({TASK}.editor_id = %(member)s OR {OPEN})"
RETURNED_TO = f"""({TASK}.outcome = 'returned' AND {TASK}.order_id IN (
    SELECT o.id FROM orders_order o WHERE o.website_id = %(website)s AND o.writer_id = %(member)s
))"""  # noqa: S608 — put together from constants
HELD_AT = f"""({TASK}.status IN ('claimed', 'in_review', 'submitted')
    AND ({TASK}.lease_until IS NULL OR {TASK}.lease_until > %(at)s))"""
"""What counts against an editor's limit: assigned, claimed with time left, or submitted."""
FREE = f"""({TASK}.status = 'available'
    OR ({TASK}.status IN ('claimed', 'in_review') AND {TASK}.lease_until <= %(at)s))"""
WRITERS = """
    SELECT m.id FROM accounts_membership m WHERE m.website_id = %(website)s AND m.user_id = %(user)s
        AND EXISTS (SELECT 1 FROM orders_assignment a WHERE a.website_id = m.website_id AND a.writer_id = m.id)
"""
"""An account's memberships that have had orders to write."""
WRITTEN_BY = f"""EXISTS (
    SELECT 1 FROM orders_assignment a
    WHERE a.website_id = %(website)s AND a.order_id = {TASK}.order_id AND a.writer_id = ANY(%(writers)s)
)"""  # noqa: S608 — put together from constants
FREE_TO = f"({FREE} AND NOT {WRITTEN_BY})".replace("%(writers)s", f"ARRAY({WRITERS})")
ORDER = f"FROM orders_order o WHERE o.website_id = {TASK}.website_id AND o.id = {TASK}.order_id"
DEADLINE = f"(SELECT o.client_deadline {ORDER})"
OVERDUE = f"{DEADLINE} <= %(at)s"
URGENT = f"(SELECT o.client_deadline > %(at)s AND o.client_deadline <= %(soon)s {ORDER})"
UPCOMING = f"{DEADLINE} > %(soon)s"
KNOWN = "FROM editing_expertise e WHERE e.website_id = %(website)s AND e.editor_id = %(member)s AND e.kind"
SUBJECTS, PAPER_TYPES = (f"ARRAY(SELECT e.code {KNOWN} = '{kind}')" for kind in ("subject", "paper_type"))
FITTING = f"""(
    SELECT (cardinality(%(subjects)s::text[]) = 0 OR o.subject = ANY(%(subjects)s::text[]))
        AND (cardinality(%(paper_types)s::text[]) = 0 OR o.paper_type = ANY(%(paper_types)s::text[])) {ORDER}
)"""
"""Of a subject and a paper type that the editor knows; one who names none knows all."""
FITTING_MEMBER = FITTING.replace("%(subjects)s", SUBJECTS).replace("%(paper_types)s", PAPER_TYPES)
EDITORS_CHANGES = f"""({CHANGE}.editor_id = %(member)s OR {CHANGE}.order_id IN (
    SELECT t.order_id FROM {TASK} t WHERE t.website_id = %(website)s AND t.status <> 'closed'
))"""  # noqa: S608 — put together from constants
"""Its own, and those of orders that are in editing."""
WRITERS_CHANGES = f"""{CHANGE}.order_id IN (
    SELECT o.id FROM orders_order o WHERE o.website_id = %(website)s AND o.writer_id = %(member)s
)"""  # noqa: S608 — put together from constants
