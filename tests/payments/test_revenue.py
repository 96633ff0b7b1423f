"""RULES §0 revenue: each figure the sum of one kind's postings, by posting date; days sum to the period."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.money import to_decimal
from copydesk.payments import actions
from copydesk.payments.models import Purpose, Reference
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, payments, tenancy
from tests.factories.payments import ORDER
from tests.jobs import run_jobs

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def figures(website: Website, since: dt.datetime, until: dt.datetime) -> list[str]:
    row = payments.revenue(website, since, until)
    return [str(to_decimal(figure)) for figure in (row.gross, row.refunds, row.net, row.writer_cost, row.margin)]


@pytest.fixture
def three_days(website: Website, client: Membership, writer: Membership) -> Website:
    """Paid on the first day, refunded in part and earned on the third; and much that is no revenue."""
    by = accounts.actor(accounts.membership(website, "admin"))
    with time_machine.travel(FIRST, tick=False) as time:
        payments.captured_charge(client, 10_000)
        payments.captured_charge(client, 2_000, purpose=Purpose.ADJUSTMENT, key="more")
        payments.captured_charge(client, 700, purpose=Purpose.TIP, key="tip")
        payments.captured_charge(client, 900, token="tok_declined", reference=Reference("order", 18))
        payments.captured_charge(client, 900, token="tok_late", reference=Reference("order", 19))
        payments.filled_wallet(client, 5_000)
        time.shift(DAY)
        actions.repay(website, ORDER, 1_200, by=by, reason="Late")
        time.shift(DAY)
        run_jobs()
        payments.earning(writer, 6_000)
    return website


def test_by_posting_date(three_days: Website) -> None:
    days = [figures(three_days, FIRST + n * DAY, FIRST + (n + 1) * DAY) for n in range(3)]
    assert days == [
        ["120.00", "0.00", "120.00", "0.00", "120.00"],
        ["0.00", "0.00", "0.00", "0.00", "0.00"],
        ["0.00", "12.00", "-12.00", "60.00", "-72.00"],
    ]
    assert figures(three_days, FIRST, FIRST + 3 * DAY) == ["120.00", "12.00", "108.00", "60.00", "48.00"]


def test_the_period_is_half_open(three_days: Website) -> None:
    assert figures(three_days, FIRST - DAY, FIRST)[0] == "0.00"
    assert figures(three_days, FIRST, FIRST + dt.timedelta(microseconds=1))[0] == "120.00"


def test_the_wallets_money_is_revenue_when_it_is_spent(website: Website, client: Membership) -> None:
    with time_machine.travel(FIRST, tick=False):
        payments.filled_wallet(client, 5_000)
        assert figures(website, FIRST, FIRST + DAY)[0] == "0.00"
        actions.charge_wallet(
            website,
            payer_id=client.pk,
            amount_minor=3_000,
            purpose=Purpose.ORDER,
            reference=ORDER,
            key="k",
            by=accounts.actor(client),
        )
        assert figures(website, FIRST, FIRST + DAY)[0] == "30.00"


def test_another_websites_money_is_not_ours(three_days: Website) -> None:
    other = tenancy.website("borealis", currency="EUR")
    with time_machine.travel(FIRST, tick=False):
        payments.captured_charge(accounts.membership(other), 4_000)
    assert figures(three_days, FIRST, FIRST + DAY)[0] == "120.00"
    with website_scope(other.pk):
        assert figures(other, FIRST, FIRST + DAY)[0] == "40.00"
