"""What a screen reads does not grow with the age of a website: its statements, explained over a long history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.core import clock
from copydesk.editing.queries.tasks import without_task
from copydesk.editing.tasks import expire_leases, reconcile
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.database import url_as
from tests.factories import accounts, editing, tenancy, writers

pytestmark = pytest.mark.django_db(transaction=True)

HISTORY, OWN, ORDERS, FEW = 20_000, 20, 2_000, 200
DESK = "/api/v1/editor-management/"
CLOSED_LONG_AGO = """
WITH old AS (
    INSERT INTO orders_order
    SELECT (jsonb_populate_record(o, jsonb_build_object('id', %(new)s + n, 'number', %(new)s + n))).*
    FROM orders_order o JOIN editing_editingtask t ON t.website_id = o.website_id AND t.order_id = o.id,
         generate_series(1, %(orders)s) n
    WHERE t.id = %(task)s
)
INSERT INTO editing_editingtask (website_id, order_id, round_id, editor_id, status, assignment_type, outcome, opened_at,
    assigned_at, started_at, submitted_at, closed_at, version)
SELECT website_id, %(new)s + 1 + n %% %(orders)s, round_id,
    CASE WHEN n %% %(share)s = 0 THEN %(editor)s ELSE %(other)s END, status, assignment_type, outcome,
    at, at, at, at, at, 1
FROM editing_editingtask, generate_series(1, %(history)s) n, LATERAL (SELECT %(now)s - n * interval '1 hour') old (at)
WHERE id = %(task)s
"""


@pytest.fixture
def editor() -> Membership:
    """One of two, who has had few of the many tasks that are closed; a dozen are open."""
    client = accounts.membership(tenancy.website())
    writer = writers.writer(client.website, level="expert").member
    editor, other = (accounts.membership(client.website, "editor") for _ in range(2))
    for _ in range(3):
        editing.open_task(client, writer)
    editing.claimed_task(client, writer, editor)
    editing.submitted_task(client, writer, other)
    task = editing.completed_task(client, writer, other, editing.RETURNED)
    sizes = {"history": HISTORY, "share": HISTORY // OWN, "orders": ORDERS, "new": 1_000_000}
    values = {"editor": editor.pk, "other": other.pk, "task": task.pk, "now": clock.now(), **sizes}
    with psycopg.connect(url_as("app_owner"), autocommit=True) as owner:
        owner.execute(CLOSED_LONG_AGO, values)
        owner.execute("VACUUM ANALYZE")
    return editor


def tasks_read(node: dict[str, Any]) -> Iterator[int]:
    """How many rows of tasks each scan in a plan has looked at."""
    if node.get("Relation Name") == "editing_editingtask":
        passed_over = sum(node.get(f"Rows Removed by {by}", 0) for by in ("Filter", "Index Recheck"))
        yield round((node["Actual Rows"] + passed_over) * node["Actual Loops"])
    for child in node.get("Plans", ()):
        yield from tasks_read(child)


def most_read(statements: list[str]) -> int:
    found = [0]
    for statement in statements:
        if '"editing_editingtask"' in statement or "editing_editingtask " in statement:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + statement.replace("%", "%%"), [])
                (plan,) = cursor.fetchone()
            plan = orjson.loads(plan) if isinstance(plan, str) else plan
            found += tasks_read(plan[0]["Plan"])
    return max(found)


def selects(seen: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in seen.captured_queries if query["sql"].lstrip().startswith(("SELECT", "WITH"))]


def test_an_editors_screens(editor: Membership) -> None:
    caller = as_(editor)
    read = {}
    for screen in (
        *("tasks/", "tasks/?tab=overdue", "tasks/?tab=closed", "tasks/available_tasks/", "tasks/changes/"),
        *("profiles/", "profiles/dashboard_stats/", "performance/", "dashboard/tasks/", "dashboard/tasks/?tab=recent"),
        *("dashboard/available-tasks/?tab=fitting", "dashboard/available-tasks/?deadline=upcoming&ordering=-pages"),
        *("dashboard/performance/", "dashboard/analytics/", "dashboard/activity/", "dashboard/workload/"),
    ):
        with CaptureQueriesContext(connection) as seen:
            caller.get(DESK + screen)
        with website_scope(editor.website_id):
            read[screen] = most_read(selects(seen))
    assert max(read.values()) <= FEW, read


def test_the_staffs_queue(editor: Membership) -> None:
    """`closed` alone is history: it is counted to 10,000."""
    staff = as_(accounts.membership(editor.website, "support"))
    read = {}
    for screen in ("tasks/available_tasks/", "tasks/available_tasks/?tab=urgent", f"tasks/?editor_id={editor.pk}"):
        with CaptureQueriesContext(connection) as seen:
            staff.get(DESK + screen)
        with website_scope(editor.website_id):
            read[screen] = most_read(selects(seen))
    assert max(read.values()) <= FEW, read


def test_the_sweeps(editor: Membership) -> None:
    with website_scope(editor.website_id):
        with CaptureQueriesContext(connection) as seen:
            expire_leases(editor.website)
            reconcile(editor.website)
            list(without_task(editor.website))
        assert most_read(selects(seen)) <= FEW
