"""What moderators decide, what members report, and what ratings make of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, IntegrityError, transaction

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.core.errors import Forbidden, Invalid, Refusal, WrongState
from copydesk.journal.models import Event
from copydesk.reviews import actions, errors, tasks
from copydesk.reviews.models import Decision, Ground, Report, Review, ReviewStatus
from copydesk.writers.models import Writer
from tests.factories import accounts, reviews
from tests.factories.accounts import actor
from tests.jobs import queued, run_jobs

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
HIDING = (Ground.ILLEGAL_CONTENT, Ground.PERSONAL_DATA, Ground.THREATS)


def rating(writer: Membership) -> int | None:
    return Writer.objects.of(writer.website_id).get(pk=writer.pk).rating_milli


def again(review: Review) -> Review:
    return Review.objects.of(review.website_id).get(pk=review.pk)


def refused(act: Callable[[], object], refusal: type[Refusal], review: Review) -> Refusal:
    """What it raised; nothing has changed, and nothing is queued."""
    before, events, jobs = vars(again(review)), Event.objects.of(review.website_id).count(), len(queued())
    decisions = Decision.objects.of(review.website_id).count(), Report.objects.of(review.website_id).count()
    with pytest.raises(refusal) as caught, transaction.atomic():
        act()
    after = vars(again(review))
    assert {**before, "_state": None} == {**after, "_state": None}
    assert (Event.objects.of(review.website_id).count(), len(queued())) == (events, jobs)
    assert decisions == (Decision.objects.of(review.website_id).count(), Report.objects.of(review.website_id).count())
    return caught.value


def act(name: str, review: Review, by: Actor, **given: Any) -> Review:
    more: dict[str, Any] = {
        "flag": {"ground": Ground.NOT_TRUE},
        "shadow": {"until": dt.datetime(2026, 3, 10, tzinfo=dt.UTC)},
    }.get(name, {})
    action: Callable[..., Review] = getattr(actions, f"{name}_review")
    return action(review, by=by, **{"reason": "Because.", **more, **given})


def in_state(state: str, client: Membership, writer: Membership, admin: Membership) -> Review:
    if state == "pending":
        return reviews.pending_review(client, writer)
    if state == "flagged":
        return reviews.flagged_review(client, writer, admin)
    if state == "rejected":
        return reviews.rejected_review(client, writer, admin)
    return reviews.review(client, writer)


STEPS = {
    ("pending", "approve"): "approved",
    ("pending", "reject"): "rejected",
    ("pending", "shadow"): "pending",
    ("approved", "flag"): "flagged",
    ("approved", "shadow"): "approved",
    ("flagged", "approve"): "approved",
    ("flagged", "reject"): "rejected",
    ("flagged", "shadow"): "flagged",
}


@pytest.mark.parametrize("state", ReviewStatus.values)
@pytest.mark.parametrize("name", ["approve", "reject", "flag", "shadow"])
def test_each_step_from_each_state(
    client: Membership, writer: Membership, admin: Membership, state: str, name: str
) -> None:
    review = in_state(state, client, writer, admin)
    target = STEPS.get((state, name))
    if target is None:
        refusal = errors.NothingToAnswer if (state, name) == ("approved", "approve") else WrongState
        refused(lambda: act(name, review, actor(admin)), refusal, review)
        return
    waited = review.waiting_since
    assert act(name, review, actor(admin)).status == target
    review = again(review)
    assert review.status == target
    event = Event.objects.of(review.website_id).filter(verb=f"review.{name}").latest("id")
    assert (event.before, event.after, event.reason, event.member_id) == (state, target, "Because.", admin.pk)
    decision = Decision.objects.of(review.website_id).latest("id")
    assert (decision.kind, decision.by_id, decision.role, decision.reason) == (name, admin.pk, "admin", "Because.")
    assert (decision.before, decision.after, decision.visibility) == (state, target, review.visibility)
    assert decision.waited_since == (waited if name in ("approve", "reject") else None)
    assert (review.waiting_since is None) is (target in ("approved", "rejected"))


@pytest.mark.parametrize("name", ["approve", "reject", "flag", "shadow"])
@pytest.mark.parametrize("role", ["client", "writer", "editor", "support"])
def test_only_moderators_decide(
    client: Membership, writer: Membership, admin: Membership, name: str, role: str
) -> None:
    review = in_state("approved" if name in ("flag", "shadow") else "pending", client, writer, admin)
    refused(lambda: act(name, review, actor(accounts.membership(client.website, role))), Forbidden, review)
    refused(lambda: act(name, review, Actor.system(client.website)), Forbidden, review)


@pytest.mark.parametrize("name", ["approve", "reject", "flag", "shadow"])
def test_a_decision_needs_a_reason(client: Membership, writer: Membership, admin: Membership, name: str) -> None:
    review = in_state("approved" if name in ("flag", "shadow") else "pending", client, writer, admin)
    refusal = refused(lambda: act(name, review, actor(admin), reason="  "), Invalid, review)
    assert isinstance(refusal, Invalid)
    assert refusal.errors[0].field == "reason"


def test_a_decision_stays(client: Membership, writer: Membership, admin: Membership) -> None:
    reviews.rejected_review(client, writer, admin)
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.of(client.website).update(reason="Another one.")
    with pytest.raises(DatabaseError), transaction.atomic():
        Decision.objects.of(client.website).delete()


@pytest.mark.parametrize("ground", Ground)
def test_a_flag_hides_for_three_grounds_only(
    client: Membership, writer: Membership, admin: Membership, ground: Ground
) -> None:
    review = reviews.flagged_review(client, writer, admin, ground)
    hidden = ground in HIDING
    assert again(review).visibility == ("removed" if hidden else "public")
    assert Review.objects.of(client.website).published().exists() is not hidden
    assert Review.objects.visible_to(actor(writer)).exists() is not hidden
    act("approve", review, actor(admin))
    assert (again(review).visibility, Review.objects.visible_to(actor(writer)).count()) == ("public", 1)


def test_ratings_follow_what_is_approved_and_public(client: Membership, writer: Membership, admin: Membership) -> None:
    review, by = reviews.review(client, writer, 1), actor(admin)
    seen = []
    for name in ("flag", "approve", "shadow", "approve", "flag", "reject"):
        run_jobs()
        seen.append(rating(writer))
        act(name, review, by)
    run_jobs()
    assert [*seen, rating(writer)] == [1000, None, 1000, None, 1000, None, None]


def test_the_nightly_job_forgets_a_rating_without_reviews(
    client: Membership, writer: Membership, admin: Membership
) -> None:
    review = reviews.review(client, writer, 4)
    run_jobs()
    Review.objects.of(client.website).filter(pk=review.pk).update(visibility="removed")
    assert rating(writer) == 4000
    actions.rate_writers(client.website)
    assert rating(writer) is None


# Shadows


def test_a_shadow_is_for_spam_and_at_most_fourteen_days(
    client: Membership, writer: Membership, admin: Membership, noon: dt.datetime
) -> None:
    review = reviews.review(client, writer)
    for given in (
        {"until": noon},
        {"until": noon + 14 * DAY + HOUR},
        {"until": noon + DAY, "ground": Ground.OFF_TOPIC},
    ):
        refusal = refused(lambda given=given: act("shadow", review, actor(admin), **given), Invalid, review)  # type: ignore[misc]
        assert isinstance(refusal, Invalid)
        assert refusal.errors[0].field == list(given)[-1]
    act("shadow", review, actor(admin), until=noon + 14 * DAY)
    refused(lambda: act("shadow", review, actor(admin)), errors.NotPublic, review)


def test_a_shadow_ends_by_the_clock_and_cannot_be_chained(
    client: Membership, writer: Membership, admin: Membership, noon: dt.datetime, frozen: time_machine.Coordinates
) -> None:
    review = reviews.review(client, writer)
    act("shadow", review, actor(admin), until=noon + 10 * DAY)
    assert Review.objects.visible_to(actor(client)).count() == 1
    assert not Review.objects.visible_to(actor(writer)).exists()
    frozen.shift(10 * DAY - HOUR)
    tasks.lift_shadows(client.website)
    assert again(review).visibility == "shadowed"
    frozen.shift(HOUR)
    for _ in range(2):
        tasks.lift_shadows(client.website)
    assert (again(review).visibility, again(review).shadowed_until) == ("public", None)
    assert Event.objects.of(client.website).filter(verb="review.lift").count() == 1
    refused(lambda: act("shadow", review, actor(admin), until=noon + 15 * DAY), Invalid, review)
    assert act("shadow", review, actor(admin), until=noon + 14 * DAY).visibility == "shadowed"


@pytest.mark.parametrize(
    "wrong",
    [
        {"visibility": "shadowed"},
        {"shadowed_until": dt.datetime(2026, 4, 1, tzinfo=dt.UTC)},
        {"status": "rejected"},
        {"status": "flagged"},
        {"rating": 6},
        {"order_id": None},
        {"spam_milli": 1001},
    ],
)
def test_the_database_holds_what_goes_together(client: Membership, writer: Membership, wrong: dict[str, Any]) -> None:
    reviews.review(client, writer)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.of(client.website).update(**wrong)


# Reports


def test_a_report_waits_and_is_answered(client: Membership, writer: Membership, admin: Membership) -> None:
    review = reviews.reported_review(client, writer, writer)
    review = again(review)
    assert (review.status, review.visibility, review.open_reports) == ("approved", "public", 1)
    assert review.waiting_since is not None
    act("approve", review, actor(admin))
    report = Report.objects.of(client.website).get()
    assert report.decision is not None
    assert (report.decision.kind, again(review).open_reports, again(review).waiting_since) == ("approve", 0, None)


@pytest.mark.parametrize("ground", HIDING)
def test_a_report_on_a_hiding_ground_hides_at_once(
    client: Membership, writer: Membership, admin: Membership, ground: Ground
) -> None:
    review = again(reviews.reported_review(client, writer, writer, ground))
    assert (review.status, review.visibility) == ("flagged", "removed")
    assert Event.objects.of(client.website).get(verb="review.withhold").role == "system"
    act("approve", review, actor(admin))
    other = accounts.membership(client.website, "editor")
    actions.report_review(again(review), by=actor(other), ground=ground)
    assert (again(review).status, again(review).visibility) == ("approved", "public")
    assert again(review).open_reports == 1


def test_nobody_hides_anew_on_that_ground_what_an_appeal_has_published(
    client: Membership, writer: Membership, admin: Membership
) -> None:
    review = reviews.reported_review(client, writer, writer, Ground.THREATS)
    act("reject", again(review), actor(admin))
    appeal = actions.appeal_review(again(review), by=actor(client), text="It is no threat.")
    second = accounts.membership(client.website, "admin")
    actions.overturn_appeal(appeal, by=actor(second), reason="It is not.")
    editor, support = (accounts.membership(client.website, role) for role in ("editor", "support"))
    actions.report_review(again(review), by=actor(editor), ground=Ground.THREATS)
    assert (again(review).status, again(review).visibility) == ("approved", "public")
    actions.report_review(again(review), by=actor(support), ground=Ground.ILLEGAL_CONTENT)
    assert (again(review).status, again(review).visibility) == ("flagged", "removed")


def test_a_flagged_review_is_hidden_by_a_worse_report(
    client: Membership, writer: Membership, admin: Membership
) -> None:
    review = reviews.flagged_review(client, writer, admin)
    actions.report_review(review, by=actor(writer), ground=Ground.THREATS)
    assert (again(review).status, again(review).visibility) == ("flagged", "removed")
    event = Event.objects.of(client.website).get(verb="review.withhold")
    assert (event.before, event.after, event.data) == ("flagged", "flagged", {"ground": "threats"})
    act("reject", review, actor(admin))
    assert Report.objects.of(client.website).get().decision == Decision.objects.of(client.website).latest("id")


def test_who_may_not_report(client: Membership, writer: Membership, admin: Membership) -> None:
    review, by = reviews.review(client, writer), actor(writer)

    def report(by: Actor) -> Report:
        return actions.report_review(again(review), by=by, ground=Ground.SPAM)

    refused(lambda: report(actor(client)), errors.OwnReview, review)
    refused(lambda: report(actor(admin)), Forbidden, review)
    report(by)
    refused(lambda: report(by), errors.AlreadyReported, review)
    act("shadow", review, actor(admin))
    refused(lambda: report(actor(accounts.membership(client.website))), errors.NotPublic, review)
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.of(client.website).create(
            review=review, member=writer, ground=Ground.SPAM, reported_at=review.submitted_at
        )


# Many at once


def test_bulk_goes_through_the_single_action(client: Membership, writer: Membership, admin: Membership) -> None:
    waiting = [reviews.pending_review(client, writer) for _ in range(2)]
    done = reviews.review(client, writer)
    ids = [waiting[1].pk, done.pk, 999_999, waiting[0].pk]
    by, events = actor(admin), Event.objects.of(client.website).count()
    preview = actions.decide_reviews(ids, "reject", by=by, mode="preview", reason="Spam.")
    assert [again(review).status for review in waiting] == ["pending"] * 2
    assert Event.objects.of(client.website).count() == events
    applied = actions.decide_reviews(ids, "reject", by=by, mode="apply", reason="Spam.")
    assert (applied.applied, applied.refused, applied.results) == (2, 2, preview.results)
    assert [(one.id, one.code) for one in applied.results] == [
        (waiting[1].pk, None),
        (done.pk, "wrong_state"),
        (999_999, "not_found"),
        (waiting[0].pk, None),
    ]
    assert [again(review).status for review in (*waiting, done)] == ["rejected", "rejected", "approved"]
