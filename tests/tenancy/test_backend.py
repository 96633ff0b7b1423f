"""The website's id goes with BEGIN in one trip, lasts as long as the transaction, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.tenancy import scope
from copydesk.tenancy.db.base import PREPARED
from copydesk.tenancy.jobs import defer, job
from copydesk.tenancy.models import Policy, UnscopedQuery, Website
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import across_websites, in_transaction, website_context, website_scope
from copydesk.tenancy.sql import select
from tests.factories.accounts import membership
from tests.factories.tenancy import website
from tests.jobs import run_jobs

real = pytest.mark.django_db(transaction=True)


def setting() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nullif(current_setting('app.website_id', true), '')")
        found: str | None = cursor.fetchone()[0]
        return found


def store_file(of: Website, uploader_id: int) -> None:
    with website_scope(of.pk), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO files_file (website_id, uploader_id, name, content_type, size, sha256, storage_key,"
            " created_at) VALUES (%s, %s, 'a', 'text/plain', 1, repeat('a', 64), 'k', now())",
            [of.pk, uploader_id],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def slugs() -> list[str]:
    return sorted(row.slug for row in Website.objects.all())


@pytest.fixture
def atlas() -> Website:
    return website("atlas")


@pytest.fixture
def borealis() -> Website:
    return website("borealis")


@contextmanager
def entered(of: Website) -> Iterator[None]:
    scope.enter(of.pk)
    try:
        yield
    finally:
        scope.enter(None)


@real
class TestTransactions:
    def test_outside_of_one_nothing_is_seen(self, atlas: Website) -> None:
        with entered(atlas):
            assert setting() is None
            assert slugs() == []

    def test_the_id_goes_with_begin(self, atlas: Website) -> None:
        with entered(atlas), CaptureQueriesContext(connection) as captured, transaction.atomic():
            assert slugs() == ["atlas"]
        assert not [query for query in captured if "set_config" in query["sql"]], "no trip of its own"

    def test_who_reads_the_whole_website_gets_plans_for_it(self, atlas: Website) -> None:
        def mode() -> str:
            with connection.cursor() as cursor:
                cursor.execute("SHOW plan_cache_mode")
                return str(cursor.fetchone()[0])

        scope.enter(atlas.pk, wide=True)
        with transaction.atomic():
            assert mode() == "force_custom_plan"
            assert setting() == str(atlas.pk)
        assert mode() == "auto"
        with entered(atlas), transaction.atomic():
            assert mode() == "auto"

    def test_one_plan_is_kept_until_something_else_is_asked(self, atlas: Website) -> None:
        def modes(count: int) -> list[str]:
            return [str(select("SELECT current_setting('plan_cache_mode')")[0][0]) for _ in range(count)]

        def mode() -> str:
            with connection.cursor() as cursor:
                cursor.execute("SHOW plan_cache_mode")
                return str(cursor.fetchone()[0])

        scope.enter(atlas.pk, wide=True)
        with transaction.atomic():
            assert modes(2) == ["force_generic_plan"] * 2
            assert mode() == "force_custom_plan"
            assert modes(1) == ["force_generic_plan"]
            with pytest.raises(DatabaseError), transaction.atomic():
                select("SELECT 1/0")
            assert slugs() == ["atlas"], "an error is no obstacle to what comes after"
            assert modes(1) == ["force_generic_plan"]
        assert mode() == "auto"
        with transaction.atomic():
            assert mode() == "force_custom_plan"
        scope.enter(atlas.pk)
        with transaction.atomic():
            assert modes(1) == ["auto"]

    def test_it_ends_with_the_transaction(self, atlas: Website, borealis: Website) -> None:
        with entered(atlas), transaction.atomic():
            assert setting() == str(atlas.pk)
        assert setting() is None
        with transaction.atomic():
            assert setting() is None
            assert slugs() == []
        with entered(borealis), transaction.atomic():
            assert slugs() == ["borealis"]

    def test_it_ends_with_an_error(self, atlas: Website) -> None:
        with pytest.raises(DatabaseError), entered(atlas), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1/0")
        assert setting() is None
        with entered(atlas), transaction.atomic():
            assert slugs() == ["atlas"]

    def test_it_survives_a_savepoint_that_is_undone(self, atlas: Website) -> None:
        with entered(atlas), transaction.atomic():
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
            assert slugs() == ["atlas"]
            with transaction.atomic():
                transaction.set_rollback(True)
            assert slugs() == ["atlas"]

    def test_on_commit_runs_outside(self, atlas: Website) -> None:
        seen: list[str | None] = []
        with entered(atlas), transaction.atomic():
            transaction.on_commit(lambda: seen.append(setting()))
        assert seen == [None]

    def test_a_server_side_cursor_sees_the_website(self, atlas: Website, borealis: Website) -> None:
        with entered(atlas), transaction.atomic():
            assert [row.slug for row in Website.objects.all().iterator(chunk_size=1)] == ["atlas"]

    def test_a_failed_begin_leaves_no_transaction(self, atlas: Website) -> None:
        """The connection is gone between two requests: the next one has a new connection, and the website."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [pid])
        connection.connection.close()
        with entered(atlas), pytest.raises(DatabaseError), transaction.atomic():
            pass
        connection.close()
        with entered(atlas), transaction.atomic():
            assert slugs() == ["atlas"]

    def test_a_context_is_for_the_transactions_inside(self, atlas: Website) -> None:
        with website_context(atlas.pk):
            assert slugs() == []
            with in_transaction():
                assert slugs() == ["atlas"]
                with in_transaction():
                    assert connection.savepoint_ids == []
        with transaction.atomic():
            assert slugs() == []


@pytest.mark.django_db
class TestScope:
    def test_gives_back_what_was_before(self, atlas: Website, borealis: Website) -> None:
        with website_scope(atlas.pk):
            with website_scope(borealis.pk):
                assert slugs() == ["borealis"]
            assert slugs() == ["atlas"]
        assert slugs() == []

    def test_gives_back_after_an_error(self, atlas: Website, borealis: Website) -> None:
        with website_scope(atlas.pk):
            with pytest.raises(DatabaseError), website_scope(borealis.pk), connection.cursor() as cursor:
                cursor.execute("SELECT 1/0")
            assert slugs() == ["atlas"]
            assert scope.current_website_id() == atlas.pk
        assert scope.current_website_id() is None

    def test_no_row_of_another_website_is_written(self, atlas: Website, borealis: Website) -> None:
        with website_scope(atlas.pk), pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            store_policy(borealis, "any", {})
        with website_scope(atlas.pk):
            assert Website.objects.filter(pk=borealis.pk).update(name="x") == 0

    def test_the_database_refuses_a_reference_across_websites(self, atlas: Website, borealis: Website) -> None:
        """The composite key holds it even where a policy would not."""
        stranger = membership(borealis, "writer")
        with pytest.raises(DatabaseError, match="foreign key"):
            store_file(atlas, stranger.pk)

    def test_across_reads_all_and_writes_nothing(self, atlas: Website, borealis: Website) -> None:
        with across_websites():
            assert slugs() == ["atlas", "borealis"]
            assert scope.crossing()
        assert slugs() == []
        assert not scope.crossing()
        with pytest.raises(DatabaseError, match="permission denied"), across_websites():
            Website.objects.filter(pk=atlas.pk).update(name="x")
        with website_scope(atlas.pk):
            assert slugs() == ["atlas"]

    def test_across_is_said_where_it_is_done(self, atlas: Website) -> None:
        with pytest.raises(UnscopedQuery):
            Policy.objects.across_tenants()
        with across_websites():
            assert not Policy.objects.across_tenants().exists()

    def test_create_fills_in_the_website(self, atlas: Website) -> None:
        with website_scope(atlas.pk):
            row = Policy.objects.of(atlas).create(name="any", version=1, data={}, created_at=atlas.created_at)
        assert row.website_id == atlas.pk

    def test_a_lock_leaves_foreign_keys_free(self, atlas: Website) -> None:
        with website_scope(atlas.pk), CaptureQueriesContext(connection) as captured:
            list(Membership.objects.of(atlas).lock())
        assert "FOR NO KEY UPDATE OF" in captured[0]["sql"]


seen_by_job: list[tuple[str, list[str]]] = []


@job("tests.look")
def look(of: Website, *, word: str) -> None:
    seen_by_job.append((word, slugs()))


@pytest.mark.django_db
def test_a_job_works_in_the_scope_of_its_website(atlas: Website, borealis: Website) -> None:
    seen_by_job.clear()
    defer("tests.look", atlas.pk, word="a")
    defer("tests.look", borealis.pk, word="b")
    run_jobs()
    assert seen_by_job == [("a", ["atlas"]), ("b", ["borealis"])]


@pytest.mark.django_db
def test_a_job_is_queued_with_what_causes_it(atlas: Website) -> None:
    seen_by_job.clear()
    with transaction.atomic():
        defer("tests.look", atlas.pk, word="undone")
        transaction.set_rollback(True)
    run_jobs()
    assert seen_by_job == []


@pytest.mark.django_db
def test_a_connection_keeps_more_statements_prepared_than_the_api_has() -> None:
    assert connection.connection.prepared_max == PREPARED
