"""Mirrors copydesk/reviews/actions: what is written, how much it looks like spam, and what is decided about it."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from copydesk.accounts.actor import Actor
from copydesk.core.period import day_start
from copydesk.journal.models import details
from copydesk.reviews import spam
from copydesk.reviews.models import (
    LOW_STARS,
    RATING_TARGETS,
    Appeal,
    Decision,
    DecisionKind,
    Fragment,
    Ground,
    Report,
    Review,
    Target,
    Visibility,
)
from copydesk.reviews.models.review import HIDING
from copydesk.reviews.policies import ReviewPolicy
from copydesk.reviews.wording import fragments_of
from copydesk.writers.queries import STARS_MILLI, bayes_rating, rating_weight

from ..copy import Row, dumps
from ..crew import Member
from ..stage import Case, Stage, step
from .papers import masked

DAY = dt.timedelta(days=1)
POLICY = ReviewPolicy()
WEBSITE = 0
"""The subject of the website's low reviews; others are of a writer."""
CHANGING = (
    *("status", "version", "visibility", "shadowed_at", "shadowed_until", "spam_milli", "signals", "open_reports"),
    *("waiting_since", "rejected_for", "approved_at", "flagged_at", "rejected_at"),
)
PUBLIC, REMOVED = Visibility.PUBLIC.value, Visibility.REMOVED.value


@step
def submit_review(stage: Stage, case: Case, *, by: Actor, target: Target, rating: int, text: str) -> Row:
    return _write(stage, case.order, by=by, target=target, rating=rating, text=text)


@step
def review_website(stage: Stage, *, by: Actor, rating: int, text: str) -> Row:
    return _write(stage, None, by=by, target=Target.WEBSITE, rating=rating, text=text)


def _write(stage: Stage, order: Row | None, *, by: Actor, target: Target, rating: int, text: str) -> Row:
    assert by.membership_id is not None
    cleaned, now = masked(text.strip()), stage.now
    fragments = fragments_of(cleaned.text)
    writer_id = order.writer_id if order else None
    subject = int(order.writer_id) if order and target in RATING_TARGETS else WEBSITE
    seen = _evidence(stage, by.membership_id, subject, fragments)
    signals = spam.signals_of(
        seen, rating=rating, text=cleaned.text, masked=cleaned.counts, fragments=len(fragments), at=now
    )
    row = stage.make(
        Review,
        order_id=order.id if order else None,
        client_id=by.membership_id,
        writer_id=writer_id,
        target=target.value,
        rating=rating,
        text=cleaned.text,
        masked=dumps(cleaned.counts),
        verified=seen.has_completed,
        visibility=PUBLIC,
        spam_milli=spam.score_milli(signals),
        signals=dumps(spam.stored(signals)),
        duplicate_of_id=seen.alike_first_id,
        waiting_since=now,
        submitted_at=now,
    )
    written = stage.crew.written
    written.times[by.membership_id].append(now)
    for found in fragments:
        stage.send(Fragment, review_id=row.id, hash=found, at=now)
        written.alike[found].append(row)
    data = details(target=target.value, rating=rating)
    stage.record("review.submit", row, by=by, after=row.status, data=data)
    if row.verified and row.spam_milli < POLICY.approve_below:
        stage.advance(row, "publish", by=stage.system, data=data, waiting_since=None, approved_at=stage.now)
    elif row.spam_milli > POLICY.alert_above:
        stage.record("review.alert", row, by=stage.system, data=details(spam_milli=row.spam_milli))
    stage.loader.send(row)
    for burst in (signal for signal in signals if signal.name == spam.SignalName.BURST):
        _mark_burst(stage, subject, burst)
    if rating <= LOW_STARS:
        written.low[subject].append(row)
    _follow(stage, row)
    return row


def _evidence(stage: Stage, client_id: int, subject: int, fragments: list[int]) -> spam.Evidence:
    written, now = stage.crew.written, stage.now
    today = _today(stage)
    written.times[client_id] = [at for at in written.times[client_id] if at > now - spam.WINDOW]
    low = [row for row in written.low[subject] if row.submitted_at >= _today(stage, spam.BASELINE_DAYS)]
    written.low[subject] = low
    today_low = sum(row.submitted_at >= today for row in low)
    alike: Counter[int] = Counter()
    rows: dict[int, Row] = {}
    for found in fragments:
        for row in written.alike[found]:
            if row.submitted_at > now - spam.COMPARED_DAYS * DAY:
                alike[row.id] += 1
                rows[row.id] = row
    best = min(alike, key=lambda pk: (-alike[pk], pk), default=None)
    if best is not None and alike[best] < math.ceil(spam.LEAST_ALIKE * len(fragments)):
        best = None
    return spam.Evidence(
        has_completed=client_id in written.completed,
        joined_at=stage.crew.by_id[client_id].row.created_at,
        by_account=len(written.times[client_id]),
        by_address=0,
        alike_id=best,
        alike_first_id=None if best is None else rows[best].duplicate_of_id or best,
        alike=0 if best is None else alike[best],
        low_today=today_low,
        low_before=len(low) - today_low,
    )


def _mark_burst(stage: Stage, subject: int, burst: spam.Signal) -> None:
    today = _today(stage)
    for row in stage.crew.written.low[subject]:
        known = spam.read(orjson.loads(row.signals))
        marked = any(one.name == burst.name for one in known)
        if row.submitted_at < today or row.status == "rejected" or marked:
            continue
        score = spam.score_milli([*known, burst])
        waiting = row.waiting_since or (stage.now if score >= POLICY.approve_below else None)
        stage.change(row, signals=dumps(spam.stored([*known, burst])), spam_milli=score, waiting_since=waiting)
        stage.record("review.suspect", row, by=stage.system, data=details(spam_milli=score))
        stage.loader.update(row, *CHANGING)


def _today(stage: Stage, days_before: int = 0) -> dt.datetime:
    zone = stage.website.timezone
    return day_start(stage.now.astimezone(ZoneInfo(zone)).date() - days_before * DAY, zone)


# Decisions


@step
def approve_review(stage: Stage, row: Row, *, by: Actor, reason: str) -> None:
    approved_at = row.approved_at or stage.now
    _decide(stage, row, DecisionKind.APPROVE, by=by, reason=reason, visibility=PUBLIC, approved_at=approved_at)


@step
def reject_review(stage: Stage, row: Row, *, by: Actor, reason: str) -> None:
    _decide(stage, row, DecisionKind.REJECT, by=by, reason=reason, visibility=REMOVED, rejected_for=reason)


@step
def flag_review(stage: Stage, row: Row, *, by: Actor, ground: Ground, reason: str) -> None:
    hidden = {"visibility": REMOVED, "shadowed_until": None} if ground in HIDING else {}
    waiting = row.waiting_since or stage.now
    _decide(stage, row, DecisionKind.FLAG, by=by, reason=reason, ground=ground, waiting_since=waiting, **hidden)


@step
def shadow_review(stage: Stage, row: Row, *, by: Actor, until: dt.datetime, reason: str) -> None:
    shadowed = {"shadowed_at": row.shadowed_at or stage.now, "shadowed_until": until}
    visibility = Visibility.SHADOWED.value
    _decide(
        stage, row, DecisionKind.SHADOW, by=by, reason=reason, ground=Ground.SPAM, visibility=visibility, **shadowed
    )


@step
def lift_shadow(stage: Stage, row: Row) -> None:
    stage.advance(row, "lift", by=stage.system, visibility=PUBLIC, shadowed_until=None)
    _kept(stage, row)


@step
def report_review(stage: Stage, row: Row, *, by: Actor, ground: Ground, note: str = "") -> None:
    report = stage.send(
        Report,
        review_id=row.id,
        member_id=by.membership_id,
        ground=ground.value,
        note=note,
        reported_at=stage.now,
    )
    stage.crew.written.reports[row.id].append(report)
    data, waiting = details(ground=ground.value), row.waiting_since or stage.now
    stage.advance(row, "report", by=by, data=data, waiting_since=waiting, open_reports=row.open_reports + 1)
    if ground in HIDING:
        stage.advance(row, "withhold", by=stage.system, data=data, visibility=REMOVED, shadowed_until=None)
    _kept(stage, row)


@step
def appeal_review(stage: Stage, row: Row, *, by: Actor, text: str) -> Row:
    rejection = stage.crew.written.rejections[row.id]
    appeal = stage.make(
        Appeal,
        review_id=row.id,
        client_id=row.client_id,
        rejection_id=rejection.id,
        against_id=rejection.by_id,
        text=text,
        opened_at=stage.now,
    )
    appeal.review = row
    stage.loader.send(appeal)
    stage.advance(row, "appeal", by=by, data=details(appeal_id=appeal.id), waiting_since=stage.now)
    _kept(stage, row)
    return appeal


@step
def uphold_appeal(stage: Stage, appeal: Row, *, by: Actor, reason: str) -> None:
    row, waited_since = _answer(stage, appeal, "uphold", by=by, reason=reason)
    stage.change(row, waiting_since=None)
    _settle(stage, row, DecisionKind.UPHOLD, row.status, waited_since, by=by, reason=reason)


@step
def overturn_appeal(stage: Stage, appeal: Row, *, by: Actor, reason: str) -> None:
    row, waited_since = _answer(stage, appeal, "overturn", by=by, reason=reason)
    before, approved_at = row.status, row.approved_at or stage.now
    stage.advance(row, "restore", by=by, waiting_since=None, visibility=PUBLIC, approved_at=approved_at)
    _settle(stage, row, DecisionKind.OVERTURN, before, waited_since, by=by, reason=reason)


def _answer(stage: Stage, appeal: Row, name: str, *, by: Actor, reason: str) -> tuple[Row, dt.datetime | None]:
    stage.advance(appeal, name, by=by, reason=reason, answer=reason, decided_by_id=by.membership_id)
    stage.loader.update(appeal, "status", "version", "answer", "decided_by_id", "decided_at")
    return appeal.review, appeal.review.waiting_since


def _decide(
    stage: Stage,
    row: Row,
    kind: DecisionKind,
    *,
    by: Actor,
    reason: str,
    ground: Ground | None = None,
    **changes: Any,
) -> None:
    before, waited_since = row.status, row.waiting_since
    if kind in (DecisionKind.APPROVE, DecisionKind.REJECT):
        changes |= {"waiting_since": None, "open_reports": 0, "shadowed_until": None}
    data = details(ground=ground.value if ground else None)
    stage.advance(row, kind.value, by=by, reason=reason, data=data, **changes)
    _settle(stage, row, kind, before, waited_since, by=by, reason=reason, ground=ground)


def _settle(
    stage: Stage,
    row: Row,
    kind: DecisionKind,
    before: str,
    waited_since: dt.datetime | None,
    *,
    by: Actor,
    reason: str,
    ground: Ground | None = None,
) -> None:
    written = stage.crew.written
    decision = stage.send(
        Decision,
        review_id=row.id,
        kind=kind.value,
        by_id=by.membership_id,
        role=by.role.value,
        ground=ground.value if ground else "",
        reason=reason,
        before=before,
        after=row.status,
        visibility=row.visibility,
        shadowed_until=row.shadowed_until,
        waited_since=waited_since if row.waiting_since is None else None,
        decided_at=stage.now,
    )
    if kind == DecisionKind.REJECT:
        written.rejections[row.id] = decision
    if not row.open_reports:
        for report in written.reports.pop(row.id, []):
            report.decision_id = decision.id
            stage.loader.update(report, "decision_id")
    _kept(stage, row)


def _kept(stage: Stage, row: Row) -> None:
    stage.loader.update(row, *CHANGING)
    _follow(stage, row)


# Ratings


def _follow(stage: Stage, row: Row) -> None:
    """The writer's rating has what is approved and public."""
    if row.target not in RATING_TARGETS:
        return
    crew, writer = stage.crew, stage.crew.by_id[row.writer_id]
    rated = row.status == "approved" and row.visibility == PUBLIC
    if rated is (row.id in writer.ratings):
        return
    if rated:
        writer.ratings[row.id] = (float(row.rating), row.submitted_at)
    else:
        del writer.ratings[row.id]
    crew.stars += row.rating if rated else -row.rating
    crew.reviews += 1 if rated else -1
    if crew.rated_nightly:
        _rate(stage, writer)


@step
def rate_writers(stage: Stage) -> None:
    """The last night's: what earlier ones and earlier reviews made of the ratings, it makes anew."""
    stage.crew.rated_nightly = True
    for writer in stage.crew.writers:
        _rate(stage, writer)


def _rate(stage: Stage, writer: Member) -> None:
    found = (writer.ratings[pk] for pk in sorted(writer.ratings))
    pairs = [(rating_weight(max((stage.now - at) / DAY, 0.0)), rating) for rating, at in found]
    mean = stage.crew.stars / stage.crew.reviews if stage.crew.reviews else 0.0
    writer.writer.rating_milli = round(bayes_rating(mean, pairs) * STARS_MILLI) if pairs else None
