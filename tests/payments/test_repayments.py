"""Money on its way back: in proportion, to where it came from, never more than is left."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
import time_machine

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden
from copydesk.journal.models import Event
from copydesk.payments import actions, queries
from copydesk.payments.actions.repayments import settle_repayment
from copydesk.payments.errors import RefundTooLarge
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import (
    Charge,
    Destination,
    Purpose,
    Reference,
    Repayment,
    RepaymentStatus,
    SandboxRefund,
    Transfer,
)
from copydesk.payments.queries import Drift
from copydesk.payments.tasks import resume
from copydesk.tenancy.models import Website
from tests.factories import accounts, payments
from tests.factories.payments import ORDER
from tests.jobs import queued, run_jobs


@pytest.fixture
def admin(website: Website) -> Actor:
    return accounts.actor(accounts.membership(website, "admin"))


def balance(client: Membership) -> str:
    return str(queries.wallet(accounts.actor(client)).balance)


def by_wallet(client: Membership, amount_minor: int, **values: object) -> Charge:
    payments.filled_wallet(client, amount_minor)
    given = {"purpose": Purpose.ADJUSTMENT, "reference": ORDER, "key": "wallet", **values}
    return actions.charge_wallet(
        client.website, payer_id=client.pk, amount_minor=amount_minor, by=accounts.actor(client), **given
    )  # type: ignore[arg-type]


def test_in_proportion_to_the_cent_wallet_at_once_card_when_the_provider_has_done_it(
    website: Website, client: Membership, admin: Actor
) -> None:
    card = payments.captured_charge(client, 10_000)
    wallet = by_wallet(client, 5_000)
    rows = actions.repay(website, ORDER, 1_001, by=admin, reason="Late")
    assert [(row.charge_id, row.amount_minor, row.destination, row.status) for row in rows] == [
        (card.pk, 667, Destination.CARD, RepaymentStatus.EXECUTING),
        (wallet.pk, 334, Destination.WALLET, RepaymentStatus.SUCCEEDED),
    ]
    assert balance(client) == "3.34"
    assert queries.refundable_minor(website, ORDER) == 13_999
    assert queued("payments.") == [
        ("payments.execute_repayment", {"website_id": website.pk, "repayment_id": rows[0].pk})
    ]
    assert Transfer.objects.of(website).filter(purpose="repayment").count() == 1
    run_jobs()
    rows[0].refresh_from_db()
    assert rows[0].status == RepaymentStatus.SUCCEEDED
    back = Transfer.objects.of(website).get(purpose="repayment", subject_id=rows[0].pk)
    assert back.reverses == Transfer.objects.of(website).get(purpose="capture", subject_id=card.pk)
    assert SandboxRefund.objects.get(key=rows[0].intent).amount_minor == 667
    assert queries.drift(website) == Drift(0, 0)


@pytest.mark.parametrize("amounts", [(1, 1, 1), (3_333, 3_333, 3_334), (1, 9_998, 1), (7, 11, 13)])
def test_any_amount_falls_into_whole_cents_and_never_over_a_charge(
    website: Website, client: Membership, admin: Actor, amounts: tuple[int, int, int]
) -> None:
    for number, amount in enumerate(amounts):
        by_wallet(client, amount, key=f"k{number}")
    left = sum(amounts)
    for step in (1, left // 3, left // 2):
        if step and step <= left:
            assert sum(row.amount_minor for row in actions.repay(website, ORDER, step, by=admin, reason="-")) == step
            left -= step
    assert queries.refundable_minor(website, ORDER) == left
    for row in Charge.objects.of(website).about(ORDER):
        assert 0 <= row.repaid_minor <= row.amount_minor


@pytest.mark.parametrize("amount", [10_001, 0, -1])
def test_more_than_is_left_is_refused_and_changes_nothing(
    website: Website, client: Membership, admin: Actor, amount: int
) -> None:
    payments.captured_charge(client, 10_000)
    before = Event.objects.of(website).count()
    with pytest.raises(RefundTooLarge) as refusal:
        actions.repay(website, ORDER, amount, by=admin, reason="-")
    assert refusal.value.context == {"refundable": "100.00", "currency": "USD"}
    assert not Repayment.objects.of(website).exists()
    assert (queued("payments."), Event.objects.of(website).count()) == ([], before)


def test_only_what_was_captured_for_the_thing_itself_is_refundable(
    website: Website, client: Membership, admin: Actor
) -> None:
    payments.captured_charge(client, 700, purpose=Purpose.TIP, key="tip")
    payments.captured_charge(client, 900, token="tok_declined", key="declined")
    payments.captured_charge(client, 900, reference=Reference("thing", 18), key="another order")
    payments.captured_charge(client, 800, token="tok_late", key="late")
    assert queries.refundable_minor(website, ORDER) == 0
    with pytest.raises(RefundTooLarge):
        actions.repay(website, ORDER, 1, by=admin, reason="-")


def test_to_the_wallet_with_the_clients_consent(website: Website, client: Membership, admin: Actor) -> None:
    payments.captured_charge(client, 10_000)
    (row,) = actions.plan_repayments(website, ORDER, 2_500, by=admin, reason="-", to_wallet=True)
    assert (row.status, balance(client)) == ("planned", "0.00")
    actions.start_repayment(row, by=admin)
    assert (row.destination, row.status, balance(client), queued("payments.")) == ("wallet", "succeeded", "25.00", [])


def test_running_twice_gives_back_once(website: Website, client: Membership, admin: Actor) -> None:
    payments.captured_charge(client, 10_000)
    (row,) = actions.repay(website, ORDER, 2_500, by=admin, reason="-")
    for _ in range(2):
        assert actions.execute_repayment(row).status == RepaymentStatus.SUCCEEDED
    run_jobs()
    assert SandboxRefund.objects.filter(key=row.intent).count() == 1
    assert Transfer.objects.of(website).filter(purpose="repayment").count() == 1


def test_a_repayment_without_an_answer_is_asked_again_under_its_key(
    website: Website, client: Membership, admin: Actor
) -> None:
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC), tick=False) as time:
        payments.captured_charge(client, 10_000)
        (row,) = actions.repay(website, ORDER, 2_500, by=admin, reason="-")
        settle_repayment(row, Outcome(Result.UNKNOWN), by=Actor.system(website))
        assert (row.status, row.attempts) == (RepaymentStatus.EXECUTING, 1)
        run_jobs()
        time.shift(60)
        resume(website)
        assert run_jobs() == []
        row.refresh_from_db()
        assert row.status == RepaymentStatus.SUCCEEDED


def test_a_forgotten_repayment_is_found_by_the_clock(website: Website, client: Membership, admin: Actor) -> None:
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC), tick=False) as time:
        payments.captured_charge(client, 10_000)
        (row,) = actions.repay(website, ORDER, 2_500, by=admin, reason="-")
        settle_repayment(row, Outcome(Result.UNKNOWN), by=Actor.system(website))
        before = len(queued("payments."))
        resume(website)
        assert len(queued("payments.")) == before
        time.shift(60)
        resume(website)
        assert len(queued("payments.")) == before + 1


def test_a_failed_one_is_refundable_again_and_may_be_retried_under_the_same_key(
    website: Website, client: Membership, admin: Actor
) -> None:
    payments.captured_charge(client, 10_000)
    (row,) = actions.repay(website, ORDER, 10_000, by=admin, reason="-")
    intent: uuid.UUID = row.intent
    settle_repayment(row, Outcome(Result.DECLINED, "", "not_refundable"), by=Actor.system(website))
    assert (row.status, row.code) == (RepaymentStatus.FAILED, "not_refundable")
    assert queries.refundable_minor(website, ORDER) == 10_000
    assert Transfer.objects.of(website).filter(purpose="repayment").count() == 0
    with pytest.raises(Forbidden):
        actions.retry_repayment(row, by=accounts.actor(client))
    (other,) = actions.repay(website, ORDER, 1, by=admin, reason="-")
    with pytest.raises(RefundTooLarge):
        actions.retry_repayment(row, by=admin)
    settle_repayment(other, Outcome(Result.DECLINED, "", "not_refundable"), by=Actor.system(website))
    actions.retry_repayment(row, by=admin)
    assert (row.status, row.intent, queries.refundable_minor(website, ORDER)) == ("executing", intent, 0)
    run_jobs()
    row.refresh_from_db()
    assert row.status == RepaymentStatus.SUCCEEDED


def test_money_that_nothing_wants_goes_to_the_wallet_once(website: Website, client: Membership) -> None:
    charge = payments.captured_charge(client, 10_000)
    system = Actor.system(website)
    row = actions.divert_to_wallet(charge, by=system, reason="The order is cancelled")
    assert row is not None
    assert (row.status, balance(client)) == (RepaymentStatus.SUCCEEDED, "100.00")
    assert actions.divert_to_wallet(charge, by=system, reason="The order is cancelled") is None
    assert balance(client) == "100.00"
    tip = payments.captured_charge(client, 500, purpose=Purpose.TIP, key="tip")
    actions.divert_to_wallet(tip, by=system, reason="No writer")
    assert balance(client) == "105.00"
    now = charge.created_at
    sums = payments.revenue(website, now - dt.timedelta(days=1), now + dt.timedelta(days=1))
    assert (sums.gross, sums.refunds, sums.net) == (10_000, 10_000, 0)
    late = payments.pending_charge(client, 900, key="undecided")
    assert actions.divert_to_wallet(late, by=system, reason="-") is None
