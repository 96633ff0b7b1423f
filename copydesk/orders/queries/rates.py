"""RULES §0's rates, as conditions on an order `o` and a round `r`: every screen counts by these."""

ON_TIME = "r.submitted_at <= r.due_at + r.excused"
"""Of rounds submitted."""

REVISED = """EXISTS (
    SELECT 1 FROM orders_round v
    WHERE v.website_id = o.website_id AND v.order_id = o.id AND v.kind = 'revision' AND v.cause = 'writer'
)"""
"""Of orders delivered: the writer caused a revision."""
