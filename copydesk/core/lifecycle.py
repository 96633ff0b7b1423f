"""A lifecycle is a table: step → (from, to, who, guard). Data, not code."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .errors import Forbidden, Refusal, WrongState

Guard = Callable[[Any, Any], Refusal | None]
"""(row, actor) → the refusal, or None. Reads the row only: it is asked for every row of a list."""


class MayAct(Protocol):
    def can(self, permission: Any) -> bool: ...


@dataclass(frozen=True, slots=True)
class Step:
    """`target` None: the action says where to (resume, settle). `stamp` names the time column that it sets.

    `stays`: the step is a deed in a status, not a change of it (archive, tip). `hidden` steps belong to the clock or to
    other steps and are not offered as actions.
    """

    sources: frozenset[str]
    target: str | None
    can: str
    guard: Guard | None = None
    stamp: str | None = None
    stays: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class AvailableAction:
    action: str
    allowed: bool
    code: str | None
    message: str | None


class Lifecycle(Mapping[str, Step]):
    def __init__(self, steps: Mapping[str, Step]) -> None:
        self._steps = dict(steps)

    def __getitem__(self, name: str) -> Step:
        return self._steps[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)

    def refusal(self, row: Any, name: str, by: MayAct) -> Refusal | None:
        """Why `by` may not take step `name` on `row` now; None when it may.

        Permission is asked first, so that a stranger does not learn the state.
        """
        step = self._steps[name]
        if not by.can(step.can):
            return Forbidden()
        if row.status not in step.sources:
            return WrongState(f"'{name}' is not possible while the status is '{row.status}'.", status=row.status)
        return step.guard(row, by) if step.guard else None

    def available(self, row: Any, by: MayAct) -> list[AvailableAction]:
        """The steps that the caller's role has, refused ones with their reason."""
        offered = ((name, self.refusal(row, name, by)) for name, step in self._steps.items() if not step.hidden)
        return [
            AvailableAction(name, refusal is None, *((refusal.code, refusal.detail) if refusal else (None, None)))
            for name, refusal in offered
            if not isinstance(refusal, Forbidden)
        ]


def step(
    sources: Iterable[str],
    target: str | None,
    can: str,
    guard: Guard | None = None,
    stamp: str | None = None,
    *,
    stays: bool = False,
    hidden: bool = False,
) -> Step:
    return Step(frozenset(sources), target, can, guard, stamp, stays, hidden)
