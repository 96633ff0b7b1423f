"""A fine is settled when the payout that it was kept from is paid."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.journal.actions import advance, lock
from copydesk.payments.models import Earning, EarningKind, Payout, PayoutStatus

from ..models import COLLECTED, Fine
from .proposing import facts


def settle_if_paid(fine: Fine, *, by: Actor) -> Fine:
    """Of a locked fine: where nothing of it is left to be kept, or it was kept from a payout that is paid."""
    paid = Earning.objects.of(fine.website_id).about(fine.reference).filter(kind=EarningKind.FINE)
    if fine.left_minor and not paid.filter(lines__statement__payout__status=PayoutStatus.PAID).exists():
        return fine
    if fine.status not in COLLECTED:
        return fine
    return advance(fine, "settle", by=by.as_system(), data=facts(fine), settled_at=fine.settled_at or clock.now())


def settle_paid(payout: Payout, *, by: Actor) -> list[Fine]:
    """Those that were kept from a payout that is paid. Safe to repeat."""
    kept = Earning.objects.of(payout.website_id).filter(kind=EarningKind.FINE, lines__statement__payout=payout)
    rows = Fine.objects.of(payout.website_id).filter(pk__in=kept.values("reference_id"), status__in=COLLECTED)
    return [settle_if_paid(lock(fine), by=by) for fine in rows.order_by("pk")]
