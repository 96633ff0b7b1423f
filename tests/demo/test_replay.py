"""The generator writes what the actions would have written: a whole small website is done again through them."""

from __future__ import annotations

import datetime as dt

import psycopg
import pytest

from copydesk.demo.stage import Step
from copydesk.demo.world import Site, World, load
from copydesk.orders.models import Status
from tests.database import url_as
from tests.demo.compare import Comparison
from tests.demo.replay import Replay
from tests.factories import tenancy

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
ATLAS = Site("atlas", "Atlas Writing", "USD", "America/New_York")
RARE = {
    "pay falls with a refund": "SELECT FROM payments_earning WHERE kind = 'reduction'",
    "a second writer of a completed order is paid": (
        "SELECT FROM payments_earning WHERE kind = 'pay' GROUP BY reference_id HAVING count(*) > 1"
    ),
    "an open adjustment ends with its order": (
        "SELECT FROM journal_event WHERE verb = 'adjustment.decline' AND role = 'system'"
    ),
    "an agreed deadline decides a later price": (
        "SELECT FROM orders_adjustment a JOIN orders_adjustment b USING (website_id, order_id)"
        " WHERE a.client_deadline IS NOT NULL AND a.status = 'accepted' AND b.client_deadline IS NULL AND b.id > a.id"
    ),
    "a deadline is shortened twice": (
        "SELECT FROM journal_event WHERE verb = 'order.extend_deadline'"
        " AND (data->>'client_deadline')::timestamptz < (data->>'client_deadline_before')::timestamptz"
        " GROUP BY subject_id HAVING count(*) > 1"
    ),
    "a burst marks those before it": "SELECT FROM journal_event WHERE verb = 'review.suspect'",
    "a review is alarming": "SELECT FROM journal_event WHERE verb = 'review.alert'",
    "a shadow ends": "SELECT FROM journal_event WHERE verb = 'review.lift'",
    "an appeal waits": "SELECT FROM reviews_appeal WHERE status = 'open'",
    "an appeal is granted": "SELECT FROM reviews_appeal WHERE status = 'overturned'",
    **{
        f"a dispute ends by {remedy}": f"SELECT FROM disputes_dispute WHERE remedy = '{remedy}'"
        for remedy in ("none", "refund", "new_deadline", "new_writer")
    },
    **{
        f"a dispute is {status}": f"SELECT FROM disputes_dispute WHERE status = '{status}'"
        for status in ("open", "awaiting_writer", "awaiting_client", "under_review", "withdrawn", "expired")
    },
    "staff let their time pass": "SELECT FROM disputes_dispute WHERE reminders > 0",
    "a dispute leaves a part of pay that was not earned": "SELECT FROM payments_earning e"
    " JOIN disputes_dispute d ON d.order_id = e.reference_id AND d.remedy = 'refund'"
    " JOIN orders_order o ON o.id = d.order_id WHERE e.kind = 'pay' AND o.completed_at IS NULL",
    "an outcome voids a fine": "SELECT FROM disputes_dispute d JOIN fines_fine f ON f.order_id = d.order_id"
    " WHERE f.status = 'voided' AND f.voided_at = d.closed_at",
    "a dispute takes back what was earned": "SELECT FROM disputes_dispute d JOIN orders_order o ON o.id = d.order_id"
    " WHERE d.remedy = 'new_writer' AND d.order_from = 'completed' AND d.pay_change_minor < 0",
    "a late round is fined that an outcome ended": "SELECT FROM fines_fine f JOIN journal_event e"
    " ON e.subject_type = 'order' AND e.subject_id = f.order_id AND e.at = f.proposed_at"
    " WHERE f.kind = 'dropped_late' AND e.verb IN ('order.settle', 'order.cancel')",
    "a report hides a review": "SELECT FROM journal_event WHERE verb = 'review.withhold'",
}
"""What a small world may miss, and the scenes of the named accounts play in any."""


@pytest.mark.django_db(transaction=True)
def test_the_actions_write_the_same_rows() -> None:
    world = World((ATLAS,), orders=60, clients=14, writers=16, tickets=16, now=NOW, password="!", days=120)
    scripts: dict[str, list[Step]] = {}
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        load(owner, world, scripts=scripts)
        found = owner.execute("SELECT id, created_at FROM tenancy_website").fetchone()
        assert found is not None
        again = tenancy.website("again", created_at=found[1])

        Replay(again).play(scripts["atlas"])

        compared = Comparison(owner, found[0], again.pk)
        assert not compared.differences, "\n".join(compared.differences[:60])
        missing = [
            what for what, query in RARE.items() if owner.execute(f"{query} LIMIT 1".encode()).fetchone() is None
        ]
        statuses = {row[0] for row in owner.execute("SELECT DISTINCT status FROM orders_order").fetchall()}
    assert missing == []
    assert statuses == {status.value for status in Status}
    assert {table for table, rows in compared.compared.items() if not rows} == set()
    assert {step.name for step in scripts["atlas"]} >= {
        "reassign",
        "release",
        "expire",
        "cancel",
        "open_dispute",
        "tip",
    }
