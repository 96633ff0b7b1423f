"""Which website the present code works for. The database reads it from `app.website_id`.

The setting lives inside a transaction only: `TenantBackend` sends it with BEGIN, in the same trip.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

from django.db import connection, transaction

PLATFORM = 0
"""The mark of events that belong to no website."""

_website_id: ContextVar[int | None] = ContextVar("website_id", default=None)
_wide: ContextVar[bool] = ContextVar("wide", default=False)
_across: ContextVar[bool] = ContextVar("across", default=False)


def current_website_id() -> int | None:
    return _website_id.get()


def wide() -> bool:
    return _wide.get()


def crossing() -> bool:
    return _across.get()


def enter(website_id: int | None, *, wide: bool = False) -> None:
    """For the edge of the process (middleware): what the next transaction will be for. `wide`: it reads over the whole
    website, so its statements are planned for this one, not once for all (docs/decisions/0011)."""
    _website_id.set(website_id)
    _wide.set(wide)
    if connection.in_atomic_block:
        _set_in_transaction(website_id)


@contextmanager
def website_context(website_id: int) -> Iterator[None]:
    """Transactions opened inside are for `website_id`; for code that leaves the process between two of them."""
    token = _website_id.set(website_id)
    try:
        yield
    finally:
        _website_id.reset(token)


def in_transaction() -> AbstractContextManager[None]:
    """The transaction that is open, else a new one: outside of one no row of a website is seen."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


@contextmanager
def website_scope(website_id: int) -> Iterator[None]:
    """Work for `website_id`, also in the middle of a transaction; gives back what was before."""
    before = _website_id.get()
    token = _website_id.set(website_id)
    try:
        with transaction.atomic():
            _set_in_transaction(website_id)
            yield
            _set_in_transaction(before)
    finally:
        _website_id.reset(token)


@contextmanager
def own_transaction() -> Iterator[None]:
    """One commit of several, for code that leaves the process between them: refused inside another transaction, but a
    test's."""
    if connection.in_atomic_block and not getattr(connection.atomic_blocks[0], "_from_testcase", False):
        raise RuntimeError("this must commit, and stands inside another transaction")
    with transaction.atomic():
        yield


@contextmanager
def across_websites() -> Iterator[None]:
    """Read rows of all websites, under the role whose policies allow that and which cannot write."""
    token = _across.set(True)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL ROLE app_across")
            yield
            with connection.cursor() as cursor:
                cursor.execute("RESET ROLE")
    finally:
        _across.reset(token)


def _set_in_transaction(website_id: int | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.website_id', %s, true)", ["" if website_id is None else str(website_id)])
