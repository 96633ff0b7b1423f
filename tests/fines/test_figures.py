"""What was forgiven and collected belongs to the month in which it was, whatever comes later."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.period import Compare, Granularity, Period
from copydesk.fines import actions
from copydesk.fines.models import Fine
from copydesk.fines.queries.figures import fine_analytics, fine_dashboard
from copydesk.orders.models import Order
from tests.factories import accounts, fines, orders
from tests.factories.accounts import actor

MARCH, APRIL, MAY = (dt.datetime(2026, month, 1, tzinfo=dt.UTC) for month in (3, 4, 5))
DAY = dt.timedelta(days=1)


@pytest.fixture
def order(client: Membership, writer: Membership, admin: Membership) -> Order:
    return orders.order_in_progress(client, writer, admin)


def months(admin: Membership, name: str) -> list[tuple[int, str]]:
    """Count and amount of it in March, in April, and in both; the one that is compared with says the same."""
    actor_ = actor(admin)
    found = fine_analytics(actor_, Period(MARCH, MAY, "UTC", Granularity.MONTH, Compare.NONE))
    april = fine_dashboard(actor_, Period(APRIL, MAY, "UTC", Granularity.MONTH, Compare.PREVIOUS))
    assert [april.before, april.figures] == [point.figures for point in found.points]
    each = [*(point.figures for point in found.points), found.figures]
    return [(getattr(one, name), str(getattr(one, f"{name}_amount"))) for one in each]


def waive(fine: Fine, by: Membership, amount_minor: int) -> None:
    actions.waive_fine(fine, by=actor(by), reason="Sick.", amount_minor=amount_minor)


def test_each_waiver_in_its_month(order: Order, admin: Membership, frozen: time_machine.Coordinates) -> None:
    fine = fines.issued(order, admin, 300)
    waive(fine, admin, 100)
    frozen.move_to(APRIL)
    waive(fine, admin, 40)
    waive(fine, admin, 160)
    assert months(admin, "waived") == [(1, "1.00"), (2, "2.00"), (3, "3.00")]
    assert months(admin, "issued") == [(1, "3.00"), (0, "0.00"), (1, "3.00")]
    actions.void_fine(fine, by=actor(admin), reason="Wrong.")
    assert months(admin, "waived") == [(0, "0.00")] * 3


def test_what_was_collected_in_march_stays_in_march(
    order: Order, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """Reduced before, appealed and upheld after, reduced once more."""
    other = accounts.membership(admin.website, "admin")
    fine = fines.issued(order, admin, 300)
    waive(fine, admin, 50)
    frozen.shift(DAY)
    fines.earning(fine.writer, 6_000)
    fines.paid_out(admin, other)
    collected = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)
    fine = Fine.objects.of(fine.website_id).get(pk=fine.pk)
    assert (fine.status, fine.settled_at) == ("settled", collected)
    frozen.move_to(APRIL - DAY)
    appeal = fines.appeal_of(fine)
    frozen.move_to(APRIL + DAY)
    actions.reject_appeal(appeal, by=actor(other), reason="No.")
    waive(appeal.fine, admin, 20)
    fine = Fine.objects.of(fine.website_id).get(pk=fine.pk)
    assert (fine.status, fine.settled_at) == ("settled", collected)
    assert months(admin, "settled") == [(1, "2.50"), (0, "0.00"), (1, "2.50")]
    assert months(admin, "waived") == [(1, "0.50"), (1, "0.20"), (2, "0.70")]
