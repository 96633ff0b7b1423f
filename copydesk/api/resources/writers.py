"""`/writers/`: onboarding, profiles, leave and suspension; whom a client prefers or blocks."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from copydesk.accounts.permissions import Can
from copydesk.api.access import Public, address_of, called
from copydesk.api.body import InstantField, Nothing, OptionalReason, Reason
from copydesk.api.desk import Desk
from copydesk.api.resources.auth import Accepted, Registration
from copydesk.api.shape import shape
from copydesk.core.errors import Invalid
from copydesk.orders.policies import PricingPolicy
from copydesk.platform.actions import register_writer
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import in_transaction
from copydesk.writers import actions, queries
from copydesk.writers.models import ChoiceKind, Writer, WriterQuerySet, WriterStatus
from copydesk.writers.queries import OwnProfile, WriterCard, WriterDetail, WriterRow

PEN_NAME = r"^[^\W_][\w .'-]*$"
MOST_CODES = 50


def codes() -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=40), max_length=MOST_CODES, required=False, allow_empty=True
    )


class WriterProfile(serializers.Serializer[Any]):
    """A pen name is unique on its website, whatever the case. Subjects and paper types are codes of public/catalog/."""

    pen_name = serializers.RegexField(PEN_NAME, min_length=2, max_length=60)
    bio = serializers.CharField(max_length=2_000, allow_blank=True, required=False)
    subjects = codes()
    paper_types = codes()


class WriterApplication(Registration, WriterProfile):
    pass


class WriterLeave(serializers.Serializer[Any]):
    """`from` now where it is not given. The leave ends by itself at `until`."""

    until = InstantField()
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")

    def get_fields(self) -> dict[str, Any]:
        return {"from": InstantField(required=False), **super().get_fields()}


class WriterApproval(serializers.Serializer[Any]):
    level = serializers.CharField(max_length=40, required=False)
    reason = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class WriterSuspension(serializers.Serializer[Any]):
    until = InstantField()
    reason = serializers.CharField(max_length=500)


class WriterLevelChange(serializers.Serializer[Any]):
    level = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=500)


LISTED = partial(
    PolymorphicProxySerializer,
    component_name="ListedWriter",
    serializers=[shape(WriterCard), shape(WriterRow)],
    resource_type_field_name=None,
)
DETAILED = PolymorphicProxySerializer(
    component_name="DetailedWriter",
    serializers=[shape(WriterCard), shape(WriterDetail)],
    resource_type_field_name=None,
)


class WriterFilter(django_filters.FilterSet):
    """They narrow what the caller may see. `search` is part of a pen name; `choice` is a client's own."""

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
        return rows.chosen_by(self.request.actor.membership_id or 0, value)


def refuse_unknown_codes(website: Website, given: dict[str, Any]) -> None:
    catalog = PricingPolicy.of(website)
    known = {"subjects": catalog.subjects, "paper_types": catalog.paper_types}
    for name, entries in known.items():
        unknown = sorted(set(given.get(name, ())) - {entry.code for entry in entries})
        if unknown:
            raise Invalid({name: f"Not in the catalog: {', '.join(unknown)}."}, "unknown_code")


class WriterDesk(Desk):
    """A client sees writers by pen name; staff see the people; a writer the own profile at `me/`."""

    model = Writer
    needs = Can.VIEW_WRITERS
    filterset_class = WriterFilter
    sorts: ClassVar[dict[str, str]] = {
        "pen_name": "pen_name",
        "rating": "rated_milli",
        "completed": "completed_orders",
        "applied_at": "applied_at",
    }

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("member__user")

    @extend_schema(responses=LISTED(many=True))
    def list(self, request: Request) -> Response:
        """Clients: writers who take work, present or on leave. Staff: all, with names."""
        rows = self.get_queryset().with_rating()
        if self.actor.is_staff:
            return self.page(rows, lambda found: queries.rows(self.actor.website, found))
        return self.page(rows.at_work(), lambda found: queries.cards(self.actor, found))

    @extend_schema(responses=DETAILED)
    def retrieve(self, request: Request, pk: str) -> Response:
        return self._detail(self.get_object())

    @extend_schema(request=WriterApplication, responses={202: shape(Accepted)}, auth=[])
    @action(
        detail=False,
        methods=["post"],
        url_path="apply",
        permission_classes=[Public],
        authentication_classes=[],
        leaves_process=True,
        honours_key=False,
    )
    def apply(self, request: Request) -> Response:
        """Opens an account and applies as a writer. The answer is the same for a known e-mail, whose owner is told by
        mail how to join, and then applies at `me/apply/`."""
        body = self.payload(WriterApplication)
        edge = called(request)
        website = edge.caller.website
        assert website is not None
        with in_transaction():
            refuse_unknown_codes(website, body)
        register_writer(website, **body, request_id=edge.request_id, address=address_of(edge))
        return Response(Accepted("Look into your mail to go on."), status=202)

    @extend_schema(request=WriterProfile, responses={201: shape(OwnProfile)})
    @action(detail=False, methods=["post"], url_path="me/apply", needs=Can.HAVE_WRITER_PROFILE)
    def apply_as_member(self, request: Request) -> Response:
        """For who has joined as a writer by mail, and for who was rejected."""
        body = self.payload(WriterProfile)
        refuse_unknown_codes(self.actor.website, body)
        writer = actions.apply(by=self.actor, **body)
        return self.versioned(writer, queries.own_profile(self.actor, writer), 201)

    @extend_schema(methods=["GET"], responses=shape(OwnProfile))
    @extend_schema(methods=["PATCH"], request=WriterProfile, responses=shape(OwnProfile))
    @action(detail=False, methods=["get", "patch"], url_path="me", needs=Can.HAVE_WRITER_PROFILE)
    def me(self, request: Request) -> Response:
        """The own profile; the level is read-only."""
        writer = self._own()
        if request.method == "PATCH":
            given = self.payload(WriterProfile)
            refuse_unknown_codes(self.actor.website, given)
            actions.change_profile(writer, by=self.actor, **given)
        return self._profile(writer)

    @extend_schema(request=WriterLeave, responses=shape(OwnProfile))
    @action(detail=False, methods=["post"], url_path="me/leave", needs=Can.HAVE_WRITER_PROFILE)
    def leave(self, request: Request) -> Response:
        given = self.payload(WriterLeave)
        writer = actions.take_leave(
            self._own(), by=self.actor, since=given.get("from"), until=given["until"], reason=given["reason"]
        )
        return self._profile(writer)

    @extend_schema(request=Nothing, responses=shape(OwnProfile))
    @action(detail=False, methods=["post"], url_path="me/return", needs=Can.HAVE_WRITER_PROFILE)
    def return_(self, request: Request) -> Response:
        """Back from leave, or a planned leave taken back."""
        self.payload(Nothing)
        return self._profile(actions.return_from_leave(self._own(), by=self.actor))

    @extend_schema(request=WriterApproval, responses=shape(WriterDetail))
    @action(detail=True, methods=["post"], url_path="approve", needs=Can.DECIDE_WRITERS)
    def approve(self, request: Request, pk: str) -> Response:
        return self._detail(actions.approve_writer(self.get_object(), by=self.actor, **self.payload(WriterApproval)))

    @extend_schema(request=Reason, responses=shape(WriterDetail))
    @action(detail=True, methods=["post"], url_path="reject", needs=Can.DECIDE_WRITERS)
    def reject(self, request: Request, pk: str) -> Response:
        return self._detail(actions.reject_writer(self.get_object(), by=self.actor, **self.payload(Reason)))

    @extend_schema(request=WriterSuspension, responses=shape(WriterDetail))
    @action(detail=True, methods=["post"], url_path="suspend", needs=Can.DECIDE_WRITERS)
    def suspend(self, request: Request, pk: str) -> Response:
        """No new orders until then; those in work stay. It lifts itself."""
        return self._detail(actions.suspend_writer(self.get_object(), by=self.actor, **self.payload(WriterSuspension)))

    @extend_schema(request=OptionalReason, responses=shape(WriterDetail))
    @action(detail=True, methods=["post"], url_path="reinstate", needs=Can.DECIDE_WRITERS)
    def reinstate(self, request: Request, pk: str) -> Response:
        return self._detail(actions.reinstate_writer(self.get_object(), by=self.actor, **self.payload(OptionalReason)))

    @extend_schema(request=WriterLevelChange, responses=shape(WriterDetail))
    @action(detail=True, methods=["post"], url_path="level", needs=Can.DECIDE_WRITERS)
    def level(self, request: Request, pk: str) -> Response:
        """Up or down. What is in work keeps the pay that it was started with."""
        return self._detail(actions.change_level(self.get_object(), by=self.actor, **self.payload(WriterLevelChange)))

    @extend_schema(methods=["POST"], request=Nothing, responses=shape(WriterCard))
    @extend_schema(methods=["DELETE"], responses={200: shape(WriterCard)})
    @action(detail=True, methods=["post", "delete"], url_path="favour", needs=Can.CHOOSE_WRITERS)
    def favour(self, request: Request, pk: str) -> Response:
        """Preferred, and blocked no more. DELETE takes it back. The writer is not told."""
        return self._choose(ChoiceKind.FAVOUR)

    @extend_schema(methods=["POST"], request=Nothing, responses=shape(WriterCard))
    @extend_schema(methods=["DELETE"], responses={200: shape(WriterCard)})
    @action(detail=True, methods=["post", "delete"], url_path="block", needs=Can.CHOOSE_WRITERS)
    def block(self, request: Request, pk: str) -> Response:
        """Never given an order of this client, and preferred no more. DELETE takes it back. The writer is not told."""
        return self._choose(ChoiceKind.BLOCK)

    def _choose(self, kind: ChoiceKind) -> Response:
        writer = self.get_object()
        if self.request.method == "DELETE":
            actions.withdraw_choice(writer, kind, by=self.actor)
        else:
            self.payload(Nothing)
            actions.choose_writer(writer, kind, by=self.actor)
        return self._detail(writer)

    def _own(self) -> Writer:
        self.kwargs["pk"] = self.actor.membership_id or 0
        writer: Writer = self.get_object()
        return writer

    def _profile(self, writer: Writer) -> Response:
        return self.versioned(writer, queries.own_profile(self.actor, writer))

    def _detail(self, writer: Writer) -> Response:
        if self.actor.is_staff:
            return self.versioned(writer, queries.detail(self.actor, writer))
        return self.versioned(writer, queries.cards(self.actor, [writer])[0])
