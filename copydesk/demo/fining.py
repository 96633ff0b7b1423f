"""What becomes of a fine, by chance: issued by the clock or a person, appealed, forgiven, or kept."""

from __future__ import annotations

from . import texts
from .copy import Row
from .deeds import HOUR, swept
from .mirror import fines
from .stage import Life, Stage

SWEEP = 5
"""Minutes between the jobs that issue fines and grant appeals."""


def fined(stage: Stage, row: Row) -> Life:
    """From the proposal on."""
    chance = stage.chance("fine", row.order_id, row.kind)
    admin = stage.crew.staff["admin"].actor

    def words(kind: str) -> str:
        return chance.choice(texts.FINE_DECISIONS[kind])

    at_once = chance.random() < 0.15
    yield stage.now + chance.uniform(1, 20) * HOUR if at_once else swept(row.issue_at, SWEEP)
    if row.status != "proposed":
        return
    if at_once and chance.random() < 0.3:
        fines.void_fine(stage, row, by=admin, reason=words("void"))
        return
    fines.issue_fine(stage, row, by=admin if at_once else stage.system)
    fate = chance.random()
    if fate > 0.4:
        return
    yield stage.now + chance.uniform(4, 200) * HOUR
    left = row.amount_minor - row.waived_minor
    if row.status not in ("issued", "settled"):
        return
    if fate > 0.34:
        part = left // 2 if left > 1 and chance.random() < 0.5 else None
        if left:
            fines.waive_fine(stage, row, by=admin, reason=words("waive"), amount_minor=part)
    elif fate > 0.3:
        fines.void_fine(stage, row, by=admin, reason=words("void"))
    else:
        yield from appealed(stage, row)


def appealed(stage: Stage, row: Row) -> Life:
    """Decided by another admin than who may have issued it, or by the clock."""
    chance, left = stage.chance("fine appeal", row.order_id, row.kind), row.amount_minor - row.waived_minor
    by = stage.crew.staff["admin2"].actor
    writer = stage.member(row.writer_id).actor
    appeal = fines.appeal_fine(stage, row, by=writer, text=chance.choice(texts.FINE_APPEALS))
    lapses = chance.random() < 0.15
    yield swept(appeal.due_at, SWEEP) if lapses else stage.now + chance.uniform(6, 140) * HOUR
    if appeal.status != "open":
        return
    if lapses:
        fines.lapse_appeal(stage, appeal, by=stage.system)
    elif chance.random() < 0.55:
        fines.reject_appeal(stage, appeal, by=by, reason=chance.choice(texts.FINE_DECISIONS["reject"]))
    else:
        part = left // 2 if left > 1 and chance.random() < 0.5 else None
        reason = chance.choice(texts.FINE_DECISIONS["approve"])
        fines.approve_appeal(stage, appeal, by=by, reason=reason, amount_minor=part)
