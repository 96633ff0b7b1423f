"""Typed figures: what a number means travels with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`value` is numerator ÷ denominator, 0..1, null where the denominator is 0."""

    value: float | None
    numerator: int
    denominator: int

    @classmethod
    def of(cls, numerator: int, denominator: int) -> Rate:
        return cls(round(numerator / denominator, 4) if denominator else None, numerator, denominator)


@dataclass(frozen=True, slots=True)
class Spread:
    """A duration in the unit that its name ends with; null where nothing was measured."""

    p50: float | None
    p90: float | None
    mean: float | None
    n: int
