"""A rejection is appealed once, and another moderator decides."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core.errors import Forbidden, Invalid, WrongState
from copydesk.journal.models import Event
from copydesk.reviews import actions, errors
from copydesk.reviews.models import Appeal, Decision, Ground
from tests.factories import accounts, reviews
from tests.factories.accounts import actor
from tests.jobs import run_jobs
from tests.reviews.test_moderation import again, rating, refused

DAY = dt.timedelta(days=1)


@pytest.fixture
def second(admin: Membership) -> Membership:
    return reviews.moderator(admin)


def test_overturned_it_is_published(
    client: Membership, writer: Membership, admin: Membership, second: Membership
) -> None:
    appeal = reviews.open_appeal(client, writer, admin)
    review = again(appeal.review)
    assert (review.status, review.waiting_since) == ("rejected", appeal.opened_at)
    actions.overturn_appeal(appeal, by=actor(second), reason="It is an opinion.")
    run_jobs()
    review = again(review)
    assert (review.status, review.visibility, review.waiting_since) == ("approved", "public", None)
    assert (appeal.status, appeal.answer, appeal.decided_by_id) == ("overturned", "It is an opinion.", second.pk)
    assert rating(writer) == 4000
    decision = Decision.objects.of(client.website).latest("id")
    assert (decision.kind, decision.before, decision.after) == ("overturn", "rejected", "approved")
    assert (decision.by_id, decision.waited_since) == (second.pk, appeal.opened_at)
    verbs = Event.objects.of(client.website).filter(subject_type__startswith="review").order_by("id")
    assert [event.verb for event in verbs][-3:] == ["review.appeal", "review_appeal.overturn", "review.restore"]


def test_upheld_it_stays_rejected(
    client: Membership, writer: Membership, admin: Membership, second: Membership
) -> None:
    appeal = reviews.open_appeal(client, writer, admin)
    actions.uphold_appeal(appeal, by=actor(second), reason="It is advertising.")
    review = again(appeal.review)
    assert (review.status, review.visibility, review.waiting_since) == ("rejected", "removed", None)
    for act in (actions.uphold_appeal, actions.overturn_appeal):
        refused(lambda act=act: act(appeal, by=actor(second), reason="Again."), WrongState, review)  # type: ignore[misc]
    refused(lambda: actions.appeal_review(review, by=actor(client), text="But!"), errors.AlreadyAppealed, review)


@pytest.mark.parametrize("act", [actions.uphold_appeal, actions.overturn_appeal])
def test_another_moderator_decides(
    client: Membership, writer: Membership, admin: Membership, act: type[object]
) -> None:
    appeal = reviews.open_appeal(client, writer, admin)
    decide = getattr(actions, act.__name__)
    review = appeal.review
    refused(lambda: decide(appeal, by=actor(admin), reason="I was right."), errors.SameModerator, review)
    refused(lambda: decide(appeal, by=actor(client), reason="I was right."), Forbidden, review)
    refused(lambda: decide(appeal, by=actor(reviews.moderator(admin)), reason=" "), Invalid, review)
    boss = Actor(client.website, Role.SUPERADMIN, user_id=accounts.superadmin().pk)
    decide(Appeal.objects.of(client.website).get(), by=boss, reason="Seen.")
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.of(client.website).update(decided_by=admin)


def test_who_may_not_appeal(
    client: Membership, writer: Membership, admin: Membership, frozen: time_machine.Coordinates
) -> None:
    review = reviews.rejected_review(client, writer, admin)
    for other in (accounts.membership(client.website), writer, admin):
        by = actor(other)
        refused(lambda by=by: actions.appeal_review(review, by=by, text="No."), Forbidden, review)  # type: ignore[misc]
    refused(lambda: actions.appeal_review(review, by=actor(client), text=" "), Invalid, review)
    published = reviews.review(client, writer)
    refused(lambda: actions.appeal_review(published, by=actor(client), text="Why?"), WrongState, published)
    frozen.shift(30 * DAY)
    refused(lambda: actions.appeal_review(review, by=actor(client), text="Late."), errors.AppealTooLate, review)
    assert not Appeal.objects.of(client.website).exists()


def test_a_new_rejection_can_be_appealed_anew(
    client: Membership, writer: Membership, admin: Membership, second: Membership
) -> None:
    appeal = reviews.open_appeal(client, writer, admin)
    actions.overturn_appeal(appeal, by=actor(second), reason="Fine.")
    review = again(appeal.review)
    actions.flag_review(review, by=actor(second), ground=Ground.SPAM, reason="Look again.")
    actions.reject_review(review, by=actor(second), reason="No.")
    anew = actions.appeal_review(review, by=actor(client), text="Once more.")
    assert anew.against_id == second.pk
    actions.uphold_appeal(anew, by=actor(admin), reason="No.")
