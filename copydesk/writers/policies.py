"""What a website's levels of writers allow and pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from copydesk.core.money import share
from copydesk.tenancy.policies import PolicyBase

WHOLE_BPS = 10_000
HOUR_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Level:
    """`rank` orders the levels. `academic_rank`: the highest academic level that the writer is qualified for.

    Pay is `pay_per_page_minor` where that is set, else `pay_share_bps` of the price in basis points. `can_take`: may
    take an open order without asking for it. A writer may be promoted to it who has completed `needs_orders`, with that
    rating (thousandths of a star) and completion rate; people promote and demote.
    """

    code: str
    name: str
    rank: int
    academic_rank: int
    pay_share_bps: int = 0
    pay_per_page_minor: int | None = None
    tip_share_bps: int = WHOLE_BPS
    max_open_requests: int = 5
    max_active_orders: int = 10
    can_take: bool = True
    needs_orders: int = 0
    needs_rating_milli: int = 0
    needs_completion_bps: int = 0

    def pay_minor(self, *, pages: int, price_minor: int) -> int:
        """A writer's pay for an order, in minor units; never above its price."""
        if self.pay_per_page_minor is not None:
            return min(self.pay_per_page_minor * pages, price_minor)
        return share(price_minor, self.pay_share_bps, WHOLE_BPS)

    def tip_minor(self, tip_minor: int) -> int:
        """The writer's part of a tip, in minor units."""
        return share(tip_minor, self.tip_share_bps, WHOLE_BPS)


@dataclass(frozen=True)
class WriterPolicy(PolicyBase):
    """`levels` from the lowest rank up; the first is where a writer starts.

    Workload: how long a page and a slide take, what share of that a return or a revision takes (basis points), how many
    hours a day a writer writes, over how many days load is measured, how many days an order is meant to take.
    """

    policy_name: ClassVar[str] = "writers"

    levels: tuple[Level, ...] = (
        Level("junior", "Junior", rank=1, academic_rank=2, pay_share_bps=4_000, can_take=False),
        Level(
            "standard",
            "Standard",
            rank=2,
            academic_rank=3,
            pay_share_bps=4_500,
            needs_orders=10,
            needs_rating_milli=4_000,
            needs_completion_bps=8_500,
        ),
        Level(
            "senior",
            "Senior",
            rank=3,
            academic_rank=4,
            pay_share_bps=5_000,
            needs_orders=50,
            needs_rating_milli=4_300,
            needs_completion_bps=9_000,
        ),
        Level(
            "expert",
            "Expert",
            rank=4,
            academic_rank=99,
            pay_share_bps=5_500,
            needs_orders=150,
            needs_rating_milli=4_600,
            needs_completion_bps=9_500,
        ),
    )

    page_minutes: int = 60
    slide_minutes: int = 20
    rework_share_bps: int = 2_500
    day_hours: int = 8
    load_days: int = 7
    target_cycle_days: int = 5

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        known = dict(data)
        if "levels" in known:
            levels = sorted((Level(**level) for level in known["levels"]), key=lambda level: level.rank)
            known["levels"] = tuple(levels)
        return super().parse(known, version)

    def work_minutes(self, *, pages: int, slides: int, rework: bool) -> int:
        """How long a piece of work takes, rounded up; `rework`: a return or a revision of it."""
        whole = pages * self.page_minutes + slides * self.slide_minutes
        return -(-whole * self.rework_share_bps // WHOLE_BPS) if rework else whole

    @property
    def capacity_minutes(self) -> int:
        """What a writer can do in `load_days`."""
        return self.load_days * self.day_hours * HOUR_MINUTES

    @property
    def entry(self) -> Level:
        return self.levels[0]

    def level(self, code: str) -> Level:
        """The level named; one that the website has since abolished counts as the entry level."""
        for level in self.levels:  # asked for each writer of a page: a generator takes four times as long
            if level.code == code:
                return level
        return self.entry

    def above(self, code: str) -> Level | None:
        """The next level up; null at the top."""
        rank = self.level(code).rank
        return next((level for level in self.levels if level.rank > rank), None)

    def has(self, code: str) -> bool:
        return any(level.code == code for level in self.levels)

    def fit(self, code: str) -> float:
        """0..1: where the level stands among the website's levels."""
        return self.level(code).rank / self.levels[-1].rank
