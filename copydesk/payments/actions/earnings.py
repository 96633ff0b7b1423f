"""What writers earn: once for each reason, posted when it is earned, payable when its time has come."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Sum

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.money import share
from copydesk.journal.actions import record
from copydesk.journal.models import details
from copydesk.payments.errors import ReductionTooLarge
from copydesk.payments.models import (
    AccountKind,
    Charge,
    Earning,
    EarningHold,
    EarningKind,
    LedgerAccount,
    Reference,
    Transfer,
    TransferPurpose,
)
from copydesk.tenancy.models import Website

from .ledger import account_of, locked_account, post

WHOLE_BP = 10_000


def earn(
    website: Website,
    *,
    writer_id: int,
    amount_minor: int,
    reference: Reference,
    payable_at: datetime,
    by: Actor,
    kind: EarningKind = EarningKind.PAY,
) -> Earning:
    """`kind` pay or forfeit, once for each writer and reference: a second call gives the first row as it is, unless all
    of that was taken back, as of an order that a dispute gave to another and that came back.

    `writer_id` is a membership, `amount_minor` positive.
    """
    _locked_earnings(website, writer_id)
    known = list(Earning.objects.of(website).about(reference).filter(writer_id=writer_id, kind=kind).order_by("pk"))
    if known and _left(known[-1]):
        return known[-1]
    key = f"{reference.type}:{reference.id}:{kind}:{writer_id}" + (f":{len(known) + 1}" if known else "")
    return _earn(
        website,
        writer_id=writer_id,
        amount_minor=amount_minor,
        kind=kind,
        reference=reference,
        key=key,
        payable_at=payable_at,
        by=by,
    )


def earn_tip(charge: Charge, *, writer_id: int, by: Actor, share_bp: int = WHOLE_BP) -> Earning | None:
    """The writer's share (basis points) of a captured tip, payable at once; once for each charge. The rest stays the
    website's. None where the share is nothing."""
    amount = share(charge.amount_minor, share_bp, WHOLE_BP)
    if not amount:
        return None
    return _earn(
        charge.website,
        writer_id=writer_id,
        amount_minor=amount,
        kind=EarningKind.TIP,
        reference=charge.reference,
        key=f"charge:{charge.pk}:tip",
        payable_at=clock.now(),
        by=by,
        charge=charge,
    )


def reduce_earning(earning: Earning, amount_minor: int, *, key: str, by: Actor, reason: str) -> Earning:
    """Takes back `amount_minor` of what was earned, also after it was paid out: then it lowers the next payout.

    Once for each `key` (such as "refund:9"). Raises ReductionTooLarge with `left_minor`.
    """
    account = _locked_earnings(earning.website, earning.writer_id)
    key = f"{key}:earning:{earning.pk}"
    known = Earning.objects.of(earning.website_id).filter(key=key).first()
    if known is not None:
        return known
    left = _left(earning)
    if not 0 < amount_minor <= left:
        raise ReductionTooLarge(left_minor=left)
    reduction = Earning.objects.of(earning.website_id).create(
        writer_id=earning.writer_id,
        kind=EarningKind.REDUCTION,
        amount_minor=-amount_minor,
        currency=earning.currency,
        reference_type=earning.reference_type,
        reference_id=earning.reference_id,
        key=key,
        charge=earning.charge,
        reduces=earning,
        payable_at=earning.payable_at,
    )
    _post(reduction, account, "earning.reduce", by=by, reason=reason, reverses=_transfer_of(earning))
    return reduction


def reduce_pay(
    website: Website, reference: Reference, writer_id: int, amount_minor: int, *, key: str, by: Actor, reason: str
) -> Earning:
    """Takes back part of what the writer was paid for `reference`, as `reduce_earning` does."""
    pay = Earning.objects.of(website).about(reference).filter(writer_id=writer_id, kind=EarningKind.PAY).latest("pk")
    return reduce_earning(pay, amount_minor, key=key, by=by, reason=reason)


def keep_fine(website: Website, *, writer_id: int, amount_minor: int, reference: Reference, by: Actor) -> Earning:
    """`amount_minor` of what the writer earns is kept from the next payout; once for each reference."""
    return _earn(
        website,
        writer_id=writer_id,
        amount_minor=-amount_minor,
        kind=EarningKind.FINE,
        reference=reference,
        key=f"{reference.type}:{reference.id}",
        payable_at=clock.now(),
        by=by,
    )


def waive_fine(fine: Earning, amount_minor: int, *, key: str, by: Actor, reason: str) -> Earning:
    """Gives back `amount_minor` of what was kept, also after a payout: then in the next one. Once for each `key`.
    Raises ReductionTooLarge with `left_minor`."""
    account = _locked_earnings(fine.website, fine.writer_id)
    known = Earning.objects.of(fine.website_id).filter(key=key).first()
    if known is not None:
        return known
    left = -_left(fine)
    if not 0 < amount_minor <= left:
        raise ReductionTooLarge(left_minor=left)
    waiver = Earning.objects.of(fine.website_id).create(
        writer_id=fine.writer_id,
        kind=EarningKind.WAIVER,
        amount_minor=amount_minor,
        currency=fine.currency,
        reference_type=fine.reference_type,
        reference_id=fine.reference_id,
        key=key,
        reduces=fine,
        payable_at=clock.now(),
    )
    _post(waiver, account, "earning.restore", by=by, reason=reason, reverses=_transfer_of(fine))
    return waiver


def _left(earning: Earning) -> int:
    """Of what was earned or kept, less what was taken back or waived."""
    changed = Earning.objects.of(earning.website_id).filter(reduces=earning)
    left: int = earning.amount_minor + changed.aggregate(total=Sum("amount_minor", default=0))["total"]
    return left


def _transfer_of(earning: Earning) -> Transfer:
    return Transfer.objects.of(earning.website_id).get(
        purpose=TransferPurpose.EARNING, subject_type=earning.noun, subject_id=earning.pk
    )


def hold_earnings(website: Website, reference: Reference) -> None:
    """Nothing earned for `reference` is paid out until `release_earnings`. Safe to repeat; the dispute is the event."""
    EarningHold.objects.of(website).get_or_create(
        reference_type=reference.type, reference_id=reference.id, released_at=None, defaults={"website": website}
    )


def release_earnings(website: Website, reference: Reference) -> None:
    open_holds = EarningHold.objects.of(website).filter(
        reference_type=reference.type, reference_id=reference.id, released_at=None
    )
    open_holds.update(released_at=clock.now())


def _earn(
    website: Website,
    *,
    writer_id: int,
    amount_minor: int,
    kind: EarningKind,
    reference: Reference,
    key: str,
    payable_at: datetime,
    by: Actor,
    charge: Charge | None = None,
) -> Earning:
    account = _locked_earnings(website, writer_id)
    known = Earning.objects.of(website).filter(key=key).first()
    if known is not None:
        return known
    earning = Earning.objects.of(website).create(
        writer_id=writer_id,
        kind=kind,
        amount_minor=amount_minor,
        currency=website.currency,
        reference_type=reference.type,
        reference_id=reference.id,
        key=key,
        charge=charge,
        payable_at=payable_at,
    )
    _post(earning, account, "earning.keep" if kind == EarningKind.FINE else "earning.create", by=by)
    return earning


def _locked_earnings(website: Website, writer_id: int) -> LedgerAccount:
    """All that is earned by one writer goes one after the other."""
    return locked_account(account_of(website, AccountKind.EARNINGS, owner_id=writer_id))


def _post(
    earning: Earning,
    account: LedgerAccount,
    verb: str,
    *,
    by: Actor,
    reason: str = "",
    reverses: Transfer | None = None,
) -> None:
    fined = earning.kind in (EarningKind.FINE, EarningKind.WAIVER)
    cost = AccountKind.FINES if fined else AccountKind.TIPS if earning.charge_id else AccountKind.WRITER_COST
    post(
        earning.website,
        TransferPurpose.EARNING,
        [(account_of(earning.website, cost), -earning.amount_minor), (account, earning.amount_minor)],
        subject=earning,
        reference=earning.reference,
        charge=earning.charge,
        reverses=reverses,
    )
    record(
        verb,
        earning,
        by=by,
        reason=reason,
        data=details(
            earning_id=earning.pk,
            kind=earning.kind,
            amount_minor=earning.amount_minor,
            currency=earning.currency,
            reduces_id=earning.reduces_id,
        ),
    )
