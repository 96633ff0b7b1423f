"""Where a writer stands: its level, what is missing for the next one, its rank."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from copydesk.accounts.actor import Actor
from copydesk.core.errors import NotFound
from copydesk.reviews.models import Standing
from copydesk.reviews.queries import RankFactor, rank_factors
from copydesk.writers.models import Writer
from copydesk.writers.policies import WHOLE_BPS, Level, WriterPolicy
from copydesk.writers.queries import STARS_MILLI, LevelRow, level_row, stars


@dataclass(frozen=True, slots=True)
class Requirement:
    """`name` orders (completed in all), rating (stars) or completion (the rate of the last year, 0..1). `current` is
    null for who is unrated or has no outcomes; `missing` is what `needed` exceeds it by."""

    name: str
    needed: float
    current: float | None
    missing: float
    met: bool


@dataclass(frozen=True, slots=True)
class NextLevel:
    """`eligible`: every requirement is met. An admin promotes."""

    level: LevelRow
    eligible: bool
    requirements: list[Requirement]


@dataclass(frozen=True, slots=True)
class WriterRank:
    """`rank` 1 is the best `of` so many by `composite` (0..1), the weighted mean of `factors`, over the year before
    `as_of`; null with fewer than five outcomes. Worked out each hour; null as a whole for who was admitted since."""

    rank: int | None
    of: int
    composite: float
    factors: list[RankFactor]
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class WriterLevel:
    """`next_level` is null at the top."""

    level: LevelRow
    rating: float | None
    completed_orders: int
    next_level: NextLevel | None
    rank: WriterRank | None


def writer_level(actor: Actor) -> WriterLevel:
    """Two queries. Raises NotFound where the writer has no profile."""
    writer = Writer.objects.visible_to(actor).select_related("standing").first()
    if writer is None:
        raise NotFound
    policy = WriterPolicy.of(actor.website)
    standing: Standing | None = getattr(writer, "standing", None)
    above = policy.above(writer.level)
    return WriterLevel(
        level=level_row(actor.website, policy.level(writer.level)),
        rating=stars(writer.rating_milli),
        completed_orders=writer.completed_orders,
        next_level=None if above is None else _next(actor, above, writer, standing),
        rank=None
        if standing is None
        else WriterRank(
            rank=standing.rank,
            of=standing.ranked,
            composite=standing.composite,
            factors=rank_factors(standing),
            as_of=standing.computed_at,
        ),
    )


def _next(actor: Actor, level: Level, writer: Writer, standing: Standing | None) -> NextLevel:
    completion = standing.completed / standing.outcomes if standing and standing.outcomes else None
    requirements = [
        _requirement("orders", level.needs_orders, writer.completed_orders),
        _requirement("rating", level.needs_rating_milli / STARS_MILLI, stars(writer.rating_milli)),
        _requirement("completion", level.needs_completion_bps / WHOLE_BPS, completion),
    ]
    return NextLevel(level_row(actor.website, level), all(one.met for one in requirements), requirements)


def _requirement(name: str, needed: float, current: float | None) -> Requirement:
    missing = max(0.0, needed - (current or 0))
    shown = None if current is None else round(current, 4)
    return Requirement(name, needed, shown, round(missing, 4), not missing)
