"""A rejected review's author asks for another look, by another moderator."""

from __future__ import annotations

import datetime as dt

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import Invalid
from copydesk.journal.actions import advance, change, lock, lock_for
from copydesk.journal.models import details

from .. import errors
from ..models import Appeal, Decision, DecisionKind, Review, Visibility
from ..policies import ReviewPolicy
from .moderation import settle

DAY = dt.timedelta(days=1)


def appeal_review(review: Review, *, by: Actor, text: str) -> Appeal:
    """Of its last rejection, once. Raises Forbidden, WrongState, AlreadyAppealed, AppealTooLate."""
    lock_for(review, "appeal", by=by)
    if not text.strip():
        raise Invalid({"text": "Say why it should be published."}, "blank")
    rejections = Decision.objects.of(review.website_id).filter(review=review, kind=DecisionKind.REJECT)
    rejection = rejections.order_by("-pk")[0]
    if Appeal.objects.of(review.website_id).filter(rejection=rejection).exists():
        raise errors.AlreadyAppealed
    now = clock.now()
    if now >= rejection.decided_at + ReviewPolicy.of(review.website_id).appeal_days * DAY:
        raise errors.AppealTooLate
    appeal = Appeal.objects.of(review.website_id).create(
        review=review,
        client_id=review.client_id,
        rejection=rejection,
        against_id=rejection.by_id,
        text=text.strip(),
        opened_at=now,
    )
    advance(review, "appeal", by=by, data=details(appeal_id=appeal.pk), waiting_since=now)
    return appeal


def uphold_appeal(appeal: Appeal, *, by: Actor, reason: str) -> Appeal:
    """The review stays rejected. Raises SameModerator."""
    review, waited_since = _decided(appeal, DecisionKind.UPHOLD, by=by, reason=reason)
    change(review, waiting_since=None)
    settle(review, DecisionKind.UPHOLD, review.status, waited_since, by=by, reason=reason.strip())
    return appeal


def overturn_appeal(appeal: Appeal, *, by: Actor, reason: str) -> Appeal:
    """The review is published. Raises SameModerator."""
    review, waited_since = _decided(appeal, DecisionKind.OVERTURN, by=by, reason=reason)
    before, approved_at = review.status, review.approved_at or clock.now()
    advance(review, "restore", by=by, waiting_since=None, visibility=Visibility.PUBLIC, approved_at=approved_at)
    settle(review, DecisionKind.OVERTURN, before, waited_since, by=by, reason=reason.strip())
    return appeal


def _decided(appeal: Appeal, kind: DecisionKind, *, by: Actor, reason: str) -> tuple[Review, dt.datetime | None]:
    """The review, locked, and since when it has waited."""
    if not reason.strip():
        raise Invalid({"reason": "Say why."}, "blank")
    review = lock(appeal.review)
    advance(appeal, kind.value, by=by, reason=reason.strip(), answer=reason.strip(), decided_by_id=by.membership_id)
    return review, review.waiting_since
