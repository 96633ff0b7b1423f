"""A dispute is decided: order, money, pay and fines follow in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from copydesk.accounts.actor import Actor
from copydesk.core import bulk, clock
from copydesk.core.bulk import BulkReport
from copydesk.core.errors import Invalid
from copydesk.core.money import to_decimal
from copydesk.fines.policies import FineKind
from copydesk.journal.actions import lock, lock_for
from copydesk.journal.models import Event, details
from copydesk.orders.actions import course
from copydesk.orders.models import Cause, DisputeReason, Order, Round, Status
from copydesk.orders.policies import OrderPolicy
from copydesk.orders.queries import steps
from copydesk.payments.actions import earn, reduce_pay
from copydesk.payments.models import Charge
from copydesk.payments.queries import earned_minor, refundable_minor
from copydesk.refunds.actions import cancel_open_refunds, grant_refund, lock_members, lower_pay
from copydesk.refunds.errors import AnotherPerson
from copydesk.refunds.policies import RefundPolicy
from copydesk.threads.policies import MessagePolicy

from .. import errors
from ..models import REMEDIES, VERDICTS, Dispute, DisputeStatus, Ending, Outcome, Party, Remedy, Verdict
from ..policies import DisputePolicy
from ..queries.pay import pay_after, writer_pay
from ..queries.settlement import (
    SettledOrder,
    SettledPay,
    SettledRefund,
    SettledSource,
    Settlement,
    lines_since,
    posting_ids,
    sources_of,
)
from .grounds import lock_fines, propose_fines, void_fines, without_ground
from .stages import move

Mode = Literal["preview", "apply"]
CAUSES = {Verdict.CLIENT: Cause.WRITER, Verdict.WRITER: Cause.CLIENT, Verdict.NEITHER: Cause.STAFF}
"""Whose cause it was, as orders and assignments say it."""
GOES_TO = {
    Remedy.NONE: None,
    Remedy.REFUND: Status.CANCELLED,
    Remedy.NEW_DEADLINE: Status.REVISION,
    Remedy.NEW_WRITER: Status.AVAILABLE,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decides. `verdict` None: the outcome's own. `refund_minor` None: all that was paid and not given
    back. Checked by `refuse`."""

    outcome: Outcome
    note: str
    verdict: Verdict | None = None
    refund_minor: int | None = None
    new_deadline: dt.datetime | None = None

    @property
    def remedy(self) -> Remedy:
        return REMEDIES[self.outcome]

    @property
    def found(self) -> Verdict:
        return self.verdict or VERDICTS[self.outcome][0]

    def refuse(self) -> None:
        """Raises Invalid with the fields that do not go together."""
        wrong: dict[str, str] = {}
        if not self.note.strip():
            wrong["note"] = "Say why: both sides read it."
        if self.found not in VERDICTS[self.outcome]:
            wrong["verdict"] = f"With {self.outcome}: {', '.join(VERDICTS[self.outcome])}."
        if self.refund_minor is not None and self.remedy is not Remedy.REFUND:
            wrong["refund_amount"] = f"{self.outcome} gives nothing back."
        if self.refund_minor is not None and self.refund_minor <= 0:
            wrong["refund_amount"] = "Above zero."
        if self.new_deadline is None and self.remedy is Remedy.NEW_DEADLINE:
            wrong["new_deadline"] = "Say until when."
        if self.new_deadline is not None and self.remedy not in (Remedy.NEW_DEADLINE, Remedy.NEW_WRITER):
            wrong["new_deadline"] = f"{self.outcome} sets none."
        if self.new_deadline is not None and self.new_deadline <= clock.now():
            wrong["new_deadline"] = "In the future."
        if wrong:
            raise Invalid(wrong)


class _Undo(Exception):
    """A preview's changes go back."""


def resolve_dispute(dispute: Dispute, decision: Decision, *, by: Actor, mode: Mode = "apply") -> Settlement:
    """Once, and final. A preview does the same and takes it back, so that it cannot say anything else.

    Raises WrongState unless it is under review, Invalid, RefundTooLarge, AnotherPerson above the cap of refunds for who
    opened it for staff, OrderStillWanted while money is being applied that would be given back.
    """
    settlement: Settlement | None = None
    try:
        with transaction.atomic():
            settlement = _settle(dispute, decision, by=by, mode=mode)
            if mode == "preview":
                raise _Undo
    except _Undo:
        pass
    assert settlement is not None
    return settlement


def resolve_disputes(
    ids: Sequence[int], reason: DisputeReason, decision: Decision, *, by: Actor, mode: Mode
) -> BulkReport:
    """Each of `ids`, of one reason, by one decision; a refund is the whole. Disputes, orders, fines and accounts are
    locked in the order of their ids, so that of two such calls one waits for the other. Raises Invalid for more than
    the website's cap."""
    cap = DisputePolicy.of(by.website).bulk_cap
    if len(ids) > cap:
        raise Invalid({"ids": f"At most {cap} in one call."}, "too_many")
    decision.refuse()
    rows = {row.pk: row for row in Dispute.objects.visible_to(by).filter(pk__in=ids).order_by("pk").lock()}
    about = {row.order_id for row in rows.values()}
    orders = list(Order.objects.of(by.website).filter(pk__in=about).order_by("pk").lock())
    lock_fines(by.website, orders)
    lock_members(by.website, orders, writers={row.writer_id for row in rows.values()})

    def resolve(dispute: Dispute) -> None:
        if dispute.reason != reason:
            raise errors.AnotherReason
        resolve_dispute(dispute, decision, by=by)

    return bulk.each(ids, rows, resolve, mode)


def _settle(dispute: Dispute, decision: Decision, *, by: Actor, mode: Mode) -> Settlement:
    lock_for(dispute, "resolve", by=by)
    decision.refuse()
    order = lock(dispute.order)
    # Whatever else posts about the order waits for its charges: what is posted from here on is this settlement's.
    list(Charge.objects.of(by.website).about(order.reference).order_by("pk").lock())
    about = [order.reference, *lock_fines(by.website, [order], writer_id=dispute.writer_id)]
    # After the fines, as those who waive them.
    lock_members(by.website, [order], writers={dispute.writer_id})
    known = posting_ids(by.website, about)
    note = MessagePolicy.of(by.website).mask(decision.note.strip()).text
    before = writer_pay(order, dispute.writer_id)
    cancelled, refund = [], SettledRefund(to_decimal(0), to_decimal(0), [])
    amount, after = 0, before.due_minor
    if decision.remedy is Remedy.REFUND:
        steps.repaying(steps.Asked(order, by))
        cancelled = [row.pk for row in cancel_open_refunds(order, by=by, reason=note)]
        paid = refundable_minor(by.website, order.reference)
        amount = paid if decision.refund_minor is None else decision.refund_minor
        _refuse_same_person(dispute, amount, by=by)
        # What a provider refused to give back of an agreed change is paid, and no part of the price.
        _go(dispute, order, decision, note, by=by, forfeited_minor=min(max(paid - amount, 0), order.price_minor))
        sources = _give_back(dispute, order, amount, note, by=by)
        after = 0 if amount == paid and not before.is_earned else pay_after(order, before, dispute.writer_id)
        if after and not before.is_earned:
            _earn(order, dispute.writer_id, before.agreed_minor, by=by)
        refund = SettledRefund(to_decimal(amount), to_decimal(paid - amount), sources)
    else:
        _go(dispute, order, decision, note, by=by)
        if decision.remedy is Remedy.NEW_WRITER and (decision.found is Verdict.CLIENT or not before.is_earned):
            after = 0
            if before.is_earned and before.due_minor:
                key, pay = f"dispute:{dispute.pk}", before.due_minor
                reduce_pay(by.website, order.reference, dispute.writer_id, pay, key=key, by=by, reason=note)
    voided = void_fines(dispute, decision.found, decision.remedy, note, by=by)
    proposed = propose_fines(order, by=by)
    change_minor = after - before.due_minor
    _close(dispute, decision, note, amount, change_minor, by=by)
    posted = earned_minor(by.website, order.reference, dispute.writer_id) - before.earned_minor
    return Settlement(
        mode=mode,
        dispute_id=dispute.pk,
        status=DisputeStatus(dispute.status),
        outcome=decision.outcome,
        verdict=decision.found,
        remedy=decision.remedy,
        currency=by.website.currency,
        order=_order(dispute, order, decision),
        refund=refund,
        writer_pay=SettledPay(
            agreed=to_decimal(before.agreed_minor),
            before=to_decimal(before.due_minor),
            after=to_decimal(after),
            change=to_decimal(change_minor),
            posted=to_decimal(posted),
            is_earned=before.is_earned,
        ),
        cancelled_refunds=cancelled,
        fines_voided=voided,
        fines_proposed=proposed,
        postings=lines_since(by.website, about, known),
    )


def _refuse_same_person(dispute: Dispute, amount_minor: int, *, by: Actor) -> None:
    """Who opened a dispute for staff has asked for what it gives back."""
    if dispute.opener != Party.STAFF or amount_minor <= RefundPolicy.of(by.website).cap_minor:
        return
    opened = Event.objects.of(by.website).about(*dispute.root).filter(verb="dispute.open", subject_id=dispute.pk)
    if opened.filter(user_id=by.user_id).exists():
        raise AnotherPerson


def _go(dispute: Dispute, order: Order, decision: Decision, note: str, *, by: Actor, forfeited_minor: int = 0) -> None:
    groundless = without_ground(DisputeReason(dispute.reason), decision.found, decision.remedy)
    course.settle_dispute(
        order,
        by=by,
        reason=note,
        to=GOES_TO[decision.remedy],
        cause=CAUSES[decision.found],
        new_deadline=decision.new_deadline,
        forfeited_minor=forfeited_minor,
        lateness_excused=FineKind.LATE_SUBMISSION in groundless,
    )


def _give_back(dispute: Dispute, order: Order, amount_minor: int, note: str, *, by: Actor) -> list[SettledSource]:
    """Nothing where nothing was paid."""
    if not amount_minor:
        return []
    return sources_of(grant_refund(order, amount_minor, by=by, reason=note, key=f"dispute:{dispute.pk}"))


def _earn(order: Order, writer_id: int, pay_minor: int, *, by: Actor) -> None:
    """Of work that ends by the decision: the agreed pay, as after a completion, and what has gone back takes of it."""
    policy = OrderPolicy.of(order.website_id, order.policy_version)
    earn(
        by.website,
        writer_id=writer_id,
        amount_minor=pay_minor,
        reference=order.reference,
        payable_at=clock.now() + dt.timedelta(days=policy.dispute_days),
        by=by,
    )
    lower_pay(order, by=by.as_system())


def _close(
    dispute: Dispute, decision: Decision, note: str, refund_minor: int, pay_change_minor: int, *, by: Actor
) -> None:
    data = details(
        dispute_id=dispute.pk,
        outcome=decision.outcome.value,
        verdict=decision.found.value,
        refund_minor=refund_minor or None,
        pay_change_minor=pay_change_minor or None,
    )
    move(
        dispute,
        "resolve",
        DisputeStatus.RESOLVED,
        Ending.RESOLVED,
        by=by,
        reason=note,
        data=data,
        verdict=decision.found,
        remedy=decision.remedy,
        refund_minor=refund_minor,
        pay_change_minor=pay_change_minor,
        new_deadline=decision.new_deadline,
        note=note,
        resolved_by_id=by.membership_id,
    )


def _order(dispute: Dispute, order: Order, decision: Decision) -> SettledOrder:
    last = Round.objects.of(order.website_id).filter(order=order).order_by("-number").first()
    assert last is not None
    return SettledOrder(
        id=order.pk,
        number=order.number,
        before=Status(dispute.order_from),
        after=Status(order.status),
        client_deadline=order.client_deadline,
        writer_removed=order.writer_id is None,
        round=last.number if decision.remedy is Remedy.NEW_DEADLINE else None,
    )
