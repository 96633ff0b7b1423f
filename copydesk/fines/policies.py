"""What a website fines, and how much: bands by lateness, shares or amounts by kind, a cap; versioned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from django.db import models

from copydesk.core.errors import Invalid
from copydesk.core.money import share
from copydesk.tenancy.models import Policy, Website
from copydesk.tenancy.policies import PolicyBase

WHOLE_BPS = 10_000
MINUTE = dt.timedelta(minutes=1)
MOST_BANDS = 20
LONGEST_MINUTES = 366 * 24 * 60


class FineKind(models.TextChoices):
    LATE_SUBMISSION = "late_submission"
    QUALITY = "quality"
    PLAGIARISM = "plagiarism"
    INACTIVITY = "inactivity"
    COMMUNICATION = "communication"
    EXCESSIVE_REVISIONS = "excessive_revisions"
    DROPPED_LATE = "dropped_late"
    WRONG_FILES = "wrong_files"
    PRIVACY = "privacy"
    OTHER = "other"


BY_LATENESS = (FineKind.LATE_SUBMISSION, FineKind.DROPPED_LATE)
"""Proposed by themselves, by the bands."""


@dataclass(frozen=True, slots=True)
class Band:
    """Less than so many minutes late: this share of the writer's pay, in basis points. The last has no end."""

    below_minutes: int | None
    share_bps: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a fine of a kind is where nobody says otherwise: a share of the pay, or an amount."""

    share_bps: int | None = None
    amount_minor: int | None = None


@dataclass(frozen=True)
class FinePolicy(PolicyBase):
    """`bands` from the shortest lateness up, of all of it and not added up. All fines of one writer's time on an order
    come to no more than `cap_bps` of the pay. A fine is issued `notice_hours` after it was proposed; it may be appealed
    for `appeal_days`, and an appeal is granted by itself after `decide_days`."""

    policy_name: ClassVar[str] = "fines"

    automatic: bool = True
    bands: tuple[Band, ...] = (
        Band(60, 500),
        Band(120, 1_000),
        Band(180, 1_500),
        Band(24 * 60, 2_500),
        Band(None, 5_000),
    )
    tariffs: Mapping[str, Tariff] = field(default_factory=dict)
    cap_bps: int = 5_000
    notice_hours: int = 24
    appeal_days: int = 30
    decide_days: int = 7

    def band(self, late: dt.timedelta) -> Band:
        minutes = late / MINUTE
        return next(band for band in self.bands if band.below_minutes is None or minutes < band.below_minutes)

    def cap_minor(self, pay_minor: int) -> int:
        return share(pay_minor, self.cap_bps, WHOLE_BPS)

    @classmethod
    def check(cls, data: Mapping[str, Any]) -> None:
        errors = {
            name: f"A whole number from {least} to {most}."
            for name, (least, most) in BOUNDS.items()
            if name in data and not _whole(data[name], least, most)
        }
        if "automatic" in data and not isinstance(data["automatic"], bool):
            errors["automatic"] = "true or false."
        if "bands" in data and (wrong := _wrong_bands(data["bands"])):
            errors["bands"] = wrong
        if "tariffs" in data and (wrong := _wrong_tariffs(data["tariffs"])):
            errors["tariffs"] = wrong
        if errors:
            raise Invalid(errors)

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        given = dict(data)
        if "bands" in given:
            given["bands"] = tuple(Band(**band) for band in given["bands"])
        if "tariffs" in given:
            given["tariffs"] = {kind: Tariff(**tariff) for kind, tariff in given["tariffs"].items()}
        return super().parse(given, version)


BOUNDS = {
    "cap_bps": (0, WHOLE_BPS),
    "notice_hours": (0, 24 * 30),
    "appeal_days": (1, 366),
    "decide_days": (1, 90),
}


def policy_at(website: Website | int, at: dt.datetime) -> FinePolicy:
    """The version that was in force then. Two queries at most."""
    rows = Policy.objects.of(website).filter(name=FinePolicy.policy_name, created_at__lte=at)
    version = rows.order_by("-version").values_list("version", flat=True).first()
    return FinePolicy.of(website, version or 0)


def _whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _wrong_bands(bands: Any) -> str:
    if not isinstance(bands, Sequence) or isinstance(bands, str) or not 1 <= len(bands) <= MOST_BANDS:
        return f"One to {MOST_BANDS} bands."
    before = 0
    for band in bands:
        if not isinstance(band, Mapping) or set(band) != {"below_minutes", "share_bps"}:
            return "Each has below_minutes and share_bps."
        if not _whole(band["share_bps"], 0, WHOLE_BPS):
            return f"Each share_bps is from 0 to {WHOLE_BPS}."
        last = band is bands[-1]
        if last != (band["below_minutes"] is None):
            return "The last, and no other, has no end."
        if not last:
            if not _whole(band["below_minutes"], before + 1, LONGEST_MINUTES):
                return "Each ends later than the one before."
            before = band["below_minutes"]
    return ""


def _wrong_tariffs(tariffs: Any) -> str:
    if not isinstance(tariffs, Mapping) or not set(tariffs) <= set(FineKind.values) - set(BY_LATENESS):
        return "By kind, but for those that go by bands."
    for tariff in tariffs.values():
        if not isinstance(tariff, Mapping) or len(tariff) != 1 or not set(tariff) <= {"share_bps", "amount_minor"}:
            return "Each is either a share_bps or an amount_minor."
        if not (_whole(tariff.get("share_bps", 0), 0, WHOLE_BPS) and _whole(tariff.get("amount_minor", 1), 1, 10**10)):
            return "A share_bps up to 10000, or an amount_minor above zero."
    return ""
