"""RULES §0's rates, as conditions on an order `o`, a round `r`, an assignment `a`: every screen counts by these."""

ON_TIME = "r.submitted_at <= r.due_at + r.excused"
"""Of rounds submitted."""

REVISED = """EXISTS (
    SELECT 1 FROM orders_round v
    WHERE v.website_id = o.website_id AND v.order_id = o.id AND v.kind = 'revision' AND v.cause = 'writer'
)"""
"""Of orders delivered: the writer caused a revision."""

DROPPED = "a.outcome IN ('released', 'reassigned') AND a.cause = 'writer'"
"""The writer let the order go, or was taken off it for its own cause."""

CANCELLED_FOR_WRITER = "a.outcome = 'cancelled' AND a.cause = 'writer'"
