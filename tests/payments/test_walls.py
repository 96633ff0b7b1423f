"""What the database itself holds of the books, whatever the code does: as the app and as the owner of the tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from copydesk.accounts.models import Membership
from copydesk.payments import actions, queries
from copydesk.payments.actions.ledger import account_of, post, wallet_of
from copydesk.payments.models import (
    AccountKind,
    Charge,
    Earning,
    LedgerAccount,
    Payout,
    Posting,
    Reference,
    Repayment,
    Transfer,
    TransferPurpose,
)
from copydesk.payments.queries import Drift
from copydesk.tenancy.models import Website
from tests.database import url_as
from tests.factories import accounts, payments
from tests.factories.payments import ORDER

APPEND_ONLY = ["transfer", "posting", "earning", "payoutstatement", "payoutline", "webhook"]


@contextlib.contextmanager
def refused(words: str, error: type[Exception] = DatabaseError) -> Iterator[None]:
    with pytest.raises(error, match=words), transaction.atomic():  # noqa: PT012
        yield
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.fixture
def charge(client: Membership) -> Charge:
    return payments.captured_charge(client)


def moved(website: Website, lines: list[tuple[LedgerAccount, int]], subject: Charge, **values: object) -> Transfer:
    return post(website, TransferPurpose.PAYOUT, lines, subject=subject, reference=ORDER, **values)  # type: ignore[arg-type]


def test_a_transfer_sums_to_zero(website: Website, charge: Charge) -> None:
    sales, out = account_of(website, AccountKind.SALES), account_of(website, AccountKind.PAYOUTS)
    with refused("does not balance"):
        moved(website, [(sales, 100), (out, -99)], charge)
    with refused("transfer_two_lines"):
        moved(website, [(sales, 100)], charge)
    with refused("posting_not_zero"):
        moved(website, [(sales, 0), (out, 0)], charge)
    assert queries.drift(website) == Drift(0, 0)


def test_a_transfer_without_its_lines_is_refused(website: Website, charge: Charge) -> None:
    with refused("does not balance: 0 of 2"):
        Transfer.objects.of(website).create(
            purpose=TransferPurpose.PAYOUT,
            at=charge.created_at,
            currency="USD",
            lines=2,
            subject_type="charge",
            subject_id=charge.pk,
            reference_type="order",
            reference_id=17,
        )


def test_no_line_is_added_to_an_old_transfer_even_in_balance(website: Website, charge: Charge) -> None:
    transfer = Transfer.objects.of(website).get()
    sales, out = account_of(website, AccountKind.SALES), account_of(website, AccountKind.PAYOUTS)
    with refused("does not balance: 4 of 2"):
        for account, amount in ((sales, 5), (out, -5)):
            Posting.objects.of(website).create(transfer=transfer, account=account, amount_minor=amount, at=transfer.at)


def test_all_accounts_of_a_transfer_are_in_its_currency(website: Website, charge: Charge) -> None:
    euros = LedgerAccount.objects.of(website).create(kind=AccountKind.MONEY_IN, name="other", currency="EUR")
    with refused("does not balance"):
        moved(website, [(euros, -5), (account_of(website, AccountKind.SALES), 5)], charge)


def test_one_subject_moves_money_once(website: Website, charge: Charge) -> None:
    sales, out = account_of(website, AccountKind.SALES), account_of(website, AccountKind.PAYOUTS)
    moved(website, [(sales, 100), (out, -100)], charge)
    with refused("transfer_once", IntegrityError):
        moved(website, [(sales, 100), (out, -100)], charge)


def test_a_wallet_never_goes_below_zero(website: Website, client: Membership, charge: Charge) -> None:
    payments.filled_wallet(client, 500)
    with refused("wallet_never_negative", IntegrityError):
        moved(website, [(wallet_of(website, client.pk), -501), (account_of(website, AccountKind.SALES), 501)], charge)
    moved(website, [(wallet_of(website, client.pk), -500), (account_of(website, AccountKind.SALES), 500)], charge)
    assert queries.drift(website) == Drift(0, 0)


def test_a_balance_moves_by_postings_only(website: Website, client: Membership) -> None:
    payments.filled_wallet(client, 500)
    rows = LedgerAccount.objects.of(website).filter(owner=client)
    for change in ({"balance_minor": 501}, {"kind": AccountKind.EARNINGS}, {"currency": "EUR"}):
        with refused("by postings only"):
            rows.update(**change)
    with refused("by postings only"):
        LedgerAccount.objects.of(website).create(
            kind=AccountKind.EARNINGS, owner=client, currency="USD", balance_minor=1
        )
    with refused("permission denied"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM payments_ledgeraccount")


def test_accounts_are_owned_by_kind(website: Website, client: Membership) -> None:
    for values in (
        {"kind": AccountKind.WALLET},
        {"kind": AccountKind.WALLET, "owner": client},
        {"kind": AccountKind.SALES, "balance_minor": 0},
        {"kind": AccountKind.SALES, "owner": client, "balance_minor": 0},
    ):
        with refused("account_owned_by_kind", IntegrityError):
            LedgerAccount.objects.of(website).create(currency="USD", **values)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_books_are_append_only_for_the_app(db: None, table: str, statement: str) -> None:
    with refused("permission denied"), connection.cursor() as cursor:
        cursor.execute(statement.format(f"payments_{table}"))


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_books_are_append_only_for_their_owner(db: None, table: str, statement: str) -> None:
    with (
        psycopg.connect(url_as("app_owner")) as owner,
        pytest.raises(psycopg.errors.RestrictViolation, match="append-only"),
    ):
        owner.execute(statement.format(f"payments_{table}").encode())


@pytest.mark.parametrize(
    "change", [{"amount_minor": 1}, {"currency": "EUR"}, {"payer_id": 1}, {"reference_id": 2}, {"method": "wallet"}]
)
def test_what_a_charge_is_about_never_changes(website: Website, charge: Charge, change: dict[str, object]) -> None:
    with refused("is kept as it is"):
        Charge.objects.of(website).filter(pk=charge.pk).update(**change)


def test_what_is_repaid_is_the_sum_of_repayments_and_within_the_charge(website: Website, charge: Charge) -> None:
    with refused("sum of repayments"):
        Charge.objects.of(website).filter(pk=charge.pk).update(repaid_minor=1)
    with refused("charge_repaid_within_captured", IntegrityError):
        Repayment.objects.of(website).create(charge=charge, amount_minor=10_001, destination="card")
    Repayment.objects.of(website).create(charge=charge, amount_minor=9_999, destination="card")
    with refused("charge_repaid_within_captured", IntegrityError):
        Repayment.objects.of(website).create(charge=charge, amount_minor=2, destination="card")
    charge.refresh_from_db()
    assert charge.repaid_minor == 9_999
    with refused("is kept as it is"):
        Repayment.objects.of(website).update(amount_minor=1)


def test_nothing_is_repaid_of_what_was_not_captured(website: Website, client: Membership) -> None:
    waiting = payments.pending_charge(client)
    with refused("charge_repaid_within_captured", IntegrityError):
        Repayment.objects.of(website).create(charge=waiting, amount_minor=1, destination="card")


def test_the_lines_of_a_payout_are_fixed_when_it_is_prepared(website: Website, writer: Membership) -> None:
    admin = accounts.membership(website, "admin")
    other = accounts.membership(website, "admin")
    payments.earning(writer)
    payout = actions.prepare_payout(website, by=accounts.actor(admin))
    statement = payout.statements.get()
    with refused("another payout", IntegrityError):
        statement.lines.of(website).create(statement=statement, earning=Earning.objects.of(website).get())
    actions.approve_payout(payout, by=accounts.actor(other))
    late = payments.earning(writer, order_id=18)
    with refused("not a line of this payout"):
        statement.lines.of(website).create(statement=statement, earning=late)
    with refused("no longer being prepared"):
        payout.statements.of(website).create(payout=payout, writer=other, amount_minor=5)
    with refused("is kept as it is"):
        Payout.objects.of(website).update(total_minor=1)


def test_a_payout_is_the_sum_of_its_lines(website: Website, writer: Membership) -> None:
    admin = accounts.membership(website, "admin")
    with refused("not the sum of its lines"):
        Payout.objects.of(website).create(currency="USD", total_minor=5, writers=1, prepared_by_id=admin.user_id)


def test_a_reference_is_of_the_same_website(website: Website, client: Membership) -> None:
    account = account_of(website, AccountKind.SALES)
    assert Reference("thing", 17) == ORDER
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = 'payments_posting'::regclass AND contype = 'f'"
            " AND array_length(conkey, 1) = 2"
        )
        assert cursor.fetchone() == (2,)
    assert account.website_id == website.pk
