"""A policy is a frozen dataclass whose defaults are RULES.md's; a website stores what differs, versioned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, TypeVar

from copydesk.core import clock

from .models import Policy, Website


@dataclass(frozen=True)
class PolicyBase:
    """Subclasses set `policy_name` and give every field a default.

    `parse` may be overridden where values need more than plain JSON types. `version` 0 is the built-in default.
    """

    policy_name: ClassVar[str]

    version: int = 0

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        known = {field.name for field in fields(cls)} - {"version"}
        return cls(version=version, **{key: value for key, value in data.items() if key in known})

    @classmethod
    def of(cls, website: Website | int, version: int | None = None) -> Self:
        """The version asked for, else the one in force. One query."""
        if version == 0:
            return cls()
        rows = Policy.objects.of(website).filter(name=cls.policy_name)
        if version is not None:
            rows = rows.filter(version=version)
        row = rows.order_by("-version").first()
        return cls.parse(row.data, row.version) if row else cls()


A = TypeVar("A", bound=PolicyBase)
B = TypeVar("B", bound=PolicyBase)


def in_force(website: Website | int, first: type[A], second: type[B]) -> tuple[A, B]:
    """The versions in force of two policies. One query."""
    names = (first.policy_name, second.policy_name)
    rows = Policy.objects.of(website).filter(name__in=names).order_by("name", "-version").distinct("name")
    found = {row.name: (row.data, row.version) for row in rows}
    return first.parse(*found.get(names[0], ({}, 0))), second.parse(*found.get(names[1], ({}, 0)))


def store_policy(website: Website, name: str, data: dict[str, Any]) -> Policy:
    """Adds a version. Two at once: the second fails on the unique version and is to be repeated."""
    last = Policy.objects.of(website).filter(name=name).order_by("-version").first()
    return Policy.objects.of(website).create(
        name=name, version=(last.version if last else 0) + 1, data=data, created_at=clock.now()
    )
