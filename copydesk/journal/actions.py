"""record() writes what happened; advance() is the only writer of a status."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.utils.module_loading import import_string

from copydesk.accounts.actor import Actor
from copydesk.core import clock
from copydesk.core.lifecycle import Lifecycle, Step
from copydesk.tenancy.jobs import defer

from .models import Event, Journaled, Subject
from .verbs import VERBS

J = TypeVar("J", bound=Journaled)
SALT_BYTES = 16


@cache
def reactions() -> Mapping[str, tuple[str, ...]]:
    """verb → names of jobs; the table stands above this package, so settings name it."""
    return import_string(settings.REACTIONS)  # type: ignore[no-any-return]


def record(
    verb: str,
    subject: Subject,
    *,
    by: Actor,
    before: str = "",
    after: str = "",
    reason: str = "",
    data: dict[str, Any] | None = None,
    parties: tuple[int | None, int | None] | None = None,
) -> Event:
    """One event about `subject`, in the transaction of the change, and the jobs that react to it. A verb unknown to
    VERBS is a KeyError. `parties` where they are not the subject's own (the writer who has just been removed)."""
    assert VERBS[verb]
    client_id, writer_id = parties or subject.parties
    root_type, root_id = subject.root
    salt = secrets.token_bytes(SALT_BYTES) if reason or by.address else None
    event = Event(
        website_id=subject.website_id,
        at=clock.now(),
        user_id=by.user_id,
        member_id=by.membership_id,
        role=by.role,
        impersonator_id=by.impersonator_id,
        verb=verb,
        subject_type=subject.noun,
        subject_id=subject.pk,
        root_type=root_type,
        root_id=root_id,
        client_id=client_id,
        writer_id=writer_id,
        before=before,
        after=after,
        data=data or {},
        request_id=by.request_id,
        reason=reason or None,
        address=by.address,
        salt=salt,
        digest=proof(reason or None, by.address, salt),
    )
    event.save(force_insert=True)
    for name in reactions().get(verb, ()):
        defer(name, subject.website_id, event_id=event.pk)
    return event


def proof(reason: str | None, address: str | None, salt: bytes | None) -> bytes | None:
    """Of the two fields that may be blanked when a person is erased: 32 bytes each. None: there is neither."""
    if salt is None:
        return None
    return _half(reason, salt) + _half(address, salt)


def _half(value: str | None, salt: bytes) -> bytes:
    return hashlib.sha256(salt + (b"" if value is None else b"\x01" + value.encode())).digest()


def lock(row: J) -> J:
    """Re-reads `row` under a lock that lasts until the transaction ends; foreign keys to it stay free."""
    rows: Any = type(row).objects.of(row.website_id).lock()
    row.refresh_from_db(from_queryset=rows)
    return row


def lock_for(row: J, name: str, *, by: Actor) -> Step:
    """Locks `row` and asks its LIFECYCLE whether `by` may take step `name` now; raises the refusal. For an action that
    has more to ask or to compute before it advances."""
    lock(row)
    lifecycle: Lifecycle = row.LIFECYCLE  # type: ignore[attr-defined]
    if refusal := lifecycle.refusal(row, name, by):
        raise refusal
    return lifecycle[name]


def advance(
    row: J,
    name: str,
    *,
    by: Actor,
    to: str | None = None,
    reason: str = "",
    data: dict[str, Any] | None = None,
    parties: tuple[int | None, int | None] | None = None,
    **changes: Any,
) -> J:
    """Takes step `name`: locks the row, asks its LIFECYCLE, saves status, time stamp and `changes`, records the event
    `noun.step`. `to` where the table leaves the target open. Raises the lifecycle's refusal and changes nothing."""
    step = lock_for(row, name, by=by)
    before = row.status  # type: ignore[attr-defined]
    target = before if step.stays else step.target or to
    assert target is not None, f"step {name} needs a target"
    parties = parties or row.parties
    if step.stamp:
        changes[step.stamp] = clock.now()
    change(row, status=target, **changes)
    parties = tuple(new or old for new, old in zip(row.parties, parties, strict=True))  # type: ignore[assignment]
    record(f"{row.noun}.{name}", row, by=by, before=before, after=target, reason=reason, data=data, parties=parties)
    return row


def change(row: J, **values: Any) -> J:
    """Saves `values` and counts the version. For a locked or a new row."""
    for field, value in values.items():
        setattr(row, field, value)
    row.version += 1
    row.save(update_fields=[*values, "version"])
    return row
