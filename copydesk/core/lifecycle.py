"""A lifecycle is a table: step → (from, to, who, guard). Data, not code."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cache
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

    sources: Collection[str]
    target: str | None
    can: str
    guard: Guard | None = None
    stamp: str | None = None
    _: KW_ONLY
    stays: bool = False
    hidden: bool = False


step = Step
"""As the tables write it."""


@dataclass(frozen=True, slots=True)
class AvailableAction:
    action: str
    allowed: bool
    code: str | None
    message: str | None


class Lifecycle(dict[str, Step]):
    def __init__(self, steps: Mapping[str, Step]) -> None:
        super().__init__(steps)
        self._permissions = {step.can for step in self.values() if not step.hidden}
        self._settled = cache(self._settle)

    def refusal(self, row: Any, name: str, by: MayAct) -> Refusal | None:
        """Why `by` may not take step `name` on `row` now; None when it may.

        Permission is asked first, so that a stranger does not learn the state.
        """
        step = self[name]
        if not by.can(step.can):
            return Forbidden()
        if row.status not in step.sources:
            return _impossible(name, row.status)
        return step.guard(row, by) if step.guard else None

    def available(self, row: Any, by: MayAct) -> list[AvailableAction]:
        """The steps that the caller's role has, refused ones with their reason."""
        found = []
        for settled, guard in self._settled(row.status, frozenset(filter(by.can, self._permissions))):
            refusal = guard(row, by) if guard else None
            if refusal is None:
                found.append(settled)
            elif not isinstance(refusal, Forbidden):
                found.append(_refused(settled.action, refusal))
        return found

    def _settle(self, status: str, permitted: Collection[str]) -> list[tuple[AvailableAction, Guard | None]]:
        """As refusal(), but for the guards, which are still to be asked: the same for all rows of a status, and to work
        it out for each of them was an eighth of a page's time."""
        return [
            (AvailableAction(name, allowed=True, code=None, message=None), step.guard)
            if status in step.sources
            else (_refused(name, _impossible(name, status)), None)
            for name, step in self.items()
            if not step.hidden and step.can in permitted
        ]


def _impossible(name: str, status: str) -> Refusal:
    return WrongState(f"'{name}' is not possible while the status is '{status}'.", status=status)


def _refused(name: str, refusal: Refusal) -> AvailableAction:
    return AvailableAction(name, allowed=False, code=refusal.code, message=refusal.detail)
