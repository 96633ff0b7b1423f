"""A policy is a frozen dataclass whose defaults are RULES.md's; a website stores what differs, versioned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, TypeVar

from copydesk.core import clock

from .models import Policy, Website
from .sql import select

STORED = """
SELECT DISTINCT ON (name) name, version, data::json FROM tenancy_policy
WHERE website_id = %(website)s AND name = ANY(%(names)s)
  AND (%(version)s::integer IS NULL OR version = %(version)s::integer)
ORDER BY name, version DESC
"""


@dataclass(frozen=True)
class PolicyBase:
    """Subclasses set `policy_name` and give every field a default.

    `parse` may be overridden where values need more than plain JSON types. `version` 0 is the built-in default.
    """

    policy_name: ClassVar[str]

    version: int = 0

    @classmethod
    def check(cls, data: Mapping[str, Any]) -> None:
        """Before it is stored: raises Invalid with the fields that are wrong."""

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        known = {field.name for field in fields(cls)} - {"version"}
        return cls(version=version, **{key: value for key, value in data.items() if key in known})

    @classmethod
    def of(cls, website: Website | int, version: int | None = None) -> Self:
        """The version asked for, else the one in force. One query."""
        if version == 0:
            return cls()
        data, version = _stored(website, [cls.policy_name], version).get(cls.policy_name, ({}, 0))
        return cls.parse(data, version)


A = TypeVar("A", bound=PolicyBase)
B = TypeVar("B", bound=PolicyBase)


def in_force(website: Website | int, first: type[A], second: type[B]) -> tuple[A, B]:
    """The versions in force of two policies. One query."""
    names = (first.policy_name, second.policy_name)
    found = _stored(website, names)
    return first.parse(*found.get(names[0], ({}, 0))), second.parse(*found.get(names[1], ({}, 0)))


def _stored(
    website: Website | int, names: Sequence[str], version: int | None = None
) -> dict[str, tuple[dict[str, Any], int]]:
    """Name → data and version. As SQL text: most requests ask for one, and putting the expression together took longer
    than all the rest of it."""
    website_id = website if isinstance(website, int) else website.pk
    found = select(STORED, website=website_id, names=list(names), version=version)
    return {name: (data, stored) for name, stored, data in found}


def store_policy(website: Website, name: str, data: dict[str, Any]) -> Policy:
    """Adds a version. Two at once: the second fails on the unique version and is to be repeated. Raises what the
    policy's own `check` does."""
    for policy in PolicyBase.__subclasses__():
        if policy.policy_name == name:
            policy.check(data)
    last = Policy.objects.of(website).filter(name=name).order_by("-version").first()
    return Policy.objects.of(website).create(
        name=name, version=(last.version if last else 0) + 1, data=data, created_at=clock.now()
    )
