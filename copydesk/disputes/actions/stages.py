"""A dispute goes from stage to stage, by a step of its lifecycle."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.journal.actions import advance
from copydesk.orders.actions import course

from ..models import ACTIVE, AWAITING, TURNS, Dispute, DisputeStatus, Ending, Party, Stage
from ..policies import DisputePolicy
from ..queries.stages import declared

HOUR = dt.timedelta(hours=1)


def move(dispute: Dispute, step: str, to: DisputeStatus, how: Ending, *, by: Actor, **more: Any) -> Dispute:
    """Ends the present stage, and begins the next one, where there is one, with its due time: the order waits for whom
    it asks. Where there is none, its settlement says so."""
    advance(dispute, step, by=by, to=to, **times_of(dispute, to), **more)
    Stage.objects.of(dispute.website_id).filter(dispute=dispute, until=None).update(until=clock.now(), ended_by=how)
    if to in ACTIVE:
        course.wait_for(dispute.order, order_turn(to))
        begin_stage(dispute)
    return dispute


def order_turn(status: DisputeStatus) -> str:
    """As an order says whom its dispute asks: nobody where it is staff's turn."""
    return TURNS[status].value if status in AWAITING.values() else ""


def times_of(dispute: Dispute, status: DisputeStatus) -> dict[str, Any]:
    """What a dispute in `status` says about its time."""
    if status not in ACTIVE:
        return {"due_at": None, "on_silence": ""}
    policy = DisputePolicy.of(dispute.website_id, dispute.policy_version)
    stage = declared(policy, status, Party(dispute.opener))
    return {"due_at": clock.now() + stage.hours * HOUR, "on_silence": stage.on_silence, "reminders": 0}


def begin_stage(dispute: Dispute) -> None:
    assert dispute.due_at is not None
    Stage.objects.of(dispute.website_id).create(
        dispute=dispute, status=dispute.status, since=clock.now(), due_at=dispute.due_at
    )
