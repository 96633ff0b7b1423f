"""Money is a whole number of minor units inside and a decimal string with two places outside."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def to_decimal(minor: int) -> Decimal:
    return Decimal(minor).scaleb(-2)


def to_minor(amount: Decimal) -> int:
    """Exact: more than two places is an error of the caller, never rounded away."""
    minor = amount.scaleb(2)
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more than two decimal places")
    return int(minor)


def share(minor: int, part: Decimal | int, whole: Decimal | int = 1) -> int:
    """`part/whole` of an amount, to the nearest minor unit, halves up."""
    return int((Decimal(minor) * Decimal(part) / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_UP))


def split(minor: int, weights: Sequence[int]) -> list[int]:
    """Shares of `minor` in proportion to `weights`, by largest remainder: they sum to `minor` exactly."""
    total = sum(weights)
    if total <= 0:
        raise ValueError("weights must have a positive sum")
    shares = [minor * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(minor * weights[i] % total), i))
    for i in by_remainder[: minor - sum(shares)]:
        shares[i] += 1
    return shares
