"""Every GET route of the URLconf, the roles that have it, and paths with ids of rows that each role sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.urls import URLPattern, URLResolver, get_resolver

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import GRANTS, MEMBER_ROLES, Role
from copydesk.api.access import Anyone, HasAccount, Needs, Public, needed_for
from copydesk.disputes.models import Dispute, Evidence
from copydesk.editing.models import EditingTask
from copydesk.fines.models import Fine
from copydesk.journal.models import Event
from copydesk.orders.models import Order, Request
from copydesk.orders.models.files import OrderFile
from copydesk.payments.models import Charge, Payout, PayoutStatement
from copydesk.refunds.models import Refund
from copydesk.reviews.models import Review
from copydesk.tickets.models import (
    AnyEscalation,
    CannedReply,
    Faq,
    PaymentIssue,
    Shift,
    Ticket,
    TicketFile,
)
from copydesk.writers.models import Writer

from .meter import FLOOR
from .people import Asker

API = "/api/v1/"
NOT_OURS = (f"{API}auth/app/", "/healthz/", f"{API}schema/", f"{API}docs/", f"{API}auth/openapi.", FLOOR)
"""The accounts library's own, what says nothing of any website, and the floor."""
DESK = re.compile(r"^[a-z]+-management/")
WITH_ACCOUNT = (*(role.value for role in MEMBER_ROLES), Role.SUPERADMIN.value)
TRIED = 40

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class Route:
    """`path` as CONTRACT writes it, without the prefix and with `{id}` for each parameter."""

    path: str
    callback: Any

    @property
    def is_desk(self) -> bool:
        return DESK.match(self.path) is not None

    def roles(self) -> tuple[str, ...]:
        view = self.callback.cls(**self.callback.initkwargs)
        if {Anyone, Public} & set(view.permission_classes):
            return ("anonymous",)
        if HasAccount in view.permission_classes:
            return WITH_ACCOUNT
        assert view.permission_classes == [Needs] or Needs in view.permission_classes, self.path
        needs = needed_for(view.needs, "GET")
        return tuple(role for role in WITH_ACCOUNT if needs in GRANTS[Role(role)])

    def paths(self, asker: Asker) -> Iterator[str]:
        """To be tried one after the other; none where the role sees no row."""
        wanted = self.path.count("{id}")
        if not wanted:
            yield self.path
            return
        if asker.actor is None:
            yield self.path.replace("{id}", asker.feed)
            return
        begun = max((begin for begin in IDS if self.path.startswith(begin)), key=len)
        for ids in IDS[begun](asker.actor):
            rest = iter(ids)
            yield re.sub(r"\{id\}", lambda _: str(next(rest)), self.path)  # noqa: B023 — used at once


def get_routes() -> list[Route]:
    found: dict[str, Route] = {}
    for path, callback in _views(get_resolver(settings.ROOT_URLCONF).url_patterns, "/"):
        actions = getattr(callback, "actions", None) or {"get": ""}
        if "get" in actions and not path.startswith(NOT_OURS):
            short = path.removeprefix(API)
            found.setdefault(short, Route(short, callback))  # the first that matches answers
    return [found[path] for path in sorted(found)]


def _views(patterns: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + re.sub(r"^\^|\$$|\\Z", "", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _views(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"\(\?P<\w+>.*?\)(?=/|$)|<[\w:]+>", "{id}", path), pattern.callback


def _eventful_orders(actor: Actor) -> Iterator[Ids]:
    """Of the newest that the role sees, those first of which there is most to tell."""
    newest = list(Order.objects.visible_to(actor).order_by("-id").values_list("id", flat=True)[:200])
    events = Event.objects.of(actor.website).filter(root_type="order", root_id__in=newest)
    ranked = events.values("root_id").annotate(n=Count("*")).order_by("-n", "root_id").values_list("root_id", flat=True)
    yield from ((order_id,) for order_id in ranked[:TRIED])


def _newest(model: Any, *columns: str, **where: Any) -> Callable[[Actor], Iterator[Ids]]:
    def found(actor: Actor) -> Iterator[Ids]:
        rows = model.objects.visible_to(actor).filter(**where).order_by("-pk")
        yield from rows.values_list(*(columns or ("pk",)))[:TRIED]

    return found


def _talked_about(actor: Actor) -> Iterator[Ids]:
    """Of the newest tickets that the role sees, those first of which there is most to tell."""
    newest = list(Ticket.objects.visible_to(actor).order_by("-id").values_list("id", flat=True)[:200])
    events = Event.objects.of(actor.website).filter(root_type="ticket", root_id__in=newest)
    ranked = events.values("root_id").annotate(n=Count("*")).order_by("-n", "root_id").values_list("root_id", flat=True)
    yield from ((ticket_id,) for ticket_id in ranked[:TRIED])


def _of_desk(model: Any) -> Callable[[Actor], Iterator[Ids]]:
    def found(actor: Actor) -> Iterator[Ids]:
        yield from model.objects.of(actor.website).order_by("-pk").values_list("pk")[:TRIED]

    return found


IDS: dict[str, Callable[[Actor], Iterator[Ids]]] = {
    "orders/": _eventful_orders,
    "orders/{id}/review/": _newest(Review, "order_id", order__isnull=False),
    "orders/disputes/": _newest(Dispute),
    "orders/disputes/files/": _newest(Evidence),
    "orders/files/": _newest(OrderFile),
    "orders/requests/": _newest(Request),
    "payments/": _newest(Charge, status="captured"),
    "fines/": _newest(Fine),
    "refunds/": _newest(Refund),
    "refunds/{id}/receipt/": _newest(Refund, receipt_number__isnull=False),
    "reviews/": _newest(Review),
    "writers/": _newest(Writer, status="approved"),
    "wallet/payouts/": _newest(PayoutStatement),
    "tickets/": _talked_about,
    "tickets/files/": _newest(TicketFile),
    "support-management/canned-replies/": _of_desk(CannedReply),
    "support-management/escalations/": _newest(AnyEscalation),
    "support-management/faqs/": _of_desk(Faq),
    "support-management/order-management/": _eventful_orders,
    "support-management/payment-issues/": _newest(PaymentIssue),
    "support-management/shifts/": _of_desk(Shift),
    "support-management/support-profiles/": _newest(Membership, role=Role.SUPPORT.value),
    "support-management/workload-tracker/": _newest(Membership, role=Role.SUPPORT.value),
    "editor-management/profiles/": _newest(Membership, role=Role.EDITOR.value),
    "editor-management/tasks/": _newest(EditingTask),
    "editor-management/tasks/{id}/changes/": _newest(EditingTask, outcome="returned"),
    "admin-management/orders/": _eventful_orders,
    "admin-management/reviews/": _newest(Review, waiting_since__isnull=False),
    "admin-management/writer-payments/": _newest(Payout, status="paid"),
    "admin-management/writer-payments/{id}/statements/{id}/": _newest(PayoutStatement, "payout_id", "writer_id"),
}
"""How a path with `{id}` begins → ids for it; the longest beginning counts."""
