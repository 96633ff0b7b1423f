"""What a website decides about its payouts."""

from __future__ import annotations

from dataclasses import dataclass

from copydesk.tenancy.policies import PolicyBase


@dataclass(frozen=True)
class PayoutPolicy(PolicyBase):
    """A writer with less than `threshold_minor` payable waits for the next payout."""

    policy_name = "payouts"

    threshold_minor: int = 5000
