"""How often a thing may be tried: counted in the database, so that all processes count together."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from typing import Any

from django.db import connection

from copydesk.core import clock

from .errors import TooManyAttempts
from .models import Attempts

SPEND = """
INSERT INTO accounts_attempts AS a (key, count, until) VALUES (%(key)s, 1, %(until)s)
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN a.until <= %(now)s THEN 1 ELSE a.count + 1 END,
    until = CASE WHEN a.until <= %(now)s THEN excluded.until ELSE a.until END
RETURNING count, until
"""


def spend(what: str, who: str, most: int, seconds: int) -> None:
    """One more attempt of `who` at `what`; TooManyAttempts with `retry_after` seconds after the `most`th within the
    window. To be called outside a transaction: an attempt that is undone with its failure is not counted."""
    now = clock.now()
    values: dict[str, Any] = {"key": _key(what, who), "now": now, "until": now + dt.timedelta(seconds=seconds)}
    with connection.cursor() as cursor:
        cursor.execute(SPEND, values)
        count, until = cursor.fetchone()
    if count > most:
        raise TooManyAttempts(retry_after=math.ceil((until - now).total_seconds()))


def give_back(what: str, who: str) -> None:
    """Success: the attempts of `who` so far no longer count."""
    Attempts.objects.filter(key=_key(what, who)).delete()


def _key(what: str, who: str) -> str:
    return hashlib.sha256(f"{what}\0{who}".encode()).hexdigest()
