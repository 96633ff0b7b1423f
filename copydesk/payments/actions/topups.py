"""A client puts money into the own wallet."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.payments.models import Charge, Purpose, Reference
from copydesk.tenancy.scope import own_transaction

from .charges import begin_charge, run_charge
from .ledger import wallet_of


def top_up(*, amount_minor: int, token: str, key: str, by: Actor) -> Charge:
    """Charges the card and, once captured, fills the wallet. Opens its own transactions. Raises ChargePending."""
    assert by.membership_id is not None
    with own_transaction():
        wallet = wallet_of(by.website, by.membership_id)
        charge = begin_charge(
            by.website,
            payer_id=by.membership_id,
            amount_minor=amount_minor,
            purpose=Purpose.TOP_UP,
            reference=Reference("wallet", wallet.pk),
            key=key,
            by=by,
            lines=[{"label": "Wallet top-up", "amount_minor": amount_minor}],
        )
    return run_charge(charge, token, by=by)
