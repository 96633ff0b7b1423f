"""What an order costs: pure functions over a website's pricing policy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol, TypeVar

from copydesk.core.errors import Invalid
from copydesk.core.money import share, to_decimal

from ..policies import Extra, PricingPolicy, Urgency

WHOLE = 10_000


class Brief(Protocol):
    """What of an order form decides its price."""

    @property
    def paper_type(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def academic_level(self) -> str: ...
    @property
    def work_type(self) -> str: ...
    @property
    def spacing(self) -> str: ...
    @property
    def pages(self) -> int: ...
    @property
    def slides(self) -> int: ...
    @property
    def extras(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Line:
    kind: str
    code: str
    label: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class PriceLineRow:
    kind: str
    code: str
    label: str
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Quote:
    lines: list[PriceLineRow]
    total: Decimal
    currency: str
    writer_deadline: dt.datetime


class _Coded(Protocol):
    @property
    def code(self) -> str: ...


C = TypeVar("C", bound=_Coded)


def price_lines(policy: PricingPolicy, brief: Brief, left: dt.timedelta) -> list[Line]:
    """The lines of `brief` with `left` to the client's deadline; they sum to the price.

    Pages: pages × page price of the level × spacing × work type × subject. Slides: slides × slide price. Urgency: what
    its factor adds to both. Extras: fixed, by page, or a percentage of all that. Each line is rounded once, halves up.
    Raises Invalid naming each field whose code the website does not offer.
    """
    chosen = choose(policy, brief)
    pages = brief.pages * chosen.page
    slides = Decimal(brief.slides * policy.slide_minor)
    lines = [
        Line("pages", brief.academic_level, chosen.pages_label, brief.pages, _round(pages)),
        Line("slides", "slides", "Slides", brief.slides, _round(slides)),
    ]
    lines = [line for line in lines if line.quantity]
    work = sum(line.amount_minor for line in lines)
    urgency = urgency_of(policy, left)
    if urgency:
        label = f"Within {urgency.within_hours} hours"
        lines.append(
            Line("urgency", str(urgency.within_hours), label, 1, share(work, urgency.factor_bps, WHOLE) - work)
        )
    urgent_work = sum(line.amount_minor for line in lines)
    lines += [
        Line("extra", extra.code, extra.name, 1, extra_minor(extra, brief.pages, urgent_work))
        for extra in chosen.extras
    ]
    return lines


@dataclass(frozen=True, slots=True)
class Chosen:
    page: Decimal
    pages_label: str
    level_rank: int
    extras: list[Extra]


def choose(policy: PricingPolicy, brief: Brief) -> Chosen:
    """The policy's entries that the brief names, checked all at once."""
    errors: dict[str, str] = {}
    paper_type = _find(policy.paper_types, brief.paper_type, "paper_type", errors)
    subject = _find(policy.subjects, brief.subject, "subject", errors)
    level = _find(policy.levels, brief.academic_level, "academic_level", errors)
    work_type = _find(policy.work_types, brief.work_type, "work_type", errors)
    spacing = _find(policy.spacings, brief.spacing, "spacing", errors)
    extras = [_find(policy.extras, code, "extras", errors) for code in brief.extras]
    if len(set(brief.extras)) != len(brief.extras):
        errors["extras"] = "The same extra twice."
    if brief.pages == 0 and brief.slides == 0:
        errors["pages"] = "At least one page or slide."
    if errors or not (paper_type and subject and level and work_type and spacing):
        raise Invalid(errors)
    page = Decimal(level.page_minor)
    for entry in (paper_type, subject, work_type, spacing):
        page = page * entry.factor_bps / WHOLE
    label = f"Pages: {level.name}, {spacing.name.lower()} spaced"
    return Chosen(page, label, level.rank, [extra for extra in extras if extra])


def urgency_of(policy: PricingPolicy, left: dt.timedelta) -> Urgency | None:
    """The narrowest band that the time left falls into."""
    fitting = [u for u in policy.urgencies if left <= dt.timedelta(hours=u.within_hours)]
    return min(fitting, key=lambda urgency: urgency.within_hours, default=None)


def extra_minor(extra: Extra, pages: int, work_minor: int) -> int:
    if extra.kind == "percent":
        return share(work_minor, extra.amount, WHOLE)
    return extra.amount * pages if extra.kind == "page" else extra.amount


def total_minor(lines: Iterable[Line]) -> int:
    return sum(line.amount_minor for line in lines)


def rows(lines: Iterable[Line]) -> list[PriceLineRow]:
    return [
        PriceLineRow(line.kind, line.code, line.label, line.quantity, to_decimal(line.amount_minor)) for line in lines
    ]


def _round(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _find(entries: Iterable[C], code: str, field: str, errors: dict[str, str]) -> C | None:
    found = next((entry for entry in entries if entry.code == code), None)
    if found is None:
        errors[field] = f"Not offered here: {code}."
    return found
