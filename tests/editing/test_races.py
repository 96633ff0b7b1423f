"""Twenty editors at once: one has the task, the others are told who; and the lock stands in the SQL."""

from __future__ import annotations

from collections import Counter

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.editing.actions import reviews, tasks
from copydesk.editing.models import EditingTask, RequiredChange
from copydesk.journal.models import Event
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, editing, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.orders import order_in_editing
from tests.payments.test_races import AT_ONCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def writer(client: Membership) -> Membership:
    return writers.writer(client.website).member


def again(task: EditingTask) -> EditingTask:
    return EditingTask.objects.of(task.website_id).get(pk=task.pk)


def test_one_editor_claims(client: Membership, writer: Membership) -> None:
    task = editing.open_task(client, writer)
    crowd = [actor(accounts.membership(client.website, "editor")) for _ in range(AT_ONCE)]

    def claim(number: int) -> None:
        with transaction.atomic():
            tasks.claim(again(task), by=crowd[number])

    assert at_once(client.website, claim) == ["done"] + ["task_taken"] * (AT_ONCE - 1)
    with website_scope(client.website_id):
        assert again(task).editor_id in {by.membership_id for by in crowd}
        assert Event.objects.of(client.website_id).filter(verb="editing_task.claim").count() == 1


def test_one_editor_gets_no_more_than_its_limit(client: Membership, writer: Membership) -> None:
    limited = editing.editor(client.website, task_limit=1)
    waiting = [editing.open_task(client, writer) for _ in range(3)]

    def claim(number: int) -> None:
        with transaction.atomic():
            tasks.claim(again(waiting[number % 3]), by=actor(limited))

    results = Counter(at_once(client.website, claim))
    assert results["done"] == 1
    assert set(results) == {"done", "editor_at_limit", "task_taken"}


def test_a_verdict_is_applied_once(client: Membership, writer: Membership) -> None:
    editor = accounts.membership(client.website, "editor")
    task = editing.submitted_task(client, writer, editor, editing.RETURNED)

    def complete(number: int) -> None:
        with transaction.atomic():
            reviews.complete(again(task), by=actor(editor))

    assert at_once(client.website, complete) == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(client.website_id):
        assert Order.objects.of(client.website_id).get().rounds.count() == 2
        assert RequiredChange.objects.of(client.website_id).count() == 2


def test_one_task_is_opened(client: Membership, writer: Membership) -> None:
    order = order_in_editing(client, writer)

    def follow(number: int) -> None:
        with transaction.atomic():
            tasks.follow_order(Order.objects.of(client.website_id).get(pk=order.pk), by=actor(writer).as_system())

    assert at_once(client.website, follow) == ["done"] * AT_ONCE
    with website_scope(client.website_id):
        assert EditingTask.objects.of(client.website_id).count() == 1


def test_the_lock_stands_in_the_sql(client: Membership, writer: Membership) -> None:
    task = editing.open_task(client, writer)
    editor = actor(accounts.membership(client.website, "editor"))
    with website_scope(client.website_id), CaptureQueriesContext(connection) as seen:
        tasks.claim(again(task), by=editor)
    found = [query["sql"] for query in seen.captured_queries]
    locked = next(n for n, sql in enumerate(found) if '"editing_editingtask"' in sql and "FOR NO KEY UPDATE" in sql)
    written = next(n for n, sql in enumerate(found) if sql.startswith('UPDATE "editing_editingtask"'))
    assert locked < written
    assert any('"accounts_membership"' in sql and "FOR NO KEY UPDATE" in sql for sql in found[locked:written])
