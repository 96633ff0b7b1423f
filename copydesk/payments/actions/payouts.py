"""Payouts: prepared by one person, approved by another, paid once."""

from __future__ import annotations

from collections import defaultdict

from django.db import connection

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Can
from copydesk.core import clock
from copydesk.core.errors import Forbidden
from copydesk.core.money import to_decimal
from copydesk.journal.actions import advance, lock, record
from copydesk.payments.errors import NothingPayable, PayoutHeld, PayoutOpen
from copydesk.payments.models import (
    AccountKind,
    Earning,
    Payout,
    PayoutLine,
    PayoutStatement,
    PayoutStatus,
    Reference,
    TransferPurpose,
)
from copydesk.payments.policies import PayoutPolicy
from copydesk.tenancy.models import Website

from .ledger import account_of, post


def prepare_payout(website: Website, *, by: Actor) -> Payout:
    """Gathers all that is payable now, for every writer with at least the policy's threshold.

    Raises PayoutOpen while another is prepared, NothingPayable.
    """
    if not by.can(Can.PREPARE_PAYOUTS) or by.user_id is None:
        raise Forbidden
    _one_at_a_time(website)
    if prepared := Payout.objects.of(website).filter(status=PayoutStatus.PREPARED).first():
        raise PayoutOpen(payout_id=prepared.pk)
    by_writer: defaultdict[int, list[Earning]] = defaultdict(list)
    for earning in Earning.objects.of(website).payable(clock.now()).order_by("writer_id", "id"):
        by_writer[earning.writer_id].append(earning)
    threshold = PayoutPolicy.of(website).threshold_minor
    sums = {writer_id: sum(earning.amount_minor for earning in rows) for writer_id, rows in by_writer.items()}
    paid = {writer_id: total for writer_id, total in sums.items() if total >= max(threshold, 1)}
    if not paid:
        raise NothingPayable(threshold=str(to_decimal(threshold)), currency=website.currency)
    payout = Payout.objects.of(website).create(
        currency=website.currency, total_minor=sum(paid.values()), writers=len(paid), prepared_by_id=by.user_id
    )
    statements = PayoutStatement.objects.of(website).bulk_create(
        PayoutStatement(website_id=website.pk, payout=payout, writer_id=writer_id, amount_minor=total)
        for writer_id, total in paid.items()
    )
    PayoutLine.objects.of(website).bulk_create(
        PayoutLine(website_id=website.pk, statement=statement, earning=earning)
        for statement in statements
        for earning in by_writer[statement.writer_id]
    )
    record("payout.prepare", payout, by=by, after=payout.status, data=_facts(payout))
    return payout


def approve_payout(payout: Payout, *, by: Actor, reason: str = "") -> Payout:
    """Raises SamePerson for the one who prepared it, PayoutHeld."""
    _refuse(payout, "approve", by)
    return advance(payout, "approve", by=by, reason=reason, data=_facts(payout), approved_by_id=by.user_id)


def pay_payout(payout: Payout, *, by: Actor, reason: str = "") -> Payout:
    """Posts each writer's money out, once. Five queries a writer. Raises PayoutHeld."""
    _refuse(payout, "pay", by)
    advance(payout, "pay", by=by, reason=reason, data=_facts(payout), paid_by_id=by.user_id)
    out = account_of(payout.website, AccountKind.PAYOUTS)
    for statement in PayoutStatement.objects.of(payout.website).filter(payout=payout).order_by("writer_id"):
        earnings = account_of(payout.website, AccountKind.EARNINGS, owner_id=statement.writer_id)
        post(
            payout.website,
            TransferPurpose.PAYOUT,
            [(earnings, -statement.amount_minor), (out, statement.amount_minor)],
            subject=statement,
            reference=Reference(payout.noun, payout.pk),
        )
        facts = {"payout_id": payout.pk, "amount_minor": statement.amount_minor, "currency": payout.currency}
        record("payout_statement.pay", statement, by=by, data=facts)
    return payout


def cancel_payout(payout: Payout, *, by: Actor, reason: str) -> Payout:
    """Its earnings are payable again."""
    return advance(payout, "cancel", by=by, reason=reason, data=_facts(payout))


def _refuse(payout: Payout, step: str, by: Actor) -> None:
    lock(payout)
    if refusal := payout.LIFECYCLE.refusal(payout, step, by):
        raise refusal
    held = Earning.objects.of(payout.website_id).held().filter(lines__statement__payout=payout)
    if references := sorted(set(held.values_list("reference_id", flat=True))):
        raise PayoutHeld(reference_ids=references)


def _one_at_a_time(website: Website) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('payout', %s))", [website.pk])


def _facts(payout: Payout) -> dict[str, object]:
    return {
        "payout_id": payout.pk,
        "total_minor": payout.total_minor,
        "currency": payout.currency,
        "writers": payout.writers,
    }
