"""A retried request does nothing twice: the first answer is kept beside its effect, and given again."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.conf import settings
from django.db import connection

from copydesk.core import clock
from copydesk.core.errors import Refusal

from .models import Remembered


class RequestInFlight(Refusal):
    code = "request_in_flight"
    message = "A request with this Idempotency-Key is still being worked on."


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    message = "This Idempotency-Key was used with another request."


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """Of method, path with query, and body."""
    return hashlib.sha256(b"\x00".join((method.encode(), path.encode(), body))).digest()


def recall(website_id: int, user_id: int, key: str, request: bytes) -> Remembered | None:
    """The row of an earlier request with this key, whether answered or cut off in flight; None: this is the first.

    Inside a transaction, which from here on holds the key. Raises RequestInFlight, KeyReused.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [f"{website_id}:{user_id}:{key}"])
        if not cursor.fetchone()[0]:
            raise RequestInFlight()
    row = Remembered.objects.of(website_id).filter(user_id=user_id, key=key).first()
    if row is None:
        return None
    if bytes(row.request) != request:
        raise KeyReused()
    return row


def begin(website_id: int, user_id: int, key: str, request: bytes) -> Remembered | None:
    """For a request whose effect takes several commits: marks it in flight, or gives the row that is answered.

    A row in flight for longer than a request can live was cut off: it is taken over, and the effect resumes by its key.
    """
    row = recall(website_id, user_id, key, request)
    if row is not None and row.status:
        return row
    if row is None:
        remember(website_id, user_id, key, request)
        return None
    if row.started_at > clock.now() - dt.timedelta(seconds=settings.IN_FLIGHT_SECONDS):
        raise RequestInFlight()
    Remembered.objects.of(website_id).filter(pk=row.pk).update(started_at=clock.now())
    return None


def remember(website_id: int, user_id: int, key: str, request: bytes, status: int = 0, body: str = "") -> None:
    """Keeps the answer; replaces the mark of a request in flight."""
    Remembered.objects.of(website_id).update_or_create(
        user_id=user_id,
        key=key,
        defaults={"status": status, "body": body},
        create_defaults={
            "website_id": website_id,
            "request": request,
            "status": status,
            "body": body,
            "started_at": clock.now(),
        },
    )


def forget(website_id: int, user_id: int, key: str) -> None:
    """A refused request changed nothing and may be tried again under its key."""
    Remembered.objects.of(website_id).filter(user_id=user_id, key=key, status=0).delete()
