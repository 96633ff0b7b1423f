"""Which fines lose their ground by a dispute's outcome, and which it is the ground of."""

from __future__ import annotations

from collections.abc import Sequence

from copydesk.accounts.actor import Actor
from copydesk.core.money import to_decimal
from copydesk.fines.actions import judge_order, void_fine
from copydesk.fines.models import Fine, FineStatus
from copydesk.fines.policies import FineKind
from copydesk.orders.models import DisputeReason, Order
from copydesk.payments.models import Reference
from copydesk.tenancy.models import Website

from ..models import Dispute, Remedy, Verdict
from ..queries.settlement import ProposedFine, VoidedFine

K, R = FineKind, DisputeReason
GROUNDS: dict[DisputeReason, frozenset[FineKind]] = {
    R.QUALITY_ISSUE: frozenset({K.QUALITY, K.EXCESSIVE_REVISIONS}),
    R.MISSED_INSTRUCTIONS: frozenset({K.QUALITY, K.EXCESSIVE_REVISIONS}),
    R.LATE_DELIVERY: frozenset({K.LATE_SUBMISSION}),
    R.WRONG_FILE: frozenset({K.WRONG_FILES}),
    R.PLAGIARISM: frozenset({K.PLAGIARISM}),
    R.CONDUCT_ISSUE: frozenset({K.COMMUNICATION}),
    R.PAYMENT_ISSUE: frozenset(),
    R.OTHER: frozenset(),
}
"""What the writer was not guilty of, where the verdict is for it."""


def without_ground(reason: DisputeReason, verdict: Verdict, remedy: Remedy) -> frozenset[FineKind]:
    """A new deadline that is not the writer's fault takes the place of the one that it missed."""
    kinds = GROUNDS[reason] if verdict is Verdict.WRITER else frozenset()
    extended = remedy is Remedy.NEW_DEADLINE and verdict is not Verdict.CLIENT
    return kinds | {K.LATE_SUBMISSION} if extended else kinds


def lock_fines(website: Website, orders: Sequence[Order], *, writer_id: int | None = None) -> list[Reference]:
    """Those for the orders, of one writer or of all, so that nobody else moves them: by what the ledger knows them."""
    rows = Fine.objects.of(website).filter(order__in=orders).order_by("pk")
    return [fine.reference for fine in (rows.filter(writer_id=writer_id) if writer_id else rows).lock()]


def void_fines(dispute: Dispute, verdict: Verdict, remedy: Remedy, note: str, *, by: Actor) -> list[VoidedFine]:
    """Those that lose their ground, with what is given back of each: nothing of one that was only proposed."""
    kinds = without_ground(R(dispute.reason), verdict, remedy)
    if not kinds:
        return []
    rows = Fine.objects.of(by.website).filter(order=dispute.order_id, writer=dispute.writer_id, kind__in=kinds)
    voided = []
    for fine in rows.exclude(status=FineStatus.VOIDED).order_by("pk"):
        back = 0 if fine.status == FineStatus.PROPOSED else fine.left_minor
        void_fine(fine, by=by, reason=note)
        voided.append(VoidedFine(fine.pk, K(fine.kind), to_decimal(back)))
    return voided


def propose_fines(order: Order, *, by: Actor) -> list[ProposedFine]:
    """For the rounds that the outcome has ended: at once, so that a preview shows them."""
    proposed = judge_order(order, by=by.as_system())
    return [ProposedFine(K(fine.kind), to_decimal(fine.amount_minor)) for fine in proposed]
