"""What becomes of a review: looked at where it looks like spam, reported by its writer, appealed by its author."""

from __future__ import annotations

import datetime as dt

from copydesk.reviews.models import Ground

from . import texts
from .copy import Row
from .mirror import reviews
from .stage import Life, Stage

HOUR = dt.timedelta(hours=1)


def moderated(stage: Stage, row: Row) -> Life:
    chance = stage.chance("moderation", row.id)
    admin = stage.crew.staff["admin"].actor

    def words(kind: str) -> str:
        return chance.choice(texts.MODERATED[kind])

    if row.status == "approved":
        if row.rating > 2 or row.target == "website" or chance.random() > 0.2:
            return
        yield stage.now + HOUR * chance.uniform(2, 30)
        note, by = chance.choice(texts.REPORTED), stage.member(row.writer_id).actor
        reviews.report_review(stage, row, by=by, ground=Ground.NOT_TRUE, note=note)
    yield stage.now + HOUR * chance.uniform(1, 40)
    if row.waiting_since is None:
        return
    if chance.random() < 0.55:
        reviews.approve_review(stage, row, by=admin, reason=words("approve"))
        return
    if row.status == "approved":
        reviews.flag_review(stage, row, by=admin, ground=Ground.NOT_TRUE, reason=words("flag"))
        yield stage.now + HOUR * chance.uniform(1, 20)
    reviews.reject_review(stage, row, by=admin, reason=words("reject"))
    if chance.random() < 0.5:
        yield stage.now + HOUR * chance.uniform(2, 60)
        yield from appealed(stage, row)


def appealed(stage: Stage, row: Row) -> Life:
    """Decided by another admin."""
    chance = stage.chance("appeal", row.id)
    text, by = chance.choice(texts.APPEALED), stage.member(row.client_id).actor
    appeal = reviews.appeal_review(stage, row, by=by, text=text)
    yield stage.now + HOUR * chance.uniform(3, 50)
    kind = "uphold" if chance.random() < 0.65 else "overturn"
    decide = reviews.uphold_appeal if kind == "uphold" else reviews.overturn_appeal
    decide(stage, appeal, by=stage.crew.staff["admin2"].actor, reason=chance.choice(texts.MODERATED[kind]))
