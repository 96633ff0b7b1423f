"""`/admin-management/reviews/`: what waits for a moderator, what is decided about it, and how that goes."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, BulkSerializer, InstantField, Reason
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber, between
from copydesk.api.queues import queue_pages
from copydesk.api.reports import SeriesQuery, UncomparedQuery
from copydesk.api.shape import shape
from copydesk.core.bulk import BulkReport
from copydesk.core.errors import Invalid
from copydesk.reviews import actions
from copydesk.reviews.models import DecisionKind, Ground, Review, ReviewStatus, Target
from copydesk.reviews.models.review import ReviewQuerySet
from copydesk.reviews.queries.figures import ReviewAnalytics, review_analytics
from copydesk.reviews.queries.moderation import (
    TABS,
    ModeratedReview,
    moderated_row,
    moderated_rows,
    queue_tabs,
    reported_for,
)
from copydesk.reviews.queries.suspicion import SpamDetection, spam_detection
from copydesk.reviews.spam import SignalName

MODERATED = shape(ModeratedReview)
STARS = {"min_value": 1, "max_value": 5}
SINGLE = [(kind.value, kind.label) for kind in actions.BY_NAME]
TAKES = {DecisionKind.FLAG: {"ground"}, DecisionKind.SHADOW: {"ground", "until"}}
NEEDS = {DecisionKind.FLAG: {"ground"}, DecisionKind.SHADOW: {"until"}}


class FlagBody(Reason):
    """Hides the review for illegal content, personal data and threats, and for nothing else."""

    ground = serializers.ChoiceField(choices=Ground.choices)


class ShadowBody(Reason):
    until = InstantField()
    ground = serializers.ChoiceField(choices=[(Ground.SPAM.value, Ground.SPAM.label)], default=Ground.SPAM.value)


class BulkDecision(BulkSerializer, Reason):
    """As the single action of that name: `flag` takes `ground`, `shadow` takes `until`."""

    action = serializers.ChoiceField(choices=SINGLE)
    ground = serializers.ChoiceField(choices=Ground.choices, required=False)
    until = InstantField(required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        said, kind = {"ground", "until"} & set(given), DecisionKind(given["action"])
        if wrong := said - TAKES.get(kind, set()):
            raise Invalid(dict.fromkeys(sorted(wrong), f"{kind} takes none."))
        if missing := NEEDS.get(kind, set()) - said:
            raise Invalid(dict.fromkeys(sorted(missing), f"{kind} needs it."), "required")
        return given


class ModerationFilter(between("submitted_at")):  # type: ignore[misc]
    """`status`, `target` and `signal` may be given several times; of signals the review has all."""

    status = django_filters.MultipleChoiceFilter(choices=ReviewStatus.choices, distinct=False)
    target = django_filters.MultipleChoiceFilter(choices=Target.choices, distinct=False)
    rating_min = WholeNumber("rating", "gte", **STARS)
    rating_max = WholeNumber("rating", "lte", **STARS)
    spam_min = django_filters.NumberFilter(method="score_from", min_value=0, max_value=1)
    spam_max = django_filters.NumberFilter(method="score_to", min_value=0, max_value=1)
    client_id = WholeNumber(min_value=1, max_value=BIGGEST)
    writer_id = WholeNumber(min_value=1, max_value=BIGGEST)
    verified = BooleanFilter()
    ground = django_filters.ChoiceFilter(choices=Ground.choices, method="reported_for", help_text="Of an open report.")
    signal = django_filters.MultipleChoiceFilter(choices=SignalName.choices, method="with_signals", distinct=False)

    def score_from(self, rows: ReviewQuerySet, name: str, value: Any) -> ReviewQuerySet:
        return rows.filter(spam_milli__gte=round(value * 1000))

    def score_to(self, rows: ReviewQuerySet, name: str, value: Any) -> ReviewQuerySet:
        return rows.filter(spam_milli__lte=round(value * 1000))

    def reported_for(self, rows: ReviewQuerySet, name: str, value: str) -> ReviewQuerySet:
        return reported_for(rows, self.request.actor.website, Ground(value))

    def with_signals(self, rows: ReviewQuerySet, name: str, value: list[str]) -> ReviewQuerySet:
        return rows.with_signals(value)


class ReviewModerationDesk(Desk):
    model = Review
    queryset = Review.objects.none()
    needs = Can.MODERATE_REVIEWS

    @extend_schema(responses=MODERATED(many=True))
    @action(
        detail=False,
        url_path="moderation-queue",
        filterset_class=ModerationFilter,
        pagination_class=queue_pages(tuple(TABS)),
        sorts={
            "-spam_score": "-spam_milli",
            "spam_score": "spam_milli",
            "waiting_since": "waiting_since",
            "submitted_at": "submitted_at",
            "rating": "rating",
            "reports": "open_reports",
        },
    )
    def moderation_queue(self, request: Request) -> Response:
        """What waits for a decision: pending, flagged, reported, member of a burst, or its rejection appealed; with who
        decided before. `alerts` are over the website's limit of the spam score."""
        rows = self.get_queryset().waiting().ids()
        return self.page(rows, lambda ids: moderated_rows(self.actor, ids), queue_tabs(self.actor.website))

    @extend_schema(operation_id="admin_reviews_retrieve", responses=MODERATED)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._detail(self.get_object())

    @extend_schema(request=Reason, responses=MODERATED)
    @action(detail=True, methods=["post"], url_path="approve")
    def approve(self, request: Request, pk: str) -> Response:
        """Public from now on, also where it was shadowed; open reports are answered by it. 409 `nothing_to_answer`."""
        return self._detail(actions.approve_review(self.get_object(), by=self.actor, **self.payload(Reason)))

    @extend_schema(request=Reason, responses=MODERATED)
    @action(detail=True, methods=["post"], url_path="reject")
    def reject(self, request: Request, pk: str) -> Response:
        """Of a pending or a flagged one; its author reads the reason, and may appeal."""
        return self._detail(actions.reject_review(self.get_object(), by=self.actor, **self.payload(Reason)))

    @extend_schema(request=FlagBody, responses=MODERATED)
    @action(detail=True, methods=["post"], url_path="flag")
    def flag(self, request: Request, pk: str) -> Response:
        """Of an approved one: to be decided anew."""
        return self._detail(actions.flag_review(self.get_object(), by=self.actor, **self.payload(FlagBody)))

    @extend_schema(request=ShadowBody, responses=MODERATED)
    @action(detail=True, methods=["post"], url_path="shadow")
    def shadow(self, request: Request, pk: str) -> Response:
        """For spam alone, until a date at most 14 days after the first time. 409 `not_public`."""
        return self._detail(actions.shadow_review(self.get_object(), by=self.actor, **self.payload(ShadowBody)))

    @extend_schema(request=BulkDecision, responses=shape(BulkReport))
    @action(detail=False, methods=["post"], url_path="bulk")
    def bulk(self, request: Request) -> Response:
        """Each review as by the single action: what one refuses undoes no other."""
        body = self.payload(BulkDecision)
        return Response(actions.decide_reviews(body.pop("ids"), body.pop("action"), by=self.actor, **body))

    @extend_schema(operation_id="admin_reviews_analytics", responses=shape(ReviewAnalytics))
    @action(detail=False, url_path="analytics", query_class=SeriesQuery)
    def analytics(self, request: Request) -> Response:
        """How old the backlog is, what is decided and how fast, how often an appeal is granted, and whether low stars
        are rejected more often than high ones."""
        return Response(review_analytics(self.actor, self.query()["period"]))

    @extend_schema(responses=shape(SpamDetection))
    @action(detail=False, url_path="spam-detection", query_class=UncomparedQuery)
    def spam_detection(self, request: Request) -> Response:
        """Of the reviews written in the period: how they score, which signals they have and what became of them;
        bursts, near-duplicates, and what waits with the highest scores."""
        return Response(spam_detection(self.actor, self.query()["period"]))

    def _detail(self, review: Review) -> Response:
        return self.versioned(review, moderated_row(self.actor, review))
