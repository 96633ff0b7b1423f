"""An editor's speed is that of late: of a bounded number of reviews, of a bounded time."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection

from copydesk.core import clock
from copydesk.editing.queries.workload import editor_workload
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, editing, tenancy, writers
from tests.factories.accounts import actor

pytestmark = pytest.mark.django_db
REVIEWED = """
INSERT INTO editing_editingtask (website_id, order_id, round_id, editor_id, status, assignment_type, outcome, opened_at,
    assigned_at, started_at, submitted_at, closed_at, version)
SELECT website_id, order_id, round_id, %(editor)s, status, assignment_type, outcome, at, at, at - %(took)s, at, at, 1
FROM editing_editingtask, generate_series(1, %(n)s) n, LATERAL (SELECT %(last)s - n * interval '1 minute') AS of (at)
WHERE id = %(task)s
"""


def test_the_last_hundred_of_ninety_days() -> None:
    client = accounts.membership(tenancy.website())
    writer = writers.writer(client.website, level="expert").member
    editor, other = (accounts.membership(client.website, "editor") for _ in range(2))
    task = editing.completed_task(client, writer, other, editing.RETURNED)
    pages = task.order.pages + task.order.slides

    def reviewed(n: int, days_ago: int, minutes: int) -> None:
        values = {"task": task.pk, "editor": editor.pk, "n": n, "took": dt.timedelta(minutes=minutes * pages)}
        with connection.cursor() as cursor:
            cursor.execute(REVIEWED, values | {"last": clock.now() - dt.timedelta(days=days_ago)})

    with website_scope(client.website_id):
        reviewed(50, 91, 9)
        found = editor_workload(actor(editor))
        assert (found.reviews_measured, found.minutes_per_page) == (0, None)
        reviewed(60, 20, 5)
        found = editor_workload(actor(editor))
        assert (found.reviews_measured, found.minutes_per_page) == (60, 5.0)
        reviewed(51, 10, 2)
        found = editor_workload(actor(editor))
        assert (found.reviews_measured, found.minutes_per_page) == (100, 2.0)
