"""What a statement's hash is of: anybody who has the statement and its files can work it out again."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence


def proof(
    dispute_id: int, number: int, side: str, text: str, stated_at: dt.datetime, files: Sequence[tuple[str, str]]
) -> str:
    """sha256, as hex, of a JSON array without spaces, in UTF-8: the dispute's id, the statement's number and side, its
    text as it is shown, when in UTC (ISO 8601 with microseconds), and (name, sha256) of each file in order."""
    at = stated_at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    said = [dispute_id, number, side, text, at, [list(file) for file in files]]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
