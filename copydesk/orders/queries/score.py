"""How well a writer fits an order: 0..1, with its factors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from copydesk.orders.models import Order
from copydesk.orders.policies import OrderPolicy
from copydesk.tenancy.policies import in_force
from copydesk.writers.policies import WriterPolicy
from copydesk.writers.queries import MOST_STARS, mean_rating, stars

from .match import Facts, exclusions, facts

NEUTRAL = 0.5
MOST_LISTED = 100
WHOLE_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Factors:
    """Each 0..1. `past_performance` is the share of good outcomes within a year (orders completed, rounds on time),
    drawn to one half while there are few; an unrated writer has the website's mean `rating`."""

    subject: float
    past_performance: float
    paper_type: float
    level: float
    rating: float
    spare_capacity: float


@dataclass(frozen=True, slots=True)
class Match:
    """`excluded`: the gravest of the codes in `exclusions`, null for a writer who may have the order."""

    score: float
    factors: Factors
    excluded: str | None
    exclusions: list[str]


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A writer of the website, and how well it fits an order. `favourite` of the order's client."""

    writer_id: int
    pen_name: str
    level: str
    active_orders: int
    favourite: bool
    match: Match


@dataclass(frozen=True, slots=True)
class Candidates:
    """`recommended` best first, at most 100; `excluded` with their codes, at most 100; the counts are of all."""

    recommended_count: int
    excluded_count: int
    recommended: list[CandidateRow]
    excluded: list[CandidateRow]


def candidates(order: Order) -> Candidates:
    """All admitted writers of the order's website. Three queries at most."""
    found = facts(order)
    scored = matches(order, found)
    rows = [
        CandidateRow(
            writer_id=row.writer_id,
            pen_name=row.pen_name,
            level=row.level,
            active_orders=row.active,
            favourite=row.choice == "favour",
            match=scored[row.writer_id],
        )
        for row in found
    ]
    rows.sort(key=lambda row: (-row.match.score, row.writer_id))
    recommended = [row for row in rows if row.match.excluded is None]
    excluded = [row for row in rows if row.match.excluded is not None]
    return Candidates(len(recommended), len(excluded), recommended[:MOST_LISTED], excluded[:MOST_LISTED])


def matches(order: Order, writers: Sequence[Facts]) -> dict[int, Match]:
    """By writer. One query for the policies, and one for the website's mean rating where somebody is unrated."""
    policy, levels = in_force(order.website_id, OrderPolicy, WriterPolicy)
    weights = dict(policy.match_weights)
    unrated = any(writer.rating_milli is None for writer in writers)
    mean = mean_rating(order.website_id) if unrated else None
    scored = {}
    for writer in writers:
        parts = factors(writer, levels, mean)
        codes = exclusions(order.level_rank, writer, levels)
        scored[writer.writer_id] = match_of(parts, weights, codes)
    return scored


def match_of(parts: Factors, weights: Mapping[str, int], codes: list[str]) -> Match:
    """`codes` that exclude, the gravest first."""
    return Match(score(parts, weights), parts, codes[0] if codes else None, codes)


def factors(writer: Facts, levels: WriterPolicy, mean: float | None) -> Factors:
    """`mean` rating of the website in stars, null where nobody is rated."""
    good = writer.completed + writer.rounds_on_time
    outcomes = writer.completed + writer.dropped + writer.rounds_submitted
    rating = stars(writer.rating_milli) or mean
    room = levels.level(writer.level).max_active_orders
    return Factors(
        subject=float(writer.knows_subject),
        past_performance=round((good + 1) / (outcomes + 2), 4),
        paper_type=float(writer.knows_paper_type),
        level=round(levels.fit(writer.level), 4),
        rating=NEUTRAL if rating is None else round(rating / MOST_STARS, 4),
        spare_capacity=max(0.0, round(1 - writer.active / room, 4)) if room else 0.0,
    )


def score(parts: Factors, weights: Mapping[str, int]) -> float:
    """The mean of the factors by weight."""
    weighed: float = sum(weights[name] * getattr(parts, name) for name in weights)
    return round(weighed / sum(weights.values()), 4)


def points_of(factor: str, weights: Mapping[str, int]) -> int:
    """Ten-thousandths of the score that a whole factor adds."""
    return round(WHOLE_POINTS * weights.get(factor, 0) / sum(weights.values()))


def own_points(writer: Facts, levels: WriterPolicy, mean: float | None, weights: Mapping[str, int]) -> int:
    """Ten-thousandths of the score for an order of which the writer knows neither subject nor paper type."""
    parts = replace(factors(writer, levels, mean), subject=0.0, paper_type=0.0)
    return round(WHOLE_POINTS * score(parts, weights))
