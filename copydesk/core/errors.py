"""Refusals: what the system says no with. Each has its own code and HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


class Refusal(Exception):
    """A rule or a state refuses. Subclasses name the rule by `code`; the API answers with `status`."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[str] = "This cannot be done now."

    def __init__(self, detail: str = "", **context: Any) -> None:
        self.detail = detail or self.message
        self.context: dict[str, Any] = context
        super().__init__(self.detail)


@dataclass(frozen=True, slots=True)
class FieldError:
    field: str
    code: str
    message: str


class Invalid(Refusal):
    """Input that is well formed but wrong: answers 400 and names the fields."""

    code = "invalid"
    status = 400
    message = "The request is not valid."

    def __init__(self, errors: Mapping[str, str], code: str = "invalid") -> None:
        super().__init__()
        self.errors = [FieldError(field, code, message) for field, message in errors.items()]


class NotFound(Refusal):
    """Unknown, of another website, or out of the caller's sight: one answer for all three."""

    code = "not_found"
    status = 404
    message = "Not found."


class Forbidden(Refusal):
    code = "permission_denied"
    status = 403
    message = "You may not do this."


class WrongState(Refusal):
    """The lifecycle has no such step from where the row stands."""

    code = "wrong_state"
    message = "This step is not possible in the present state."


class Stale(Refusal):
    code = "stale_version"
    status = 412
    message = "The row has changed since you read it."
