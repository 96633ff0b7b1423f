"""What the sides do: open a dispute, answer, withdraw; and what the clock does where they are silent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.files.base import File as Upload

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.files.actions import store_file
from copydesk.journal.actions import advance, lock, lock_for, record
from copydesk.journal.models import details
from copydesk.orders.actions import course
from copydesk.orders.errors import NotYet
from copydesk.orders.models import Order
from copydesk.threads.policies import MessagePolicy

from .. import errors
from ..models import (
    AWAITING,
    TURNS,
    Dispute,
    DisputeStatus,
    Ending,
    Evidence,
    OnSilence,
    Party,
    Remedy,
    Statement,
    side_of,
)
from ..policies import DisputePolicy
from ..queries.proof import proof
from .stages import begin_stage, move, order_turn, times_of

S = DisputeStatus
OTHER = {Party.CLIENT: Party.WRITER, Party.WRITER: Party.CLIENT}


def open_dispute(order: Order, *, by: Actor, reason: str, statement: str) -> Dispute:
    """The order stands still, and the other side is asked; of staff's own, staff say whom they ask. In the same
    transaction as the order's step, whose refusals it raises, and DisputeSettled."""
    policy, opener = DisputePolicy.of(by.website), side_of(by)
    first = S.OPEN if opener == Party.STAFF else AWAITING[OTHER[opener]]
    course.dispute(order, by=by, dispute_reason=reason, statement=statement, turn=order_turn(first))
    assert order.writer_id is not None
    _refuse_decided(order, reason, by)
    dispute = Dispute(
        website_id=order.website_id,
        order=order,
        client_id=order.client_id,
        writer_id=order.writer_id,
        order_from=order.held_from,
        opener=opener,
        opened_by_id=by.membership_id,
        reason=reason,
        status=S.OPEN,
        policy_version=policy.version,
        opened_at=clock.now(),
    )
    for name, value in times_of(dispute, S.OPEN).items():
        setattr(dispute, name, value)
    dispute.save(force_insert=True)
    said = _state(dispute, statement, by=by)
    record("dispute.open", dispute, by=by, after=S.OPEN, data=_facts(dispute, said))
    if first == S.OPEN:
        begin_stage(dispute)
        return dispute
    return move(dispute, "forward", first, Ending.ASKED, by=by.as_system())


def respond(
    dispute: Dispute, *, by: Actor, text: str, uploads: Sequence[Upload[bytes]] = (), ask: Party | None = None
) -> Statement:
    """A statement with its files, of either side at any time until the dispute is closed. The answer of the side that
    is asked brings it under review; staff may `ask` a side.

    Raises Forbidden, WrongState, TooManyFiles, AskedAlready, Invalid, and what store_file does.
    """
    lock_for(dispute, "respond", by=by)
    side, status = side_of(by), S(dispute.status)
    if ask is not None:
        if side != Party.STAFF or ask not in AWAITING:
            raise Invalid({"ask": "Staff ask the client or the writer."})
        if status in AWAITING.values():
            raise errors.AskedAlready
    limit = DisputePolicy.of(by.website).max_files
    if len(uploads) > limit:
        raise errors.TooManyFiles(f"At most {limit} files.", limit=limit)
    said = _state(dispute, text, by=by, uploads=uploads)
    data = _facts(dispute, said, asked=ask.value if ask else None)
    if ask is not None:
        move(dispute, "respond", AWAITING[ask], Ending.ASKED, by=by, data=data)
    elif side == TURNS[status] and side != Party.STAFF:
        move(dispute, "respond", S.UNDER_REVIEW, Ending.ANSWERED, by=by, data=data)
    else:
        advance(dispute, "respond", by=by, to=status, data=data)
    return said


def withdraw_dispute(dispute: Dispute, *, by: Actor, reason: str = "") -> Dispute:
    """By the side that opened it: the order goes back to where it was. Raises NotYours, WrongState."""
    reason = MessagePolicy.of(by.website).mask(reason.strip()).text
    move(dispute, "withdraw", S.WITHDRAWN, Ending.WITHDRAWN, by=by, reason=reason, data=_facts(dispute))
    course.settle_dispute(lock(dispute.order), by=by.as_system())
    return dispute


def keep_time(dispute: Dispute, *, by: Actor) -> Dispute:
    """By the clock: what was told to follow from silence. Raises NotYet where somebody has acted meanwhile; so it is
    safe to run twice."""
    lock(dispute)
    if dispute.due_at is None or dispute.due_at > clock.now():
        raise NotYet
    data = _facts(dispute, silent=TURNS[S(dispute.status)].value)
    match OnSilence(dispute.on_silence):
        case OnSilence.ASKS_WRITER:
            move(dispute, "forward", S.AWAITING_WRITER, Ending.SILENCE, by=by, data=data)
        case OnSilence.REVIEW:
            move(dispute, "lapse", S.UNDER_REVIEW, Ending.SILENCE, by=by, data=data)
        case OnSilence.EXPIRES:
            move(dispute, "expire", S.EXPIRED, Ending.SILENCE, by=by, data=data)
            course.settle_dispute(lock(dispute.order), by=by)
        case OnSilence.REMINDS:
            again = times_of(dispute, S.UNDER_REVIEW) | {"reminders": dispute.reminders + 1}
            advance(dispute, "remind", by=by, data=data, **again)
    return dispute


def _state(dispute: Dispute, text: str, *, by: Actor, uploads: Sequence[Upload[bytes]] = ()) -> Statement:
    """The dispute is locked, or new: statements are numbered."""
    said = MessagePolicy.of(by.website).mask(text.strip())
    if not said.text:
        raise Invalid({"text": "Say something."}, "blank")
    files = [store_file(upload, by=by) for upload in uploads]
    number = Statement.objects.of(dispute.website_id).filter(dispute=dispute).count() + 1
    side, at = side_of(by), clock.now()
    statement = Statement.objects.of(dispute.website_id).create(
        dispute=dispute,
        number=number,
        side=side,
        author_id=by.membership_id,
        text=said.text,
        masked=said.counts,
        stage=dispute.status,
        stated_at=at,
        sha256=proof(dispute.pk, number, side, said.text, at, [(file.name, file.sha256) for file in files]),
    )
    Evidence.objects.of(dispute.website_id).bulk_create(
        Evidence(website_id=dispute.website_id, statement=statement, file=file) for file in files
    )
    return statement


def _refuse_decided(order: Order, reason: str, by: Actor) -> None:
    """What the client or the writer was refused is not asked again before anything has changed."""
    if by.is_staff:
        return
    refused = Dispute.objects.of(order.website_id).filter(order=order, reason=reason, remedy=Remedy.NONE)
    if order.submitted_at is not None and refused.filter(closed_at__gte=order.submitted_at).exists():
        raise errors.DisputeSettled


def _facts(dispute: Dispute, said: Statement | None = None, **more: Any) -> dict[str, Any]:
    return details(dispute_id=dispute.pk, reason_code=dispute.reason, statement=said.number if said else None, **more)
