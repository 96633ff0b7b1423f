"""Orders that need a writer, each with the writers who fit it best, and why the others may not have it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import DateTimeField

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.policies import in_force
from copydesk.tenancy.sql import expression, holds, select
from copydesk.writers.policies import WriterPolicy
from copydesk.writers.queries import mean_rating

from ..models import Order
from ..models.order import OrderQuerySet
from ..policies import OrderPolicy
from .attention import HOUR, NEEDS_ASSIGNMENT
from .deadlines import writer_due
from .managed import ManagedOrder, managed_orders
from .match import Facts, exclusions
from .pool import AWAY, BUSY, CODES, PAGE, Best
from .score import Factors, factors, match_of, points_of

TABS = ("all", "urgent", "with_requests", "returned", "past_deadline")
URGENT = 24 * HOUR
SHOWN = 5

START_BY = """(
    orders_order.client_deadline
    - (orders_order.pages * %(page_minutes)s + orders_order.slides * %(slide_minutes)s) * interval '1 minute'
)"""
"""Begun later, the work that the website's policy reckons for it is not done by the client's deadline."""
HAS_REQUEST = """EXISTS (
    SELECT 1 FROM orders_request r
    WHERE r.website_id = orders_order.website_id AND r.order_id = orders_order.id AND r.status = 'requested'
      AND r.expires_at > %(at)s
)"""
WAS_GIVEN = """(
    EXISTS (SELECT 1 FROM orders_offer f WHERE f.website_id = orders_order.website_id AND f.order_id = orders_order.id)
    OR EXISTS (
        SELECT 1 FROM orders_assignment a WHERE a.website_id = orders_order.website_id AND a.order_id = orders_order.id
    )
)"""


@dataclass(frozen=True, slots=True)
class Recommended:
    """`favourite` of the order's client; `preferred`: named with this order; `request_id`: its open request for it."""

    writer_id: int
    pen_name: str
    level: str
    active_orders: int
    favourite: bool
    preferred: bool
    request_id: int | None
    score: float
    factors: Factors


@dataclass(frozen=True, slots=True)
class ExclusionCount:
    """By the gravest reason of each writer."""

    code: str
    writers: int


@dataclass(frozen=True, slots=True)
class PreferredWriter:
    id: int
    pen_name: str


@dataclass(frozen=True, slots=True)
class UnassignedOrder:
    """`slack_hours`: what is left to the client's deadline less the `work_hours` that the website's policy reckons for
    the work. `writer_deadline`: were it begun now; null where the client's deadline has passed, which is to be moved
    first. `recommended`: the best five of the `eligible` writers; with those `excluded`, by reason, they are all of the
    website. orders/{id}/candidates/ has them by name."""

    order: ManagedOrder
    slack_hours: float
    work_hours: float
    writer_deadline: dt.datetime | None
    open_requests: int
    preferred_writer: PreferredWriter | None
    eligible: int
    recommended: list[Recommended]
    excluded: list[ExclusionCount]


class _Writers(NamedTuple):
    """What PAGE reads first: admitted writers by level, those marked by level and code."""

    of_level: Mapping[str, int]
    marked: Mapping[tuple[str, str], int]


class AssignmentQueue:
    """The policies are read to begin with: one query."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.at = clock.now()
        self.policy, self.levels = in_force(actor.website, OrderPolicy, WriterPolicy)
        self.values: dict[str, Any] = {
            "at": self.at,
            "page_minutes": self.levels.page_minutes,
            "slide_minutes": self.levels.slide_minutes,
        }

    @property
    def orders(self) -> OrderQuerySet:
        """The least slack first."""
        rows = Order.objects.visible_to(self.actor).filter(holds(NEEDS_ASSIGNMENT))
        start_by = expression(START_BY, DateTimeField(), **self.values)
        return rows.annotate(start_by=start_by).order_by("start_by", "pk")

    @property
    def tabs(self) -> Mapping[str, Tab]:
        """`urgent`: less slack than a day; `returned`: a writer has had it, or was offered it; `past_deadline`: the
        client's has passed."""

        def tab(condition: str) -> Tab:
            return Tab(holds(condition, **self.values, urgent=self.at + URGENT))

        return {
            "all": Tab(),
            "urgent": tab(f"{START_BY} < %(urgent)s"),
            "with_requests": tab(HAS_REQUEST),
            "returned": tab(WAS_GIVEN),
            "past_deadline": tab("orders_order.client_deadline <= %(at)s"),
        }

    def rows(self, ids: Sequence[int]) -> list[UnassignedOrder]:
        """Two queries; one more for the website's mean rating, where somebody shown is unrated."""
        if not ids:
            return []
        weights = dict(self.policy.match_weights)
        levels = self.levels.levels
        (first, *found) = sorted(
            select(
                PAGE,
                website=self.actor.website.pk,
                ids=list(ids),
                at=self.at,
                levels=[level.code for level in levels],
                rooms=[level.max_active_orders for level in levels],
                least_room=min(level.max_active_orders for level in levels),
                entry_room=self.levels.entry.max_active_orders,
                subject_points=points_of("subject", weights),
                paper_type_points=points_of("paper_type", weights),
            ),
            key=lambda row: row[0],
        )
        writers = _Writers(dict(first[2]), {(level, code): n for level, code, n in first[3]})
        unrated = any(one[4] is None for row in found for one in row[3])
        mean = mean_rating(self.actor.website) if unrated else None
        read = {row[0]: row[1:] for row in found}
        return [self._row(order, writers, weights, mean, *read[order.id]) for order in managed_orders(self.actor, ids)]

    def _row(
        self,
        order: ManagedOrder,
        writers: _Writers,
        weights: Mapping[str, int],
        mean: float | None,
        level_rank: int,
        gone: Sequence[Sequence[Any]],
        best: Sequence[Sequence[Any]],
        open_requests: int,
        preferred_id: int | None,
        preferred_name: str | None,
    ) -> UnassignedOrder:
        minutes = self.levels.work_minutes(pages=order.pages, slides=order.slides, rework=False)
        work = dt.timedelta(minutes=minutes)
        counts = self._counts(level_rank, writers, gone)
        eligible = counts.pop("", 0)
        in_time = order.client_deadline > self.at
        shown = [self._recommended(level_rank, weights, mean, preferred_id, Best(*one)) for one in best]
        rows = sorted((row for row in shown if row), key=lambda row: (-row.score, row.writer_id))
        return UnassignedOrder(
            order=order,
            slack_hours=round((order.client_deadline - work - self.at) / HOUR, 2),
            work_hours=round(work / HOUR, 2),
            writer_deadline=writer_due(self.policy, self.at, order.client_deadline) if in_time else None,
            open_requests=open_requests,
            preferred_writer=None if preferred_id is None else PreferredWriter(preferred_id, preferred_name or ""),
            eligible=eligible,
            recommended=rows[:SHOWN],
            excluded=[ExclusionCount(code, counts[code]) for code in CODES],
        )

    def _counts(self, level_rank: int, writers: _Writers, gone: Sequence[Sequence[Any]]) -> Counter[str]:
        """By code, the eligible by none: of all writers by their levels and marks, then those moved whom the order
        knows."""
        counts: Counter[str] = Counter()
        for level, all_ in writers.of_level.items():
            left = all_
            for code in (*AWAY, *BUSY):
                marked = writers.marked.get((level, code), 0)
                counts[self._code(level, level_rank, code)] += marked
                left -= marked
            counts[self._code(level, level_rank, "")] += left
        for _, level, code, marked in gone:
            now = self._code(level, level_rank, marked or "")
            if not now or CODES.index(code) < CODES.index(now):
                counts[now] -= 1
                counts[code] += 1
        return counts

    def _code(self, level: str, level_rank: int, marked: str) -> str:
        """The gravest of a writer whom the order does not know."""
        qualified = self.levels.level(level).academic_rank >= level_rank
        return marked if qualified or marked in AWAY else "not_qualified"

    def _recommended(
        self,
        level_rank: int,
        weights: Mapping[str, int],
        mean: float | None,
        preferred_id: int | None,
        best: Best,
    ) -> Recommended | None:
        """None where it has been excluded since its points were kept."""
        known = {name: value for name, value in best._asdict().items() if name != "request_id"}
        writer = Facts(
            **known,
            suspended=False,
            on_leave=False,
            overdue=0,
            declined=False,
            open_requests=0,
            has_requested=best.request_id is not None,
        )
        if exclusions(level_rank, writer, self.levels):
            return None
        match = match_of(factors(writer, self.levels, mean), weights, [])
        return Recommended(
            writer_id=best.writer_id,
            pen_name=best.pen_name,
            level=best.level,
            active_orders=best.active,
            favourite=best.choice == "favour",
            preferred=best.writer_id == preferred_id,
            request_id=best.request_id,
            score=match.score,
            factors=match.factors,
        )
