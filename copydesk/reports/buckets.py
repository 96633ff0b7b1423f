"""A member's period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.core.period import Bucket, Period
from copydesk.tenancy.buckets import of_period


def of_member(actor: Actor, period: Period, buckets: Sequence[Bucket]) -> dict[str, Any]:
    """The parameters of a statement about a member's period."""
    return {**of_period(actor.website, period, buckets), "member": actor.membership_id}
