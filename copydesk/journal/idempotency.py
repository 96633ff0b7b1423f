"""A retried request does nothing twice: the first answer is kept beside its effect, and given again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import in_transaction

from .models import Remembered

KEPT_DAYS = 30


class RequestInFlight(Refusal):
    code = "request_in_flight"
    message = "A request with this Idempotency-Key is still being worked on."


class KeyReused(Refusal):
    code = "idempotency_key_reused"
    status = 422
    message = "This Idempotency-Key was used with another request."


@dataclass(frozen=True, slots=True)
class Key:
    """`request` is the fingerprint of the request that the key stands for."""

    website_id: int
    user_id: int
    key: str
    request: bytes

    def __str__(self) -> str:
        return f"{self.website_id}:{self.user_id}:{self.key}"


def across_commits(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view whose effect takes several commits: it is given no transaction."""
    return transaction.non_atomic_requests(view)


def recall(key: Key) -> Remembered | None:
    """The row of an earlier request with this key, whether answered or cut off in flight; None: this is the first.

    The transaction holds the key from here on. Raises RequestInFlight, KeyReused.
    """
    with in_transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [str(key)])
        if not cursor.fetchone()[0]:
            raise RequestInFlight
        row = Remembered.objects.of(key.website_id).filter(user_id=key.user_id, key=key.key).first()
    if row is not None and bytes(row.request) != key.request:
        raise KeyReused
    return row


def begin(key: Key) -> Remembered | None:
    """For a request whose effect takes several commits: marks it in flight, or gives the row that is answered.

    A row in flight for longer than a request can live was cut off: it is taken over, and the effect resumes by its key.
    """
    with in_transaction():
        row = recall(key)
        if row is None:
            remember(key)
            return None
        if row.status:
            return row
        if row.started_at > clock.now() - dt.timedelta(seconds=settings.IN_FLIGHT_SECONDS):
            raise RequestInFlight
        Remembered.objects.of(key.website_id).filter(pk=row.pk).update(started_at=clock.now())
        return None


def remember(key: Key, status: int = 0, body: str = "") -> None:
    """Keeps the answer; replaces the mark of a request in flight."""
    with in_transaction():
        Remembered.objects.of(key.website_id).bulk_create(
            [
                Remembered(
                    website_id=key.website_id,
                    user_id=key.user_id,
                    key=key.key,
                    request=key.request,
                    status=status,
                    body=body,
                    started_at=clock.now(),
                )
            ],
            update_conflicts=True,
            unique_fields=["website", "user", "key"],
            update_fields=["status", "body"],
        )


def reopen(key: Key) -> None:
    """For an answer that may not be kept: the same request again is not in flight, and resumes by its key."""
    before = clock.now() - dt.timedelta(seconds=settings.IN_FLIGHT_SECONDS)
    with in_transaction():
        rows = Remembered.objects.of(key.website_id)
        rows.filter(user_id=key.user_id, key=key.key, status=0).update(started_at=before)


def forget(key: Key) -> None:
    """A refused request changed nothing and may be tried again under its key."""
    with in_transaction():
        Remembered.objects.of(key.website_id).filter(user_id=key.user_id, key=key.key, status=0).delete()


def forget_old(website: Website) -> None:
    before = clock.now() - dt.timedelta(days=KEPT_DAYS)
    Remembered.objects.of(website).filter(started_at__lt=before).delete()
