"""What a website decides about its orders and prices. Defaults are those of RULES.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from copydesk.tenancy.policies import PolicyBase


@dataclass(frozen=True)
class OrderPolicy(PolicyBase):
    """Times are hours or days as named; shares are basis points (8000 = 80 %)."""

    policy_name: ClassVar[str] = "orders"

    least_lead_hours: int = 3
    writer_share_bps: int = 8000
    least_margin_hours: int = 2
    unpaid_hours: int = 72
    offer_hours: int = 2
    request_hours: int = 72
    auto_approve_days: int = 7
    revision_days: int = 14
    dispute_days: int = 14
    revision_share_bps: int = 2500
    least_revision_hours: int = 4
    takes_allowed: bool = True
    edits_by_default: bool = False
    editing_least_hours: int = 24
    editing_first_orders: int = 3
    editing_value_minor: int = 30_000
    archive_days: int = 180
    at_risk_share_bps: int = 2500
    at_risk_hours: int = 6
    stuck_hours: int = 24
    forfeiture: tuple[tuple[int, int], ...] = ((168, 0), (72, 2000), (24, 4000), (0, 8000))
    """(more than so many hours left, basis points forfeited), longest first."""
    match_weights: tuple[tuple[str, int], ...] = (
        ("subject", 30),
        ("past_performance", 25),
        ("paper_type", 15),
        ("level", 10),
        ("rating", 10),
        ("spare_capacity", 10),
    )
    """Percent of the match score, in all 100."""

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        pairs = {name: tuple(map(tuple, data[name])) for name in ("forfeiture", "match_weights") if name in data}
        return super().parse({**data, **pairs}, version)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of the order form. `factor_bps` multiplies the price of a page (10000 = unchanged)."""

    code: str
    name: str
    factor_bps: int = 10_000


@dataclass(frozen=True, slots=True)
class Level:
    """An academic level: what a double-spaced page costs, and how high it stands."""

    code: str
    name: str
    rank: int
    page_minor: int


@dataclass(frozen=True, slots=True)
class Extra:
    """`kind` fixed: an amount; page: an amount a page; percent: basis points of pages and slides."""

    code: str
    name: str
    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Urgency:
    """Applies when at most so many hours are left at placement."""

    within_hours: int
    factor_bps: int


def _choices(*names: str) -> tuple[Choice, ...]:
    return tuple(Choice(name.lower().replace(" ", "_"), name) for name in names)


@dataclass(frozen=True)
class PricingPolicy(PolicyBase):
    """The order form and its prices, in minor units of the website's currency."""

    policy_name: ClassVar[str] = "pricing"

    paper_types: tuple[Choice, ...] = _choices(
        "Essay",
        "Research paper",
        "Term paper",
        "Case study",
        "Lab report",
        "Dissertation",
        "Presentation",
        "Book review",
    )
    subjects: tuple[Choice, ...] = (
        *_choices("History", "Literature", "Psychology", "Sociology", "Business", "Nursing", "Biology", "Philosophy"),
        Choice("economics", "Economics", 11_000),
        Choice("law", "Law", 11_500),
        Choice("computer_science", "Computer science", 12_000),
        Choice("statistics", "Statistics", 12_000),
    )
    levels: tuple[Level, ...] = (
        Level("high_school", "High school", 1, 1_200),
        Level("bachelor", "Bachelor", 2, 1_600),
        Level("master", "Master", 3, 2_100),
        Level("doctoral", "Doctoral", 4, 2_800),
    )
    work_types: tuple[Choice, ...] = (
        Choice("writing", "Writing from scratch"),
        Choice("rewriting", "Rewriting", 7_500),
        Choice("editing", "Editing", 5_000),
        Choice("proofreading", "Proofreading", 3_000),
    )
    spacings: tuple[Choice, ...] = (Choice("double", "Double"), Choice("single", "Single", 20_000))
    urgencies: tuple[Urgency, ...] = (
        Urgency(8, 20_000),
        Urgency(24, 16_000),
        Urgency(72, 13_000),
        Urgency(168, 11_000),
    )
    extras: tuple[Extra, ...] = (
        Extra("plagiarism_report", "Plagiarism report", "fixed", 999),
        Extra("abstract", "Abstract", "fixed", 1_500),
        Extra("sources", "Copies of sources", "page", 200),
        Extra("top_writer", "Top writer", "percent", 1_500),
    )
    slide_minor: int = 700

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        kinds = {
            "paper_types": Choice,
            "subjects": Choice,
            "levels": Level,
            "work_types": Choice,
            "spacings": Choice,
            "urgencies": Urgency,
            "extras": Extra,
        }
        typed = {name: tuple(kind(**entry) for entry in data[name]) for name, kind in kinds.items() if name in data}
        return super().parse({**data, **typed}, version)
