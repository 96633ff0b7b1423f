"""The versions of the policy of fines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from copydesk.core.money import to_decimal
from copydesk.tenancy.models import Policy, Website

from ..policies import BY_LATENESS, Band, FineKind, FinePolicy

SHOWN = 100


@dataclass(frozen=True, slots=True)
class FineTariff:
    """What a fine of that kind is where nobody says otherwise: `share_bps` of the pay, or `amount`."""

    kind: FineKind
    share_bps: int | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class FinePolicyRow:
    """Shares are basis points of the writer's pay. Version 0 is what a website begins with."""

    version: int
    in_force: bool
    created_at: dt.datetime | None
    automatic: bool
    bands: list[Band]
    tariffs: list[FineTariff]
    cap_bps: int
    notice_hours: int
    appeal_days: int
    decide_days: int


@dataclass(frozen=True, slots=True)
class FinePolicies:
    """The newest version is `in_force`; `versions` are the newest 100, the latest first, with version 0 at the end."""

    currency: str
    in_force: FinePolicyRow
    versions: list[FinePolicyRow]


def policies(website: Website) -> FinePolicies:
    """One query."""
    stored = list(Policy.objects.of(website).filter(name=FinePolicy.policy_name).order_by("-version")[:SHOWN])
    newest = stored[0].version if stored else 0
    rows = [_row(FinePolicy.parse(row.data, row.version), row.created_at, newest) for row in stored]
    versions = [*rows, _row(FinePolicy(), None, newest)]
    return FinePolicies(website.currency, versions[0], versions)


def _row(policy: FinePolicy, created_at: dt.datetime | None, newest: int) -> FinePolicyRow:
    return FinePolicyRow(
        version=policy.version,
        in_force=policy.version == newest,
        created_at=created_at,
        automatic=policy.automatic,
        bands=list(policy.bands),
        tariffs=_tariffs(policy),
        cap_bps=policy.cap_bps,
        notice_hours=policy.notice_hours,
        appeal_days=policy.appeal_days,
        decide_days=policy.decide_days,
    )


def _tariffs(policy: FinePolicy) -> list[FineTariff]:
    kinds: Sequence[FineKind] = [kind for kind in FineKind if kind not in BY_LATENESS and kind in policy.tariffs]
    found = [(kind, policy.tariffs[kind]) for kind in kinds]
    return [
        FineTariff(kind, one.share_bps, None if one.amount_minor is None else to_decimal(one.amount_minor))
        for kind, one in found
    ]
