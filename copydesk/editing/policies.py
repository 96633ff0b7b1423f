"""What a website decides about editing, and what its editors look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from copydesk.tenancy.policies import PolicyBase


@dataclass(frozen=True)
class EditingPolicy(PolicyBase):
    """`assigns_automatically`: a new task goes to an editor at once, where one may have it; else it waits for a claim.
    `urgent_hours`: with less time left to the client's deadline a task is urgent. `target_cycle_days`: how long a task
    should take, from which the recommended limit follows."""

    policy_name: ClassVar[str] = "editing"

    lease_minutes: int = 60
    task_limit: int = 5
    assigns_automatically: bool = False
    urgent_hours: int = 24
    target_cycle_days: int = 1


@dataclass(frozen=True)
class Criterion:
    code: str
    name: str


@dataclass(frozen=True)
class Rubric(PolicyBase):
    """What a review is about: each of its issues names a criterion. A review keeps the version it was written by."""

    policy_name: ClassVar[str] = "rubric"

    criteria: tuple[Criterion, ...] = (
        Criterion("argument", "Argument and structure"),
        Criterion("instructions", "Instructions followed"),
        Criterion("sources", "Sources and references"),
        Criterion("language", "Language and style"),
        Criterion("formatting", "Formatting"),
        Criterion("originality", "Originality"),
    )

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        if "criteria" not in data:
            return cls(version=version)
        return cls(version=version, criteria=tuple(Criterion(**each) for each in data["criteria"]))
