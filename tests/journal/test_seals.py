"""Seals: each way to tamper with the journal is tried, as superuser with the triggers off, and found."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.utils import IntegrityError, ProgrammingError
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.journal import seals
from copydesk.journal.models import Event, Head, Seal
from copydesk.journal.seals import SEALED, JournalAheadError, Verification
from copydesk.journal.tasks import seal_platform
from copydesk.tenancy.jobs import defer
from copydesk.tenancy.scope import PLATFORM, website_scope
from tests.database import url_as
from tests.factories import accounts, tenancy
from tests.jobs import run_jobs
from tests.journal.happenings import happen, known_verbs

__all__ = ["known_verbs"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("known_verbs")]


@pytest.fixture
def admin() -> Membership:
    return accounts.membership(tenancy.website(), Role.ADMIN)


@pytest.fixture
def sealed(admin: Membership, monkeypatch: pytest.MonkeyPatch) -> Membership:
    """Seven events in three seals: 3, 3, 1."""
    monkeypatch.setattr(seals, "BATCH", 3)
    for number in range(7):
        add(admin, number=number + 1, reason=f"because {number}", data={"pages": number})
    assert seal(admin) == 7
    return admin


def add(who: Membership, **values: Any) -> int:
    by = Actor(who.website, Role(who.role), who.user_id, who.pk, address="203.0.113.7")
    with website_scope(who.website_id):
        return happen(by, **values).pk


def settle() -> None:
    """Waits for transactions of whoever else uses the cluster: until they end, what came after them is not sealed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        now = cursor.fetchone()[0]
        for _ in range(12_000):
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, pg_sleep(0.01)")
            if cursor.fetchone()[0] >= now:
                return
    raise AssertionError("a transaction is still open elsewhere")


def seal(who: Membership) -> int:
    settle()
    return seal_now(who)


def seal_now(who: Membership) -> int:
    total = 0
    while True:
        with website_scope(who.website_id):
            sealed = seals.seal(who.website_id)
        total += sealed
        if sealed < seals.BATCH:
            return total


def verify(who: Membership, kept: dict[int, str] | None = None) -> Verification:
    with website_scope(who.website_id):
        return seals.verify(who.website_id, kept)


def found(who: Membership, kept: dict[int, str] | None = None) -> list[tuple[str, int]]:
    verification = verify(who, kept)
    assert verification.whole == (not verification.findings)
    return [(finding.trouble, finding.seal) for finding in verification.findings]


def tamper(statement: str, *values: Any) -> int:
    with psycopg.connect(url_as("postgres")) as superuser:
        superuser.execute("SET session_replication_role = replica")
        return superuser.execute(statement.encode(), values).rowcount


def nth(who: Membership, number: int) -> int:
    with website_scope(who.website_id):
        return Event.objects.of(who.website_id).in_commit_order()[number - 1].pk


def test_untouched_it_is_whole(sealed: Membership) -> None:
    verification = verify(sealed)
    assert (verification.whole, verification.seals, verification.events, verification.unsealed) == (True, 3, 7, 0)
    with website_scope(sealed.website_id):
        rows = list(Seal.objects.of(sealed.website_id).order_by("number"))
        assert [(row.number, row.events) for row in rows] == [(1, 3), (2, 3), (3, 1)]
        assert (
            verification.head == bytes(Head.objects.of(sealed.website_id).get().hash).hex() == bytes(rows[2].hash).hex()
        )


def test_later_events_are_sealed_later(sealed: Membership) -> None:
    add(sealed)
    assert verify(sealed).unsealed == 1
    assert seal(sealed) == 1
    assert seal(sealed) == 0
    assert (verify(sealed).seals, verify(sealed).unsealed, verify(sealed).whole) == (4, 0, True)


EDITS = [
    ("at", "at + interval '1 microsecond'"),
    ("user_id", "user_id + 1"),
    ("member_id", "NULL"),
    ("role", "'client'"),
    ("impersonator_id", "1"),
    ("verb", "'thing.pay'"),
    ("subject_type", "'other'"),
    ("subject_id", "99"),
    ("root_type", "'other'"),
    ("root_id", "99"),
    ("client_id", "5"),
    ("writer_id", "5"),
    ("before", "'x'"),
    ("after", "'x'"),
    ("data", """'{"pages": 77}'"""),
    ("request_id", "'other'"),
    ("digest", "NULL"),
]


@pytest.mark.parametrize(("column", "value"), EDITS)
def test_an_edited_event_is_found(sealed: Membership, column: str, value: str) -> None:
    assert tamper(f"UPDATE journal_event SET {column} = {value} WHERE id = %s", nth(sealed, 5)) == 1
    assert ("batch_changed", 2) in found(sealed)


def test_every_column_is_sealed_or_may_be_blanked() -> None:
    columns = {field.name for field in Event._meta.concrete_fields}
    assert columns - set(SEALED) == {"reason", "address", "salt"}
    assert {column for column, _ in EDITS} | {"id", "xid", "website_id"} == set(SEALED)


@pytest.mark.parametrize(("number", "batch"), [(1, 1), (6, 2), (7, 3)])
def test_a_deleted_event_is_found(sealed: Membership, number: int, batch: int) -> None:
    tamper("DELETE FROM journal_event WHERE id = %s", nth(sealed, number))
    assert found(sealed) == [("event_missing", batch)]


def test_an_event_moved_to_another_website_is_found(sealed: Membership) -> None:
    tamper("UPDATE journal_event SET website_id = 0 WHERE id = %s", nth(sealed, 4))
    assert found(sealed) == [("event_missing", 2)]


def test_an_event_added_behind_is_found(sealed: Membership) -> None:
    columns = ", ".join(field.column for field in Event._meta.concrete_fields if field.column != "id")
    tamper(
        f"INSERT INTO journal_event (id, {columns}) SELECT 1000000, {columns} FROM journal_event WHERE id = %s",
        nth(sealed, 2),
    )
    assert found(sealed) == [("event_added", 1)]


def test_an_event_put_elsewhere_in_the_order_is_found(sealed: Membership) -> None:
    tamper("UPDATE journal_event SET xid = xid + 1000000 WHERE id = %s", nth(sealed, 2))
    assert found(sealed) == [("event_missing", 1)]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("hash", "'\\x00'"),
        ("sealed_at", "sealed_at + interval '1 second'"),
        ("events", "4"),
        ("last_xid", "last_xid + 1"),
    ],
)
def test_an_edited_seal_is_found(sealed: Membership, column: str, value: str) -> None:
    tamper(f"UPDATE journal_seal SET {column} = {value} WHERE number = 2")
    assert any(number == 2 for _, number in found(sealed))


def test_a_removed_seal_is_found(sealed: Membership) -> None:
    tamper("DELETE FROM journal_seal WHERE number = 2")
    assert ("seal_missing", 2) in found(sealed)


def test_a_shortened_chain_is_found_by_its_head(sealed: Membership) -> None:
    last = nth(sealed, 7)
    tamper("DELETE FROM journal_event WHERE id = %s", last)
    tamper("DELETE FROM journal_seal WHERE number = 3")
    assert found(sealed) == [("chain_shortened", 3)]


def test_a_chain_emptied_whole_is_found_by_its_head(sealed: Membership) -> None:
    tamper("DELETE FROM journal_event")
    tamper("DELETE FROM journal_seal")
    assert found(sealed) == [("chain_shortened", 3)]


def test_who_shortens_the_head_too_is_found_by_what_was_kept_outside(sealed: Membership) -> None:
    head = verify(sealed).head
    assert head is not None
    tamper("DELETE FROM journal_event WHERE id = %s", nth(sealed, 7))
    tamper("DELETE FROM journal_seal WHERE number = 3")
    tamper("UPDATE journal_head SET number = 2, hash = (SELECT hash FROM journal_seal WHERE number = 2)")
    assert found(sealed) == []
    assert found(sealed, {3: head}) == [("chain_shortened", 3)]
    add(sealed)
    seal(sealed)
    assert found(sealed, {3: head}) == [("head_changed", 3)]


def test_a_removed_head_is_found(sealed: Membership) -> None:
    tamper("DELETE FROM journal_head")
    assert found(sealed) == [("head_changed", 3)]


def test_erasing_reason_and_address_keeps_the_chain_whole(sealed: Membership) -> None:
    with website_scope(sealed.website_id):
        Event.objects.of(sealed.website_id).update(reason=None, address=None, salt=None)
    assert found(sealed) == []


def test_erasing_one_of_them_keeps_the_chain_whole(sealed: Membership) -> None:
    with website_scope(sealed.website_id):
        Event.objects.of(sealed.website_id).update(address=None)
    assert found(sealed) == []


@pytest.mark.parametrize(
    "change",
    ["reason = 'another'", "address = '203.0.113.8'", "reason = NULL, address = '203.0.113.8'", "salt = '\\x00'"],
)
def test_another_reason_or_address_is_found(sealed: Membership, change: str) -> None:
    event_id = nth(sealed, 5)
    tamper(f"UPDATE journal_event SET {change} WHERE id = %s", event_id)
    assert found(sealed) == [("reason_changed", 2)]
    assert verify(sealed).findings[0].event_id == event_id


def test_a_reason_put_where_none_was_is_found(admin: Membership) -> None:
    with website_scope(admin.website_id):
        happen(accounts.actor(admin))
    seal(admin)
    tamper("UPDATE journal_event SET reason = 'invented'")
    assert found(admin) == [("reason_changed", 1)]


@pytest.mark.parametrize("change", ["reason = 'x'", "salt = '\\x00'", "verb = 'x'", "digest = NULL"])
def test_the_database_itself_refuses_edits(sealed: Membership, change: str) -> None:
    with (
        pytest.raises(IntegrityError, match="append-only"),
        website_scope(sealed.website_id),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE journal_event SET {change}")


@pytest.mark.parametrize(
    "statement", ["DELETE FROM journal_event", "DELETE FROM journal_seal", "UPDATE journal_seal SET events = 1"]
)
def test_the_application_has_no_right_to_take_any_away(sealed: Membership, statement: str) -> None:
    with (
        pytest.raises(ProgrammingError, match="denied"),
        website_scope(sealed.website_id),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_an_event_of_a_transaction_that_still_runs_waits_with_all_after_it(admin: Membership) -> None:
    with psycopg.connect(url_as("app")) as other:
        add(admin, number=1)
        other.execute("SELECT pg_current_xact_id()")
        add(admin, number=2)
        seal_now(admin)
        assert verify(admin).unsealed >= 1
        other.commit()
    seal(admin)
    assert verify(admin).unsealed == 0
    assert found(admin) == []


def test_a_journal_ahead_of_its_server_is_not_sealed_in_a_wrong_order(sealed: Membership) -> None:
    tamper("UPDATE journal_seal SET last_xid = last_xid + 4294967296 WHERE number = 3")
    add(sealed)
    with pytest.raises(JournalAheadError, match="another cluster"):
        seal(sealed)


def test_two_jobs_at_once_make_one_chain(admin: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "BATCH", 2)
    for _ in range(9):
        add(admin)
    settle()
    begun = threading.Barrier(4)

    def work(_: int) -> int:
        begun.wait()
        try:
            return seal_now(admin)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(work, range(4))) == 9
    assert (verify(admin).whole, verify(admin).seals, verify(admin).events) == (True, 5, 9)


def test_sealing_takes_a_lock_before_it_looks(admin: Membership) -> None:
    with CaptureQueriesContext(connection) as queries:
        seal(admin)
    statements = [query["sql"] for query in queries]
    lock = next(at for at, sql in enumerate(statements) if "pg_advisory_xact_lock" in sql)
    assert lock < next(at for at, sql in enumerate(statements) if "journal_seal" in sql)


def test_each_website_and_the_platform_have_their_own_chain(sealed: Membership) -> None:
    other = accounts.membership(tenancy.website("borealis"), Role.ADMIN)
    add(other)
    with website_scope(PLATFORM):
        Event.objects.create(
            website_id=PLATFORM,
            at=other.created_at,
            role="superadmin",
            verb="x",
            subject_type="x",
            subject_id=1,
            root_type="x",
            root_id=1,
        )
    settle()
    defer("journal.seal", other.website_id)
    run_jobs()
    seal_platform()
    assert found(sealed) == found(other) == []
    with website_scope(PLATFORM):
        assert seals.verify(PLATFORM).events == 1
        assert Seal.objects.count() == 1


def test_the_job_goes_on_until_all_is_sealed(admin: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "BATCH", 2)
    for _ in range(5):
        add(admin)
    settle()
    defer("journal.seal", admin.website_id)
    assert run_jobs() == ["journal.seal"] * 3
    assert (verify(admin).seals, verify(admin).unsealed) == (3, 0)


def test_sealing_twice_is_safe_in_the_job(admin: Membership) -> None:
    add(admin)
    settle()
    for _ in range(2):
        defer("journal.seal", admin.website_id)
    run_jobs()
    assert (verify(admin).seals, verify(admin).whole) == (1, True)


class Command:
    def __init__(self, *arguments: str) -> None:
        out = StringIO()
        self.code = 0
        try:
            call_command("verify_journal", *arguments, stdout=out)
        except SystemExit as stop:
            self.code = int(str(stop.code))
        self.lines = out.getvalue().splitlines()


def test_the_command_says_where_and_exits_with_one(sealed: Membership) -> None:
    add(accounts.membership(tenancy.website("borealis"), Role.ADMIN))
    untouched = Command()
    assert untouched.code == 0
    assert [line.split(":")[0] for line in untouched.lines] == ["platform", "atlas", "borealis"]
    assert "7 events in 3 seals, 0 not sealed yet" in untouched.lines[1]
    tamper("UPDATE journal_event SET reason = 'x' WHERE id = %s", nth(sealed, 5))
    touched = Command("--website", "atlas")
    assert touched.code == 1
    assert "TAMPERED" in touched.lines[0]
    assert touched.lines[1].startswith(f"  reason_changed at seal 2, event {nth(sealed, 5)}")
    assert Command("--website", "borealis").code == 0
    with pytest.raises(CommandError, match="nowhere"):
        Command("--website", "nowhere")


def test_the_command_compares_with_heads_from_the_log(
    admin: Membership, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    add(admin)
    seal(admin)
    log = tmp_path / "log"
    log.write_text("not json\n" + capsys.readouterr().out)
    assert json.loads(log.read_text().splitlines()[-1])["hash"] == verify(admin).head
    assert Command("--heads", str(log)).code == 0
    tamper("DELETE FROM journal_event")
    tamper("DELETE FROM journal_seal")
    tamper("DELETE FROM journal_head")
    assert Command().code == 0
    assert Command("--heads", str(log)).code == 1


def test_only_heads_that_were_committed_are_logged(admin: Membership, capsys: pytest.CaptureFixture[str]) -> None:
    add(admin)
    settle()
    with transaction.atomic():
        assert seal_now(admin) == 1
        transaction.set_rollback(True)
    assert "journal sealed" not in capsys.readouterr().out


def test_what_was_rolled_back_leaves_no_gap(sealed: Membership) -> None:
    with transaction.atomic():
        add(sealed)
        transaction.set_rollback(True)
    assert seal(sealed) == 0
    assert found(sealed) == []
