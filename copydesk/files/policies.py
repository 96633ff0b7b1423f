"""What a website accepts as files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from copydesk.tenancy.policies import PolicyBase

from .formats import FORMATS


@dataclass(frozen=True)
class FilePolicy(PolicyBase):
    """`types` are extensions; those that nobody here can check are never accepted, whatever a website stores."""

    policy_name: ClassVar[str] = "files"

    max_bytes: int = 50 * 1024 * 1024
    types: tuple[str, ...] = tuple(FORMATS)

    @classmethod
    def parse(cls, data: Mapping[str, Any], version: int) -> Self:
        types = tuple(str(name).lower() for name in data.get("types", FORMATS))
        return super().parse({**data, "types": tuple(name for name in types if name in FORMATS)}, version)
