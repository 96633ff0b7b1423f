"""`/support-management/shifts/`: who is on duty when."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import BIGGEST, InstantField, InstantFilter
from copydesk.api.desk import Desk
from copydesk.api.filters import BooleanFilter, WholeNumber
from copydesk.api.shape import shape
from copydesk.tickets.actions.desk import cancel_shift, move_shift, plan_shift
from copydesk.tickets.models import Shift
from copydesk.tickets.models.desk import ShiftQuerySet
from copydesk.tickets.queries.desk import ShiftRow, shift_rows, shifts

ROW = shape(ShiftRow)


class ShiftTimes(serializers.Serializer[Any]):
    """From `starts_at` to before `ends_at`, within a day; an agent's shifts do not overlap."""

    starts_at = InstantField()
    ends_at = InstantField()


class ShiftPlan(ShiftTimes):
    member_id = serializers.IntegerField(min_value=1, max_value=BIGGEST)


def touching() -> type[django_filters.FilterSet]:
    """`?from=&to=`: the shifts that touch that time."""
    ends = {"from": InstantFilter("ends_at", "gt"), "to": InstantFilter("starts_at", "lt")}
    return type("Touching", (django_filters.FilterSet,), ends)


class ShiftFilter(touching()):  # type: ignore[misc]
    """Those that touch the time between `from` and `to`; `running` now, or not."""

    member_id = WholeNumber(min_value=1, max_value=BIGGEST)
    running = BooleanFilter(method="by_running")

    def by_running(self, rows: ShiftQuerySet, name: str, value: bool) -> ShiftQuerySet:  # noqa: FBT001
        return rows.running(value)


class ShiftDesk(Desk):
    """All of the desk read them; admins plan them."""

    model = Shift
    queryset = Shift.objects.none()
    needs: ClassVar[Any] = {
        "GET": Can.VIEW_SUPPORT_DESK,
        **dict.fromkeys(("POST", "PATCH", "DELETE"), Can.MANAGE_DESK),
    }
    filterset_class: ClassVar[Any] = ShiftFilter
    sorts: ClassVar[dict[str, str]] = {"starts_at": "starts_at", "ends_at": "ends_at"}

    def get_queryset(self) -> Any:
        return self.queryset.all() if getattr(self, "swagger_fake_view", False) else shifts(self.actor)

    @extend_schema(operation_id="support_shifts_list", responses=ROW(many=True))
    def list(self, request: Request) -> Response:
        """The earliest first, where nothing else is asked."""
        return self.page(self.get_queryset(), lambda found: shift_rows(self.actor, found))

    @extend_schema(operation_id="support_shifts_retrieve", responses=ROW)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._seen(self.get_object())

    @extend_schema(operation_id="support_shifts_create", request=ShiftPlan, responses={201: ROW})
    def create(self, request: Request) -> Response:
        return self._after(plan_shift(**self.payload(ShiftPlan), by=self.actor), 201)

    @extend_schema(operation_id="support_shifts_change", request=ShiftTimes, responses=ROW)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Moves one end, or both; not when it is over."""
        shift, body = self.get_object(), self.payload(ShiftTimes)
        return self._after(move_shift(shift, by=self.actor, **body))

    @extend_schema(operation_id="support_shifts_cancel", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Not when it is over."""
        cancel_shift(self.get_object(), by=self.actor)
        return Response(status=204)

    def _after(self, shift: Shift, status: int = 200) -> Response:
        return self._seen(self.get_queryset().get(pk=shift.pk), status)

    def _seen(self, shift: Any, status: int = 200) -> Response:
        return self.versioned(shift, shift_rows(self.actor, [shift])[0], status)
