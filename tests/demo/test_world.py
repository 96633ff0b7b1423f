"""A small world, loaded: it agrees with itself, whoever asks."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import os
import subprocess
import sys
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import models

from copydesk.demo.copy import COUNTED_WITH, SHEETS, Loader, Row
from copydesk.demo.lives import OrderLife
from copydesk.demo.stage import Case
from copydesk.demo.world import DEMO_SITES, World, play
from copydesk.disputes.queries.proof import proof
from copydesk.editing.models import AssignmentType, Outcome, TaskStatus
from copydesk.orders.models import RequestStatus, Status
from copydesk.payments.models import PayoutStatus
from copydesk.writers.models import WriterStatus
from tests.demo.small import NOW, Owner, rows
from tests.template import ROOT

pytestmark = pytest.mark.django_db(transaction=True)


class Kept(Loader):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, tuple[Any, ...]]] = []
        super().__init__(None)  # type: ignore[arg-type]

    def flush(self) -> None:
        for sheet in self.sheets.values():
            self.rows += [(sheet.table, tuple(values.values())) for values in sheet.pending]
            sheet.pending.clear()

    def update(self, row: Row, *fields: str) -> None:
        self.rows.append((row.sheet.table, tuple(getattr(row, field) for field in fields)))

    def _first_id(self, model: type[models.Model]) -> int:
        return 1


def generated(seed: str = "copydesk") -> list[tuple[str, tuple[Any, ...]]]:
    loader = Kept()
    world = World(DEMO_SITES, orders=40, clients=10, writers=12, tickets=8, now=NOW, password="!", days=120, seed=seed)
    for site in world.sites:
        play(loader, world, site, NOW, lambda text: None, None)
    loader.flush()
    return loader.rows


def test_the_same_seed_and_moment_give_the_same_world() -> None:
    first = generated()

    assert first == generated()
    assert first != generated("another")


def test_everything_may_be_seen_on_each_website(loaded: Owner) -> None:
    def found(query: str) -> dict[int, set[str]]:
        sets: dict[int, set[str]] = {}
        for website_id, value in rows(loaded, query):
            sets.setdefault(website_id, set()).add(value)
        return sets

    for wanted, query in (
        (Status, "SELECT website_id, status FROM orders_order"),
        (WriterStatus, "SELECT website_id, status FROM writers_writer"),
        (set(PayoutStatus) - {PayoutStatus.CANCELLED}, "SELECT website_id, status FROM payments_payout"),
        (set(RequestStatus) - {RequestStatus.EXPIRED}, "SELECT website_id, status FROM orders_request"),
        (TaskStatus, "SELECT website_id, status FROM editing_editingtask"),
        (Outcome, "SELECT website_id, outcome FROM editing_editingtask WHERE outcome <> ''"),
        (AssignmentType, "SELECT website_id, assignment_type FROM editing_editingtask WHERE assignment_type <> ''"),
    ):
        values = {str(value) for value in wanted}
        assert [values - seen for seen in found(query).values()] == [set(), set()], query
    for model in SHEETS:
        assert rows(loaded, f"SELECT 1 FROM {model._meta.db_table} LIMIT 1"), model


def test_statements_are_as_their_hashes_say(loaded: Owner) -> None:
    found = rows(
        loaded,
        "SELECT s.dispute_id, s.number, s.side, s.text, s.stated_at, s.sha256,"
        " (SELECT coalesce(json_agg(json_build_array(f.name, f.sha256) ORDER BY e.id), '[]') FROM disputes_evidence e"
        "  JOIN files_file f ON f.id = e.file_id WHERE e.statement_id = s.id) FROM disputes_statement s",
    )
    assert len(found) > 50
    for dispute_id, number, side, text, at, sha256, files in found:
        assert proof(dispute_id, number, side, text, at, [(name, content) for name, content in files]) == sha256


def test_the_books_balance(loaded: Owner) -> None:
    unbalanced = rows(loaded, "SELECT transfer_id FROM payments_posting GROUP BY 1 HAVING sum(amount_minor) <> 0")
    wrong = rows(
        loaded,
        "SELECT a.id FROM payments_ledgeraccount a LEFT JOIN payments_posting p ON p.account_id = a.id"
        " WHERE a.owner_id IS NOT NULL GROUP BY a.id"
        " HAVING a.balance_minor <> coalesce(sum(p.amount_minor), 0) OR (a.kind = 'wallet' AND a.balance_minor < 0)",
    )
    assert (unbalanced, wrong) == ([], [])
    booked = dict(
        rows(
            loaded,
            "SELECT a.kind, sum(p.amount_minor) FROM payments_posting p"
            " JOIN payments_ledgeraccount a ON a.id = p.account_id GROUP BY 1",
        )
    )
    captured = dict(
        rows(loaded, "SELECT purpose, sum(amount_minor) FROM payments_charge WHERE status = 'captured' GROUP BY 1")
    )
    apart = "('tip', 'fine', 'waiver')"
    [(earned,)] = rows(loaded, f"SELECT sum(amount_minor) FROM payments_earning WHERE kind NOT IN {apart}")
    [(fined,)] = rows(loaded, "SELECT sum(amount_minor) FROM payments_earning WHERE kind IN ('fine', 'waiver')")
    [(tips,)] = rows(loaded, "SELECT sum(amount_minor) FROM payments_earning WHERE kind = 'tip'")
    [(repaid,)] = rows(loaded, "SELECT sum(amount_minor) FROM payments_repayment WHERE status = 'succeeded'")
    [(paid_out,)] = rows(loaded, "SELECT sum(total_minor) FROM payments_payout WHERE status = 'paid'")
    assert booked["sales"] == captured["order"] + captured["adjustment"]
    assert booked["tips"] == captured["tip"] - tips
    assert booked["writer_cost"] == -earned
    assert booked["fines"] == -fined
    assert booked["refunds"] == -repaid
    assert booked["payouts"] == paid_out
    assert booked["earnings"] == earned + tips + fined - paid_out


def test_orders_agree_with_their_prices_and_payments(loaded: Owner) -> None:
    priced_otherwise = rows(
        loaded,
        "SELECT o.id FROM orders_order o JOIN orders_priceline l ON l.order_id = o.id"
        " GROUP BY o.id HAVING o.price_minor <> sum(l.amount_minor)",
    )
    paid_otherwise = rows(
        loaded,
        "SELECT o.id FROM orders_order o LEFT JOIN payments_charge c ON c.reference_type = 'order'"
        " AND c.reference_id = o.id AND c.status = 'captured' AND c.purpose IN ('order', 'adjustment')"
        " LEFT JOIN (SELECT order_id, sum(amount_minor) AS claimed FROM refunds_refund"
        "            WHERE status NOT IN ('rejected', 'cancelled', 'failed') AND ground <> 'dispute'"
        "            GROUP BY 1) r ON r.order_id = o.id"
        " WHERE o.paid_at IS NOT NULL GROUP BY o.id, r.claimed"
        " HAVING coalesce(sum(c.amount_minor - c.repaid_minor), 0) + coalesce(r.claimed, 0)"
        " <> CASE o.status WHEN 'cancelled' THEN o.forfeited_minor ELSE o.price_minor END",
    )
    assert (priced_otherwise, paid_otherwise) == ([], [])


def test_the_journal_agrees_with_the_orders(loaded: Owner) -> None:
    otherwise = rows(
        loaded,
        "SELECT o.id, o.status, e.after FROM orders_order o CROSS JOIN LATERAL (SELECT after FROM journal_event"
        " WHERE website_id = o.website_id AND subject_type = 'order' AND subject_id = o.id ORDER BY id DESC LIMIT 1) e"
        " WHERE e.after <> o.status",
    )
    broken = rows(
        loaded,
        "SELECT id FROM (SELECT id, before, lag(after, 1, '') OVER (PARTITION BY subject_type, subject_id ORDER BY id)"
        " AS last FROM journal_event WHERE subject_type = 'order') e WHERE before <> last",
    )
    backwards = rows(
        loaded,
        "SELECT id FROM (SELECT id, at, lag(at) OVER (PARTITION BY website_id ORDER BY id) AS last"
        " FROM journal_event) e WHERE at < last",
    )
    future = rows(loaded, f"SELECT id FROM journal_event WHERE at > '{NOW.isoformat()}'")
    assert (otherwise, broken, backwards, future) == ([], [], [], [])


def test_times_follow_each_other(loaded: Owner) -> None:
    # A delivered order may come to another writer: assigned_at is the last one's.
    for times in (
        ("placed_at", "paid_at", "assigned_at"),
        ("paid_at", "delivered_at", "completed_at", "archived_at"),
        ("paid_at", "cancelled_at", "archived_at"),
    ):
        for earlier, later in itertools.pairwise(times):
            assert rows(loaded, f"SELECT id FROM orders_order WHERE {later} < {earlier}") == [], (earlier, later)


def test_the_clock_has_nothing_left_to_do(loaded: Owner) -> None:
    since = (NOW - dt.timedelta(minutes=5)).isoformat()
    for query in (
        f"SELECT id FROM orders_order WHERE status = 'unpaid' AND expires_at <= '{since}'",
        f"SELECT id FROM orders_order WHERE status = 'offered' AND offer_expires_at <= '{since}'",
        f"SELECT id FROM orders_order WHERE status = 'delivered' AND approve_at <= '{since}'",
        f"SELECT id FROM orders_request WHERE status = 'requested' AND expires_at <= '{since}'",
        (
            "SELECT r.id FROM orders_request r JOIN orders_order o ON o.id = r.order_id"
            " WHERE r.status = 'requested' AND o.status NOT IN ('available', 'offered', 'on_hold')"
        ),
        f"SELECT id FROM writers_writer WHERE suspended_until <= '{since}' OR leave_until <= '{since}'",
        "SELECT id FROM payments_charge WHERE status IN ('pending', 'unknown')",
        "SELECT id FROM payments_repayment WHERE status = 'executing'",
        "SELECT id FROM refunds_refund WHERE status = 'executing'",
        f"SELECT id FROM fines_fine WHERE status = 'proposed' AND issue_at <= '{since}'",
        f"SELECT id FROM fines_appeal WHERE status = 'open' AND due_at <= '{since}'",
    ):
        assert rows(loaded, query) == [], query


def test_the_next_row_gets_the_next_id(loaded: Owner) -> None:
    for model in SHEETS:
        key = model._meta.pk
        if isinstance(key, models.AutoField) and model not in COUNTED_WITH:
            table = model._meta.db_table
            tables = [table, *(each._meta.db_table for each, first in COUNTED_WITH.items() if first is model)]
            last = max(rows(loaded, f"SELECT max(id) FROM {each}")[0][0] for each in tables)
            assert rows(loaded, f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))") == [(last + 1,)], table


def test_files_hold_what_their_rows_say(loaded: Owner) -> None:
    for key, sha256, size in rows(loaded, "SELECT DISTINCT storage_key, sha256, size FROM files_file"):
        with default_storage.open(key) as file:
            content = file.read()
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (sha256, size)


def test_named_accounts_find_something_to_do(loaded: Owner) -> None:
    open_orders = dict(
        rows(
            loaded,
            "SELECT u.email, count(*) FILTER (WHERE o.status NOT IN ('completed', 'cancelled')) FROM accounts_user u"
            " JOIN accounts_membership m ON m.user_id = u.id"
            " JOIN orders_order o ON m.id IN (o.client_id, o.writer_id, o.offered_to_id) GROUP BY 1",
        )
    )
    for site in DEMO_SITES:
        for name in ("client", "client2", "writer", "writer2", "writer3"):
            assert open_orders[f"{name}@{site.slug}.test"] >= 2, name
    wallets = rows(
        loaded,
        "SELECT a.balance_minor FROM payments_ledgeraccount a JOIN accounts_membership m ON m.id = a.owner_id"
        " JOIN accounts_user u ON u.id = m.user_id WHERE a.kind = 'wallet' AND u.email LIKE 'client@%'",
    )
    assert [balance > 0 for (balance,) in wallets] == [True, True]


def test_the_accounts_never_exist_outside_the_demo() -> None:
    with pytest.raises(CommandError, match="COPYDESK_DEMO"):
        call_command("load_demo")


def test_the_command_loads_once(owner: Owner) -> None:
    def run() -> str:
        env = {**os.environ, "COPYDESK_ROLE": "owner", "COPYDESK_DEMO": "1"}
        command = [sys.executable, "-m", "django", "load_demo", "--orders", "20"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Loaded" in run()
    before = rows(owner, "SELECT count(*) FROM journal_event")
    assert "already" in run()
    assert rows(owner, "SELECT count(*) FROM journal_event") == before
    expected = {f"{site.slug}" for site in DEMO_SITES}
    assert {slug for (slug,) in rows(owner, "SELECT slug FROM tenancy_website")} == expected


def test_what_was_completed_before_is_not_adjusted() -> None:
    """It may be without a writer again, after a revision."""
    loader = Kept()
    world = World(DEMO_SITES[:1], orders=8, clients=4, writers=8, tickets=0, now=NOW, password="!", days=120)
    stage = play(loader, world, world.sites[0], NOW, lambda text: None, None)
    order: Any = next(row for row in stage.recent if row.completed_at)
    life = OrderLife(stage, 1, stage.member(order.client_id))
    life.case = Case(order)
    assert list(life.adjusted()) == []
    assert life.case.adjustments == []
