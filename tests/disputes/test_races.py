"""Many at once: one opens, one decides; whoever comes second finds what the first has done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.disputes import actions
from copydesk.disputes.models import Dispute, Outcome, Stage, Statement
from copydesk.orders.models import Order
from copydesk.payments.models import Repayment
from copydesk.payments.queries import Drift, drift
from copydesk.refunds.models import Refund
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, disputes, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.factories.payments import ledger_locked_first
from tests.payments.test_races import AT_ONCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)
NOTE = "Both sides were heard."


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


@pytest.fixture
def writer(client: Membership) -> Membership:
    return writers.writer(client.website).member


@pytest.fixture
def admins(client: Membership) -> list[Membership]:
    return [accounts.membership(client.website, "admin") for _ in range(AT_ONCE)]


def again(row: Dispute) -> Dispute:
    return Dispute.objects.of(row.website_id).get(pk=row.pk)


def many(client: Membership, row: Dispute, *acts: Callable[[Dispute, int], object]) -> Counter[str]:
    """Each of `acts` in turn, by as many callers at once as there are, each in its own transaction."""

    def one(number: int) -> None:
        with transaction.atomic():
            acts[number % len(acts)](again(row), number)

    return Counter(at_once(client.website, one))


def test_one_dispute_of_an_order(client: Membership, writer: Membership) -> None:
    order = orders.delivered_order(client, writer)

    def open_one(number: int) -> None:
        by = client if number % 2 else writer
        with transaction.atomic():
            mine = Order.objects.of(order.website_id).get(pk=order.pk)
            actions.open_dispute(mine, by=actor(by), reason="other", statement="Mine.")

    assert at_once(client.website, open_one) == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(client.website_id):
        assert Statement.objects.of(client.website).count() == Dispute.objects.of(client.website).count() == 1


def test_two_admins_decide_at_once(client: Membership, writer: Membership, admins: list[Membership]) -> None:
    row = disputes.reviewed(client, writer, "completed")
    outcomes = [Outcome.CLIENT_WINS, Outcome.WRITER_WINS, Outcome.REASSIGN]

    def decide(mine: Dispute, number: int) -> None:
        decision = actions.Decision(outcomes[number % 3], NOTE)
        actions.resolve_dispute(mine, decision, by=actor(admins[number]))

    assert many(client, row, decide) == {"done": 1, "wrong_state": AT_ONCE - 1}
    with website_scope(client.website_id):
        found = again(row)
        assert Refund.objects.of(client.website).count() == (found.remedy == "refund")
        back = Repayment.objects.of(client.website).filter(status="succeeded")
        assert sum(back.values_list("amount_minor", flat=True)) == found.refund_minor
        assert Stage.objects.of(client.website).filter(dispute=row, until=None).count() == 0
        assert drift(client.website) == Drift(0, 0)


def test_withdrawn_or_decided(client: Membership, writer: Membership, admins: list[Membership]) -> None:
    row = disputes.reviewed(client, writer)
    decision = actions.Decision(Outcome.CLIENT_WINS, NOTE)
    results = many(
        client,
        row,
        lambda mine, _: actions.withdraw_dispute(mine, by=actor(client)),
        lambda mine, number: actions.resolve_dispute(mine, decision, by=actor(admins[number])),
    )
    assert results == {"done": 1, "wrong_state": AT_ONCE - 1}
    with website_scope(client.website_id):
        order = Order.objects.of(client.website).get(pk=row.order_id)
        assert (again(row).status, order.status) in [("withdrawn", "delivered"), ("resolved", "cancelled")]
        assert Refund.objects.of(client.website).count() == (order.status == "cancelled")


def test_previews_change_nothing_beside_one_that_does(
    client: Membership, writer: Membership, admins: list[Membership]
) -> None:
    row = disputes.reviewed(client, writer, "completed")
    decision = actions.Decision(Outcome.CLIENT_WINS, NOTE)
    results = many(
        client,
        row,
        lambda mine, n: actions.resolve_dispute(mine, decision, by=actor(admins[n]), mode="preview"),
        lambda mine, n: actions.resolve_dispute(mine, decision, by=actor(admins[n])),
    )
    assert 1 <= results["done"] <= AT_ONCE // 2 + 1
    with website_scope(client.website_id):
        assert Refund.objects.of(client.website).get().amount_minor == again(row).refund_minor
        assert drift(client.website) == Drift(0, 0)


def test_an_answer_or_the_clock(client: Membership, writer: Membership) -> None:
    """Whichever is first brings it under review; an answer is kept in either case."""
    row = disputes.dispute(client, writer)
    assert row.due_at is not None
    with time_machine.travel(row.due_at, tick=False):
        results = many(
            client,
            row,
            lambda mine, _: actions.respond(mine, by=actor(writer), text="Here."),
            lambda mine, _: actions.keep_time(mine, by=Actor.system(client.website)),
        )
    with website_scope(client.website_id):
        endings = Stage.objects.of(client.website).filter(dispute=row).order_by("pk").values_list("status", "ended_by")
        first, last = list(endings)
        assert first in [("awaiting_writer", "answered"), ("awaiting_writer", "silence")]
        assert last == ("under_review", "")
        assert again(row).status == "under_review"
        numbers = Statement.objects.of(client.website).filter(dispute=row).order_by("number")
        assert list(numbers.values_list("number", flat=True)) == list(range(1, AT_ONCE // 2 + 2))
        assert results["done"] == AT_ONCE // 2 + (first[1] == "silence")


def test_two_bulks_wait_for_each_other(client: Membership, writer: Membership, admins: list[Membership]) -> None:
    ids = [disputes.reviewed(client, writer).pk for _ in range(3)]
    decision = actions.Decision(Outcome.CLIENT_WINS, NOTE)

    def decide(number: int) -> None:
        with transaction.atomic():
            asked = ids if number % 2 else ids[::-1]
            actions.resolve_disputes(asked, "quality_issue", decision, by=actor(admins[number]), mode="apply")  # type: ignore[arg-type]

    assert at_once(client.website, decide) == ["done"] * AT_ONCE
    with website_scope(client.website_id):
        assert Refund.objects.of(client.website).count() == len(ids)
        assert drift(client.website) == Drift(0, 0)


def test_earnings_are_locked_before_wallets_after_orders_and_fines(
    client: Membership, writer: Membership, admins: list[Membership]
) -> None:
    rows = [disputes.reviewed(client, writer, "completed") for _ in range(2)]
    decision = actions.Decision(Outcome.CLIENT_WINS, NOTE)
    with website_scope(client.website_id):
        with CaptureQueriesContext(connection) as sent:
            ids = [row.pk for row in reversed(rows)]
            report = actions.resolve_disputes(ids, rows[0].reason, decision, by=actor(admins[0]), mode="apply")
        assert report.applied == 2
        assert ledger_locked_first(sent) == [("earnings", writer.pk), ("wallet", client.pk)]
    locks = [row["sql"] for row in sent if "NO KEY UPDATE" in row["sql"]]
    tables = [sql.partition(" FROM ")[2].split('"')[1] for sql in locks]
    first = list(dict.fromkeys(tables))
    # Those of all the orders at once, by their ids, before any is settled.
    assert tables[tables.index("fines_fine") + 1] == "payments_ledgeraccount"
    assert 'ORDER BY "fines_fine"."id" ASC' in locks[tables.index("fines_fine")]
    assert first.index("orders_order") < first.index("fines_fine") < first.index("payments_ledgeraccount")
