"""What writers earn, and how it is paid out."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, WrongState
from copydesk.journal.models import Event
from copydesk.payments import actions, queries
from copydesk.payments.errors import NothingPayable, PayoutHeld, PayoutOpen, ReductionTooLarge, SamePerson
from copydesk.payments.models import Earning, Payout, PayoutStatement, Purpose, Reference, Transfer
from copydesk.payments.queries import Drift
from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import store_policy
from tests.factories import accounts, payments
from tests.factories.payments import ORDER

NOW = dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def stopped() -> object:
    with time_machine.travel(NOW, tick=False) as time:
        yield time


@pytest.fixture
def one(website: Website) -> Actor:
    return accounts.actor(accounts.membership(website, "admin"))


@pytest.fixture
def other(website: Website) -> Actor:
    return accounts.actor(accounts.membership(website, "admin"))


def held(writer: Membership) -> list[str]:
    """balance, pending, payable, in a payout, paid."""
    row = queries.wallet(accounts.actor(writer))
    return [str(figure) for figure in (row.balance, row.pending, row.payable, row.in_payout, row.paid)]


def test_an_order_is_earned_once(website: Website, writer: Membership) -> None:
    first = payments.earning(writer, 6_000)
    assert payments.earning(writer, 7_000) == first
    assert held(writer)[0] == "60.00"
    assert Transfer.objects.of(website).count() == 1
    assert Event.objects.of(website).filter(verb="earning.create", writer_id=writer.pk, root_id=17).count() == 1
    assert payments.earning(accounts.membership(website, "writer"), 1) != first
    assert payments.earning(writer, 500, kind="forfeit") != first
    sums = payments.revenue(website, NOW, NOW + dt.timedelta(seconds=1))
    assert (sums.writer_cost, sums.margin) == (6_501, -6_501)


def test_earned_is_payable_after_the_window(writer: Membership, stopped: time_machine.Traveller) -> None:
    payments.earning(writer, 6_000, days=14)
    assert held(writer) == ["60.00", "60.00", "0.00", "0.00", "0.00"]
    stopped.shift(dt.timedelta(days=14) - dt.timedelta(seconds=1))
    assert held(writer)[1:3] == ["60.00", "0.00"]
    stopped.shift(1)
    assert held(writer)[1:3] == ["0.00", "60.00"]


@pytest.mark.parametrize(("share_bp", "writers", "kept"), [(10_000, "9.99", 0), (8_500, "8.49", 150), (0, "0.00", 999)])
def test_a_tip_passes_to_the_writer_by_share_and_is_no_revenue(
    website: Website, client: Membership, writer: Membership, share_bp: int, writers: str, kept: int
) -> None:
    charge = payments.captured_charge(client, 999, purpose=Purpose.TIP)
    for _ in range(2):
        actions.earn_tip(charge, writer_id=writer.pk, share_bp=share_bp, by=Actor.system(website))
    assert held(writer)[2] == writers
    tips = sum(line.amount_minor for line in queries.ledger.Posting.objects.of(website).filter(account__kind="tips"))
    assert tips == kept
    sums = payments.revenue(website, NOW, NOW + dt.timedelta(days=1))
    assert (sums.gross, sums.writer_cost) == (0, 0)


def test_a_reduction_lowers_what_was_earned_and_never_below_nothing(
    website: Website, writer: Membership, one: Actor
) -> None:
    earning = payments.earning(writer, 6_000, days=14)
    first = actions.reduce_earning(earning, 2_000, key="refund:9", by=one, reason="Refund")
    assert (first.amount_minor, first.payable_at) == (-2_000, earning.payable_at)
    assert actions.reduce_earning(earning, 2_000, key="refund:9", by=one, reason="Refund") == first
    for amount in (4_001, 0, -5):
        with pytest.raises(ReductionTooLarge) as refusal:
            actions.reduce_earning(earning, amount, key="refund:10", by=one, reason="Refund")
        assert refusal.value.context == {"left_minor": 4_000}
    assert held(writer)[:2] == ["40.00", "40.00"]
    assert Earning.objects.of(website).count() == 2


def test_a_payout_gathers_who_has_the_threshold_and_traces_each_line(
    website: Website, writer: Membership, one: Actor, other: Actor
) -> None:
    poor = accounts.membership(website, "writer")
    payments.earning(writer, 3_000, order_id=1)
    payments.earning(writer, 2_000, order_id=2)
    payments.earning(writer, 9_000, order_id=3, days=1)
    payments.earning(poor, 4_999, order_id=4)
    payout = actions.prepare_payout(website, by=one)
    assert (payout.total_minor, payout.writers, payout.status) == (5_000, 1, "prepared")
    assert held(writer) == ["140.00", "90.00", "0.00", "50.00", "0.00"]
    assert held(poor)[2] == "49.99"
    detail = queries.statement_detail(payout.statements.select_related("payout").get())
    assert [(line.reference.id, str(line.amount)) for line in detail.lines] == [(1, "30.00"), (2, "20.00")]
    assert not PayoutStatement.objects.visible_to(accounts.actor(writer)).exists()
    actions.approve_payout(payout, by=other)
    actions.pay_payout(payout, by=one)
    assert held(writer) == ["90.00", "90.00", "0.00", "0.00", "50.00"]
    assert PayoutStatement.objects.visible_to(accounts.actor(writer)).count() == 1
    assert not PayoutStatement.objects.visible_to(accounts.actor(poor)).exists()
    for step in (actions.pay_payout, actions.approve_payout):
        with pytest.raises(WrongState):
            step(payout, by=other)
    with pytest.raises(WrongState):
        actions.cancel_payout(payout, by=one, reason="-")
    assert Transfer.objects.of(website).filter(purpose="payout").count() == 1
    assert queries.drift(website) == Drift(0, 0)
    events = Event.objects.of(website).filter(verb__startswith="payout").order_by("id").values_list("verb", flat=True)
    assert list(events) == ["payout.prepare", "payout.approve", "payout.pay", "payout_statement.pay"]


def test_what_is_held_is_not_paid_out(website: Website, writer: Membership, one: Actor, other: Actor) -> None:
    earning = payments.earning(writer, 6_000)
    payments.earning(writer, 5_000, order_id=18)
    payout = actions.prepare_payout(website, by=one)
    for _ in range(2):
        actions.hold_earnings(website, earning.reference)
    for _ in range(2):
        with pytest.raises(PayoutHeld) as refusal:
            actions.approve_payout(payout, by=other)
        assert refusal.value.context == {"reference_ids": [17]}
    payout.refresh_from_db()
    assert payout.status == "prepared"
    actions.cancel_payout(payout, by=one, reason="Disputed")
    assert held(writer)[1:3] == ["60.00", "50.00"]
    payout = actions.prepare_payout(website, by=one)
    assert payout.total_minor == 5_000
    actions.approve_payout(payout, by=other)
    actions.hold_earnings(website, Reference(ORDER.type, 18))
    with pytest.raises(PayoutHeld):
        actions.pay_payout(payout, by=other)
    actions.release_earnings(website, Reference(ORDER.type, 18))
    actions.release_earnings(website, earning.reference)
    actions.pay_payout(payout, by=other)
    assert held(writer) == ["60.00", "0.00", "60.00", "0.00", "50.00"]


def test_the_threshold_is_the_websites(website: Website, writer: Membership, one: Actor) -> None:
    payments.earning(writer, 5_000)
    store_policy(website, "payouts", {"threshold_minor": 5_001})
    with pytest.raises(NothingPayable):
        actions.prepare_payout(website, by=one)
    assert not Payout.objects.of(website).exists()
    store_policy(website, "payouts", {"threshold_minor": 0})
    assert actions.prepare_payout(website, by=one).total_minor == 5_000


def test_another_person_approves(website: Website, writer: Membership, one: Actor, other: Actor) -> None:
    payments.earning(writer)
    payout = actions.prepare_payout(website, by=one)
    before = Event.objects.of(website).count()
    with pytest.raises(SamePerson):
        actions.approve_payout(payout, by=one)
    with pytest.raises(WrongState):
        actions.pay_payout(payout, by=other)
    payout.refresh_from_db()
    assert (payout.status, payout.approved_by_id, Event.objects.of(website).count()) == ("prepared", None, before)


@pytest.mark.parametrize("role", ["client", "writer", "editor", "support"])
def test_payouts_are_the_admins(website: Website, writer: Membership, one: Actor, role: str) -> None:
    stranger = accounts.actor(accounts.membership(website, role))
    payments.earning(writer)
    with pytest.raises(Forbidden):
        actions.prepare_payout(website, by=stranger)
    assert not Payout.objects.of(website).exists()
    payout = actions.prepare_payout(website, by=one)
    for step in (actions.approve_payout, actions.pay_payout):
        with pytest.raises(Forbidden):
            step(payout, by=stranger)
    with pytest.raises(Forbidden):
        actions.cancel_payout(payout, by=stranger, reason="-")


def test_one_payout_is_prepared_at_a_time_and_a_cancelled_one_frees_its_earnings(
    website: Website, writer: Membership, one: Actor, other: Actor
) -> None:
    payments.earning(writer)
    first = actions.prepare_payout(website, by=one)
    with pytest.raises(PayoutOpen) as refusal:
        actions.prepare_payout(website, by=one)
    assert refusal.value.context == {"payout_id": first.pk}
    actions.approve_payout(first, by=other)
    with pytest.raises(NothingPayable):
        actions.prepare_payout(website, by=one)
    actions.cancel_payout(first, by=one, reason="Wrong bank details")
    second = actions.prepare_payout(website, by=one)
    assert second.total_minor == first.total_minor
    assert first.statements.get().lines.count() == 1


def test_a_reduction_after_payment_lowers_the_next_payout(
    website: Website, writer: Membership, one: Actor, other: Actor
) -> None:
    earning = payments.earning(writer, 6_000)
    payout = actions.prepare_payout(website, by=one)
    actions.approve_payout(payout, by=other)
    actions.pay_payout(payout, by=other)
    actions.reduce_earning(earning, 2_500, key="refund:9", by=one, reason="Refund")
    assert held(writer) == ["-25.00", "0.00", "-25.00", "0.00", "60.00"]
    with pytest.raises(NothingPayable):
        actions.prepare_payout(website, by=one)
    payments.earning(writer, 8_000, order_id=18)
    payout = actions.prepare_payout(website, by=one)
    assert payout.total_minor == 5_500
    detail = queries.statement_detail(payout.statements.select_related("payout").get())
    assert [str(line.amount) for line in detail.lines] == ["-25.00", "80.00"]
