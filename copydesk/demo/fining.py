"""What becomes of a fine, by chance: issued by the clock or a person, appealed, forgiven, or kept."""

from __future__ import annotations

from . import texts
from .copy import Row
from .deeds import DAY, HOUR, swept
from .mirror import fines
from .stage import Life, Stage

SWEEP = 5
"""Minutes between the jobs that issue fines and grant appeals."""


def fined(stage: Stage, row: Row) -> Life:
    """From the proposal on."""
    chance = stage.chance("fine", row.order_id, row.kind)
    admin, other = (stage.crew.staff[name].actor for name in ("admin", "admin2"))

    def words(kind: str) -> str:
        return chance.choice(texts.FINE_DECISIONS[kind])

    if chance.random() < 0.15:
        yield stage.now + chance.uniform(1, 20) * HOUR
        if chance.random() < 0.3:
            fines.void_fine(stage, row, by=admin, reason=words("void"))
            return
        fines.issue_fine(stage, row, by=admin)
    else:
        yield swept(row.issue_at, SWEEP)
        fines.issue_fine(stage, row, by=stage.system)
    fate = chance.random()
    if fate > 0.4:
        return
    yield stage.now + chance.uniform(4, 200) * HOUR
    left = row.amount_minor - row.waived_minor
    if fate > 0.34:
        if row.status in ("issued", "settled") and left:
            part = left // 2 if left > 1 and chance.random() < 0.5 else None
            fines.waive_fine(stage, row, by=admin, reason=words("waive"), amount_minor=part)
        return
    if fate > 0.3:
        fines.void_fine(stage, row, by=admin, reason=words("void"))
        return
    writer = stage.member(row.writer_id).actor
    appeal = fines.appeal_fine(stage, row, by=writer, text=chance.choice(texts.FINE_APPEALS))
    if chance.random() < 0.15:
        yield swept(appeal.due_at, SWEEP)
        fines.lapse_appeal(stage, appeal, by=stage.system)
        return
    yield stage.now + chance.uniform(6, 140) * HOUR
    if chance.random() < 0.55:
        fines.reject_appeal(stage, appeal, by=other, reason=words("reject"))
    else:
        part = left // 2 if left > 1 and chance.random() < 0.5 else None
        fines.approve_appeal(stage, appeal, by=other, reason=words("approve"), amount_minor=part)
    yield stage.now + DAY
