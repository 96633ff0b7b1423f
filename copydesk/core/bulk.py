"""Many rows through one action: each in its own savepoint, so that one refusal undoes only its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from django.db import transaction

from .errors import Invalid, NotFound, Refusal


@dataclass(frozen=True, slots=True)
class BulkResult:
    id: int
    result: Literal["applied", "refused"]
    code: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class BulkReport:
    """`results` stands in the order of the ids given. A preview gives the same answer and changes nothing."""

    mode: Literal["preview", "apply"]
    applied: int
    refused: int
    results: list[BulkResult]


class _Undo(Exception):
    """A preview's changes go back."""


def each(
    ids: Sequence[int], rows: Mapping[int, Any], act: Callable[[Any], object], mode: Literal["preview", "apply"]
) -> BulkReport:
    """`rows` by id are those in the caller's sight; the others answer not_found. Inside a transaction."""
    results: list[BulkResult] = []
    with suppress(_Undo), transaction.atomic():
        results = [_one(row_id, rows.get(row_id), act) for row_id in ids]
        if mode == "preview":
            raise _Undo
    applied = sum(result.result == "applied" for result in results)
    return BulkReport(mode, applied, len(results) - applied, results)


def _one(row_id: int, row: Any, act: Callable[[Any], object]) -> BulkResult:
    try:
        if row is None:
            raise NotFound
        with transaction.atomic():
            act(row)
    except Refusal as refusal:
        said = [error.message for error in refusal.errors] if isinstance(refusal, Invalid) else [refusal.detail]
        return BulkResult(row_id, "refused", refusal.code, " ".join(said))
    return BulkResult(row_id, "applied", None, None)
