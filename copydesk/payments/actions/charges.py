"""Taking money. By card in three steps: commit the intent, ask the provider outside of any transaction, commit what it
said. Whatever cuts that off, the charge is found again by its key, by a lookup or by the provider's message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.journal.actions import advance, change, lock, record
from copydesk.journal.models import details
from copydesk.payments.errors import ChargeKeyReused, ChargePending, InsufficientFunds, WebhookRefused
from copydesk.payments.gateway import SENT_WITHIN, Asked, Message, Outcome, Result, gateway_of
from copydesk.payments.models import (
    AccountKind,
    Charge,
    ChargeStatus,
    LedgerAccount,
    Method,
    Purpose,
    Reference,
    TransferPurpose,
    Webhook,
)
from copydesk.tenancy.jobs import defer
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import own_transaction, website_scope

from .ledger import account_of, locked_account, post, wallet_of

FIRST_LOOKUP = dt.timedelta(seconds=60)
LONGEST_WAIT = dt.timedelta(hours=1)
GIVEN_UP_AFTER = dt.timedelta(minutes=15)
"""A charge that the provider has not heard of by then was cut off before it was sent."""
ABANDONED_AFTER = dt.timedelta(minutes=30)
"""A charge that waits for its payer until then is withdrawn: as long as it waits, nothing else can pay."""

TAKEN_FOR = {Purpose.ORDER: AccountKind.SALES, Purpose.ADJUSTMENT: AccountKind.SALES, Purpose.TIP: AccountKind.TIPS}


def begin_charge(
    website: Website,
    *,
    payer_id: int,
    amount_minor: int,
    purpose: Purpose,
    reference: Reference,
    key: str,
    by: Actor,
    lines: Sequence[Mapping[str, Any]] = (),
    method: Method = Method.CARD,
) -> Charge:
    """The intent to charge a card: commit it, then `run_charge`. The same key again gives the same charge.

    `lines` [{"label", "amount_minor"}] is what the receipt shows. Raises ChargePending while an earlier charge for the
    same purpose and reference is undecided, ChargeKeyReused for another amount under the same key.
    """
    known = _known(website, reference, payer_id=payer_id, amount_minor=amount_minor, purpose=purpose, key=key)
    if known is not None:
        return known
    undecided = Charge.objects.of(website).about(reference).undecided().filter(purpose=purpose)
    if waiting := undecided.first():
        if (waiting.payer_id, waiting.key, waiting.amount_minor) == (payer_id, key, amount_minor):
            return waiting
        raise ChargePending(charge_id=waiting.pk)
    card = method == Method.CARD
    try:
        with transaction.atomic():
            charge = Charge.objects.of(website).create(
                payer_id=payer_id,
                purpose=purpose,
                method=method,
                amount_minor=amount_minor,
                currency=website.currency,
                reference_type=reference.type,
                reference_id=reference.id,
                lines=[dict(line) for line in lines],
                key=key,
                provider=settings.PAYMENT_PROVIDER if card else "",
                next_lookup_at=clock.now() + FIRST_LOOKUP if card else None,
            )
    except IntegrityError:
        # Another request was faster; where it was not, the error is one of ours and is raised again.
        known = _known(website, reference, payer_id=payer_id, amount_minor=amount_minor, purpose=purpose, key=key)
        if known is not None:
            return known
        if waiting := undecided.first():
            raise ChargePending(charge_id=waiting.pk) from None
        raise
    record("charge.create", charge, by=by, after=charge.status, data=_facts(charge))
    return charge


def run_charge(charge: Charge, token: str, *, by: Actor) -> Charge:
    """Asks the provider and commits what it said; gives the charge captured, declined, pending or unknown, and with
    the `action` that it waits for.

    Outside of any transaction, in the website's context. `token` is never stored. Safe to repeat: one key, one capture.
    """
    with own_transaction():
        charge = lock(charge)
    if not charge.undecided:
        return charge
    asked_before = charge.status == ChargeStatus.UNKNOWN or charge.provider_reference
    if asked_before or clock.now() >= charge.created_at + SENT_WITHIN:
        return look_up_charge(charge)
    outcome = gateway_of(charge.provider).charge(_asked(charge), token=token)
    with own_transaction():
        return settle_charge(charge, outcome, by=by)


def settle_charge(charge: Charge, outcome: Outcome, *, by: Actor) -> Charge:
    """Takes down what the provider said. Money that was captured counts whatever was believed before; a captured charge
    changes no more. Recorded as the system's doing, whoever's request brought the news."""
    lock(charge)
    if charge.status == ChargeStatus.CAPTURED:
        return charge
    system = by.as_system()
    reference = outcome.provider_reference or charge.provider_reference
    if outcome.result is Result.CAPTURED:
        advance(charge, "capture", by=system, data=_facts(charge), provider_reference=reference, next_lookup_at=None)
        _post_capture(charge)
    elif not charge.undecided:
        return charge
    elif outcome.result is Result.DECLINED:
        advance(
            charge,
            "decline",
            by=system,
            data={**_facts(charge), "code": outcome.code},
            provider_reference=reference,
            code=outcome.code,
            next_lookup_at=None,
        )
    elif outcome.result is Result.ABSENT and clock.now() >= charge.created_at + GIVEN_UP_AFTER:
        advance(charge, "fail", by=system, data=_facts(charge), code="never_received", next_lookup_at=None)
    elif outcome.result is Result.UNKNOWN and charge.status == ChargeStatus.PENDING:
        advance(charge, "lose_answer", by=system, data=_facts(charge), next_lookup_at=clock.now())
        defer("payments.look_up_charge", charge.website_id, charge_id=charge.pk)
    else:
        wait = min(FIRST_LOOKUP / 4 * 2 ** min(charge.lookups, 10), LONGEST_WAIT)
        change(charge, provider_reference=reference, lookups=charge.lookups + 1, next_lookup_at=clock.now() + wait)
        charge.action = outcome.action
    return charge


def charge_wallet(
    website: Website,
    *,
    payer_id: int,
    amount_minor: int,
    purpose: Purpose,
    reference: Reference,
    key: str,
    by: Actor,
    lines: Sequence[Mapping[str, Any]] = (),
) -> Charge:
    """Takes the whole amount from the payer's wallet at once, or nothing. The same key again gives the same charge.

    Raises InsufficientFunds, ChargePending, ChargeKeyReused.
    """
    wallet = locked_account(wallet_of(website, payer_id))
    charge = _known(website, reference, payer_id=payer_id, amount_minor=amount_minor, purpose=purpose, key=key)
    if charge is not None and charge.status == ChargeStatus.CAPTURED:
        return charge
    if (wallet.balance_minor or 0) < amount_minor:
        raise InsufficientFunds
    charge = begin_charge(
        website,
        payer_id=payer_id,
        amount_minor=amount_minor,
        purpose=purpose,
        reference=reference,
        key=key,
        by=by,
        lines=lines,
        method=Method.WALLET,
    )
    return settle_charge(charge, Outcome(Result.CAPTURED), by=by)


def look_up_charge(charge: Charge) -> Charge:
    """Asks the provider what became of a charge. Outside of any transaction, in the website's context."""
    with own_transaction():
        charge = lock(charge)
        website = charge.website
    if not charge.undecided:
        return charge
    abandoned = clock.now() >= charge.created_at + ABANDONED_AFTER
    outcome = gateway_of(charge.provider).lookup(_asked(charge), give_up=abandoned)
    with own_transaction():
        return settle_charge(charge, outcome, by=Actor.system(website))


def receive_webhook(provider: str, headers: Mapping[str, str], body: bytes) -> Charge:
    """A provider's message about one of our charges, found through what we gave it. Enters the charge's website.

    Raises UnknownProvider; WebhookRefused where it is not signed, too old, delivered before, or fits no charge.
    """
    message = gateway_of(provider).read_webhook(headers, body)
    with website_scope(message.website_id):
        website = Website.objects.filter(pk=message.website_id).first()
        if website is None:
            raise WebhookRefused
        _, new = Webhook.objects.of(website).get_or_create(
            provider=provider,
            message_id=message.message_id,
            defaults={"website": website, "received_at": clock.now()},
        )
        charge = Charge.objects.of(website).filter(provider=provider, intent=message.key).first()
        if not new or charge is None or not _is_about(message, charge):
            raise WebhookRefused
        return settle_charge(charge, message.outcome, by=Actor.system(website))


def _is_about(message: Message, charge: Charge) -> bool:
    """And not about another payment that carries our marks."""
    known = charge.provider_reference or message.outcome.provider_reference
    told = (message.amount_minor, message.currency, message.outcome.provider_reference)
    return told == (charge.amount_minor, charge.currency, known)


def _asked(charge: Charge) -> Asked:
    return Asked(
        key=charge.intent,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        metadata={"website": charge.website_id, "charge": charge.pk},
        made_at=charge.created_at,
        provider_reference=charge.provider_reference,
    )


def _known(
    website: Website, reference: Reference, *, payer_id: int, amount_minor: int, purpose: Purpose, key: str
) -> Charge | None:
    charge = Charge.objects.of(website).about(reference).filter(payer_id=payer_id, purpose=purpose, key=key).first()
    if charge is not None and charge.amount_minor != amount_minor:
        raise ChargeKeyReused
    return charge


def _post_capture(charge: Charge) -> None:
    website = charge.website
    post(
        website,
        TransferPurpose.CAPTURE,
        [(source_of(charge), -charge.amount_minor), (target_of(charge), charge.amount_minor)],
        subject=charge,
        reference=charge.reference,
        charge=charge,
    )


def source_of(charge: Charge) -> LedgerAccount:
    """Where a charge's money comes from."""
    if charge.method == Method.WALLET:
        return wallet_of(charge.website, charge.payer_id)
    return account_of(charge.website, AccountKind.MONEY_IN, name=charge.provider)


def target_of(charge: Charge) -> LedgerAccount:
    """Where it goes."""
    if charge.purpose == Purpose.TOP_UP:
        return wallet_of(charge.website, charge.payer_id)
    return account_of(charge.website, TAKEN_FOR[Purpose(charge.purpose)])


def _facts(charge: Charge) -> dict[str, Any]:
    return details(
        charge_id=charge.pk,
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        purpose=charge.purpose,
        method=charge.method,
    )
