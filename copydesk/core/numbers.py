"""The shapes of a report's figures. Money is Decimal, its currency stands beside it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from .money import to_decimal
from .period import Bucket

V = TypeVar("V")
Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Rate:
    """`value` 0..1, null where the denominator is 0."""

    value: float | None
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Of `n` durations, in the unit that the field's name ends with; null where there are none."""

    p50: float | None
    p90: float | None
    mean: float | None
    n: int


@dataclass(frozen=True, slots=True)
class ComparedCount:
    """`change` is relative to `previous`: 0.5 is half as much again. Null without a baseline."""

    current: int
    previous: int | None
    change: float | None


@dataclass(frozen=True, slots=True)
class ComparedMoney:
    """As ComparedCount."""

    current: Decimal
    previous: Decimal | None
    change: float | None


def rate(numerator: int, denominator: int) -> Rate:
    return Rate(round(numerator / denominator, 3) if denominator else None, numerator, denominator)


def wilson_lower(numerator: int, denominator: int) -> float:
    """The lower bound of a rate at 95 % confidence, by Wilson's score: few outcomes prove little. 0 without any."""
    if not denominator:
        return 0.0
    share, z2 = numerator / denominator, Z_95**2
    centre = share + z2 / (2 * denominator)
    margin = Z_95 * math.sqrt(share * (1 - share) / denominator + z2 / (4 * denominator**2))
    return max(0.0, (centre - margin) / (1 + z2 / denominator))


def spread(p50: float | None, p90: float | None, mean: float | None, n: int) -> Spread:
    """Of what the database says, to two places."""
    p50, p90, mean = (None if value is None else round(value, 2) for value in (p50, p90, mean))
    return Spread(p50, p90, mean, n)


def compared_count(current: int, previous: int | None) -> ComparedCount:
    return ComparedCount(current, previous, _change(current, previous))


def compared_money(current_minor: int, previous_minor: int | None) -> ComparedMoney:
    previous = None if previous_minor is None else to_decimal(previous_minor)
    return ComparedMoney(to_decimal(current_minor), previous, _change(current_minor, previous_minor))


def filled(buckets: Sequence[Bucket], found: Mapping[int, V], empty: V) -> list[tuple[dt.date, V]]:
    """(first day, figure) of every bucket. `found` counts buckets from 1, as PostgreSQL's width_bucket() does; `empty`
    is what a bucket without rows has: zero for counts and sums, null for rates and averages."""
    return [(bucket.on, found.get(number, empty)) for number, bucket in enumerate(buckets, start=1)]


def _change(current: int, previous: int | None) -> float | None:
    return round((current - previous) / abs(previous), 3) if previous else None
