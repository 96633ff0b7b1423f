"""Disputes in the writer's and the client's figures: for each condition a row that would count but for it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.numbers import Rate
from copydesk.disputes import actions
from copydesk.disputes.models import Outcome, Party
from copydesk.reports.clients import ClientDisputes
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories import accounts, disputes, tenancy
from tests.factories.accounts import actor
from tests.factories.writers import writer as new_writer
from tests.reports.test_clients import march, stats
from tests.reports.test_performance import performance

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
BEFORE = dt.datetime(2026, 2, 10, 12, tzinfo=dt.UTC)
NONE = Rate(None, 0, 0)


@pytest.fixture
def admin(website: Website) -> Membership:
    return accounts.membership(website, "admin")


@pytest.fixture
def others(
    client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates, noon: dt.datetime
) -> None:
    """What is not March's, not theirs, not of this website, or not decided."""
    frozen.move_to(BEFORE)
    disputes.resolved(disputes.reviewed(client, writer), admin, Outcome.CLIENT_WINS)
    frozen.move_to(march().until)
    disputes.resolved(disputes.reviewed(client, writer), admin, Outcome.CLIENT_WINS)
    frozen.move_to(noon)
    actions.withdraw_dispute(disputes.dispute(client, writer), by=actor(client))
    strangers = accounts.membership(client.website), new_writer(client.website, pen_name="Nib").member
    disputes.resolved(disputes.reviewed(*strangers), admin, Outcome.CLIENT_WINS)
    elsewhere = tenancy.website("borealis")
    with website_scope(elsewhere.pk):
        far = disputes.reviewed(accounts.membership(elsewhere), new_writer(elsewhere).member)
        disputes.resolved(far, accounts.membership(elsewhere, "admin"), Outcome.CLIENT_WINS)


def test_disputes_that_a_writer_lost(client: Membership, writer: Membership, admin: Membership, others: None) -> None:
    disputes.reviewed(client, writer)
    later = {"new_deadline": march().until + 30 * DAY}
    for outcome, given in (
        (Outcome.CLIENT_WINS, {}),
        (Outcome.WRITER_WINS, {}),
        (Outcome.REASSIGN, {}),
        (Outcome.EXTEND_DEADLINE, later),
    ):
        disputes.resolved(disputes.reviewed(client, writer), admin, outcome, **given)
    found = performance(writer)
    assert found.lost_dispute_rate == Rate(0.5, 2, 4)
    assert found.before is not None
    assert found.before.lost_dispute_rate == Rate(1.0, 1, 1)
    by_day = [point.figures.lost_dispute_rate for point in found.trend]
    assert [one for one in by_day if one.denominator] == [Rate(0.5, 2, 4)]
    assert performance(new_writer(client.website, pen_name="Pen").member).lost_dispute_rate == NONE


def test_disputes_of_a_client(
    client: Membership, writer: Membership, admin: Membership, support: Membership, others: None
) -> None:
    disputes.dispute(client, writer)
    disputes.asked(disputes.reviewed(client, writer), support, Party.CLIENT)
    disputes.resolved(disputes.reviewed(client, writer), admin, Outcome.CLIENT_WINS, refund_minor=1_250)
    disputes.resolved(disputes.reviewed(client, writer), admin, Outcome.WRITER_WINS)
    assert stats(client).disputes == ClientDisputes(
        open=2, awaiting_you=1, opened=5, won_rate=Rate(0.5, 1, 2), refunded=Decimal("12.50")
    )
    nobody = accounts.membership(client.website)
    assert stats(nobody).disputes == ClientDisputes(0, 0, 0, NONE, Decimal("0.00"))


@pytest.fixture
def support(website: Website) -> Membership:
    return accounts.membership(website, "support")
