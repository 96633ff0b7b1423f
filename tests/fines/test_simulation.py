"""A draft of the policy, judged by the lateness of the last 90 days: against plain loops, and against what happened."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.core.errors import Invalid
from copydesk.fines.models import Fine
from copydesk.fines.policies import Band, FinePolicy
from copydesk.fines.queries.simulation import simulation
from copydesk.tenancy.models import Website
from tests.factories import accounts, fines, orders, tenancy, writers
from tests.factories.accounts import actor
from tests.jobs import run_jobs

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
DRAFT = FinePolicy(bands=(Band(100, 100), Band(None, 1_000)), cap_bps=500)


def test_against_what_happened(
    website: Website, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    """In force it comes to what was proposed; each is 14.40 of pay."""
    other = writers.writer(website, level="standard").member
    for who, minutes in ((writer, 5), (writer, 99), (other, 100), (other, 24 * 60)):
        fines.late_order(client, who, minutes * MINUTE)
    fines.dropped_order(client, other, 70 * MINUTE)
    fines.late_order(client, writer, dt.timedelta())
    stranger = accounts.membership(tenancy.website("beacon"))
    fines.late_order(stranger, writers.writer(stranger.website, level="standard").member, 9 * MINUTE)
    frozen.shift(10 * DAY)
    run_jobs()
    found = simulation(actor(admin), DRAFT)
    rows = Fine.objects.of(website)
    assert found.actual.fines == found.in_force.fines == rows.count() == 5
    assert found.actual.amount == found.in_force.amount == Decimal(sum(row.amount_minor for row in rows)) / 100
    assert [(band.below_minutes, band.fines, str(band.amount)) for band in found.in_force.bands] == [
        (60, 1, "0.72"), (120, 3, "4.32"), (180, 0, "0.00"), (1440, 0, "0.00"), (None, 1, "7.20"),
    ]  # fmt: skip
    assert [(band.below_minutes, band.fines, str(band.amount)) for band in found.draft.bands] == [
        (100, 3, "0.42"), (None, 2, "1.44"),
    ]  # fmt: skip
    assert (str(found.draft.amount), str(found.draft.excess), found.draft.writers) == ("1.86", "1.44", 2)
    assert found.change == pytest.approx(1.86 / 12.24 - 1, abs=0.001)


def test_of_the_last_ninety_days(
    website: Website, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    order = fines.late_order(client, writer, 5 * MINUTE)
    assert order.submitted_at is not None
    frozen.move_to(order.submitted_at + 90 * DAY)
    assert simulation(actor(admin), DRAFT).draft.fines == 1
    frozen.shift(dt.timedelta(seconds=1))
    assert simulation(actor(admin), DRAFT).draft.fines == 0


def test_a_policy_that_fines_nothing_by_itself(
    website: Website, client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    fines.late_order(client, writer, 5 * MINUTE)
    frozen.shift(10 * DAY)
    found = simulation(actor(admin), FinePolicy(automatic=False))
    assert (found.draft.fines, found.in_force.fines) == (0, 1)


def test_nothing_is_late(website: Website, client: Membership, writer: Membership, admin: Membership) -> None:
    orders.order_in_progress(client, writer)
    found = simulation(actor(admin), DRAFT)
    assert (found.draft.fines, found.change) == (0, None)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"bands": []}, "bands"),
        ({"bands": [{"below_minutes": 60, "share_bps": 500}]}, "bands"),
        ({"bands": [{"below_minutes": None, "share_bps": 500}, {"below_minutes": None, "share_bps": 1}]}, "bands"),
        ({"bands": [{"below_minutes": 60, "share_bps": 1}, {"below_minutes": 60, "share_bps": 1},
                    {"below_minutes": None, "share_bps": 1}]}, "bands"),
        ({"bands": [{"below_minutes": None, "share_bps": 10_001}]}, "bands"),
        ({"bands": [{"share_bps": 1}]}, "bands"),
        ({"tariffs": {"late_submission": {"share_bps": 1}}}, "tariffs"),
        ({"tariffs": {"quality": {}}}, "tariffs"),
        ({"tariffs": {"quality": {"share_bps": 1, "amount_minor": 1}}}, "tariffs"),
        ({"tariffs": {"quality": {"amount_minor": 0}}}, "tariffs"),
        ({"cap_bps": 10_001}, "cap_bps"),
        ({"notice_hours": -1}, "notice_hours"),
        ({"appeal_days": 0}, "appeal_days"),
        ({"decide_days": True}, "decide_days"),
        ({"automatic": 1}, "automatic"),
    ],
)  # fmt: skip
def test_a_bad_policy_is_refused(data: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        FinePolicy.check(data)
    assert [error.field for error in caught.value.errors] == [field]
