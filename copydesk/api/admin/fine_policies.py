"""`/admin-management/fines/policies/`: its versions, and what a draft would have come to."""

from __future__ import annotations

from typing import Any

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.body import MoneyField, Reason
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.core.money import to_minor
from copydesk.fines.actions.policy import change_policy
from copydesk.fines.policies import BOUNDS, BY_LATENESS, LONGEST_MINUTES, MOST_BANDS, WHOLE_BPS, FineKind, FinePolicy
from copydesk.fines.queries.policies import FinePolicies, FinePolicyRow, policies
from copydesk.fines.queries.simulation import FineSimulation, simulation
from copydesk.tenancy.models import Policy

TARIFFED = [(kind.value, kind.label) for kind in FineKind if kind not in BY_LATENESS]


class FineBand(serializers.Serializer[Any]):
    below_minutes = serializers.IntegerField(min_value=1, max_value=LONGEST_MINUTES, allow_null=True)
    share_bps = serializers.IntegerField(min_value=0, max_value=WHOLE_BPS)


class FineTariffBody(serializers.Serializer[Any]):
    """Either a share of the pay or an amount."""

    kind = serializers.ChoiceField(choices=TARIFFED)
    share_bps = serializers.IntegerField(min_value=0, max_value=WHOLE_BPS, required=False, allow_null=True)
    amount = MoneyField(min_value=0, required=False, allow_null=True)


class FineDraft(serializers.Serializer[Any]):
    """What is left out is as a website begins with it."""

    automatic = serializers.BooleanField(required=False)
    bands = serializers.ListField(child=FineBand(), min_length=1, max_length=MOST_BANDS, required=False)
    tariffs = serializers.ListField(child=FineTariffBody(), max_length=len(TARIFFED), required=False)
    cap_bps = serializers.IntegerField(min_value=0, max_value=WHOLE_BPS, required=False)
    notice_hours = serializers.IntegerField(min_value=0, max_value=BOUNDS["notice_hours"][1], required=False)
    appeal_days = serializers.IntegerField(min_value=1, max_value=BOUNDS["appeal_days"][1], required=False)
    decide_days = serializers.IntegerField(min_value=1, max_value=BOUNDS["decide_days"][1], required=False)


class NewFinePolicy(FineDraft, Reason):
    pass


class FinePolicyDesk(Desk):
    model = Policy
    queryset = Policy.objects.none()
    needs = Can.DECIDE_FINES
    pagination_class: Any = None

    @extend_schema(operation_id="admin_fines_policies", responses=forced_singular_serializer(shape(FinePolicies)))
    def list(self, request: Request) -> Response:
        """The one in force, and its versions, newest first. An order's fines go by the one that was in force when its
        writer started."""
        return Response(policies(self.actor.website))

    @extend_schema(
        operation_id="admin_fines_policy_change", request=NewFinePolicy, responses={201: shape(FinePolicyRow)}
    )
    def create(self, request: Request) -> Response:
        """Another version, in force from now on. 409 `policy_changed` where two do it at once."""
        body = self.payload(NewFinePolicy)
        change_policy(_stored(body), by=self.actor, reason=body["reason"])
        return Response(policies(self.actor.website).in_force, status=201)

    @extend_schema(operation_id="admin_fines_simulate", request=FineDraft, responses=shape(FineSimulation))
    @action(detail=False, methods=["post"], url_path="simulate")
    def simulate(self, request: Request) -> Response:
        """What the draft, and what the policy in force, would make of the lateness of the last 90 days; changes
        nothing."""
        data = _stored(self.payload(FineDraft))
        FinePolicy.check(data)
        return Response(simulation(self.actor, FinePolicy.parse(data, 0)))


def _stored(body: dict[str, Any]) -> dict[str, Any]:
    """As a policy keeps it."""
    data = {name: value for name, value in body.items() if name not in ("reason", "tariffs")}
    if "tariffs" in body:
        data["tariffs"] = {one["kind"]: _tariff(one) for one in body["tariffs"]}
    return data


def _tariff(one: dict[str, Any]) -> dict[str, int]:
    amount, share_bps = one.get("amount"), one.get("share_bps")
    return {
        **({} if amount is None else {"amount_minor": to_minor(amount)}),
        **({} if share_bps is None else {"share_bps": share_bps}),
    }
