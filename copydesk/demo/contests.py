"""What becomes of a dispute, by chance: answered or met with silence, withdrawn, decided."""

from __future__ import annotations

import datetime as dt
from typing import Any

from copydesk.disputes.actions import Decision
from copydesk.disputes.models import DisputeStatus, Outcome, Party, Verdict

from . import texts
from .deeds import DAY, HOUR, Deeds, swept
from .mirror import disputes
from .stage import Life

SWEEP = 5
S = DisputeStatus
OUTCOMES = {Outcome.CLIENT_WINS: 7, Outcome.WRITER_WINS: 7, Outcome.EXTEND_DEADLINE: 4, Outcome.REASSIGN: 3}


def contested(life: Deeds) -> Life:
    """Up to its end, whichever that is."""
    stage, row = life.stage, life.case.disputes[-1]
    chance = stage.chance("dispute", row.order_id, row.opened_at)
    if chance.random() < 0.12:
        yield stage.now + chance.uniform(1, 30) * HOUR
        reason = chance.choice(texts.DISPUTE_WITHDRAWN)
        by = life.client.actor if row.opener == Party.CLIENT else stage.member(row.writer_id).actor
        life.act(disputes.withdraw_dispute, row, by=by, reason=reason)
        return
    while row.status != S.UNDER_REVIEW:
        if chance.random() < 0.15:
            yield swept(row.due_at, SWEEP)
            life.act(disputes.keep_time, row, by=stage.system)
            if row.status == S.EXPIRED:
                return
            continue
        yield stage.now + chance.uniform(1, 46) * HOUR
        answered(life, row, chance.choice(texts.DISPUTE_ANSWERS), chance.random() < 0.5)
        if row.status == S.UNDER_REVIEW and chance.random() < 0.12:
            yield stage.now + chance.uniform(1, 20) * HOUR
            desk, question = life.crew.desk(chance), chance.choice(texts.DISPUTE_QUESTIONS)
            life.act(disputes.respond_to_dispute, row, by=desk, text=question, ask=Party.CLIENT)
    if chance.random() < 0.15:
        yield swept(row.due_at, SWEEP)
        life.act(disputes.keep_time, row, by=stage.system)
    yield stage.now + chance.uniform(2, 60) * HOUR
    outcome = chance.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    part = chance.random() < 0.5
    decided(life, row, outcome, share=chance.randint(2, 9) / 10 if part else 1, verdict=None)
    yield stage.now + HOUR


def answered(life: Deeds, row: Any, text: str, with_file: bool) -> None:  # noqa: FBT001
    """By the side that is asked."""
    awaits_client = row.status == S.AWAITING_CLIENT
    by = life.client.actor if awaits_client else life.stage.member(row.writer_id).actor
    contents = (["brief"] if awaits_client else ["sources"]) if with_file else []
    life.act(disputes.respond_to_dispute, row, by=by, text=text, contents=contents)


def decided(life: Deeds, row: Any, outcome: Outcome, *, share: float = 1, verdict: Verdict | None = None) -> None:
    """By an admin. A new deadline, where there has to be one, is two days from now."""
    later: dt.datetime | None = None
    if outcome in (Outcome.EXTEND_DEADLINE, Outcome.REASSIGN):
        later = (life.now + 2 * DAY).replace(minute=0, second=0)
    left = sum(paid.refundable_minor for paid in life.case.charges if paid.charge.purpose != "tip")
    refund = max(round(left * share), 1) if outcome is Outcome.CLIENT_WINS and share < 1 else None
    chance = life.stage.chance("decision", row.id)
    note = chance.choice(texts.DISPUTE_NOTES[outcome])
    decision = Decision(outcome, note, verdict, refund, later)
    by = life.crew.staff[chance.choice(("admin", "admin2"))].actor
    life.act(disputes.resolve_dispute, row, decision, by=by)
