"""What moderators decide about reviews, and what members report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, Literal

from django.db.models import Exists, OuterRef, Q

from copydesk.accounts.actor import Actor
from copydesk.core import bulk, clock
from copydesk.core.bulk import BulkReport
from copydesk.core.errors import Forbidden, Invalid
from copydesk.journal.actions import advance, lock, lock_for
from copydesk.journal.models import details
from copydesk.tenancy.models import Website

from .. import errors
from ..models import Decision, DecisionKind, Ground, Report, Review, Visibility
from ..models.review import HIDING
from ..policies import ReviewPolicy

DAY = dt.timedelta(days=1)
ANSWERED: dict[str, Any] = {"waiting_since": None, "open_reports": 0, "shadowed_until": None}


def approve_review(review: Review, *, by: Actor, reason: str) -> Review:
    """Public, whatever it was before; what was reported about it is answered. Raises NothingToAnswer."""
    lock_for(review, "approve", by=by)
    approved_at = review.approved_at or clock.now()
    changes = {**ANSWERED, "visibility": Visibility.PUBLIC, "approved_at": approved_at}
    return _decide(review, DecisionKind.APPROVE, by=by, reason=reason, **changes)


def reject_review(review: Review, *, by: Actor, reason: str) -> Review:
    """Its author reads the reason, and may appeal. An approved review is flagged first."""
    changes = {**ANSWERED, "visibility": Visibility.REMOVED, "rejected_for": reason.strip()}
    return _decide(review, DecisionKind.REJECT, by=by, reason=reason, **changes)


def flag_review(review: Review, *, by: Actor, ground: Ground, reason: str) -> Review:
    """To be decided anew. It is hidden for illegal content, personal data and threats, and for nothing else."""
    lock_for(review, "flag", by=by)
    changes = {"waiting_since": review.waiting_since or clock.now(), **(_hidden() if ground in HIDING else {})}
    return _decide(review, DecisionKind.FLAG, by=by, reason=reason, ground=ground, **changes)


def shadow_review(
    review: Review, *, by: Actor, until: dt.datetime, reason: str, ground: Ground = Ground.SPAM
) -> Review:
    """For spam alone: its author sees it as public, nobody else does, until a date at most 14 days after it was
    shadowed for the first time. Raises Invalid, NotPublic."""
    lock_for(review, "shadow", by=by)
    now = clock.now()
    began = review.shadowed_at or now
    days = ReviewPolicy.of(review.website_id).shadow_days
    if ground != Ground.SPAM:
        raise Invalid({"ground": "A review is shadowed for spam alone."})
    if until <= now:
        raise Invalid({"until": "Must lie in the future."})
    if until > began + days * DAY:
        raise Invalid({"until": f"At most {days} days after it was shadowed for the first time."})
    changes = {"visibility": Visibility.SHADOWED, "shadowed_at": began, "shadowed_until": until}
    return _decide(review, DecisionKind.SHADOW, by=by, reason=reason, ground=ground, **changes)


def decide_reviews(
    ids: Sequence[int], action: str, *, by: Actor, mode: Literal["preview", "apply"], **given: Any
) -> BulkReport:
    """Each of `ids` through the action of that name. Rows are locked in the order of their ids, so that of two such
    calls one waits for the other."""
    act = BY_NAME[DecisionKind(action)]
    rows = {row.pk: row for row in Review.objects.visible_to(by).filter(pk__in=ids).order_by("pk").lock()}
    return bulk.each(ids, rows, lambda row: act(row, by=by, **given), mode)


def lift_shadows(website: Website) -> None:
    """By the clock, of those whose date has come. Safe to run twice."""
    for review in Review.objects.of(website).to_lift(clock.now()).order_by("pk"):
        lock(review)
        if review.shadowed_until is not None and review.shadowed_until <= clock.now():
            advance(review, "lift", by=Actor.system(website), visibility=Visibility.PUBLIC, shadowed_until=None)


def report_review(review: Review, *, by: Actor, ground: Ground, note: str = "") -> Report:
    """A moderator is to look at it. For illegal content, personal data and threats it is flagged and hidden at once,
    unless a moderator has approved it, or granted its appeal, after a report on that ground. Raises AlreadyReported,
    OwnReview, NotPublic."""
    lock_for(review, "report", by=by)
    if by.membership_id is None:
        raise Forbidden
    reports = Report.objects.of(review.website_id).filter(review=review)
    if reports.filter(member_id=by.membership_id).exists():
        raise errors.AlreadyReported
    now, data = clock.now(), details(ground=ground)
    overturned = Decision.objects.of(review.website_id).filter(
        review=review, kind=DecisionKind.OVERTURN, decided_at__gte=OuterRef("reported_at")
    )
    known = reports.filter(Q(decision__kind=DecisionKind.APPROVE) | Exists(overturned), ground=ground).exists()
    report = reports.create(
        review=review, member_id=by.membership_id, ground=ground, note=note.strip(), reported_at=now
    )
    waiting = review.waiting_since or now
    advance(review, "report", by=by, data=data, waiting_since=waiting, open_reports=review.open_reports + 1)
    if ground in HIDING and not known:
        advance(review, "withhold", by=by.as_system(), data=data, **_hidden())
    return report


def settle(
    review: Review,
    kind: DecisionKind,
    before: str,
    waited_since: dt.datetime | None,
    *,
    by: Actor,
    reason: str,
    ground: str = "",
) -> Decision:
    """Takes a moderator's decision down, after it was made; what it answered of the reports."""
    decision = Decision.objects.of(review.website_id).create(
        review=review,
        kind=kind,
        by_id=by.membership_id,
        role=by.role,
        ground=ground,
        reason=reason,
        before=before,
        after=review.status,
        visibility=review.visibility,
        shadowed_until=review.shadowed_until,
        waited_since=waited_since if review.waiting_since is None else None,
        decided_at=clock.now(),
    )
    if not review.open_reports:
        Report.objects.of(review.website_id).filter(review=review, decision=None).update(decision=decision)
    return decision


def _decide(review: Review, kind: DecisionKind, *, by: Actor, reason: str, ground: str = "", **changes: Any) -> Review:
    reason = reason.strip()
    if not reason:
        raise Invalid({"reason": "Say why."}, "blank")
    lock_for(review, kind.value, by=by)
    before, waited_since = review.status, review.waiting_since
    advance(review, kind.value, by=by, reason=reason, data=details(ground=ground or None), **changes)
    settle(review, kind, before, waited_since, by=by, reason=reason, ground=ground)
    return review


def _hidden() -> dict[str, Any]:
    return {"visibility": Visibility.REMOVED, "shadowed_until": None}


BY_NAME: dict[DecisionKind, Callable[..., Review]] = {
    DecisionKind.APPROVE: approve_review,
    DecisionKind.REJECT: reject_review,
    DecisionKind.FLAG: flag_review,
    DecisionKind.SHADOW: shadow_review,
}
