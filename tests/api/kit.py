"""A desk that has one of everything, so that the kit is tested over HTTP and apart from any domain."""

from typing import Any, ClassVar

import django_filters
from django.urls import include, path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Can
from copydesk.api.access import HasAccount, Public
from copydesk.api.body import BulkSerializer, InstantField, InstantFilter, MoneyField
from copydesk.api.desk import Desk
from copydesk.api.lists import Cursor
from copydesk.core import bulk
from copydesk.core.errors import Refusal, WrongState
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.models import Policy
from copydesk.tenancy.policies import store_policy
from copydesk.tenancy.scope import in_transaction
from copydesk.tenancy.sql import holds


class Declined(Refusal):
    code = "payment_declined"


class MemberFilter(django_filters.FilterSet):
    role = django_filters.ChoiceFilter(choices=[("client", "client"), ("writer", "writer")])
    since = InstantFilter(field_name="created_at", lookup_expr="gte")
    number = django_filters.NumberFilter()


class Part(serializers.Serializer[Any]):
    count = serializers.IntegerField()


class Effect(serializers.Serializer[Any]):
    """What the tests send: every kind of field."""

    text = serializers.CharField(max_length=100, required=False)
    whole = serializers.IntegerField(required=False)
    at = InstantField(required=False)
    amount = MoneyField(required=False)
    yes = serializers.BooleanField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    parts = Part(many=True, required=False)
    free = serializers.JSONField(required=False)


class Query(serializers.Serializer[Any]):
    days = serializers.IntegerField(min_value=1, default=30)


class RoleChange(BulkSerializer):
    role = serializers.ChoiceField(choices=["client", "writer", "support"])


class Upload(serializers.Serializer[Any]):
    file = serializers.FileField()
    note = serializers.CharField(required=False)
    count = serializers.IntegerField(required=False)


def rows(found: Any) -> list[dict[str, Any]]:
    return [{"id": row.pk, "number": row.number, "role": row.role} for row in found]


class KitDesk(Desk):
    model = Membership
    needs: ClassVar[Any] = {"GET": Can.VIEW_ORDERS, "POST": Can.PLACE_ORDERS, "PATCH": Can.PLACE_ORDERS}
    filterset_class = MemberFilter
    sorts: ClassVar[dict[str, str]] = {"number": "number", "role": "role"}

    def list(self, request: Request) -> Response:
        return self.page(self.get_queryset(), rows)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(rows([self.get_object()])[0])

    def create(self, request: Request) -> Response:
        return Response(self.effect(), status=201)

    def effect(self) -> dict[str, Any]:
        given = self.payload(Effect)
        data = {name: str(value) for name, value in given.items()}
        return {"version": store_policy(self.actor.website, "kit", data).version, **data}

    @action(detail=False, url_path="queue")
    def queue(self, request: Request) -> Response:
        tabs = {"all": Tab(), "writers": Tab(holds("role = 'writer'"))}
        return self.page(self.get_queryset(), rows, tabs)

    @action(detail=False, url_path="stream", pagination_class=Cursor, filterset_class=None)
    def growing(self, request: Request) -> Response:
        return self.stream(self.get_queryset(), rows)

    @action(detail=False, url_path="report", query_class=Query)
    def report(self, request: Request) -> Response:
        return Response(self.query())

    @action(detail=False, methods=["post"], url_path="refuse")
    def refuse(self, request: Request) -> Response:
        self.effect()
        raise WrongState

    @action(detail=False, methods=["post"], url_path="decline")
    def decline(self, request: Request) -> Response:
        self.effect()
        return self.kept(Declined("No money."))

    @action(detail=False, methods=["post"], url_path="break")
    def break_(self, request: Request) -> Response:
        self.effect()
        raise ZeroDivisionError

    @action(detail=False, methods=["get", "post"], url_path="pay", leaves_process=True, moves_money=True)
    def pay(self, request: Request) -> Response:
        if request.method == "GET":
            return Response({"versions": Policy.objects.of(self.actor.website).count()})
        text = self.payload(Effect).get("text")
        if text == "refuse":
            raise WrongState
        with in_transaction():
            body = self.effect()
        if text == "break":
            raise ZeroDivisionError
        if text == "decline":
            return self.kept(Declined())
        with in_transaction():
            assert Policy.objects.of(self.actor.website).exists()
        return Response(body)

    @extend_schema(request=RoleChange)
    @action(detail=False, methods=["post"], url_path="bulk")
    def bulk(self, request: Request) -> Response:
        body = self.payload(RoleChange)
        ids, mode = body.pop("ids"), body.pop("mode")
        rows = self.get_queryset().in_bulk(ids)
        return Response(bulk.each(ids, rows, lambda row: change_role(row, **body), mode))

    @action(detail=False, methods=["post"], url_path="upload", parser_classes=[MultiPartParser])
    def upload(self, request: Request) -> Response:
        given = self.payload(Upload)
        data = {"file": given["file"].read().decode(), "note": given.get("note", "")}
        return Response({"version": store_policy(self.actor.website, "kit", data).version, **data})

    @action(detail=False, url_path="public", permission_classes=[Public])
    def public(self, request: Request) -> Response:
        return Response({})

    @action(detail=False, url_path="account", permission_classes=[HasAccount])
    def account(self, request: Request) -> Response:
        return Response({})

    @action(detail=False, url_path="closed", needs=None)
    def closed(self, request: Request) -> Response:
        return Response({})


def change_role(member: Membership, *, role: str) -> None:
    if member.role == role:
        raise WrongState(f"Already a {role}.")
    member.role = role
    member.save(update_fields=["role"])
    if role == "support":
        raise WrongState("Changed, and then refused.")


router = SimpleRouter()
router.register("kit", KitDesk, basename="kit")

handler400 = "copydesk.api.problems.bad_request"
handler403 = "copydesk.api.problems.forbidden"
handler404 = "copydesk.api.problems.not_found"
handler500 = "copydesk.api.problems.server_error"
urlpatterns = [path("api/v1/", include(router.urls))]
