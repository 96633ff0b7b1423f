"""Mirrors copydesk/payments/actions: charges, repayments, earnings, top-ups."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core.money import share
from copydesk.journal.models import details
from copydesk.payments.actions.charges import FIRST_LOOKUP, TAKEN_FOR
from copydesk.payments.actions.earnings import WHOLE_BP
from copydesk.payments.gateway.sandbox import (
    DECLINED,
    LATE,
    OK,
    SETTLES_AFTER,
    TIMEOUT,
    UNSETTLED,
)
from copydesk.payments.models import (
    AccountKind,
    Charge,
    Earning,
    EarningKind,
    LedgerAccount,
    Method,
    Posting,
    Purpose,
    Reference,
    SandboxPayment,
    Transfer,
    TransferPurpose,
)
from copydesk.payments.models.ledger import OWNED_KINDS

from ..copy import Row, dumps
from ..stage import Earned, Paid, Stage, step

PROVIDER = "sandbox"
SETTLED_AFTER = SETTLES_AFTER + FIRST_LOOKUP


def account_of(stage: Stage, kind: AccountKind, *, owner_id: int | None = None, name: str = "") -> Row:
    known = stage.books.accounts.get((kind, owner_id, name))
    if known is None:
        known = stage.send(
            LedgerAccount,
            kind=kind.value,
            owner_id=owner_id,
            name=name,
            currency=stage.website.currency,
            balance_minor=0 if kind in OWNED_KINDS else None,
        )
        stage.books.accounts[kind, owner_id, name] = known
    return known


def wallet_of(stage: Stage, member_id: int) -> Row:
    return account_of(stage, AccountKind.WALLET, owner_id=member_id)


def wallet_minor(stage: Stage, member_id: int) -> int:
    return stage.books.wallets.get(member_id, 0)


def post(
    stage: Stage,
    purpose: TransferPurpose,
    lines: Sequence[tuple[Row, int]],
    *,
    subject: Row,
    reference: Reference,
    charge_id: int | None = None,
    reverses_id: int | None = None,
) -> int:
    transfer = stage.send(
        Transfer,
        purpose=purpose.value,
        at=stage.now,
        currency=stage.website.currency,
        lines=len(lines),
        subject_type=subject.noun,
        subject_id=subject.id,
        reference_type=reference.type,
        reference_id=reference.id,
        charge_id=charge_id,
        reverses_id=reverses_id,
    )
    assert sum(amount for _, amount in lines) == 0
    for account, amount in lines:
        stage.send(Posting, transfer_id=transfer.id, account_id=account.id, amount_minor=amount, at=stage.now)
        if account.kind == AccountKind.WALLET:
            wallets = stage.books.wallets
            wallets[account.owner_id] = wallets.get(account.owner_id, 0) + amount
            assert wallets[account.owner_id] >= 0
    return int(transfer.id)


def charge(
    stage: Stage,
    *,
    payer_id: int,
    amount_minor: int,
    purpose: Purpose,
    reference: Reference,
    method: str,
    token: str,
    by: Actor,
    lines: Iterable[dict[str, Any]],
) -> Paid:
    """begin_charge and run_charge, or charge_wallet, in one. A lost answer is looked up by the job that it queues."""
    card = method == Method.CARD
    if not card:
        wallet_of(stage, payer_id)
    row = stage.make(
        Charge,
        payer_id=payer_id,
        purpose=purpose.value,
        method=method,
        amount_minor=amount_minor,
        currency=stage.website.currency,
        reference_type=reference.type,
        reference_id=reference.id,
        lines=dumps(list(lines)),
        key=f"demo-{stage.uuid()}",
        intent=stage.uuid(),
        provider=PROVIDER if card else "",
        created_at=stage.now,
        next_lookup_at=stage.now + FIRST_LOOKUP if card else None,
    )
    paid = Paid(row)
    stage.record("charge.create", row, by=by, after=row.status, data=_facts(row))
    if card:
        _ask_sandbox(stage, paid, token)
    else:
        capture(stage, paid)
    return paid


def capture(stage: Stage, paid: Paid, provider_reference: str = "") -> None:
    row = paid.charge
    stage.advance(
        row,
        "capture",
        by=stage.system,
        data=_facts(row),
        provider_reference=provider_reference or row.provider_reference,
        next_lookup_at=None,
    )
    if row.method == Method.WALLET:
        source = wallet_of(stage, row.payer_id)
    else:
        source = account_of(stage, AccountKind.MONEY_IN, name=PROVIDER)
    if row.purpose == Purpose.TOP_UP:
        target = wallet_of(stage, row.payer_id)
    else:
        target = account_of(stage, TAKEN_FOR[Purpose(row.purpose)])
    lines = [(source, -row.amount_minor), (target, row.amount_minor)]
    paid.transfer_id = post(
        stage, TransferPurpose.CAPTURE, lines, subject=row, reference=row.reference, charge_id=row.id
    )


def _ask_sandbox(stage: Stage, paid: Paid, token: str) -> None:
    row, paid.token = paid.charge, token
    told = str(stage.uuid())
    sandbox = stage.loader.sheets[SandboxPayment].make(
        key=row.intent,
        reference=told,
        token=token,
        amount_minor=row.amount_minor,
        currency=row.currency,
        metadata=dumps({"website": row.website_id, "charge": row.id}),
        created_at=stage.now,
    )
    stage.loader.send(sandbox)
    if token in (OK, UNSETTLED):
        capture(stage, paid, told)
    elif token == DECLINED:
        code = "card_declined"
        stage.advance(
            row,
            "decline",
            by=stage.system,
            data={**_facts(row), "code": code},
            provider_reference=told,
            code=code,
            next_lookup_at=None,
        )
    elif token == TIMEOUT:
        stage.advance(row, "lose_answer", by=stage.system, data=_facts(row), next_lookup_at=stage.now)
        stage.jobs.append(lambda: capture(stage, paid, told))
    elif token == LATE:
        wait = FIRST_LOOKUP / 4
        stage.change(row, provider_reference=told, lookups=row.lookups + 1, next_lookup_at=stage.now + wait)


def earn(
    stage: Stage,
    *,
    writer_id: int,
    amount_minor: int,
    reference: Reference,
    payable_at: dt.datetime,
    by: Actor,
    kind: EarningKind = EarningKind.PAY,
    tip: Paid | None = None,
    known: Earned | None = None,
) -> Earned:
    """Pay or forfeit of an order; with `tip`, the writer's part of that charge. `known`: what was taken back of it."""
    times = known.times + 1 if known else 1
    key = f"charge:{tip.charge.id}:tip" if tip else f"{reference.type}:{reference.id}:{kind}:{writer_id}"
    key += f":{times}" if times > 1 else ""
    earned = _earn(
        stage,
        "earning.create",
        writer_id=writer_id,
        kind=kind.value,
        amount_minor=amount_minor,
        reference=reference,
        key=key,
        charge_id=tip.charge.id if tip else None,
        payable_at=payable_at,
        by=by,
    )
    earned.times = times
    return earned


def reduce_pay(stage: Stage, pay: Earned, amount_minor: int, *, key: str, by: Actor, reason: str) -> Earned:
    row = pay.row
    if key.startswith("refunds:"):
        pay.lowered_minor += amount_minor
    else:
        pay.reduced_minor += amount_minor
    return _earn(
        stage,
        "earning.reduce",
        writer_id=row.writer_id,
        kind=EarningKind.REDUCTION.value,
        amount_minor=-amount_minor,
        reference=row.reference,
        key=f"{key}:earning:{row.id}",
        reduces_id=row.id,
        payable_at=row.payable_at,
        by=by,
        reason=reason,
        reverses_id=pay.transfer_id,
    )


def keep_fine(stage: Stage, *, writer_id: int, amount_minor: int, reference: Reference, by: Actor) -> Earned:
    return _earn(
        stage,
        "earning.keep",
        writer_id=writer_id,
        kind=EarningKind.FINE.value,
        amount_minor=-amount_minor,
        reference=reference,
        key=f"{reference.type}:{reference.id}",
        payable_at=stage.now,
        by=by,
    )


def waive_fine(stage: Stage, fine: Earned, amount_minor: int, *, key: str, by: Actor, reason: str) -> Earned:
    row = fine.row
    return _earn(
        stage,
        "earning.restore",
        writer_id=row.writer_id,
        kind=EarningKind.WAIVER.value,
        amount_minor=amount_minor,
        reference=row.reference,
        key=key,
        reduces_id=row.id,
        payable_at=stage.now,
        by=by,
        reason=reason,
        reverses_id=fine.transfer_id,
    )


def _earn(
    stage: Stage,
    verb: str,
    *,
    reference: Reference,
    by: Actor,
    reason: str = "",
    reverses_id: int | None = None,
    **values: Any,
) -> Earned:
    account = account_of(stage, AccountKind.EARNINGS, owner_id=values["writer_id"])
    row = stage.send(
        Earning,
        currency=stage.website.currency,
        reference_type=reference.type,
        reference_id=reference.id,
        created_at=stage.now,
        **values,
    )
    stage.books.earnings.append(row)
    fined = row.kind in (EarningKind.FINE, EarningKind.WAIVER)
    kind = AccountKind.FINES if fined else AccountKind.TIPS if row.charge_id else AccountKind.WRITER_COST
    cost = account_of(stage, kind)
    transfer_id = post(
        stage,
        TransferPurpose.EARNING,
        [(cost, -row.amount_minor), (account, row.amount_minor)],
        subject=row,
        reference=reference,
        charge_id=row.charge_id,
        reverses_id=reverses_id,
    )
    data = details(
        earning_id=row.id,
        kind=row.kind,
        amount_minor=row.amount_minor,
        currency=row.currency,
        reduces_id=row.reduces_id,
    )
    stage.record(verb, row, by=by, reason=reason, data=data)
    return Earned(row, transfer_id)


def earn_tip(stage: Stage, paid: Paid, *, writer_id: int, share_bp: int, by: Actor) -> None:
    amount = share(paid.charge.amount_minor, share_bp, WHOLE_BP)
    if amount:
        earn(
            stage,
            writer_id=writer_id,
            amount_minor=amount,
            reference=paid.charge.reference,
            payable_at=stage.now,
            by=by,
            kind=EarningKind.TIP,
            tip=paid,
        )


@step
def top_up(stage: Stage, *, amount_minor: int, token: str, by: Actor) -> None:
    assert by.membership_id is not None
    wallet = wallet_of(stage, by.membership_id)
    paid = charge(
        stage,
        payer_id=by.membership_id,
        amount_minor=amount_minor,
        purpose=Purpose.TOP_UP,
        reference=Reference("wallet", wallet.id),
        method=Method.CARD.value,
        token=token,
        by=by,
        lines=[{"label": "Wallet top-up", "amount_minor": amount_minor}],
    )
    stage.jobs.append(lambda: stage.loader.send(paid.charge))


def _facts(row: Row) -> dict[str, Any]:
    return details(
        charge_id=row.id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        purpose=row.purpose,
        method=row.method,
    )
