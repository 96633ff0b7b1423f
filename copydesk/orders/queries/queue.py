"""The orders that a writer may have next: open ones, those it has asked for, those offered to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, cast

from django.db.models import IntegerField

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.errors import NotFound
from copydesk.core.money import to_decimal
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.policies import in_force
from copydesk.tenancy.sql import expression, holds, select
from copydesk.writers.policies import Level, WriterPolicy
from copydesk.writers.queries import mean_rating

from ..models import Order, Status
from ..models.order import OrderQuerySet
from ..policies import OrderPolicy
from .deadlines import writer_due
from .match import Facts, exclusions, own_facts
from .score import Match, factors, match_of

TABS = ("open", "requests", "offers", "preferred")

MINE = "website_id = %(website)s AND writer_id = %(writer)s"
ASKED = f"orders_order.id IN (SELECT order_id FROM orders_request WHERE {MINE} AND status = 'requested')"  # noqa: S608
BLOCKED, FAVOURED = (
    f"orders_order.client_id IN (SELECT client_id FROM writers_choice WHERE {MINE} AND kind = '{kind}')"  # noqa: S608
    for kind in ("block", "favour")
)
DECLINED = f"""(
    orders_order.id IN (SELECT order_id FROM orders_offer WHERE {MINE} AND outcome = 'declined')
    OR orders_order.id IN (
        SELECT order_id FROM orders_assignment WHERE {MINE} AND outcome = 'released' AND cause = 'writer'
    )
)"""  # noqa: S608 — put together from constants
"""As `match.DECLINED`, and below as KNOWS_SUBJECT and KNOWS_PAPER_TYPE there: for one writer and many orders, so that
what the writer has is read once and not for each order."""
KNOWS_SUBJECT, KNOWS_PAPER_TYPE = (
    f"orders_order.{kind} IN (SELECT code FROM writers_skill WHERE {MINE} AND kind = '{kind}')"  # noqa: S608
    for kind in ("subject", "paper_type")
)
OPEN = f"""(
    orders_order.status = 'available' AND orders_order.client_deadline > %(at)s AND orders_order.level_rank <= %(rank)s
    AND NOT {BLOCKED} AND NOT {ASKED} AND NOT {DECLINED}
)"""
OFFERED = "(orders_order.status = 'offered' AND orders_order.offered_to_id = %(writer)s AND offer_expires_at > %(at)s)"
PREFERRED = f"({OPEN} AND (orders_order.preferred_writer_id = %(writer)s OR {FAVOURED}))"
FIT = f"""(
    CASE WHEN {KNOWS_SUBJECT} THEN %(subject)s ELSE 0 END + CASE WHEN {KNOWS_PAPER_TYPE} THEN %(paper_type)s ELSE 0 END
)"""

SHOWN = f"""
SELECT orders_order.id, number, orders_order.status, topic, paper_type, subject, academic_level, level_rank, work_type,
       pages, slides, spacing, client_deadline, placed_at, price_minor,
       r.id, r.bid_minor, r.message, r.requested_at, r.expires_at, f.pay_minor, f.offered_at, f.expires_at,
       (SELECT m.number FROM accounts_membership m WHERE m.website_id = %(website)s AND m.id = client_id),
       coalesce(preferred_writer_id = %(writer)s, false) OR {FAVOURED}, {DECLINED}, {KNOWS_SUBJECT}, {KNOWS_PAPER_TYPE}
FROM orders_order
LEFT JOIN orders_request r ON r.website_id = %(website)s AND r.order_id = orders_order.id AND r.writer_id = %(writer)s
                          AND r.status = 'requested'
LEFT JOIN orders_offer f ON f.website_id = %(website)s AND f.order_id = orders_order.id AND f.writer_id = %(writer)s
                        AND f.outcome = ''
WHERE orders_order.website_id = %(website)s AND orders_order.id = ANY(%(ids)s)
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class QueueRequest:
    """The own open request. `bid` is the pay asked for, null for the level's."""

    id: int
    message: str
    bid: Decimal | None
    requested_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class QueueOffer:
    offered_at: dt.datetime
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class QueueRow:
    """`client` is "Client 12". `writer_deadline`: when the work would be due, were it begun now. `pay` is what the
    writer would get: as offered, as bid, else by its level. `match.factors` say why the score is what it is, and
    `match.exclusions` why the writer may not have the order now; `may_take`, `may_request`: what it could do at
    once.
    `preferred`: the client named the writer with this order, or prefers it at all."""

    id: int
    number: int
    status: Status
    topic: str
    paper_type: str
    subject: str
    academic_level: str
    work_type: str
    pages: int
    slides: int
    spacing: str
    client: str
    writer_deadline: dt.datetime | None
    pay: Decimal
    currency: str
    placed_at: dt.datetime
    preferred: bool
    may_take: bool
    may_request: bool
    match: Match
    request: QueueRequest | None
    offer: QueueOffer | None


@dataclass(frozen=True, slots=True)
class QueueCapacity:
    """By the writer's level. `takes_allowed`: by the website and the level, else orders are asked for."""

    active_orders: int
    max_active_orders: int
    orders_left: int
    open_requests: int
    max_open_requests: int
    requests_left: int
    takes_allowed: bool


class _Shown(NamedTuple):
    """What SHOWN reads of an order, and of what there is between it and the writer."""

    id: int
    number: int
    status: str
    topic: str
    paper_type: str
    subject: str
    academic_level: str
    level_rank: int
    work_type: str
    pages: int
    slides: int
    spacing: str
    client_deadline: dt.datetime
    placed_at: dt.datetime
    price_minor: int
    request_id: int | None
    bid_minor: int | None
    message: str
    requested_at: dt.datetime
    request_expires_at: dt.datetime
    offered_minor: int | None
    offered_at: dt.datetime
    offer_expires_at: dt.datetime
    client_number: int
    preferred: bool
    declined: bool
    knows_subject: bool
    knows_paper_type: bool


class WriterQueue:
    """One writer's queue: `tabs` narrow `orders`, `rows` shows a page. Two queries to begin with, and one for the
    website's mean rating where the writer is unrated. Raises NotFound where the writer was never admitted."""

    def __init__(self, actor: Actor) -> None:
        assert actor.membership_id is not None
        found = own_facts(actor.website, actor.membership_id)
        if found is None:
            raise NotFound
        self.actor = actor
        self.writer_id = actor.membership_id
        self.at = clock.now()
        self._matches: dict[tuple[object, ...], Match] = {}
        self.facts: Facts = found
        self.policy, self.levels = in_force(actor.website, OrderPolicy, WriterPolicy)
        self.level: Level = self.levels.level(found.level)
        self.mean = mean_rating(actor.website) if found.rating_milli is None else None

    @cached_property
    def capacity(self) -> QueueCapacity:
        level, facts = self.level, self.facts
        return QueueCapacity(
            active_orders=facts.active,
            max_active_orders=level.max_active_orders,
            orders_left=max(0, level.max_active_orders - facts.active),
            open_requests=facts.open_requests,
            max_open_requests=level.max_open_requests,
            requests_left=max(0, level.max_open_requests - facts.open_requests),
            takes_allowed=self.policy.takes_allowed and level.can_take,
        )

    @property
    def orders(self) -> OrderQuerySet:
        """Their ids, of which `rows` makes a page. With `fit`, by which they are in the order of their match: the rest
        of the score is the writer's alone."""
        fit = expression(FIT, IntegerField(), **self._values)
        rows = Order.objects.of(self.actor.website).annotate(fit=fit).order_by("-fit", "client_deadline")
        return cast(OrderQuerySet, rows.values_list("pk", flat=True))

    @property
    def tabs(self) -> Mapping[str, Tab]:
        """`open`: what the writer could take or ask for, were it free: available, in time, of a level that it is
        qualified for, not declined or dropped by it before, not asked for already. `preferred` are those of them whose
        client prefers the writer. `offers` to it, until they expire; `requests`: what it has asked for, undecided."""

        def tab(condition: str) -> Tab:
            return Tab(holds(condition, **self._values), apart=True)

        return {"open": tab(OPEN), "requests": tab(ASKED), "offers": tab(OFFERED), "preferred": tab(PREFERRED)}

    def rows(self, ids: Sequence[int]) -> list[QueueRow]:
        """One query, for the orders and what there is between the writer and each."""
        found = select(SHOWN, website=self.actor.website.pk, writer=self.writer_id, ids=list(ids))
        shown = {row[0]: _Shown._make(row) for row in found}
        return [self._row(shown[pk]) for pk in ids]

    def _row(self, order: _Shown) -> QueueRow:
        match = self._match(order)
        level_minor = self.level.pay_minor(pages=order.pages, price_minor=order.price_minor)
        pay_minor = next((minor for minor in (order.offered_minor, order.bid_minor) if minor is not None), level_minor)
        in_time = order.client_deadline > self.at
        free = order.status == Status.AVAILABLE and in_time and not match.exclusions
        capacity = self.capacity
        return QueueRow(
            id=order.id,
            number=order.number,
            status=Status(order.status),
            topic=order.topic,
            paper_type=order.paper_type,
            subject=order.subject,
            academic_level=order.academic_level,
            work_type=order.work_type,
            pages=order.pages,
            slides=order.slides,
            spacing=order.spacing,
            client=f"Client {order.client_number}",
            writer_deadline=writer_due(self.policy, self.at, order.client_deadline) if in_time else None,
            pay=to_decimal(pay_minor),
            currency=self.actor.website.currency,
            placed_at=order.placed_at,
            preferred=order.preferred,
            may_take=free and capacity.takes_allowed,
            may_request=free and order.request_id is None and capacity.requests_left > 0,
            match=match,
            request=None
            if order.request_id is None
            else QueueRequest(
                order.request_id,
                order.message,
                None if order.bid_minor is None else to_decimal(order.bid_minor),
                order.requested_at,
                order.request_expires_at,
            ),
            offer=None if order.offered_minor is None else QueueOffer(order.offered_at, order.offer_expires_at),
        )

    def _match(self, order: _Shown) -> Match:
        """It depends on little of the order, so a page of them has few different ones. A block is not in it, so that
        the writer does not learn of it."""
        key = (order.level_rank, order.declined, order.knows_subject, order.knows_paper_type)
        if key not in self._matches:
            writer = replace(
                self.facts,
                declined=order.declined,
                knows_subject=order.knows_subject,
                knows_paper_type=order.knows_paper_type,
            )
            codes = exclusions(order.level_rank, writer, self.levels)
            parts = factors(writer, self.levels, self.mean)
            self._matches[key] = match_of(parts, dict(self.policy.match_weights), codes)
        return self._matches[key]

    @property
    def _values(self) -> dict[str, Any]:
        weights = dict(self.policy.match_weights)
        return {
            "website": self.actor.website.pk,
            "writer": self.writer_id,
            "at": self.at,
            "rank": self.level.academic_rank,
            "subject": weights["subject"],
            "paper_type": weights["paper_type"],
        }
