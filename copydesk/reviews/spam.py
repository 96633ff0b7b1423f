"""The spam score: 0 to 1, of named signals, each with what it stands on. It rejects nothing by itself."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.db import models

from .models import HIGH_STARS, LOW_STARS
from .wording import tone_of

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
WINDOW = DAY
"""Of velocities."""
COMPARED_DAYS = 180
"""How old a text may be for another one to be its near-duplicate."""
BASELINE_DAYS = 90
"""What a day's low reviews are compared with."""
LEAST_BURST = 3
CHANCE = 1e-4
CONTACTS = ("email", "phone", "link", "handle")


class SignalName(models.TextChoices):
    NO_COMPLETED_ORDER = "no_completed_order"
    ACCOUNT_AGE = "account_age"
    ACCOUNT_VELOCITY = "account_velocity"
    ADDRESS_VELOCITY = "address_velocity"
    NEAR_DUPLICATE = "near_duplicate"
    CONTACT_DETAILS = "contact_details"
    TEXT_AGAINST_STARS = "text_against_stars"
    BURST = "burst"


@dataclass(frozen=True, slots=True)
class Signal:
    """`weight` 0..1. `evidence`: the numbers and ids that it stands on."""

    name: SignalName
    weight: float
    evidence: dict[str, float]


class Evidence(NamedTuple):
    """What the rows say of a review that is being written: of its author, its address, the text most like it, and the
    low reviews of the same subject, today and in the time before. `alike` counts fragments in common."""

    has_completed: bool
    joined_at: dt.datetime
    by_account: int
    by_address: int
    alike_id: int | None
    alike_first_id: int | None
    alike: int
    low_today: int
    low_before: int


N = SignalName
LADDERS: dict[SignalName, tuple[tuple[float, float], ...]] = {
    N.ACCOUNT_VELOCITY: ((6, 0.6), (3, 0.3)),
    N.ADDRESS_VELOCITY: ((6, 0.6), (3, 0.3)),
    N.NEAR_DUPLICATE: ((0.9, 0.6), (0.6, 0.4)),
    N.CONTACT_DETAILS: ((2, 0.6), (1, 0.4)),
}
"""From which value on a signal weighs how much, the highest first."""
YOUNG = ((24, 0.25), (7 * 24, 0.1))
"""Hours since the author joined, and the weight under them."""
LEAST_ALIKE = LADDERS[N.NEAR_DUPLICATE][-1][0]
TONES_APART = 2


def signals_of(
    seen: Evidence, *, rating: int, text: str, masked: Mapping[str, int], fragments: int, at: dt.datetime
) -> list[Signal]:
    """In the order of SignalName. `masked`: what was removed from the text, by kind; `fragments`: how many it has."""
    found = []
    if not seen.has_completed:
        found.append(Signal(N.NO_COMPLETED_ORDER, 0.4, {"completed_orders": 0}))
    hours = max((at - seen.joined_at) / HOUR, 0.0)
    if young := next((weight for under, weight in YOUNG if hours < under), None):
        found.append(Signal(N.ACCOUNT_AGE, young, {"hours": round(hours, 1)}))
    found += _step(N.ACCOUNT_VELOCITY, seen.by_account, reviews_in_24h=seen.by_account)
    found += _step(N.ADDRESS_VELOCITY, seen.by_address, reviews_in_24h=seen.by_address)
    if seen.alike_id is not None:
        share = seen.alike / fragments
        found += _step(N.NEAR_DUPLICATE, share, review_id=seen.alike_id, similarity=round(share, 3))
    contacts = sum(masked.get(kind, 0) for kind in CONTACTS)
    found += _step(N.CONTACT_DETAILS, contacts, removed=contacts)
    positive, negative = tone_of(text)
    against = negative - positive if rating >= HIGH_STARS else positive - negative if rating <= LOW_STARS else 0
    if against >= TONES_APART:
        evidence: dict[str, float] = {"praising_words": positive, "blaming_words": negative, "stars": rating}
        found.append(Signal(N.TEXT_AGAINST_STARS, 0.35, evidence))
    if rating <= LOW_STARS and (burst := burst_of(seen.low_today + 1, seen.low_before)):
        found.append(burst)
    return found


def burst_of(low_today: int, low_before: int) -> Signal | None:
    """More low reviews of one subject in a day than chance allows, after those of the time before."""
    expected = expected_of(low_before)
    if low_today < LEAST_BURST or (chance := poisson_tail(low_today, expected)) >= CHANCE:
        return None
    evidence = {"low_reviews": low_today, "expected": round(expected, 3), "p": float(f"{chance:.3g}")}
    return Signal(N.BURST, 0.5, evidence)


def expected_of(low_before: int) -> float:
    """A day's, as if there had been one more: whoever had none so far may get one."""
    return (low_before + 1) / BASELINE_DAYS


def poisson_tail(least: int, mean: float) -> float:
    """That chance gives `least` or more where `mean` are expected. Summed from the small end, so that tiny ones are not
    what is left of 1."""
    term = math.exp(-mean + least * math.log(mean) - math.lgamma(least + 1))
    total, n = 0.0, least
    while term > total * 1e-12:
        total += term
        n += 1
        term *= mean / n
    return min(total, 1.0)


def score_milli(signals: Sequence[Signal]) -> int:
    """Each signal takes its weight of what is left: 1 − Π(1 − weight), in thousandths."""
    left = 1.0
    for signal in signals:
        left *= 1 - signal.weight
    return round(1000 * (1 - left))


def stored(signals: Sequence[Signal]) -> list[dict[str, Any]]:
    return [{**asdict(signal), "name": signal.name.value} for signal in signals]


def read(signals: Sequence[Mapping[str, Any]]) -> list[Signal]:
    return [Signal(SignalName(one["name"]), one["weight"], dict(one["evidence"])) for one in signals]


def _step(name: SignalName, value: float, **evidence: float) -> list[Signal]:
    weight = next((weight for least, weight in LADDERS[name] if value >= least), None)
    return [] if weight is None else [Signal(name, weight, evidence)]
