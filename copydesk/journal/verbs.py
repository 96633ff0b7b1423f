"""What can happen, and who may see it: a verb that is not here cannot be recorded.

`see` are the roles that may read such an event (a client or writer only where it is a party to it); `hide` are fields of
`data` that a role does not receive. `reason_shown`: the parties read the reason too, not the inside alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from copydesk.accounts.permissions import STAFF, Role

C, W, E = Role.CLIENT, Role.WRITER, Role.EDITOR
ALL = frozenset({C, W, E}) | STAFF
CLIENT = frozenset({C}) | STAFF
WRITER = frozenset({W}) | STAFF
WORK = frozenset({W, E}) | STAFF
INSIDE = STAFF


@dataclass(frozen=True, slots=True)
class Verb:
    title: str
    see: frozenset[Role] = INSIDE
    hide: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    reason_shown: bool = False


VERBS: dict[str, Verb] = {}
