"""How long each stage of a dispute lasts, and what silence in it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from copydesk.core.errors import Invalid
from copydesk.tenancy.policies import PolicyBase

SILENCES = ("review", "expires")


@dataclass(frozen=True)
class DisputePolicy(PolicyBase):
    """Hours of each stage; a dispute goes by the version in force when it was opened, so that what it was told holds.

    A side that is silent: where it opened the dispute `opener_silence`, else `other_silence`; either goes to `review`
    as things are, or the dispute `expires`, and the order goes back to where it was. Staff who are silent are reminded,
    after as many hours again: nobody loses money by anybody's silence alone. `bulk_cap`: disputes of one bulk call.
    """

    policy_name: ClassVar[str] = "disputes"

    open_hours: int = 24
    answer_hours: int = 48
    review_hours: int = 72
    other_silence: str = "review"
    opener_silence: str = "expires"
    max_files: int = 10
    bulk_cap: int = 50

    @classmethod
    def check(cls, data: Mapping[str, Any]) -> None:
        wrong = {
            name: f"One of: {', '.join(SILENCES)}."
            for name in ("other_silence", "opener_silence")
            if data.get(name, "review") not in SILENCES
        }
        for name in ("open_hours", "answer_hours", "review_hours", "max_files", "bulk_cap"):
            given = data.get(name, 1)
            if type(given) is not int or given < 1:
                wrong[name] = "A whole number, at least 1."
        if wrong:
            raise Invalid(wrong)
