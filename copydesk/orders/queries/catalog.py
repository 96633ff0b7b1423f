"""What an order form offers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from copydesk.core.money import to_decimal
from copydesk.tenancy.models import Website

from ..policies import Choice, Extra, OrderPolicy, PricingPolicy

WHOLE = Decimal(10_000)


@dataclass(frozen=True, slots=True)
class CatalogChoice:
    """`factor` multiplies the price of a page."""

    code: str
    name: str
    factor: Decimal


@dataclass(frozen=True, slots=True)
class CatalogLevel:
    code: str
    name: str
    price_per_page: Decimal


@dataclass(frozen=True, slots=True)
class CatalogExtra:
    """`price`: of the order (fixed), of a page (page), null for a percentage; `percent`: of the work, urgency in."""

    code: str
    name: str
    kind: str
    price: Decimal | None
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class CatalogUrgency:
    within_hours: int
    factor: Decimal


@dataclass(frozen=True, slots=True)
class Catalog:
    """Money is in `currencies[0]`, the website's only one."""

    paper_types: list[CatalogChoice]
    subjects: list[CatalogChoice]
    levels: list[CatalogLevel]
    work_types: list[CatalogChoice]
    spacing: list[CatalogChoice]
    extras: list[CatalogExtra]
    urgencies: list[CatalogUrgency]
    price_per_slide: Decimal
    least_lead_hours: int
    currencies: list[str]
    timezone: str


def catalog(website: Website) -> Catalog:
    """Two queries."""
    prices = PricingPolicy.of(website)
    return Catalog(
        paper_types=_choices(prices.paper_types),
        subjects=_choices(prices.subjects),
        levels=[CatalogLevel(level.code, level.name, to_decimal(level.page_minor)) for level in prices.levels],
        work_types=_choices(prices.work_types),
        spacing=_choices(prices.spacings),
        extras=[_extra(extra) for extra in prices.extras],
        urgencies=[CatalogUrgency(band.within_hours, band.factor_bps / WHOLE) for band in prices.urgencies],
        price_per_slide=to_decimal(prices.slide_minor),
        least_lead_hours=OrderPolicy.of(website).least_lead_hours,
        currencies=[website.currency],
        timezone=website.timezone,
    )


def _choices(choices: tuple[Choice, ...]) -> list[CatalogChoice]:
    return [CatalogChoice(choice.code, choice.name, choice.factor_bps / WHOLE) for choice in choices]


def _extra(extra: Extra) -> CatalogExtra:
    by_percent = extra.kind == "percent"
    return CatalogExtra(
        code=extra.code,
        name=extra.name,
        kind=extra.kind,
        price=None if by_percent else to_decimal(extra.amount),
        percent=Decimal(extra.amount) / 100 if by_percent else None,
    )
