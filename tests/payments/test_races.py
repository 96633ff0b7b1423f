"""Twenty at once: one wins, and the lock stands in the SQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from copydesk.accounts.models import Membership
from copydesk.core.errors import Refusal
from copydesk.payments import actions, queries
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import (
    Charge,
    LedgerAccount,
    Payout,
    Purpose,
    Reference,
    Repayment,
    SandboxPayment,
    Transfer,
)
from copydesk.payments.queries import Drift
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_context, website_scope
from tests.factories import accounts, payments, tenancy, writers
from tests.factories.payments import ORDER

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20


@pytest.fixture
def client() -> Membership:
    return accounts.membership(tenancy.website())


def at_once(website: Website, act: Callable[[int], object]) -> list[str]:
    """What became of `act(0)`, `act(1)`, … in threads with connections of their own: "done" or the refusal's code."""
    start = Barrier(AT_ONCE)

    def one(number: int) -> str:
        try:
            with website_context(website.pk):
                start.wait(10)
                act(number)
        except Refusal as refusal:
            return refusal.code
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sorted(threads.map(one, range(AT_ONCE)))


def pay_from_wallet(client: Membership, reference: Reference, key: str) -> Charge:
    with transaction.atomic():
        return actions.charge_wallet(
            client.website,
            payer_id=client.pk,
            amount_minor=10_000,
            purpose=Purpose.ORDER,
            reference=reference,
            key=key,
            by=accounts.actor(client),
        )


def sound(website: Website) -> bool:
    with website_scope(website.pk):
        return queries.drift(website) == Drift(0, 0)


def test_one_wallet_with_money_for_one(client: Membership) -> None:
    payments.filled_wallet(client, 10_000)
    results = at_once(client.website, lambda n: pay_from_wallet(client, Reference("order", n), f"key {n}"))
    assert results == ["done"] + ["insufficient_funds"] * (AT_ONCE - 1)
    with website_scope(client.website.pk):
        assert Charge.objects.of(client.website).filter(purpose="order").count() == 1
        assert str(queries.wallet(accounts.actor(client)).balance) == "0.00"
    assert sound(client.website)


def test_one_request_sent_twenty_times(client: Membership) -> None:
    payments.filled_wallet(client, 50_000)
    assert at_once(client.website, lambda _: pay_from_wallet(client, ORDER, "key")) == ["done"] * AT_ONCE
    with website_scope(client.website.pk):
        assert str(queries.wallet(accounts.actor(client)).balance) == "400.00"
    assert sound(client.website)


def test_the_wallet_is_locked_before_its_balance_is_read(client: Membership) -> None:
    payments.filled_wallet(client, 10_000)
    with website_scope(client.website.pk), CaptureQueriesContext(connection) as sent:
        pay_from_wallet(client, ORDER, "key")
    statements = [query["sql"] for query in sent]
    lock = next(i for i, sql in enumerate(statements) if "payments_ledgeraccount" in sql and "FOR NO KEY UPDATE" in sql)
    assert lock < next(i for i, sql in enumerate(statements) if sql.startswith("INSERT"))


def test_accounts_that_nobody_has_yet_are_opened_in_their_order(client: Membership) -> None:
    site = client.website
    first, second = (writers.writer(site).member.pk for _ in range(2))
    with website_scope(site.pk), CaptureQueriesContext(connection) as sent:
        actions.lock_accounts(site, writers={second, first}, clients={client.pk})
    assert "FOR NO KEY UPDATE" in sent[-1]["sql"]
    with website_scope(site.pk):
        opened = LedgerAccount.objects.of(site).filter(owner_id__isnull=False).order_by("pk")
        wanted = [("earnings", first), ("earnings", second), ("wallet", client.pk)]
        assert list(opened.values_list("kind", "owner_id")) == wanted
        with CaptureQueriesContext(connection) as again:
            actions.lock_accounts(site, writers={second, first}, clients={client.pk})
    assert (len(sent), len(again)) == (3, 2)


def test_one_card_request_sent_twenty_times_charges_once(client: Membership) -> None:
    def pay(_: int) -> None:
        with transaction.atomic():
            charge = payments.pending_charge(client)
        actions.run_charge(charge, "tok_ok", by=accounts.actor(client))

    assert at_once(client.website, pay) == ["done"] * AT_ONCE
    with website_scope(client.website.pk):
        assert Charge.objects.of(client.website).get().status == "captured"
        assert Transfer.objects.of(client.website).count() == 1
    assert SandboxPayment.objects.filter(metadata__website=client.website.pk).count() == 1
    assert sound(client.website)


def test_the_same_news_twenty_times_is_posted_once(client: Membership) -> None:
    charge = payments.pending_charge(client)

    def settle(_: int) -> None:
        with transaction.atomic():
            row = Charge.objects.of(client.website).get(pk=charge.pk)
            actions.settle_charge(row, Outcome(Result.CAPTURED, "ref"), by=accounts.actor(client))

    assert at_once(client.website, settle) == ["done"] * AT_ONCE
    with website_scope(client.website.pk):
        assert Transfer.objects.of(client.website).count() == 1
    assert sound(client.website)


def test_no_more_is_given_back_than_was_captured(client: Membership) -> None:
    payments.captured_charge(client, 10_000)
    admin = accounts.actor(accounts.membership(client.website, "admin"))

    def give_back(_: int) -> None:
        with transaction.atomic():
            actions.repay(client.website, ORDER, 3_000, by=admin, reason="-")

    assert at_once(client.website, give_back) == ["done"] * 3 + ["refund_too_large"] * (AT_ONCE - 3)
    with website_scope(client.website.pk):
        assert Repayment.objects.of(client.website).count() == 3
        assert queries.refundable_minor(client.website, ORDER) == 1_000
    assert sound(client.website)


def test_one_payout_is_prepared_and_paid_once(client: Membership) -> None:
    website = client.website
    one, other = (accounts.actor(accounts.membership(website, "admin")) for _ in range(2))
    payments.earning(accounts.membership(website, "writer"))

    def prepare(_: int) -> None:
        with transaction.atomic():
            actions.prepare_payout(website, by=one)

    def pay(_: int) -> None:
        with transaction.atomic():
            actions.pay_payout(Payout.objects.of(website).get(), by=other)

    assert at_once(website, prepare) == ["done"] + ["payout_open"] * (AT_ONCE - 1)
    with website_scope(website.pk):
        actions.approve_payout(Payout.objects.of(website).get(), by=other)
    assert at_once(website, pay) == ["done"] + ["wrong_state"] * (AT_ONCE - 1)
    with website_scope(website.pk):
        assert Transfer.objects.of(website).filter(purpose="payout").count() == 1
    assert sound(website)


def test_one_order_is_earned_once(client: Membership) -> None:
    writer = accounts.membership(client.website, "writer")
    assert at_once(client.website, lambda _: payments.earning(writer)) == ["done"] * AT_ONCE
    with website_scope(client.website.pk):
        assert Transfer.objects.of(client.website).count() == 1
    assert sound(client.website)
