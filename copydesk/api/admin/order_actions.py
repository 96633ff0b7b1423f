"""`/admin-management/orders/`: many orders at once, and everything that happened to one."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, BulkSerializer, InstantField, MoneyField, OptionalReason
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.core.bulk import BulkReport
from copydesk.core.errors import Invalid
from copydesk.core.money import to_minor
from copydesk.orders.actions.bulk import BulkAction, Options, OrderBulkReport, act_on_orders, assign_orders
from copydesk.orders.models import Cause, Order
from copydesk.orders.queries.timeline import OrderTimeline, order_timeline

EITHER = "Either ids and writer_id, or assignments."
TWICE = "An order stands here twice."
EXTENDING = ("client_deadline", "hours", "excused_hours")
TAKES: dict[BulkAction, set[str]] = {
    BulkAction.ASSIGN: {"writer_id", "offer"},
    BulkAction.REASSIGN: {"writer_id", "cause"},
    BulkAction.EXTEND: set(EXTENDING),
    BulkAction.CANCEL: {"cause", "expected_forfeits"},
}
NEEDS: dict[BulkAction, set[str]] = {
    BulkAction.ASSIGN: {"writer_id"},
    BulkAction.REASSIGN: {"writer_id", "reason"},
    BulkAction.HOLD: {"reason"},
    BulkAction.EXTEND: {"reason"},
    BulkAction.CANCEL: {"reason"},
}


def row_id(**options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=BIGGEST, **options)


class WriterAssignment(serializers.Serializer[Any]):
    id = row_id()
    writer_id = row_id()


class BulkWriterAssignment(BulkSerializer, OptionalReason):
    """Either `ids`, and `writer_id` for all of them, or `assignments`, each order with its own. `offer`: the writers
    are asked first. Limits are exceeded only with a reason."""

    ids = serializers.ListField(child=row_id(), min_length=1, max_length=500, required=False)
    writer_id = row_id(required=False)
    assignments = serializers.ListField(child=WriterAssignment(), min_length=1, max_length=500, required=False)
    offer = serializers.BooleanField(default=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """→ {"ids", "wanted", "offer", "mode", "reason"}."""
        each = given.pop("assignments", None)
        if each is not None:
            if "ids" in given or "writer_id" in given:
                raise Invalid({"assignments": EITHER})
            given["ids"] = [one["id"] for one in each]
            given["wanted"] = {one["id"]: one["writer_id"] for one in each}
            return once(given, "assignments")
        if missing := [name for name in ("ids", "writer_id") if name not in given]:
            raise Invalid(dict.fromkeys(missing, EITHER), "required")
        given["wanted"] = dict.fromkeys(given["ids"], given.pop("writer_id"))
        return once(given)


class ExpectedForfeit(serializers.Serializer[Any]):
    id = row_id()
    amount = MoneyField()


class BulkOrderAction(BulkSerializer, OptionalReason):
    """As the single endpoint of that name; every action but assign, resume and archive needs a reason.

    assign: `writer_id`, `offer`. reassign: `writer_id`, `cause`. extend: `client_deadline` for all, or `hours` by which
    each order's own moves, or `excused_hours` for its writer. cancel: `cause`, and `expected_forfeits`, the figures
    that a preview has shown: an order with another one by now is refused."""

    action = serializers.ChoiceField(choices=[(one.value, one.value) for one in BulkAction])
    writer_id = row_id(required=False)
    offer = serializers.BooleanField(required=False)
    cause = serializers.ChoiceField(choices=Cause.choices, required=False)
    client_deadline = InstantField(required=False)
    hours = serializers.IntegerField(min_value=1, max_value=720, required=False)
    excused_hours = serializers.IntegerField(min_value=1, max_value=720, required=False)
    expected_forfeits = serializers.ListField(child=ExpectedForfeit(), max_length=500, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """→ {"ids", "mode", "action", "reason", "options"}."""
        kind = BulkAction(given["action"])
        said = {name for name in given if name not in {"ids", "mode", "action", "reason"}}
        if wrong := said - TAKES.get(kind, set()):
            raise Invalid(dict.fromkeys(sorted(wrong), f"{kind} takes none."))
        if missing := NEEDS.get(kind, set()) - said - ({"reason"} if given["reason"].strip() else set()):
            raise Invalid(dict.fromkeys(sorted(missing), f"{kind} needs it."), "required")
        if kind is BulkAction.EXTEND:
            if not said:
                raise Invalid(dict.fromkeys(EXTENDING, "Say by what."), "required")
            if {"client_deadline", "hours"} <= said:
                raise Invalid({"hours": "Either a deadline for all, or hours for each."})
        if forfeits := given.pop("expected_forfeits", None):
            given["expected_forfeits"] = {one["id"]: to_minor(one["amount"]) for one in forfeits}
            if len(given["expected_forfeits"]) < len(forfeits):
                raise Invalid({"expected_forfeits": TWICE})
            if given["expected_forfeits"].keys() - set(given["ids"]):
                raise Invalid({"expected_forfeits": "Of orders among the ids."})
        options = Options(**{name: given.pop(name) for name in said if name in given})
        return once({**given, "action": kind, "options": options})


def once(given: dict[str, Any], field: str = "ids") -> dict[str, Any]:
    """What is done to an order twice in one call is a mistake."""
    if len(set(given["ids"])) < len(given["ids"]):
        raise Invalid({field: TWICE})
    return given


class OrderActionDesk(Desk):
    model = Order
    queryset = Order.objects.none()
    needs = Can.STEER_ORDERS

    @extend_schema(request=BulkWriterAssignment, responses=shape(BulkReport))
    @action(detail=False, methods=["post"], url_path="bulk-assign")
    def bulk_assign(self, request: Request) -> Response:
        """Each order as by `orders/{id}/assign/`: what one refuses undoes no other."""
        body = self.payload(BulkWriterAssignment)
        return Response(assign_orders(body.pop("ids"), body.pop("wanted"), by=self.actor, **body))

    @extend_schema(request=BulkOrderAction, responses=shape(OrderBulkReport))
    @action(detail=False, methods=["post"], url_path="bulk-action")
    def bulk_action(self, request: Request) -> Response:
        """Each order as by the single endpoint: what one refuses undoes no other."""
        body = self.payload(BulkOrderAction)
        ids, kind, options = body.pop("ids"), body.pop("action"), body.pop("options")
        return Response(act_on_orders(ids, kind, options, by=self.actor, **body))

    @extend_schema(operation_id="admin_orders_timeline", responses=shape(OrderTimeline))
    @action(detail=False, url_path=r"timeline/(?P<pk>\d{1,18})")
    def timeline(self, request: Request, pk: str) -> Response:
        """Everything that happened to the order, by whom; how long it stood where, and on whom it waited."""
        return Response(order_timeline(self.actor, self.get_object()))
