"""Giving money back: wallet parts at once, card parts by a job that asks the provider, posted when it has done so."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import split, to_decimal
from copydesk.journal.actions import advance, change, lock, record
from copydesk.payments.errors import RefundTooLarge
from copydesk.payments.gateway import Outcome, Result, gateway_of
from copydesk.payments.models import (
    AccountKind,
    Charge,
    ChargeStatus,
    Destination,
    Method,
    Purpose,
    Reference,
    Repayment,
    RepaymentStatus,
    Transfer,
    TransferPurpose,
)
from copydesk.tenancy.jobs import defer
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import own_transaction

from .charges import LONGEST_WAIT
from .ledger import account_of, post, wallet_of

FIRST_RETRY = dt.timedelta(seconds=60)


def repay(website: Website, reference: Reference, amount_minor: int, *, by: Actor, reason: str) -> list[Repayment]:
    """Gives back `amount_minor` of what was paid for `reference` (tips apart), in proportion to what each charge has
    left, to where it came from. Once per call: the caller's step holds that it is called once.

    Raises RefundTooLarge, with what is `refundable`; the charges stay locked to the end of the transaction.
    """
    shares = _shares(website, reference, amount_minor)
    return [_give_back(charge, share, to_wallet=False, by=by, reason=reason) for charge, share in shares]


def plan_repayments(
    website: Website, reference: Reference, amount_minor: int, *, by: Actor, reason: str, to_wallet: bool = False
) -> list[Repayment]:
    """Claims as `repay` would give back, and gives nothing back before `start_repayment`. Raises RefundTooLarge."""
    planned = [
        _claim(charge, share, RepaymentStatus.PLANNED, to_wallet=to_wallet)
        for charge, share in _shares(website, reference, amount_minor)
    ]
    for repayment in planned:
        record("repayment.plan", repayment, by=by, after=repayment.status, reason=reason, data=_facts(repayment))
    return planned


def start_repayment(repayment: Repayment, *, by: Actor) -> Repayment:
    """What was planned is given back now."""
    lock(repayment.charge)
    by_card = repayment.destination == Destination.CARD
    first = clock.now() + FIRST_RETRY if by_card else None
    advance(repayment, "start", by=by.as_system(), data=_facts(repayment), next_attempt_at=first)
    return _send(repayment, by=by)


def cancel_repayment(repayment: Repayment, *, by: Actor) -> Repayment:
    """What was planned is not given back: the charge has it to give again."""
    lock(repayment.charge)
    return advance(repayment, "cancel", by=by.as_system(), data=_facts(repayment))


def divert_to_wallet(charge: Charge, *, by: Actor, reason: str) -> Repayment | None:
    """What is left of a captured charge goes to the payer's wallet, because nothing wants the money any more (it came
    late: the order is cancelled, or paid otherwise). None where nothing is left; so it is safe to repeat."""
    lock(charge)
    if not charge.refundable_minor or charge.purpose == Purpose.TOP_UP:
        return None
    return _give_back(charge, charge.refundable_minor, to_wallet=True, by=by, reason=reason)


def retry_repayment(repayment: Repayment, *, by: Actor) -> Repayment:
    """Asks the provider again, under the same key. Raises RefundTooLarge where others were repaid meanwhile."""
    charge = lock(repayment.charge)
    lock(repayment)
    if repayment.status == RepaymentStatus.FAILED and repayment.amount_minor > charge.refundable_minor:
        raise RefundTooLarge(refundable=str(to_decimal(charge.refundable_minor)), currency=charge.currency)
    advance(repayment, "retry", by=by, attempts=0, code="", next_attempt_at=clock.now() + FIRST_RETRY)
    defer("payments.execute_repayment", repayment.website_id, repayment_id=repayment.pk)
    return repayment


def execute_repayment(repayment: Repayment) -> Repayment:
    """Asks the provider and commits what it said. Outside of any transaction, in the website's context; repeatable."""
    with own_transaction():
        repayment = lock(repayment)
        charge = repayment.charge
        website = repayment.website
    if repayment.status != RepaymentStatus.EXECUTING:
        return repayment
    outcome = gateway_of(charge.provider).refund(
        key=repayment.intent,
        payment=charge.intent,
        provider_reference=charge.provider_reference,
        amount_minor=repayment.amount_minor,
    )
    with own_transaction():
        return settle_repayment(repayment, outcome, by=Actor.system(website))


def settle_repayment(repayment: Repayment, outcome: Outcome, *, by: Actor) -> Repayment:
    """Takes down what the provider said of a repayment; the ledger's date is that of the success."""
    lock(repayment.charge)
    lock(repayment)
    if repayment.status != RepaymentStatus.EXECUTING:
        return repayment
    system = by.as_system()
    if outcome.result is Result.CAPTURED:
        advance(
            repayment,
            "succeed",
            by=system,
            data=_facts(repayment),
            provider_reference=outcome.provider_reference,
            next_attempt_at=None,
        )
        _post(repayment)
    elif outcome.result is Result.DECLINED:
        facts = {**_facts(repayment), "code": outcome.code}
        advance(repayment, "fail", by=system, data=facts, code=outcome.code, next_attempt_at=None)
    else:
        wait = min(FIRST_RETRY * 2 ** min(repayment.attempts, 10), LONGEST_WAIT)
        change(repayment, attempts=repayment.attempts + 1, next_attempt_at=clock.now() + wait)
    return repayment


def _shares(website: Website, reference: Reference, amount_minor: int) -> list[tuple[Charge, int]]:
    """Of each charge, locked, in proportion to what it has left."""
    charges = list(Charge.objects.of(website).about(reference).repayable().order_by("id").lock())
    left = [charge.refundable_minor for charge in charges]
    if not 0 < amount_minor <= sum(left):
        raise RefundTooLarge(refundable=str(to_decimal(sum(left))), currency=website.currency)
    return [(charge, part) for charge, part in zip(charges, split(amount_minor, left), strict=True) if part]


def _claim(charge: Charge, amount_minor: int, status: RepaymentStatus, *, to_wallet: bool) -> Repayment:
    assert charge.status == ChargeStatus.CAPTURED
    by_card = charge.method == Method.CARD and not to_wallet
    repayment = Repayment.objects.of(charge.website_id).create(
        charge=charge,
        amount_minor=amount_minor,
        destination=Destination.CARD if by_card else Destination.WALLET,
        status=status,
        next_attempt_at=clock.now() + FIRST_RETRY if by_card and status == RepaymentStatus.EXECUTING else None,
    )
    charge.refresh_from_db(fields=["repaid_minor"], from_queryset=Charge.objects.of(charge.website_id))
    return repayment


def _give_back(charge: Charge, amount_minor: int, *, to_wallet: bool, by: Actor, reason: str) -> Repayment:
    repayment = _claim(charge, amount_minor, RepaymentStatus.EXECUTING, to_wallet=to_wallet)
    record("repayment.create", repayment, by=by, after=repayment.status, reason=reason, data=_facts(repayment))
    return _send(repayment, by=by)


def _send(repayment: Repayment, *, by: Actor) -> Repayment:
    if repayment.destination == Destination.CARD:
        defer("payments.execute_repayment", repayment.website_id, repayment_id=repayment.pk)
        return repayment
    return settle_repayment(repayment, Outcome(Result.CAPTURED), by=by)


def _post(repayment: Repayment) -> None:
    charge = repayment.charge
    website = charge.website
    taken_from = AccountKind.TIPS if charge.purpose == Purpose.TIP else AccountKind.REFUNDS
    if repayment.destination == Destination.WALLET:
        back_to = wallet_of(website, charge.payer_id)
    else:
        back_to = account_of(website, AccountKind.MONEY_IN, name=charge.provider)
    capture = Transfer.objects.of(website).get(
        purpose=TransferPurpose.CAPTURE, subject_type=charge.noun, subject_id=charge.pk
    )
    post(
        website,
        TransferPurpose.REPAYMENT,
        [(account_of(website, taken_from), -repayment.amount_minor), (back_to, repayment.amount_minor)],
        subject=repayment,
        reference=charge.reference,
        charge=charge,
        reverses=capture,
    )


def _facts(repayment: Repayment) -> dict[str, object]:
    return {
        "repayment_id": repayment.pk,
        "charge_id": repayment.charge_id,
        "amount_minor": repayment.amount_minor,
        "currency": repayment.charge.currency,
        "destination": repayment.destination,
    }
