"""Writing a review: what is said, how much it looks like spam, and whether it is published at once."""

from __future__ import annotations

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.core import clock
from copydesk.core.errors import Forbidden
from copydesk.journal.actions import advance, change, lock, record
from copydesk.journal.models import details
from copydesk.orders.models import Order, Status
from copydesk.tenancy.policies import in_force
from copydesk.threads.policies import MessagePolicy

from .. import errors, spam
from ..models import Fragment, Review, Target
from ..policies import ReviewPolicy
from ..queries.spam import evidence, origin_of, others_of_burst
from ..wording import fragments_of


def submit_review(order: Order, *, target: Target, rating: int, text: str, by: Actor) -> Review:
    """The client's only review of a completed order; contact details in it are masked as in messages.

    The order verifies its author: unless its spam score says otherwise, it is published at once. Raises Forbidden,
    OrderNotCompleted, AlreadyReviewed.
    """
    if not by.can(Can.REVIEW_ORDERS) or order.client_id != by.membership_id:
        raise Forbidden
    lock(order)
    if order.status != Status.COMPLETED or order.writer_id is None:
        raise errors.OrderNotCompleted
    if Review.objects.of(by.website).filter(order=order).exists():
        raise errors.AlreadyReviewed
    return _write(order, target=target, rating=rating, text=text, by=by)


def review_website(*, rating: int, text: str, by: Actor) -> Review:
    """A client's only review of the website that is of no order. Raises Forbidden, AlreadyReviewed."""
    if not by.can(Can.REVIEW_ORDERS):
        raise Forbidden
    return _write(None, target=Target.WEBSITE, rating=rating, text=text, by=by)


def _write(order: Order | None, *, target: Target, rating: int, text: str, by: Actor) -> Review:
    assert by.membership_id is not None
    website, now = by.website, clock.now()
    # One after the other: how many an account has written is counted.
    Membership.objects.of(website).lock().get(pk=by.membership_id)
    mine = Review.objects.of(website).filter(client_id=by.membership_id, order=None)
    if order is None and mine.exists():
        raise errors.AlreadyReviewed
    policy, messages = in_force(website, ReviewPolicy, MessagePolicy)
    cleaned = messages.mask(text.strip())
    fragments = fragments_of(cleaned.text)
    origin = origin_of(website, by.address)
    writer_id = order.writer_id if order else None
    seen = evidence(
        website, client_id=by.membership_id, writer_id=writer_id, target=target, origin=origin, fragments=fragments
    )
    signals = spam.signals_of(
        seen, rating=rating, text=cleaned.text, masked=cleaned.counts, fragments=len(fragments), at=now
    )
    review = Review.objects.of(website).create(
        order=order,
        client_id=by.membership_id,
        writer_id=writer_id,
        target=target,
        rating=rating,
        text=cleaned.text,
        masked=cleaned.counts,
        verified=seen.has_completed,
        spam_milli=spam.score_milli(signals),
        signals=spam.stored(signals),
        origin=origin,
        duplicate_of_id=seen.alike_first_id,
        waiting_since=now,
        submitted_at=now,
    )
    Fragment.objects.of(website).bulk_create(
        Fragment(website=website, review=review, hash=found, at=now) for found in fragments
    )
    record("review.submit", review, by=by, after=review.status, data=details(target=target, rating=rating))
    _sort(review, policy, by=by)
    if any(signal.name == spam.SignalName.BURST for signal in signals):
        _mark_burst(review, signals, policy, by=by)
    return review


def _sort(review: Review, policy: ReviewPolicy, *, by: Actor) -> None:
    """Published, or left to the moderators, who are alerted of the worst."""
    clockwork = Actor.system(by.website)
    if review.verified and review.spam_milli < policy.approve_below:
        data = details(target=review.target, rating=review.rating)
        advance(review, "publish", by=clockwork, data=data, waiting_since=None, approved_at=review.submitted_at)
    elif review.spam_milli > policy.alert_above:
        record("review.alert", review, by=clockwork, data=details(spam_milli=review.spam_milli))


def _mark_burst(review: Review, signals: list[spam.Signal], policy: ReviewPolicy, *, by: Actor) -> None:
    """The day's others are members of it, too: they get the signal, and a moderator looks at them."""
    (burst,) = (signal for signal in signals if signal.name == spam.SignalName.BURST)
    for row in others_of_burst(review).lock():
        known = spam.read(row.signals)
        score = spam.score_milli([*known, burst])
        waiting = row.waiting_since or (clock.now() if score >= policy.approve_below else None)
        change(row, signals=spam.stored([*known, burst]), spam_milli=score, waiting_since=waiting)
        record("review.suspect", row, by=Actor.system(by.website), data=details(spam_milli=score))
