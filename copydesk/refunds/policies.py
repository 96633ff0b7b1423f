"""What a website decides about refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from copydesk.tenancy.policies import PolicyBase


@dataclass(frozen=True)
class RefundPolicy(PolicyBase):
    """Above `cap_minor` another person than who asked for it approves. A request waits too long after
    `decide_within_hours`, money on its way after `executed_within_hours`."""

    policy_name: ClassVar[str] = "refunds"

    cap_minor: int = 20_000
    decide_within_hours: int = 48
    executed_within_hours: int = 24
