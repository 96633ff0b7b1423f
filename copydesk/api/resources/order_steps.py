"""`/orders/{id}/…/`: the steps of an order's life, one endpoint a step; every decision takes a reason."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import InstantField, MoneyField, Nothing, OptionalReason, Reason
from copydesk.api.resources.orders import OrderDesk, member_id
from copydesk.api.shape import shape
from copydesk.core.money import to_minor
from copydesk.disputes.actions import open_dispute
from copydesk.orders.actions import adjustments, course, delivery, staffing
from copydesk.orders.models import Cause, DisputeReason
from copydesk.orders.queries.cancellation import CancellationRow, cancellation_row
from copydesk.orders.queries.rows import AdjustmentRow, OrderDetail, adjustment_row

DETAIL = shape(OrderDetail)


class Assignment(OptionalReason):
    """`offer`: the writer is asked and has some hours to accept. Limits are exceeded only with a reason."""

    writer_id = member_id()
    offer = serializers.BooleanField(default=False)


class Release(Reason):
    """`cause`, by staff: whose it was. A writer's own is the writer's."""

    cause = serializers.ChoiceField(choices=Cause.choices, required=False)


class Reassignment(Release):
    writer_id = member_id()


class Submission(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=2_000, allow_blank=True, default="")


def changes_required() -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=500), max_length=50, default=list)


class Return(Reason):
    changes_required = changes_required()


class Revision(Reason):
    """`due_at` and `cause` are for staff to say."""

    severity = serializers.ChoiceField(choices=delivery.SEVERITIES, default="minor")
    changes_required = changes_required()
    cause = serializers.ChoiceField(choices=Cause.choices, default=Cause.WRITER)
    due_at = InstantField(allow_null=True, default=None)


class Extension(Reason):
    """A new client's deadline, or excused hours for the writer, or both."""

    client_deadline = InstantField(allow_null=True, default=None)
    excused_hours = serializers.IntegerField(min_value=0, max_value=720, default=0)


class NewDispute(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=DisputeReason.choices)
    statement = serializers.CharField(max_length=5_000)


class CancellationBody(Reason):
    """`mode` preview answers with the figures and changes nothing; `expected_forfeit` refuses another figure."""

    cause = serializers.ChoiceField(choices=Cause.choices, required=False)
    mode = serializers.ChoiceField(choices=["preview", "apply"], default="apply")
    expected_forfeit = MoneyField(required=False)


class AdjustmentBody(OptionalReason):
    """What is to change; what is left out stays as it is."""

    pages = serializers.IntegerField(min_value=0, max_value=500, required=False)
    slides = serializers.IntegerField(min_value=0, max_value=500, required=False)
    client_deadline = InstantField(required=False)


class OrderStepDesk(OrderDesk):
    """Each answers with the order as the caller now sees it."""

    filterset_class = None

    @extend_schema(request=Assignment, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="assign", needs=Can.ASSIGN_WRITERS)
    def assign(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(Assignment)
        return self.seen(staffing.assign(order, body.pop("writer_id"), by=self.actor, **body))

    @extend_schema(request=Nothing, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="accept", needs=Can.ANSWER_OFFERS)
    def accept(self, request: Request, pk: str) -> Response:
        order, _ = self.get_object(), self.payload(Nothing)
        return self.seen(staffing.accept_offer(order, by=self.actor))

    @extend_schema(request=OptionalReason, responses={204: None})
    @action(detail=True, methods=["post"], url_path="decline", needs=Can.ANSWER_OFFERS)
    def decline(self, request: Request, pk: str) -> Response:
        """The order is open to others again; it is not offered to this writer once more."""
        order, body = self.get_object(), self.payload(OptionalReason)
        staffing.decline_offer(order, by=self.actor, **body)
        return Response(status=204)

    @extend_schema(request=Nothing, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="take", needs=Can.TAKE_ORDERS)
    def take(self, request: Request, pk: str) -> Response:
        order, _ = self.get_object(), self.payload(Nothing)
        return self.seen(staffing.take(order, by=self.actor))

    @extend_schema(request=Release, responses={204: None})
    @action(detail=True, methods=["post"], url_path="release", needs=Can.RELEASE_ORDERS)
    def release(self, request: Request, pk: str) -> Response:
        """The writer drops the order, or is taken off it."""
        order, body = self.get_object(), self.payload(Release)
        staffing.release(order, by=self.actor, **body)
        return Response(status=204)

    @extend_schema(request=Reassignment, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="reassign", needs=Can.ASSIGN_WRITERS)
    def reassign(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(Reassignment)
        return self.seen(staffing.reassign(order, body.pop("writer_id"), by=self.actor, **body))

    @extend_schema(request=Submission, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="submit", needs=Can.SUBMIT_WORK)
    def submit(self, request: Request, pk: str) -> Response:
        """The round is handed in: at least one file of it has been uploaded. It goes to an editor, or to the client."""
        order, body = self.get_object(), self.payload(Submission)
        return self.seen(delivery.submit(order, by=self.actor, **body))

    @extend_schema(request=OptionalReason, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="pass", needs=Can.OVERRULE_EDITING)
    def pass_(self, request: Request, pk: str) -> Response:
        """By staff, without a review: an editor submits and completes its task. The task, if any, is closed."""
        order, body = self.get_object(), self.payload(OptionalReason)
        return self.seen(delivery.pass_work(order, by=self.actor, **body))

    @extend_schema(request=Return, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="return", needs=Can.OVERRULE_EDITING)
    def return_(self, request: Request, pk: str) -> Response:
        """As `pass`."""
        order, body = self.get_object(), self.payload(Return)
        return self.seen(delivery.return_work(order, by=self.actor, **body))

    @extend_schema(request=Nothing, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="approve", needs=Can.APPROVE_WORK)
    def approve(self, request: Request, pk: str) -> Response:
        order, _ = self.get_object(), self.payload(Nothing)
        return self.seen(delivery.approve(order, by=self.actor))

    @extend_schema(request=Revision, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="request-revision", needs=Can.REQUEST_REVISION)
    def request_revision(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(Revision)
        return self.seen(delivery.request_revision(order, by=self.actor, **body))

    @extend_schema(request=Reason, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="hold", needs=Can.HOLD_ORDERS)
    def hold(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(Reason)
        return self.seen(course.hold(order, by=self.actor, **body))

    @extend_schema(request=OptionalReason, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="resume", needs=Can.HOLD_ORDERS)
    def resume(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(OptionalReason)
        return self.seen(course.resume(order, by=self.actor, **body))

    @extend_schema(request=Extension, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="extend-deadline", needs=Can.EXTEND_DEADLINES)
    def extend_deadline(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(Extension)
        return self.seen(course.extend_deadline(order, by=self.actor, **body))

    @extend_schema(request=NewDispute, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="dispute", needs=Can.OPEN_DISPUTES)
    def dispute(self, request: Request, pk: str) -> Response:
        """The order stands still, and its pay is held, until the dispute is over: orders/disputes/?order_id=. 409
        `dispute_settled` for what was decided already."""
        order, body = self.get_object(), self.payload(NewDispute)
        return self.seen(open_dispute(order, by=self.actor, **body).order)

    @extend_schema(request=CancellationBody, responses=shape(CancellationRow))
    @action(detail=True, methods=["post"], url_path="cancel", needs=Can.CANCEL_ORDERS)
    def cancel(self, request: Request, pk: str) -> Response:
        """What is forfeited and what goes back: shown by `preview`, done by `apply`."""
        order, body = self.get_object(), self.payload(CancellationBody)
        expected = body.pop("expected_forfeit", None)
        mode = body.pop("mode")
        figures = course.cancel(
            order,
            by=self.actor,
            preview=mode == "preview",
            expected_forfeit_minor=None if expected is None else to_minor(expected),
            **body,
        )
        return Response(cancellation_row(figures, mode, self.actor.website.currency))

    @extend_schema(request=OptionalReason, responses=DETAIL)
    @action(detail=True, methods=["post"], url_path="archive", needs=Can.ARCHIVE_ORDERS)
    def archive(self, request: Request, pk: str) -> Response:
        order, body = self.get_object(), self.payload(OptionalReason)
        return self.seen(course.archive(order, by=self.actor, **body))

    @extend_schema(request=AdjustmentBody, responses={201: shape(AdjustmentRow)})
    @action(detail=True, methods=["post"], url_path="adjust", needs=Can.ADJUST_ORDERS)
    def adjust(self, request: Request, pk: str) -> Response:
        """Proposes other pages, slides or deadline, at a price difference fixed now; the other side accepts."""
        order, body = self.get_object(), self.payload(AdjustmentBody)
        adjustment = adjustments.propose_adjustment(order, by=self.actor, **body)
        return Response(adjustment_row(self.actor, adjustment), status=201)

    def seen(self, order: Any) -> Response:
        """The order after the step; the relations that a list would have joined are read again."""
        return self.detailed(self.model.objects.of(order.website_id).select_related("client__user").get(pk=order.pk))
