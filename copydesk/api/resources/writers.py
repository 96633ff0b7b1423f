"""`/writers/`: onboarding, profiles, leave and suspension; whom a client prefers or blocks."""

from __future__ import annotations

from typing import Any

import django_filters
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.desk import Desk
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid, NotFound
from copydesk.orders.policies import PricingPolicy
from copydesk.writers import actions, queries
from copydesk.writers.models import ChoiceKind, Writer, WriterQuerySet, WriterStatus
from copydesk.writers.queries import OwnProfile, WriterCard, WriterDetail, WriterRow

PEN_NAME = r"^[^\W_][\w .'’-]*$"
MOST_CODES = 50


def codes() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=MOST_CODES, required=False, allow_empty=True
    )


class Profile(serializers.Serializer[Any]):
    """A pen name is unique on its website, whatever the case. Subjects and paper types are codes of public/catalog/."""

    pen_name = serializers.RegexField(PEN_NAME, min_length=2, max_length=60)
    bio = serializers.CharField(max_length=2_000, allow_blank=True, required=False)
    subjects = codes()
    paper_types = codes()


class Leave(serializers.Serializer[Any]):
    """`from` now where it is not given. The leave ends by itself at `until`."""

    until = serializers.DateTimeField()
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.DateTimeField(required=False), **super().get_fields()}


class Approval(serializers.Serializer[Any]):
    level = serializers.CharField(max_length=40, required=False)
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class Reason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class OptionalReason(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class Suspension(serializers.Serializer[Any]):
    until = serializers.DateTimeField()
    reason = serializers.CharField(max_length=500)


class LevelChange(serializers.Serializer[Any]):
    level = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=500)


class WriterFilter(django_filters.FilterSet):
    """`status` and `level` narrow what the caller may see; `search` is part of a pen name; `choice` is a client's own."""

    status = django_filters.ChoiceFilter(choices=WriterStatus.choices)
    level = django_filters.CharFilter(max_length=40)
    subject = django_filters.CharFilter(method="by_subject", max_length=40)
    paper_type = django_filters.CharFilter(method="by_paper_type", max_length=40)
    search = django_filters.CharFilter(method="by_pen_name", max_length=60)
    choice = django_filters.ChoiceFilter(choices=ChoiceKind.choices, method="by_choice")

    def by_subject(self, rows: WriterQuerySet, name: str, value: str) -> WriterQuerySet:
        return rows.writing("subject", value)

    def by_paper_type(self, rows: WriterQuerySet, name: str, value: str) -> WriterQuerySet:
        return rows.writing("paper_type", value)

    def by_pen_name(self, rows: WriterQuerySet, name: str, value: str) -> WriterQuerySet:
        return rows.named_like(value)

    def by_choice(self, rows: WriterQuerySet, name: str, value: str) -> WriterQuerySet:
        return rows.chosen_by(self.request._request.actor.membership_id or 0, value)


class WriterDesk(Desk):
    """A client sees writers by pen name; staff see the people; a writer the own profile at `me/`."""

    model = Writer
    queryset = Writer.objects.none()
    needs = Can.VIEW_WRITERS
    sorts = {"pen_name": "pen_name", "rating": "rating_milli", "completed": "completed_orders", "applied_at": "applied_at"}

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("member__user")

    @extend_schema(
        responses=PolymorphicProxySerializer(
            component_name="ListedWriter",
            serializers=[shape(WriterCard), shape(WriterRow)],
            resource_type_field_name=None,
            many=True,
        )
    )
    @action(detail=False)
    def list(self, request: Request) -> Response:
        raise NotImplementedError
