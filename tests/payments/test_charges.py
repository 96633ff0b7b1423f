"""Charges by card and from the wallet: each token of the sandbox, nothing twice, unknown outcomes looked up."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine

from copydesk.accounts.models import Membership
from copydesk.journal.models import Event
from copydesk.payments import actions, queries
from copydesk.payments.errors import ChargeKeyReused, ChargePending, InsufficientFunds
from copydesk.payments.gateway import Outcome, Result
from copydesk.payments.models import Charge, ChargeStatus, Purpose, Reference, SandboxPayment, Transfer
from copydesk.payments.tasks import resume
from copydesk.tenancy.models import Website
from tests.factories import accounts, payments
from tests.factories.payments import ORDER
from tests.jobs import queued, run_jobs

pytestmark = pytest.mark.django_db


def verbs(website: Website) -> list[str]:
    return list(Event.objects.of(website).order_by("id").values_list("verb", flat=True))


def balance(client: Membership) -> str:
    return str(queries.wallet(accounts.actor(client)).balance)


def of_payments(ran: list[str]) -> list[str]:
    return [name for name in ran if name.startswith("payments.")]


def test_a_good_card_is_captured_and_posted_once(client: Membership) -> None:
    charge = payments.captured_charge(client, 10_000)
    assert (charge.status, charge.code) == (ChargeStatus.CAPTURED, "")
    assert charge.captured_at is not None
    assert charge.provider_reference == str(SandboxPayment.objects.get(key=charge.intent).reference)
    assert verbs(client.website) == ["charge.create", "charge.capture"]
    again = actions.run_charge(charge, "tok_ok", by=accounts.actor(client))
    assert again.version == charge.version
    assert Transfer.objects.of(client.website).count() == 1
    assert queries.refundable_minor(client.website, ORDER) == 10_000


@pytest.mark.parametrize(("token", "code"), [("tok_declined", "card_declined"), ("tok_of_nobody", "invalid_token")])
def test_a_declined_card_stays_as_declined(client: Membership, token: str, code: str) -> None:
    charge = payments.captured_charge(client, token=token)
    assert (charge.status, charge.code, charge.captured_at) == (ChargeStatus.DECLINED, code, None)
    assert verbs(client.website) == ["charge.create", "charge.decline"]
    assert not Transfer.objects.of(client.website).exists()
    assert queries.refundable_minor(client.website, ORDER) == 0
    second = payments.captured_charge(client, key="another card")
    assert second.status == ChargeStatus.CAPTURED
    assert Charge.objects.of(client.website).get(pk=charge.pk).status == ChargeStatus.DECLINED


def test_a_lost_answer_is_looked_up_and_never_asked_again(client: Membership) -> None:
    charge = payments.captured_charge(client, token="tok_timeout")
    assert charge.status == ChargeStatus.UNKNOWN
    assert not Transfer.objects.of(client.website).exists()
    with pytest.raises(ChargePending) as refused:
        payments.pending_charge(client, key="another")
    assert refused.value.context == {"charge_id": charge.pk}
    assert of_payments(run_jobs()) == ["payments.look_up_charge"]
    charge.refresh_from_db()
    assert charge.status == ChargeStatus.CAPTURED
    assert SandboxPayment.objects.filter(metadata__charge=charge.pk).count() == 1
    assert Transfer.objects.of(client.website).count() == 1
    assert verbs(client.website) == ["charge.create", "charge.lose_answer", "charge.capture"]


def test_the_same_key_again_finds_the_unknown_charge_and_looks_it_up(client: Membership) -> None:
    charge = payments.captured_charge(client, token="tok_timeout")
    repeated = payments.captured_charge(client, token="tok_timeout")
    assert (repeated.pk, repeated.status) == (charge.pk, ChargeStatus.CAPTURED)
    run_jobs()
    assert Transfer.objects.of(client.website).count() == 1


def test_a_late_card_is_pending_until_a_lookup_finds_it(client: Membership) -> None:
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC), tick=False) as time:
        charge = payments.captured_charge(client, token="tok_late")
        assert charge.status == ChargeStatus.PENDING
        assert queued("payments.") == []
        resume(client.website)
        assert queued("payments.") == []
        time.shift(29)
        resume(client.website)
        assert of_payments(run_jobs()) == ["payments.look_up_charge"]
        charge.refresh_from_db()
        assert (charge.status, charge.lookups) == (ChargeStatus.PENDING, 2)
        time.shift(31)
        resume(client.website)
        resume(client.website)
        assert of_payments(run_jobs()) == ["payments.look_up_charge"] * 2
        charge.refresh_from_db()
        assert (charge.status, charge.next_lookup_at) == (ChargeStatus.CAPTURED, None)
        assert Transfer.objects.of(client.website).count() == 1


def test_a_charge_that_was_never_sent_fails_after_a_while_and_not_before(client: Membership) -> None:
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC), tick=False) as time:
        charge = payments.pending_charge(client)
        time.shift(14 * 60)
        assert actions.look_up_charge(charge).status == ChargeStatus.PENDING
        time.shift(60)
        failed = actions.look_up_charge(charge)
    assert (failed.status, failed.code) == (ChargeStatus.FAILED, "never_received")
    assert not Transfer.objects.of(client.website).exists()


@pytest.mark.parametrize("believed", [Result.DECLINED, Result.ABSENT])
def test_money_that_came_counts_whatever_was_believed_before(client: Membership, believed: Result) -> None:
    charge = payments.pending_charge(client)
    by = accounts.actor(client)
    with time_machine.travel(charge.created_at + dt.timedelta(hours=1), tick=False):
        actions.settle_charge(charge, Outcome(believed), by=by)
    assert not charge.undecided
    actions.settle_charge(charge, Outcome(Result.CAPTURED, "late"), by=by)
    assert charge.status == ChargeStatus.CAPTURED
    actions.settle_charge(charge, Outcome(Result.DECLINED), by=by)
    assert charge.status == ChargeStatus.CAPTURED
    assert Transfer.objects.of(client.website).count() == 1


def test_one_key_is_one_charge_of_one_amount(client: Membership) -> None:
    charge = payments.pending_charge(client, 10_000)
    assert payments.pending_charge(client, 10_000).pk == charge.pk
    with pytest.raises(ChargeKeyReused):
        payments.pending_charge(client, 10_001)
    other = accounts.membership(client.website)
    assert payments.pending_charge(other, 500, reference=Reference("thing", 18)).pk != charge.pk


def test_the_wallet_pays_whole_or_not_at_all(client: Membership) -> None:
    payments.filled_wallet(client, 10_000)
    given = {"payer_id": client.pk, "purpose": Purpose.ORDER, "reference": ORDER, "by": accounts.actor(client)}
    before = verbs(client.website)
    with pytest.raises(InsufficientFunds):
        actions.charge_wallet(client.website, amount_minor=10_001, key="a", **given)
    assert (balance(client), verbs(client.website)) == ("100.00", before)
    assert not Charge.objects.of(client.website).about(ORDER).exists()
    charge = actions.charge_wallet(client.website, amount_minor=10_000, key="a", **given)
    assert (charge.status, charge.method, balance(client)) == ("captured", "wallet", "0.00")
    assert actions.charge_wallet(client.website, amount_minor=10_000, key="a", **given).pk == charge.pk
    assert balance(client) == "0.00"


def test_the_wallet_is_refused_while_a_card_is_undecided(client: Membership) -> None:
    payments.filled_wallet(client, 10_000)
    payments.captured_charge(client, token="tok_timeout")
    with pytest.raises(ChargePending):
        actions.charge_wallet(
            client.website,
            payer_id=client.pk,
            amount_minor=10_000,
            purpose=Purpose.ORDER,
            reference=ORDER,
            key="wallet",
            by=accounts.actor(client),
        )
    assert balance(client) == "100.00"
