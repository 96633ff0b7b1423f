"""What a website lets pass, and for how long it may hide what looks like spam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from copydesk.tenancy.policies import PolicyBase


@dataclass(frozen=True)
class ReviewPolicy(PolicyBase):
    """Scores are thousandths. A verified review under `approve_below` is published at once; moderators are alerted of
    one over `alert_above`. `shadow_days` from the first shadowing on; `appeal_days` from the rejection."""

    policy_name: ClassVar[str] = "reviews"

    approve_below: int = 300
    alert_above: int = 700
    shadow_days: int = 14
    appeal_days: int = 30
